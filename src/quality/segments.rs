//! Checks that compare what one pass found in the segments of a column.

use serde_json::{Value as Json, json};

use super::check::Check;
use super::finding::{Finding, Verdict};
use super::judge::{Counted, Grouping};
use super::rule::Rule;
use crate::algo::accumulator::Accumulator;
use crate::algo::quality::null_share::{self, NullTally};
use crate::pg::error::Result;

/// The findings of such a check.
pub fn judge(check: &Check, counted: &[Counted<'_>], grouping: &Grouping) -> Result<Vec<Finding>> {
    match &check.rule {
        Rule::NullShareBySegment(share) => null_shares(counted, grouping, share.max_difference),
        _ => Ok(Vec::new()),
    }
}

/// A finding a segment.
fn null_shares(counted: &[Counted<'_>], grouping: &Grouping, max_difference: f64) -> Result<Vec<Finding>> {
    let mut tallies = Vec::with_capacity(counted.len());
    for counted in counted {
        let mut tally = NullTally::default();
        tally.push(counted.tally.rows, counted.tally.failed);
        tally.validate()?;
        tallies.push(tally);
    }
    let params = null_share::Params {
        max_difference,
        ..null_share::Params::default()
    };
    let shares = null_share::judge(&tallies.iter().collect::<Vec<_>>(), &params)?;
    let finding = |(counted, share): (&Counted<'_>, null_share::NullShare)| {
        let mut finding = Finding::figure(
            "null_fraction",
            share.share(),
            match share.others {
                Some(others) => format!("< {others} + {max_difference}"),
                None => format!("< that of other segments + {max_difference}"),
            },
            !share.jumped,
        );
        finding.segment = counted.segment.map(|segment| grouping.json(segment));
        finding.rows = Some(share.rows);
        finding.nulls = Some(share.nulls);
        finding.interval = Some(share.interval);
        finding.p_value = Some(share.p_value);
        if share.others.is_none() {
            finding.verdict = Verdict::TooLittle;
            finding.message = Some("there is no other segment to compare with".into());
        }
        finding.sample = share
            .others
            .map(|others| -> Json { json!({ "null_fraction_of_others": others }) });
        finding
    };
    Ok(counted.iter().zip(shares).map(finding).collect())
}
