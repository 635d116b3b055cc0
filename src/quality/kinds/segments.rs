//! Checks that compare what one pass found in the segments of a column, and in the parts of each.

use serde_json::{Value as Json, json};

use crate::pg::error::{Error, INTERNAL, Result};
use crate::quality::finding::{Finding, Verdict, short};
use crate::quality::grouping::Grouping;
use crate::quality::kinds::judge::{self, Counted};
use crate::quality::kinds::rule::Rule;
use crate::quality::spec::check::Check;
use algo::accumulator::Accumulator;
use algo::quality::mixed_formats::{self, Conflict, FormatTally};
use algo::quality::null_share::{self, NullTally};
use algo::quality::scale_shift::{self, Extent, ScaleShift, ScaleTally};
use algo::scan::Measure;

/// The findings of such a check.
pub fn judge(check: &Check, counted: &[Counted<'_>], grouping: &Grouping) -> Result<Vec<Finding>> {
    match &check.rule {
        Rule::NullShareBySegment(share) => null_shares(counted, grouping, share.max_difference),
        Rule::MixedFormats(minority) => mixed_formats(check, counted, grouping, minority.tolerance),
        Rule::ScaleShift(shift) => scale_shifts(check, counted, grouping, shift.min_rows),
        _ => Err(not_measured(check)),
    }
}

fn not_measured(check: &Check) -> Error {
    Error::new(INTERNAL, format!("{} was not measured in segments", check.kind))
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
                Some(others) => format!("< {} + {max_difference}", short(others)),
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
        if let (true, Some(own), Some(others)) = (share.jumped, share.share(), share.others) {
            let percent = |share: f64| short((1000.0 * share).round() / 10.0);
            finding.message = Some(format!(
                "{} % of its rows are NULL, and {} % of the others",
                percent(own),
                percent(others)
            ));
        }
        finding
    };
    Ok(counted.iter().zip(shares).map(finding).collect())
}

/// The finding of a segment before it is judged: its rows, none of which fails.
fn untouched(counted: &Counted<'_>, grouping: &Grouping, metric: &'static str, value: f64) -> Finding {
    Finding {
        segment: counted.segment.map(|segment| grouping.json(segment)),
        metric,
        value: Some(value),
        rows: Some(counted.tally.rows),
        failed: Some(0),
        nulls: Some(counted.tally.nulls),
        ..Finding::default()
    }
}

/// A finding a segment; one more for what was found in all of them together.
fn mixed_formats(check: &Check, counted: &[Counted<'_>], grouping: &Grouping, tolerance: f64) -> Result<Vec<Finding>> {
    let measured = counted.iter().map(|counted| match counted.tally.measure() {
        Measure::Formats(formats) => Ok(&**formats),
        _ => Err(not_measured(check)),
    });
    let tallies: Vec<&FormatTally> = measured.collect::<Result<_>>()?;
    let conflicts = mixed_formats::judge(&tallies, &mixed_formats::Params { tolerance })?;
    let mut findings: Vec<Finding> = counted
        .iter()
        .map(|counted| untouched(counted, grouping, "rows_failed", 0.0))
        .collect();
    let mut of_all: Vec<(u64, &Conflict)> = Vec::new();
    for (place, finding) in findings.iter_mut().enumerate() {
        let alone = check.group_by.is_empty();
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
    if !check.group_by.is_empty() {
        let unplaced = conflicts.iter().filter(|conflict| conflict.segments.is_empty());
        of_all.extend(unplaced.map(|conflict| (conflict.rows_failed, conflict)));
    }
    if !of_all.is_empty() {
        let mut finding = Finding {
            metric: "rows_failed",
            rows: Some(counted.iter().map(|counted| counted.tally.rows).sum()),
            nulls: Some(counted.iter().map(|counted| counted.tally.nulls).sum()),
            ..Finding::default()
        };
        show_conflicts(&mut finding, &of_all);
        finding.message = finding
            .message
            .map(|message| format!("all segments together: {message}"));
        findings.push(finding);
    }
    judge::add_evidence(check, &mut findings);
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
    let told = |&(failed, conflict): &(u64, &Conflict)| {
        let conventions: Vec<Json> = conflict
            .conventions
            .iter()
            .map(|of| json!({ "convention": of.convention.name(), "rows": of.rows, "examples": of.examples }))
            .collect();
        json!({ "mixed": conflict.family.name(), "rows_failed": failed, "exact": conflict.exact,
            "within_segments": conflict.within_segments, "conventions": conventions })
    };
    finding.sample = Some(Json::Array(conflicts.iter().map(told).collect()));
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

/// What is on another scale, by the places of segments.
fn shifts(check: &Check, counted: &[Counted<'_>], min_rows: u64) -> Result<(Vec<u64>, Vec<ScaleShift>)> {
    let measured = counted.iter().map(|counted| match counted.tally.measure() {
        Measure::Scale(scale) => Ok(&**scale),
        _ => Err(not_measured(check)),
    });
    let tallies: Vec<&ScaleTally> = measured.collect::<Result<_>>()?;
    let params = scale_shift::Params {
        min_rows,
        ..scale_shift::Params::default()
    };
    let rows = tallies.iter().map(|tally| tally.rows()).collect();
    Ok((rows, scale_shift::judge(&tallies, &params)?))
}

/// The condition that a row q has a number on another scale. Numbers are compared as the shared pass had them.
pub fn shifted(
    check: &Check,
    counted: &[Counted<'_>],
    grouping: &Grouping,
    min_rows: u64,
    number: &str,
) -> Result<String> {
    let (_, shifts) = shifts(check, counted, min_rows)?;
    let one = |shift: &ScaleShift| {
        let (low, high) = shift.magnitudes;
        // On an edge the pass rounds up, by a part in 10^10.
        let within = format!(
            "pg_catalog.abs(({number})::pg_catalog.float8) >= {:e}::pg_catalog.float8 AND pg_catalog.abs(({number})::pg_catalog.float8) < {:e}::pg_catalog.float8",
            low * (1.0 - 1e-10),
            high * (1.0 - 1e-10)
        );
        match counted.get(shift.segment).and_then(|counted| counted.segment) {
            Some(segment) => format!("({} AND {within})", grouping.condition(segment)),
            None => format!("({within})"),
        }
    };
    match shifts.as_slice() {
        [] => Ok("false".into()),
        shifts => Ok(format!("({})", shifts.iter().map(one).collect::<Vec<_>>().join(" OR "))),
    }
}

/// A finding a segment.
fn scale_shifts(check: &Check, counted: &[Counted<'_>], grouping: &Grouping, min_rows: u64) -> Result<Vec<Finding>> {
    let (numbers, shifts) = shifts(check, counted, min_rows)?;
    let mut findings: Vec<Finding> = counted
        .iter()
        .map(|counted| untouched(counted, grouping, "factor", 1.0))
        .collect();
    for (finding, numbers) in findings.iter_mut().zip(numbers) {
        if numbers < min_rows {
            finding.verdict = Verdict::TooLittle;
            finding.value = None;
            finding.message = Some(format!(
                "{numbers} numbers are too few to judge by: min_rows is {min_rows}"
            ));
        }
    }
    for shift in &shifts {
        let finding = &mut findings[shift.segment];
        finding.value = Some(shift.factor);
        finding.failed = Some(shift.rows);
        finding.sample = Some(json!({
            "factor": shift.factor, "between": shift.name, "rows": shift.rows, "of_whole_segment": shift.extent == Extent::Whole,
            "factor_low": shift.interval.0, "factor_high": shift.interval.1, "explained": shift.confidence,
        }));
        finding.message = Some(told(shift));
    }
    judge::add_evidence(check, &mut findings);
    Ok(findings)
}

/// A shift in one sentence.
fn told(shift: &ScaleShift) -> String {
    let times = if shift.factor >= 1.0 {
        format!("{} times", short(shift.factor))
    } else {
        format!("1/{} of", short(1.0 / shift.factor))
    };
    let name = shift.name.map(|name| format!(" ({name})")).unwrap_or_default();
    match shift.extent {
        Extent::Whole => format!("its numbers are {times} those of the other segments{name}"),
        Extent::Part => format!("{} of its numbers are {times} the others{name}", shift.rows),
    }
}
