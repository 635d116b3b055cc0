//! Decisions of one version, one stretch of time and one slice, put together and judged.

use std::rc::Rc;

use hashbrown::HashMap;
use ndarray::Array2;

use super::policy;
use crate::models::cache;
use crate::models::registry::{Entry, Version};
use crate::models::scorer::Scorer;
use crate::pg::catalog::{self, Key};
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, INTERNAL, Result};
use crate::pg::foreground::Foreground;
use crate::pg::query_row::Row;
use crate::pg::reader::Value;
use algo::calibration::{Calibration, Method, Scale, Scores};
use algo::judging::measures::{self, Measure};
use algo::metrics::evaluation::Scored;
use algo::monitor::Monitor;
use algo::monitoring::errors::Errors;
use algo::monitoring::{Estimate, expected};
use algo::room;
use algo::task::Answer;

/// What tells groups apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Group {
    /// Microseconds since 2000.
    pub bucket: i64,
    pub version: i32,
    /// An object of JSON.
    pub segment: Option<String>,
}

/// What the registry says of metrics of rows that tested a version.
const TESTED: &str = "test";

/// No label.
const NONE: u32 = u32::MAX;

/// The decisions of a group.
#[derive(Default)]
struct Decisions {
    rows: u64,
    mature: u64,
    /// Labels that the version does not know.
    strange: u64,
    /// Of classes the positive one's probability, of more than two all of them; of numbers the predicted one.
    scores: Vec<f64>,
    predicted: Vec<u32>,
    /// The true class, of mature decisions with a label; [`NONE`] of others.
    actual: Vec<u32>,
    /// The true number; NaN where there is none.
    numbers: Vec<f64>,
    /// Of numbers the absolute and the squared error that were to be expected; NaN where the version does not tell.
    expected: Vec<[f64; 2]>,
    /// The places of decisions that never have a label, as was declared, ascending; how many of them are mature, and how many have one all the same.
    never: Vec<u32>,
    never_mature: u64,
    overruled: u64,
}

/// A version whose decisions are judged.
struct Judge {
    scorer: Rc<Scorer>,
    classes: HashMap<String, u32>,
    /// What makes its scores probabilities, by the rows that it was tested on; `None` where it does so itself, and where there were no such rows.
    calibration: Option<Calibration>,
    /// How many mature decisions of each kind there are, and how many of them have a label.
    decisions: HashMap<String, [u64; 2]>,
}

/// A metric of a group.
#[derive(Debug, Clone)]
pub struct Metric {
    pub name: &'static str,
    pub value: Option<f64>,
    pub interval: Option<[f64; 2]>,
    pub estimated: Option<f64>,
    pub estimated_interval: Option<[f64; 2]>,
    /// The estimate for the decisions that have a label: what the value is to be compared with.
    pub estimated_labelled: Option<f64>,
    /// The estimate for the decisions that can have one.
    pub estimated_labellable: Option<f64>,
}

/// A group with its metrics.
pub struct Judged {
    pub group: Group,
    pub rows: u64,
    pub mature: u64,
    /// Mature decisions that can have a label.
    pub labellable: u64,
    pub labelled: u64,
    pub metrics: Vec<Metric>,
    pub note: Option<String>,
}

/// Groups as decisions come.
pub struct Groups {
    groups: HashMap<Group, Decisions>,
    judges: HashMap<i32, Judge>,
    /// Decisions of these kinds never have a label.
    unlabelled: Vec<String>,
}

/// The places of the columns in which decisions come.
mod place {
    pub const BUCKET: usize = 0;
    pub const VERSION: usize = 1;
    pub const SEGMENT: usize = 2;
    pub const SCORE: usize = 3;
    pub const CLASS: usize = 4;
    /// What was decided: by another version, where this one was only watched.
    pub const DECISION: usize = 5;
    pub const PROBABILITIES: usize = 6;
    pub const LABEL: usize = 7;
    pub const VALUE: usize = 8;
    pub const MATURE: usize = 9;
    pub const EXPECTED_ERROR: usize = 10;
    pub const EXPECTED_SQUARED_ERROR: usize = 11;
}

impl Judge {
    fn of(model: &Entry, version: i32) -> Result<Judge> {
        let version = Version {
            model: model.clone(),
            version,
        };
        let scorer = cache::scorer(&version)?;
        let labels = scorer.model().answer.classes().unwrap_or_default().iter();
        Ok(Judge {
            classes: labels
                .zip(0..)
                .map(|(label, place)| (label.text().into(), place))
                .collect(),
            decisions: HashMap::new(),
            calibration: calibration_of(&version, &scorer)?,
            scorer,
        })
    }

    /// What is to be known of decisions that turn out never to get a label, besides those of which it was `declared`; `None` where there are none such.
    fn unlabelled(&self, declared: &[String]) -> Option<String> {
        /// Fewer may be chance.
        const FEWEST: u64 = 20;
        let some = self.decisions.values().any(|[_, labelled]| *labelled > 0);
        let mut never: Vec<(&String, u64)> = (self.decisions.iter())
            .filter(|(_, [mature, labelled])| some && *mature >= FEWEST && *labelled == 0)
            .filter(|(decision, _)| !declared.contains(decision))
            .map(|(decision, [mature, _])| (decision, *mature))
            .collect();
        never.sort_unstable();
        if never.is_empty() {
            return None;
        }
        let kinds: Vec<String> = never
            .iter()
            .map(|(decision, rows)| format!("{rows} decisions \"{decision}\""))
            .collect();
        Some(format!(
            "none of {} has a label: value is of the other decisions alone, which were selected by the score, and does not say how the model does on all (assay.set_unlabelled declares that they never will)",
            kinds.join(" and ")
        ))
    }
}

/// How the scores of two classes came true on the rows that a version was tested on.
fn calibration_of(version: &Version, scorer: &Scorer) -> Result<Option<Calibration>> {
    let is_tested = version.stored()?.metrics["evaluated_on"] == TESTED;
    if !is_tested || scorer.model().calibration.is_some() || scorer.outputs() != 2 {
        return Ok(None);
    }
    let curves = version.curves()?;
    let Some([positive]) = curves.as_ref().map(|curves| curves.classes()) else {
        return Ok(None);
    };
    let (mut probabilities, mut classes, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    for step in positive.scores.steps() {
        for (class, &rows) in (0_u8..).zip(&step.counts) {
            probabilities.extend([1.0 - step.mean(), step.mean()]);
            classes.push(f64::from(class));
            weights.push(rows as f32);
        }
    }
    let scores = Scores {
        probabilities: &probabilities,
        classes: &classes,
        weights: Some(&weights),
        count: 2,
    };
    let statement = Foreground::new()?;
    let calibration = Calibration::learn(Method::Isotonic, Scale::Probability, &scores, &statement)?;
    Ok(Some(calibration))
}

impl Groups {
    /// No decisions yet, of the versions that were logged.
    pub fn of(model: &Entry) -> Result<Groups> {
        let mut versions = Vec::new();
        catalog::find::<()>(
            c"prediction_batch",
            c"prediction_batch_model_idx",
            &[Key::BigInt(2, model.id)],
            |row| {
                if let Some(version) = row.get::<i32>(4)?
                    && !versions.contains(&version)
                {
                    versions.push(version);
                }
                Ok(None)
            },
        )?;
        let judges = versions
            .into_iter()
            .map(|version| Ok((version, Judge::of(model, version)?)));
        Ok(Groups {
            groups: HashMap::new(),
            judges: judges.collect::<Result<_>>()?,
            unlabelled: policy::unlabelled(model)?,
        })
    }

    /// Adds a decision. Gives whether it has what slices are made of.
    pub fn push(&mut self, row: &Row<'_>) -> Result<bool> {
        let number = |place: usize| row.number(place);
        let text = |place: usize| match row.value(place) {
            Value::Text(text) => Some(text.into_owned()),
            _ => None,
        };
        let group = Group {
            bucket: (number(place::BUCKET).unwrap_or(0.0) * 1e6).round() as i64,
            version: number(place::VERSION).unwrap_or(0.0) as i32,
            segment: text(place::SEGMENT),
        };
        let has_segment = group.segment.is_some();
        let judge = self
            .judges
            .get_mut(&group.version)
            .ok_or_else(|| Error::new(INTERNAL, "a decision of no version was logged"))?;
        let decisions = self.groups.entry(group).or_default();
        let is_mature = number(place::MATURE) == Some(1.0);
        let decision = text(place::DECISION);
        let is_never = !self.unlabelled.is_empty() && decision.as_ref().is_some_and(|d| self.unlabelled.contains(d));
        if is_never {
            room::push(&mut decisions.never, decisions.rows as u32)?;
            decisions.never_mature += u64::from(is_mature);
        }
        decisions.rows += 1;
        decisions.mature += u64::from(is_mature);
        let score = number(place::SCORE).unwrap_or(f64::NAN);
        let counts = is_mature && !is_never;
        let labelled = match &judge.scorer.model().answer {
            // There is nothing to compare them with: they are only counted.
            Answer::Cluster { .. } | Answer::Strangeness | Answer::Components { .. } | Answer::Forecast => false,
            Answer::Number => {
                let actual = number(place::VALUE).filter(|_| counts);
                let expected = [place::EXPECTED_ERROR, place::EXPECTED_SQUARED_ERROR];
                room::push(&mut decisions.scores, score)?;
                room::push(&mut decisions.numbers, actual.unwrap_or(f64::NAN))?;
                room::push(
                    &mut decisions.expected,
                    expected.map(|place| number(place).unwrap_or(f64::NAN)),
                )?;
                actual.is_some()
            }
            Answer::Classes(labels) => {
                match row.value(place::PROBABILITIES) {
                    Value::Vector(probabilities) if labels.len() > 2 && probabilities.len() == labels.len() => {
                        room::reserve(&mut decisions.scores, probabilities.len())?;
                        decisions.scores.extend(probabilities);
                    }
                    _ if labels.len() == 2 => room::push(&mut decisions.scores, score)?,
                    _ => return Err(Error::new(INTERNAL, "a logged decision lacks its probabilities")),
                }
                let class = number(place::CLASS).filter(|class| (0.0..labels.len() as f64).contains(class));
                room::push(&mut decisions.predicted, class.unwrap_or(0.0) as u32)?;
                let label = text(place::LABEL);
                decisions.overruled += u64::from(is_never && label.is_some());
                let label = label.filter(|_| counts);
                let actual = label.as_ref().and_then(|label| judge.classes.get(label)).copied();
                decisions.strange += u64::from(label.is_some() && actual.is_none());
                room::push(&mut decisions.actual, actual.unwrap_or(NONE))?;
                label.is_some()
            }
        };
        if is_mature && let Some(decision) = decision {
            let counts = judge.decisions.entry(decision).or_default();
            counts[0] += 1;
            counts[1] += u64::from(labelled);
        }
        Ok(has_segment)
    }

    /// Judges the groups, in the order of time, version and slice.
    pub fn judge(mut self, statement: &Foreground) -> Result<Vec<Judged>> {
        let mut groups: Vec<(Group, Decisions)> = std::mem::take(&mut self.groups).into_iter().collect();
        groups.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let mut reporter = Reporter::new();
        let errors = self.errors_of(&groups, &mut reporter, statement)?;
        let judge = |(group, decisions): (Group, Decisions)| {
            let judge = &self.judges[&group.version];
            let (expected, calibration) = (errors.get(&group.version), judge.calibration.as_ref());
            let answer = &judge.scorer.model().answer;
            let (metrics, labelled) = compute::run("judging decisions", &mut reporter, statement, |monitor| {
                decisions.metrics(answer, expected, calibration, monitor)
            })?;
            let notes = self.notes(judge, &decisions, expected);
            Ok(Judged {
                rows: decisions.rows,
                mature: decisions.mature,
                labellable: decisions.mature - decisions.never_mature,
                labelled,
                metrics,
                note: (!notes.is_empty()).then(|| notes.join("; ")),
                group,
            })
        };
        let judged = groups.into_iter().map(judge).collect();
        reporter.finish();
        judged
    }

    /// What is to be known of how decisions were judged.
    fn notes(&self, judge: &Judge, decisions: &Decisions, errors: Option<&Errors>) -> Vec<String> {
        let mut notes = Vec::new();
        if !decisions.never.is_empty() {
            let kinds: Vec<String> = self.unlabelled.iter().map(|kind| format!("\"{kind}\"")).collect();
            notes.push(format!(
                "decisions {} never have a label, as was declared: value, labelled_share and estimated_labellable are of the others, estimated is of all",
                kinds.join(", ")
            ));
        }
        if decisions.overruled > 0 {
            notes.push(format!("{} labels of such decisions are left out", decisions.overruled));
        }
        notes.extend(judge.unlabelled(&self.unlabelled));
        if decisions.strange > 0 {
            notes.push(format!("{} labels are none that the version knows", decisions.strange));
        }
        let model = judge.scorer.model();
        let untested = match (&model.answer, &model.error_model, errors) {
            (Answer::Classes(_), ..) if model.calibration.is_none() && judge.calibration.is_none() => Some(
                "estimated takes scores for probabilities: the version was trained with neither calibrate nor held-out rows",
            ),
            (Answer::Number, None, Some(_)) => Some(
                "estimated goes by the size of the prediction alone: the version has too few held-out rows to tell its errors by",
            ),
            (Answer::Number, None, None) => Some(
                "nothing is estimated: too few decisions of the version have a label, and it has too few held-out rows to tell its errors by",
            ),
            (Answer::Cluster { .. } | Answer::Strangeness | Answer::Components { .. } | Answer::Forecast, ..) => {
                Some("decisions are only counted: the version predicts no column to compare them with")
            }
            (Answer::Classes(_) | Answer::Number, ..) => None,
        };
        notes.extend(untested.map(String::from));
        notes
    }

    /// What errors are to be expected by the size of the prediction, of each version that predicts numbers and does not tell itself, by those of its
    /// decisions that have a label.
    fn errors_of(
        &self,
        groups: &[(Group, Decisions)],
        reporter: &mut Reporter,
        statement: &Foreground,
    ) -> Result<HashMap<i32, Errors>> {
        let mut found = HashMap::new();
        for (&version, judge) in &self.judges {
            let model = judge.scorer.model();
            if model.answer.classes().is_some() || model.error_model.is_some() {
                continue;
            }
            let of_version = groups.iter().filter(|(group, _)| group.version == version);
            let rows = of_version.flat_map(|(_, decisions)| decisions.scores.iter().zip(&decisions.numbers));
            let known = rows
                .filter(|(_, actual)| !actual.is_nan())
                .map(|(&predicted, &actual)| (predicted, actual));
            let errors = compute::run("judging decisions", reporter, statement, |monitor| {
                Ok::<_, Error>(Errors::learn(known, monitor)?)
            })?;
            found.extend(errors.map(|errors| (version, errors)));
        }
        Ok(found)
    }
}

/// Some rows of a matrix of scores.
fn scores_of(scores: &[f64], classes: usize, rows: &[usize]) -> algo::error::Result<Array2<f64>> {
    room::ask(rows.len().saturating_mul(classes).saturating_mul(size_of::<f64>()))?;
    Ok(Array2::from_shape_fn(
        (rows.len(), classes),
        |(row, class)| match classes {
            2 if class == 0 => 1.0 - scores[rows[row]],
            2 => scores[rows[row]],
            classes => scores[rows[row] * classes + class],
        },
    ))
}

impl Decisions {
    /// The metrics, and of how many decisions with a label they are.
    fn metrics(
        &self,
        answer: &Answer,
        errors: Option<&Errors>,
        calibration: Option<&Calibration>,
        monitor: &dyn Monitor,
    ) -> algo::error::Result<(Vec<Metric>, u64)> {
        let classes = match answer {
            Answer::Number => return self.of_numbers(errors, monitor),
            Answer::Cluster { .. } | Answer::Strangeness | Answer::Components { .. } | Answer::Forecast => {
                return Ok((Vec::new(), 0));
            }
            Answer::Classes(labels) => labels.len(),
        };
        let estimate = |rows: &[usize], scores: &Array2<f64>| {
            let predicted: Vec<u32> = rows.iter().map(|&row| self.predicted[row]).collect();
            let calibrated = calibration.map(|calibration| {
                let mut calibrated = scores.clone();
                let rows = calibrated.rows_mut().into_iter();
                rows.for_each(|mut row| row.as_slice_mut().into_iter().for_each(|row| calibration.apply(row)));
                calibrated
            });
            let unjudged = expected::Unjudged {
                scores: scores.view(),
                probabilities: calibrated.as_ref().unwrap_or(scores).view(),
                predicted: &predicted,
            };
            expected::classification(unjudged, monitor)
        };
        let all: Vec<usize> = (0..self.predicted.len()).collect();
        let estimated = estimate(&all, &scores_of(&self.scores, classes, &all)?)?;
        let of_labellable = match &self.never[..] {
            [] => estimated.clone(),
            never => {
                let others = others(&all, never);
                estimate(&others, &scores_of(&self.scores, classes, &others)?)?
            }
        };
        drop(all);
        let known: Vec<usize> = (0..self.actual.len()).filter(|&row| self.actual[row] != NONE).collect();
        let scores = scores_of(&self.scores, classes, &known)?;
        let of_known = estimate(&known, &scores)?;
        let actual: Vec<u32> = known.iter().map(|&row| self.actual[row]).collect();
        let predicted: Vec<u32> = known.iter().map(|&row| self.predicted[row]).collect();
        let realised = measures::of_decided(&actual, scores.view(), &predicted, monitor)?;
        let estimates = [&estimated[..], &of_known[..], &of_labellable[..]];
        Ok((joined(&realised, estimates), known.len() as u64))
    }

    fn of_numbers(&self, errors: Option<&Errors>, monitor: &dyn Monitor) -> algo::error::Result<(Vec<Metric>, u64)> {
        let known: Vec<usize> = (0..self.numbers.len())
            .filter(|&row| !self.numbers[row].is_nan())
            .collect();
        let expect = |rows: &[usize]| {
            room::ask(rows.len().saturating_mul(size_of::<[f64; 2]>()))?;
            let of_row = |&row: &usize| match errors {
                Some(errors) => errors.of(self.scores[row]),
                None => self.expected[row],
            };
            expected::regression(&rows.iter().map(of_row).collect::<Vec<[f64; 2]>>(), monitor)
        };
        let all: Vec<usize> = (0..self.scores.len()).collect();
        let estimated = expect(&all)?;
        let of_labellable = expect(&others(&all, &self.never))?;
        let of_known = expect(&known)?;
        let actual: Vec<f64> = known.iter().map(|&row| self.numbers[row]).collect();
        let predicted: Vec<f64> = known.iter().map(|&row| self.scores[row]).collect();
        let realised = match known.is_empty() {
            true => Vec::new(),
            false => measures::measure(&Scored::Numbers { actual, predicted }, 0.5, None, monitor)?,
        };
        let estimates = [&estimated[..], &of_known[..], &of_labellable[..]];
        Ok((joined(&realised, estimates), known.len() as u64))
    }
}

/// The places that are not among `never`, which are ascending.
fn others(places: &[usize], never: &[u32]) -> Vec<usize> {
    let is_other = |place: &&usize| never.binary_search(&(**place as u32)).is_err();
    places.iter().filter(is_other).copied().collect()
}

/// What was realised beside what was estimated (of all decisions, of those with a label, of those that can have one), metric by metric, in the order
/// of either. How many rows there are is no metric.
fn joined(realised: &[Measure], [estimated, of_known, of_labellable]: [&[Estimate]; 3]) -> Vec<Metric> {
    let mut names: Vec<&'static str> = realised.iter().map(|metric| metric.name).collect();
    names.retain(|name| *name != "rows");
    let expected = estimated.iter().map(|estimate| estimate.metric);
    names.extend(expected.filter(|name| !realised.iter().any(|metric| metric.name == *name)));
    let metric = |name: &'static str| {
        let of = |estimates: &[Estimate]| estimates.iter().find(|estimate| estimate.metric == name).copied();
        let realised = realised.iter().find(|metric| metric.name == name);
        let estimate = of(estimated);
        Metric {
            name,
            value: realised.and_then(|metric| metric.value),
            interval: realised.and_then(|metric| metric.interval).map(<[f64; 2]>::from),
            estimated: estimate.and_then(|estimate| estimate.value),
            estimated_interval: estimate.and_then(|estimate| estimate.interval()),
            estimated_labelled: of(of_known).and_then(|estimate| estimate.value),
            estimated_labellable: of(of_labellable).and_then(|estimate| estimate.value),
        }
    };
    names.into_iter().map(metric).collect()
}
