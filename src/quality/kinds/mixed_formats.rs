//! `mixed_formats`: that texts keep to one convention.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::answer::Answer;
use super::assertion::{Assertion, CheckKind};
use super::common::rows::is_text;
use super::plan::{FailingRows, Means, Plan, Planner, SEE_FIGURE};
use crate::pg::error::Result;
use crate::quality::finding::{Finding, add_evidence};
use crate::quality::spec::{Needs, Spec};
use algo::quality::mixed_formats::{self, Conflict, Params};
use algo::scan::{Measure, Test};

pub static MIXED_FORMATS: CheckKind = CheckKind {
    name: "mixed_formats",
    needs: Needs::ROWS,
    parse: |arguments| Ok(Box::new(arguments.read_sound(MixedFormats::problem)?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MixedFormats {
    /// The share of rows of another convention that is let pass.
    #[serde(default)]
    tolerance: f64,
}

impl MixedFormats {
    fn problem(&self) -> Option<&'static str> {
        let sound = (0.0..1.0).contains(&self.tolerance);
        (!sound).then_some("tolerance must be at least 0 and below 1")
    }
}

impl Assertion for MixedFormats {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let (spec, column) = (planner.spec, planner.column_of(is_text, "text")?);
        let input = planner.input(column);
        let inquiry = planner.ask(Some(input), Test::Formats, |answer| {
            findings(spec, answer, self.tolerance)
        })?;
        Ok(Plan {
            means: Means::SharedScan(inquiry),
            failing_rows: FailingRows::Unknown(SEE_FIGURE),
        })
    }
}

/// One finding per segment; one more for what was found in all of them together.
fn findings(spec: &Spec, answer: &Answer<'_>, tolerance: f64) -> Result<Vec<Finding>> {
    let segments = answer.segments.as_slice();
    let tallies = answer.measures(|measure| match measure {
        Measure::Formats(formats) => Some(&**formats),
        _ => None,
    })?;
    let conflicts = mixed_formats::find_conflicts(&tallies, &Params { tolerance })?;
    let mut findings: Vec<Finding> = segments
        .iter()
        .map(|segment| answer.sound_segment(segment, "rows_failed", 0.0))
        .collect();
    let mut of_all: Vec<(u64, &Conflict)> = Vec::new();
    for (place, finding) in findings.iter_mut().enumerate() {
        let alone = spec.group_by.is_empty();
        let own: Vec<(u64, &Conflict)> = conflicts
            .iter()
            .filter_map(|conflict| match alone {
                true => Some((conflict.rows_failed, conflict)),
                false => {
                    let own = conflict.segments.iter().find(|&&(segment, _)| segment == place);
                    own.map(|&(_, failed)| (failed, conflict))
                }
            })
            .collect();
        show_conflicts(finding, &own);
    }
    if !spec.group_by.is_empty() {
        let unplaced = conflicts.iter().filter(|conflict| conflict.segments.is_empty());
        of_all.extend(unplaced.map(|conflict| (conflict.rows_failed, conflict)));
    }
    if !of_all.is_empty() {
        let mut finding = Finding {
            metric: "rows_failed",
            rows: Some(segments.iter().map(|segment| segment.tally.rows).sum()),
            nulls: Some(segments.iter().map(|segment| segment.tally.nulls).sum()),
            ..Finding::default()
        };
        show_conflicts(&mut finding, &of_all);
        finding.message = finding
            .message
            .map(|message| format!("all segments together: {message}"));
        findings.push(finding);
    }
    add_evidence(spec, &mut findings);
    Ok(findings)
}

/// Says which conventions are at odds, each with the rows that do not keep to the main one. A row may offend in several ways; it counts
/// once in the way that most do.
fn show_conflicts(finding: &mut Finding, conflicts: &[(u64, &Conflict)]) {
    let failed = conflicts.iter().map(|&(failed, _)| failed).max().unwrap_or(0);
    finding.failed = Some(failed);
    finding.value = Some(failed as f64);
    if conflicts.is_empty() {
        return;
    }
    let describe = |&(failed, conflict): &(u64, &Conflict)| {
        let conventions: Vec<Json> = conflict
            .conventions
            .iter()
            .map(|of| json!({ "convention": of.convention.name(), "rows": of.rows, "examples": of.examples }))
            .collect();
        json!({ "mixed": conflict.family.name(), "rows_failed": failed, "exact": conflict.exact,
            "within_segments": conflict.within_segments, "conventions": conventions })
    };
    finding.sample = Some(Json::Array(conflicts.iter().map(describe).collect()));
    let sentence = |(_, conflict): &(u64, &Conflict)| {
        let conventions: Vec<String> = conflict
            .conventions
            .iter()
            .filter(|of| of.rows > 0)
            .map(|of| format!("{} {}", of.rows, of.convention))
            .collect();
        format!("{}: {}", conflict.family, conventions.join(", "))
    };
    finding.message = Some(conflicts.iter().map(sentence).collect::<Vec<_>>().join("; "));
}
