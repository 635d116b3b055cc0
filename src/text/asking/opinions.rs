//! `feedback` and `prune_answers`.

use pgrx::pg_extern;

use super::log::{SEEN, missing};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::options::required;
use crate::pg::settings::{self, Retention};
use crate::pg::text::Text;
use crate::pg::{read_only, role, tables};

/// The most characters of a comment.
const LONGEST: usize = 10_000;

/// `feedback(answer_id, rating, comment, resolved)`.
#[pg_extern(sql = false)]
fn feedback(answer_id: Option<i64>, rating: Option<i32>, comment: Option<Text>, resolved: Option<bool>) {
    read_only::require_writable(c"assay.feedback()");
    or_raise(say(answer_id, rating, comment, resolved));
}

fn say(answer_id: Option<i64>, rating: Option<i32>, comment: Option<Text>, resolved: Option<bool>) -> Result<()> {
    let (id, rating) = (required("answer_id", answer_id)?, required("rating", rating)?);
    if !(-1..=1).contains(&rating) {
        return Err(
            Error::new(INVALID_PARAMETER, format!("rating is {rating}, but must be -1, 0 or 1"))
                .hint("1 is satisfied, 0 neither, -1 not."),
        );
    }
    if comment
        .as_ref()
        .is_some_and(|comment| comment.chars().count() > LONGEST)
    {
        return Err(Error::new(INVALID_PARAMETER, "argument \"comment\" is too long")
            .detail(format!("It may have {LONGEST} characters."))
            .hint("Say it more briefly."));
    }
    let caller = role::current();
    let said: Option<i64> = tables::as_owner(|| {
        tables::write_returning(
            &format!(
                "WITH before AS (
    DELETE FROM assay.answer_opinion AS o
    WHERE o.answer_id OPERATOR(pg_catalog.=) $1 AND o.given_by::pg_catalog.oid OPERATOR(pg_catalog.=) $2::pg_catalog.oid)
INSERT INTO assay.answer_opinion AS o (answer_id, given_by, rating, comment, resolved)
SELECT a.id, $2::pg_catalog.oid, $3, $4, $5 FROM assay.answer AS a WHERE a.id OPERATOR(pg_catalog.=) $1 AND {SEEN}
RETURNING o.answer_id"
            ),
            &[id.into(), caller.into(), rating.into(), comment.into(), resolved.into()],
        )
    })?;
    said.map(drop).ok_or_else(|| missing(id))
}

/// `prune_answers()`.
#[pg_extern(sql = false)]
fn prune_answers() -> i64 {
    read_only::require_writable(c"assay.prune_answers()");
    let pruned = || -> Result<i64> {
        let seconds = match settings::answer_retention() {
            Retention::Forever => return Ok(0),
            Retention::Seconds(seconds) => f64::from(seconds),
            Retention::Nothing => 0.0,
        };
        let caller = role::current();
        let pruned: Option<i64> = tables::as_owner(|| {
            tables::write_returning(
                &format!(
                    "WITH gone AS (DELETE FROM assay.answer AS a
    WHERE a.asked_at OPERATOR(pg_catalog.<) (pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.make_interval(secs => $1)) AND {SEEN}
    RETURNING 1)
SELECT pg_catalog.count(*) FROM gone"
                ),
                &[seconds.into(), caller.into()],
            )
        })?;
        Ok(pruned.unwrap_or(0))
    };
    or_raise(pruned())
}
