//! Queries that somebody else wrote, a model or a stranger: one SELECT, read-only, with functions that compute and no others, within limits of cost, time, memory,
//! rows and bytes.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, Oid};

use super::allowed::Allowed;
use super::cell::Parameter;
use super::error::{Error, LIMIT_EXCEEDED, REFUSED_STATEMENT, Result};
use super::fence::Fence;
use super::identity::{self, Settings};
use super::query::Query;
use super::query_row::Row;
use super::reads::Reads;
use super::row_json::RowJson;
use super::rowset::RowSet;
use super::watchdog::Watchdog;
use super::{bounded, encoding, one_select, settings};

/// The most memory that a query takes, where `assay.max_memory` is not less.
const MEMORY: usize = 256 << 20;
/// The most kilobytes of each of its sorts and hash tables, and of its temporary files together.
const WORK: i32 = 16 << 10;
const FILES: i32 = 256 << 10;

/// What a query may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// By the planner's estimate.
    pub cost: f64,
    pub rows: usize,
    /// Of the result.
    pub bytes: usize,
    pub time: Duration,
}

/// What the planner expects.
#[derive(Debug, Clone)]
pub struct Estimate {
    pub cost: f64,
    pub rows: f64,
    /// The numbers of the relations that are read, those below views and in policies included.
    pub relations: BTreeSet<u32>,
}

/// Whether such a query is what runs.
pub fn is_within() -> bool {
    Fence::is_up()
}

/// Whether a query may call a function, the rights of roles aside.
pub fn may_call(function: Oid) -> bool {
    Allowed::now().permits(function)
}

/// Has a query run by itself, with little memory and few files, and planned by rules that do not take long, until the subtransaction is rolled back.
fn constrain() -> Result<()> {
    // SAFETY: settings of PostgreSQL's own, read on the backend's thread.
    let (work, files) = unsafe {
        (
            (&raw const pg_sys::work_mem).read(),
            (&raw const pg_sys::temp_file_limit).read(),
        )
    };
    for (name, value) in [
        (c"work_mem", format!("{}kB", work.min(WORK))),
        (c"hash_mem_multiplier", "1".into()),
        (c"max_parallel_workers_per_gather", "0".into()),
        (c"jit", "off".into()),
        (c"geqo", "on".into()),
    ] {
        identity::set(name, &value)?;
    }
    if !(0..=FILES).contains(&files) {
        settings::save_restricted(c"temp_file_limit", &encoding::encode_c(&format!("{FILES}kB"))?);
    }
    Ok(())
}

/// A query that is planned and may run, and the fence around it.
struct Planned {
    query: Query,
    estimate: Estimate,
    _fence: Fence,
}

/// Plans a query, and makes sure that it may run. Nothing of it has run but what it folds.
fn plan(text: &str, limits: &Limits) -> Result<Planned> {
    constrain()?;
    let allowed = Rc::new(Allowed::now());
    let fence = Fence::up(Rc::clone(&allowed));
    one_select::require_by_grammar(&encoding::encode_c(text)?)?;
    let relations = RefCell::new(BTreeSet::new());
    let query = Query::examined(text, &|query| {
        // SAFETY: the tree is as analysis and rewriting gave it.
        unsafe {
            one_select::require_by_meaning(query, &allowed)?;
            relations.replace(Reads::of(query).relations);
            bounded::bound(query);
        }
        Ok(())
    })?;
    query.require_own_tables()?;
    let estimate = Estimate {
        cost: query.cost(),
        rows: query.expected_rows(),
        relations: relations.into_inner(),
    };
    if estimate.cost > limits.cost {
        return Err(Error::new(REFUSED_STATEMENT, "the query would cost more than it may")
            .detail(format!(
                "The planner expects a cost of {:.0}; {:.0} is allowed.",
                estimate.cost, limits.cost
            ))
            .hint("Ask for less, or by columns that are indexed; or allow more by the argument max_cost."));
    }
    query.require_rights()?;
    Ok(Planned {
        query,
        estimate,
        _fence: fence,
    })
}

/// Watches time and memory of some work. The error of what is used up takes the place of its own.
fn watched<T>(limits: &Limits, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let watchdog = Watchdog::begin(limits.time, MEMORY.min(settings::max_memory()));
    let result = work();
    watchdog.end().map_or(result, Err)
}

/// The same of an attempt: what is used up ends it, and not the statement around it.
fn tried<T>(
    limits: &Limits,
    work: impl FnOnce() -> Result<std::result::Result<T, String>>,
) -> Result<std::result::Result<T, String>> {
    let watchdog = Watchdog::begin(limits.time, MEMORY.min(settings::max_memory()));
    let result = work();
    watchdog.end().map_or(result, |error| Ok(Err(error.sentences())))
}

/// What a query would take, as a role. Returns an error where it may not run; it does not.
pub fn estimate(text: &str, role: Oid, limits: &Limits) -> Result<Estimate> {
    watched(limits, || {
        identity::as_role(role, &Settings::default(), || Ok(plan(text, limits)?.estimate))
    })
}

/// The same, the reason as a text where it may not run: then the statement goes on.
pub fn try_estimate(text: &str, role: Oid, limits: &Limits) -> Result<std::result::Result<Estimate, String>> {
    tried(limits, || {
        identity::attempt_as_role(role, &Settings::default(), || Ok(plan(text, limits)?.estimate))
    })
}

/// The error of a result that is larger than it may be.
fn too_much(what: &str, most: usize, argument: &str) -> Error {
    Error::new(LIMIT_EXCEEDED, format!("the query gives more {what} than it may"))
        .detail(format!("At most {most} are allowed."))
        .hint(format!(
            "Ask for less, such as by LIMIT or by sums of groups; or allow more by the argument {argument}."
        ))
}

/// Runs a query, and hands over each of its rows to `receive`, which says how many bytes it is; `announce` is told first.
fn run(
    text: &str,
    limits: &Limits,
    announce: impl FnOnce(&Estimate),
    receive: &mut dyn FnMut(&Query, &Row<'_>) -> Result<usize>,
) -> Result<()> {
    let Planned {
        query,
        estimate,
        _fence,
    } = plan(text, limits)?;
    announce(&estimate);
    let (mut rows, mut bytes) = (0_usize, 0_usize);
    query.run(&mut |row| {
        rows += 1;
        if rows > limits.rows {
            return Err(too_much("rows", limits.rows, "max_rows"));
        }
        bytes = bytes.saturating_add(receive(&query, row)?);
        if bytes > limits.bytes {
            return Err(too_much("bytes", limits.bytes, "max_bytes"));
        }
        Ok(())
    })
}

/// Runs a query as a role; its rows become JSON objects of a set. `announce` is told what the planner expects before the first row.
pub fn run_into(
    set: &mut RowSet,
    text: &str,
    role: Oid,
    limits: &Limits,
    announce: impl FnOnce(&Estimate),
) -> Result<()> {
    watched(limits, || {
        identity::as_role(role, &Settings::default(), || {
            // The rows are handed over in memory that is freed every few of them.
            let mut memory = PgMemoryContexts::new("assay objects");
            let mut objects = None;
            run(text, limits, announce, &mut |query, row| {
                let objects: &mut RowJson = match &mut objects {
                    Some(objects) => objects,
                    none => {
                        // SAFETY: the memory outlives what is made in it.
                        let made = unsafe { memory.switch_to(|_| RowJson::of(query.columns())) };
                        none.insert(made?)
                    }
                };
                // What is far too large is not even converted.
                if objects.size(row) / 2 > limits.bytes {
                    return Err(too_much("bytes", limits.bytes, "max_bytes"));
                }
                let (object, bytes) = objects.object(row);
                set.push_values(&[Parameter::made(Some(object), pg_sys::JSONBOID)])?;
                Ok(bytes)
            })
        })
    })
}

/// Whether a query says in which order its rows come. Raises PostgreSQL's own errors of syntax.
pub fn is_ordered(text: &str) -> Result<bool> {
    one_select::is_ordered(&encoding::encode_c(text)?)
}

/// The rows of a result, as their types write them, and which columns are numbers.
pub struct Rows {
    pub values: Vec<Vec<Option<String>>>,
    pub numbers: Vec<bool>,
}

/// Runs a query as a role; gives its rows, or the reason why it cannot run: then the statement goes on.
pub fn try_rows(text: &str, role: Oid, limits: &Limits) -> Result<std::result::Result<Rows, String>> {
    tried(limits, || {
        identity::attempt_as_role(role, &Settings::default(), || {
            let mut rows = Rows {
                values: Vec::new(),
                numbers: Vec::new(),
            };
            run(text, limits, |_| {}, &mut |query, row| {
                if rows.numbers.is_empty() {
                    rows.numbers = query
                        .columns()
                        .iter()
                        .map(|column| is_number(column.type_oid))
                        .collect();
                }
                let values: Vec<Option<String>> = (0..row.width()).map(|column| row.shown(column)).collect();
                let bytes = values.iter().flatten().map(String::len).sum::<usize>() + 32 * values.len();
                rows.values.push(values);
                Ok(bytes)
            })?;
            Ok(rows)
        })
    })
}

fn is_number(type_oid: Oid) -> bool {
    matches!(
        type_oid,
        pg_sys::INT2OID
            | pg_sys::INT4OID
            | pg_sys::INT8OID
            | pg_sys::FLOAT4OID
            | pg_sys::FLOAT8OID
            | pg_sys::NUMERICOID
    )
}
