//! Bytes that are read, which a monitor may stop: a few bytes can stand for many times their number in memory.

use std::cell::Cell;

use postcard::de_flavors::Flavor;
use postcard::{Deserializer, Error as Problem};
use serde::de::DeserializeOwned;

use super::error::{Error, Result};
use super::monitor::Monitor;

/// Bytes read between two looks at the monitor.
const STEP: usize = 1 << 12;

struct Source<'b> {
    bytes: &'b [u8],
    monitor: &'b dyn Monitor,
    /// The bytes left at which the monitor is asked next.
    next: usize,
    /// What it said when it stopped the reading.
    stopped: &'b Cell<Option<Error>>,
}

impl<'b> Source<'b> {
    fn take(&mut self, count: usize) -> postcard::Result<&'b [u8]> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(count)
            .ok_or(Problem::DeserializeUnexpectedEnd)?;
        self.bytes = rest;
        if rest.len() <= self.next {
            self.next = rest.len().saturating_sub(STEP);
            self.monitor.check().map_err(|stopped| {
                self.stopped.set(Some(stopped));
                Problem::SerdeDeCustom
            })?;
        }
        Ok(taken)
    }
}

impl<'b> Flavor<'b> for Source<'b> {
    type Remainder = &'b [u8];
    type Source = &'b [u8];

    #[inline]
    fn pop(&mut self) -> postcard::Result<u8> {
        self.take(1).map(|byte| byte[0])
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.bytes.len())
    }

    #[inline]
    fn try_take_n(&mut self, count: usize) -> postcard::Result<&'b [u8]> {
        self.take(count)
    }

    fn finalize(self) -> postcard::Result<&'b [u8]> {
        Ok(self.bytes)
    }
}

/// A value from all of `bytes`, in postcard's encoding. Returns an error that names `what` when they hold none, and as `monitor` says.
pub fn read<T: DeserializeOwned>(what: &'static str, bytes: &[u8], monitor: &dyn Monitor) -> Result<T> {
    let stopped = Cell::new(None);
    let source = Source {
        bytes,
        monitor,
        next: bytes.len(),
        stopped: &stopped,
    };
    let mut deserializer = Deserializer::from_flavor(source);
    let value = T::deserialize(&mut deserializer).map_err(|problem| {
        stopped
            .take()
            .unwrap_or_else(|| Error::damaged(what, problem.to_string()))
    })?;
    match deserializer.finalize() {
        Ok([]) => Ok(value),
        Ok(rest) => Err(Error::damaged(what, format!("{} bytes follow its end", rest.len()))),
        Err(problem) => Err(Error::damaged(what, problem.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::monitor::{Progress, Unwatched};

    /// Says stop once, at that look: whoever is asked afterwards, when the memory is freed again, has nothing to say.
    struct StopsAt(AtomicUsize);

    impl Monitor for StopsAt {
        fn check(&self) -> Result<()> {
            match self.0.fetch_sub(1, Ordering::Relaxed) {
                1 => Err(Error::Stopped),
                _ => Ok(()),
            }
        }
        fn progress(&self, _: Progress) {}
    }

    #[test]
    fn values_are_read_whole_and_alone() {
        let bytes = postcard::to_allocvec(&vec![1_u32, 300, 70_000]).unwrap();
        assert_eq!(read::<Vec<u32>>("list", &bytes, &Unwatched), Ok(vec![1, 300, 70_000]));
        for bytes in [&bytes[..bytes.len() - 1], &[&bytes[..], &[0]].concat(), &[]] {
            assert!(matches!(
                read::<Vec<u32>>("list", bytes, &Unwatched),
                Err(Error::Damaged { .. })
            ));
        }
    }

    #[test]
    fn a_monitor_stops_it() {
        let bytes = postcard::to_allocvec(&vec![0_u64; 100_000]).unwrap();
        let stopped = read::<Vec<u64>>("list", &bytes, &StopsAt(AtomicUsize::new(5)));
        assert_eq!(stopped, Err(Error::Stopped));
    }
}
