//! Alarms of budgets that burn fast: each is told once, when it begins.

use std::collections::HashMap;

use pgrx::datum::TimestampWithTimeZone;
use serde_json::{Value as Json, json};

use super::level::{self, at_sql, time, whole};
use super::status::{burn_rates, judge};
use crate::pg::error::Result;
use crate::pg::tables;
use crate::pg::text::Prose;
use crate::reliability::clock;

/// A budget that has begun to burn fast.
pub struct Burning {
    /// The service level.
    pub id: i64,
    /// What it is about, as people write it.
    pub target: String,
    pub asset: Option<i64>,
    pub product: Option<i64>,
    /// What is measured.
    pub sli: &'static str,
    pub objective: f64,
    pub attained: Option<f64>,
    /// The share of the budget that is left.
    pub budget_left: Option<f64>,
    /// The rates by both windows of each pair.
    pub burn_rates: Json,
}

/// When alarms began that last at a point in time, by service level.
pub fn open(at: i64) -> Result<HashMap<i64, i64>> {
    let now = at_sql(at);
    let mut open = HashMap::new();
    let query = format!(
        "SELECT a.sla_id, a.began_at FROM assay.sla_alarm AS a
WHERE a.began_at OPERATOR(pg_catalog.<=) {now} AND (a.ended_at IS NULL OR a.ended_at OPERATOR(pg_catalog.>) {now})"
    );
    level::read(&query, &mut |row| {
        if let (Some(id), Some(since)) = (whole(row, 0), time(row, 1)) {
            open.insert(id, since);
        }
        Ok(())
    })?;
    Ok(open)
}

/// The budgets that have begun to burn fast since this was last called, whoever calls: each alarm is given once, also to sessions that ask at the same
/// time. What does not burn fast any more is over, and an alarm when it burns again.
pub fn burning(at: TimestampWithTimeZone) -> Result<Vec<Burning>> {
    let now = clock::of("at", at)?;
    let levels = level::all(now)?;
    let standings = judge(&levels, now)?;
    let burning: Vec<_> = (levels.iter().zip(&standings))
        .filter(|(_, standing)| standing.is_fast_burn())
        .collect();
    let entries: Json = burning
        .iter()
        .map(|(level, standing)| json!({"id": level.id, "burn_rates": burn_rates(&standing.burns)}))
        .collect();
    let entries = Prose::from(entries.to_string());
    // One statement each: alarms that are there are left as they are, whoever adds them first.
    let begun: Option<Vec<i64>> = tables::as_owner(|| {
        tables::write(
            "UPDATE assay.sla_alarm AS a SET ended_at = $2
WHERE a.ended_at IS NULL AND a.began_at OPERATOR(pg_catalog.<) $2 AND NOT EXISTS (
    SELECT FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS r(id bigint) WHERE r.id OPERATOR(pg_catalog.=) a.sla_id)",
            &[entries.clone().into(), at.into()],
        )?;
        if burning.is_empty() {
            return Ok(None);
        }
        tables::write_returning(
            "WITH begun AS (
    INSERT INTO assay.sla_alarm (sla_id, began_at, burn_rates)
    SELECT r.id, $2, r.burn_rates FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS r(id bigint, burn_rates pg_catalog.jsonb)
    ON CONFLICT DO NOTHING
    RETURNING sla_id)
SELECT pg_catalog.array_agg(sla_id) FROM begun",
            &[entries.into(), at.into()],
        )
    })?;
    let begun = begun.unwrap_or_default();
    let mut told = Vec::new();
    for (level, standing) in burning {
        if !begun.contains(&level.id) {
            continue;
        }
        told.push(Burning {
            id: level.id,
            target: level.target()?.map(|target| target.label()).unwrap_or_default(),
            asset: level.asset,
            product: level.product,
            sli: level.indicator.name(),
            objective: level.objective.share(),
            attained: standing.attained,
            budget_left: standing.budget_left,
            burn_rates: burn_rates(&standing.burns),
        });
    }
    Ok(told)
}
