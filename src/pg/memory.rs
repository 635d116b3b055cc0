//! Memory of the extension's own: columns, models, whatever Rust allocates.
//!
//! Training touches hundreds of megabytes once. In pages of 4 kB the system's work for each page first touched was a sixth of the time of a
//! linear regression; large pages, where the system offers them on request, take nearly all of it away.
//!
//! An allocation that fails ends the process, and with a backend everybody's session. Buffers that grow are therefore reserved fallibly
//! ([`algo::room`]). For all else (a library's small tables, a text in a message) a reserve of address space stands by, which costs no
//! memory while it is not touched: when the system refuses an allocation, the reserve is given up in its favour, and the next look at the
//! monitor ends the statement with 53200. Bytes are counted, too, so that a statement ends with 53400 before it holds more than
//! assay.max_memory, whoever holds it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicIsize, AtomicPtr, AtomicUsize, Ordering};

use algo::error::{Error, Result};

/// The size of a large page on the platforms that have them by this call.
#[cfg(target_os = "linux")]
const PAGE: usize = 2 << 20;
/// Allocations of fewer bytes stay in small pages: they would round memory up by more than they save.
#[cfg(target_os = "linux")]
const LARGE: usize = 2 * PAGE;

/// The system's allocator, which asks for large pages where an allocation is large.
struct Allocator;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// Asks for large pages in the part of an allocation that whole ones fit into.
#[inline]
fn advise(start: *mut u8, size: usize) {
    #[cfg(target_os = "linux")]
    if size >= LARGE && !start.is_null() {
        let first = start.align_offset(PAGE);
        let length = size.saturating_sub(first) / PAGE * PAGE;
        // SAFETY: the range lies within the allocation. The advice changes how pages come, not what they hold; where it is refused,
        // nothing changes.
        unsafe {
            libc::madvise(start.wrapping_add(first).cast(), length, libc::MADV_HUGEPAGE);
        }
    }
}

/// Address space that is kept free.
struct Reserve {
    /// Null where it has been given up.
    start: AtomicPtr<u8>,
    bytes: usize,
}

/// What Rust may allocate between two looks at the monitor without having reserved it.
static ALLOCATIONS: Reserve = Reserve::of(16 << 20);
/// What the report of PostgreSQL's own lack of memory takes, which each Rust frame on its way copies.
static REPORT: Reserve = Reserve::of(2 << 20);
/// Bytes of the allocation for which the reserve was given up; 0 for none.
static REFUSED: AtomicUsize = AtomicUsize::new(0);

/// Bytes allocated, but for what threads have not yet added.
static LIVE: AtomicIsize = AtomicIsize::new(0);
/// Bytes that a thread counts by itself before it adds them, so that threads do not wait for each other.
const APART: isize = 1 << 16;

thread_local! {
    static OWN: Cell<isize> = const { Cell::new(0) };
}

/// Counts bytes that were allocated, or freed when there are less than 0.
#[inline]
fn count(bytes: isize) {
    // A thread on its way out has no counter any more.
    let _ = OWN.try_with(|own| {
        let sum = own.get() + bytes;
        if sum.abs() < APART {
            own.set(sum);
        } else {
            own.set(0);
            LIVE.fetch_add(sum, Ordering::Relaxed);
        }
    });
}

/// Adds what this thread has counted by itself: at its end.
pub fn settle() {
    LIVE.fetch_add(OWN.replace(0), Ordering::Relaxed);
}

/// About how many bytes are allocated.
pub fn live() -> isize {
    LIVE.load(Ordering::Relaxed)
}

/// Bytes that the system refused since the last [`prepare`], if it did.
#[inline]
pub fn refused() -> Option<usize> {
    match REFUSED.load(Ordering::Relaxed) {
        0 => None,
        bytes => Some(bytes),
    }
}

impl Reserve {
    const fn of(bytes: usize) -> Reserve {
        Reserve {
            start: AtomicPtr::new(null_mut()),
            bytes,
        }
    }

    /// Takes it, unless it is there. Returns an error where there is no room.
    fn fill(&self) -> Result<()> {
        if !self.start.load(Ordering::Relaxed).is_null() {
            return Ok(());
        }
        let (access, how) = (
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
        );
        // SAFETY: a new mapping, which touches no other.
        let start = unsafe { libc::mmap(null_mut(), self.bytes, access, how, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(Error::OutOfMemory { needed: self.bytes });
        }
        self.start.store(start.cast(), Ordering::Relaxed);
        Ok(())
    }

    /// Gives it up. Says whether it was there.
    fn release(&self) -> bool {
        let start = self.start.swap(null_mut(), Ordering::Relaxed);
        if start.is_null() {
            return false;
        }
        // SAFETY: the mapping that `fill` made, which nobody else has after the swap.
        unsafe { libc::munmap(start.cast(), self.bytes) };
        true
    }
}

/// Sees to it that there are reserves, for work that begins. Returns an error where there is no room for them.
pub fn prepare() -> Result<()> {
    REPORT.fill()?;
    ALLOCATIONS.fill()?;
    REFUSED.store(0, Ordering::Relaxed);
    Ok(())
}

/// Makes room for the report that PostgreSQL lacks memory.
pub fn make_room_for_report() {
    REPORT.release();
}

/// Gives the reserve up for an allocation that the system refused. Says whether another try is worth while.
#[cold]
fn give_up(bytes: usize) -> bool {
    if ALLOCATIONS.release() {
        REFUSED.store(bytes.max(1), Ordering::Relaxed);
    }
    // Another thread may just have given it up.
    refused().is_some()
}

/// Allocates `bytes` by `how`, with the reserve's help.
#[inline]
fn allocate(bytes: usize, how: impl Fn() -> *mut u8) -> *mut u8 {
    let mut start = how();
    if start.is_null() && give_up(bytes) {
        start = how();
    }
    if !start.is_null() {
        count(bytes as isize);
        advise(start, bytes);
    }
    start
}

// SAFETY: every call goes to the system's allocator as it is, a refused one twice; counting and advice do not touch what is allocated.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        allocate(layout.size(), || unsafe { System.alloc(layout) })
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        allocate(layout.size(), || unsafe { System.alloc_zeroed(layout) })
    }

    #[inline]
    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises; a refused call leaves what was allocated as it was.
        let start = allocate(size, || unsafe { System.realloc(start, layout, size) });
        if !start.is_null() {
            count(-(layout.size() as isize));
        }
        start
    }

    #[inline]
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(start, layout) }
    }
}
