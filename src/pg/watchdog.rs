//! A deadline and a limit of memory for a part of a statement, kept by PostgreSQL's own timer: every few milliseconds it looks at the clock and at how much
//! memory this process has, and cancels the statement when either is used up. What PostgreSQL allocates it counts nowhere else.

use std::cell::OnceCell;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, Ordering};
use std::time::Duration;

use pgrx::pg_sys;

use super::ceiling::{self, Ceiling};
use super::error::{Error, MEMORY_LIMIT, QUERY_CANCELED, megabytes};
use super::settings;

/// How often the timer goes off.
const BEAT: i32 = 20;
/// Of a timer that an extension registers, PostgreSQL looks for a free place from this number on or from a smaller one.
const ANY_TIMER: u32 = 13;

/// The moment when it is over, in microseconds of the monotonic clock.
static END: AtomicI64 = AtomicI64::new(0);
/// The most memory, in pages.
static PAGES: AtomicI64 = AtomicI64::new(0);
/// Whether anything is watched.
static WATCHING: AtomicBool = AtomicBool::new(false);
/// What was used up.
static USED_UP: AtomicU8 = AtomicU8::new(NOTHING);

const NOTHING: u8 = 0;
const TIME: u8 = 1;
const MEMORY: u8 = 2;

unsafe extern "C-unwind" {
    fn RegisterTimeout(id: u32, handler: unsafe extern "C-unwind" fn()) -> u32;
    fn enable_timeout_every(id: u32, first: pg_sys::TimestampTz, delay: i32);
    fn disable_timeout(id: u32, keep_indicator: bool);
}

thread_local! {
    static TIMER: OnceCell<u32> = const { OnceCell::new() };
}

/// Watches while it lives.
pub struct Watchdog {
    timer: u32,
    time: Duration,
    memory: usize,
    _ceiling: Option<Ceiling>,
}

/// What may be allocated at once beyond what is watched: between two looks a query takes less, and reserves, threads and reports have room.
const SLACK: usize = 64 << 20;

impl Watchdog {
    /// Allows so much time from now on, and so many bytes more than this process has.
    pub fn begin(time: Duration, memory: usize) -> Watchdog {
        // SAFETY: registered once in this backend, as PostgreSQL wants it; the handler does only what a signal handler may.
        let timer = TIMER.with(|timer| *timer.get_or_init(|| unsafe { RegisterTimeout(ANY_TIMER, on_beat) }));
        let pages = i64::try_from(memory / page()).unwrap_or(i64::MAX);
        USED_UP.store(NOTHING, Ordering::Relaxed);
        PAGES.store(
            private_pages().map_or(i64::MAX, |now| now.saturating_add(pages)),
            Ordering::Relaxed,
        );
        END.store(
            now().saturating_add(i64::try_from(time.as_micros()).unwrap_or(i64::MAX)),
            Ordering::Relaxed,
        );
        // SAFETY: the timer is registered.
        unsafe { enable_timeout_every(timer, pg_sys::GetCurrentTimestamp() + i64::from(BEAT) * 1000, BEAT) };
        WATCHING.store(true, Ordering::Relaxed);
        Watchdog {
            timer,
            time,
            memory,
            _ceiling: Ceiling::above(memory.saturating_add(SLACK)),
        }
    }

    /// Ends watching. What was used up, if anything was: then the error of the work is no more than a cancel.
    pub fn end(self) -> Option<Error> {
        let (time, memory) = (self.time, self.memory);
        // A cancel that was asked for is not to meet what comes next.
        drop(self);
        let used_up = match USED_UP.swap(NOTHING, Ordering::Relaxed) {
            NOTHING if ceiling::was_met() => MEMORY,
            used_up => used_up,
        };
        match used_up {
            TIME => Some(
                Error::new(QUERY_CANCELED, "the query took longer than it may")
                    .detail(format!("It was ended after {} s.", time.as_secs_f64()))
                    .hint("Ask for less, or give it more time by the argument timeout."),
            ),
            MEMORY => Some(
                Error::new(MEMORY_LIMIT, "the query took more memory than it may")
                    .detail(format!("It was ended when it had taken {}.", megabytes(memory)))
                    .hint(format!(
                        "Ask for smaller values. {} where that is less.",
                        settings::MORE_MEMORY
                    )),
            ),
            _ => None,
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        WATCHING.store(false, Ordering::Relaxed);
        // SAFETY: the timer is registered; the flag is one of this process, which the timer may have set for work that is over.
        unsafe {
            disable_timeout(self.timer, false);
            if USED_UP.load(Ordering::Relaxed) != NOTHING {
                (&raw mut pg_sys::QueryCancelPending).write_volatile(0);
            }
        }
    }
}

/// Whether memory that is watched is used up.
pub fn memory_is_used_up() -> bool {
    WATCHING.load(Ordering::Relaxed) && (USED_UP.load(Ordering::Relaxed) == MEMORY || ceiling::was_met())
}

/// Called in a signal handler.
unsafe extern "C-unwind" fn on_beat() {
    if USED_UP.load(Ordering::Relaxed) != NOTHING {
        return;
    }
    let what = if now() >= END.load(Ordering::Relaxed) {
        TIME
    } else if ceiling::was_met() || private_pages().is_some_and(|pages| pages > PAGES.load(Ordering::Relaxed)) {
        MEMORY
    } else {
        return;
    };
    USED_UP.store(what, Ordering::Relaxed);
    // SAFETY: flags of this process, set as the handler of a cancel request sets them.
    unsafe {
        (&raw mut pg_sys::QueryCancelPending).write_volatile(1);
        (&raw mut pg_sys::InterruptPending).write_volatile(1);
    }
}

/// Microseconds of the monotonic clock.
fn now() -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the place is this function's; a signal handler may call it.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec * 1_000_000 + time.tv_nsec / 1000
}

pub(super) fn page() -> usize {
    // SAFETY: reads a constant of the system.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

/// Pages of memory that this process has for itself; `None` where the system does not tell. A signal handler may call it: it allocates nothing.
fn private_pages() -> Option<i64> {
    statm().map(|[_, resident, shared, ..]| resident - shared)
}

/// What the system says of this process's memory, in pages: all, resident, shared, code, nothing, and what it may write to by itself, its stack included.
pub(super) fn statm() -> Option<[i64; 6]> {
    let mut text = [0_u8; 128];
    // SAFETY: system calls that a signal handler may make, on a constant path and a buffer of this function with its length.
    let length = unsafe {
        let file = libc::open(c"/proc/self/statm".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        if file < 0 {
            return None;
        }
        let length = libc::read(file, text.as_mut_ptr().cast(), text.len());
        libc::close(file);
        length
    };
    let mut numbers = text.get(..usize::try_from(length).ok()?)?.split(|&byte| byte == b' ');
    let mut found = [0_i64; 6];
    for place in &mut found {
        *place = numbers.next()?.iter().try_fold(0_i64, |sum, &digit| {
            digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0'))
        })?;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_touched_is_counted() {
        let before = private_pages().unwrap();
        let touched = vec![1_u8; 64 << 20];
        let after = private_pages().unwrap();
        assert!(touched.iter().step_by(4096).all(|&byte| byte == 1));
        let bytes = (after - before) * page() as i64;
        assert!((60 << 20..80 << 20).contains(&bytes), "{bytes}");
    }
}
