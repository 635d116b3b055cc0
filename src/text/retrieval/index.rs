//! `ann_recall`: how much of what is nearest an index of vectors finds, asked with vectors of the table itself, as the caller.

use std::ffi::CStr;

use pgrx::pg_extern;
use pgrx::pg_sys::Oid;

use super::SEED;
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Error, INVALID_PARAMETER, Result, UNSUITABLE_ROWS, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::identity::{Settings, as_role, set};
use crate::pg::options::required;
use crate::pg::query::Query;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use crate::pg::{relation, role, tables};
use crate::text::search::count;
use algo_text::retrieval::mean;

result_row! {
    /// What an index finds.
    struct RecallRow {
        k: i32,
        queries: i32,
        recall: f64,
        low: f64,
        high: f64,
    }
}

/// An index, and the order that it gives.
struct Index {
    table: String,
    column: String,
    operator: String,
    kind: String,
}

impl Index {
    /// Returns 22023 for what is no index whose first column can be put in the order of a distance.
    fn of(index: Oid) -> Result<Index> {
        let read = |what: &str| -> Result<Option<String>> {
            let query = format!(
                "SELECT {what} FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) i.indrelid AND a.attnum OPERATOR(pg_catalog.=) i.indkey[0]
JOIN pg_catalog.pg_opclass AS c ON c.oid OPERATOR(pg_catalog.=) i.indclass[0]
JOIN pg_catalog.pg_amop AS m ON m.amopfamily OPERATOR(pg_catalog.=) c.opcfamily AND m.amoppurpose OPERATOR(pg_catalog.=) 'o'
JOIN pg_catalog.pg_operator AS o ON o.oid OPERATOR(pg_catalog.=) m.amopopr
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) o.oprnamespace
WHERE i.indexrelid OPERATOR(pg_catalog.=) $1 AND i.indisvalid ORDER BY m.amopstrategy LIMIT 1"
            );
            let found: Option<Text> = tables::as_owner(|| tables::read(&query, &[index.into()]))?;
            Ok(found.map(String::from))
        };
        let table: Option<Oid> = tables::as_owner(|| {
            tables::read(
                "SELECT i.indrelid FROM pg_catalog.pg_index AS i WHERE i.indexrelid OPERATOR(pg_catalog.=) $1",
                &[index.into()],
            )
        })?;
        let operator = "pg_catalog.quote_ident(n.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) o.oprname::pg_catalog.text";
        let kind = "(SELECT pg_catalog.quote_ident(tn.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(t.typname)
FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS tn ON tn.oid OPERATOR(pg_catalog.=) t.typnamespace
WHERE t.oid OPERATOR(pg_catalog.=) a.atttypid)";
        let found = (
            table.and_then(relation::name_of),
            read("a.attname::pg_catalog.text")?,
            read(operator)?,
            read(kind)?,
        );
        match found {
            (Some(table), Some(column), Some(operator), Some(kind)) => Ok(Index {
                table,
                column: relation::quoted(&column),
                operator: format!("OPERATOR({operator})"),
                kind,
            }),
            _ => Err(Error::new(
                INVALID_PARAMETER,
                "argument \"index\" is no index that finds what is near",
            )
            .hint("Name an index of pgvector, of method hnsw or ivfflat.")),
        }
    }

    /// Runs a query as the caller, with some ways of planning turned off; gives the first column.
    fn run(query: &str, off: &[&CStr]) -> Result<Vec<String>> {
        as_role(role::current(), &Settings::default(), || {
            off.iter().try_for_each(|setting| set(setting, "off"))?;
            let mut found = Vec::new();
            Query::new(query)?.interpreted().run(&mut |row| {
                found.extend(row.shown(0));
                Ok(())
            })?;
            Ok(found)
        })
    }

    /// Some of the vectors, always the same ones of the same rows.
    fn sample(&self, count: usize) -> Result<Vec<String>> {
        let Index { table, column, .. } = self;
        let query = format!(
            "SELECT t.{column}::pg_catalog.text FROM {table} AS t WHERE t.{column} IS NOT NULL
ORDER BY pg_catalog.hashtextextended(t.ctid::pg_catalog.text, {SEED}) LIMIT {count}"
        );
        Index::run(&query, &[])
    }

    /// The rows nearest to a vector.
    fn nearest(&self, vector: &str, k: usize, off: &[&CStr]) -> Result<Vec<String>> {
        let Index {
            table,
            column,
            operator,
            kind,
        } = self;
        let vector = format!("{}::{kind}", pgrx::spi::quote_literal(vector));
        let query = format!("SELECT t.ctid FROM {table} AS t ORDER BY t.{column} {operator} {vector} LIMIT {k}");
        Index::run(&query, off)
    }
}

fn recall(index: Option<Oid>, k: Option<i32>, queries: Option<i32>) -> Result<RecallRow> {
    /// Ways of planning without the index, and with it.
    const WITHOUT: [&CStr; 2] = [c"enable_seqscan", c"enable_sort"];
    const WITH: [&CStr; 3] = [c"enable_indexscan", c"enable_bitmapscan", c"enable_indexonlyscan"];
    let index = Index::of(required("index", index)?)?;
    let k = required("k", k)?;
    let (nearest, wanted) = (count("k", k)?, count("queries", required("queries", queries)?)?);
    let watch = Foreground::new()?;
    let mut shares = Vec::new();
    for vector in index.sample(wanted)? {
        serve_interrupts();
        let exact = index.nearest(&vector, nearest, &WITH)?;
        let found = index.nearest(&vector, nearest, &WITHOUT)?;
        let hits = exact.iter().filter(|row| found.contains(row)).count();
        shares.push(hits as f64 / exact.len().max(1) as f64);
    }
    let recall = mean(&shares, SEED, &watch)?
        .ok_or_else(|| Error::new(UNSUITABLE_ROWS, "the index has no vectors").hint("Fill the table first."))?;
    Ok(RecallRow {
        k,
        queries: shares.len() as i32,
        recall: recall.value,
        low: recall.interval[0],
        high: recall.interval[1],
    })
}

/// `ann_recall(index, k, queries)`.
#[pg_extern(sql = false)]
fn ann_recall(index: Option<Oid>, k: Option<i32>, queries: Option<i32>) -> SetOf<RecallRow> {
    set_of([or_raise(recall(index, k, queries))])
}
