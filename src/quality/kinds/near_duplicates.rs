//! `near_duplicates`: rows whose texts, or whose columns taken together, nearly repeat each other.

use std::collections::BTreeSet;

use pgrx::spi::quote_literal;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::assertion::{Arguments, Assertion, CheckKind};
use super::common::literal::value_of;
use super::common::rows::is_text;
use super::plan::{FailingRows, Means, Plan, Planner, RowCondition};
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::foreground::Foreground;
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::pg::settings;
use crate::quality::finding::{Finding, add_evidence};
use crate::quality::source::Source;
use crate::quality::spec::{Need, Needs, Spec};
use algo::quality::near_duplicates::{Finder, Group, Params};
use algo::scan::Tally;

pub static NEAR_DUPLICATES: CheckKind = CheckKind {
    name: "near_duplicates",
    needs: Needs {
        column: Need::Optional,
        segments: Need::Refused,
        ..Needs::ROWS
    },
    parse: NearDuplicates::parse,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NearDuplicates {
    #[serde(default = "alike")]
    similarity: f64,
    /// Compares rows by all of these, where no column is named.
    #[serde(default)]
    columns: Vec<String>,
}

fn alike() -> f64 {
    0.9
}

/// The most bytes that texts and their keys may take.
const MEMORY: usize = 256 << 20;
/// Groups that are shown.
const SHOWN: usize = 5;

impl NearDuplicates {
    fn parse(arguments: Arguments<'_>) -> Result<Box<dyn Assertion>> {
        let names_column = arguments.column.is_some();
        let duplicates: NearDuplicates = arguments.read_sound(|duplicates: &NearDuplicates| {
            let sound = (0.3..=1.0).contains(&duplicates.similarity);
            (!sound).then_some("similarity must be from 0.3 to 1")
        })?;
        if names_column != duplicates.columns.is_empty() {
            return Err(
                Error::new(INVALID_PARAMETER, "near_duplicates needs either a column or columns").hint(
                    "Name one text with column_name, or the columns of rows to compare with the argument columns.",
                ),
            );
        }
        Ok(Box::new(duplicates))
    }

    /// The text of a row q, as an expression in SQL.
    fn text(&self, spec: &Spec, source: &Source) -> Result<String> {
        let names = spec.column.iter().chain(&self.columns);
        let text = |name: &String| Ok(format!("{}::pg_catalog.text", value_of(source.require_column(name)?)));
        let texts = names.map(text).collect::<Result<Vec<_>>>()?;
        Ok(match texts.as_slice() {
            [text] => text.clone(),
            texts => format!("pg_catalog.concat_ws(' ', {})", texts.join(", ")),
        })
    }
}

impl Assertion for NearDuplicates {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let (spec, source) = (planner.spec, planner.source);
        if let Some(column) = planner.optional_column()? {
            planner.require(column, is_text, "text")?;
        }
        let text = self.text(spec, source)?;
        let sql = format!(
            "SELECT {text} FROM {} AS q WHERE {}true",
            source.relation(),
            spec.filter_and()
        );
        let (statement, again) = (sql.clone(), sql.clone());
        let inquiry = planner.ask_rows(move |answer| {
            let tally = answer.segments.first().map(|segment| segment.tally);
            let mut findings = vec![finding(spec, &statement, self.similarity, tally)?];
            add_evidence(spec, &mut findings);
            Ok(findings)
        })?;
        Ok(Plan {
            means: Means::Statement(inquiry, sql),
            failing_rows: FailingRows::Condition(Box::new(move |limit| {
                condition(&text, &again, self.similarity, limit).map(RowCondition::Alone)
            })),
        })
    }
}

/// Hands each text to `take`, until its first error.
fn texts(sql: &str, take: &mut dyn FnMut(u64, &str) -> Result<()>) -> Result<()> {
    let mut reporter = Reporter::new();
    let query = Query::new(sql)?;
    let expected = query.expected_rows();
    let mut row_number = 0;
    query.run(&mut |row| {
        if let Value::Text(text) = row.value(0) {
            take(row_number, &text)?;
        }
        row_number += 1;
        reporter.rows("looking for near duplicates", row_number, expected);
        Ok(())
    })?;
    reporter.finish();
    Ok(())
}

/// Reads the texts. Returns an error with 53400 where they take too much memory.
fn finder(sql: &str, similarity: f64) -> Result<Finder> {
    let mut finder = Finder::new(Params {
        threshold: similarity,
        memory: MEMORY.min(settings::max_memory()),
        max_groups: SHOWN,
    })?;
    texts(sql, &mut |row, text| Ok(finder.push(row, text)?))?;
    Ok(finder)
}

/// The condition that a row q has a text that nearly repeats others. It names texts: `most` different ones at the most.
fn condition(text: &str, sql: &str, similarity: f64, most: usize) -> Result<String> {
    let finder = finder(sql, similarity)?;
    let mut reporter = Reporter::new();
    let repeated = compute::run(
        "comparing near duplicates",
        &mut reporter,
        &Foreground::new()?,
        |monitor| finder.repeated(monitor),
    )?;
    reporter.finish();
    drop(finder);
    let mut found = BTreeSet::new();
    texts(sql, &mut |_, text| {
        if found.len() < most && repeated.contains(text) {
            found.insert(quote_literal(text));
        }
        Ok(())
    })?;
    if found.is_empty() {
        return Ok("false".into());
    }
    let found: Vec<String> = found.into_iter().collect();
    Ok(format!("{text} IN ({})", found.join(", ")))
}

/// Compares the texts.
fn finding(spec: &Spec, sql: &str, similarity: f64, tally: Option<&Tally>) -> Result<Finding> {
    let finder = finder(sql, similarity)?;
    let mut reporter = Reporter::new();
    let found = compute::run(
        "comparing near duplicates",
        &mut reporter,
        &Foreground::new()?,
        |monitor| finder.finish(monitor),
    )?;
    reporter.finish();
    let shown = |group: &Group| -> Json { json!({ "rows": group.rows, "texts": group.texts }) };
    Ok(Finding {
        metric: "groups",
        value: Some(found.groups as f64),
        rows: tally.map(|tally| tally.rows),
        failed: Some(found.rows_failed),
        nulls: spec.column.as_ref().and(tally).map(|tally| tally.failed),
        sample: (found.groups > 0).then(|| found.largest.iter().map(shown).collect()),
        message: (found.capped_blocks > 0).then(|| {
            format!(
                "{} blocks of alike texts were too large to compare all pairs in: some may be missing",
                found.capped_blocks
            )
        }),
        ..Finding::default()
    })
}
