//! A fence around what runs: while it is up, no function is looked up or run that is not allowed, whoever calls it. A query's text is not all that calls functions:
//! types of its literals do so while it is parsed, domains by their conditions, the planner where it folds constants, indexes and policies where rows are
//! read. PostgreSQL asks two hooks: one when it looks up a function that is not built into the server, one when its executor makes ready to run any.

use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::rc::Rc;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use pgrx::{pg_guard, pg_sys};

use super::allowed::Allowed;
use super::error::{Error, REFUSED_STATEMENT};
use super::routine::signature;

thread_local! {
    static ALLOWED: RefCell<Option<Rc<Allowed>>> = const { RefCell::new(None) };
}
/// Whether one is up: all that hooks look at where none is.
static UP: AtomicBool = AtomicBool::new(false);

/// What other extensions have hooked in.
static mut LOOK_UP: pg_sys::needs_fmgr_hook_type = None;
static mut ACCESS: pg_sys::object_access_hook_type = None;

/// Up while it lives.
pub struct Fence {
    before: Option<Rc<Allowed>>,
}

impl Fence {
    /// Lets only these functions run.
    pub fn up(allowed: Rc<Allowed>) -> Fence {
        static HOOKED: Once = Once::new();
        // SAFETY: hooks are variables of this backend, which only its one thread touches; whoever was hooked in before is called, too.
        HOOKED.call_once(|| unsafe {
            LOOK_UP = pg_sys::needs_fmgr_hook;
            ACCESS = pg_sys::object_access_hook;
            pg_sys::needs_fmgr_hook = Some(on_look_up);
            pg_sys::object_access_hook = Some(on_access);
        });
        Fence::set(Some(allowed))
    }

    /// Takes it away, for statements of assay's own that a function within it runs.
    pub fn open() -> Fence {
        Fence::set(None)
    }

    /// Whether one is up.
    pub fn is_up() -> bool {
        UP.load(Ordering::Relaxed)
    }

    fn set(allowed: Option<Rc<Allowed>>) -> Fence {
        UP.store(allowed.is_some(), Ordering::Relaxed);
        Fence {
            before: ALLOWED.replace(allowed),
        }
    }
}

impl Drop for Fence {
    fn drop(&mut self) {
        let before = self.before.take();
        UP.store(before.is_some(), Ordering::Relaxed);
        ALLOWED.set(before);
    }
}

/// The error of a function that is not allowed.
pub fn refusal(function: pg_sys::Oid) -> Error {
    Error::new(
        REFUSED_STATEMENT,
        format!("function {} may not be called here", signature(function)),
    )
    .detail(
        "The query calls it, or something that the query uses does: an operator, a type, a view, a policy or an index.",
    )
    .hint("Only functions that compute may be called; a superuser adds others to assay.sql_functions.")
}

fn require(function: pg_sys::Oid) {
    if !UP.load(Ordering::Relaxed) {
        return;
    }
    let Some(allowed) = ALLOWED.with_borrow(Clone::clone) else {
        return;
    };
    if !allowed.permits(function) {
        // The catalog is read for the message, which calls nothing that is not built in.
        refusal(function).raise();
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn on_look_up(function: pg_sys::Oid) -> bool {
    require(function);
    // SAFETY: a hook of the same type, which was there before; the variable is written once.
    unsafe { LOOK_UP.is_some_and(|next| next(function)) }
}

#[pg_guard]
unsafe extern "C-unwind" fn on_access(
    access: pg_sys::ObjectAccessType::Type,
    class: pg_sys::Oid,
    object: pg_sys::Oid,
    part: c_int,
    argument: *mut c_void,
) {
    if access == pg_sys::ObjectAccessType::OAT_FUNCTION_EXECUTE {
        require(object);
    }
    // SAFETY: as above.
    unsafe {
        if let Some(next) = ACCESS {
            next(access, class, object, part, argument);
        }
    }
}
