//! Both sides column by column, as rows of a report.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use hashbrown::HashMap;
use serde_json::{Value as Json, json};

use super::column::{self, Column, ColumnDrift};
use super::correlation::{self, PairDrift};
use super::options::Options;
use super::side::{Segment, Side};
use crate::pg::compute::serve_interrupts;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::{Prose, Text};
use algo::drift::{Evidence, Rule, Verdict, decide, shares_differ};
use algo::stats::proportion::Share;

result_row! {
    /// A row of a report.
    pub struct ReportRow {
        column_name: Option<String>,
        segment: Option<Json>,
        method: Option<&'static str>,
        statistic: Option<f64>,
        p_value: Option<f64>,
        threshold: Option<f64>,
        drifted: Option<bool>,
        null_share_reference: Option<f64>,
        null_share_current: Option<f64>,
        importance: Option<f64>,
        impact: Option<f64>,
        reference_rows: i64,
        current_rows: i64,
        adjusted_p_value: Option<f64>,
        message: Option<Prose>,
        new_categories: Option<Vec<Text>>,
        gone_categories: Option<Vec<Text>>,
        details: Option<Json>,
    }
}

/// How much each column matters to a model, as a share of all of them.
pub type Importance = HashMap<String, f64>;

/// A row of a report before all of them are judged together.
struct Draft {
    column: Option<String>,
    segment: Option<Json>,
    method: Option<&'static str>,
    statistic: Option<f64>,
    p_value: Option<f64>,
    rule: Rule,
    rows: (u64, u64),
    null_shares: (Option<f64>, Option<f64>),
    drift: ColumnDrift,
}

impl Draft {
    /// Of a column, or of a segment as such, about which nothing is known yet.
    fn new(column: Option<&str>, segment: Option<&Json>, rows: (u64, u64)) -> Draft {
        Draft {
            column: column.map(String::from),
            segment: segment.cloned(),
            method: None,
            statistic: None,
            p_value: None,
            rule: Rule::Undecided,
            rows,
            null_shares: (None, None),
            drift: ColumnDrift::default(),
        }
    }

    /// How a pair of columns goes together.
    fn of_pair(pair: PairDrift) -> Draft {
        Draft {
            method: Some("correlation"),
            statistic: Some((pair.current - pair.reference).abs()),
            p_value: Some(pair.p_value),
            rule: Rule::EffectAndEvidence(correlation::THRESHOLD),
            drift: ColumnDrift {
                notes: pair.swap.into_iter().collect(),
                details: Some(json!({ "reference": pair.reference, "current": pair.current })),
                ..ColumnDrift::default()
            },
            ..Draft::new(Some(&pair.name), None, pair.rows)
        }
    }

    fn with_note(mut self, note: impl Into<String>) -> Draft {
        self.drift.notes.push(note.into());
        self
    }

    fn threshold(&self) -> Option<f64> {
        match self.rule {
            Rule::EffectAndEvidence(threshold) | Rule::Effect(threshold) | Rule::PValue(threshold) => Some(threshold),
            Rule::Undecided => None,
        }
    }

    /// How large the effect is, relative to the one that counts.
    fn strength(&self) -> f64 {
        match (self.statistic, self.threshold(), self.rule) {
            (_, Some(threshold), Rule::PValue(_)) => {
                self.p_value.map_or(-1.0, |p| threshold / p.max(f64::MIN_POSITIVE))
            }
            (Some(statistic), Some(threshold), _) => statistic / threshold.max(f64::MIN_POSITIVE),
            (Some(statistic), None, _) => statistic,
            (None, ..) => -1.0,
        }
    }

    fn is_infinite(&self) -> bool {
        self.drift
            .comparison
            .as_ref()
            .is_some_and(|comparison| comparison.statistic.is_none())
    }
}

/// Compares both sides, besides how pairs of columns go together. `absent` says why a column that only the current side has is not compared.
pub fn compare(
    reference: &Side<'_>,
    current: &Side<'_>,
    options: &Options,
    absent: &str,
    importance: Option<&Importance>,
    correlations: Vec<PairDrift>,
) -> Vec<DriftResult> {
    let mut drafts: Vec<Draft> = correlations.into_iter().map(Draft::of_pair).collect();
    draft_columns(
        &mut drafts,
        None,
        &reference.columns,
        &current.columns,
        (reference.rows(), current.rows()),
        options,
        absent,
    );
    let by_values = |side: &'_ Side<'_>| -> BTreeMap<String, usize> {
        side.segments
            .iter()
            .enumerate()
            .map(|(place, segment)| (segment.values.to_string(), place))
            .collect()
    };
    let (ours, theirs) = (by_values(reference), by_values(current));
    let mut all: Vec<&String> = ours.keys().chain(theirs.keys()).collect();
    all.sort_unstable();
    all.dedup();
    for values in all {
        match (ours.get(values), theirs.get(values)) {
            (Some(&a), Some(&b)) => {
                let (a, b): (&Segment<'_>, &Segment<'_>) = (&reference.segments[a], &current.segments[b]);
                let rows = (a.rows, b.rows);
                draft_columns(
                    &mut drafts,
                    Some(&a.values),
                    &a.columns,
                    &b.columns,
                    rows,
                    options,
                    absent,
                );
            }
            (Some(&a), None) => {
                let a = &reference.segments[a];
                drafts.push(
                    Draft::new(None, Some(&a.values), (a.rows, 0))
                        .with_note("the segment has no rows in the current data"),
                );
            }
            (None, Some(&b)) => {
                let b = &current.segments[b];
                drafts.push(
                    Draft::new(None, Some(&b.values), (0, b.rows))
                        .with_note("the segment has no rows in the reference"),
                );
            }
            (None, None) => {}
        }
    }
    decide_together(drafts, options, importance)
}

fn draft_columns(
    drafts: &mut Vec<Draft>,
    segment: Option<&Json>,
    reference: &[Column<'_>],
    current: &[Column<'_>],
    rows: (u64, u64),
    options: &Options,
    absent: &str,
) {
    let is_wanted = |column: &&Column<'_>| column.is_hours() || options.wants(&column.name);
    for ours in reference.iter().filter(is_wanted) {
        serve_interrupts();
        let draft = Draft::new(Some(&ours.name), segment, rows);
        match current.iter().find(|column| column.name == ours.name) {
            Some(theirs) => draft_column(drafts, draft, ours, theirs, options),
            // The column that they are of says so itself; older baselines have none.
            None if ours.is_hours() => {}
            None => drafts.push(
                Draft {
                    null_shares: (ours.null_share(), None),
                    ..draft
                }
                .with_note("only in the reference"),
            ),
        }
    }
    for theirs in current.iter().filter(is_wanted) {
        if !theirs.is_hours() && !reference.iter().any(|column| column.name == theirs.name) {
            let draft = Draft::new(Some(&theirs.name), segment, rows);
            drafts.push(
                Draft {
                    null_shares: (None, theirs.null_share()),
                    ..draft
                }
                .with_note(absent),
            );
        }
    }
}

/// The row of a column, and where there are NULLs that of their share.
fn draft_column(
    drafts: &mut Vec<Draft>,
    draft: Draft,
    reference: &Column<'_>,
    current: &Column<'_>,
    options: &Options,
) {
    let settings = &options.settings;
    let null_shares = (reference.null_share(), current.null_share());
    let nulls = match null_shares {
        (Some(before), Some(after)) if reference.nulls + current.nulls > 0 && !reference.is_hours() => {
            let share = |column: &Column<'_>| Share {
                part: column.nulls,
                rows: column.rows,
            };
            Some(Draft {
                method: Some("null_share"),
                statistic: Some((after - before).abs()),
                p_value: Some(shares_differ(share(reference), share(current))),
                rule: Rule::EffectAndEvidence(settings.null_threshold()),
                null_shares,
                ..Draft::new(draft.column.as_deref(), draft.segment.as_ref(), draft.rows)
            })
        }
        _ => None,
    };
    let drift = column::compare(reference, current, options);
    if reference.is_hours() && drift.comparison.is_none() {
        return;
    }
    let mut draft = Draft { null_shares, ..draft };
    if let Some(comparison) = &drift.comparison {
        draft.method = Some(comparison.method.name());
        draft.statistic = comparison.statistic;
        draft.p_value = Some(comparison.p_value);
        draft.rule = comparison.rule;
    }
    draft.drift = drift;
    if let (Rule::Undecided, Some(_), Some(compat)) = (draft.rule, draft.method, settings.compat) {
        draft = draft.with_note(format!(
            "{} has no threshold of its own: give one to decide",
            compat.name()
        ));
    }
    drafts.push(draft);
    drafts.extend(nulls);
}

/// A row of a report: a draft with what all of them together say of it.
pub struct DriftResult {
    draft: Draft,
    verdict: Verdict,
    /// How much its column matters to the model.
    importance: Option<f64>,
}

impl DriftResult {
    /// How much the drift matters to the model.
    fn impact(&self) -> Option<f64> {
        let effect = self.importance.zip(self.draft.statistic);
        effect.map(|(importance, statistic)| importance * statistic)
    }

    /// With a model the greatest impact first, without the strongest alarms.
    fn order(&self, other: &DriftResult) -> Ordering {
        let impact = |result: &DriftResult| result.impact().unwrap_or(-1.0);
        let has_drifted = |result: &DriftResult| result.verdict.drifted == Some(true);
        impact(other)
            .total_cmp(&impact(self))
            .then_with(|| has_drifted(other).cmp(&has_drifted(self)))
            .then_with(|| other.draft.strength().total_cmp(&self.draft.strength()))
    }

    /// Both distributions of a column of numbers in the same bins; see [`ColumnDrift`].
    pub fn take_histogram(&mut self) -> Vec<Json> {
        std::mem::take(&mut self.draft.drift.histogram)
    }

    /// As a row of the report.
    pub fn into_row(self) -> ReportRow {
        let (threshold, impact) = (self.draft.threshold(), self.impact());
        let DriftResult {
            draft,
            verdict,
            importance,
        } = self;
        let drift = draft.drift;
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let listed = |names: Vec<String>| (!names.is_empty()).then(|| names.into_iter().map(Text::from).collect());
        ReportRow {
            column_name: draft.column,
            segment: draft.segment,
            method: draft.method,
            statistic: draft.statistic,
            p_value: draft.p_value,
            threshold,
            drifted: verdict.drifted,
            null_share_reference: draft.null_shares.0,
            null_share_current: draft.null_shares.1,
            importance,
            impact,
            reference_rows: count(draft.rows.0),
            current_rows: count(draft.rows.1),
            adjusted_p_value: verdict.adjusted,
            message: (!drift.notes.is_empty()).then(|| drift.notes.join("; ").into()),
            new_categories: listed(drift.new),
            gone_categories: listed(drift.gone),
            details: drift.details,
        }
    }
}

/// The results of all drafts, which share the rate of false alarms, in order.
fn decide_together(drafts: Vec<Draft>, options: &Options, importance: Option<&Importance>) -> Vec<DriftResult> {
    let evidence: Vec<Evidence> = drafts
        .iter()
        .map(|draft| Evidence {
            statistic: draft.statistic,
            infinite: draft.is_infinite(),
            p_value: draft.p_value,
            rule: draft.rule,
        })
        .collect();
    let verdicts = decide(&evidence, options.settings.alpha());
    let importance_of = |draft: &Draft| importance?.get(draft.column.as_ref()?).copied();
    let mut results: Vec<DriftResult> = drafts
        .into_iter()
        .zip(verdicts)
        .map(|(draft, verdict)| DriftResult {
            importance: importance_of(&draft),
            draft,
            verdict,
        })
        .collect();
    results.sort_by(DriftResult::order);
    results
}

/// The rows of a report, each made as it is asked for.
pub fn table(results: Vec<DriftResult>) -> SetOf<ReportRow> {
    set_of(results.into_iter().map(DriftResult::into_row))
}
