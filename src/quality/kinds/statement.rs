//! Checks that no pass row by row can answer: each is one statement of PostgreSQL's own, which joins, groups or sorts.

use pgrx::spi::{quote_identifier, quote_literal};
use serde_json::Value as Json;

use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::intake;
use crate::pg::query::{Query, Row};
use crate::pg::types::Value;
use crate::quality::finding::Finding;
use crate::quality::grouping::Grouping;
use crate::quality::kinds::compile::{column, named};
use crate::quality::kinds::rule::{Equality, Order, Parent, Rule, Step};
use crate::quality::source::Source;
use crate::quality::spec::check::Check;
use algo::block::Kind;

/// What a statement found in a segment.
#[derive(Debug, Clone)]
pub struct Found {
    /// The values that rows were grouped by, as text.
    pub segment: Vec<Option<String>>,
    /// Failing rows.
    pub failed: u64,
    /// What the metric says.
    pub value: Option<f64>,
    pub sample: Option<Json>,
}

impl Found {
    /// Both together; the first one's sample.
    pub fn and(self, other: Found) -> Found {
        Found {
            failed: self.failed + other.failed,
            value: self.value.zip(other.value).map(|(one, other)| one + other),
            ..self
        }
    }
}

/// What a check's statement found: a line a segment in which something fails.
pub struct Answer {
    pub metric: &'static str,
    pub found: Vec<Found>,
}

/// Whether a rule is answered by a statement.
pub fn answers(rule: &Rule) -> bool {
    matches!(
        rule,
        Rule::Unique
            | Rule::UniqueCombination(_)
            | Rule::Relationships(_)
            | Rule::Monotonic(_)
            | Rule::NoGaps(_)
            | Rule::EqualRowcount(_)
            | Rule::Equality(_)
    )
}

/// Answers such a check.
pub fn run(check: &Check, source: &Source) -> Result<Answer> {
    let mut found = Vec::new();
    Query::new(&sql(check, source)?)?.run(&mut |row| {
        found.push(read(row));
        Ok(())
    })?;
    Ok(Answer {
        metric: metric(&check.rule),
        found,
    })
}

/// The finding of a check that holds by a proof. Nothing was read, so there is no number of rows.
pub fn proved(check: &Check, proof: &str) -> Finding {
    Finding {
        metric: metric(&check.rule),
        value: Some(0.0),
        failed: Some(0),
        message: Some(format!("proved by {proof}, without reading rows")),
        ..Finding::default()
    }
}

fn metric(rule: &Rule) -> &'static str {
    match rule {
        Rule::Unique | Rule::UniqueCombination(_) => "duplicated_values",
        Rule::Relationships(_) => "rows_without_parent",
        Rule::Monotonic(_) => "rows_out_of_order",
        Rule::NoGaps(_) => "gaps",
        Rule::EqualRowcount(_) => "rows_of_other",
        _ => "rows_failed",
    }
}

/// Every statement gives the segment as a JSON array of texts, the failing rows, the value, and a sample in JSON.
fn read(row: &Row<'_>) -> Found {
    let text = |column: usize| match row.value(column) {
        Value::Text(text) => Some(text.into_owned()),
        _ => None,
    };
    let number = |column: usize| match row.value(column) {
        Value::Number(number) => Some(number),
        _ => None,
    };
    let segment = text(0).and_then(|text| serde_json::from_str(&text).ok());
    Found {
        segment: segment.unwrap_or_default(),
        failed: number(1).unwrap_or(0.0) as u64,
        value: number(2),
        sample: text(3).and_then(|text| serde_json::from_str(&text).ok()),
    }
}

/// The statement of a check.
pub fn sql(check: &Check, source: &Source) -> Result<String> {
    match &check.rule {
        Rule::Unique => duplicates(check, source, &[column(check, source)?.name.clone()], false),
        Rule::UniqueCombination(combination) => duplicates(check, source, &combination.combination_of_columns, true),
        Rule::Relationships(parent) => {
            let child = quote_identifier(&column(check, source)?.name);
            failing_values(check, source, &format!("q.{child}"), &orphan(check, source, parent)?)
        }
        Rule::Monotonic(order) => monotonic(check, source, order),
        Rule::NoGaps(step) => gaps(check, source, step),
        Rule::EqualRowcount(other) => {
            let other = Source::open(&other.compare_model)?;
            Ok(format!(
                "SELECT '[]', 0::pg_catalog.int8, pg_catalog.count(*)::pg_catalog.float8, NULL::pg_catalog.text FROM {} AS other",
                other.relation()
            ))
        }
        Rule::Equality(equality) => difference(check, source, equality),
        _ => Err(Error::new(INVALID_PARAMETER, format!("{} has no statement", check.kind)).hint("Report this.")),
    }
}

/// What rows are grouped by, as expressions.
fn segment_columns(check: &Check, source: &Source) -> Result<Vec<String>> {
    let groups = Grouping::new(&check.group_by, source)?.groups;
    Ok(groups.into_iter().map(|group| group.sql).collect())
}

/// The segment as a JSON array of texts, from columns named s1, s2, ...
fn segment_json(check: &Check) -> String {
    let texts: Vec<String> = (1..=check.group_by.len())
        .map(|i| format!("s{i}::pg_catalog.text"))
        .collect();
    format!(
        "pg_catalog.to_json(ARRAY[{}]::pg_catalog.text[])::pg_catalog.text",
        texts.join(", ")
    )
}

/// Names for what rows are grouped by: `q.a AS s1, q.b AS s2, `.
fn segment_names(check: &Check, source: &Source) -> Result<String> {
    let columns = segment_columns(check, source)?;
    Ok(columns
        .iter()
        .zip(1..)
        .map(|(sql, i)| format!("{sql} AS s{i}, "))
        .collect())
}

/// `s1, s2` behind a word such as GROUP BY, with `more` behind them; nothing without any.
fn by_segment(check: &Check, word: &str, more: &str) -> String {
    let mut names: Vec<String> = (1..=check.group_by.len()).map(|i| format!("s{i}")).collect();
    if !more.is_empty() {
        names.push(more.to_string());
    }
    if names.is_empty() {
        String::new()
    } else {
        format!("{word} {}", names.join(", "))
    }
}

/// The condition on rows, with AND behind it; nothing without one.
pub fn filter(check: &Check) -> String {
    check
        .filter
        .as_ref()
        .map(|filter| format!("(\n{filter}\n) AND "))
        .unwrap_or_default()
}

/// What makes a row fail.
pub enum Failing {
    /// A condition on the row q.
    Alone(String),
    /// A condition on the row q among those that come with it, with window functions.
    Among(String),
}

/// What makes a row fail. Errs where no single row does.
pub fn failing(check: &Check, source: &Source) -> Result<Failing> {
    let keys = |names: &[String]| -> Result<String> {
        let mut keys: Vec<String> = names
            .iter()
            .map(|name| Ok(format!("q.{}", quote_identifier(&named(name, source)?.name))))
            .collect::<Result<_>>()?;
        keys.extend(segment_columns(check, source)?);
        Ok(keys.join(", "))
    };
    match &check.rule {
        Rule::Unique => {
            let name = &column(check, source)?.name;
            Ok(Failing::Among(format!(
                "q.{} IS NOT NULL AND pg_catalog.count(*) OVER (PARTITION BY {}) > 1",
                quote_identifier(name),
                keys(std::slice::from_ref(name))?
            )))
        }
        Rule::UniqueCombination(combination) => Ok(Failing::Among(format!(
            "pg_catalog.count(*) OVER (PARTITION BY {}) > 1",
            keys(&combination.combination_of_columns)?
        ))),
        Rule::Monotonic(order) => {
            let value = quote_identifier(&column(check, source)?.name);
            // Rows without a value are passed over: they stand apart.
            Ok(Failing::Among(format!(
                "q.{value} {} pg_catalog.lag(q.{value}) OVER ({}, q.{value} IS NULL ORDER BY q.{})",
                order.wrong(),
                match segment_columns(check, source)?.join(", ").as_str() {
                    "" => "PARTITION BY true".into(),
                    columns => format!("PARTITION BY {columns}"),
                },
                quote_identifier(&named(&order.sort_column, source)?.name),
            )))
        }
        Rule::Relationships(parent) => Ok(Failing::Alone(orphan(check, source, parent)?)),
        _ => Err(Error::new(
            INVALID_PARAMETER,
            format!(
                "check \"{}\" is of kind {}, which is about no row by itself",
                check.name, check.kind
            ),
        )
        .hint("The sample of its result, in assay.run_checks, says where it fails.")),
    }
}

/// The condition that a row q has a value without a parent.
fn orphan(check: &Check, source: &Source, parent: &Parent) -> Result<String> {
    let to = Source::open(&parent.to)?;
    let field = quote_identifier(&named(&parent.field, &to)?.name);
    let child = quote_identifier(&column(check, source)?.name);
    Ok(format!(
        "q.{child} IS NOT NULL AND NOT EXISTS (SELECT FROM {} AS parent WHERE parent.{field} = q.{child})",
        to.relation()
    ))
}

/// Values that occur more than once. In a combination NULL equals NULL, as GROUP BY has it; a single NULL is no value.
fn duplicates(check: &Check, source: &Source, names: &[String], nulls: bool) -> Result<String> {
    let keys: Vec<String> = names
        .iter()
        .map(|name| Ok(format!("q.{}", quote_identifier(&named(name, source)?.name))))
        .collect::<Result<_>>()?;
    let present = if nulls {
        "true".to_string()
    } else {
        format!("{} IS NOT NULL", keys[0])
    };
    let numbered = |shape: fn(usize) -> String| (1..=keys.len()).map(shape).collect::<Vec<_>>().join(", ");
    let texts = numbered(|i| format!("k{i}::pg_catalog.text"));
    let value = if nulls {
        format!("pg_catalog.jsonb_build_array({})", numbered(|i| format!("k{i}")))
    } else {
        "pg_catalog.to_jsonb(k1)".into()
    };
    let named_keys: String = keys
        .iter()
        .zip(1..)
        .map(|(sql, i)| format!("{sql} AS k{i}, "))
        .collect();
    let mut grouped = segment_columns(check, source)?;
    grouped.extend(keys);
    Ok(format!(
        "SELECT {segment}, pg_catalog.sum(n)::pg_catalog.int8, pg_catalog.count(*)::pg_catalog.float8,
    pg_catalog.json_build_object('duplicated_values', pg_catalog.count(*), 'rows_involved', pg_catalog.sum(n), 'excess_rows', pg_catalog.sum(n - 1),
        'values', pg_catalog.json_agg(pg_catalog.json_build_object('value', value, 'rows', n) ORDER BY place) FILTER (WHERE place <= 5))::pg_catalog.text
FROM (SELECT *, {value} AS value, pg_catalog.row_number() OVER ({partition} ORDER BY n DESC, {texts}) AS place
    FROM (SELECT {segments}{named_keys}pg_catalog.count(*) AS n FROM {rows} AS q WHERE {filter}{present}
        GROUP BY {grouped} HAVING pg_catalog.count(*) > 1) AS duplicate) AS ranked
{by_segment}",
        segment = segment_json(check),
        partition = by_segment(check, "PARTITION BY", ""),
        segments = segment_names(check, source)?,
        rows = source.relation(),
        filter = filter(check),
        grouped = grouped.join(", "),
        by_segment = grouping(check),
    ))
}

/// GROUP BY the segments; without any, one line that stands only where something was found.
fn grouping(check: &Check) -> String {
    match check.group_by.as_slice() {
        [] => "HAVING pg_catalog.count(*) > 0".into(),
        _ => by_segment(check, "GROUP BY", ""),
    }
}

/// Rows that fail by a condition, with some of their values.
fn failing_values(check: &Check, source: &Source, value: &str, failing: &str) -> Result<String> {
    Ok(format!(
        "SELECT {segment}, pg_catalog.sum(n)::pg_catalog.int8, pg_catalog.sum(n)::pg_catalog.float8,
    pg_catalog.json_agg(pg_catalog.json_build_object('value', value, 'rows', n) ORDER BY place) FILTER (WHERE place <= 5)::pg_catalog.text
FROM (SELECT *, pg_catalog.row_number() OVER ({partition} ORDER BY n DESC, value::pg_catalog.text) AS place
    FROM (SELECT {segments}{value} AS value, pg_catalog.count(*) AS n FROM {rows} AS q WHERE {filter}{failing}
        GROUP BY {grouped}) AS failing) AS ranked
{by_segment}",
        segment = segment_json(check),
        partition = by_segment(check, "PARTITION BY", ""),
        segments = segment_names(check, source)?,
        rows = source.relation(),
        filter = filter(check),
        grouped = (1..=check.group_by.len() + 1)
            .map(|i| i.to_string())
            .collect::<Vec<_>>()
            .join(", "),
        by_segment = grouping(check),
    ))
}

fn monotonic(check: &Check, source: &Source, order: &Order) -> Result<String> {
    let value = quote_identifier(&column(check, source)?.name);
    let sort = quote_identifier(&named(&order.sort_column, source)?.name);
    let wrong = order.wrong();
    Ok(format!(
        "SELECT {segment}, pg_catalog.count(*), pg_catalog.count(*)::pg_catalog.float8,
    pg_catalog.json_agg(pg_catalog.json_build_object('at', sort, 'before', before, 'value', value) ORDER BY place) FILTER (WHERE place <= 5)::pg_catalog.text
FROM (SELECT *, pg_catalog.row_number() OVER ({partition}) AS place
    FROM (SELECT {segments}q.{sort} AS sort, q.{value} AS value,
            pg_catalog.lag(q.{value}) OVER ({windows}) AS before
        FROM {rows} AS q WHERE {filter}q.{value} IS NOT NULL) AS step
    WHERE value {wrong} before) AS failing
{by_segment}",
        segment = segment_json(check),
        partition = by_segment(check, "PARTITION BY", "") + " ORDER BY sort",
        segments = segment_names(check, source)?,
        windows = match segment_columns(check, source)?.join(", ").as_str() {
            "" => format!("ORDER BY q.{sort}"),
            columns => format!("PARTITION BY {columns} ORDER BY q.{sort}"),
        },
        rows = source.relation(),
        filter = filter(check),
        by_segment = grouping(check),
    ))
}

fn gaps(check: &Check, source: &Source, step: &Step) -> Result<String> {
    let about = column(check, source)?;
    let value = quote_identifier(&about.name);
    let kind = intake::kind_of(about.type_oid);
    let step = if kind.is_time() {
        let unit = step.datepart.as_deref().or(step.interval.is_number().then_some("day"));
        interval(unit, &step.interval)?
    } else if kind.is_number() && step.datepart.is_none() {
        match step.interval.as_f64().filter(|step| *step > 0.0) {
            // Steps of fractions such as 0.1 are not exact in binary.
            Some(step) if kind == Kind::Float => (step * (1.0 + 1e-9)).to_string(),
            Some(step) => step.to_string(),
            None => return Err(bad_interval(&step.interval)),
        }
    } else {
        return Err(Error::new(
            INVALID_PARAMETER,
            format!(
                "no_gaps needs a number, date or timestamp, but column \"{}\" is {}",
                about.name, about.type_name
            ),
        )
        .hint("Numbers take interval alone; datepart is for dates and timestamps."));
    };
    Ok(format!(
        "SELECT {segment}, pg_catalog.count(*), pg_catalog.count(*)::pg_catalog.float8,
    pg_catalog.json_agg(pg_catalog.json_build_object('after', before, 'before', value) ORDER BY place) FILTER (WHERE place <= 5)::pg_catalog.text
FROM (SELECT *, pg_catalog.row_number() OVER ({partition}) AS place
    FROM (SELECT *, pg_catalog.lag(value) OVER ({partition}) AS before
        FROM (SELECT DISTINCT {segments}q.{value} AS value FROM {rows} AS q WHERE {filter}q.{value} IS NOT NULL) AS occurring) AS step
    WHERE value > before + {step}) AS gap
{by_segment}",
        segment = segment_json(check),
        partition = by_segment(check, "PARTITION BY", "") + " ORDER BY value",
        segments = segment_names(check, source)?,
        rows = source.relation(),
        filter = filter(check),
        by_segment = grouping(check),
    ))
}

/// Rows of one relation that the other lacks, both ways, counting repeated rows one by one.
fn difference(check: &Check, source: &Source, equality: &Equality) -> Result<String> {
    let other = Source::open(&equality.compare_model)?;
    let all = source.columns().iter().map(|column| column.name.clone());
    let names: Vec<String> = match equality.compare_columns.as_slice() {
        [] => all.filter(|name| !equality.exclude_columns.contains(name)).collect(),
        names => names.to_vec(),
    };
    let columns: Vec<String> = names
        .iter()
        .map(|name| {
            named(name, source)?;
            named(name, &other)?;
            Ok(quote_identifier(name))
        })
        .collect::<Result<_>>()?;
    if columns.is_empty() {
        return Err(Error::new(INVALID_PARAMETER, "equality has no column to compare").hint("Exclude fewer columns."));
    }
    let columns = columns.join(", ");
    Ok(format!(
        "WITH ours AS (SELECT {columns} FROM {} AS q WHERE {}true), theirs AS (SELECT {columns} FROM {} AS other),
missing AS (TABLE theirs EXCEPT ALL TABLE ours), further AS (TABLE ours EXCEPT ALL TABLE theirs),
counted AS (SELECT (SELECT pg_catalog.count(*) FROM further) AS further, (SELECT pg_catalog.count(*) FROM missing) AS missing)
SELECT '[]', further + missing, (further + missing)::pg_catalog.float8,
    pg_catalog.json_build_object('rows_only_here', further, 'rows_only_there', missing)::pg_catalog.text FROM counted",
        source.relation(),
        filter(check),
        other.relation(),
    ))
}

fn bad_interval(interval: &Json) -> Error {
    Error::new(INVALID_PARAMETER, "interval is out of range")
        .detail(format!("It is {interval}."))
        .hint("Write a number above 0 with a datepart, such as \"interval\": 3, \"datepart\": \"day\", or an interval such as \"3 days\".")
}

/// An interval as an expression of SQL: a number of dateparts, or a text that PostgreSQL reads.
pub fn interval(datepart: Option<&str>, interval: &Json) -> Result<String> {
    const DATEPARTS: [&str; 9] = [
        "second", "minute", "hour", "day", "week", "month", "quarter", "year", "decade",
    ];
    let text = match (interval, datepart) {
        (Json::Number(number), Some(datepart)) => {
            if !DATEPARTS.contains(&datepart) {
                return Err(
                    Error::new(INVALID_PARAMETER, format!("unknown datepart \"{datepart}\""))
                        .hint(format!("The dateparts are: {}.", DATEPARTS.join(", "))),
                );
            }
            let number = number
                .as_f64()
                .filter(|number| *number > 0.0)
                .ok_or_else(|| bad_interval(interval))?;
            match datepart {
                "quarter" => format!("{} month", 3.0 * number),
                datepart => format!("{number} {datepart}"),
            }
        }
        (Json::String(text), None) => text.clone(),
        _ => return Err(bad_interval(interval)),
    };
    Ok(format!("{}::pg_catalog.interval", quote_literal(text)))
}
