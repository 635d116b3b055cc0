//! What the shared pass counted for a check, by segment.

use std::cmp::Ordering;

use serde_json::Value as Json;

use crate::pg::error::{Error, INTERNAL, LIMIT_EXCEEDED, Result};
use crate::quality::finding::Finding;
use crate::quality::grouping::Grouping;
use crate::quality::pass::Answers;
use algo::scan::{Constant, MOST_SEGMENTS, Measure, Segment, Tally};

/// The answer to a question.
pub struct Answer<'p> {
    /// Its segments in the order of their values; one, which is none, without a grouping.
    pub counted: Vec<Counted<'p>>,
    /// What the check groups by.
    pub grouping: &'p Grouping,
}

/// What a question counted in one segment, or in all rows.
pub struct Counted<'p> {
    pub segment: Option<&'p Segment>,
    pub tally: &'p Tally,
}

impl<'p> Answer<'p> {
    /// The answer to a question of a pass. Returns an error with 54000 when there were more segments than are counted.
    pub fn new(answers: &'p Answers, question: usize, grouping: &'p Grouping) -> Result<Answer<'p>> {
        let (tallies, overflowed) = answers.tallies(question);
        if overflowed {
            return Err(Error::new(
                LIMIT_EXCEEDED,
                format!("there are more segments than can be counted: more than {MOST_SEGMENTS}, or fewer whose figures take more than 40 MB"),
            )
            .hint("Group by fewer columns, or by coarser ones."));
        }
        let mut counted: Vec<Counted<'_>> = tallies
            .into_iter()
            .filter(|(segment, tally)| segment.is_none() || tally.rows > 0)
            .map(|(segment, tally)| Counted { segment, tally })
            .collect();
        counted.sort_by(|a, b| match (a.segment, b.segment) {
            (Some(a), Some(b)) => {
                let pairs = a.iter().zip(b);
                pairs.fold(Ordering::Equal, |order, (a, b)| order.then_with(|| compare(a, b)))
            }
            _ => Ordering::Equal,
        });
        Ok(Answer { counted, grouping })
    }

    /// A segment as JSON.
    pub fn segment(&self, counted: &Counted<'_>) -> Option<Json> {
        counted.segment.map(|segment| self.grouping.json(segment))
    }

    /// A finding for each segment, which is put in with its rows and, unless the finding has them already, its NULLs.
    pub fn findings(&self, finding: impl Fn(&Counted<'_>) -> Result<Finding>) -> Result<Vec<Finding>> {
        let each = self.counted.iter().map(|counted| {
            let mut finding = finding(counted)?;
            finding.segment = self.segment(counted);
            finding.rows = Some(counted.tally.rows);
            finding.nulls = finding.nulls.or(Some(counted.tally.nulls));
            Ok(finding)
        });
        each.collect()
    }
}

impl<'p> Answer<'p> {
    /// What was measured in each segment. Returns an error where it was something else.
    pub fn measures<T>(&self, measure: impl Fn(&'p Measure) -> Option<&'p T>) -> Result<Vec<&'p T>> {
        let measured = self.counted.iter().map(|counted| measure(counted.tally.measure()));
        let measured: Option<Vec<&T>> = measured.collect();
        measured.ok_or_else(|| Error::new(INTERNAL, "the shared pass measured something else than it was asked"))
    }

    /// The finding of a segment before its rows are compared with others: none of them fails.
    pub fn sound_segment(&self, counted: &Counted<'_>, metric: &'static str, value: f64) -> Finding {
        Finding {
            segment: self.segment(counted),
            metric,
            value: Some(value),
            rows: Some(counted.tally.rows),
            failed: Some(0),
            nulls: Some(counted.tally.nulls),
            ..Finding::default()
        }
    }
}

/// The order of a segment's values: NULL first.
fn compare(one: &Option<Constant>, other: &Option<Constant>) -> Ordering {
    match (one, other) {
        (Some(Constant::Integer(one)), Some(Constant::Integer(other))) => one.cmp(other),
        (Some(Constant::Number(one)), Some(Constant::Number(other))) => one.total_cmp(other),
        (Some(Constant::Text(one)), Some(Constant::Text(other))) => one.cmp(other),
        (one, other) => one.is_some().cmp(&other.is_some()),
    }
}
