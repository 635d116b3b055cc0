//! Which chunks the caller may see: those whose row of the source a query finds that runs as the caller, with its policies, and that the filter takes.

use std::collections::{BTreeMap, BTreeSet};

use pgrx::pg_sys::Oid;
use pgrx::spi::quote_literal;
use serde_json::{Value as Json, json};

use super::exclusions;
use super::target::{Target, read_as};
use crate::pg::attempt::attempt;
use crate::pg::error::{Error, INTERNAL, Result};
use crate::pg::expression::require_expression;
use crate::pg::identity::{Settings, as_role};
use crate::pg::query::Query;
use crate::pg::query_row::Row;
use crate::pg::{relation, role};

/// Rows of the source that a filter may take so that they are looked for one by one.
const FEW: usize = 10_000;

/// What a chunk is to whoever may see it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The key of its row.
    pub key: Json,
    /// Its place in its row's text.
    pub seq: i32,
}

/// Chunks of a row, each with its place in it.
type Chunks = Vec<(i64, i32)>;

/// The view that the caller has of a vectorizer's chunks.
pub struct Visible<'t> {
    target: &'t Target,
    caller: Oid,
    filter: Option<&'t str>,
    /// Whether the caller sees all rows.
    is_open: bool,
    /// The chunks of documents that are left out, whoever searches.
    excluded: BTreeSet<i64>,
    known: BTreeMap<i64, Option<Seen>>,
}

impl<'t> Visible<'t> {
    /// Returns an error where the caller may not read the key and the columns that are embedded, or the filter is no expression.
    pub fn new(target: &'t Target, filter: Option<&'t str>) -> Result<Visible<'t>> {
        filter.map_or(Ok(()), require_expression)?;
        let mut visible = Visible {
            target,
            caller: role::current(),
            filter,
            is_open: false,
            excluded: BTreeSet::new(),
            known: BTreeMap::new(),
        };
        let all = visible.rows("", "");
        let row_security = as_role(visible.caller, &Settings::default(), || {
            let query = Query::new(&all)?;
            query.require_rights()?;
            Ok(query.has_row_security())
        })?;
        visible.is_open = filter.is_none() && !row_security;
        let mut excluded = exclusions::of(target.vectorizer.id)?;
        // Those that were written when the key had other columns mean nothing any more.
        excluded.retain(|key| key.len() == target.layout.key.len());
        visible.excluded = visible.excluded_chunks(&excluded)?;
        Ok(visible)
    }

    /// A query of the rows that the caller sees, with their keys as s.k1, s.k2, ..., and what else is `selected` of what is `joined`.
    fn rows(&self, selected: &str, joined: &str) -> String {
        let key = self.target.layout.key.iter().zip(1..);
        let key = key.map(|(column, number)| format!("{} AS k{number}", relation::quoted(&column.name)));
        // Who may not read what was embedded may not read a chunk of it.
        let read = std::iter::once(&self.target.layout.loaded).chain(&self.target.layout.columns);
        let read = read
            .zip(1..)
            .map(|(column, number)| format!("{} AS r{number}", relation::quoted(column)));
        let columns: Vec<String> = key.chain(read).collect();
        let filter = self
            .filter
            .map_or(String::new(), |filter| format!(" WHERE (\n{filter}\n)"));
        format!(
            "SELECT {selected}{}, {} FROM (SELECT {} FROM ONLY {}{filter}) AS s{joined}",
            self.key_json(),
            self.key_texts("s.k"),
            columns.join(", "),
            self.target.source
        )
    }

    /// The key as JSON, with the names of its columns.
    fn key_json(&self) -> String {
        let pairs = self.target.layout.key.iter().zip(1..);
        let pairs: Vec<String> = pairs
            .map(|(column, number)| format!("{}::pg_catalog.text, s.k{number}", quote_literal(&column.name)))
            .collect();
        format!("pg_catalog.jsonb_build_object({})::pg_catalog.text", pairs.join(", "))
    }

    /// The columns of a key as texts; their names are numbered after `prefix`.
    fn key_texts(&self, prefix: &str) -> String {
        let columns = (1..=self.target.layout.key.len()).map(|number| format!("{prefix}{number}::pg_catalog.text"));
        columns.collect::<Vec<_>>().join(", ")
    }

    /// Keys as a table `n` with the columns k1, k2, ... and `place`, from 1.
    fn keys(&self, keys: &[Vec<String>]) -> String {
        let columns = self.target.layout.key.iter().enumerate();
        let lists: Vec<String> = columns
            .map(|(place, column)| {
                let values: Vec<String> = keys.iter().map(|key| quote_literal(&key[place])).collect();
                format!(
                    "pg_catalog.unnest(ARRAY[{}]::{}[])",
                    values.join(", "),
                    column.type_name
                )
            })
            .collect();
        let names: Vec<String> = (1..=lists.len()).map(|number| format!("k{number}")).collect();
        format!(
            "ROWS FROM ({}) WITH ORDINALITY AS n({}, place)",
            lists.join(", "),
            names.join(", ")
        )
    }

    /// The condition that columns are those of `n`.
    fn match_keys(&self, column: impl Fn(usize) -> String) -> String {
        let key = self.target.layout.key.iter().enumerate();
        let conditions = key.map(|(place, own)| format!("{} {} n.k{}", column(place), own.equals, place + 1));
        conditions.collect::<Vec<_>>().join(" AND ")
    }

    /// The chunks that may be found, where these are so few that they are looked for one by one; `None` where they are many.
    pub fn few(&self) -> Result<Option<BTreeSet<i64>>> {
        if self.is_open {
            return Ok(None);
        }
        let mut keys = Vec::new();
        let limited = self.rows("", &format!(" LIMIT {}", FEW + 1));
        read_as(self.caller, &limited, &mut |row| {
            keys.push(self.key_of(row, 1)?);
            Ok(())
        })?;
        if keys.len() > FEW {
            return Ok(None);
        }
        let mut chunks = BTreeSet::new();
        chunks.extend(self.chunks_of(&keys)?);
        Ok(Some(chunks))
    }

    /// The chunks of rows with these keys, whoever may see them.
    pub fn chunks_of(&self, keys: &[Vec<String>]) -> Result<Vec<i64>> {
        let mut chunks = Vec::new();
        if keys.is_empty() {
            return Ok(chunks);
        }
        let store_key = &self.target.store_key;
        let query = format!(
            "SELECT c.chunk_id FROM {} JOIN ONLY {} AS c ON {}",
            self.keys(keys),
            self.target.store,
            self.match_keys(|place| format!("c.{}", relation::quoted(&store_key[place])))
        );
        self.target.read_store(&query, &mut |row| {
            chunks.push(number(row, 0)?);
            Ok(())
        })?;
        Ok(chunks)
    }

    /// The chunks of documents that are left out. Values that the key's types of today do not read, or that are not of the table of chunks, are those of the time before the
    /// key got another type: what is still there of these documents is found by how their keys are written.
    fn excluded_chunks(&self, keys: &[Vec<String>]) -> Result<BTreeSet<i64>> {
        if keys.is_empty() {
            return Ok(BTreeSet::new());
        }
        let found = match attempt(|| self.chunks_of(keys))? {
            Ok(found) => found,
            Err(_) => self.chunks_written_as(keys)?,
        };
        Ok(found.into_iter().collect())
    }

    /// The chunks of rows whose keys are written so, whatever their types are.
    fn chunks_written_as(&self, keys: &[Vec<String>]) -> Result<Vec<i64>> {
        let written = self.target.store_key.iter();
        let written: Vec<String> = written
            .map(|name| {
                format!(
                    "pg_catalog.to_jsonb(c.{}) OPERATOR(pg_catalog.#>>) '{{}}'",
                    relation::quoted(name)
                )
            })
            .collect();
        let wanted: Vec<String> = keys.iter().map(|key| quote_literal(json!(key).to_string())).collect();
        let query = format!(
            "SELECT c.chunk_id FROM ONLY {} AS c WHERE pg_catalog.jsonb_build_array({}) OPERATOR(pg_catalog.=) ANY (ARRAY[{}]::pg_catalog.jsonb[])",
            self.target.store,
            written.join(", "),
            wanted.join(", ")
        );
        let mut chunks = Vec::new();
        self.target.read_store(&query, &mut |row| {
            chunks.push(number(row, 0)?);
            Ok(())
        })?;
        Ok(chunks)
    }

    /// The key in the columns of a row from `first` on.
    fn key_of(&self, row: &Row<'_>, first: usize) -> Result<Vec<String>> {
        let columns = first..first + self.target.layout.key.len();
        columns
            .map(|column| row.shown(column).ok_or_else(|| missing("a key")))
            .collect()
    }

    /// Finds out which of some chunks the caller may see.
    pub fn look(&mut self, chunks: &[i64]) -> Result<()> {
        let unknown: Vec<i64> = chunks
            .iter()
            .copied()
            .filter(|chunk| !self.known.contains_key(chunk))
            .collect();
        self.known.extend(unknown.iter().map(|chunk| (*chunk, None)));
        let wanted = unknown.iter().filter(|chunk| !self.excluded.contains(chunk));
        let ids: Vec<String> = wanted.map(i64::to_string).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let names = self.target.store_key.iter().zip(1..);
        let names: Vec<String> = names
            .map(|(name, number)| format!("c.{} AS k{number}", relation::quoted(name)))
            .collect();
        let query = format!(
            "SELECT s.chunk_id, s.seq, {} FROM (SELECT c.chunk_id, c.seq, {} FROM ONLY {} AS c
WHERE c.chunk_id OPERATOR(pg_catalog.=) ANY ('{{{}}}'::pg_catalog.int8[])) AS s",
            self.key_texts("s.k"),
            names.join(", "),
            self.target.store,
            ids.join(",")
        );
        let mut of_keys: BTreeMap<Vec<String>, Chunks> = BTreeMap::new();
        self.target.read_store(&query, &mut |row| {
            let seq = i32::try_from(number(row, 1)?).unwrap_or(0);
            of_keys
                .entry(self.key_of(row, 2)?)
                .or_default()
                .push((number(row, 0)?, seq));
            Ok(())
        })?;
        if of_keys.is_empty() {
            return Ok(());
        }
        let (keys, chunks): (Vec<Vec<String>>, Vec<Chunks>) = of_keys.into_iter().unzip();
        let condition = self.match_keys(|place| format!("s.k{}", place + 1));
        let join = format!(" JOIN {} ON {condition}", self.keys(&keys));
        let rows = self.rows("n.place, ", &join);
        let known = &mut self.known;
        read_as(self.caller, &rows, &mut |row| {
            let place = usize::try_from(number(row, 0)? - 1).ok();
            let key = row.shown(1).ok_or_else(|| missing("a key"))?;
            let key: Json = serde_json::from_str(&key).map_err(|_| missing("JSON"))?;
            for (chunk, seq) in place.and_then(|place| chunks.get(place)).into_iter().flatten() {
                let seen = Seen {
                    key: key.clone(),
                    seq: *seq,
                };
                known.insert(*chunk, Some(seen));
            }
            Ok(())
        })
    }

    /// What a chunk is that was looked at; `None` for one that the caller may not see.
    pub fn seen(&self, chunk: i64) -> Option<&Seen> {
        self.known.get(&chunk).and_then(Option::as_ref)
    }

    /// The texts of chunks that the caller may see.
    pub fn texts(&self, chunks: &[i64]) -> Result<BTreeMap<i64, String>> {
        let seen = chunks.iter().filter(|chunk| self.seen(**chunk).is_some());
        let ids: Vec<String> = seen.map(i64::to_string).collect();
        let query = format!(
            "SELECT c.chunk_id, c.chunk FROM ONLY {} AS c WHERE c.chunk_id OPERATOR(pg_catalog.=) ANY ('{{{}}}'::pg_catalog.int8[])",
            self.target.store,
            ids.join(",")
        );
        let mut texts = BTreeMap::new();
        self.target.read_store(&query, &mut |row| {
            texts.insert(number(row, 0)?, row.shown(1).ok_or_else(|| missing("a chunk"))?);
            Ok(())
        })?;
        Ok(texts)
    }
}

/// A whole number in a column: as a text, for not each of them is a double.
pub fn number(row: &Row<'_>, column: usize) -> Result<i64> {
    let shown = row.shown(column);
    shown
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| missing("a number"))
}

fn missing(what: &str) -> Error {
    Error::new(INTERNAL, format!("a table of chunks lacks {what}")).hint("Drop the vectorizer, and create it again.")
}
