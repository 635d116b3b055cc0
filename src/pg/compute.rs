//! Long computations on threads, while the backend's own thread serves interrupts and reports progress.
//!
//! The threads never call PostgreSQL and block all signals, so that every signal reaches the backend's thread.

use std::ffi::{CStr, CString};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use pgrx::pg_sys;

use super::encoding;
use super::error::{Error, INTERNAL, OUT_OF_MEMORY, Result, notice};
use super::foreground::Foreground;
use super::{memory, settings, stream};
use algo::monitor::{Monitor, Progress};

/// How often the backend's thread looks for interrupts while it waits. It sleeps in between.
pub(super) const HEARTBEAT: Duration = Duration::from_millis(20);

/// The monitor of a computation on threads.
pub(super) struct Watch<'a> {
    statement: &'a Foreground,
    pub(super) stop: AtomicBool,
    iteration: AtomicUsize,
    iterations: AtomicUsize,
    loss: AtomicU64,
}

impl<'a> Watch<'a> {
    pub(super) fn new(statement: &'a Foreground) -> Watch<'a> {
        Watch {
            statement,
            stop: AtomicBool::default(),
            iteration: AtomicUsize::default(),
            iterations: AtomicUsize::default(),
            loss: AtomicU64::default(),
        }
    }
}

impl Monitor for Watch<'_> {
    fn check(&self) -> algo::error::Result<()> {
        if self.stop.load(Ordering::Relaxed) || stream::is_leaving() {
            return Err(algo::error::Error::Stopped);
        }
        self.statement.check()
    }

    fn progress(&self, progress: Progress) {
        self.iterations.store(progress.iterations, Ordering::Relaxed);
        self.loss.store(progress.loss.to_bits(), Ordering::Relaxed);
        self.iteration.store(progress.iteration, Ordering::Release);
    }
}

/// Stops the threads when the backend's thread leaves, be it by an error.
pub(super) struct StopOnExit<'a>(pub(super) &'a Watch<'a>);

impl Drop for StopOnExit<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
}

/// Runs `work` on `assay.threads` threads and waits for it. Cancel, `statement_timeout` and the backend's end act within the
/// heartbeat plus the learner's own distance between two looks at its monitor. `what` names the computation in progress reports; what it
/// allocates counts among what `statement` has since it was made.
pub fn run<T: Send, E: Into<Error> + Send>(
    what: &str,
    reporter: &mut Reporter,
    statement: &Foreground,
    work: impl FnOnce(&dyn Monitor) -> std::result::Result<T, E> + Send,
) -> Result<T> {
    let watch = Watch::new(statement);
    let started = Instant::now();
    let (sender, receiver) = channel();
    memory::prepare()?;
    let pool = pool(settings::threads())?;
    let result = pool.in_place_scope(|scope| {
        let _stop = StopOnExit(&watch);
        let watch = &watch;
        scope.spawn(move |_| drop(sender.send(work(watch))));
        loop {
            match receiver.recv_timeout(HEARTBEAT) {
                Ok(result) => return Ok(result),
                Err(RecvTimeoutError::Timeout) => {
                    if ending() {
                        // The backend ends without unwinding: no thread may be left behind.
                        watch.stop.store(true, Ordering::Relaxed);
                        let _ = receiver.recv();
                    }
                    pgrx::check_for_interrupts!();
                    reporter.iteration(what, watch, started);
                }
                // The work panicked; the scope hands the panic on.
                Err(RecvTimeoutError::Disconnected) => return Err(Error::new(INTERNAL, format!("{what} failed"))),
            }
        }
    })?;
    drop(pool);
    result.map_err(Into::into)
}

/// Runs jobs beside each other, and waits for them: as many at a time as `assay.threads` says, each on its share of the threads, so that what a job
/// gives does not depend on the others. Gives what each gave, in the order of the jobs. Everything else is as in [`run`].
pub fn run_each<T: Send, E: Into<Error> + Send>(
    what: &str,
    reporter: &mut Reporter,
    statement: &Foreground,
    jobs: usize,
    work: impl Fn(usize, &dyn Monitor) -> std::result::Result<T, E> + Sync,
) -> Result<Vec<std::result::Result<T, E>>> {
    let watch = Watch::new(statement);
    memory::prepare()?;
    let lanes = jobs.min(settings::threads()).max(1);
    let pools = (0..lanes)
        .map(|_| pool(settings::threads() / lanes))
        .collect::<Result<Vec<_>>>()?;
    let next = AtomicUsize::new(0);
    let mut results: Vec<Option<std::result::Result<T, E>>> = (0..jobs).map(|_| None).collect();
    std::thread::scope(|scope| {
        let _stop = StopOnExit(&watch);
        let (sender, receiver) = channel();
        for pool in &pools {
            let (sender, watch, next, work) = (sender.clone(), &watch, &next, &work);
            let lane = move || {
                loop {
                    let job = next.fetch_add(1, Ordering::Relaxed);
                    // The other end is gone when the statement is over.
                    if job >= jobs || sender.send((job, pool.install(|| work(job, watch)))).is_err() {
                        break;
                    }
                }
                memory::settle();
            };
            let started = with_signals_blocked(|| std::thread::Builder::new().spawn_scoped(scope, lane));
            started.map_err(|error| no_threads(&error))?;
        }
        drop(sender);
        for done in 0..jobs {
            loop {
                match receiver.recv_timeout(HEARTBEAT) {
                    Ok((job, result)) => {
                        results[job] = Some(result);
                        break;
                    }
                    Err(RecvTimeoutError::Timeout) => {
                        if ending() {
                            // The backend ends without unwinding: no thread may be left behind.
                            watch.stop.store(true, Ordering::Relaxed);
                            while receiver.recv().is_ok() {}
                        }
                        pgrx::check_for_interrupts!();
                        reporter.step(what, done, jobs);
                    }
                    Err(RecvTimeoutError::Disconnected) => return Err(Error::new(INTERNAL, format!("{what} failed"))),
                }
            }
        }
        Ok(())
    })?;
    let complete: Option<Vec<_>> = results.into_iter().collect();
    complete.ok_or_else(|| Error::new(INTERNAL, format!("{what} failed")))
}

/// So many threads that the system may not have.
fn pool(threads: usize) -> Result<rayon::ThreadPool> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .exit_handler(|_| memory::settle());
    with_signals_blocked(|| pool.build()).map_err(|error| no_threads(&error))
}

/// The system has neither memory nor numbers left for them.
pub(super) fn no_threads(error: &dyn std::fmt::Display) -> Error {
    Error::new(OUT_OF_MEMORY, format!("threads cannot be started: {error}")).hint("Lower assay.threads.")
}

/// Ends the statement when it was cancelled, or lacks memory. For work on the backend's own thread, every few milliseconds.
pub fn serve_interrupts() {
    pgrx::check_for_interrupts!();
    if let Some(needed) = memory::refused() {
        Error::from(algo::error::Error::OutOfMemory { needed }).raise();
    }
}

/// Waits, serving interrupts.
pub fn pause(time: Duration) {
    let until = Instant::now() + time;
    loop {
        serve_interrupts();
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left.min(HEARTBEAT));
    }
}

/// What this process has taken of the processors; nothing where the system does not tell.
fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock of the process is read into a structure of this function.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) } != 0;
    match (failed, u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec)) {
        (false, Ok(seconds), Ok(nanoseconds)) => Duration::new(seconds, nanoseconds),
        _ => Duration::ZERO,
    }
}

/// Whether the backend was told to end.
pub(super) fn ending() -> bool {
    // SAFETY: a flag of this process, set by its signal handler.
    unsafe { (&raw const pg_sys::ProcDiePending).read_volatile() != 0 }
}

/// Threads inherit the signal mask of the thread that starts them.
pub(super) fn with_signals_blocked<T>(start: impl FnOnce() -> T) -> T {
    // SAFETY: both masks are initialised before they are used, and the old one is put back.
    unsafe {
        let mut all = std::mem::zeroed::<libc::sigset_t>();
        let mut before = std::mem::zeroed::<libc::sigset_t>();
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
        let result = start();
        libc::pthread_sigmask(libc::SIG_SETMASK, &before, std::ptr::null_mut());
        result
    }
}

/// Gives memory that training has freed back to the system, so that an idle backend does not hold it.
pub fn release_memory() {
    // SAFETY: malloc_trim may be called at any time.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Seconds, for people.
fn seconds(seconds: f64) -> String {
    if seconds < 10.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{seconds:.0} s")
    }
}

/// Says how far a long training is: a NOTICE once per `assay.progress`, and the process title.
pub struct Reporter {
    started: Instant,
    /// What the process had taken of the processors then.
    cpu: Duration,
    reported: Instant,
    interval: Option<Duration>,
    title: Option<CString>,
}

impl Reporter {
    /// Starts the clock.
    pub fn new() -> Self {
        let now = Instant::now();
        Reporter {
            started: now,
            cpu: cpu_time(),
            reported: now,
            interval: settings::progress_interval(),
            title: None,
        }
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// What the process, its threads included, has taken of the processors since the start.
    pub fn cpu(&self) -> Duration {
        cpu_time().saturating_sub(self.cpu)
    }

    /// Whether it is time for a report.
    fn due(&mut self) -> bool {
        let due = self
            .interval
            .is_some_and(|interval| self.reported.elapsed() >= interval);
        if due {
            self.reported = Instant::now();
        }
        due
    }

    /// Reports how many rows have been read, when it is time.
    pub fn rows(&mut self, what: &str, rows: u64, expected: f64) {
        if self.due() {
            let text = format!("{what}: {rows} of about {expected:.0} rows read");
            notice(
                format!("{text}, {} elapsed", seconds(self.elapsed().as_secs_f64())),
                None,
            );
            self.show(&text);
        }
    }

    /// Reports at which of several pieces of work it is, when it is time.
    pub fn step(&mut self, what: &str, index: usize, count: usize) {
        if self.due() {
            let text = format!("{what}: {} of {count}", index + 1);
            notice(
                format!("{text}, {} elapsed", seconds(self.elapsed().as_secs_f64())),
                None,
            );
            self.show(&text);
        }
    }

    /// Reports how many blocks are done, when it is time.
    pub(super) fn count(&mut self, what: &str, blocks: usize) {
        if self.due() {
            let text = format!("{what}: {blocks} blocks of rows");
            notice(
                format!("{text}, {} elapsed", seconds(self.elapsed().as_secs_f64())),
                None,
            );
            self.show(&text);
        }
    }

    /// Tells a result of a long piece of work, once it has gone on for as long as reports are apart.
    pub fn tell(&self, text: impl FnOnce() -> String) {
        if self.interval.is_some_and(|interval| self.elapsed() >= interval) {
            notice(text(), None);
        }
    }

    /// Reports the iteration of a computation that began at `started`, when it is time.
    fn iteration(&mut self, what: &str, watch: &Watch<'_>, started: Instant) {
        if !self.due() {
            return;
        }
        let iteration = watch.iteration.load(Ordering::Acquire);
        let iterations = watch.iterations.load(Ordering::Relaxed);
        let elapsed = self.elapsed().as_secs_f64();
        if iteration == 0 {
            notice(format!("{what}, {} elapsed", seconds(elapsed)), None);
            self.show(what);
            return;
        }
        let loss = f64::from_bits(watch.loss.load(Ordering::Relaxed));
        let remaining =
            started.elapsed().as_secs_f64() / iteration as f64 * iterations.saturating_sub(iteration) as f64;
        let text = format!("{what}: iteration {iteration} of {iterations}");
        let (elapsed, remaining) = (seconds(elapsed), seconds(remaining));
        notice(
            format!("{text}, loss {loss:.6}, {elapsed} elapsed, about {remaining} remaining"),
            None,
        );
        self.show(&text);
    }

    /// Shows `text` as the process title, keeping the first one to put it back.
    fn show(&mut self, text: &str) {
        let Ok(text) = CString::new(encoding::encode_for_reading(&text.replace('\0', ""))) else {
            return;
        };
        // SAFETY: get_ps_display gives the current title and its length without a terminator promised; set_ps_display copies.
        unsafe {
            if self.title.is_none() {
                let mut length = 0;
                let current = pg_sys::get_ps_display(&mut length);
                let bytes = std::slice::from_raw_parts(current.cast::<u8>(), usize::try_from(length).unwrap_or(0));
                self.title = CString::new(bytes).ok();
            }
            pg_sys::set_ps_display(text.as_ptr());
        }
    }

    /// Puts the process title back.
    pub fn finish(&mut self) {
        if let Some(title) = self.title.take() {
            let title: &CStr = &title;
            // SAFETY: set_ps_display copies the C string.
            unsafe { pg_sys::set_ps_display(title.as_ptr()) }
        }
    }
}
