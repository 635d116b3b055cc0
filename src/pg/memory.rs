//! Memory of the extension's own: columns, models, whatever Rust allocates.
//!
//! Training touches hundreds of megabytes once. In pages of 4 kB the system's work for each page first touched was a sixth of the time of a
//! linear regression; large pages, where the system offers them on request, take nearly all of it away.

use std::alloc::{GlobalAlloc, Layout, System};

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

// SAFETY: every call goes to the system's allocator as it is; advice does not touch what is allocated.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        let start = unsafe { System.alloc(layout) };
        advise(start, layout.size());
        start
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        let start = unsafe { System.alloc_zeroed(layout) };
        advise(start, layout.size());
        start
    }

    #[inline]
    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises.
        let start = unsafe { System.realloc(start, layout, size) };
        advise(start, size);
        start
    }

    #[inline]
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(start, layout) }
    }
}
