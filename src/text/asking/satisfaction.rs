//! `document_satisfaction`: how answers that cite a document fare with the people who judge them.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_extern;
use serde_json::Value as Json;

use super::log::SEEN;
use crate::pg::error::{Error, INTERNAL, Result, or_raise};
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use crate::pg::{role, statement, tables};
use crate::text::search::{Target, Visible};
use algo::stats::proportion::wilson;

result_row! {
    /// A document, and how answers that cite it fare.
    struct DocumentRow {
        key: Json,
        cited: i64,
        rated: i64,
        satisfied: i64,
        satisfaction: Option<f64>,
        low: Option<f64>,
        high: Option<f64>,
        others: Option<f64>,
        misleads: bool,
        excluded: bool,
    }
}

/// The fewest answers that are judged before a document is said to mislead.
const ENOUGH: i64 = 3;
/// How sure an interval is.
const CONFIDENCE: f64 = 0.95;

/// Of each document: its key, how many answers cite it, how many of these are judged, with how many people are satisfied, whether it is left out; and how many
/// answers are judged in all, and with how many of those people are satisfied. An answer is judged by all who said something of it, together.
const COUNTS: &str = "WITH seen AS MATERIALIZED (
    SELECT a.id, a.citations,
        (SELECT CASE WHEN pg_catalog.sum(j.judgement) OPERATOR(pg_catalog.>) 0 THEN true WHEN pg_catalog.sum(j.judgement) OPERATOR(pg_catalog.<) 0 THEN false END
         FROM (SELECT CASE WHEN o.rating OPERATOR(pg_catalog.<>) 0 THEN o.rating WHEN o.resolved THEN 1 WHEN NOT o.resolved THEN OPERATOR(pg_catalog.-) 1 ELSE 0 END AS judgement
               FROM assay.answer_opinion AS o WHERE o.answer_id OPERATOR(pg_catalog.=) a.id) AS j) AS satisfied
    FROM assay.answer AS a
    WHERE a.vectorizer_id OPERATOR(pg_catalog.=) $1 AND ($3::pg_catalog.timestamptz IS NULL OR a.asked_at OPERATOR(pg_catalog.>=) $3) AND SEEN),
every AS (SELECT pg_catalog.count(s.satisfied) AS rated, pg_catalog.count(*) FILTER (WHERE s.satisfied) AS satisfied FROM seen AS s),
cited AS (
    SELECT d.key, pg_catalog.count(*) AS cited, pg_catalog.count(s.satisfied) AS rated, pg_catalog.count(*) FILTER (WHERE s.satisfied) AS satisfied
    FROM seen AS s
    CROSS JOIN LATERAL (SELECT DISTINCT c.value OPERATOR(pg_catalog.->) 'key' AS key FROM pg_catalog.jsonb_array_elements(s.citations) AS c(value)) AS d
    GROUP BY d.key)
SELECT c.key::pg_catalog.text, c.cited, c.rated, c.satisfied, e.rated, e.satisfied,
    EXISTS (SELECT FROM assay.document_exclusion AS x WHERE x.vectorizer_id OPERATOR(pg_catalog.=) $1 AND x.key OPERATOR(pg_catalog.=) c.key)
FROM cited AS c CROSS JOIN every AS e";

fn documents(vectorizer: &str, since: Option<TimestampWithTimeZone>) -> Result<Vec<DocumentRow>> {
    let target = Target::of(vectorizer)?;
    // Who may not search there learns nothing of what was found there.
    Visible::new(&target, None)?;
    let caller = role::current();
    let mut rows: Vec<DocumentRow> = Vec::new();
    tables::as_owner(|| {
        statement::read(
            &COUNTS.replace("SEEN", SEEN),
            &[target.vectorizer.id.into(), caller.into(), since.into()],
            &mut |row| {
                let key: Text = row.require(1)?;
                let key =
                    serde_json::from_str(&key).map_err(|_| Error::new(INTERNAL, "a stored key cannot be read"))?;
                let count = |column: usize| row.require::<i64>(column);
                let (rated, satisfied) = (count(3)?, count(4)?);
                let (all_rated, all_satisfied) = (count(5)?, count(6)?);
                rows.push(document(
                    key,
                    count(2)?,
                    [rated, satisfied],
                    [all_rated - rated, all_satisfied - satisfied],
                    row.require(7)?,
                ));
                Ok(())
            },
        )
    })?;
    let worst = |row: &DocumentRow| row.high.unwrap_or(f64::INFINITY);
    rows.sort_by(|a, b| {
        (!a.misleads, worst(a))
            .partial_cmp(&(!b.misleads, worst(b)))
            .unwrap_or(std::cmp::Ordering::Equal)
            .then_with(|| a.key.to_string().cmp(&b.key.to_string()))
    });
    Ok(rows)
}

/// A document of whose answers `rated` are judged, and of all others `others`; each with how many satisfy.
fn document(key: Json, cited: i64, rated: [i64; 2], others: [i64; 2], excluded: bool) -> DocumentRow {
    let share = |[all, part]: [i64; 2]| (all > 0).then(|| part as f64 / all as f64);
    let [all, part] = rated.map(|count| u64::try_from(count).unwrap_or(0));
    let (low, high) = wilson(part, all, CONFIDENCE);
    DocumentRow {
        key,
        cited,
        rated: rated[0],
        satisfied: rated[1],
        satisfaction: share(rated),
        low: (all > 0).then_some(low),
        high: (all > 0).then_some(high),
        others: share(others),
        misleads: rated[0] >= ENOUGH && high < share(others).unwrap_or(0.5),
        excluded,
    }
}

/// `document_satisfaction(vectorizer, since)`.
#[pg_extern(sql = false)]
fn document_satisfaction(vectorizer: Option<Text>, since: Option<TimestampWithTimeZone>) -> SetOf<DocumentRow> {
    let rows = || documents(&required("vectorizer", vectorizer)?, since);
    set_of(or_raise(rows()))
}
