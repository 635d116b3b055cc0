//! Blocks of work that threads do while the backend's own thread reads the next ones: what becomes of them is taken in their order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, Once};
use std::time::{Duration, Instant};

use pgrx::pg_sys;

use super::compute::{HEARTBEAT, Reporter, StopOnExit, Watch, ending, no_threads, with_signals_blocked};
use super::error::{Error, INTERNAL, Result};
use super::foreground::Foreground;
use super::{memory, settings};
use algo::monitor::Monitor;

/// Blocks of work on their way through threads, while the backend's own thread goes on. What becomes of them is taken in their order.
pub struct Line<'l, J, R> {
    jobs: Sender<(usize, J)>,
    results: Receiver<(usize, algo::error::Result<R>)>,
    /// Done before those that are due.
    early: BTreeMap<usize, algo::error::Result<R>>,
    next: usize,
    due: usize,
    /// So many are on their way at most.
    most: usize,
    what: &'l str,
    watch: &'l Watch<'l>,
    reporter: &'l mut Reporter,
}

impl<J, R> Line<'_, J, R> {
    /// Sends a block on its way, and hands what became of earlier ones to `receive`. Returns its errors, and those of the work.
    pub fn push(&mut self, job: J, receive: &mut dyn FnMut(R) -> Result<()>) -> Result<()> {
        // A thread that is gone has panicked, which its end of the other channel tells.
        let _ = self.jobs.send((self.next, job));
        self.next += 1;
        while self.next - self.due >= self.most {
            receive(self.take()?)?;
        }
        Ok(())
    }

    /// Hands what became of all the blocks to `receive`. Errors as of [`Line::push`].
    pub fn finish(&mut self, receive: &mut dyn FnMut(R) -> Result<()>) -> Result<()> {
        while self.due < self.next {
            receive(self.take()?)?;
        }
        Ok(())
    }

    /// Waits for what is due.
    fn take(&mut self) -> Result<R> {
        loop {
            if let Some(result) = self.early.remove(&self.due) {
                self.due += 1;
                return Ok(result?);
            }
            match self.results.recv_timeout(HEARTBEAT) {
                Ok((number, result)) => {
                    self.early.insert(number, result);
                }
                Err(RecvTimeoutError::Timeout) => {
                    if ending() {
                        // The backend ends without unwinding: no thread may be left behind.
                        self.watch.stop.store(true, Ordering::Relaxed);
                        wait_for_threads();
                    }
                    pgrx::check_for_interrupts!();
                    self.reporter.count(self.what, self.due);
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::new(INTERNAL, format!("{} failed", self.what)));
                }
            }
        }
    }
}

/// Threads that are at work.
static AT_WORK: AtomicUsize = AtomicUsize::new(0);
/// Whether the backend is on its way out.
static LEAVING: AtomicBool = AtomicBool::new(false);

/// Waits until no thread of a line is at work, but not for ever: they look at their monitor every few milliseconds.
fn wait_for_threads() {
    let started = Instant::now();
    while AT_WORK.load(Ordering::Acquire) > 0 && started.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Whether the backend is on its way out: no thread of a line goes on.
#[inline]
pub(super) fn is_leaving() -> bool {
    LEAVING.load(Ordering::Relaxed)
}

/// Stops the threads when the backend ends while the executor runs, which is without unwinding.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn leave(_code: i32, _argument: pg_sys::Datum) {
    LEAVING.store(true, Ordering::Relaxed);
    wait_for_threads();
}

/// Sees to it that the backend waits for threads at its end. On the backend's own thread.
pub(super) fn watch_end() {
    static REGISTERED: Once = Once::new();
    // SAFETY: the function is there as long as the backend, which calls it once, at its end.
    REGISTERED.call_once(|| unsafe { pg_sys::before_shmem_exit(Some(leave), pg_sys::Datum::from(0)) });
}

/// Counts a thread while it is at work.
pub(super) struct AtWork;

impl AtWork {
    /// The backend does not end before the thread has.
    pub(super) fn begin() -> AtWork {
        AT_WORK.fetch_add(1, Ordering::AcqRel);
        AtWork
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        memory::settle();
        AT_WORK.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Runs `drive`, which sends blocks of work on their way, on the backend's own thread, and `work` with each of them on as many threads as `assay.threads` says; with
/// one, block and thread take turns. `drive` may call PostgreSQL; everything else is as in [`super::compute::run`].
pub fn stream<J: Send, R: Send, T>(
    what: &str,
    reporter: &mut Reporter,
    statement: &Foreground,
    work: impl Fn(J, &dyn Monitor) -> algo::error::Result<R> + Sync,
    drive: impl FnOnce(&mut Line<'_, J, R>) -> Result<T>,
) -> Result<T> {
    watch_end();
    let watch = Watch::new(statement);
    memory::prepare()?;
    let threads = settings::threads();
    let (jobs, queue) = channel();
    let (done, results) = channel();
    let queue = Mutex::new(queue);
    std::thread::scope(|scope| {
        let _stop = StopOnExit(&watch);
        for _ in 0..threads {
            let (queue, done, watch, work) = (&queue, done.clone(), &watch, &work);
            let lane = move || {
                let _at_work = AtWork::begin();
                loop {
                    // One thread waits for the next block, the others for their turn to wait.
                    let next = queue
                        .lock()
                        .ok()
                        .and_then(|queue: MutexGuard<'_, Receiver<(usize, J)>>| queue.recv().ok());
                    let Some((number, job)) = next else { break };
                    if done.send((number, work(job, watch))).is_err() {
                        break;
                    }
                }
            };
            let started = with_signals_blocked(|| std::thread::Builder::new().spawn_scoped(scope, lane));
            started.map_err(|error| no_threads(&error))?;
        }
        drop(done);
        drive(&mut Line {
            jobs,
            results,
            early: BTreeMap::new(),
            next: 0,
            due: 0,
            most: if threads == 1 { 1 } else { 2 * threads },
            what,
            watch: &watch,
            reporter,
        })
    })
}
