//! Work that runs as another role, under settings of its own, and leaves nothing behind.

use std::collections::BTreeMap;
use std::ffi::CStr;

use pgrx::PgList;
use pgrx::pg_sys::{self, Oid};
use pgrx::spi::quote_identifier;
use serde::{Deserialize, Serialize};

use super::attempt::{attempt, undone};
use super::encoding;
use super::error::{Error, Result, UNDEFINED_ROLE};
use super::read_only::ReadOnly;
use super::settings;

/// Whether code runs that an object brought along, and not whoever the statement is of: a security-restricted operation.
pub fn is_restricted() -> bool {
    // SAFETY: reads a variable of this backend.
    unsafe { pg_sys::InSecurityRestrictedOperation() }
}

/// The settings that change what SQL means: how names, literals and values are read and written, and which rows an index finds. What only
/// changes speed, the language of messages or how much may be used is not among them: that stays the caller's.
const NAMES: [&CStr; 18] = [
    c"array_nulls",
    c"backslash_quote",
    c"bytea_output",
    c"DateStyle",
    c"default_text_search_config",
    c"extra_float_digits",
    c"gin_fuzzy_search_limit",
    c"IntervalStyle",
    c"lc_monetary",
    c"lc_numeric",
    c"lc_time",
    c"quote_all_identifiers",
    c"standard_conforming_strings",
    c"TimeZone",
    c"timezone_abbreviations",
    c"transform_null_equals",
    c"xmlbinary",
    c"xmloption",
];
const SEARCH_PATH: &CStr = c"search_path";

/// Settings by their names, to be stored with what was written under them.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Settings(BTreeMap<String, String>);

impl Settings {
    /// Those now in force. The search path is resolved to the schemas that it names now, so that `"$user"` stays the user of today and a
    /// schema that comes later hides nothing; temporary tables, which would be searched first, come last.
    pub fn in_force() -> Settings {
        let names = NAMES.iter();
        let mut settings: BTreeMap<String, String> =
            names.filter_map(|&name| Some((text(name), value(name)?))).collect();
        settings.insert(text(SEARCH_PATH), search_path());
        Settings(settings)
    }

    /// Puts them in force until the (sub)transaction is rolled back. Returns an error when a value is no longer valid here. Names that are
    /// none of ours are not looked at, whoever wrote them.
    fn apply(&self) -> Result<()> {
        for name in NAMES.into_iter().chain([SEARCH_PATH]) {
            if let Some(value) = self.0.get(&text(name)) {
                set(name, value)?;
            }
        }
        Ok(())
    }
}

fn text(name: &CStr) -> String {
    name.to_string_lossy().into_owned()
}

/// As [`set`], unless its value is as great already.
pub fn raise(name: &CStr, least: usize) -> Result<()> {
    match value(name).and_then(|value| value.parse::<usize>().ok()) {
        Some(value) if value < least => set(name, &least.to_string()),
        Some(_) | None => Ok(()),
    }
}

/// A setting's value; `None` where this version of PostgreSQL has no such setting.
fn value(name: &CStr) -> Option<String> {
    // SAFETY: with `missing_ok` the answer is null for an unknown name, else a C string in the current memory context.
    unsafe {
        let value = pg_sys::GetConfigOptionByName(name.as_ptr(), std::ptr::null_mut(), true);
        (!value.is_null()).then(|| encoding::decode_c(value))
    }
}

fn search_path() -> String {
    // SAFETY: the list is a fresh one of the oids of namespaces; a name is null for one that has gone, else a C string.
    let mut schemas: Vec<String> = unsafe {
        PgList::<Oid>::from_pg(pg_sys::fetch_search_path(false))
            .iter_oid()
            .filter(|&schema| !pg_sys::isAnyTempNamespace(schema))
            .map(|schema| pg_sys::get_namespace_name(schema))
            .filter(|name| !name.is_null())
            .map(|name| quote_identifier(encoding::decode_c(name)))
            .collect()
    };
    schemas.push("pg_temp".into());
    schemas.join(", ")
}

/// Sets a setting until the (sub)transaction is rolled back.
pub fn set(name: &CStr, wanted: &str) -> Result<()> {
    if value(name).is_none_or(|value| value == wanted) {
        return Ok(());
    }
    settings::save(name, &encoding::encode_c(wanted)?);
    Ok(())
}

/// Runs `work` as `role` under `settings`: read-only, with row-level security in force, and in a security-restricted context, in which
/// code that the role wrote cannot make temporary tables, prepare statements, listen, or become anybody else. Returns an error when there
/// is no such role.
///
/// The subtransaction around it is rolled back whatever comes of the work, and that puts everything back: PostgreSQL notes the role, its
/// context, the level of settings and whether it may write when a subtransaction begins, and restores them when it is rolled back. So
/// there is one way out, for a result, an error that is returned and an error that unwinds, and nothing that the work set stays. It is so for the
/// caller's own role, too.
pub fn as_role<T>(role: Oid, settings: &Settings, work: impl FnOnce() -> Result<T>) -> Result<T> {
    require_existing(role)?;
    undone(|| become_role(role, settings, work))
}

/// The same of work that may fail without taking the statement with it: the inner error says why.
pub fn attempt_as_role<T>(
    role: Oid,
    settings: &Settings,
    work: impl FnOnce() -> Result<T>,
) -> Result<std::result::Result<T, String>> {
    require_existing(role)?;
    attempt(|| become_role(role, settings, work))
}

/// Runs work as a role within a subtransaction that is rolled back.
fn become_role<T>(role: Oid, settings: &Settings, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let (mut caller, mut context) = (pg_sys::InvalidOid, 0);
    let restricted = pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_RESTRICTED_OPERATION;
    // SAFETY: what PostgreSQL does to run what belongs to another role, such as an index's expressions; the role exists.
    unsafe {
        pg_sys::GetUserIdAndSecContext(&mut caller, &mut context);
        pg_sys::SetUserIdAndSecContext(role, context | restricted as i32);
    }
    let _read_only = ReadOnly::enter();
    set(c"row_security", "on")?;
    settings.apply()?;
    work()
}

/// Runs `work`, which runs nothing that a user wrote, as `role`, to which belongs what it records. An error that leaves `work` by unwinding ends the
/// (sub)transaction, which puts the role back.
pub fn on_behalf_of<T>(role: Oid, work: impl FnOnce() -> Result<T>) -> Result<T> {
    require_existing(role)?;
    let (mut before, mut context) = (pg_sys::InvalidOid, 0);
    let restricted = pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_RESTRICTED_OPERATION;
    // SAFETY: the pairs of calls are those PostgreSQL itself uses around maintenance work; the role exists.
    unsafe {
        pg_sys::GetUserIdAndSecContext(&mut before, &mut context);
        pg_sys::SetUserIdAndSecContext(role, context | restricted as i32);
        let result = work();
        pg_sys::SetUserIdAndSecContext(before, context);
        result
    }
}

/// Runs `work`, which changes what belongs to `role`, as that role and under `settings`, in a security-restricted context: code that the role wrote, such as
/// triggers of its tables, becomes nobody else and leaves nothing behind in the session. Where policies would hide rows from the role, reading them is an error.
/// An error that leaves `work` by unwinding ends the (sub)transaction, which puts all back.
pub fn writing_as<T>(role: Oid, settings: &Settings, work: impl FnOnce() -> Result<T>) -> Result<T> {
    require_existing(role)?;
    let (mut before, mut context) = (pg_sys::InvalidOid, 0);
    let restricted = pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_RESTRICTED_OPERATION;
    // SAFETY: the pairs of calls are those PostgreSQL itself uses around maintenance work; the role exists.
    unsafe {
        pg_sys::GetUserIdAndSecContext(&mut before, &mut context);
        let level = pg_sys::NewGUCNestLevel();
        pg_sys::SetUserIdAndSecContext(role, context | restricted as i32);
        let result = (|| {
            settings.apply()?;
            for (name, value) in [
                (SEARCH_PATH, "pg_catalog, pg_temp"),
                (c"row_security", "off"),
                (c"jit", "off"),
            ] {
                set(name, value)?;
            }
            work()
        })();
        pg_sys::AtEOXact_GUC(false, level);
        pg_sys::SetUserIdAndSecContext(before, context);
        result
    }
}

/// Returns an error where a role is gone.
fn require_existing(role: Oid) -> Result<()> {
    // SAFETY: with `noerr`, the name is null for an unknown role.
    if unsafe { pg_sys::GetUserNameFromId(role, true) }.is_null() {
        return Err(
            Error::new(UNDEFINED_ROLE, format!("role {} does not exist", role.to_u32()))
                .hint("It was dropped; have somebody else own what was its."),
        );
    }
    Ok(())
}
