//! The best of what is found.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A document with what it is worth. The better one is the lesser: it comes first. Of equal ones the one with the smaller number is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Its number.
    pub document: i64,
    /// What it is worth; no NaN.
    pub score: f64,
}

impl Eq for Found {}

impl Ord for Found {
    fn cmp(&self, other: &Found) -> Ordering {
        other
            .score
            .total_cmp(&self.score)
            .then(self.document.cmp(&other.document))
    }
}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Found) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// So many of the best.
pub struct Top {
    most: usize,
    /// The worst of them first.
    found: BinaryHeap<Found>,
}

impl Top {
    /// The best `most`.
    pub fn new(most: usize) -> Top {
        Top {
            most,
            found: BinaryHeap::new(),
        }
    }

    /// What is worth less need not be offered.
    #[inline]
    pub fn least(&self) -> f64 {
        match self.found.peek() {
            Some(worst) if self.found.len() >= self.most => worst.score,
            Some(_) | None => f64::NEG_INFINITY,
        }
    }

    /// Whether it would be among the best.
    #[inline]
    pub fn takes(&self, found: Found) -> bool {
        self.found.len() < self.most || self.found.peek().is_some_and(|worst| found < *worst)
    }

    /// Takes it if it is among the best.
    pub fn offer(&mut self, found: Found) {
        if !self.takes(found) {
            return;
        }
        if self.found.len() >= self.most {
            self.found.pop();
        }
        self.found.push(found);
    }

    /// They, the best first.
    pub fn finish(self) -> Vec<Found> {
        self.found.into_sorted_vec()
    }
}
