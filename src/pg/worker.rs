//! Work that a rolled-back transaction does not take along: it is handed to a dynamic background worker, which needs no preload. The session writes what
//! is to be done into shared memory; the worker does it in transactions of its own, while the session raises its error.
//!
//! A session has one worker of a kind at work at a time. What comes while that one is at it is put behind the rest, and only once it has said that it
//! takes no more is another one started. A session that has to know what came of it waits for the answer: [`ask`].

use std::cell::{RefCell, UnsafeCell};
use std::ffi::{CStr, c_char, c_int};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use pgrx::{PgLogLevel, PgMemoryContexts, PgSqlErrorCode, ereport, pg_sys};

use super::attempt::{attempt, attempt_to_write};
use super::compute::serve_interrupts;
use super::error::Result;
use super::settings;

/// The most bytes of one piece of work.
pub const MOST: usize = 1024 * 1024;
/// Room for what comes while the worker is at the first piece.
const MORE: usize = 64 * 1024;
/// How long a session waits for a worker that takes no more to end, before it starts another one.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a session that needs an answer tries again to find a worker that is free.
const SEARCH: Duration = Duration::from_secs(3);
/// How long it waits for the answer.
const WAIT: Duration = Duration::from_secs(60);
/// The most bytes of an answer; a longer one is cut.
const ANSWER: usize = 2048;
/// How long a worker waits for whoever changes the same rows.
const LOCK_TIMEOUT: &CStr = c"60s";
/// Begins the memory of a session's work.
const MAGIC: u64 = 0x4153_5341_5957_4b32;
/// In [`Header::written`]: the worker takes no more.
const CLOSED: u64 = 1 << 63;
/// Before each piece stands its length.
const LENGTH: usize = size_of::<u64>();

/// What stands at the beginning of the shared memory; pieces of work follow, each rounded up to whole words.
#[repr(C)]
struct Header {
    magic: u64,
    /// The bytes behind the header.
    room: u64,
    database: pg_sys::Oid,
    /// Whether somebody has taken the pin away that keeps the memory until the worker is there.
    unpinned: AtomicU32,
    /// The bytes behind the header that are written, which only the session adds to; with [`CLOSED`], which only the worker sets.
    written: AtomicU64,
    /// The bytes behind the header of which all that was to be done is done, be it without success. Only the worker adds to it.
    done: AtomicU64,
    /// What came of the piece that was done last: the worker writes it before it says that it is done, and the session reads it after that, before it
    /// hands over another piece.
    answer: UnsafeCell<Answer>,
}

/// What came of a piece of work.
#[repr(C)]
struct Answer {
    /// Not 0 where it failed: what stands here is why.
    failed: u32,
    length: u32,
    bytes: [u8; ANSWER],
}

/// What a worker is to do with a piece of work; it gives the answer.
pub type Work = fn(&[u8]) -> Result<Vec<u8>>;

/// The bytes that a piece of work takes.
fn whole(length: usize) -> usize {
    LENGTH + length.next_multiple_of(LENGTH)
}

/// A session's hold on its last worker.
struct Session {
    segment: *mut pg_sys::dsm_segment,
    worker: *mut pg_sys::BackgroundWorkerHandle,
}

unsafe extern "C-unwind" {
    /// PostgreSQL's handler of SIGTERM: sets flags. pgrx's function of this name is none that could handle signals.
    fn die(signal: c_int);
}

thread_local! {
    /// The last worker of each main function.
    static SESSIONS: RefCell<Vec<(&'static CStr, Session)>> = const { RefCell::new(Vec::new()) };
}

/// Hands a piece of work over to the worker whose main function is `function`, made by [`main`]. It is done whether or not the running transaction is
/// committed. The inner error says why nobody will do it.
pub fn hand_over(function: &'static CStr, work: &[u8]) -> Result<std::result::Result<(), String>> {
    SESSIONS.with_borrow_mut(|sessions| Ok(begin(sessions, function, work)?.map(drop)))
}

/// As [`hand_over`], and waits until it is done, for a worker that is free, too. The inner error says why it was not done.
pub fn ask(function: &'static CStr, work: &[u8]) -> Result<std::result::Result<Vec<u8>, String>> {
    let since = Instant::now();
    let end = loop {
        match SESSIONS.with_borrow_mut(|sessions| begin(sessions, function, work))? {
            Ok(end) => break end,
            Err(reason) if since.elapsed() > SEARCH => return Ok(Err(reason)),
            Err(_) => pause(),
        }
    };
    let since = Instant::now();
    loop {
        let answer = SESSIONS.with_borrow(|sessions| {
            let (_, session) = sessions.iter().find(|(name, _)| *name == function)?;
            // In this order: what a worker did before it was gone counts.
            let is_gone = session.is_gone();
            match session.answer(end) {
                None if is_gone => Some(Err("the background worker has ended before it was done".into())),
                answer => answer,
            }
        });
        match answer {
            Some(answer) => return Ok(answer),
            None if since.elapsed() > WAIT => return Ok(Err("the background worker is not done yet".into())),
            None => pause(),
        }
    }
}

/// Waits a little.
fn pause() {
    serve_interrupts();
    std::thread::sleep(Duration::from_millis(1));
}

/// Hands a piece of work over: to the worker of this main function that is at work, or to another one. Gives where the piece ends.
fn begin(
    sessions: &mut Vec<(&'static CStr, Session)>,
    function: &'static CStr,
    work: &[u8],
) -> Result<std::result::Result<u64, String>> {
    if work.len() > MOST {
        return Ok(Err(format!("it is more than {MOST} bytes")));
    }
    let place = sessions.iter().position(|(name, _)| *name == function);
    if let Some(place) = place {
        let last = &sessions[place].1;
        if let Some(end) = last.add(work) {
            return Ok(Ok(end));
        }
        let since = Instant::now();
        while !last.is_gone() {
            if since.elapsed() > PATIENCE {
                return Ok(Err("the session's last background worker is not done yet".into()));
            }
            pause();
        }
        sessions.swap_remove(place).1.leave();
    }
    // PostgreSQL raises an error where shared memory is used up.
    Ok(
        attempt(|| Ok(Session::start(function, work)))?.and_then(|started| match started {
            Some((started, end)) => {
                sessions.push((function, started));
                Ok(end)
            }
            None => Err("no background worker is free".into()),
        }),
    )
}

impl Session {
    /// Starts a worker for a piece of work, and says where that ends; `None` where none is free.
    fn start(function: &CStr, work: &[u8]) -> Option<(Session, u64)> {
        let room = whole(work.len()) + MORE;
        // SAFETY: the segment is as long as it is asked to be, and begins at a page; its header is written before anybody knows of it. Until its
        // mapping is pinned an error or a refusal leaves it to the (sub)transaction, which lets go of it.
        unsafe {
            let segment = pg_sys::dsm_create(
                size_of::<Header>() + room,
                pg_sys::DSM_CREATE_NULL_IF_MAXSEGMENTS as i32,
            );
            if segment.is_null() {
                return None;
            }
            let header = pg_sys::dsm_segment_address(segment).cast::<Header>();
            header.write(Header {
                magic: MAGIC,
                room: room as u64,
                database: pg_sys::MyDatabaseId,
                unpinned: AtomicU32::new(0),
                written: AtomicU64::new(0),
                done: AtomicU64::new(0),
                answer: UnsafeCell::new(Answer {
                    failed: 0,
                    length: 0,
                    bytes: [0; ANSWER],
                }),
            });
            let mut session = Session {
                segment,
                worker: std::ptr::null_mut(),
            };
            let end = session.add(work)?;
            if !session.register(function) {
                return None;
            }
            Some((session, end))
        }
    }

    /// Registers the worker. The memory then outlives the transaction, and the session, too.
    fn register(&mut self, function: &CStr) -> bool {
        let mut worker = pg_sys::BackgroundWorker {
            bgw_flags: (pg_sys::BGWORKER_SHMEM_ACCESS | pg_sys::BGWORKER_BACKEND_DATABASE_CONNECTION) as i32,
            bgw_start_time: pg_sys::BgWorkerStartTime::BgWorkerStart_RecoveryFinished,
            bgw_restart_time: pg_sys::BGW_NEVER_RESTART,
            ..Default::default()
        };
        write_name(&mut worker.bgw_name, c"assay: what outlives a rollback");
        write_name(&mut worker.bgw_type, c"assay");
        write_name(&mut worker.bgw_library_name, c"assay");
        write_name(&mut worker.bgw_function_name, function);
        // SAFETY: the segment is mapped. It is pinned before the worker can know of it, and let go where there is no worker. The handle is
        // allocated where it lives as long as the session.
        unsafe {
            worker.bgw_main_arg = pg_sys::Datum::from(pg_sys::dsm_segment_handle(self.segment));
            pg_sys::dsm_pin_segment(self.segment);
            let handle = &mut self.worker;
            let is_registered = PgMemoryContexts::TopMemoryContext
                .switch_to(|_| pg_sys::RegisterDynamicBackgroundWorker(&mut worker, handle));
            if is_registered {
                pg_sys::dsm_pin_mapping(self.segment);
            } else {
                pg_sys::dsm_unpin_segment(pg_sys::dsm_segment_handle(self.segment));
            }
            is_registered
        }
    }

    fn header(&self) -> &Header {
        // SAFETY: the segment is mapped as long as the session holds it, and begins with a header that was written. What changes of that is atomic.
        unsafe { &*pg_sys::dsm_segment_address(self.segment).cast::<Header>() }
    }

    /// Puts a piece of work behind the others, and says where it ends; `None` where the worker takes no more, or there is no room.
    fn add(&self, work: &[u8]) -> Option<u64> {
        let header = self.header();
        let written = header.written.load(Ordering::Acquire);
        let end = (written & !CLOSED).saturating_add(whole(work.len()) as u64);
        if written & CLOSED != 0 || end > header.room {
            return None;
        }
        // SAFETY: the bytes lie within the segment, behind all that the worker knows to be written, so that nobody reads them yet.
        unsafe {
            let place = pg_sys::dsm_segment_address(self.segment)
                .cast::<u8>()
                .add(size_of::<Header>() + written as usize);
            place.cast::<u64>().write(work.len() as u64);
            place.add(LENGTH).copy_from_nonoverlapping(work.as_ptr(), work.len());
        }
        // The worker may have closed it meanwhile.
        let added = header
            .written
            .compare_exchange(written, end, Ordering::AcqRel, Ordering::Acquire);
        added.is_ok().then_some(end)
    }

    /// What came of the piece of work that ends there, which was handed over last; `None` while it is not done.
    fn answer(&self, end: u64) -> Option<std::result::Result<Vec<u8>, String>> {
        let header = self.header();
        if header.done.load(Ordering::Acquire) < end {
            return None;
        }
        // SAFETY: the worker has written the answer before it said that it is done, and writes no other before there is another piece, which this
        // thread would have to hand over.
        let answer = unsafe { &*header.answer.get() };
        let bytes = answer.bytes[..(answer.length as usize).min(ANSWER)].to_vec();
        Some(match answer.failed {
            0 => Ok(bytes),
            _ => Err(String::from_utf8_lossy(&bytes).into_owned()),
        })
    }

    /// Whether the worker has ended, and its place is free again.
    fn is_gone(&self) -> bool {
        let mut pid = 0;
        // SAFETY: the handle is that of the registration.
        let status = unsafe { pg_sys::GetBackgroundWorkerPid(self.worker, &mut pid) };
        status == pg_sys::BgwHandleStatus::BGWH_STOPPED || status == pg_sys::BgwHandleStatus::BGWH_POSTMASTER_DIED
    }

    /// Lets go of the memory of a worker that has ended.
    fn leave(self) {
        // A worker that never came has not taken the pin away.
        let is_pinned = self.header().unpinned.swap(1, Ordering::AcqRel) == 0;
        // SAFETY: the segment is mapped, and pinned where nobody has taken the pin away; nothing refers to it any more. The handle was allocated by
        // the registration.
        unsafe {
            if is_pinned {
                pg_sys::dsm_unpin_segment(pg_sys::dsm_segment_handle(self.segment));
            }
            pg_sys::dsm_detach(self.segment);
            pg_sys::pfree(self.worker.cast());
        }
    }
}

/// Writes a name into a field of PostgreSQL's, which is of zeros.
fn write_name(field: &mut [c_char], name: &CStr) {
    let last = field.len().saturating_sub(1);
    for (place, byte) in field.iter_mut().take(last).zip(name.to_bytes()) {
        *place = *byte as c_char;
    }
}

/// Defines the main function of a worker, by the name `$symbol`, which does each piece of work with `$function`.
macro_rules! main {
    ($function:path, $symbol:ident) => {
        #[doc(hidden)]
        #[pgrx::pg_guard]
        #[allow(unsafe_code)]
        #[unsafe(no_mangle)]
        pub extern "C-unwind" fn $symbol(argument: pgrx::pg_sys::Datum) {
            $crate::pg::worker::serve(argument, $function);
        }
    };
}
pub(crate) use main;

/// What a worker does: takes the session's work, connects to its database, does piece after piece, and ends when there is no more. It connects without
/// a role, as the bootstrap superuser that PostgreSQL's own workers run as, since 15 and 16 refuse roles that may not log in; so `work` must run nothing that
/// a user wrote.
pub fn serve(argument: pg_sys::Datum, work: Work) {
    let handle = argument.value() as pg_sys::dsm_handle;
    // SAFETY: PostgreSQL calls this in a process of its own, whose main function it is. Signals are handled as in other backends before they are
    // let through. The segment was made by `Session::start` of this library, is as long as it says, and stays mapped, for no resource
    // owner is there to let go of it, until the process ends. The pin is taken away by the first who says so.
    let header = unsafe {
        #[cfg(not(feature = "pg18"))]
        pg_sys::pqsignal(pg_sys::SIGTERM as i32, Some(die));
        #[cfg(feature = "pg18")]
        pg_sys::pqsignal_be(pg_sys::SIGTERM as i32, Some(die));
        pg_sys::BackgroundWorkerUnblockSignals();
        let segment = pg_sys::dsm_attach(handle);
        if segment.is_null() || pg_sys::dsm_segment_map_length(segment) < size_of::<Header>() {
            return;
        }
        let header = pg_sys::dsm_segment_address(segment).cast::<Header>();
        let behind = pg_sys::dsm_segment_map_length(segment) - size_of::<Header>();
        if (*header).magic != MAGIC || (*header).room > behind as u64 {
            return;
        }
        if (*header).unpinned.swap(1, Ordering::AcqRel) == 0 {
            pg_sys::dsm_unpin_segment(handle);
        }
        pg_sys::BackgroundWorkerInitializeConnectionByOid((*header).database, pg_sys::InvalidOid, 0);
        &*header
    };
    let pieces = (&raw const *header).wrapping_add(1).cast::<u8>();
    // It was looked at once; whatever stands there later, no more than that is read.
    let room = header.room;
    let mut read = 0;
    loop {
        let written = header.written.load(Ordering::Acquire);
        while let Some(rest) = rest(read, written, room) {
            // SAFETY: so much lies within the segment, is written, and is not changed any more; it begins at whole words.
            let piece = unsafe {
                let place = pieces.add(read as usize);
                let length = place.cast::<u64>().read();
                std::slice::from_raw_parts(place.add(LENGTH), length.min(rest) as usize)
            };
            read = read.saturating_add(whole(piece.len()) as u64);
            let answer = transaction(piece, work);
            // SAFETY: the session reads the answer once it is told that the piece is done, and the one before it no more, for it has handed over this
            // piece since.
            unsafe { write_answer(&mut *header.answer.get(), answer) };
            header.done.store(read, Ordering::Release);
        }
        let closed = written | CLOSED;
        if header
            .written
            .compare_exchange(written, closed, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
        {
            return;
        }
    }
}

/// How many bytes may follow the length of the piece of work at `read`; `None` where there is no piece.
fn rest(read: u64, written: u64, room: u64) -> Option<u64> {
    let end = (written & !CLOSED).min(room);
    end.checked_sub(read)?.checked_sub(LENGTH as u64)
}

/// Writes an answer, as far as there is room for it.
fn write_answer(place: &mut Answer, answer: std::result::Result<Vec<u8>, String>) {
    let (failed, bytes) = match answer {
        Ok(bytes) => (0, bytes),
        Err(problem) => (1, problem.into_bytes()),
    };
    let length = bytes.len().min(ANSWER);
    place.failed = failed;
    place.length = length as u32;
    place.bytes[..length].copy_from_slice(&bytes[..length]);
}

/// Does a piece of work in a transaction. Where it fails the server's log says why, for there need not be anybody else to be told.
fn transaction(piece: &[u8], work: Work) -> std::result::Result<Vec<u8>, String> {
    // SAFETY: what PostgreSQL's own workers do around a transaction; the snapshot is popped before it ends.
    unsafe {
        pg_sys::SetCurrentStatementStartTimestamp();
        pg_sys::pgstat_report_activity(
            pg_sys::BackendState::STATE_RUNNING,
            c"keeping what outlives a rollback".as_ptr(),
        );
        pg_sys::StartTransactionCommand();
        // The settings of the database are not the session's.
        (&raw mut pg_sys::XactReadOnly).write(false);
        (&raw mut pg_sys::XactIsoLevel).write(pg_sys::XACT_READ_COMMITTED as i32);
        pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
    }
    settings::save(c"lock_timeout", LOCK_TIMEOUT);
    let answer = attempt_to_write(|| work(piece)).unwrap_or_else(|cancel| Err(cancel.sentences()));
    if let Err(problem) = &answer {
        ereport!(
            PgLogLevel::LOG,
            PgSqlErrorCode::ERRCODE_WARNING,
            format!("what outlives a rollback could not be kept: {problem}")
        );
    }
    // SAFETY: as above.
    unsafe {
        pg_sys::PopActiveSnapshot();
        pg_sys::CommitTransactionCommand();
        pg_sys::pgstat_report_stat(true);
        pg_sys::pgstat_report_activity(pg_sys::BackendState::STATE_IDLE, std::ptr::null());
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_behind_what_is_written_or_beyond_the_segment() {
        assert_eq!(rest(0, 0, 64), None);
        assert_eq!(rest(0, 24, 64), Some(16));
        assert_eq!(rest(24, 24, 64), None);
        // An end that no session writes, and one that lies.
        assert_eq!(rest(0, 7, 64), None);
        assert_eq!(rest(24, 30, 64), None);
        assert_eq!(rest(32, 24, 64), None);
        assert_eq!(rest(0, u64::MAX, 64), Some(56));
        assert_eq!(rest(0, 24 | CLOSED, 64), Some(16));
        assert_eq!(rest(u64::MAX, u64::MAX, u64::MAX), None);
    }
}
