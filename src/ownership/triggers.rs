//! The triggers of assay's tables. Rows come from assay's functions, as the tables' owner, or from a restore, as whoever restores.

use pgrx::pg_sys::{self, Oid};

use crate::models::{self, Privilege};
use crate::pg::entry::{self, Raw};
use crate::pg::error::{Error, INTERNAL, Result, or_raise};
use crate::pg::trigger::{self, Call};
use crate::pg::{catalog, dependency, relation, role, snapshot, tables};
use crate::reliability::recorded::{Recorded, Target};

/// Before a row with an owner: nobody makes one in another's name.
fn claim_row(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let claim = || -> Result<Raw> {
        let call = Call::new(&fcinfo)?;
        let mut changes = Vec::new();
        for column in call.columns(&call.arguments())? {
            if let Some(owner) = call.get(column)? {
                changes.push((column, Some(role::claimed(owner))));
            }
        }
        call.row_with(&changes)
    };
    Some(or_raise(claim()))
}

/// Before a row that belongs to a model: the model's owner makes it. A grant to nobody is none.
fn guard_model_row(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let guard = || -> Result<Raw> {
        let call = Call::new(&fcinfo)?;
        // In a restore the model may come later; a new model does not inherit what is there.
        let model = call
            .get(call.column(c"model_id")?)?
            .map(models::by_id)
            .transpose()?
            .flatten();
        if let Some(model) = model {
            models::require(&model, Privilege::Own)?;
        }
        if call.is_of(c"model_privilege") && call.get(call.column(c"role")?)? == Some(role::NOBODY) {
            return Ok(trigger::nothing());
        }
        Ok(call.row())
    };
    Some(or_raise(guard()))
}

/// Before a check: one of a relation that the current role may have checked. A restored one is of the relation that bears its name, as it was
/// where it was dumped: the number of an object that had gone there says nothing here.
fn guard_check(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let guard = || -> Result<Raw> {
        let call = Call::new(&fcinfo)?;
        let oid = call.get(call.column(c"relation")?)?.unwrap_or(Oid::INVALID);
        let name: Option<String> = call.get(call.column(c"relation_name")?)?;
        // Older schemas have no such column, and older dumps nothing in it: then it is the relation that they name.
        let owner_column = call.column(c"relation_owner").ok();
        let owner: Option<Oid> = owner_column.map(|column| call.get(column)).transpose()?.flatten();
        let added_by = call.get(call.column(c"added_by")?)?.unwrap_or(Oid::INVALID);
        let target = match (name, owner) {
            (Some(name), Some(_)) => Recorded {
                relation: oid,
                name,
                owner,
                added_by,
            }
            .target(),
            (None, _) | (_, None) => Target::Found(oid),
        };
        let object = target.object().unwrap_or(oid);
        if !relation::may_set_triggers(object) {
            let name = relation::name_of(object).unwrap_or_else(|| object.to_u32().to_string());
            role::warn_once(
                format!("a check of {name} is left out"),
                "It takes the relation's owner, or the privilege TRIGGER on it.".into(),
            );
            return Ok(trigger::nothing());
        }
        match (target, owner_column, relation::owner(object)) {
            (Target::Found(found), Some(column), Some(owner)) => {
                call.row_with(&[(call.column(c"relation")?, Some(found)), (column, Some(owner))])
            }
            // An owner that is not there any more is nobody; the check's own role it trusts anyway.
            (Target::Stranger(_), Some(column), _) if owner == Some(role::NOBODY) => {
                call.row_with(&[(column, Some(added_by))])
            }
            _ => Ok(call.row()),
        }
    };
    Some(or_raise(guard()))
}

/// Before an asset: it is the relation that bears its name here, whatever object had its number where it was dumped. One that is not there, or is a
/// stranger's, is none.
fn guard_asset(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let guard = || -> Result<Raw> {
        let call = Call::new(&fcinfo)?;
        let [relation, owned_by] = [call.column(c"relation")?, call.column(c"relation_owner")?];
        let added_by = call.get(call.column(c"added_by")?)?.unwrap_or(Oid::INVALID);
        // An owner that is not there any more is nobody; whoever recorded the asset trusts itself.
        let owner: Option<Oid> = call.get(owned_by)?;
        let owner = owner.map(|owner| if owner == role::NOBODY { added_by } else { owner });
        let mut changes: Vec<(i32, Option<Oid>)> = owner.map(|owner| (owned_by, Some(owner))).into_iter().collect();
        let name: Option<String> = call.get(call.column(c"relation_name")?)?;
        if let Some(name) = name {
            let recorded = Recorded {
                relation: call.get(relation)?.unwrap_or(Oid::INVALID),
                name,
                owner,
                added_by,
            };
            match recorded.target() {
                Target::Found(found) => {
                    let owner = relation::owner(found).unwrap_or(added_by);
                    changes = vec![(relation, Some(found)), (owned_by, Some(owner))];
                }
                Target::Stranger(_) | Target::Gone => changes.push((relation, None)),
            }
        }
        call.row_with(&changes)
    };
    Some(or_raise(guard()))
}

/// After a statement: the roles that it gave something are recorded, those that it left nothing are forgotten.
fn record_roles(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let record = || -> Result<Raw> {
        let call = Call::new(&fcinfo)?;
        let arguments = call.arguments();
        let Some((view, columns)) = arguments.split_first() else {
            return Err(Error::new(INTERNAL, "a trigger of assay lacks its arguments"));
        };
        let (view, columns) = (tables::oid_of(view), call.columns(columns)?);
        let [new, old] = call.roles(&columns)?;
        // In the order of their numbers, so that two transactions do not wait for each other.
        for role in new.difference(&old) {
            dependency::record(view, Oid::from(*role))?;
        }
        for role in old.difference(&new) {
            let role = Oid::from(*role);
            let has_row = || catalog::has_row(call.table(), &columns, role);
            // Runs of checks delete old results as they go, and do not wait for each other. So they take no lock while the role has results
            // left; where two delete the last ones at once, both think so, and the role is held until drop_owned looks again.
            if call.is_of(c"quality_history") && snapshot::with_latest(has_row)? {
                continue;
            }
            dependency::forget(view, role, has_row)?;
        }
        Ok(trigger::nothing())
    };
    Some(or_raise(record()))
}

entry::per_row!(claim_row, claim_row_wrapper, pg_finfo_claim_row_wrapper);
entry::per_row!(
    guard_model_row,
    guard_model_row_wrapper,
    pg_finfo_guard_model_row_wrapper
);
entry::per_row!(guard_check, guard_check_wrapper, pg_finfo_guard_check_wrapper);
entry::per_row!(guard_asset, guard_asset_wrapper, pg_finfo_guard_asset_wrapper);
entry::per_row!(record_roles, record_roles_wrapper, pg_finfo_record_roles_wrapper);
