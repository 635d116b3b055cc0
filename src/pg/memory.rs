//! Memory of the extension's own: columns, models, whatever Rust allocates.
//!
//! Training touches hundreds of megabytes once. In pages of 4 kB the system's work for each page first touched was a sixth of the time of a
//! linear regression; large pages, where the system offers them on request, take nearly all of it away. What is large is mapped by itself, for the
//! C library's heap would copy it when it grows, and zero it on one thread when it is asked for zeros: a mapping moves, and is zeroed by the threads
//! that touch it first.
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

use super::foreground::is_ending;
use super::{cancel, ceiling, sweep};

/// Allocations of fewer bytes stay in small pages: they would round memory up by more than they save.
const LARGE: usize = 4 << 20;
/// What a mapping is aligned to on every platform.
const ALIGNED: usize = 4096;

/// The system's allocator for what is small, and mappings in large pages for what is not.
struct Allocator;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// Whether an allocation is a mapping of its own.
#[inline]
fn is_mapped(size: usize, align: usize) -> bool {
    cfg!(target_os = "linux") && size >= LARGE && align <= ALIGNED
}

/// Asks for large pages in a mapping: in all of it, for a mapping whose parts differ could not be moved.
#[inline]
fn advise(start: *mut u8, size: usize) {
    #[cfg(target_os = "linux")]
    // SAFETY: the range is the mapping. The advice changes how pages come, not what they hold; where it is refused, nothing changes.
    unsafe {
        libc::madvise(start.cast(), size, libc::MADV_HUGEPAGE);
    }
}

/// A mapping of `size` bytes, which are 0; null where there is no room.
fn map(size: usize) -> *mut u8 {
    let (access, how) = (
        libc::PROT_READ | libc::PROT_WRITE,
        libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
    );
    // SAFETY: a new mapping, which touches no other.
    let start = unsafe { libc::mmap(null_mut(), size, access, how, -1, 0) };
    if start == libc::MAP_FAILED {
        return null_mut();
    }
    advise(start.cast(), size);
    start.cast()
}

/// Gives a mapping back.
///
/// # Safety
/// It is one of `map` or `remap`, has this size, and nobody uses it any more.
unsafe fn unmap(start: *mut u8, size: usize) {
    // SAFETY: as the caller promises.
    unsafe { libc::munmap(start.cast(), size) };
}

/// Makes a mapping of `from` bytes one of `to` bytes, elsewhere where there is no room behind it. Null where there is none at all, and the mapping is
/// as it was.
///
/// # Safety
/// As for [`unmap`].
unsafe fn remap(start: *mut u8, from: usize, to: usize) -> *mut u8 {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: as the caller promises.
        let moved = unsafe { libc::mremap(start.cast(), from, to, libc::MREMAP_MAYMOVE) };
        if moved != libc::MAP_FAILED {
            advise(moved.cast(), to);
            return moved.cast();
        }
    }
    let copy = map(to);
    if !copy.is_null() {
        // SAFETY: as the caller promises; the new mapping is none of the old one's, and both hold what is copied.
        unsafe {
            std::ptr::copy_nonoverlapping(start, copy, from.min(to));
            unmap(start, from);
        }
    }
    copy
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
        let start = map(self.bytes);
        if start.is_null() {
            return Err(Error::OutOfMemory { needed: self.bytes });
        }
        self.start.store(start, Ordering::Relaxed);
        Ok(())
    }

    /// Gives it up. Says whether it was there.
    fn release(&self) -> bool {
        let start = self.start.swap(null_mut(), Ordering::Relaxed);
        if start.is_null() {
            return false;
        }
        // SAFETY: the mapping that `fill` made, which nobody else has after the swap.
        unsafe { unmap(start, self.bytes) };
        true
    }
}

/// Sees to it that there are reserves, for work that begins, and that all is freed which was to be. Returns an error where there is no room for them.
pub fn prepare() -> Result<()> {
    if !is_ending() {
        cancel::forget();
        sweep::wait();
    }
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
    if start.is_null() && ceiling::give_way() {
        start = how();
    }
    if start.is_null() && give_up(bytes) {
        start = how();
    }
    if !start.is_null() {
        count(bytes as isize);
    }
    start
}

// SAFETY: what `is_mapped` says of a size and an alignment decides who allocates and who frees, so that both are the same; a mapping is aligned to
// more than that alignment. Every other call goes to the system's allocator as it is. A refused one is made twice; counting and advice do not touch
// what is allocated.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        allocate(layout.size(), || match is_mapped(layout.size(), layout.align()) {
            true => map(layout.size()),
            // SAFETY: as the caller promises.
            false => unsafe { System.alloc(layout) },
        })
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        allocate(layout.size(), || match is_mapped(layout.size(), layout.align()) {
            true => map(layout.size()),
            // SAFETY: as the caller promises.
            false => unsafe { System.alloc_zeroed(layout) },
        })
    }

    #[inline]
    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let mapped = (
            is_mapped(layout.size(), layout.align()),
            is_mapped(size, layout.align()),
        );
        // SAFETY: as the caller promises; a refused call leaves what was allocated as it was. What changes between mapping and heap is copied as far
        // as it is there on both sides, and the new layout is sound, since the caller's size and alignment are.
        let start = unsafe {
            match mapped {
                (true, true) => allocate(size, || remap(start, layout.size(), size)),
                (false, false) => allocate(size, || System.realloc(start, layout, size)),
                (true, false) | (false, true) => {
                    let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
                    if !new.is_null() {
                        std::ptr::copy_nonoverlapping(start, new, size.min(layout.size()));
                        self.dealloc(start, layout);
                    }
                    return new;
                }
            }
        };
        if !start.is_null() {
            count(-(layout.size() as isize));
        }
        start
    }

    #[inline]
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as the caller promises.
        unsafe {
            match is_mapped(layout.size(), layout.align()) {
                true => unmap(start, layout.size()),
                false => System.dealloc(start, layout),
            }
        }
    }
}
