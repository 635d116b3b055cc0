//! What reading an input may cost.

use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Runs `read` on an input of `length` bytes, and panics when it has held more memory than `each` bytes for each of them and `fixed` more.
pub fn memory<T>(length: usize, each: usize, fixed: usize, read: impl FnOnce() -> T) -> T {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let result = read();
    let held = ALLOCATOR.peak_usage().saturating_sub(before);
    assert!(
        held <= length * each + fixed,
        "{length} bytes of input took {held} bytes of memory"
    );
    result
}
