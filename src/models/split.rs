//! `split` and `fold_by`: which rows test a model instead of training it.

use super::predict::column_named;
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::query_row::OutputColumn;
use crate::pg::reader::{Reader, Role};
use algo::prepare::Split;
use algo::task::Task;

/// With fewer rows than this, `auto` keeps all rows for training.
const FEWEST_ROWS: usize = 500;

/// What `split` can be.
const FORMS: &str = "split is auto, random, none, the name of a boolean column, latest(column) or group(column).";

/// The argument `split`, and `test_fraction`.
pub struct SplitOption {
    /// As it was written.
    pub text: String,
    pub test_fraction: f64,
    kind: Kind,
}

enum Kind {
    Auto,
    Random,
    None,
    /// A boolean column, true for test rows.
    Marked,
    /// The last rows in the order of a column.
    Latest(String),
    /// Rows of one value of a column stay on one side.
    Group(String),
}

/// Takes `name(argument)` apart.
pub fn call(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once('(')?;
    let argument = rest.strip_suffix(')')?;
    let name = name.trim_end();
    let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    is_name.then(|| (name, argument.trim()))
}

/// The place of a column by its name, with or without double quotes. `role` says what it is. Returns 42703, or 22023 when it is the target.
pub fn divider(columns: &[OutputColumn], target: Option<&str>, name: &str, role: &str) -> Result<usize> {
    let unquoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    let unquoted = unquoted.map(|name| name.replace("\"\"", "\""));
    let name = match &unquoted {
        Some(unquoted) if columns.iter().all(|column| column.name != name) => unquoted,
        _ => name,
    };
    if target == Some(name) {
        return Err(
            Error::new(INVALID_PARAMETER, format!("{role} \"{name}\" is the target"))
                .hint("Name another column of the query."),
        );
    }
    column_named(columns, name, &format!("the {role}"))
}

/// Returns 22023 unless rows can be put in order by a column: numbers, dates or timestamps.
pub fn check_order(column: &OutputColumn, role: &str) -> Result<()> {
    match column.reader {
        Some(reader) if reader.role() == Role::Number && reader != Reader::Bool => Ok(()),
        _ => Err(Error::new(
            INVALID_PARAMETER,
            format!("{role} \"{}\" is no column to order rows by", column.name),
        )
        .detail(format!("Its type is {}.", column.type_name))
        .hint("Name a column of dates, timestamps or numbers.")),
    }
}

/// Returns 22023 unless rows can be put together by a column: any but vectors.
pub fn check_group(column: &OutputColumn, role: &str) -> Result<()> {
    match column.reader {
        Some(reader) if reader.role() != Role::Vector => Ok(()),
        _ => Err(Error::new(
            INVALID_PARAMETER,
            format!("{role} \"{}\" is no column to put rows together by", column.name),
        )
        .detail(format!("Its type is {}.", column.type_name))
        .hint("Name a column of identifiers: numbers, texts, dates, booleans or enums.")),
    }
}

impl SplitOption {
    /// All rows train.
    pub const NONE: &str = "none";

    /// Reads the arguments. Returns 22023.
    pub fn new(split: Option<String>, test_fraction: Option<f64>) -> Result<SplitOption> {
        let (text, test_fraction) = (split.unwrap_or_else(|| "auto".into()), test_fraction.unwrap_or(0.2));
        if !(test_fraction > 0.0 && test_fraction < 1.0) {
            return Err(Error::new(INVALID_PARAMETER, "test_fraction is out of range")
                .detail(format!("The value is {test_fraction}."))
                .hint("It must be between 0 and 1, both excluded; split => 'none' keeps all rows for training."));
        }
        let kind = match (text.as_str(), call(&text)) {
            ("auto", _) => Kind::Auto,
            ("random", _) => Kind::Random,
            (Self::NONE, _) => Kind::None,
            (_, Some(("latest", column))) => Kind::Latest(column.into()),
            (_, Some(("group", column))) => Kind::Group(column.into()),
            _ => Kind::Marked,
        };
        Ok(SplitOption {
            text,
            test_fraction,
            kind,
        })
    }

    /// The place of the column by which rows are divided, when there is one.
    pub fn column(&self, columns: &[OutputColumn], target: Option<&str>) -> Result<Option<usize>> {
        let role = "split column";
        match &self.kind {
            Kind::Auto | Kind::Random | Kind::None => Ok(None),
            Kind::Marked => self.marked(columns, target).map(Some),
            Kind::Latest(name) => {
                let place = divider(columns, target, name, role)?;
                check_order(&columns[place], role)?;
                Ok(Some(place))
            }
            Kind::Group(name) => {
                let place = divider(columns, target, name, role)?;
                check_group(&columns[place], role)?;
                Ok(Some(place))
            }
        }
    }

    fn marked(&self, columns: &[OutputColumn], target: Option<&str>) -> Result<usize> {
        let name = &self.text;
        let is_column = columns.iter().any(|column| column.name == *name);
        if !is_column && call(name).is_some() {
            return Err(Error::new(INVALID_PARAMETER, format!("split cannot be \"{name}\"")).hint(FORMS));
        }
        if target == Some(name) {
            return Err(
                Error::new(INVALID_PARAMETER, format!("split column \"{name}\" is the target"))
                    .hint("Name another boolean column, true for the rows that test the model."),
            );
        }
        let place = column_named(columns, name, "the split column").map_err(|error| error.hint(FORMS))?;
        match columns[place].reader {
            Some(Reader::Bool) => Ok(place),
            _ => Err(
                Error::new(INVALID_PARAMETER, format!("split column \"{name}\" is not boolean"))
                    .detail(format!("Its type is {}.", columns[place].type_name))
                    .hint("It must be true for the rows that test the model; latest(column) and group(column) take other types."),
            ),
        }
    }

    /// How so many rows are divided to learn a task; `column` is the place of the column that divides them. Without a target there is nothing to test
    /// that the training rows do not show, so that `auto` holds none out.
    pub fn of(&self, rows: usize, task: Task, column: Option<usize>) -> Split {
        match (&self.kind, column) {
            (Kind::Marked, Some(place)) => Split::Column(place),
            (Kind::Latest(_), Some(place)) => Split::Latest(place, self.test_fraction),
            (Kind::Group(_), Some(place)) => Split::Group(place, self.test_fraction),
            (Kind::None, _) => Split::None,
            (Kind::Auto, _) if rows < FEWEST_ROWS || !task.has_target() => Split::None,
            // Those of a column have its place.
            (Kind::Auto | Kind::Random | Kind::Marked | Kind::Latest(_) | Kind::Group(_), _) => {
                Split::Fraction(self.test_fraction)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_taken_apart() {
        assert_eq!(call("latest(opened at)"), Some(("latest", "opened at")));
        assert_eq!(call("time( at , 7 days )"), Some(("time", "at , 7 days")));
        assert_eq!(call("group(a(b))"), Some(("group", "a(b)")));
        for text in ["latest", "latest(x", "(x)", "is test (x)", ""] {
            assert_eq!(call(text), None, "{text}");
        }
    }
}
