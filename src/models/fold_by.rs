//! `fold_by`: what folds go by.

use pgrx::datum::Interval;

use super::split::{call, check_group, check_order, divider};
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::query_row::OutputColumn;
use crate::pg::reader::Reader;
use algo::prepare::{FoldBy, MOST_FOLDS};

/// What `fold_by` can be.
const FORMS: &str = "fold_by is random, group(column), time(column), time(column, gap), or the name of a column whose values are the folds.";

/// The arguments `folds` and `fold_by`.
pub struct FoldOption {
    /// How many folds; a column of folds decides by itself.
    pub folds: usize,
    /// As it was written.
    pub text: String,
    kind: Kind,
}

enum Kind {
    Random,
    Group(String),
    Time { column: String, gap: Option<String> },
    Column(String),
}

impl FoldOption {
    /// Reads the arguments. Returns 22023.
    pub fn new(folds: Option<i32>, fold_by: Option<String>) -> Result<FoldOption> {
        let folds = folds.unwrap_or(5);
        let Some(count) = usize::try_from(folds)
            .ok()
            .filter(|folds| (2..=MOST_FOLDS).contains(folds))
        else {
            return Err(Error::new(INVALID_PARAMETER, "folds is out of range")
                .detail(format!("The value is {folds}."))
                .hint(format!("It must be between 2 and {MOST_FOLDS}.")));
        };
        let text = fold_by.unwrap_or_else(|| "random".into());
        let kind = match (text.as_str(), call(&text)) {
            ("random", _) => Kind::Random,
            (_, Some(("group", column))) => Kind::Group(column.into()),
            (_, Some(("time", arguments))) => match arguments.rsplit_once(',') {
                Some((column, gap)) => Kind::Time {
                    column: column.trim().into(),
                    gap: Some(gap.trim().into()),
                },
                None => Kind::Time {
                    column: arguments.into(),
                    gap: None,
                },
            },
            (name, _) => Kind::Column(name.into()),
        };
        Ok(FoldOption {
            folds: count,
            text,
            kind,
        })
    }

    /// What the folds go by, with the place of the column that decides, when there is one.
    pub fn resolve(&self, columns: &[OutputColumn], target: &str) -> Result<(FoldBy, Option<usize>)> {
        let role = "fold column";
        let find = |name: &str| divider(columns, Some(target), name, role);
        match &self.kind {
            Kind::Random => Ok((FoldBy::Random, None)),
            Kind::Group(name) => {
                let place = find(name)?;
                check_group(&columns[place], role)?;
                Ok((FoldBy::Group(place), Some(place)))
            }
            Kind::Time { column, gap } => {
                let place = find(column)?;
                check_order(&columns[place], role)?;
                let gap = gap.as_deref().map_or(Ok(0.0), |gap| gap_of(gap, &columns[place]))?;
                Ok((FoldBy::Time { place, gap }, Some(place)))
            }
            Kind::Column(name) => {
                if columns.iter().all(|column| column.name != *name) && call(name).is_some() {
                    return Err(Error::new(INVALID_PARAMETER, format!("fold_by cannot be \"{name}\"")).hint(FORMS));
                }
                let place = find(name).map_err(|error| error.hint(FORMS))?;
                check_group(&columns[place], role)?;
                Ok((FoldBy::Column(place), Some(place)))
            }
        }
    }
}

/// A gap in the unit of a column: of dates and timestamps an interval, with months of 30 days; of numbers a number.
fn gap_of(text: &str, column: &OutputColumn) -> Result<f64> {
    let wrong = |hint: &str| {
        Error::new(INVALID_PARAMETER, format!("the gap of fold_by cannot be \"{text}\""))
            .detail(format!("Column \"{}\" is of type {}.", column.name, column.type_name))
            .hint(hint.to_string())
    };
    let unit = match column.reader {
        Some(Reader::Date) => Some(86_400.0),
        Some(Reader::Timestamp) => Some(1.0),
        _ => None,
    };
    let (gap, hint) = match unit {
        None => (
            text.parse().ok(),
            "Give a number of 0 or more, in the column's unit: time(step, 10).",
        ),
        Some(unit) => {
            let interval: Option<Interval> = text.parse().ok();
            let gap = interval.map(|interval| {
                let days = f64::from(interval.months()) * 30.0 + f64::from(interval.days());
                (days * 86_400.0 + interval.micros() as f64 / 1e6) / unit
            });
            (gap, "Give an interval of 0 or more: time(sold_on, 30 days).")
        }
    };
    gap.filter(|gap: &f64| gap.is_finite() && *gap >= 0.0)
        .ok_or_else(|| wrong(hint))
}
