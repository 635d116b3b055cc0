//! Baselines: one side of a comparison, kept under a name.
//!
//! A baseline belongs to the role that saved it first. It holds values of the rows, so others do not see it unless they act for that role.

use std::rc::Rc;

use pgrx::pg_extern;
use pgrx::pg_sys::Oid;
use serde_json::{Map, Value as Json};

use super::options::Options;
use super::report::{self, DriftResult, ReportRow};
use super::side::{self, Side};
use super::{ABSENT, model, names};
use crate::pg::catalog::{self, Key};
use crate::pg::error::{
    DAMAGED_STATE, Error, INSUFFICIENT_PRIVILEGE, INTERNAL, INVALID_PARAMETER, Result, UNDEFINED_BASELINE,
    UPDATE_ASSAY, or_raise,
};
use crate::pg::foreground::Foreground;
use crate::pg::json::Jsonb;
use crate::pg::options::{object, required};
use crate::pg::result_row::SetOf;
use crate::pg::text::Text;
use crate::pg::{names, read_only, role, snapshot, tables};
use crate::quality::source::Source;
use algo::scan::Scan;
use algo::state::State;

/// A stored baseline.
struct Baseline {
    owner: Oid,
    options: Json,
    states: Vec<Vec<u8>>,
}

fn find(name: &str) -> Result<Option<Baseline>> {
    catalog::find(c"baseline", c"baseline_pkey", &[Key::Text(1, name)], |row| {
        Ok(Some(Baseline {
            owner: row.require(2)?,
            options: row.json(4, "the baseline's options")?,
            states: row.byte_strings(8)?,
        }))
    })
}

/// A baseline of the caller, or of a role that it acts for. Returns an error with ML020 or 42501.
fn open(name: &str) -> Result<Baseline> {
    let baseline = find(name)?.ok_or_else(|| unknown(name))?;
    require_own(name, baseline.owner)?;
    Ok(baseline)
}

fn unknown(name: &str) -> Error {
    Error::new(UNDEFINED_BASELINE, format!("baseline \"{name}\" does not exist"))
        .hint("SELECT name FROM assay.baselines shows yours; assay.save_baseline saves one.")
}

fn require_own(name: &str, owner: Oid) -> Result<()> {
    if role::acts_for(owner) {
        return Ok(());
    }
    let role = role::name_of(owner);
    Err(Error::new(
        INSUFFICIENT_PRIVILEGE,
        format!("permission denied for baseline \"{name}\""),
    )
    .detail(format!("It belongs to role \"{role}\"."))
    .hint(format!(
        "Save one under another name, or have \"{role}\" granted to you."
    )))
}

fn scans(name: &str, states: &[Vec<u8>]) -> Result<Vec<Scan>> {
    let unreadable = |problem: String, hint: &str| {
        Error::new(DAMAGED_STATE, format!("baseline \"{name}\" cannot be read"))
            .detail(problem)
            .hint(hint)
    };
    let restore = "Save it again with assay.save_baseline, or restore it from a backup.";
    let monitor = Foreground::new()?;
    states
        .iter()
        .map(|bytes| match State::from_bytes(bytes, &monitor) {
            Ok(State::Scan(scan)) => Ok(Rc::unwrap_or_clone(scan)),
            Ok(other) => Err(unreadable(format!("It holds a state of {}.", other.kind()), restore)),
            Err(error @ algo::error::Error::Damaged { .. }) => Err(unreadable(format!("{error}."), restore)),
            Err(error @ algo::error::Error::Newer { .. }) => Err(unreadable(format!("{error}."), UPDATE_ASSAY)),
            Err(error) => Err(error.into()),
        })
        .collect()
}

/// The options given now, over those that were saved.
fn merged(saved: Json, given: Json) -> Result<Json> {
    let is_set = |object: &Json| object.get("group_by").is_some_and(|columns| !columns.is_null());
    if is_set(&given) && given["group_by"] != saved["group_by"] {
        return Err(Error::new(
            INVALID_PARAMETER,
            "options: a baseline has its segments from when it was saved",
        )
        .detail(format!("Its group_by is {}.", saved["group_by"]))
        .hint("Leave group_by out, or save another baseline with it."));
    }
    let mut all = match saved {
        Json::Object(saved) => saved,
        _ => Map::new(),
    };
    if let Json::Object(given) = given {
        // One method for all takes the place of those that were saved.
        if given.contains_key("method") {
            all.retain(|key, _| !key.ends_with("method"));
        }
        all.extend(given);
    }
    Ok(Json::Object(all))
}

/// `save_baseline(name, query, options)`.
#[pg_extern(sql = false)]
fn save_baseline(name: Option<Text>, query: Option<Text>, options: Option<Jsonb>) -> i64 {
    read_only::require_writable(c"assay.save_baseline()");
    or_raise((|| {
        let name = required("name", name.as_deref())?;
        names::check_reference("baseline's name", name)?;
        let query = required("query", query.as_deref())?;
        let json = object("options", options)?;
        let options = Options::parse(json.clone())?;
        options.refuse_correlations("a baseline")?;
        let owner = match find(name)? {
            Some(known) => {
                require_own(name, known.owner)?;
                known.owner
            }
            None => role::current(),
        };
        let source = Source::open(query)?;
        options.require_known(names(source.columns()))?;
        let hours = |column: &str| options.wants_hours(column);
        let scans = side::read(&source, |column| options.wants(column), hours, &options.group_by)?;
        let read = Side::of(&scans)?;
        let (rows, columns) = (
            read.rows() as i64,
            read.columns.iter().filter(|column| !column.is_hours()).count() as i32,
        );
        let states = scans
            .into_iter()
            .map(|scan| Ok(State::from(scan).to_bytes()?))
            .collect::<Result<Vec<Vec<u8>>>>()?;
        let saved: Option<bool> = tables::as_owner(|| {
            tables::write_returning(
                "INSERT INTO assay.baseline AS b (name, owner, query, options, rows, columns, saved_at, states)
                 VALUES ($1, $2::pg_catalog.oid, $3, $4::pg_catalog.jsonb, $5, $6, pg_catalog.now(), $7)
                 ON CONFLICT (name) DO UPDATE SET query = excluded.query, options = excluded.options, rows = excluded.rows,
                     columns = excluded.columns, saved_at = excluded.saved_at, states = excluded.states
                 WHERE b.owner::pg_catalog.oid OPERATOR(pg_catalog.=) $2::pg_catalog.oid
                 RETURNING true",
                &[
                    name.into(),
                    owner.into(),
                    source.text.as_str().into(),
                    json.to_string().as_str().into(),
                    rows.into(),
                    columns.into(),
                    states.into(),
                ],
            )
        })?;
        match saved {
            Some(_) => Ok(rows),
            // Another role was faster.
            None => snapshot::with_latest(|| open(name))
                .and(Err(Error::new(INTERNAL, format!("baseline \"{name}\" was not saved")))),
        }
    })())
}

/// `drift_from(name, query, options)`.
#[pg_extern(sql = false)]
fn drift_from(name: Option<Text>, query: Option<Text>, options: Option<Jsonb>) -> SetOf<ReportRow> {
    let results = || -> Result<Vec<DriftResult>> {
        let name = required("name", name.as_deref())?;
        let given = object("options", options)?;
        // An option is checked as it was given, before it meets those that were saved.
        Options::parse(given.clone())?;
        let baseline = open(name)?;
        let options = Options::parse(merged(baseline.options, given)?)?;
        options.refuse_correlations("a baseline")?;
        let current = Source::open(required("query", query.as_deref())?)?;
        let importance = model::importance(options.model.as_deref())?;
        let before = scans(name, &baseline.states)?;
        let reference = Side::of(&before)?;
        let known = reference.columns.iter().map(|column| column.name.as_str());
        options.require_known(known.chain(names(current.columns())))?;
        let hours = |column: &str| options.wants_hours(column);
        let after = side::read(&current, |column| options.wants(column), hours, &options.group_by)?;
        Ok(report::compare(
            &reference,
            &Side::of(&after)?,
            &options,
            ABSENT,
            importance.as_ref(),
            Vec::new(),
        ))
    };
    report::table(or_raise(results()))
}

/// `drop_baseline(name)`.
#[pg_extern(sql = false)]
fn drop_baseline(name: Option<Text>) {
    read_only::require_writable(c"assay.drop_baseline()");
    or_raise((|| {
        let name = required("name", name.as_deref())?;
        open(name)?;
        let dropped: Option<bool> = tables::as_owner(|| {
            tables::write_returning(
                "DELETE FROM assay.baseline WHERE name OPERATOR(pg_catalog.=) $1 RETURNING true",
                &[name.into()],
            )
        })?;
        // None when another session was faster.
        dropped.map(drop).ok_or_else(|| unknown(name))
    })());
}
