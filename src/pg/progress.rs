//! How far a pass over rows is that the executor runs: its aggregate tells how many rows it has seen, and the reporter of whoever
//! started the pass tells the user.

use std::cell::RefCell;

use super::compute::Reporter;

/// Rows between two looks at the clock.
pub const ROWS: u64 = 1 << 14;

/// The pass that runs in this backend.
struct Pass {
    what: String,
    /// Calls of the aggregate that take each row.
    calls: u64,
    rows: u64,
    expected: f64,
    reporter: Reporter,
}

thread_local! {
    static RUNNING: RefCell<Option<Pass>> = const { RefCell::new(None) };
}

/// Puts the pass back that was running before, however this one ends.
struct Outer(Option<Pass>);

impl Drop for Outer {
    fn drop(&mut self) {
        RUNNING.with(|running| running.replace(self.0.take()));
    }
}

/// Runs `work`, within which `calls` aggregates take each of the rows, of which about so many are `expected`.
pub fn watch<T>(what: String, calls: usize, expected: f64, work: impl FnOnce() -> T) -> T {
    let pass = Pass {
        what,
        calls: calls.max(1) as u64,
        rows: 0,
        expected,
        reporter: Reporter::new(),
    };
    let _outer = Outer(RUNNING.with(|running| running.replace(Some(pass))));
    let result = work();
    if let Some(mut pass) = RUNNING.with(RefCell::take) {
        pass.reporter.finish();
    }
    result
}

/// Called by an aggregate after each [`ROWS`] rows. In a parallel worker nobody listens; what the leader counts are its own rows.
pub fn advance() {
    // The pass is not borrowed while the user is told, which may raise an error.
    let Some(mut pass) = RUNNING.with(RefCell::take) else {
        return;
    };
    pass.rows += ROWS;
    pass.reporter.rows(&pass.what, pass.rows / pass.calls, pass.expected);
    RUNNING.with(|running| running.replace(Some(pass)));
}
