//! Leases: numbers that a session holds while it works at something, so that others can tell whether it is still there. PostgreSQL's own locks
//! say so: one that a session holds outlives commits, and is released when a transaction of it fails, and when the session ends, however it ends.

use pgrx::pg_sys;

use super::tables::{lock_of, oid_of};

/// The lock that stands for a lease. Numbers are given in sequence: two that agree in their last 32 bits are four billion apart.
fn tag(lease: i64) -> pg_sys::LOCKTAG {
    lock_of(oid_of(c"vectorizer"), pg_sys::Oid::from(lease as u32))
}

/// A lease that this session holds.
pub struct Lease(i64);

impl Lease {
    /// Takes a lease that nobody has had before.
    pub fn take(number: i64) -> Lease {
        // SAFETY: the tag is one of this database; nobody else waits for it or holds it, for its number is new.
        unsafe { pg_sys::LockAcquire(&tag(number), pg_sys::ExclusiveLock as i32, true, false) };
        Lease(number)
    }

    /// Its number.
    pub fn number(&self) -> i64 {
        self.0
    }

    /// Gives it back.
    pub fn release(self) {
        // SAFETY: the lock is held by this session.
        unsafe { pg_sys::LockRelease(&tag(self.0), pg_sys::ExclusiveLock as i32, true) };
    }
}

/// Whether no other session holds a lease any more.
pub fn is_free(lease: i64) -> bool {
    let tag = tag(lease);
    let mode = pg_sys::ExclusiveLock as i32;
    // SAFETY: the tag is one of this database. A lock that can be had is released at once.
    unsafe {
        if pg_sys::LockAcquire(&tag, mode, false, true) == pg_sys::LockAcquireResult::LOCKACQUIRE_NOT_AVAIL {
            return false;
        }
        pg_sys::LockRelease(&tag, mode, false);
    }
    true
}
