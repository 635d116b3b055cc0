//! What a function remembers at one call site, from its first row to the end of the statement.

use std::any::TypeId;

use pgrx::{PgMemoryContexts, pg_sys};

use super::error::{Error, INTERNAL};

/// What `fn_extra` points to: a value, behind what tells its type.
#[repr(C)]
struct Slot<T> {
    type_id: TypeId,
    value: T,
}

/// Runs `work` with the call site's `T`, made on the first call. It lives behind PostgreSQL's `fn_extra`, and is dropped with the statement's
/// memory. A function that asks for two types raises an error.
///
/// While `work` runs, the call site has no value: a call within would make another, and an error leaves none behind.
#[inline(always)]
pub fn with<T: 'static, R>(
    fcinfo: pg_sys::FunctionCallInfo,
    make: impl FnOnce() -> T,
    work: impl FnOnce(&mut T) -> R,
) -> R {
    // SAFETY: PostgreSQL hands a valid call. `fn_extra` belongs to the function at this call site, and no function that fills it in another
    // way comes here: so it is null, or points to a slot, whose first field says whether it holds a `T`. A slot lives as long as the
    // FmgrInfo, which outlives the call; meanwhile nothing else points to it.
    unsafe {
        let flinfo = (*fcinfo).flinfo;
        let mut slot = (*flinfo).fn_extra.cast::<Slot<T>>();
        if slot.is_null() {
            slot = first(flinfo, make);
        } else if (*slot.cast::<TypeId>()) != TypeId::of::<T>() {
            mixed();
        }
        (*flinfo).fn_extra = std::ptr::null_mut();
        let answer = work(&mut (*slot).value);
        (*flinfo).fn_extra = slot.cast();
        answer
    }
}

#[cold]
fn mixed() -> ! {
    Error::new(INTERNAL, "a function remembers values of two types at one call site").raise()
}

/// # Safety
/// The FmgrInfo is that of a call.
#[cold]
unsafe fn first<T: 'static>(flinfo: *mut pg_sys::FmgrInfo, make: impl FnOnce() -> T) -> *mut Slot<T> {
    let slot = Slot {
        type_id: TypeId::of::<T>(),
        value: make(),
    };
    // SAFETY: as the caller promises, it names a memory context that lives as long as it.
    unsafe { PgMemoryContexts::For((*flinfo).fn_mcxt).leak_and_drop_on_delete(slot) }
}

/// Runs `work` with the call site's memory as the current memory context, for what has to live as long as it.
pub fn in_its_memory<T>(fcinfo: pg_sys::FunctionCallInfo, work: impl FnOnce() -> T) -> T {
    // SAFETY: PostgreSQL hands a valid call, whose FmgrInfo names a memory context that lives as long as the call site.
    unsafe { PgMemoryContexts::For((*(*fcinfo).flinfo).fn_mcxt).switch_to(|_| work()) }
}
