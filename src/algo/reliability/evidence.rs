//! What is known of a promise: results at points in time, and how long each of them speaks.

use super::intervals::{Span, Spans};

/// What a result says of what was promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Good,
    /// It could not be told.
    Unknown,
    Bad,
}

/// A result: what was known from a point in time on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub at: i64,
    pub verdict: Verdict,
}

/// The results of one source, such as a check, in their order. Of several at one time, as a check of segments has them, the worst counts: what is
/// bad, else what is unknown.
pub fn in_order(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_unstable_by(|a, b| a.at.cmp(&b.at).then(b.verdict.cmp(&a.verdict)));
    findings.dedup_by_key(|finding| finding.at);
    findings
}

/// When it is known how a promise stood, of whatever sources: both at once where one of them says good and another one bad.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    good: Vec<Span>,
    bad: Vec<Span>,
}

impl Evidence {
    /// The results of a source, [in their order](in_order), each of which speaks until the next one, and for `valid_for` at most.
    pub fn add(&mut self, findings: &[Finding], valid_for: i64) {
        for (place, finding) in findings.iter().enumerate() {
            let until = finding.at.saturating_add(valid_for);
            let until = findings.get(place + 1).map_or(until, |next| until.min(next.at));
            let span = Span::new(finding.at, until);
            let list = match finding.verdict {
                Verdict::Good => &mut self.good,
                Verdict::Bad => &mut self.bad,
                Verdict::Unknown => continue,
            };
            // Of results of one kind in a row, one span is made at once.
            match list.last_mut() {
                Some(last) if last.to == span.from => last.to = span.to,
                Some(_) | None => list.push(span),
            }
        }
    }

    pub fn add_good(&mut self, span: Span) {
        self.good.push(span);
    }

    pub fn add_bad(&mut self, span: Span) {
        self.bad.push(span);
    }

    /// When it was good, and when it was bad.
    pub fn into_spans(self) -> (Spans, Spans) {
        (Spans::union_of(self.good), Spans::union_of(self.bad))
    }
}
