//! The best documents of a segment, document by document, without reading blocks that cannot hold any: MaxScore (Turtle and Flood 1995) with the
//! maxima of blocks (Ding and Suel 2011; Chakrabarti et al. 2011).
//!
//! The numbers of documents are cut into intervals in which no word changes its block. In an interval each word is worth at most what its block
//! says; words that together cannot lift a document among the best ones are looked up only for documents that have another of the words. What a
//! document is worth is always summed in the order of the words, so that it does not depend on what was skipped.

use super::block::{self, Posting, Summary};
use super::{Found, Top, Weighing};
use crate::error::Result;
use crate::monitor::{Monitor, Pace};

/// Sums of bounds are rounded in another order than scores: so much more a document may be worth than they say.
const SLACK: f64 = 1.0 + 1e-12;

/// A word's blocks in a segment.
pub struct Postings<'a> {
    /// The word's weight.
    pub weight: f64,
    /// Its blocks, ascending.
    pub blocks: Vec<(Summary, &'a [u8])>,
}

/// A word, and where in its blocks the search is.
struct Cursor<'a> {
    weight: f64,
    blocks: &'a [(Summary, &'a [u8])],
    /// The block that is unpacked, by its place; `usize::MAX` for none.
    unpacked: usize,
    block: usize,
    postings: Vec<Posting>,
    next: usize,
    /// The most that it is worth in the interval.
    bound: f64,
}

impl Cursor<'_> {
    /// Leaves blocks that end before a document.
    fn leave_before(&mut self, document: i64) {
        while self
            .blocks
            .get(self.block)
            .is_some_and(|(summary, _)| summary.last < document)
        {
            self.block += 1;
        }
    }

    /// The block at which it is, as far as it has documents from `start` on: the first and the last document for which its bound holds.
    fn summary(&self) -> Option<&Summary> {
        self.blocks.get(self.block).map(|(summary, _)| summary)
    }

    /// Unpacks the block at which it is, unless it is.
    fn unpack(&mut self) -> Result<()> {
        if self.unpacked == self.block {
            return Ok(());
        }
        self.postings.clear();
        self.next = 0;
        if let Some((summary, bytes)) = self.blocks.get(self.block) {
            block::read(summary, bytes, &mut self.postings)?;
        }
        self.unpacked = self.block;
        Ok(())
    }

    /// Goes to the first document from `document` on in its block.
    fn seek(&mut self, document: i64) {
        let mut step = 1;
        while self
            .postings
            .get(self.next + step)
            .is_some_and(|posting| posting.document < document)
        {
            self.next += step;
            step *= 2;
        }
        while self
            .postings
            .get(self.next)
            .is_some_and(|posting| posting.document < document)
        {
            self.next += 1;
        }
    }

    /// What it is worth in a document at which it is.
    fn score(&self, document: i64, weighing: &Weighing) -> f64 {
        match self.postings.get(self.next) {
            Some(posting) if posting.document == document => {
                weighing.score(self.weight, posting.frequency, posting.length)
            }
            Some(_) | None => 0.0,
        }
    }
}

/// Offers the documents of a segment that have one of the words, and that `keep` keeps, to the best. Words are in the order in which what they are
/// worth is summed. Returns an error for damaged blocks, and when stopped.
pub fn search(
    words: &[Postings<'_>],
    weighing: &Weighing,
    keep: &dyn Fn(i64) -> bool,
    top: &mut Top,
    monitor: &dyn Monitor,
) -> Result<()> {
    let mut cursors: Vec<Cursor<'_>> = (words.iter())
        .map(|word| Cursor {
            weight: word.weight,
            blocks: &word.blocks,
            unpacked: usize::MAX,
            block: 0,
            postings: Vec::new(),
            next: 0,
            bound: 0.0,
        })
        .collect();
    let mut order: Vec<usize> = Vec::new();
    let mut scores = vec![0.0; cursors.len()];
    let mut pace = Pace::new(monitor);
    let mut start = i64::MIN;
    while let Some(end) = interval(&mut cursors, start, weighing) {
        pace.spend(cursors.len())?;
        order.clear();
        order.extend((0..cursors.len()).filter(|place| cursors[*place].bound > 0.0));
        order.sort_by(|a, b| cursors[*a].bound.total_cmp(&cursors[*b].bound));
        let mut run = Interval {
            cursors: &mut cursors,
            order: &order,
            scores: &mut scores,
            weighing,
            keep,
        };
        run.search(start, end, top, &mut pace)?;
        match end.checked_add(1) {
            Some(next) => start = next,
            None => break,
        }
    }
    Ok(())
}

/// The last document up to which the bounds hold that each word has from `start` on, which are set; `None` where no word has documents any more.
fn interval(cursors: &mut [Cursor<'_>], start: i64, weighing: &Weighing) -> Option<i64> {
    let mut end: Option<i64> = None;
    for cursor in cursors {
        cursor.leave_before(start);
        cursor.bound = 0.0;
        let Some(&summary) = cursor.summary() else { continue };
        let own = match summary.first <= start {
            true => {
                cursor.bound = weighing.score(cursor.weight, summary.max_frequency, summary.min_length);
                summary.last
            }
            // Its block begins later: until then it is worth nothing.
            false => summary.first - 1,
        };
        end = Some(end.map_or(own, |end| end.min(own)));
    }
    end
}

/// What is searched in an interval.
struct Interval<'s, 'a> {
    cursors: &'s mut [Cursor<'a>],
    /// The words that are there, what is worth least first.
    order: &'s [usize],
    scores: &'s mut [f64],
    weighing: &'s Weighing,
    keep: &'s dyn Fn(i64) -> bool,
}

impl Interval<'_, '_> {
    fn search(&mut self, start: i64, end: i64, top: &mut Top, pace: &mut Pace<'_>) -> Result<()> {
        let mut least = top.least();
        let mut looked_up = self.looked_up(least);
        if looked_up == self.order.len() {
            return Ok(());
        }
        self.open(looked_up, start)?;
        while let Some(document) = self.next_document(looked_up, end) {
            pace.spend(self.order.len())?;
            if let Some(score) = self.score(document, looked_up, least)? {
                let found = Found { document, score };
                if top.takes(found) && (self.keep)(document) {
                    top.offer(found);
                    if top.least() > least {
                        least = top.least();
                        looked_up = self.looked_up(least);
                    }
                }
            }
            for &place in &self.order[looked_up..] {
                let cursor = &mut self.cursors[place];
                if cursor
                    .postings
                    .get(cursor.next)
                    .is_some_and(|posting| posting.document == document)
                {
                    cursor.next += 1;
                }
            }
        }
        Ok(())
    }

    /// How many words, those worth least, need only be looked up: no document that has only them is among the best.
    fn looked_up(&self, least: f64) -> usize {
        let mut sum = 0.0;
        for (count, place) in self.order.iter().enumerate() {
            sum += self.cursors[*place].bound;
            if sum * SLACK >= least {
                return count;
            }
        }
        self.order.len()
    }

    /// Unpacks the blocks of the words that are walked through, and goes to the start.
    fn open(&mut self, looked_up: usize, start: i64) -> Result<()> {
        for &place in &self.order[looked_up..] {
            let cursor = &mut self.cursors[place];
            cursor.unpack()?;
            cursor.seek(start);
        }
        Ok(())
    }

    /// The next document of the words that are walked through.
    fn next_document(&self, looked_up: usize, end: i64) -> Option<i64> {
        let next = |place: &usize| {
            let cursor = &self.cursors[*place];
            cursor.postings.get(cursor.next).map(|posting| posting.document)
        };
        let first = self.order[looked_up..].iter().filter_map(next).min();
        first.filter(|document| *document <= end)
    }

    /// What a document is worth; `None` once it is known not to be among the best.
    fn score(&mut self, document: i64, looked_up: usize, least: f64) -> Result<Option<f64>> {
        let mut sum = 0.0;
        for &place in &self.order[looked_up..] {
            self.scores[place] = self.cursors[place].score(document, self.weighing);
            sum += self.scores[place];
        }
        let mut open: f64 = self.order[..looked_up]
            .iter()
            .map(|place| self.cursors[*place].bound)
            .sum();
        for &place in self.order[..looked_up].iter().rev() {
            if (sum + open) * SLACK < least {
                return Ok(None);
            }
            let cursor = &mut self.cursors[place];
            open -= cursor.bound;
            cursor.unpack()?;
            cursor.seek(document);
            self.scores[place] = cursor.score(document, self.weighing);
            sum += self.scores[place];
        }
        // In the order of the words, whatever the order of the bounds.
        let mut total = 0.0;
        for (place, cursor) in self.cursors.iter().enumerate() {
            if cursor.bound > 0.0 {
                total += self.scores[place];
            }
        }
        Ok(Some(total))
    }
}
