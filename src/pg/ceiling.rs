//! A ceiling for what this process may have mapped for itself, kept by the system: what would go above it is refused, before a byte of it is there. PostgreSQL then ends the statement as
//! it does where the machine has no more. Nothing else may meet the ceiling: when Rust would, for which a refusal is the end of the backend, and once PostgreSQL
//! reports one, for the report takes memory, too, it is taken away, and what is watched counts as used up.
//!
//! The allocator comes here, so nothing of PostgreSQL is called.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::watchdog;

/// Whether one is up.
static UP: AtomicBool = AtomicBool::new(false);
/// Whether the last one was met.
static MET: AtomicBool = AtomicBool::new(false);
/// The limit of the process as it was.
static BEFORE: AtomicU64 = AtomicU64::new(0);

/// Up while it lives, unless it is taken away before.
pub struct Ceiling(());

impl Ceiling {
    /// Lets this process have so many bytes more than it has. `None` where the system keeps no such limit, or keeps a lower one already, or one is up.
    pub fn above(bytes: usize) -> Option<Ceiling> {
        if UP.load(Ordering::Relaxed) {
            return None;
        }
        MET.store(false, Ordering::Relaxed);
        if cfg!(not(target_os = "linux")) {
            return None;
        }
        let [.., pages] = watchdog::statm()?;
        let has = u64::try_from(pages).ok()?.saturating_mul(watchdog::page() as u64);
        let wanted = has.saturating_add(bytes as u64);
        let before = limit()?;
        if before.rlim_cur <= wanted {
            return None;
        }
        BEFORE.store(before.rlim_cur, Ordering::Relaxed);
        if !set(wanted) {
            return None;
        }
        UP.store(true, Ordering::Relaxed);
        Some(Ceiling(()))
    }
}

impl Drop for Ceiling {
    fn drop(&mut self) {
        take_away();
    }
}

/// Takes the ceiling away, if one is up. Says whether there was one.
fn take_away() -> bool {
    UP.swap(false, Ordering::Relaxed) && set(BEFORE.load(Ordering::Relaxed))
}

/// The system has refused memory: takes the ceiling away. Says whether another try is worth while.
#[cold]
pub fn give_way() -> bool {
    let gives_way = take_away();
    if gives_way {
        MET.store(true, Ordering::Relaxed);
    }
    gives_way
}

/// Whether the one that is watched by, or was last, has been met.
pub fn was_met() -> bool {
    MET.load(Ordering::Relaxed)
}

fn limit() -> Option<libc::rlimit> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the place is this function's.
    (unsafe { libc::getrlimit(libc::RLIMIT_DATA, &mut limit) } == 0).then_some(limit)
}

/// Sets the limit that counts; the one up to which it may be set stays.
fn set(bytes: u64) -> bool {
    let Some(limit) = limit() else { return false };
    let limit = libc::rlimit {
        rlim_cur: bytes,
        ..limit
    };
    // SAFETY: a limit of this process, below the one that it may have.
    unsafe { libc::setrlimit(libc::RLIMIT_DATA, &limit) == 0 }
}
