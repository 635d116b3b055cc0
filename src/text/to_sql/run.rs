//! `run_sql`: a query that somebody else wrote, a model most of the time.

use std::time::Duration;

use pgrx::datum::Interval;
use pgrx::pg_sys::{self, Oid};

use crate::pg::entry::{self, Raw};
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, Result, UNDEFINED_ROLE, advise, or_raise};
use crate::pg::guarded::{self, Limits};
use crate::pg::options::required;
use crate::pg::rowset::RowSet;
use crate::pg::{arguments, role};

/// What a query may take, unless a call says otherwise: the defaults of `run_sql`.
pub const LIMITS: Limits = Limits {
    cost: 1_000_000.0,
    rows: 10_000,
    bytes: 16 << 20,
    time: Duration::from_secs(30),
};

/// What a query may take that is only planned.
pub fn planning() -> Limits {
    Limits {
        cost: f64::INFINITY,
        ..LIMITS
    }
}

/// The longest time that may be asked for.
const LONGEST: Duration = Duration::from_hours(24);

/// A limit that is a number above 0.
pub fn positive(name: &str, value: f64) -> Result<f64> {
    match value > 0.0 {
        true => Ok(value),
        false => Err(Error::new(INVALID_PARAMETER, format!("argument \"{name}\" is {value}"))
            .hint("It is a limit; give a number above 0.")),
    }
}

/// A limit that is a whole number above 0.
fn count(name: &str, value: i32) -> Result<usize> {
    positive(name, f64::from(value)).map(|_| value.unsigned_abs() as usize)
}

/// A limit of time.
fn time(name: &str, value: &Interval) -> Result<Duration> {
    let wrong = || {
        Error::new(INVALID_PARAMETER, format!("argument \"{name}\" is out of range"))
            .hint("Give a time above 0 and of at most a day, such as interval '10 s'.")
    };
    let days = i64::from(value.days()) + 30 * i64::from(value.months());
    let micros = days
        .checked_mul(86_400_000_000)
        .and_then(|micros| micros.checked_add(value.micros()))
        .and_then(|micros| u64::try_from(micros).ok());
    let time = Duration::from_micros(micros.ok_or_else(wrong)?);
    match (Duration::from_millis(1)..=LONGEST).contains(&time) {
        true => Ok(time),
        false => Err(wrong()),
    }
}

/// The role to run as: the caller, or one that it may become.
fn runner(name: Option<String>) -> Result<Oid> {
    let Some(name) = name else { return Ok(role::current()) };
    let found = role::existing(&name).ok_or_else(|| {
        Error::new(UNDEFINED_ROLE, format!("role \"{name}\" does not exist"))
            .hint("Write its name as it is, without quotes.")
    })?;
    if !role::may_become(found) {
        return Err(Error::new(
            INSUFFICIENT_PRIVILEGE,
            format!("permission denied to run as role \"{name}\""),
        )
        .hint("A query runs as its caller, or as a role that the caller is a member of."));
    }
    Ok(found)
}

fn run(fcinfo: pg_sys::FunctionCallInfo) -> Result<()> {
    let text = required("sql", arguments::text(fcinfo, 0))?;
    let limits = Limits {
        cost: positive("max_cost", required("max_cost", arguments::double(fcinfo, 1))?)?,
        rows: count("max_rows", required("max_rows", arguments::small_integer(fcinfo, 2))?)?,
        time: time("timeout", &required("timeout", arguments::interval(fcinfo, 3))?)?,
        bytes: count("max_bytes", required("max_bytes", arguments::small_integer(fcinfo, 5))?)?,
    };
    let role = runner(arguments::text(fcinfo, 4))?;
    let mut set = RowSet::of(fcinfo)?;
    guarded::run_into(&mut set, &text, role, &limits, |estimate| {
        advise(
            format!("run_sql runs: {}", text.trim()),
            Some(format!(
                "It runs as role \"{}\". The planner expects {:.0} rows at a cost of {:.0}.",
                role::name_of(role),
                estimate.rows,
                estimate.cost
            )),
            None,
        );
    })
}

/// `run_sql(sql, max_cost, max_rows, timeout, role, max_bytes)`.
fn run_sql(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    or_raise(run(fcinfo));
    None
}

entry::per_row!(run_sql, run_sql_wrapper, pg_finfo_run_sql_wrapper);
