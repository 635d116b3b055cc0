//! Items of the queue: rows that have changed. A row that changes three times has three items, for whoever writes it waits for nobody; they are worked
//! at together.

use std::collections::BTreeMap;

use crate::pg::append::{append, each, next_number};
use crate::pg::cell::Parameter;
use crate::pg::error::Result;
use crate::pg::text::Text;
use crate::pg::text_array::TextArray;
use crate::pg::{identity, snapshot, statement, tables};
use crate::text::queue::is_free;
use crate::text::vectorizers::refresh::Key;
use algo::hash;
use pgrx::datum::TimestampWithTimeZone;

/// A row that is worked at.
pub struct Claim {
    pub key: Key,
    pub key_hash: i64,
    /// Its items.
    pub ids: Vec<i64>,
    /// How often it has been tried, this time included.
    pub attempts: u32,
}

/// From this try on a row is worked at by itself, for it may be what ended the others.
const ALONE: i32 = 2;

/// A hash of a key, by which its items are found.
pub fn hash_of(vectorizer: i64, key: &Key) -> i64 {
    let parts = key.iter().map(|part| hash::hash_bytes(1, part.as_bytes()));
    parts.fold(hash::seeded(vectorizer as u64), hash::mix) as i64
}

/// Queues a row.
pub fn add(vectorizer: i64, key: &Key) -> Result<()> {
    let texts: Vec<Text> = key.iter().map(|part| Text::from(part.as_str())).collect();
    let now = snapshot::clock()?;
    append(
        c"vectorizer_queue",
        &[
            next_number(c"vectorizer_queue_id_seq").into(),
            vectorizer.into(),
            TextArray::from(texts).into(),
            hash_of(vectorizer, key).into(),
            now.into(),
            0_i32.into(),
            false.into(),
            now.into(),
            Option::<i64>::None.into(),
            Option::<String>::None.into(),
            Option::<TimestampWithTimeZone>::None.into(),
        ],
    )
}

/// Queues rows, however many.
pub fn add_all(vectorizer: i64, keys: &[Key]) -> Result<()> {
    each(keys, |key| add(vectorizer, key))
}

/// Takes up to so many rows of a vectorizer, those that have waited longest first. One that has failed before, or that whoever worked at it did not live to tell of, is taken
/// by itself where `alone` says so, and else is not.
pub fn claim(vectorizer: i64, lease: i64, most: i32, alone: bool) -> Result<Vec<Claim>> {
    tables::as_owner(|| {
        // A queue grows and shrinks faster than statistics of it: it is read in the order of its indexes, however long it is taken to be.
        for name in [
            c"enable_seqscan",
            c"enable_bitmapscan",
            c"enable_sort",
            c"enable_hashjoin",
            c"enable_mergejoin",
            c"enable_material",
        ] {
            identity::set(name, "off")?;
        }
        let free = is_free("q");
        let mut claims: BTreeMap<i64, Vec<Claim>> = BTreeMap::new();
        let first = format!(
            "WITH due AS (
    SELECT q.id FROM assay.vectorizer_queue AS q
    WHERE q.vectorizer_id OPERATOR(pg_catalog.=) $1 AND q.next_at OPERATOR(pg_catalog.<=) pg_catalog.clock_timestamp()
        AND q.alone OPERATOR(pg_catalog.=) $4 AND {free}
        AND NOT EXISTS (
            SELECT FROM assay.vectorizer_queue AS o
            WHERE o.vectorizer_id OPERATOR(pg_catalog.=) q.vectorizer_id AND o.key_hash OPERATOR(pg_catalog.=) q.key_hash
                AND o.lease IS NOT NULL AND NOT assay_internal.lease_is_free(o.lease))
    ORDER BY q.next_at, q.id LIMIT $3 FOR UPDATE OF q SKIP LOCKED)
UPDATE assay.vectorizer_queue AS q SET lease = $2, attempts = q.attempts OPERATOR(pg_catalog.+) 1, alone = q.attempts OPERATOR(pg_catalog.+) 1 OPERATOR(pg_catalog.>=) {ALONE}
FROM due WHERE q.id OPERATOR(pg_catalog.=) due.id
RETURNING q.id, q.key, q.key_hash, q.attempts"
        );
        let parameters: [Parameter; 4] = [vectorizer.into(), lease.into(), most.into(), alone.into()];
        statement::write(&first, &parameters, &mut |row| gather(row, &mut claims))?;
        if claims.is_empty() {
            return Ok(Vec::new());
        }
        // What else is queued of the same rows goes with them.
        let others = format!(
            "WITH same AS (
    SELECT q.id FROM pg_catalog.unnest($3) AS h(key_hash)
    JOIN assay.vectorizer_queue AS q ON q.vectorizer_id OPERATOR(pg_catalog.=) $1 AND q.key_hash OPERATOR(pg_catalog.=) h.key_hash
    WHERE {free}
    FOR UPDATE OF q SKIP LOCKED)
UPDATE assay.vectorizer_queue AS q SET lease = $2
FROM same WHERE q.id OPERATOR(pg_catalog.=) same.id
RETURNING q.id, q.key, q.key_hash, q.attempts"
        );
        let hashes: Vec<i64> = claims.keys().copied().collect();
        let parameters: [Parameter; 3] = [vectorizer.into(), lease.into(), hashes.into()];
        statement::write(&others, &parameters, &mut |row| gather(row, &mut claims))?;
        Ok(claims.into_values().flatten().collect())
    })
}

/// Puts an item to the row that it is of.
fn gather(row: &statement::Row<'_>, claims: &mut BTreeMap<i64, Vec<Claim>>) -> Result<()> {
    let key: Vec<Option<Text>> = row.require(2)?;
    let key: Key = key
        .into_iter()
        .map(|part| part.map_or(String::new(), String::from))
        .collect();
    let attempts: i32 = row.require(4)?;
    let (id, key_hash, attempts) = (row.require(1)?, row.require(3)?, u32::try_from(attempts).unwrap_or(0));
    let same = claims.entry(key_hash).or_default();
    match same.iter_mut().find(|claim| claim.key == key) {
        Some(claim) => {
            claim.ids.push(id);
            claim.attempts = claim.attempts.max(attempts);
        }
        None => same.push(Claim {
            key,
            key_hash,
            ids: vec![id],
            attempts,
        }),
    }
    Ok(())
}

/// Takes items away that are done.
pub fn finish(ids: Vec<i64>) -> Result<()> {
    change("DELETE FROM assay.vectorizer_queue AS q", vec![ids.into()])
}

/// Gives items back, to be worked at from so many seconds on. That they were tried does not count.
pub fn postpone(ids: Vec<i64>, seconds: f64) -> Result<()> {
    change(
        "UPDATE assay.vectorizer_queue AS q SET lease = NULL, attempts = GREATEST(q.attempts OPERATOR(pg_catalog.-) 1, 0), alone = false,
    next_at = pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) pg_catalog.make_interval(secs => $2)",
        vec![ids.into(), seconds.into()],
    )
}

/// Notes why items could not be done, and that they are to be tried again after so many seconds.
pub fn fail(ids: Vec<i64>, why: &str, seconds: f64) -> Result<()> {
    change(
        "UPDATE assay.vectorizer_queue AS q SET lease = NULL, error = $3, failed_at = now.at,
    next_at = now.at OPERATOR(pg_catalog.+) pg_catalog.make_interval(secs => $2)
FROM (SELECT pg_catalog.clock_timestamp() AS at) AS now",
        vec![ids.into(), seconds.into(), crate::pg::text::Prose::from(why).into()],
    )
}

fn change(statement: &str, parameters: Vec<Parameter>) -> Result<()> {
    tables::as_owner(|| {
        statement::run(
            &format!("{statement} WHERE q.id OPERATOR(pg_catalog.=) ANY ($1)"),
            &parameters,
        )
    })
}
