//! Backtraces stay out of errors: pgrx appends the one that the standard library captures to the DETAIL that a client sees.

use std::backtrace::Backtrace;

/// What the standard library asks first.
const VARIABLE: &str = "RUST_LIB_BACKTRACE";

/// Has this library capture none, whatever the server's environment says. The standard library reads the environment at the first capture and
/// remembers the answer; so the variable is set for that moment only, and other libraries and programs find it as it was.
pub fn disable() {
    let before = std::env::var_os(VARIABLE);
    // SAFETY: the library is being loaded, and PostgreSQL's processes have no other thread that could read the environment.
    unsafe { std::env::set_var(VARIABLE, "0") };
    let _ = Backtrace::capture();
    // SAFETY: as above.
    unsafe {
        match before {
            Some(value) => std::env::set_var(VARIABLE, value),
            None => std::env::remove_var(VARIABLE),
        }
    }
}
