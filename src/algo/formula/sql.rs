//! A formula as SQL, as PostgreSQL, SQLite and DuckDB read it alike: numbers as doubles, texts in single quotes, names in double ones.

use std::fmt::Write;

use super::{Asks, BOOLEAN, Expression, Formula, Link, Test};
use crate::error::{Error, Result};
use crate::model::{InputKind, Model};
use crate::monitor::{Monitor, Pace};
use crate::room;

/// Bytes of an expression at most.
const MOST_BYTES: usize = 16_000_000;

/// Beyond it exponentials are neither 0 nor infinite, which PostgreSQL has errors for.
const MOST_EXPONENT: &str = "7e2";

/// A formula of a model as an SQL expression over the columns of `alias`, or of no table that is named. Returns an error for one that is too long, and when
/// stopped. O(size).
pub fn sql(formula: &Formula, model: &Model, alias: Option<&str>, monitor: &dyn Monitor) -> Result<String> {
    let columns = model.inputs.iter().map(|input| {
        let name = quoted(&input.name);
        let name = alias.map_or(name.clone(), |alias| format!("{}.{name}", quoted(alias)));
        match &input.kind {
            InputKind::Category { levels, .. } => Column {
                value: format!("CAST({name} AS text)"),
                levels: levels
                    .iter()
                    .map(|level| format!("'{}'", level.replace('\'', "''")))
                    .collect(),
            },
            InputKind::Number if input.type_name == BOOLEAN => Column {
                value: format!("CASE WHEN {name} THEN 1e0 WHEN NOT {name} THEN 0e0 END"),
                levels: Vec::new(),
            },
            InputKind::Number | InputKind::Vector { .. } | InputKind::Text { .. } => Column {
                value: format!("CAST({name} AS double precision)"),
                levels: Vec::new(),
            },
        }
    });
    let mut writer = Writer {
        columns: columns.collect(),
        text: String::new(),
        pace: Pace::new(monitor),
    };
    writer.formula(formula)?;
    Ok(writer.text)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

struct Column {
    /// How its value is written.
    value: String,
    levels: Vec<String>,
}

struct Writer<'m> {
    columns: Vec<Column>,
    text: String,
    pace: Pace<'m>,
}

impl Writer<'_> {
    fn put(&mut self, text: &str) -> Result<()> {
        self.pace.spend(1 + text.len() / 64)?;
        if self.text.len() + text.len() > MOST_BYTES {
            return Err(Error::data(
                "the formula of the model is too long",
                "grow fewer or smaller trees: fewer n_estimators, a max_depth, or a larger min_samples_leaf",
            )
            .detail(format!("It has more than {} MB.", MOST_BYTES / 1_000_000)));
        }
        room::reserve_text(&mut self.text, text.len())?;
        self.text.push_str(text);
        Ok(())
    }

    fn number(&mut self, number: f64) -> Result<()> {
        self.put(&literal(number))
    }

    /// What the margin is made of is computed once, where the link looks at it more than once.
    fn formula(&mut self, formula: &Formula) -> Result<()> {
        const END: &str = " AS s) AS assay_margin)";
        let (before, after) = match formula.link {
            Link::Identity => return self.expression(&formula.margin),
            Link::Exp => (
                format!("(SELECT CASE WHEN s > -{MOST_EXPONENT} THEN exp(s) ELSE 0e0 END"),
                END,
            ),
            Link::Square => ("(SELECT s * abs(s)".into(), END),
            Link::Logistic { scale } => {
                let s = match scale == 1.0 {
                    true => "s".to_string(),
                    false => format!("({} * s)", literal(scale)),
                };
                (
                    format!(
                        "(SELECT CASE WHEN {s} > {MOST_EXPONENT} THEN 1e0 WHEN {s} > -{MOST_EXPONENT} THEN 1e0 / (1e0 + exp(-{s})) ELSE 0e0 END"
                    ),
                    END,
                )
            }
            Link::Softplus => (
                format!(
                    "(SELECT CASE WHEN s > 4e1 THEN s WHEN s > -{MOST_EXPONENT} THEN ln(1e0 + exp(s)) ELSE 0e0 END"
                ),
                END,
            ),
        };
        self.put(&before)?;
        self.put(" FROM (SELECT ")?;
        self.expression(&formula.margin)?;
        self.put(after)
    }

    fn expression(&mut self, expression: &Expression) -> Result<()> {
        match expression {
            Expression::Number(number) => {
                let text = format!("CAST({} AS double precision)", literal(*number));
                self.put(&text)
            }
            Expression::Linear {
                column,
                missing,
                centre,
                weight,
            } => {
                let value = self.columns[*column].value.clone();
                let text = format!(
                    "{} * (COALESCE({value}, {}) - {})",
                    literal(*weight),
                    literal(*missing),
                    literal(*centre)
                );
                self.put(&text)
            }
            Expression::Levels {
                column,
                weights,
                missing,
                other,
            } => {
                let Column { value, levels } = &self.columns[*column];
                let mut text = format!("CASE WHEN {value} IS NULL THEN {}", literal(*missing));
                for (level, weight) in levels.iter().zip(weights) {
                    let _ = write!(text, " WHEN {value} = {level} THEN {}", literal(*weight));
                }
                let _ = write!(text, " ELSE CAST({} AS double precision) END", literal(*other));
                self.put(&text)
            }
            Expression::Sum(terms) => self.sum(terms),
            Expression::Choice { .. } => self.choice(expression),
        }
    }

    /// What comes when no test is passed is tested in turn, in the same CASE.
    fn choice(&mut self, mut expression: &Expression) -> Result<()> {
        self.put("CASE")?;
        while let Expression::Choice { test, then, otherwise } = expression {
            self.put(" WHEN ")?;
            self.test(test)?;
            self.put(" THEN ")?;
            self.expression(then)?;
            expression = otherwise;
        }
        self.put(" ELSE ")?;
        self.expression(expression)?;
        self.put(" END")
    }

    /// A sum in halves: one behind the other would be nested as deep as there are terms.
    fn sum(&mut self, terms: &[Expression]) -> Result<()> {
        match terms {
            [] => self.number(0.0),
            [only] => self.expression(only),
            terms => {
                let (first, second) = terms.split_at(terms.len() / 2);
                self.put("(")?;
                self.sum(first)?;
                self.put("\n + ")?;
                self.sum(second)?;
                self.put(")")
            }
        }
    }

    fn test(&mut self, test: &Test) -> Result<()> {
        let Column { value, levels } = &self.columns[test.column];
        let names = |places: &[usize]| {
            let names = places.iter().filter_map(|place| levels.get(*place)).map(String::as_str);
            names.collect::<Vec<&str>>().join(", ")
        };
        let mut text = match &test.asks {
            Asks::AtMost(threshold) => format!("{value} <= {}", literal(*threshold)),
            Asks::Above(threshold) => format!("{value} > {}", literal(*threshold)),
            Asks::Among(places) if places.is_empty() => "1 = 0".into(),
            Asks::Among(places) => format!("{value} IN ({})", names(places)),
            Asks::Beside(places) if places.is_empty() => format!("{value} IS NOT NULL"),
            Asks::Beside(places) => format!("{value} NOT IN ({})", names(places)),
        };
        if test.or_missing {
            let _ = write!(text, " OR {value} IS NULL");
        }
        self.put(&text)
    }
}

/// A number with an exponent, which makes it a double where numbers without are decimals, and by as few digits as tell it from others.
fn literal(number: f64) -> String {
    match number < 0.0 {
        true => format!("({number:e})"),
        false => format!("{:e}", number.abs()),
    }
}
