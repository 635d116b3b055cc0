//! When what is known of a relation is out of date: PostgreSQL tells every backend that a relation was altered, before it can be used as it is then.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use pgrx::pg_sys;

thread_local! {
    /// How often each watched relation was altered, as far as this backend was told.
    static CHANGES: RefCell<HashMap<u32, u64>> = RefCell::new(HashMap::new());
    /// How often it was told that anything may have been.
    static ALL: Cell<u64> = const { Cell::new(0) };
    static REGISTERED: Cell<bool> = const { Cell::new(false) };
}

/// A state of relations, to be compared with a later one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark(Vec<(u32, u64)>, u64);

/// The state of relations as of now; from now on they are watched.
pub fn mark(relations: &[pg_sys::Oid]) -> Mark {
    if !REGISTERED.replace(true) {
        // SAFETY: the function is there as long as the backend.
        unsafe { pg_sys::CacheRegisterRelcacheCallback(Some(altered), pg_sys::Datum::from(0)) };
    }
    CHANGES.with_borrow_mut(|changes| {
        let counts = relations.iter().map(|relation| {
            let number = relation.to_u32();
            (number, *changes.entry(number).or_insert(0))
        });
        Mark(counts.collect(), ALL.get())
    })
}

/// Tells every backend that a relation was altered, where what changed is not in PostgreSQL's own catalogs; when the transaction commits.
pub fn announce(relation: pg_sys::Oid) {
    // SAFETY: a look-up by oid, which raises an error for what is not there.
    unsafe { pg_sys::CacheInvalidateRelcacheByRelid(relation) };
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn altered(_argument: pg_sys::Datum, relation: pg_sys::Oid) {
    if relation == pg_sys::InvalidOid {
        ALL.set(ALL.get().wrapping_add(1));
        return;
    }
    // Where it is told while the table is in use, which it is not, all is taken for altered.
    let is_free = CHANGES.try_with(|changes| match changes.try_borrow_mut() {
        Ok(mut changes) => {
            if let Some(count) = changes.get_mut(&relation.to_u32()) {
                *count += 1;
            }
            true
        }
        Err(_) => false,
    });
    if is_free != Ok(true) {
        ALL.set(ALL.get().wrapping_add(1));
    }
}
