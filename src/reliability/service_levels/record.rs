//! What is measured outside of checks: how long loads took, and metrics of models.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_extern;

use super::evidence::LOAD;
use super::terms::SECOND;
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::options::required;
use crate::pg::text::Text;
use crate::pg::{names, read_only, role, tables};
use crate::reliability::asset::Asset;
use crate::reliability::clock;

/// Keeps a figure of an asset. By the way, what is older than any window goes, a few rows at a time.
fn keep(asset: &Asset, metric: &str, value: f64, at: TimestampWithTimeZone) -> Result<()> {
    asset.require_control()?;
    let id = asset.record()?;
    let by = role::name_of(role::current());
    tables::as_owner(|| {
        tables::write(
            "INSERT INTO assay.measurement (asset_id, metric, at, value, recorded_by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (asset_id, metric, at) DO UPDATE SET value = excluded.value, recorded_by = excluded.recorded_by",
            &[id.into(), metric.into(), at.into(), value.into(), by.as_str().into()],
        )?;
        tables::write(
            "DELETE FROM assay.measurement WHERE ctid OPERATOR(pg_catalog.=) ANY (ARRAY(
    SELECT m.ctid FROM assay.measurement AS m
    WHERE m.asset_id OPERATOR(pg_catalog.=) $1 AND m.metric OPERATOR(pg_catalog.=) $2
      AND m.at OPERATOR(pg_catalog.<) (pg_catalog.now() OPERATOR(pg_catalog.-) '800 days'::pg_catalog.interval)
    ORDER BY m.at LIMIT 100 FOR UPDATE SKIP LOCKED))",
            &[id.into(), metric.into()],
        )
    })
}

/// `record_load(asset, started_at, finished_at)`.
#[pg_extern(sql = false)]
fn record_load(
    asset: Option<Text>,
    started_at: Option<TimestampWithTimeZone>,
    finished_at: Option<TimestampWithTimeZone>,
) {
    read_only::require_writable(c"assay.record_load()");
    or_raise((|| {
        let asset = Asset::named(&required("asset", asset)?)?;
        let finished_at = required("finished_at", finished_at)?;
        let started = clock::of("started_at", required("started_at", started_at)?)?;
        let seconds = clock::of("finished_at", finished_at)?.saturating_sub(started) as f64 / SECOND as f64;
        if seconds < 0.0 {
            return Err(Error::new(INVALID_PARAMETER, "the load finished before it started")
                .detail(format!("It would have taken {seconds} seconds."))
                .hint("Give when it started, and then when it finished."));
        }
        keep(&asset, LOAD, seconds, finished_at)
    })())
}

/// `record_measurement(asset, metric, value, at)`.
#[pg_extern(sql = false)]
fn record_measurement(
    asset: Option<Text>,
    metric: Option<Text>,
    value: Option<f64>,
    at: Option<TimestampWithTimeZone>,
) {
    read_only::require_writable(c"assay.record_measurement()");
    or_raise((|| {
        let asset = Asset::named(&required("asset", asset)?)?;
        let metric = required("metric", metric)?;
        names::check("metric's name", &metric)?;
        if &*metric == LOAD {
            return Err(
                Error::new(INVALID_PARAMETER, format!("metric \"{LOAD}\" is how long loads took"))
                    .hint("assay.record_load keeps it: give that when the load started, and when it finished."),
            );
        }
        let (value, at) = (required("value", value)?, required("at", at)?);
        clock::of("at", at)?;
        keep(&asset, &metric, value, at)
    })())
}
