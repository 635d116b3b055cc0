//! `near_duplicates`: rows whose texts, or whose columns taken together, nearly repeat each other.

use std::collections::BTreeSet;

use pgrx::spi::{quote_identifier, quote_literal};
use serde_json::{Value as Json, json};

use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, Result};
use crate::pg::foreground::Foreground;
use crate::pg::query::Query;
use crate::pg::settings;
use crate::pg::types::Value;
use crate::quality::finding::Finding;
use crate::quality::kinds::compile::named;
use crate::quality::kinds::judge::Counted;
use crate::quality::kinds::rule::Similarity;
use crate::quality::kinds::statement;
use crate::quality::source::Source;
use crate::quality::spec::check::Check;
use algo::quality::near_duplicates::{Finder, Group, Params};

/// The most bytes that texts and their keys may take.
const MEMORY: usize = 256 << 20;
/// Groups that are shown.
const SHOWN: usize = 5;

/// The text of a row q, as an expression in SQL.
fn text(check: &Check, source: &Source, similarity: &Similarity) -> Result<String> {
    let names: Vec<&String> = check.column.iter().chain(&similarity.columns).collect();
    let columns = names
        .iter()
        .map(|name| {
            Ok(format!(
                "q.{}::pg_catalog.text",
                quote_identifier(&named(name, source)?.name)
            ))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(match columns.as_slice() {
        [column] => column.clone(),
        columns => format!("pg_catalog.concat_ws(' ', {})", columns.join(", ")),
    })
}

/// The statement that gives the texts to compare.
pub fn sql(check: &Check, source: &Source, similarity: &Similarity) -> Result<String> {
    Ok(format!(
        "SELECT {} FROM {} AS q WHERE {}true",
        text(check, source, similarity)?,
        source.relation(),
        statement::filter(check)
    ))
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

/// Reads the texts. Errs with 53400 where they take too much memory.
fn finder(sql: &str, similarity: &Similarity) -> Result<Finder> {
    let mut finder = Finder::new(Params {
        threshold: similarity.similarity,
        memory: MEMORY.min(settings::max_memory()),
        max_groups: SHOWN,
    })?;
    texts(sql, &mut |row, text| Ok(finder.push(row, text)?))?;
    Ok(finder)
}

/// The condition that a row q has a text that nearly repeats others. It names texts: `most` different ones at the most.
pub fn condition(check: &Check, source: &Source, similarity: &Similarity, most: usize) -> Result<String> {
    let sql = sql(check, source, similarity)?;
    let finder = finder(&sql, similarity)?;
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
    texts(&sql, &mut |_, text| {
        if found.len() < most && repeated.contains(text) {
            found.insert(quote_literal(text));
        }
        Ok(())
    })?;
    if found.is_empty() {
        return Ok("false".into());
    }
    let found: Vec<String> = found.into_iter().collect();
    Ok(format!(
        "{} IN ({})",
        text(check, source, similarity)?,
        found.join(", ")
    ))
}

/// Compares the texts.
pub fn find(check: &Check, source: &Source, similarity: &Similarity, counted: &[Counted<'_>]) -> Result<Finding> {
    let finder = finder(&sql(check, source, similarity)?, similarity)?;
    let mut reporter = Reporter::new();
    let found = compute::run(
        "comparing near duplicates",
        &mut reporter,
        &Foreground::new()?,
        |monitor| finder.finish(monitor),
    )?;
    reporter.finish();
    let tally = counted.first().map(|counted| counted.tally);
    let shown = |group: &Group| -> Json { json!({ "rows": group.rows, "texts": group.texts }) };
    Ok(Finding {
        metric: "groups",
        value: Some(found.groups as f64),
        rows: tally.map(|tally| tally.rows),
        failed: Some(found.rows_failed),
        nulls: check.column.as_ref().and(tally).map(|tally| tally.failed),
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

/// The error of a check that names its texts twice, or not at all.
pub fn ambiguous() -> Error {
    Error::new(
        crate::pg::error::INVALID_PARAMETER,
        "near_duplicates needs either a column or columns",
    )
    .hint("Name one text with column_name, or the columns of rows to compare with the argument columns.")
}
