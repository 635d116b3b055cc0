//! Maintenance that was announced: what happens in it is not held against a service level, and nobody is told of it.

use pgrx::datum::{Range, RangeBound, TimestampWithTimeZone};
use pgrx::pg_extern;

use super::clock;
use super::target::Target;
use crate::pg::catalog::{self, Key};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, UNDEFINED_SERVICE_LEVEL, or_raise};
use crate::pg::options::required;
use crate::pg::text::{Prose, Text};
use crate::pg::{read_only, role, tables};

/// The most bytes of a reason.
const LONGEST_REASON: usize = 1000;

/// When the window begins and ends. Returns an error with 22023 for one that is empty, or without an end: what is never over is no maintenance.
pub fn bounds(
    what: &str,
    during: Range<TimestampWithTimeZone>,
) -> Result<(TimestampWithTimeZone, TimestampWithTimeZone)> {
    let refused = |problem: &str| {
        Error::new(INVALID_PARAMETER, format!("the {what} {problem}"))
            .hint("Write it as tstzrange('2026-06-01 22:00', '2026-06-02 04:00').")
    };
    let Some((lower, upper)) = during.into_inner() else {
        return Err(refused("is empty"));
    };
    let finite = |bound: RangeBound<TimestampWithTimeZone>| match bound {
        RangeBound::Inclusive(at) | RangeBound::Exclusive(at) if !at.is_infinity() && !at.is_neg_infinity() => Some(at),
        RangeBound::Inclusive(_) | RangeBound::Exclusive(_) | RangeBound::Infinite => None,
    };
    match (finite(lower), finite(upper)) {
        (Some(from), Some(to)) if from < to => {
            clock::of("during", from)?;
            clock::of("during", to)?;
            Ok((from, to))
        }
        (Some(_), Some(_)) => Err(refused("is empty")),
        (None, _) | (_, None) => Err(refused("has no beginning or no end")),
    }
}

fn reason(text: Option<Text>) -> Result<String> {
    let text = String::from(required("reason", text)?);
    if text.trim().is_empty() || text.len() > LONGEST_REASON {
        return Err(Error::new(
            INVALID_PARAMETER,
            format!("the reason must have 1 to {LONGEST_REASON} bytes"),
        )
        .detail(format!("It has {}.", text.len()))
        .hint("Say in a sentence what is worked on: people who miss an alarm will read it."));
    }
    Ok(text)
}

/// `add_maintenance(target, during, reason)`.
#[pg_extern(sql = false)]
fn add_maintenance(target: Option<Text>, during: Option<Range<TimestampWithTimeZone>>, reason: Option<Text>) -> i64 {
    read_only::require_writable(c"assay.add_maintenance()");
    or_raise((|| {
        let target = Target::named(&required("target", target)?)?;
        let (from, to) = bounds("maintenance window", required("during", during)?)?;
        let reason = self::reason(reason)?;
        target.require_control()?;
        let (asset, product) = target.record()?;
        let caller = role::current();
        let id: Option<i64> = tables::as_owner(|| {
            tables::write_returning(
                "INSERT INTO assay.maintenance (asset_id, product_id, during, reason, added_by)
VALUES ($1, $2, pg_catalog.tstzrange($3, $4), $5, $6::pg_catalog.oid) RETURNING id",
                &[
                    asset.into(),
                    product.into(),
                    from.into(),
                    to.into(),
                    Prose::from(reason.as_str()).into(),
                    caller.into(),
                ],
            )
        })?;
        id.ok_or_else(|| {
            Error::new(
                INVALID_PARAMETER,
                format!("maintenance of {} could not be recorded", target.label()),
            )
        })
    })())
}

/// `drop_maintenance(id)`.
#[pg_extern(sql = false)]
fn drop_maintenance(id: Option<i64>) {
    read_only::require_writable(c"assay.drop_maintenance()");
    or_raise((|| {
        let id = required("id", id)?;
        let keys = [Key::BigInt(1, id)];
        let found = catalog::find(c"maintenance", c"maintenance_pkey", &keys, |row| {
            Ok(Some(Target::of_row(row.get(2)?, row.get(3)?)?))
        })?;
        let target = found.flatten();
        let known = match &target {
            Some(target) => target.is_visible()?,
            None => false,
        };
        let (true, Some(target)) = (known, target) else {
            return Err(Error::new(
                UNDEFINED_SERVICE_LEVEL,
                format!("maintenance window {id} does not exist"),
            )
            .hint("SELECT id, target, during FROM assay.maintenance_windows lists them."));
        };
        target.require_control()?;
        tables::as_owner(|| {
            tables::write(
                "DELETE FROM assay.maintenance WHERE id OPERATOR(pg_catalog.=) $1",
                &[id.into()],
            )
        })
    })())
}
