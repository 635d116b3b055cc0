//! What rows are grouped by: columns, and the periods of points in time, such as `month(sold)`.

use pgrx::pg_sys::{self, Oid};
use pgrx::spi::{quote_identifier, quote_literal};
use serde_json::{Map, Value as Json};

use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::{intake, types};
use crate::quality::source::Source;
use crate::quality::value;
use algo::block::Kind;
use algo::scan::{Constant, Segment};

/// The periods, from the shortest.
const PERIODS: [&str; 6] = ["hour", "day", "week", "month", "quarter", "year"];

/// One thing that rows are grouped by.
#[derive(Debug, Clone)]
pub struct Group {
    /// As it was asked for.
    pub name: String,
    /// As an expression over a row q.
    pub sql: String,
    pub type_oid: Oid,
    pub type_name: String,
}

/// What a check groups by, which may be nothing.
#[derive(Debug, Clone, Default)]
pub struct Grouping {
    pub groups: Vec<Group>,
}

impl Group {
    /// A column by its name, or a period of one: `month(sold)`. Returns an error with 42703 without such a column, and with
    /// 22023 where it is no point in time.
    pub fn new(name: &str, source: &Source) -> Result<Group> {
        let period = name.strip_suffix(')').and_then(|name| name.split_once('('));
        let Some((period, column)) = period.filter(|_| source.column(name).is_none()) else {
            let column = source.require_column(name)?;
            return Ok(Group {
                name: name.to_string(),
                sql: format!("q.{}", quote_identifier(name)),
                type_oid: column.type_oid,
                type_name: column.type_name.clone(),
            });
        };
        let (period, column) = (
            period.trim().to_ascii_lowercase(),
            source.require_column(column.trim())?,
        );
        if !PERIODS.contains(&period.as_str()) {
            return Err(
                Error::new(INVALID_PARAMETER, format!("unknown period \"{period}\" to group by"))
                    .hint(format!("The periods are: {}.", PERIODS.join(", "))),
            );
        }
        let value = format!("q.{}", quote_identifier(&column.name));
        // A date has no time zone, which date_trunc would give it.
        let value = match intake::kind_of(column.type_oid) {
            Kind::Date => format!("{value}::pg_catalog.timestamp"),
            Kind::Timestamp | Kind::TimestampTz => value,
            _ => {
                return Err(Error::new(
                    INVALID_PARAMETER,
                    format!(
                        "{name} groups by a period, but column \"{}\" is {}",
                        column.name, column.type_name
                    ),
                )
                .hint("Periods are those of dates and timestamps."));
            }
        };
        let start = format!("pg_catalog.date_trunc({}, {value})", quote_literal(&period));
        let (type_oid, type_name) = match (period.as_str(), intake::kind_of(column.type_oid)) {
            ("hour", Kind::TimestampTz) => (pg_sys::TIMESTAMPTZOID, "timestamp with time zone"),
            ("hour", _) => (pg_sys::TIMESTAMPOID, "timestamp without time zone"),
            _ => (pg_sys::DATEOID, "date"),
        };
        let sql = match type_oid {
            pg_sys::DATEOID => format!("({start})::pg_catalog.date"),
            _ => start,
        };
        Ok(Group {
            name: name.to_string(),
            sql,
            type_oid,
            type_name: type_name.to_string(),
        })
    }

    fn kind(&self) -> Kind {
        intake::kind_of(self.type_oid)
    }
}

impl Grouping {
    /// Returns an error as for a single name, and with 22023 for what is named twice.
    pub fn new(names: &[String], source: &Source) -> Result<Grouping> {
        if let Some(twice) = names
            .iter()
            .enumerate()
            .find(|(place, name)| names[..*place].contains(name))
        {
            return Err(
                Error::new(INVALID_PARAMETER, format!("group_by names \"{}\" twice", twice.1)).hint("Name it once."),
            );
        }
        Ok(Grouping {
            groups: names
                .iter()
                .map(|name| Group::new(name, source))
                .collect::<Result<_>>()?,
        })
    }

    /// A segment as JSON: what it was grouped by, with the values.
    pub fn json(&self, segment: &Segment) -> Json {
        let named = self.groups.iter().zip(segment).map(|(group, value)| {
            let value = value
                .as_ref()
                .map_or(Json::Null, |value| value::json(group.kind(), value));
            (group.name.clone(), value)
        });
        Json::Object(named.collect::<Map<_, _>>())
    }

    /// The condition that a row q belongs to a segment.
    pub fn condition(&self, segment: &Segment) -> String {
        let same = self
            .groups
            .iter()
            .zip(self.literals(segment))
            .map(|(group, literal)| match literal {
                None => format!("{} IS NULL", group.sql),
                Some(literal) => format!("{} = {literal}", group.sql),
            });
        same.collect::<Vec<_>>().join(" AND ")
    }

    /// The values of a segment as literals of SQL; `None` for NULL.
    pub fn literals(&self, segment: &Segment) -> Vec<Option<String>> {
        let literal = |(group, value): (&Group, &Option<Constant>)| {
            let text = quote_literal(intake::written(group.kind(), value.as_ref()?));
            Some(format!("{text}::{}", types::qualified_name(group.type_oid)))
        };
        self.groups.iter().zip(segment).map(literal).collect()
    }

    /// A segment whose values are written as texts, as PostgreSQL writes them. Errors of input functions pass through.
    pub fn segment(&self, texts: &[Option<String>]) -> Result<Segment> {
        let value = |(group, text): (&Group, &Option<String>)| match text {
            Some(text) => intake::constant(group.type_oid, text),
            None => Ok(None),
        };
        self.groups.iter().zip(texts).map(value).collect()
    }
}
