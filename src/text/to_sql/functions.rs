//! What a model is told of functions: of those that somebody has described, that the caller may execute, and that `run_sql` lets a query call.

use std::collections::BTreeMap;

use pgrx::pg_sys::Oid;

use super::objects::Objects;
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, Result};
use crate::pg::foreground::Foreground;
use crate::pg::text::Text;
use crate::pg::{guarded, relation, statement, tables};
use algo_text::analyze::Language;
use algo_text::to_sql::prompt::Function;
use algo_text::to_sql::relevance;

/// How many functions are looked at, and how many a model is told of at most.
const MOST: usize = 5_000;
const TOLD: usize = 20;

/// Notes on functions, by their numbers.
fn notes() -> Result<BTreeMap<i64, String>> {
    let query = format!(
        "SELECT d.routine::pg_catalog.oid::pg_catalog.int8, d.note FROM assay.description AS d
WHERE d.routine IS NOT NULL AND d.note IS NOT NULL ORDER BY 1 LIMIT {MOST}"
    );
    let mut notes = BTreeMap::new();
    tables::as_owner(|| {
        statement::read(&query, &[], &mut |row| {
            notes.insert(row.require(1)?, row.require::<Text>(2)?.into());
            Ok(())
        })
    })?;
    Ok(notes)
}

/// Functions of these numbers that the caller may execute, as far as a query can call them by name.
fn callable(numbers: Vec<i64>) -> Result<Vec<(i64, Function)>> {
    const QUERY: &str = "SELECT p.oid::pg_catalog.int8, n.nspname::pg_catalog.text, p.proname::pg_catalog.text, p.prokind::pg_catalog.text,
    pg_catalog.pg_get_function_arguments(p.oid), pg_catalog.pg_get_function_result(p.oid), pg_catalog.obj_description(p.oid, 'pg_proc')
FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
WHERE p.oid::pg_catalog.int8 OPERATOR(pg_catalog.=) ANY ($1) AND p.prokind OPERATOR(pg_catalog.=) ANY ('{f,a,w}'::pg_catalog.\"char\"[])
AND p.prorettype OPERATOR(pg_catalog.<>) ALL ('{trigger,event_trigger}'::pg_catalog.regtype[]::pg_catalog.oid[])
AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
ORDER BY n.nspname, p.proname, p.oid";
    let mut found = Vec::new();
    statement::read(QUERY, &[numbers.into()], &mut |row| {
        let number: i64 = row.require(1)?;
        let (schema, name, kind): (Text, Text, Text) = (row.require(2)?, row.require(3)?, row.require(4)?);
        let (arguments, result): (Text, Text) = (row.require(5)?, row.require(6)?);
        let comment: Option<Text> = row.get(7)?;
        found.push((
            number,
            Function {
                function: format!("{}.{}", relation::quoted(&schema), relation::quoted(&name)),
                kind: match &*kind {
                    "a" => "aggregate",
                    "w" => "window function",
                    _ => "function",
                }
                .into(),
                arguments: arguments.into(),
                result: result.into(),
                notes: comment.map(String::from).into_iter().collect(),
            },
        ));
        Ok(())
    })?;
    let number = |number: &i64| Oid::from_u32(u32::try_from(*number).unwrap_or(0));
    found.retain(|(oid, _)| guarded::may_call(number(oid)));
    Ok(found)
}

/// The functions that a question may be about, those that fit best first: where objects are named those among them, described or not. Returns an error where one
/// that was named may not be called.
pub fn about(question: &str, objects: Option<&Objects>, language: Option<Language>) -> Result<Vec<Function>> {
    let notes = notes()?;
    let numbers = match objects {
        Some(objects) => objects
            .functions
            .iter()
            .map(|(oid, _)| i64::from(oid.to_u32()))
            .collect(),
        None => notes.keys().copied().collect(),
    };
    let mut found = callable(numbers)?;
    let missing = objects.and_then(|objects| {
        let is_found = |oid: &Oid| found.iter().any(|(number, _)| *number == i64::from(oid.to_u32()));
        objects.functions.iter().find(|(oid, _)| !is_found(oid))
    });
    if let Some((_, name)) = missing {
        return Err(Error::new(
            INSUFFICIENT_PRIVILEGE,
            format!("function {name} cannot be called by a query that a model writes"),
        )
        .hint("It takes EXECUTE on the function and USAGE on its schema, and that assay.run_sql may call it: a superuser lists it in assay.sql_functions."));
    }
    for (number, function) in &mut found {
        function.notes.extend(notes.get(number).cloned());
    }
    let words: Vec<String> = found.iter().map(|(_, function)| function.words()).collect();
    let scores = relevance::best_scores(question, &words, language, &Foreground::new()?)?;
    let order = relevance::order(&scores);
    Ok(order
        .into_iter()
        .take(TOLD)
        .map(|place| std::mem::take(&mut found[place].1).shortened())
        .collect())
}
