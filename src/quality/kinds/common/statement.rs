//! Checks that no pass row by row can answer: each is one statement of PostgreSQL's own, which joins, groups or sorts.
//!
//! Such a statement gives a row for each segment in which something fails: the segment as a JSON array of texts, the failing rows, the value
//! of the metric, and a sample in JSON.

use hashbrown::HashMap;
use serde_json::Value as Json;

use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::query::Query;
use crate::pg::query_row::Row;
use crate::pg::reader::Value;
use crate::quality::finding::{Finding, add_evidence};
use crate::quality::grouping::Grouping;
use crate::quality::kinds::answer::{Answer, SegmentTally};
use crate::quality::source::Source;
use crate::quality::spec::Spec;
use algo::scan::key;

/// What stands in a statement for a check's rows and segments. Within it the segment's columns are named s1, s2, ...
pub struct Parts {
    /// The columns that make the segments, as expressions on a row q.
    pub segments: Vec<String>,
    /// The relation in FROM, without a name.
    pub rows: String,
    /// The condition on rows with AND behind it.
    pub filter: String,
}

impl Parts {
    /// Returns an error where the check groups by what cannot be grouped by.
    pub fn new(spec: &Spec, source: &Source) -> Result<Parts> {
        let groups = Grouping::new(&spec.group_by, source)?.groups;
        Ok(Parts {
            segments: groups.into_iter().map(|group| group.sql).collect(),
            rows: source.relation(),
            filter: spec.filter_and(),
        })
    }

    /// The segment as a JSON array of texts.
    pub fn segment_json(&self) -> String {
        let texts: Vec<String> = (1..=self.segments.len())
            .map(|i| format!("s{i}::pg_catalog.text"))
            .collect();
        format!(
            "pg_catalog.to_json(ARRAY[{}]::pg_catalog.text[])::pg_catalog.text",
            texts.join(", ")
        )
    }

    /// Names for what rows are grouped by: `q.a AS s1, q.b AS s2, `.
    pub fn segment_names(&self) -> String {
        let named = self.segments.iter().zip(1..);
        named.map(|(sql, i)| format!("{sql} AS s{i}, ")).collect()
    }

    /// `PARTITION BY s1, s2`; nothing without segments.
    pub fn partition(&self) -> String {
        self.by_segment("PARTITION BY")
    }

    /// `PARTITION BY` of a window over rows q: the segments, and within them what else is given.
    pub fn partition_rows(&self, further: &[String]) -> String {
        match [self.segments.as_slice(), further].concat().join(", ").as_str() {
            "" => "PARTITION BY true".into(),
            columns => format!("PARTITION BY {columns}"),
        }
    }

    /// GROUP BY the segments; without any, one row that stands only where something was found.
    pub fn group_by(&self) -> String {
        match self.segments.as_slice() {
            [] => "HAVING pg_catalog.count(*) > 0".into(),
            _ => self.by_segment("GROUP BY"),
        }
    }

    fn by_segment(&self, word: &str) -> String {
        let names: Vec<String> = (1..=self.segments.len()).map(|i| format!("s{i}")).collect();
        if names.is_empty() {
            String::new()
        } else {
            format!("{word} {}", names.join(", "))
        }
    }
}

fn text(row: &Row<'_>, column: usize) -> Option<String> {
    match row.value(column) {
        Value::Text(text) => Some(text.into_owned()),
        _ => None,
    }
}

/// The segment of a statement's row: the values that rows were grouped by, as texts.
fn segment(row: &Row<'_>) -> Vec<Option<String>> {
    let segment = text(row, 0).and_then(|text| serde_json::from_str(&text).ok());
    segment.unwrap_or_default()
}

/// What a statement found in a segment.
#[derive(Debug, Clone)]
struct Failures {
    /// The values that rows were grouped by, as texts.
    segment: Vec<Option<String>>,
    /// Failing rows.
    failed: u64,
    /// What the metric says.
    value: Option<f64>,
    sample: Option<Json>,
}

impl Failures {
    fn read(row: &Row<'_>) -> Failures {
        let text = |column: usize| text(row, column);
        let number = |column: usize| match row.value(column) {
            Value::Number(number) => Some(number),
            _ => None,
        };
        Failures {
            segment: segment(row),
            failed: number(1).unwrap_or(0.0) as u64,
            value: number(2),
            sample: text(3).and_then(|text| serde_json::from_str(&text).ok()),
        }
    }

    /// Both together; the first one's sample.
    fn and(self, other: Failures) -> Failures {
        Failures {
            failed: self.failed + other.failed,
            value: self.value.zip(other.value).map(|(one, other)| one + other),
            ..self
        }
    }
}

/// The findings of a statement for the rows that the shared pass counted. Returns an error when they are not of the same segments.
pub fn findings(spec: &Spec, metric: &'static str, sql: &str, answer: &Answer<'_>) -> Result<Vec<Finding>> {
    // Values that are equal may be written in several ways, so they are compared as values.
    let mut by_segment: HashMap<Box<[u8]>, Vec<Failures>> = HashMap::new();
    Query::new(sql)?.run(&mut |row| {
        let failures = Failures::read(row);
        let segment = answer.grouping.segment(&failures.segment)?;
        by_segment.entry(key(&segment)).or_default().push(failures);
        Ok(())
    })?;
    let finding = |segment: &SegmentTally<'_>| {
        let failures = by_segment
            .remove(&segment.values.map(key).unwrap_or_default())
            .and_then(|failures| failures.into_iter().reduce(Failures::and));
        Finding {
            segment: answer.json(segment),
            metric,
            value: Some(failures.as_ref().and_then(|failures| failures.value).unwrap_or(0.0)),
            rows: Some(segment.tally.rows),
            failed: Some(failures.as_ref().map_or(0, |failures| failures.failed)),
            // The shared pass asks whether the column is NULL, where there is one.
            nulls: spec.column.as_ref().map(|_| segment.tally.failed),
            sample: failures.and_then(|failures| failures.sample),
            ..Finding::default()
        }
    };
    let mut findings: Vec<Finding> = answer.segments.iter().map(finding).collect();
    if let Some(failures) = by_segment.into_values().flatten().next() {
        return Err(Error::new(
            INVALID_PARAMETER,
            format!(
                "a segment was found that the shared pass did not see: {:?}",
                failures.segment
            ),
        )
        .hint("Conditions must say the same of a row whenever they are asked."));
    }
    add_evidence(spec, &mut findings);
    Ok(findings)
}

/// The findings of a statement that gives a figure for each segment, for the rows that the shared pass counted.
pub fn figures(sql: &str, answer: &Answer<'_>, finding: impl Fn(Option<f64>) -> Finding) -> Result<Vec<Finding>> {
    let mut by_segment: HashMap<Box<[u8]>, Option<f64>> = HashMap::new();
    Query::new(sql)?.run(&mut |row| {
        let segment = answer.grouping.segment(&segment(row))?;
        by_segment.insert(key(&segment), row.number(1));
        Ok(())
    })?;
    let of_segment = |segment: &SegmentTally<'_>| {
        let figure = by_segment.get(&segment.values.map(key).unwrap_or_default());
        Finding {
            segment: answer.json(segment),
            rows: Some(segment.tally.rows),
            ..finding(figure.copied().flatten())
        }
    };
    Ok(answer.segments.iter().map(of_segment).collect())
}

/// The finding of a check that holds by the proof of an index or constraint. Nothing was read, so there is no number of rows.
pub fn proved(metric: &'static str, sql: &str, proof: &str) -> Result<Finding> {
    // It says what reading would say, so it takes the same rights.
    Query::new(sql)?.require_rights()?;
    Ok(Finding {
        metric,
        value: Some(0.0),
        failed: Some(0),
        message: Some(format!("proved by {proof}, without reading rows")),
        ..Finding::default()
    })
}

/// A text that a catalog query finds.
pub fn one_text(sql: &str) -> Result<Option<String>> {
    let mut text = None;
    Query::new(sql)?.run(&mut |row| {
        if let Value::Text(found) = row.value(0) {
            text = Some(found.into_owned());
        }
        Ok(())
    })?;
    Ok(text)
}

/// A number that a query finds.
pub fn one_number(sql: &str) -> Result<Option<f64>> {
    let mut number = None;
    Query::new(sql)?.run(&mut |row| {
        number = row.number(0);
        Ok(())
    })?;
    Ok(number)
}

/// Names as an array of texts.
pub fn array(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(pgrx::spi::quote_literal).collect();
    format!("ARRAY[{}]::pg_catalog.text[]", names.join(", "))
}
