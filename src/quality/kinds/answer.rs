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
    pub segments: Vec<SegmentTally<'p>>,
    /// What the check groups by.
    pub grouping: &'p Grouping,
    /// The same by what nobody asked to group by.
    pub also: Option<Box<Answer<'p>>>,
}

/// What a question counted in one segment, or in all rows.
pub struct SegmentTally<'p> {
    /// The segment's values; `None` for all rows.
    pub values: Option<&'p Segment>,
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
        let mut segments: Vec<SegmentTally<'_>> = tallies
            .into_iter()
            .filter(|(values, tally)| values.is_none() || tally.rows > 0)
            .map(|(values, tally)| SegmentTally { values, tally })
            .collect();
        segments.sort_by(|a, b| match (a.values, b.values) {
            (Some(a), Some(b)) => {
                let pairs = a.iter().zip(b);
                pairs.fold(Ordering::Equal, |order, (a, b)| order.then_with(|| compare(a, b)))
            }
            _ => Ordering::Equal,
        });
        Ok(Answer {
            segments,
            grouping,
            also: None,
        })
    }

    /// A segment as JSON.
    pub fn json(&self, segment: &SegmentTally<'_>) -> Option<Json> {
        segment.values.map(|values| self.grouping.json(values))
    }

    /// A finding for each segment, which is put in with its rows and, unless the finding has them already, its NULLs.
    pub fn findings(&self, finding: impl Fn(&Tally) -> Result<Finding>) -> Result<Vec<Finding>> {
        let findings = self.segments.iter().map(|segment| {
            let mut finding = finding(segment.tally)?;
            finding.segment = self.json(segment);
            finding.rows = Some(segment.tally.rows);
            finding.nulls = finding.nulls.or(Some(segment.tally.nulls));
            Ok(finding)
        });
        findings.collect()
    }
}

impl<'p> Answer<'p> {
    /// What was measured in each segment. Returns an error where it was something else.
    pub fn measures<T>(&self, measure: impl Fn(&'p Measure) -> Option<&'p T>) -> Result<Vec<&'p T>> {
        let measured = self.segments.iter().map(|segment| measure(segment.tally.measure()));
        let measured: Option<Vec<&T>> = measured.collect();
        measured.ok_or_else(|| Error::new(INTERNAL, "the shared pass measured something else than it was asked"))
    }

    /// The finding of a segment before its rows are compared with others: none of them fails.
    pub fn sound_segment(&self, segment: &SegmentTally<'_>, metric: &'static str, value: f64) -> Finding {
        Finding {
            segment: self.json(segment),
            metric,
            value: Some(value),
            rows: Some(segment.tally.rows),
            failed: Some(0),
            nulls: Some(segment.tally.nulls),
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
