//! The rows of a moving frame, the oldest first.

use crate::error::Result;
use crate::room;

/// Values that leave in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Queue<T> {
    values: Vec<T>,
    /// How many of them have left.
    left: usize,
}

impl<T: Copy> Queue<T> {
    /// Appends a value. Returns an error where there is no room. Amortised O(1).
    #[inline]
    pub fn push(&mut self, value: T) -> Result<()> {
        if self.values.len() == self.values.capacity() && self.left > self.values.len() / 2 {
            self.values.drain(..self.left);
            self.left = 0;
        }
        room::push(&mut self.values, value)
    }

    /// Takes the oldest value.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let value = self.values.get(self.left).copied();
        self.left += usize::from(value.is_some());
        value
    }

    /// Takes all values, the oldest first.
    pub fn take(&mut self) -> Vec<T> {
        let mut values = std::mem::take(&mut self.values);
        values.drain(..std::mem::take(&mut self.left));
        values
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.values.len() - self.left
    }

    pub fn clear(&mut self) {
        self.values.clear();
        self.left = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_leave_as_they_came() {
        let mut queue = Queue::default();
        let mut next = 0;
        for value in 0..10_000 {
            queue.push(value).unwrap();
            if value % 3 == 0 || queue.len() > 50 {
                assert_eq!(queue.pop(), Some(next));
                next += 1;
            }
        }
        assert!(queue.values.capacity() < 200);
        assert_eq!(queue.take(), (next..10_000).collect::<Vec<_>>());
        assert_eq!(queue.pop(), None);
    }
}
