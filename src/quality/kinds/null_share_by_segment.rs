//! `null_share_by_segment`: that no segment has a larger share of NULLs than the others.

use serde::Deserialize;
use serde_json::json;

use super::answer::{Answer, SegmentTally};
use super::assertion::{Assertion, CheckKind};
use super::plan::{FailingRows, Means, Plan, Planner, SEE_FIGURE};
use crate::pg::error::Result;
use crate::quality::finding::{Finding, Verdict, short};
use crate::quality::spec::{Need, Needs};
use algo::accumulator::Accumulator;
use algo::quality::null_share::{self, NullShare, NullTally, Params};
use algo::scan::Test;

pub static NULL_SHARE_BY_SEGMENT: CheckKind = CheckKind {
    name: "null_share_by_segment",
    needs: Needs {
        segments: Need::Required,
        ..Needs::FIGURE
    },
    parse: |arguments| Ok(Box::new(arguments.read_sound(NullShareBySegment::problem)?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NullShareBySegment {
    /// How far the share of NULLs in a segment may be above that of the other rows.
    #[serde(default = "twentieth")]
    max_difference: f64,
}

fn twentieth() -> f64 {
    0.05
}

impl NullShareBySegment {
    fn problem(&self) -> Option<&'static str> {
        let sound = (0.0..1.0).contains(&self.max_difference);
        (!sound).then_some("max_difference must be at least 0 and below 1")
    }

    /// One finding per segment.
    fn findings(&self, answer: &Answer<'_>) -> Result<Vec<Finding>> {
        let mut tallies = Vec::with_capacity(answer.segments.len());
        for segment in &answer.segments {
            let mut tally = NullTally::default();
            tally.push(segment.tally.rows, segment.tally.failed);
            tally.validate()?;
            tallies.push(tally);
        }
        let params = Params {
            max_difference: self.max_difference,
            ..Params::default()
        };
        let shares = null_share::compare_segments(&tallies.iter().collect::<Vec<_>>(), &params)?;
        let findings = answer.segments.iter().zip(shares);
        Ok(findings
            .map(|(segment, share)| self.finding(answer, segment, &share))
            .collect())
    }

    fn finding(&self, answer: &Answer<'_>, segment: &SegmentTally<'_>, share: &NullShare) -> Finding {
        let max_difference = self.max_difference;
        let threshold = match share.others {
            Some(others) => format!("< {} + {max_difference}", short(others)),
            None => format!("< that of other segments + {max_difference}"),
        };
        let mut finding = Finding {
            segment: answer.json(segment),
            rows: Some(share.rows),
            nulls: Some(share.nulls),
            interval: Some(share.interval),
            p_value: Some(share.p_value),
            ..Finding::figure("null_fraction", share.share(), threshold, !share.jumped)
        };
        let Some(others) = share.others else {
            finding.verdict = Verdict::TooLittle;
            finding.message = Some("there is no other segment to compare with".into());
            return finding;
        };
        finding.sample = Some(json!({ "null_fraction_of_others": others }));
        if let (true, Some(own)) = (share.jumped, share.share()) {
            let percent = |share: f64| short((1000.0 * share).round() / 10.0);
            finding.message = Some(format!(
                "{} % of its rows are NULL, and {} % of the others",
                percent(own),
                percent(others)
            ));
        }
        finding
    }
}

impl Assertion for NullShareBySegment {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let column = planner.column()?;
        let input = planner.input(column);
        let inquiry = planner.ask(Some(input), Test::NotNull, |answer| self.findings(answer))?;
        Ok(Plan {
            means: Means::SharedScan(inquiry),
            failing_rows: FailingRows::Unknown(SEE_FIGURE),
        })
    }
}
