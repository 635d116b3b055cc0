//! Service levels are added and dropped.

use pgrx::pg_extern;
use serde_json::Value as Json;

use super::period::Period;
use super::terms::{Indicator, Terms, number};
use crate::pg::catalog::{self, Key};
use crate::pg::error::{Error, INTERNAL, INVALID_PARAMETER, Result, UNDEFINED_SERVICE_LEVEL, or_raise};
use crate::pg::json::Jsonb;
use crate::pg::options::{object, required};
use crate::pg::text::Text;
use crate::pg::{read_only, role, tables};
use crate::reliability::target::Target;
use algo::reliability::budget::Objective;

/// Numbers as people write them.
fn tidy(value: &mut Json) {
    match value {
        Json::Number(found) => {
            if let Some(found) = found.as_f64() {
                *value = number(found);
            }
        }
        Json::Array(values) => values.iter_mut().for_each(tidy),
        Json::Object(values) => values.values_mut().for_each(tidy),
        Json::Null | Json::Bool(_) | Json::String(_) => {}
    }
}

fn add(
    target: Option<Text>,
    sli: Option<Text>,
    objective: Option<f64>,
    period: Option<Text>,
    options: Option<Jsonb>,
) -> Result<i64> {
    let target = Target::named(&required("target", target)?)?;
    let sli = required("sli", sli)?;
    let indicator = Indicator::of_name(&sli).ok_or_else(|| {
        let names: Vec<&str> = Indicator::ALL.into_iter().map(Indicator::name).collect();
        Error::new(INVALID_PARAMETER, "argument \"sli\" is unknown")
            .detail(format!("It is \"{sli}\"."))
            .hint(format!("Expected is one of: {}.", names.join(", ")))
    })?;
    let share = required("objective", objective)?;
    let objective = Objective::new(share).ok_or_else(|| {
        Error::new(INVALID_PARAMETER, "argument \"objective\" is out of range")
            .detail(format!("The value is {share}."))
            .hint(
                "It is a share above 0 and below 1, such as 0.99: what is promised of all leaves no budget for errors.",
            )
    })?;
    let period = Period::read(&required("period", period)?)?;
    let terms = Terms::read(indicator, object("options", options)?, period, objective)?;
    target.require_control()?;
    let (asset, product) = target.record()?;
    let mut terms = serde_json::to_value(&terms)
        .map_err(|error| Error::new(INTERNAL, "options cannot be stored").detail(error.to_string()))?;
    tidy(&mut terms);
    let caller = role::current();
    let id: Option<i64> = tables::as_owner(|| {
        tables::write_returning(
            "INSERT INTO assay.sla (asset_id, product_id, sli, objective, period, options, added_by)
VALUES ($1, $2, $3, $4, $5, $6, $7::pg_catalog.oid) RETURNING id",
            &[
                asset.into(),
                product.into(),
                indicator.name().into(),
                share.into(),
                period.text().into(),
                terms.into(),
                caller.into(),
            ],
        )
    })?;
    id.ok_or_else(|| {
        Error::new(
            INTERNAL,
            format!("a service level of {} could not be stored", target.label()),
        )
    })
}

/// `add_sla(target, sli, objective, period, options)`.
#[pg_extern(sql = false)]
fn add_sla(
    target: Option<Text>,
    sli: Option<Text>,
    objective: Option<f64>,
    period: Option<Text>,
    options: Option<Jsonb>,
) -> i64 {
    read_only::require_writable(c"assay.add_sla()");
    or_raise(add(target, sli, objective, period, options))
}

/// `drop_sla(id)`.
#[pg_extern(sql = false)]
fn drop_sla(id: Option<i64>) {
    read_only::require_writable(c"assay.drop_sla()");
    or_raise((|| {
        let id = required("id", id)?;
        let found = catalog::find(c"sla", c"sla_pkey", &[Key::BigInt(1, id)], |row| {
            Ok(Some(Target::of_row(row.get(2)?, row.get(3)?)?))
        })?;
        let target = found.flatten();
        let is_known = target.as_ref().map(Target::is_visible).transpose()?;
        let (Some(target), Some(true)) = (target, is_known) else {
            return Err(
                Error::new(UNDEFINED_SERVICE_LEVEL, format!("service level {id} does not exist"))
                    .hint("SELECT id, target, sli FROM assay.slas lists them."),
            );
        };
        target.require_control()?;
        tables::as_owner(|| tables::write("DELETE FROM assay.sla WHERE id OPERATOR(pg_catalog.=) $1", &[id.into()]))
    })())
}
