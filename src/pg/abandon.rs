//! Work that waits for others, such as for an answer from a network, on a thread that may be left alone: a cancelled statement does not wait until a look
//! into a directory of names comes back, which nobody can interrupt.
//!
//! The thread owns all that it works with, never calls PostgreSQL, and blocks all signals. It ends by itself, since whoever gives it work bounds the time
//! that this takes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use super::compute::{HEARTBEAT, ending, no_threads, with_signals_blocked};
use super::error::{Error, INTERNAL, LIMIT_EXCEEDED, Result};
use super::memory;

/// So many threads that were left alone may still be there when another one is started.
const MOST: usize = 32;
/// Threads that have not ended.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// Counts a thread until it ends.
struct Thread;

impl Thread {
    fn begin() -> Thread {
        THREADS.fetch_add(1, Ordering::AcqRel);
        Thread
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        memory::settle();
        THREADS.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Tells work that nobody waits for it any more, unless it is done.
struct Leave<F: FnMut()> {
    tell: F,
    is_done: bool,
}

impl<F: FnMut()> Drop for Leave<F> {
    fn drop(&mut self) {
        if !self.is_done {
            (self.tell)();
        }
    }
}

/// Runs `work` on a thread of its own and waits for it, at most for so long, serving interrupts. `leave` is called where nobody waits any more; it makes
/// the work end soon, as far as that is possible. `None` where it took too long.
pub fn run<T: Send + 'static>(
    what: &str,
    patience: Duration,
    leave: impl FnMut(),
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Option<T>> {
    memory::prepare()?;
    let threads = THREADS.load(Ordering::Acquire);
    if threads >= MOST {
        return Err(Error::new(
            LIMIT_EXCEEDED,
            format!("{what} cannot begin: {threads} calls that nobody waits for any more are still on their way"),
        )
        .hint("Try again in a minute, or in another session."));
    }
    let (sender, receiver) = sync_channel(1);
    // Counted before there is a thread, so that many that are slow to start are counted, too.
    let thread = Thread::begin();
    let job = move || {
        let _thread = thread;
        // The other end is gone where nobody waits.
        drop(sender.send(work()));
    };
    let started = with_signals_blocked(|| std::thread::Builder::new().name("assay call".into()).spawn(job));
    started.map_err(|error| no_threads(&error))?;
    let mut guard = Leave {
        tell: leave,
        is_done: false,
    };
    let since = Instant::now();
    loop {
        match receiver.recv_timeout(HEARTBEAT) {
            Ok(result) => {
                guard.is_done = true;
                return Ok(Some(result));
            }
            Err(RecvTimeoutError::Timeout) => {
                if ending() {
                    // The backend ends without unwinding.
                    (guard.tell)();
                }
                pgrx::check_for_interrupts!();
                if since.elapsed() > patience {
                    return Ok(None);
                }
            }
            Err(RecvTimeoutError::Disconnected) => return Err(Error::new(INTERNAL, format!("{what} failed"))),
        }
    }
}
