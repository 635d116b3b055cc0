//! Error budgets that have begun to burn fast: the owners of what was promised are told, once for each alarm.

use pgrx::datum::TimestampWithTimeZone;
use serde_json::{Value as Json, json};

use super::tell;
use crate::pg::error::Result;
use crate::reliability::read::read_json;
use crate::reliability::service_levels::{self, Burning};

/// A budget that burns fast is as urgent as an incident of severity sev2: who wants to know of sev1 only is left alone.
const OWNERS: &str = "SELECT pg_catalog.jsonb_agg(DISTINCT o.owner_id)::pg_catalog.text FROM (
    SELECT a.owner_id, a.min_severity FROM assay_internal.asset_owner AS a WHERE a.asset_id OPERATOR(pg_catalog.=) $1
    UNION ALL
    SELECT p.owner_id, p.min_severity FROM assay_internal.product_owner AS p WHERE p.product_id OPERATOR(pg_catalog.=) $2) AS o
WHERE o.min_severity IS NULL OR o.min_severity OPERATOR(pg_catalog.<>) 'sev1'";

/// Looks which budgets have begun to burn fast until `at`, and tells of them.
pub fn tell_burns(at: TimestampWithTimeZone) -> Result<()> {
    for burning in service_levels::burning(at)? {
        let owners: Vec<i64> = read_json(OWNERS, &[burning.asset.into(), burning.product.into()])?;
        let subject = format!("{} of {} burns its error budget fast", burning.sli, burning.target);
        let item = item(&burning);
        let items: Vec<(i64, String, Json)> = (owners.into_iter())
            .map(|owner| (owner, subject.clone(), item.clone()))
            .collect();
        if !items.is_empty() {
            tell("burn", &format!("burn:{}", burning.id), &items, false, at)?;
        }
    }
    Ok(())
}

fn item(burning: &Burning) -> Json {
    let share = |share: Option<f64>| share.map_or("unknown".into(), |share| format!("{:.2} %", share * 100.0));
    json!({"text": format!(
        "{} of {}: {} attained, {} promised; {} of the budget is left",
        burning.sli,
        burning.target,
        share(burning.attained),
        share(Some(burning.objective)),
        share(burning.budget_left)
    ), "rates": burning.burn_rates})
}
