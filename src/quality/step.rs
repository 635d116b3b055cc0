//! The aggregates behind every profile and check: a row at a time into a scan.

use std::borrow::Cow;
use std::rc::Rc;

use pgrx::{pg_extern, pg_sys};

use crate::pg::entry::{self, Raw};
use crate::pg::error::{Error, INVALID_PARAMETER, MISMATCHED_STATES, Result, or_raise};
use crate::pg::fields::{Arguments, BinaryField, Fields, Types};
use crate::pg::foreground::Foreground;
use crate::pg::intake::Intakes;
use crate::pg::state::{self, StateDatum};
use crate::pg::{arguments, progress, site};
use algo::block::BlockColumn;
use algo::monitor::Monitor;
use algo::scan::cells::Row;
use algo::scan::{Plan, RowTests, Scan};
use algo::state::State;

/// The arguments before those of the plan's columns: the state and the plan.
const FIRST: usize = 2;

/// Rows between two looks at the monitor.
const LOOK: u64 = 16;

/// What a call site knows of its arguments.
struct Site {
    plan: Plan,
    intakes: Intakes,
    rows: u64,
    monitor: Foreground,
}

/// The error of a plan that cannot be read.
fn invalid(problem: String) -> Error {
    Error::new(INVALID_PARAMETER, "the plan of the scan cannot be read")
        .detail(problem)
        .hint("Plans are made by assay.profile, assay.validate and their kin; assay.explain_checks shows them.")
}

/// Reads a plan. Returns an error with 22023 for one that contradicts itself.
fn parse(plan: &str) -> Result<Plan> {
    let plan: Plan = serde_json::from_str(plan).map_err(|problem| invalid(problem.to_string()))?;
    plan.validate().map_err(|problem| invalid(problem.to_string()))?;
    Ok(plan)
}

impl Site {
    /// Reads the plan, and compares its columns with the types of the arguments from `first` on. Returns an error with 22023.
    fn new(fcinfo: pg_sys::FunctionCallInfo, plan: &str, first: usize) -> Result<Site> {
        let plan = parse(plan)?;
        let intakes = Intakes::of(fcinfo, first);
        let given = intakes.kinds().len();
        if given != plan.columns.len() {
            return Err(invalid(format!(
                "It has {} columns, but there are {given} arguments.",
                plan.columns.len()
            )));
        }
        for (index, (column, kind)) in plan.columns.iter().zip(intakes.kinds()).enumerate() {
            if *kind != column.kind {
                return Err(invalid(format!("Argument {} is not of the plan's kind.", index + 1)));
            }
        }
        Ok(Site {
            plan,
            intakes,
            rows: 0,
            monitor: Foreground::new()?,
        })
    }
}

/// The plan that is argument `index` of a call, a text or its bytes; `None` for NULL.
fn plan_of(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> Result<Option<String>> {
    match arguments::bytes(fcinfo, index) {
        Some(bytes) => plan_of_bytes(bytes).map(|plan| Some(plan.to_owned())),
        None if arguments::argument_type(fcinfo, index) == Some(pg_sys::BYTEAOID) => Ok(None),
        None => Ok(Arguments::of(&fcinfo).text(index)?.map(Cow::into_owned)),
    }
}

/// A plan in UTF-8, whatever the encoding of the database.
fn plan_of_bytes(bytes: &[u8]) -> Result<&str> {
    std::str::from_utf8(bytes).map_err(|problem| invalid(problem.to_string()))
}

/// The step of `scan(plan, VARIADIC columns)`. The plan of a call site's first row is that of all its rows.
#[pg_extern(sql = false)]
fn scan_step(fcinfo: pg_sys::FunctionCallInfo) -> Option<StateDatum> {
    or_raise(site::with(
        fcinfo,
        || None::<Site>,
        |known| {
            let site = match known {
                Some(site) => site,
                None => {
                    let Some(plan) = plan_of(fcinfo, 1)? else {
                        return Ok(state::unchanged(fcinfo));
                    };
                    known.insert(Site::new(fcinfo, &plan, FIRST)?)
                }
            };
            site.push(fcinfo)
        },
    ))
}

impl Site {
    /// A row into the aggregate's state.
    fn push(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Result<Option<StateDatum>> {
        self.rows += 1;
        if self.rows.is_multiple_of(progress::ROWS) {
            progress::advance();
        }
        let plan = &self.plan;
        let (intakes, monitor) = (&mut self.intakes, &self.monitor);
        if self.rows.is_multiple_of(LOOK) {
            // The blocks of thousands of columns grow by a lot before the first of them is full.
            monitor.check()?;
        }
        state::step(
            fcinfo,
            Some(|| Ok(State::from(Scan::new(plan.clone())?))),
            |state| match state {
                State::Scan(scan) if scan.plan().columns.len() == intakes.kinds().len() => {
                    Ok(Rc::make_mut(scan).push(|block| intakes.push_row(fcinfo, block, monitor), monitor)?)
                }
                other => Err(
                    Error::new(MISMATCHED_STATES, format!("{} cannot take this row", other.kind()))
                        .hint("Give all rows of a group one plan."),
                ),
            },
        )
    }
}

/// What the step of `scan_cells` remembers.
struct Sent {
    row: BinaryField,
    monitor: Foreground,
}

/// The step of `scan_cells(plan, cells)`. It keeps nothing at its call site, for whoever splits aggregates over nodes may make one for each row: what it knows
/// is beside the state, and the plan is read for the first row only.
fn scan_cells_step(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    const ROW: usize = 2;
    if arguments::datum(fcinfo, ROW).is_none() {
        return state::unchanged(fcinfo).map(Raw::from);
    }
    let make = || {
        let bytes = arguments::bytes(fcinfo, 1).ok_or_else(|| invalid("It is NULL.".into()))?;
        Ok(State::from(Scan::new(parse(plan_of_bytes(bytes)?)?)?))
    };
    let changed = state::step_remembering(fcinfo, Some(make), |state, memo| {
        let arguments = Arguments::of(&fcinfo);
        let sent = memo.get(fcinfo, || {
            Ok(Sent {
                row: arguments.binary(ROW).ok_or_else(|| arguments.unreadable(ROW))?,
                monitor: Foreground::new()?,
            })
        })?;
        let Some(row) = arguments.binary_value(&sent.row) else {
            return Ok(());
        };
        match state {
            State::Scan(scan) => {
                let scan = Rc::make_mut(scan);
                if scan.rows().is_multiple_of(LOOK) {
                    sent.monitor.check()?;
                }
                Ok(scan.push_cells(row, &sent.monitor)?)
            }
            other => Err(
                Error::new(MISMATCHED_STATES, format!("{} cannot take this row", other.kind()))
                    .hint("Give all rows of a group one plan."),
            ),
        }
    });
    or_raise(changed).map(Raw::from)
}
entry::per_row!(
    scan_cells_step,
    scan_cells_step_wrapper,
    pg_finfo_scan_cells_step_wrapper
);

/// `cells(VARIADIC columns)`.
fn row_cells(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    Some(or_raise(site::with(
        fcinfo,
        || None::<(Intakes, Row, Foreground)>,
        |known| {
            let (intakes, row, monitor) = match known {
                Some(known) => known,
                None => known.insert((Intakes::of(fcinfo, 0), Row::default(), Foreground::new()?)),
            };
            intakes.write_row(fcinfo, row, monitor)?;
            state::binary(row.bytes())
        },
    )))
}
entry::per_row!(row_cells, row_cells_wrapper, pg_finfo_row_cells_wrapper);

/// `row_fails(plan, VARIADIC columns)`.
#[pg_extern(sql = false)]
fn row_fails(fcinfo: pg_sys::FunctionCallInfo) -> Option<bool> {
    or_raise(site::with(
        fcinfo,
        || None::<(Intakes, RowTests, Foreground)>,
        |known| {
            let (intakes, tests, monitor) = match known {
                Some(known) => known,
                None => {
                    let Some(plan) = plan_of(fcinfo, 0)? else {
                        return Ok(None);
                    };
                    let site = Site::new(fcinfo, &plan, 1)?;
                    let tests = RowTests::new(site.plan, &site.monitor)?;
                    known.insert((site.intakes, tests, site.monitor))
                }
            };
            monitor.check()?;
            let fill = |block: &mut [BlockColumn]| intakes.push_row(fcinfo, block, monitor);
            Ok(Some(tests.fails(fill, monitor)?))
        },
    ))
}
