//! The aggregate behind every profile and check: a row at a time into a scan.

use pgrx::{pg_extern, pg_sys};

use crate::algo::scan::{Plan, Scan};
use crate::algo::state::State;
use crate::pg::arguments;
use crate::pg::error::{Error, INVALID_PARAMETER, MISMATCHED_STATES, Result, or_raise};
use crate::pg::intake::{self, Intake};
use crate::pg::site;
use crate::pg::state::{self, StateDatum};

/// The arguments before those of the plan's columns: the state and the plan.
const FIRST: usize = 2;

/// What a call site knows of its arguments.
struct Site {
    plan: Plan,
    intakes: Vec<Intake>,
}

impl Site {
    /// Reads the plan, and compares its columns with the arguments' types. Errs with 22023.
    fn new(fcinfo: pg_sys::FunctionCallInfo, plan: &str) -> Result<Site> {
        let invalid = |problem: String| {
            Error::new(INVALID_PARAMETER, "the plan of the scan cannot be read")
                .detail(problem)
                .hint("Plans are made by assay.profile, assay.validate and their kin; assay.explain_checks shows them.")
        };
        let plan: Plan = serde_json::from_str(plan).map_err(|problem| invalid(problem.to_string()))?;
        plan.validate().map_err(|problem| invalid(problem.to_string()))?;
        let given = arguments::count(fcinfo) - FIRST;
        if given != plan.columns.len() {
            return Err(invalid(format!(
                "It has {} columns, but there are {given} arguments.",
                plan.columns.len()
            )));
        }
        let mut intakes = Vec::with_capacity(given);
        for (index, column) in plan.columns.iter().enumerate() {
            let type_oid = arguments::argument_type(fcinfo, FIRST + index).unwrap_or(pg_sys::UNKNOWNOID);
            if intake::kind_of(type_oid) != column.kind {
                return Err(invalid(format!("Argument {} is not of the plan's kind.", index + 1)));
            }
            intakes.push(site::in_its_memory(fcinfo, || Intake::of(type_oid)));
        }
        Ok(Site { plan, intakes })
    }
}

/// The step of `scan(plan, VARIADIC columns)`. The plan of a call site's first row is that of all its rows.
#[pg_extern(sql = false)]
fn scan_step(fcinfo: pg_sys::FunctionCallInfo) -> Option<StateDatum> {
    or_raise((|| {
        let known = site::remembered(fcinfo, || None::<Site>);
        let site = match known {
            Some(site) => site,
            None => {
                let Some(plan) = arguments::datum(fcinfo, 1) else {
                    return Ok(state::unchanged(fcinfo));
                };
                known.insert(Site::new(fcinfo, &arguments::text(plan))?)
            }
        };
        let plan = &site.plan;
        let intakes = &mut site.intakes;
        state::step(
            fcinfo,
            Some(|| Ok(State::from(Scan::new(plan.clone())?))),
            |state| match state {
                State::Scan(scan) if scan.plan().columns.len() == intakes.len() => Ok(scan.push(|block| {
                    let values = arguments::from(fcinfo, FIRST);
                    intake::push_row(intakes, values, block);
                    Ok(())
                })?),
                other => Err(
                    Error::new(MISMATCHED_STATES, format!("{} cannot take this row", other.kind()))
                        .hint("Give all rows of a group one plan."),
                ),
            },
        )
    })())
}
