//! Why a role cannot be dropped: entries of `pg_shdepend` that say that one of assay's views depends on it.
//!
//! They are of the kind that a granted privilege leaves, though no privilege is granted: PostgreSQL refuses DROP ROLE while there is one, and
//! copies and drops them with databases. DROP OWNED revokes privileges that are not there and leaves the entry, and with it the refusal.
//! pg_upgrade, which copies tables without running their triggers, loses them.

use std::time::Duration;

use pgrx::pg_sys;

use super::catalog::{self, Key};
use super::error::Result;
use super::role;
use super::snapshot;
use super::tables;

/// The index of `pg_shdepend` by what is depended on, and its columns; PostgreSQL has had them so since 8.1.
const BY_ROLE: pg_sys::Oid = pg_sys::Oid::from_u32(1233);
const SHARED_DEPENDENCIES: pg_sys::Oid = pg_sys::Oid::from_u32(1214);
const DATABASE: usize = 1;
const CLASS: usize = 2;
const OBJECT: usize = 3;
const ON_CLASS: i16 = 5;
const ON_OBJECT: i16 = 6;

/// Records that `view` depends on `role`, in this transaction. Raises an error with 42704 when the role was dropped meanwhile.
pub fn record(view: pg_sys::Oid, role: pg_sys::Oid) -> Result<()> {
    if role == role::PUBLIC || role == role::NOBODY {
        return Ok(());
    }
    // Until this transaction ends, nobody may take the entry away that it relies on.
    lock(view, role, pg_sys::AccessShareLock, true);
    if !is_recorded(view, role)? {
        change(view, &[], &[role]);
    }
    Ok(())
}

/// Takes the entry away unless there are rows of `role` yet. Where a transaction that runs may be adding one, the entry stays: the next one
/// to look takes it away.
pub fn forget(view: pg_sys::Oid, role: pg_sys::Oid, has_rows: impl FnOnce() -> Result<bool>) -> Result<()> {
    while !lock(view, role, pg_sys::AccessExclusiveLock, false) {
        if is_in_use(view, role) {
            return Ok(());
        }
        // Its holder has ended, and releases one lock after the other: the row for which this transaction waited, then this one.
        pgrx::check_for_interrupts!();
        std::thread::sleep(Duration::from_micros(50));
    }
    if !snapshot::with_latest(has_rows)? && is_recorded(view, role)? {
        change(view, &[role], &[]);
    }
    Ok(())
}

/// Locks the entry of a view and a role until the end of the transaction. `false` when it is not to wait and would have to.
fn lock(view: pg_sys::Oid, role: pg_sys::Oid, mode: u32, wait: bool) -> bool {
    // SAFETY: the tag is one of an object of this database. What others have changed before they released the lock is seen after it.
    unsafe {
        let result = pg_sys::LockAcquire(&tables::lock_of(view, role), mode as i32, false, !wait);
        if result == pg_sys::LockAcquireResult::LOCKACQUIRE_NOT_AVAIL {
            return false;
        }
        pg_sys::AcceptInvalidationMessages();
    }
    true
}

/// Whether a transaction that has not ended holds the entry of a view and a role.
fn is_in_use(view: pg_sys::Oid, role: pg_sys::Oid) -> bool {
    let mut holders = 0;
    // SAFETY: the tag is one of an object of this database, and the count a place of this function; the list is palloc'd.
    unsafe {
        let list = pg_sys::GetLockConflicts(
            &tables::lock_of(view, role),
            pg_sys::AccessExclusiveLock as i32,
            &mut holders,
        );
        pg_sys::pfree(list.cast());
    }
    holders > 0
}

fn is_recorded(view: pg_sys::Oid, role: pg_sys::Oid) -> Result<bool> {
    let keys = [Key::Oid(ON_CLASS, pg_sys::AuthIdRelationId), Key::Oid(ON_OBJECT, role)];
    // SAFETY: reads a variable of this backend.
    let database = unsafe { pg_sys::MyDatabaseId };
    let found = catalog::find_in_catalog(SHARED_DEPENDENCIES, BY_ROLE, &keys, |row| {
        let ours = [
            (DATABASE, database),
            (CLASS, pg_sys::RelationRelationId),
            (OBJECT, view),
        ];
        for (column, value) in ours {
            if row.get(column)? != Some(value) {
                return Ok(None);
            }
        }
        Ok(Some(()))
    })?;
    Ok(found.is_some())
}

/// Replaces roles on which a view depends by others.
fn change(view: pg_sys::Oid, old: &[pg_sys::Oid], new: &[pg_sys::Oid]) {
    let copied = |roles: &[pg_sys::Oid]| {
        // SAFETY: the memory has room for the roles, and one more, for none cannot be allocated.
        unsafe {
            let copy: *mut pg_sys::Oid = pg_sys::palloc((roles.len() + 1) * size_of::<pg_sys::Oid>()).cast();
            std::ptr::copy_nonoverlapping(roles.as_ptr(), copy, roles.len());
            copy
        }
    };
    // SAFETY: the lists are sorted, without repetition, and palloc'd, for the function frees them. It locks each new role against being dropped.
    unsafe {
        pg_sys::updateAclDependencies(
            pg_sys::RelationRelationId,
            view,
            0,
            pg_sys::InvalidOid,
            old.len() as i32,
            copied(old),
            new.len() as i32,
            copied(new),
        );
    }
}

/// Lets a relation be dropped together with another, as an index is with its table. Dumps do not carry it.
pub fn drop_with(relation: pg_sys::Oid, other: pg_sys::Oid) {
    let address = |oid| pg_sys::ObjectAddress {
        classId: pg_sys::RelationRelationId,
        objectId: oid,
        objectSubId: 0,
    };
    // SAFETY: the addresses are of relations, which are there.
    unsafe {
        pg_sys::recordDependencyOn(
            &address(relation),
            &address(other),
            pg_sys::DependencyType::DEPENDENCY_AUTO,
        );
        pg_sys::CommandCounterIncrement();
    }
}
