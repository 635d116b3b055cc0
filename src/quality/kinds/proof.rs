//! What the catalogs prove about a relation, so that its rows need not be read: unique indexes, and validated foreign keys.

use pgrx::spi::quote_literal;

use crate::pg::error::Result;
use crate::pg::query::Query;
use crate::pg::types::Value;
use crate::quality::kinds::rule::Rule;
use crate::quality::source::Source;
use crate::quality::spec::check::Check;
use crate::quality::suggest::constraint::FORBIDS_NULL;

/// The name of the index or constraint that proves a check; `None` when nothing does.
pub fn of(check: &Check, source: &Source) -> Result<Option<String>> {
    if !source.is_relation() {
        return Ok(None);
    }
    match (&check.rule, &check.column) {
        (Rule::Unique, Some(column)) => unique(source, std::slice::from_ref(column), false),
        (Rule::UniqueCombination(combination), _) => unique(source, &combination.combination_of_columns, true),
        (Rule::Relationships(parent), Some(column)) if is_plain_name(&parent.to)? => one_text(&format!(
            "SELECT 'foreign key ' || c.conname FROM pg_catalog.pg_constraint AS c
JOIN pg_catalog.pg_class AS r ON r.oid = c.conrelid
WHERE c.contype = 'f' AND c.convalidated AND NOT c.condeferrable AND NOT r.relhassubclass
    AND c.conrelid = {child}::pg_catalog.regclass AND c.confrelid = {parent}::pg_catalog.regclass
    AND {column} = (SELECT pg_catalog.array_agg(a.attname::pg_catalog.text) FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey))
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgconstraint = c.oid AND t.tgenabled IN ('D', 'R'))
    AND {field} = (SELECT pg_catalog.array_agg(a.attname::pg_catalog.text) FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.confrelid AND a.attnum = ANY (c.confkey))
ORDER BY c.oid LIMIT 1",
            child = quote_literal(&source.text),
            parent = quote_literal(parent.to.trim()),
            column = array(std::slice::from_ref(column)),
            field = array(std::slice::from_ref(&parent.field)),
        )),
        _ => Ok(None),
    }
}

fn is_plain_name(text: &str) -> Result<bool> {
    Ok(Source::open(text)?.is_relation())
}

/// A unique index over some of the columns. It must hold at every moment, for all rows, and, where NULL equals NULL, of columns that have
/// none: from PostgreSQL 18 on a NOT NULL constraint may be NOT VALID, and a key WITHOUT OVERLAPS is an exclusion.
fn unique(source: &Source, columns: &[String], null_equals_null: bool) -> Result<Option<String>> {
    one_text(&format!(
        "SELECT 'unique index ' || r.relname FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS r ON r.oid = i.indexrelid
JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
WHERE i.indrelid = {relation}::pg_catalog.regclass AND i.indisunique AND i.indisvalid AND i.indimmediate
    AND NOT i.indisexclusion AND i.indpred IS NULL AND i.indexprs IS NULL AND (t.relkind = 'p' OR NOT t.relhassubclass)
    AND (SELECT pg_catalog.bool_and(a.attname::pg_catalog.text = ANY ({columns}) AND ({FORBIDS_NULL} OR NOT {strict}))
        FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::pg_catalog.int2[])[0:i.indnkeyatts - 1]))
ORDER BY i.indexrelid LIMIT 1",
        relation = quote_literal(&source.text),
        columns = array(columns),
        strict = null_equals_null,
    ))
}

fn array(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(quote_literal).collect();
    format!("ARRAY[{}]::pg_catalog.text[]", names.join(", "))
}

fn one_text(sql: &str) -> Result<Option<String>> {
    let mut text = None;
    Query::new(sql)?.run(&mut |row| {
        if let Value::Text(found) = row.value(0) {
            text = Some(found.into_owned());
        }
        Ok(())
    })?;
    Ok(text)
}
