//! What a model is told of the tables and views that the caller may read: names, comments, notes, keys, and values that PostgreSQL's statistics have of them.

use std::collections::{BTreeMap, BTreeSet};

use pgrx::pg_sys::Oid;

use super::objects::Objects;
use crate::pg::error::{Error, Result, UNSUITABLE_ROWS};
use crate::pg::foreground::Foreground;
use crate::pg::text::Text;
use crate::pg::{relation, statement, tables};
use crate::text::endpoints::leaving;
use crate::text::endpoints::server::Server;
use algo_text::analyze::Language;
use algo_text::to_sql::prompt::{Column, Relation};
use algo_text::to_sql::relevance;

/// How many relations are looked at, and how many a model is told of at most.
const MOST: usize = 5_000;
const TOLD: usize = 40;
/// How many values of a column.
const VALUES: usize = 5;

/// A relation with what is known of it.
struct Known {
    oid: Oid,
    told: Relation,
    /// The numbers of its columns, in their order.
    numbers: Vec<i16>,
    /// Columns whose values are not to be shown.
    private: BTreeSet<i16>,
}

fn oid(number: i64) -> Oid {
    Oid::from_u32(u32::try_from(number).unwrap_or(0))
}

/// The relations that the caller may read, without columns.
fn relations(objects: Option<&Objects>) -> Result<Vec<Known>> {
    let objects = objects.map(|objects| objects.named.clone());
    let only = match &objects {
        Some(_) => "c.oid::pg_catalog.int8 OPERATOR(pg_catalog.=) ANY ($1)",
        None => {
            "($1::pg_catalog.int8[] IS NULL AND n.nspname OPERATOR(pg_catalog.<>) ALL ('{pg_catalog,information_schema,pg_toast,assay,assay_internal}'::pg_catalog.name[]))"
        }
    };
    let query = format!(
        "SELECT c.oid::pg_catalog.int8, c.relkind::pg_catalog.text, c.reltuples::pg_catalog.float8, pg_catalog.obj_description(c.oid, 'pg_class')
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{{r,p,v,m}}'::pg_catalog.\"char\"[]) AND NOT c.relispartition AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
AND (pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT')) AND {only}
ORDER BY n.nspname, c.relname LIMIT {MOST}"
    );
    let mut found = Vec::new();
    statement::read(&query, &[objects.into()], &mut |row| {
        let oid = oid(row.require(1)?);
        let (kind, rows): (Text, f64) = (row.require(2)?, row.require(3)?);
        let comment: Option<Text> = row.get(4)?;
        let Some(name) = relation::name_of(oid) else {
            return Ok(());
        };
        found.push(Known {
            oid,
            told: Relation {
                relation: name,
                kind: if &*kind == "v" { "view" } else { "table" }.into(),
                rows: (rows >= 0.0 && &*kind != "v").then_some(rows as i64),
                notes: comment.map(String::from).into_iter().collect(),
                ..Relation::default()
            },
            numbers: Vec::new(),
            private: BTreeSet::new(),
        });
        Ok(())
    })?;
    Ok(found)
}

/// The places of relations by their numbers, and these.
fn places(relations: &[Known]) -> (BTreeMap<i64, usize>, Vec<i64>) {
    let numbers: Vec<i64> = relations.iter().map(|known| i64::from(known.oid.to_u32())).collect();
    (numbers.iter().copied().zip(0..).collect(), numbers)
}

/// Adds the columns that the caller may read, with their comments.
fn add_columns(relations: &mut [Known]) -> Result<()> {
    let (places, numbers) = places(relations);
    let query = "SELECT a.attrelid::pg_catalog.int8, a.attnum::pg_catalog.int4, a.attname::pg_catalog.text, pg_catalog.format_type(a.atttypid, a.atttypmod), pg_catalog.col_description(a.attrelid, a.attnum)
FROM pg_catalog.pg_attribute AS a
WHERE a.attrelid::pg_catalog.int8 OPERATOR(pg_catalog.=) ANY ($1) AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped
AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT') ORDER BY a.attrelid, a.attnum";
    statement::read(query, &[numbers.into()], &mut |row| {
        let (of, number): (i64, i32) = (row.require(1)?, row.require(2)?);
        let (name, type_name): (Text, Text) = (row.require(3)?, row.require(4)?);
        let comment: Option<Text> = row.get(5)?;
        let Some(known) = places.get(&of).and_then(|place| relations.get_mut(*place)) else {
            return Ok(());
        };
        known.numbers.push(number as i16);
        known.told.columns.push(Column {
            name: relation::quoted(&name),
            type_name: type_name.into(),
            notes: comment.map(String::from).into_iter().collect(),
            ..Column::default()
        });
        Ok(())
    })
}

/// Adds what people have said of these relations and their columns, which the caller may read.
fn add_notes(relations: &mut [Known]) -> Result<()> {
    let (places, numbers) = places(relations);
    let query = "SELECT d.relation::pg_catalog.oid::pg_catalog.int8, 0, d.note, d.private, true FROM assay.description AS d WHERE d.relation::pg_catalog.oid::pg_catalog.int8 OPERATOR(pg_catalog.=) ANY ($1) AND d.column_name IS NULL
UNION ALL SELECT d.relation::pg_catalog.int8, d.attnum::pg_catalog.int4, d.note, d.private, d.is_meant FROM assay_internal.described_column AS d WHERE d.relation::pg_catalog.int8 OPERATOR(pg_catalog.=) ANY ($1) ORDER BY 1, 2, 3";
    tables::as_owner(|| {
        statement::read(query, &[numbers.into()], &mut |row| {
            let (of, number): (i64, i32) = (row.require(1)?, row.require(2)?);
            let note: Option<Text> = row.get(3)?;
            let (private, is_meant): (bool, bool) = (row.require(4)?, row.require(5)?);
            let Some(known) = places.get(&of).and_then(|place| relations.get_mut(*place)) else {
                return Ok(());
            };
            let column = known.numbers.iter().position(|own| i32::from(*own) == number);
            if private {
                match number {
                    0 => known.private.extend(known.numbers.iter().copied()),
                    number => drop(known.private.insert(number as i16)),
                }
            }
            let notes = match column {
                Some(place) if is_meant => &mut known.told.columns[place].notes,
                None if number == 0 => &mut known.told.notes,
                Some(_) | None => return Ok(()),
            };
            notes.extend(note.map(String::from));
            Ok(())
        })
    })
}

/// Adds keys; gives which relations they link, by their places.
fn add_keys(relations: &mut [Known]) -> Result<Vec<(usize, usize)>> {
    let (places, numbers) = places(relations);
    let query = "SELECT k.conrelid::pg_catalog.int8, k.confrelid::pg_catalog.int8, pg_catalog.pg_get_constraintdef(k.oid)
FROM pg_catalog.pg_constraint AS k WHERE k.contype OPERATOR(pg_catalog.=) ANY ('{p,f}'::pg_catalog.\"char\"[])
AND k.conrelid::pg_catalog.int8 OPERATOR(pg_catalog.=) ANY ($1) AND (k.contype OPERATOR(pg_catalog.=) 'p' OR k.confrelid::pg_catalog.int8 OPERATOR(pg_catalog.=) ANY ($1)) AND k.conparentid OPERATOR(pg_catalog.=) 0
ORDER BY k.contype DESC, k.conname, k.oid";
    let mut links = Vec::new();
    statement::read(query, &[numbers.into()], &mut |row| {
        let (from, to): (i64, i64) = (row.require(1)?, row.require(2)?);
        let text: Text = row.require(3)?;
        if let Some(place) = places.get(&from) {
            relations[*place].told.keys.push(text.into());
            links.extend(places.get(&to).map(|other| (*place, *other)));
        }
        Ok(())
    })?;
    Ok(links)
}

/// Adds values that statistics have of columns, as far as the caller may see them, and they may leave.
fn add_values(known: &mut Known, server: &Server) -> Result<()> {
    let query = format!(
        "SELECT a.attnum::pg_catalog.int4, pg_catalog.to_json((s.most_common_vals::pg_catalog.text::pg_catalog.text[])[1:{VALUES}])::pg_catalog.text,
pg_catalog.to_json((s.histogram_bounds::pg_catalog.text::pg_catalog.text[]))::pg_catalog.text, t.typcategory::pg_catalog.text
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) c.oid AND NOT a.attisdropped
JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) a.atttypid AND t.typcategory OPERATOR(pg_catalog.=) ANY ('{{B,D,E,N,S}}'::pg_catalog.\"char\"[])
JOIN pg_catalog.pg_stats AS s ON s.schemaname OPERATOR(pg_catalog.=) n.nspname AND s.tablename OPERATOR(pg_catalog.=) c.relname AND s.attname OPERATOR(pg_catalog.=) a.attname
AND s.inherited OPERATOR(pg_catalog.=) (c.relkind OPERATOR(pg_catalog.=) 'p')
WHERE c.oid::pg_catalog.int8 OPERATOR(pg_catalog.=) $1 ORDER BY a.attnum"
    );
    let list = |text: Option<Text>| -> Vec<String> {
        text.and_then(|text| serde_json::from_str::<Vec<Option<String>>>(&text).ok())
            .into_iter()
            .flatten()
            .flatten()
            .collect()
    };
    statement::read(&query, &[i64::from(known.oid.to_u32()).into()], &mut |row| {
        let number: i32 = row.require(1)?;
        let Some(place) = known.numbers.iter().position(|own| i32::from(*own) == number) else {
            return Ok(());
        };
        let name = relation::column_name(known.oid, number as i16).unwrap_or_default();
        if known.private.contains(&(number as i16)) || !leaving::may_leave(server, known.oid, &name)? {
            return Ok(());
        }
        let (common, bounds): (Vec<String>, Vec<String>) = (list(row.get(2)?), list(row.get(3)?));
        let kind: Text = row.require(4)?;
        let column = &mut known.told.columns[place];
        match (&bounds[..], &*kind) {
            // Of numbers and dates the ends say more than what is often there.
            ([first, .., last], "N" | "D") => column.range = Some([first.clone(), last.clone()]),
            (some, _) if common.is_empty() => column.values = some.iter().take(VALUES).cloned().collect(),
            _ => column.values = common,
        }
        Ok(())
    })
}

/// The relations that a question is about, those that fit best first. Returns an error where there is nothing to be read.
pub fn about(
    question: &str,
    objects: Option<&Objects>,
    values: bool,
    server: &Server,
    language: Option<Language>,
) -> Result<Vec<Relation>> {
    let mut all = relations(objects)?;
    if all.is_empty() {
        return Err(
            Error::new(UNSUITABLE_ROWS, "there is no table or view that the role may read")
                .hint("Grant it SELECT on what is to be asked about, and USAGE on its schema."),
        );
    }
    add_columns(&mut all)?;
    add_notes(&mut all)?;
    let links = add_keys(&mut all)?;
    let words: Vec<String> = all.iter().map(|known| known.told.words()).collect();
    let scores = relevance::best_scores(question, &words, language, &Foreground::new()?)?;
    let scores = relevance::with_neighbours(&scores, &links);
    let mut order = relevance::order(&scores);
    // Where some fit and nothing was named, the others are only in the way.
    if objects.is_none() && scores.iter().any(|score| *score > 0.0) {
        order.retain(|place| scores[*place] > 0.0);
    }
    order.truncate(TOLD);
    let mut told = Vec::new();
    for place in order {
        let known = &mut all[place];
        if values {
            add_values(known, server)?;
        }
        told.push(std::mem::take(&mut known.told).shortened());
    }
    Ok(told)
}
