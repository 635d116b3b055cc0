//! Whether a model treats groups alike: what its decisions do to each, and how far they are apart.

use pgrx::pg_extern;
use serde::Deserialize;
use serde_json::Value as Json;

use super::pass::{Pass, Wanted};
use super::segments::Segments;
use crate::pg::error::{Error, INVALID_PARAMETER, Result, advise, or_raise};
use crate::pg::json::Jsonb;
use crate::pg::options;
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use algo::judging::apart::{self, Apart, Criterion, With};
use algo::judging::costs::Amount;
use algo::judging::fairness::{Group, GroupMetric, Groups};

/// Groups of fewer rows are said to be small, unless min_rows says otherwise.
const SMALL: u64 = 30;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    reference: Option<Json>,
    threshold: Option<f64>,
    min_rows: Option<i64>,
    #[serde(default)]
    limits: Limits,
}

/// What the user demands; nothing is demanded unless it is given.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Limits {
    demographic_parity_difference: Option<f64>,
    demographic_parity_ratio: Option<f64>,
    equal_opportunity_difference: Option<f64>,
    equal_opportunity_ratio: Option<f64>,
    equalized_odds_difference: Option<f64>,
    equalized_odds_ratio: Option<f64>,
}

/// Whether a document says what is demanded of fairness, as the option limits does.
pub fn are_limits(document: &Json) -> bool {
    let limits: Option<Limits> = serde_json::from_value(document.clone()).ok();
    limits.is_some_and(|limits| limits.check().is_ok())
}

impl Limits {
    /// The greatest difference and the least ratio that are allowed.
    fn of(&self, criterion: Criterion) -> (Option<f64>, Option<f64>) {
        match criterion {
            Criterion::DemographicParity => (self.demographic_parity_difference, self.demographic_parity_ratio),
            Criterion::EqualOpportunity => (self.equal_opportunity_difference, self.equal_opportunity_ratio),
            Criterion::EqualizedOdds => (self.equalized_odds_difference, self.equalized_odds_ratio),
        }
    }

    /// Returns 22023 for a limit that is not from 0 to 1.
    fn check(&self) -> Result<()> {
        for criterion in Criterion::ALL {
            let (difference, ratio) = self.of(criterion);
            if let Some(limit) = [difference, ratio]
                .into_iter()
                .flatten()
                .find(|limit| !(0.0..=1.0).contains(limit))
            {
                return Err(Error::new(
                    INVALID_PARAMETER,
                    format!("options: a limit of {} is out of range", criterion.name()),
                )
                .detail(format!("The value is {limit}."))
                .hint("Differences and ratios of rates are from 0 to 1."));
            }
        }
        Ok(())
    }

    /// Whether groups are within the limits; `None` where there are none, and where nothing can be compared.
    fn hold(&self, criterion: Criterion, apart: Apart) -> Option<bool> {
        let (difference, ratio) = self.of(criterion);
        let alike = difference.map(|limit| Some(apart.difference?.value <= limit));
        let even = ratio.map(|limit| Some(apart.ratio?.value >= limit));
        match (alike, even) {
            (Some(alike), Some(even)) => Some(alike? && even?),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => None,
        }
    }
}

result_row! {
    /// A metric of a group, or how far groups are apart.
    pub struct FairnessRow {
        /// NULL for all rows together.
        segment: Option<Json>,
        rows: i64,
        metric: &'static str,
        value: Option<f64>,
        low: Option<f64>,
        high: Option<f64>,
        difference: Option<f64>,
        ratio: Option<f64>,
        within_limits: Option<bool>,
        note: Option<String>,
        difference_low: Option<f64>,
        difference_high: Option<f64>,
        ratio_low: Option<f64>,
        ratio_high: Option<f64>,
    }
}

impl FairnessRow {
    /// A row without a value, of how far groups are apart, or a group is from the reference.
    fn of(segment: Option<Json>, rows: u64, metric: &'static str, apart: Apart, note: Option<String>) -> FairnessRow {
        let low = |amount: Option<Amount>| Some(amount?.interval?.0);
        let high = |amount: Option<Amount>| Some(amount?.interval?.1);
        FairnessRow {
            segment,
            rows: rows as i64,
            metric,
            value: None,
            low: None,
            high: None,
            difference: apart.difference.map(|amount| amount.value),
            ratio: apart.ratio.map(|amount| amount.value),
            within_limits: None,
            note,
            difference_low: low(apart.difference),
            difference_high: high(apart.difference),
            ratio_low: low(apart.ratio),
            ratio_high: high(apart.ratio),
        }
    }
}

/// With what groups are compared.
enum Reference {
    /// With each other; single groups with all rows.
    Each,
    /// With all rows.
    Overall,
    /// With a group.
    Group(usize),
}

/// The reference that options name: "overall", the object of a group's values, or the value of the only column.
fn reference_of(given: Option<&Json>, group_by: &[String], segments: &Segments) -> Result<Reference> {
    let Some(given) = given.filter(|given| !given.is_null()) else {
        return Ok(Reference::Each);
    };
    if given == "overall" {
        return Ok(Reference::Overall);
    }
    let wanted = match (given, group_by) {
        (Json::Object(_), _) => given.clone(),
        (value, [only]) => serde_json::json!({ only.as_str(): value }),
        _ => {
            return Err(Error::new(INVALID_PARAMETER, "options: reference is no group")
                .detail(format!("It is {given}."))
                .hint("It is \"overall\", or an object with the value of each column of group_by."));
        }
    };
    let found = segments
        .in_order()
        .into_iter()
        .find(|&segment| segments.json(segment) == wanted);
    found.map(Reference::Group).ok_or_else(|| {
        let known: Vec<String> = segments
            .in_order()
            .into_iter()
            .take(20)
            .map(|segment| segments.json(segment).to_string())
            .collect();
        Error::new(INVALID_PARAMETER, "options: the reference is no group of the rows")
            .detail(format!("It is {wanted}."))
            .hint(format!("The groups are: {}; or say \"overall\".", known.join(", ")))
    })
}

/// Groups with their rows, and all rows together.
struct Measured {
    overall: Group,
    /// In the order of their values, with the number of their segment.
    groups: Vec<(usize, Group)>,
}

fn measure(pass: &Pass, segments: &Segments) -> Result<Measured> {
    let (actual, probabilities) = pass.two_classes("fairness")?;
    let (mut of_segment, order) = (segments.rows()?, segments.in_order());
    let scores = probabilities.column(1);
    let row = |row: u32| (actual[row as usize] == 1, scores[row as usize]);
    let places: Vec<Vec<u32>> = order
        .iter()
        .map(|&segment| std::mem::take(&mut of_segment[segment]))
        .collect();
    let threshold = pass.threshold;
    let found = pass.judging(|monitor| Groups::of(row, &places, threshold, monitor))?;
    Ok(Measured {
        overall: found.overall,
        groups: order.into_iter().zip(found.groups).collect(),
    })
}

/// `fairness(model, query, group_by, options)`.
#[pg_extern(sql = false)]
fn fairness(
    model: Option<Text>,
    query: Option<Text>,
    group_by: Option<Vec<Option<Text>>>,
    options: Option<Jsonb>,
) -> SetOf<FairnessRow> {
    let rows = || -> Result<Vec<FairnessRow>> {
        let group_by = required("group_by", options::texts("group_by", group_by)?)?;
        let options: Options = options::parse("options", options::object("options", options)?)?;
        options.limits.check()?;
        let min_rows = match options.min_rows {
            None => 0,
            Some(rows) => u64::try_from(rows).map_err(|_| {
                Error::new(INVALID_PARAMETER, "options: min_rows is out of range")
                    .detail(format!("The value is {rows}."))
                    .hint("Groups of fewer rows are left out of what is compared; 0 leaves none out.")
            })?,
        };
        let groupings = [group_by.as_slice()];
        let wanted = Wanted {
            threshold: options.threshold,
            groupings: &groupings,
            ..Wanted::default()
        };
        let pass = Pass::run(model.as_deref(), query.as_deref(), &wanted)?;
        let Some(segments) = pass.segments() else {
            return Ok(Vec::new());
        };
        let reference = reference_of(options.reference.as_ref(), &group_by, segments)?;
        let measured = measure(&pass, segments)?;
        say_unlabelled(&pass);
        let report = report(&pass, &measured, segments, &reference, min_rows, &options.limits)?;
        report.say_small(min_rows);
        Ok(report.rows)
    };
    set_of(or_raise(rows()))
}

/// How groups compare with each other, and single ones with all rows; `limits` as the option has them.
pub fn of_segments(pass: &Pass, segments: &Segments, limits: Option<&Json>) -> Result<Vec<FairnessRow>> {
    let measured = measure(pass, segments)?;
    // What is kept with a model was checked when it was written.
    let limits: Option<Limits> = limits.and_then(|limits| serde_json::from_value(limits.clone()).ok());
    let limits = limits.unwrap_or_default();
    Ok(report(pass, &measured, segments, &Reference::Each, 0, &limits)?.rows)
}

/// Says how many rows have no label, and so do not count.
fn say_unlabelled(pass: &Pass) {
    let rows = pass.left_out.unlabelled;
    if rows > 0 {
        advise(
            format!("{rows} rows have no target and do not count"),
            Some("What becomes of them is not known.".into()),
            None,
        );
    }
}

/// How far groups are apart, then all rows together, then each group.
struct FairnessReport {
    rows: Vec<FairnessRow>,
    groups: usize,
    /// How many of the groups have few rows.
    small: usize,
}

impl FairnessReport {
    /// Says how many groups are small.
    fn say_small(&self, min_rows: u64) {
        if self.small > 0 {
            advise(
                format!("{} of {} groups are small", self.small, self.groups),
                Some(format!(
                    "They have fewer than {} rows, which the intervals tell of.",
                    min_rows.max(SMALL)
                )),
                Some(
                    "min_rows in the options leaves groups of fewer rows out of what is compared; more rows tell more."
                        .into(),
                ),
            );
        }
    }
}

fn report(
    pass: &Pass,
    measured: &Measured,
    segments: &Segments,
    reference: &Reference,
    min_rows: u64,
    limits: &Limits,
) -> Result<FairnessReport> {
    let with = match reference {
        Reference::Each | Reference::Overall => With::All(&measured.overall),
        Reference::Group(wanted) => {
            let group = measured.groups.iter().find(|(segment, _)| segment == wanted);
            group.map_or(With::All(&measured.overall), |(_, group)| With::One(group))
        }
    };
    let compared: Vec<&Group> = measured
        .groups
        .iter()
        .map(|(_, group)| group)
        .filter(|group| group.rows >= min_rows.max(1))
        .collect();
    let left_out = measured.groups.len() - compared.len();
    let of_whom = match reference {
        Reference::Each => None,
        Reference::Overall | Reference::Group(_) => Some(with),
    };
    let found = pass.judging(|monitor| {
        let each = |criterion| Ok((criterion, apart::apart(criterion, &compared, of_whom, monitor)?));
        Criterion::ALL
            .into_iter()
            .map(each)
            .collect::<algo::error::Result<Vec<_>>>()
    })?;
    let count = compared.iter().map(|group| group.rows).sum::<u64>();
    let rows = found.into_iter().map(|(criterion, apart)| {
        let note = (left_out > 0).then(|| format!("{left_out} groups of fewer than {min_rows} rows are left out"));
        FairnessRow {
            within_limits: limits.hold(criterion, apart),
            ..FairnessRow::of(None, count, criterion.name(), apart, note)
        }
    });
    let mut rows: Vec<FairnessRow> = rows.collect();
    rows.extend(rows_of(None, &measured.overall, With::One(&measured.overall), None));
    let mut small = 0_usize;
    for (segment, group) in &measured.groups {
        let few = group.rows < min_rows.max(SMALL);
        small += usize::from(few);
        let note = few.then(|| format!("small: {} rows", group.rows));
        rows.extend(rows_of(Some(segments.json(*segment)), group, with, note));
    }
    Ok(FairnessReport {
        rows,
        groups: measured.groups.len(),
        small,
    })
}

/// The metrics of a group beside those of the reference.
fn rows_of(segment: Option<Json>, group: &Group, with: With<'_>, note: Option<String>) -> Vec<FairnessRow> {
    let count = FairnessRow {
        value: Some(group.rows as f64),
        ..FairnessRow::of(segment.clone(), group.rows, "count", Apart::default(), note.clone())
    };
    let metric = |metric: GroupMetric| {
        let measured = group.measured(metric)?;
        let apart = apart::beside(metric, group, with);
        Some(FairnessRow {
            value: measured.value,
            low: measured.interval.map(|(low, _)| low),
            high: measured.interval.map(|(_, high)| high),
            ..FairnessRow::of(segment.clone(), measured.rows, metric.name(), apart, note.clone())
        })
    };
    let metrics = GroupMetric::ALL.into_iter().filter_map(metric);
    std::iter::once(count).chain(metrics).collect()
}
