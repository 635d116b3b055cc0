//! Freeing that a cancel need not wait for.
//!
//! What thousands of checks hold is hundreds of thousands of allocations and of the system's pages. To free them takes as long as a cancelled
//! statement may take to end. So a thread frees them, while the backend's own thread says that the statement was cancelled. The next work waits
//! until that is done, so that assay.max_memory holds. Where no statement is being cancelled, values are freed where they are dropped.

use std::ops::{Deref, DerefMut};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::cancel;
use super::compute::with_signals_blocked;
use super::stream::{self, AtWork};

/// What waits for the thread, and whether there is one.
struct Heap {
    values: Vec<Box<dyn Send>>,
    is_swept: bool,
}

static HEAP: Mutex<Heap> = Mutex::new(Heap {
    values: Vec::new(),
    is_swept: false,
});
static DONE: Condvar = Condvar::new();

fn heap() -> MutexGuard<'static, Heap> {
    HEAP.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Frees a value: by the thread where a statement is being cancelled.
pub fn free<T: Send + 'static>(value: T) {
    // Nothing begins once the backend has waited for its threads.
    if !cancel::is_under_way() || stream::is_leaving() {
        return;
    }
    let mut heap = heap();
    heap.values.push(Box::new(value));
    if !heap.is_swept {
        stream::watch_end();
        // Counted before there is a thread, so that the backend's end does not miss one that has just begun.
        let at_work = AtWork::begin();
        let started = with_signals_blocked(|| std::thread::Builder::new().spawn(move || sweep(at_work)));
        heap.is_swept = started.is_ok();
        if started.is_err() {
            let values = std::mem::take(&mut heap.values);
            drop(heap);
            drop(values);
        }
    }
}

/// Waits until all is freed.
pub fn wait() {
    let mut heap = heap();
    while heap.is_swept {
        heap = DONE.wait(heap).unwrap_or_else(PoisonError::into_inner);
    }
}

/// What the thread does.
fn sweep(at_work: AtWork) {
    loop {
        let mut heap = heap();
        if heap.values.is_empty() {
            // Counted before anybody goes on.
            drop(at_work);
            heap.is_swept = false;
            DONE.notify_all();
            return;
        }
        let values = std::mem::take(&mut heap.values);
        drop(heap);
        drop(values);
    }
}

/// A value that [`free`] frees.
#[derive(Debug, Default)]
pub struct Swept<T: Default + Send + 'static>(T);

impl<T: Default + Send + 'static> Swept<T> {
    pub fn new(value: T) -> Swept<T> {
        Swept(value)
    }

    /// The value, to be freed as others are.
    pub fn into_inner(mut self) -> T {
        std::mem::take(&mut self.0)
    }
}

impl<T: Default + Send + 'static> Deref for Swept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Default + Send + 'static> DerefMut for Swept<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Default + Send + 'static> Drop for Swept<T> {
    fn drop(&mut self) {
        free(std::mem::take(&mut self.0));
    }
}
