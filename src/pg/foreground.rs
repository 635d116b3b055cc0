//! The monitor of work on the backend's own thread: whether the statement is to end, and whether memory lasts.

use pgrx::pg_sys;

use super::error::Result;
use super::{memory, settings};
use algo::monitor::{Monitor, Progress};

/// Watches a piece of work from when it is made. It only reads flags and never calls PostgreSQL, so it may be looked at anywhere: it stops the
/// work, and the error that ends it is raised at the border, in the words of PostgreSQL (see [`Error::raise`]).
pub struct Foreground {
    /// Bytes allocated before.
    before: isize,
    /// Bytes that may be allocated since.
    allowed: usize,
}

impl Foreground {
    /// Returns an error with 53200 where hardly any memory is left.
    pub fn new() -> Result<Foreground> {
        memory::prepare()?;
        Ok(Foreground {
            before: memory::live(),
            allowed: settings::max_memory(),
        })
    }

    /// About how many bytes more are allocated than before.
    pub fn held(&self) -> usize {
        usize::try_from(memory::live() - self.before).unwrap_or(0)
    }

    /// Returns an error unless `more` bytes may be allocated.
    pub fn allow(&self, more: usize) -> algo::error::Result<()> {
        let needed = self.held().saturating_add(more);
        if needed > self.allowed {
            return Err(algo::error::Error::Memory {
                needed,
                allowed: self.allowed,
            });
        }
        Ok(())
    }
}

impl Monitor for Foreground {
    #[inline]
    fn check(&self) -> algo::error::Result<()> {
        if is_ending() {
            return Err(algo::error::Error::Stopped);
        }
        if let Some(needed) = memory::refused() {
            return Err(algo::error::Error::OutOfMemory { needed });
        }
        self.allow(0)
    }

    fn progress(&self, _: Progress) {}
}

/// Whether the statement was cancelled, or the backend told to end.
#[inline]
pub(super) fn is_ending() -> bool {
    // SAFETY: flags of this process, set by its signal handlers.
    unsafe {
        (&raw const pg_sys::QueryCancelPending).read_volatile() != 0
            || (&raw const pg_sys::ProcDiePending).read_volatile() != 0
    }
}
