//! Checks that compare one figure of all rows, or of each segment.

use crate::pg::error::Result;
use crate::quality::finding::{Finding, Verdict};
use crate::quality::kinds::plan::{FailingRows, Means, Plan, Planner, SEE_FIGURE};
use crate::quality::pass::InputPlace;
use crate::quality::spec::Bounds;
use algo::scan::{Tally, Test};

/// A check that makes one finding of what was counted in each segment.
pub fn plan<'a>(
    planner: &mut Planner<'a, '_>,
    column: Option<InputPlace>,
    test: Test,
    finding: impl Fn(&Tally) -> Result<Finding> + 'a,
) -> Result<Plan<'a>> {
    let inquiry = planner.ask(column, test, move |answer| answer.findings(finding))?;
    Ok(Plan {
        means: Means::SharedScan(inquiry),
        failing_rows: FailingRows::Unknown(SEE_FIGURE),
    })
}

/// A check of the number of rows. Where there are no rows, and so no segments either, it has one finding: that there are none.
pub fn rows<'a>(planner: &mut Planner<'a, '_>, bounds: Bounds) -> Result<Plan<'a>> {
    let inquiry = planner.ask(None, Test::Rows, move |answer| {
        let mut findings = answer.findings(|tally| Ok(within("rows", Some(tally.rows as f64), &bounds)))?;
        if findings.is_empty() {
            findings.push(Finding {
                rows: Some(0),
                message: Some("there are no rows, and so no segments".into()),
                ..within("rows", Some(0.0), &bounds)
            });
        }
        Ok(findings)
    })?;
    Ok(Plan {
        means: Means::SharedScan(inquiry),
        failing_rows: FailingRows::Unknown(SEE_FIGURE),
    })
}

/// The finding of a figure that must be within bounds; there is none of too few values.
pub fn within(metric: &'static str, figure: Option<f64>, bounds: &Bounds) -> Finding {
    let threshold = bounds.describe();
    match figure {
        Some(figure) => Finding::figure(metric, Some(figure), threshold, bounds.contains(figure)),
        None => too_little(metric, threshold),
    }
}

/// The finding of too few values for a figure.
pub fn too_little(metric: &'static str, threshold: String) -> Finding {
    Finding {
        metric,
        threshold: Some(threshold),
        verdict: Verdict::TooLittle,
        message: Some("there are too few values for this figure".into()),
        ..Finding::default()
    }
}
