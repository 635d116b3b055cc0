//! Roles: who runs a statement, whose rights a role has, and names.

use std::cell::RefCell;
use std::ffi::CStr;

use pgrx::pg_sys;

use super::encoding;
use super::error::warning;

/// Everyone, as in PostgreSQL's access control lists.
pub const PUBLIC: pg_sys::Oid = pg_sys::InvalidOid;
/// A role that is not there. No role ever has this number.
pub const NOBODY: pg_sys::Oid = pg_sys::Oid::from_u32(1);

// No role can have either name.
pub(super) const PUBLIC_NAME: &CStr = c"public";
pub(super) const NOBODY_NAME: &CStr = c"none";

/// The role that the statement runs as.
pub fn current() -> pg_sys::Oid {
    // SAFETY: reads this backend's current user.
    unsafe { pg_sys::GetUserId() }
}

/// Whether the caller has the rights of `role`: is it, inherits from it, or is a superuser.
pub fn acts_for(role: pg_sys::Oid) -> bool {
    has_rights_of(current(), role)
}

/// Whether one role has the rights of another.
pub fn has_rights_of(role: pg_sys::Oid, other: pg_sys::Oid) -> bool {
    // SAFETY: catalog look-ups by oids.
    unsafe { pg_sys::has_privs_of_role(role, other) }
}

/// Whether the current role may become another by SET ROLE.
pub fn may_become(role: pg_sys::Oid) -> bool {
    // SAFETY: catalog look-ups by oids.
    unsafe {
        #[cfg(feature = "pg15")]
        let may = pg_sys::is_member_of_role(current(), role);
        #[cfg(not(feature = "pg15"))]
        let may = pg_sys::member_can_set_role(current(), role);
        may
    }
}

/// The role that owns this database: it looks after what belongs to nobody in particular.
pub fn database_owner() -> pg_sys::Oid {
    // SAFETY: a catalog look-up of the database that this backend is connected to; the tuple is read before it is released, and its fixed
    // part is a pg_database row.
    unsafe {
        let key = pg_sys::Datum::from(pg_sys::MyDatabaseId);
        let tuple = pg_sys::SearchSysCache1(pg_sys::SysCacheIdentifier::DATABASEOID as i32, key);
        if tuple.is_null() {
            return NOBODY;
        }
        let owner = (*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_database>()).datdba;
        pg_sys::ReleaseSysCache(tuple);
        owner
    }
}

/// Whether the caller has the rights of the database's owner.
pub fn is_steward() -> bool {
    acts_for(database_owner())
}

/// A role's name; its number when it is gone.
pub fn name_of(role: pg_sys::Oid) -> String {
    // SAFETY: with `noerr`, the name is null for an unknown role.
    unsafe {
        match pg_sys::GetUserNameFromId(role, true) {
            name if name.is_null() => role.to_u32().to_string(),
            name => encoding::decode_for_reading(CStr::from_ptr(name).to_bytes()),
        }
    }
}

/// The role of this name, in the database's encoding.
pub(super) fn lookup(name: &CStr) -> Option<pg_sys::Oid> {
    // SAFETY: a catalog look-up by a C string; with `missing_ok` it gives InvalidOid instead of an error.
    let role = unsafe { pg_sys::get_role_oid(name.as_ptr(), true) };
    (role != pg_sys::InvalidOid).then_some(role)
}

/// The role of this name.
pub fn existing(name: &str) -> Option<pg_sys::Oid> {
    encoding::encode_c(name).ok().and_then(|name| lookup(&name))
}

/// A role by its name as users write it in an argument, not quoted; `none` is [`NOBODY`]. `None` when there is no such role.
pub fn named(name: &str) -> Option<pg_sys::Oid> {
    if name.as_bytes() == NOBODY_NAME.to_bytes() {
        return Some(NOBODY);
    }
    existing(name)
}

/// What the current role makes of a row that belongs to `role`: its own where it may not act as that one, with a WARNING.
pub fn claimed(role: pg_sys::Oid) -> pg_sys::Oid {
    let caller = current();
    if role == NOBODY || role == PUBLIC {
        return caller;
    }
    if acts_for(role) {
        return role;
    }
    let (wanted, mine) = (name_of(role), name_of(caller));
    warn_once(
        format!("role \"{mine}\" may not act as role \"{wanted}\""),
        format!("What belongs to \"{wanted}\" belongs to \"{mine}\" from now on."),
    );
    caller
}

/// Warns, once in a statement.
pub fn warn_once(message: String, detail: String) {
    thread_local! {
        static WARNED: RefCell<(pg_sys::TimestampTz, Vec<String>)> = const { RefCell::new((0, Vec::new())) };
    }
    // SAFETY: reads this backend's memory.
    let statement = unsafe { pg_sys::GetCurrentStatementStartTimestamp() };
    let known = WARNED.with_borrow_mut(|(at, messages)| {
        if *at != statement {
            *at = statement;
            messages.clear();
        }
        let known = messages.contains(&message);
        if !known {
            messages.push(message.clone());
        }
        known
    });
    if !known {
        warning(message, Some(detail));
    }
}
