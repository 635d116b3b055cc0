//! Bytes of what is stored, written and read under the eyes of a monitor: a large model takes seconds.

use std::cell::Cell;

use postcard::{Deserializer, Error as Problem, Result as Written, de_flavors, ser_flavors};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::coded;
use super::error::{Error, Result};
use super::monitor::Monitor;
use super::room;

/// Bytes written between two looks at the monitor.
const WRITTEN: usize = 1 << 20;

/// Bytes read between two looks: a few of them can stand for many times their number in memory.
const READ: usize = 1 << 12;

/// How many times its bytes a value takes in memory, at most: numbers are stored in as few bytes as they need, and vectors double.
const UNPACKED: usize = 4;

/// Appends a value in postcard's encoding to `bytes`; `what` names it in errors. Returns an error when stopped, and where there
/// is no room.
pub fn encode<T: Serialize>(what: &'static str, value: &T, bytes: Vec<u8>, monitor: &dyn Monitor) -> Result<Vec<u8>> {
    let mut failure = None;
    let sink = Sink {
        next: bytes.len() + WRITTEN,
        bytes,
        monitor,
        failure: &mut failure,
    };
    postcard::serialize_with_flavor(value, sink)
        .map_err(|problem| failure.unwrap_or_else(|| Error::damaged(what, problem.to_string())))
}

/// The value that all of `bytes` are, which may come from anywhere; `what` names it in errors. Returns an error as [`encode`] does.
pub fn decode<T: DeserializeOwned>(what: &'static str, bytes: &[u8], monitor: &dyn Monitor) -> Result<T> {
    // Reading allocates piece by piece, in ways that cannot fail.
    room::ask(bytes.len().saturating_mul(UNPACKED))?;
    let failure = Cell::new(None);
    coded::take_newer();
    let mut reader = Deserializer::from_flavor(Source {
        next: bytes.len().saturating_sub(READ),
        left: bytes,
        monitor,
        failure: &failure,
    });
    let read = T::deserialize(&mut reader).and_then(|value| Ok((value, reader.finalize()?)));
    match read {
        Ok((value, [])) => {
            monitor.check()?;
            Ok(value)
        }
        Ok((_, rest)) => Err(Error::damaged(what, format!("{} bytes follow its end", rest.len()))),
        Err(problem) => Err(failure
            .take()
            .or_else(|| coded::take_newer().map(|found| Error::newer(what, found)))
            .unwrap_or_else(|| Error::damaged(what, problem.to_string()))),
    }
}

/// Bytes being written.
struct Sink<'m> {
    bytes: Vec<u8>,
    /// The length at which the monitor is asked next.
    next: usize,
    monitor: &'m dyn Monitor,
    /// Why writing ended early.
    failure: &'m mut Option<Error>,
}

impl Sink<'_> {
    #[inline]
    fn reserve(&mut self, more: usize) -> Written<()> {
        if self.bytes.len() + more <= self.next && self.bytes.capacity() - self.bytes.len() >= more {
            return Ok(());
        }
        self.look(more)
    }

    #[cold]
    fn look(&mut self, more: usize) -> Written<()> {
        self.next = self.bytes.len() + more + WRITTEN;
        let outlook = self.monitor.check().and_then(|()| room::reserve(&mut self.bytes, more));
        outlook.map_err(|error| {
            *self.failure = Some(error);
            Problem::SerializeBufferFull
        })
    }
}

impl ser_flavors::Flavor for Sink<'_> {
    type Output = Vec<u8>;

    #[inline]
    fn try_push(&mut self, byte: u8) -> Written<()> {
        self.reserve(1)?;
        self.bytes.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> Written<()> {
        self.reserve(bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> Written<Vec<u8>> {
        Ok(self.bytes)
    }
}

/// Bytes being read.
struct Source<'a> {
    left: &'a [u8],
    /// The monitor is asked next when so many bytes are left.
    next: usize,
    monitor: &'a dyn Monitor,
    /// Why reading ended early.
    failure: &'a Cell<Option<Error>>,
}

impl Source<'_> {
    #[cold]
    fn look(&mut self) -> Written<()> {
        self.next = self.left.len().saturating_sub(READ);
        self.monitor.check().map_err(|error| {
            self.failure.set(Some(error));
            Problem::DeserializeUnexpectedEnd
        })
    }
}

impl<'a> de_flavors::Flavor<'a> for Source<'a> {
    type Remainder = &'a [u8];
    type Source = &'a [u8];

    #[inline]
    fn pop(&mut self) -> Written<u8> {
        let (&byte, left) = self.left.split_first().ok_or(Problem::DeserializeUnexpectedEnd)?;
        self.left = left;
        if left.len() < self.next {
            self.look()?;
        }
        Ok(byte)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.left.len())
    }

    #[inline]
    fn try_take_n(&mut self, count: usize) -> Written<&'a [u8]> {
        let (taken, left) = self
            .left
            .split_at_checked(count)
            .ok_or(Problem::DeserializeUnexpectedEnd)?;
        self.left = left;
        if left.len() < self.next {
            self.look()?;
        }
        Ok(taken)
    }

    fn finalize(self) -> Written<&'a [u8]> {
        Ok(self.left)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::monitor::{Progress, Unwatched};

    /// Stops after so many looks, and stays so.
    struct Stop(AtomicUsize);

    impl Monitor for Stop {
        fn check(&self) -> Result<()> {
            let left = self
                .0
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            left.map(drop).map_err(|_| Error::Stopped)
        }

        fn progress(&self, _: Progress) {}
    }

    #[test]
    fn writing_and_reading_stop_within_a_step() {
        let values: Vec<(u64, String)> = (0..400_000_u64).map(|i| (i << 40, i.to_string())).collect();
        let bytes = encode("values", &values, vec![7], &Unwatched).unwrap();
        assert!(bytes.len() > 4 * WRITTEN);
        assert_eq!(
            decode::<Vec<(u64, String)>>("values", &bytes[1..], &Unwatched),
            Ok(values.clone())
        );
        for looks in 0..4 {
            let stop = || Stop(AtomicUsize::new(looks));
            assert_eq!(encode("values", &values, Vec::new(), &stop()), Err(Error::Stopped));
            assert_eq!(
                decode::<Vec<(u64, String)>>("values", &bytes[1..], &stop()),
                Err(Error::Stopped)
            );
        }
        assert!(decode::<Vec<(u64, String)>>("values", &bytes[1..bytes.len() - 1], &Unwatched).is_err());
        assert!(decode::<u8>("values", &[1, 2], &Unwatched).is_err());
    }
}
