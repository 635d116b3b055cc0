//! What a new version reached, and whether it is good enough to be deployed.

use rayon::prelude::*;
use serde_json::{Value as Json, json};

use super::store::not_finite;
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, Result};
use crate::pg::foreground::Foreground;
use algo::estimator::Estimator;
use algo::intervals::Coverage;
use algo::judging::curves::Curves;
use algo::judging::measures::Measure;
use algo::metrics::Metric;
use algo::metrics::evaluation::{self, Scored, Table};
use algo::model::{GroupMetrics, Model};
use algo::monitor::Monitor;
use algo::monitoring::error_model::ErrorModel;
use algo::packed::Packed;
use algo::room;
use algo::state::State;
use algo::task::Answer;
use algo::training_set::TrainingSet;
use algo::unsupervised::Unsupervised;

/// The probability from which on a row of two classes is given the second one, until it is set.
pub const THRESHOLD: f64 = 0.5;

/// How much less far 95 % reach at one side than at both: as a test of the same rows asks whether a version is worse.
const ONE_SIDE: f64 = 1.644_853_626_951_472_7 / 1.959_963_984_540_054;

/// What a version reached, and on which rows.
pub struct VersionMetrics {
    metrics: Vec<(&'static str, f64)>,
    /// Those by which it is compared with other versions, the first that both have: first the loss that the model was fitted by, where it has one of
    /// its own.
    decisive: Vec<Decisive>,
    /// Whether there is a column to predict.
    has_target: bool,
    rows: Rows,
    /// How the rows were scored.
    curves: Option<Curves>,
}

/// A metric by which versions are compared.
#[derive(Debug, Clone, Copy)]
struct Decisive {
    name: &'static str,
    higher_is_better: bool,
}

/// Those of models that answer so.
fn decisive(answer: &Answer, criterion: Option<&'static str>) -> Vec<Decisive> {
    let own = criterion.map(|name| Decisive {
        name,
        higher_is_better: false,
    });
    let usual = answer.decisive_metrics().iter().map(|metric| Decisive {
        name: metric.name(),
        higher_is_better: metric.higher_is_better(),
    });
    own.into_iter().chain(usual).collect()
}

/// The rows that metrics are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    /// Held out.
    Test,
    /// Those that the version was trained on.
    Train,
    /// Those of folds, each scored by a model that was trained on others.
    Folds,
    /// Those behind several moments of the past, each forecast from what came before.
    Origins,
}

impl Rows {
    fn name(self) -> &'static str {
        match self {
            Rows::Test => "test",
            Rows::Train => "train",
            Rows::Folds => "folds",
            Rows::Origins => "origins",
        }
    }

    fn are_held_out(self) -> bool {
        match self {
            Rows::Test | Rows::Folds | Rows::Origins => true,
            Rows::Train => false,
        }
    }
}

/// What was measured of a model.
pub struct Measured {
    pub metrics: VersionMetrics,
    /// Those of each group, where the model has groups.
    pub groups: Vec<GroupMetrics>,
    /// What errors of numbers are to be expected, as the held-out rows tell.
    pub error_model: Option<ErrorModel>,
    /// The held-out rows with the model's scores; `None` without such rows.
    pub scored: Option<Scored>,
}

/// Scores the held-out rows, or the training rows when there are none; those of each group by themselves, too, where the model has groups.
pub fn measure(
    model: &Model,
    train: &TrainingSet,
    test: Option<&TrainingSet>,
    name: &str,
    reporter: &mut Reporter,
    statement: &Foreground,
) -> Result<Measured> {
    let rows = test.unwrap_or(train);
    let of = if test.is_some() { Rows::Test } else { Rows::Train };
    if let Some(unsupervised) = model.fitted.unsupervised() {
        return assess(model, unsupervised, (rows, of), name, reporter, statement);
    }
    let (metrics, groups, error_model, scored, curves) =
        compute::run(&format!("testing {name}"), reporter, statement, |monitor| {
            model.validate(monitor).map_err(|error| not_finite(name, error))?;
            // The scores, and what the metrics make of them.
            let scores = rows.rows().saturating_mul(model.answer.outputs());
            statement.allow(scores.saturating_mul(size_of::<f64>()))?;
            room::ask(
                scores
                    .saturating_mul(2 * size_of::<f64>())
                    .saturating_add(rows.rows().saturating_mul(64)),
            )?;
            let scored = evaluation::score(model, rows, monitor)?;
            let labels = model.answer.classes().unwrap_or_default();
            let (mut metrics, curves) = Curves::with_metrics(&scored, labels, THRESHOLD, model.criterion(), monitor)?;
            if test.is_none() {
                metrics.extend(adjusted_r2(&metrics, rows.rows(), model.fitted.rank()));
            }
            // Of training rows they would tell nothing.
            if let (Some(intervals), Some(test)) = (&model.intervals, test) {
                let coverage = Coverage::of(intervals, &*model.fitted, test, monitor)?;
                metrics.extend(coverage.metrics().into_iter().map(|(name, value)| (name, Some(value))));
            }
            let groups = match model.fitted.grouped() {
                Some(grouped) => measure_groups(model, &grouped.divide(rows, monitor)?, &scored, monitor)?,
                None => Vec::new(),
            };
            let error_model = match test {
                Some(test) => ErrorModel::learn(test, &scored, monitor)?,
                None => None,
            };
            Ok::<_, Error>((metrics, groups, error_model, scored, curves))
        })?;
    let metrics = metrics
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    let metrics = VersionMetrics {
        metrics,
        decisive: decisive(
            &model.answer,
            model.fitted.criterion().map(|criterion| criterion.name()),
        ),
        has_target: true,
        rows: of,
        curves,
    };
    Ok(Measured {
        metrics,
        groups,
        error_model,
        scored: test.is_some().then_some(scored),
    })
}

/// The same of packed rows: those that test, or those that trained where there are none. Errors to be expected are learned from `test`, some of those that
/// test as values. Also gives all of them with the model's scores.
pub fn measure_packed(
    model: &Model,
    (packed, test): (&Packed, Option<&TrainingSet>),
    name: &str,
    reporter: &mut Reporter,
    statement: &Foreground,
) -> Result<(VersionMetrics, Option<ErrorModel>, Option<Scored>)> {
    let has_test = packed.test.rows() > 0;
    let rows = if has_test { &packed.test } else { &packed.train };
    let scored = compute::run(&format!("testing {name}"), reporter, statement, |monitor| {
        model.validate(monitor).map_err(|error| not_finite(name, error))?;
        let scores = rows.rows().saturating_mul(model.answer.outputs() + 1);
        room::ask(scores.saturating_mul(2 * size_of::<f64>()))?;
        Ok::<_, Error>(algo::packed::score(model, &model.answer, packed, rows, monitor)?)
    })?;
    let (metrics, error_model) = measure_scored(model, (&scored, has_test), test, name, reporter, statement)?;
    Ok((metrics, error_model, has_test.then_some(scored)))
}

/// The same of rows with the model's scores, which test or trained.
pub fn measure_scored(
    model: &Model,
    (scored, is_test): (&Scored, bool),
    test: Option<&TrainingSet>,
    name: &str,
    reporter: &mut Reporter,
    statement: &Foreground,
) -> Result<(VersionMetrics, Option<ErrorModel>)> {
    let (metrics, curves, error_model) = compute::run(&format!("testing {name}"), reporter, statement, |monitor| {
        let labels = model.answer.classes().unwrap_or_default();
        let (metrics, curves) = Curves::with_metrics(scored, labels, THRESHOLD, model.criterion(), monitor)?;
        let error_model = match test {
            Some(test) => ErrorModel::learn(test, &evaluation::score(model, test, monitor)?, monitor)?,
            None => None,
        };
        Ok::<_, Error>((metrics, curves, error_model))
    })?;
    let metrics = metrics.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let metrics = VersionMetrics {
        metrics: metrics.collect(),
        decisive: decisive(
            &model.answer,
            model.fitted.criterion().map(|criterion| criterion.name()),
        ),
        has_target: true,
        rows: if is_test { Rows::Test } else { Rows::Train },
        curves,
    };
    Ok((metrics, error_model))
}

/// Returns an error for a model with numbers that are none.
pub fn check_finite(model: &Model, name: &str, reporter: &mut Reporter, statement: &Foreground) -> Result<()> {
    compute::run(&format!("testing {name}"), reporter, statement, |monitor| {
        model.validate(monitor).map_err(|error| not_finite(name, error))
    })
}

/// What R2 would be without what each column explains by chance: of the rows that the model was fitted to, as others owe it nothing.
fn adjusted_r2(metrics: &Table, rows: usize, rank: Option<usize>) -> Option<(&'static str, Option<f64>)> {
    let (rows, rank) = (rows as f64, rank? as f64);
    let (_, r2) = metrics.iter().find(|(name, _)| *name == Metric::R2.name())?;
    let left = rows - rank - 1.0;
    (left > 0.0).then(|| ("adjusted_r2", r2.map(|r2| 1.0 - (1.0 - r2) * (rows - 1.0) / left)))
}

/// The same of a model without a target.
fn assess(
    model: &Model,
    unsupervised: &dyn Unsupervised,
    (rows, of): (&TrainingSet, Rows),
    name: &str,
    reporter: &mut Reporter,
    statement: &Foreground,
) -> Result<Measured> {
    let assessed = compute::run(&format!("testing {name}"), reporter, statement, |monitor| {
        model.validate(monitor).map_err(|error| not_finite(name, error))?;
        Ok::<_, Error>(match of {
            Rows::Train => unsupervised.assess_training(rows, monitor)?,
            Rows::Test | Rows::Folds | Rows::Origins => unsupervised.assess(rows, monitor)?,
        })
    })?;
    let count = [("rows", Some(rows.rows() as f64))];
    let metrics = assessed.metrics.into_iter().chain(count);
    let metrics = VersionMetrics {
        metrics: metrics.filter_map(|(name, value)| Some((name, value?))).collect(),
        decisive: (assessed.decisive.into_iter())
            .map(|(name, higher_is_better)| Decisive { name, higher_is_better })
            .collect(),
        has_target: false,
        rows: of,
        curves: None,
    };
    Ok(Measured {
        metrics,
        groups: Vec::new(),
        error_model: None,
        scored: None,
    })
}

/// What each group's rows reached. Groups in parallel.
fn measure_groups(
    model: &Model,
    groups: &[Vec<u32>],
    scored: &Scored,
    monitor: &dyn Monitor,
) -> algo::error::Result<Vec<GroupMetrics>> {
    let measure = |rows: &Vec<u32>| {
        monitor.check()?;
        let metrics = match &rows[..] {
            [] => Vec::new(),
            rows => scored.take(rows).metrics(THRESHOLD, model.criterion(), monitor)?,
        };
        let defined = |(name, value): (&str, Option<f64>)| Some((name.to_string(), value.filter(|v| v.is_finite())?));
        Ok(GroupMetrics {
            rows: rows.len() as u64,
            metrics: metrics.into_iter().filter_map(defined).collect(),
        })
    };
    groups.par_iter().map(measure).collect()
}

impl VersionMetrics {
    /// What models like the version reached in folds, and on how many rows.
    pub fn of_folds(metrics: &Table, rows: usize, answer: &Answer, criterion: Option<&'static str>) -> VersionMetrics {
        let rows_of_folds = [("rows", Some(rows as f64))];
        let all = metrics.iter().chain(&rows_of_folds);
        VersionMetrics {
            metrics: all.filter_map(|&(name, value)| Some((name, value?))).collect(),
            decisive: decisive(answer, criterion),
            has_target: true,
            rows: Rows::Folds,
            curves: None,
        }
    }

    /// What a forecast reached behind several moments of the past.
    pub fn of_origins(metrics: Vec<(&'static str, f64)>) -> VersionMetrics {
        VersionMetrics {
            metrics,
            decisive: vec![Decisive {
                name: "mase",
                higher_is_better: false,
            }],
            has_target: true,
            rows: Rows::Origins,
            curves: None,
        }
    }

    /// The bytes of how the rows were scored; `None` where that is not kept.
    pub fn curves(&self) -> Result<Option<Vec<u8>>> {
        let state = self.curves.clone().map(State::from);
        Ok(state.map(|state| state.to_bytes()).transpose()?)
    }

    /// The metrics by name, and which rows they are of.
    pub fn json(&self) -> Json {
        let mut object: serde_json::Map<String, Json> = self
            .metrics
            .iter()
            .map(|&(name, value)| (name.to_string(), number(value)))
            .collect();
        object.insert("evaluated_on".into(), json!(self.rows.name()));
        Json::Object(object)
    }

    /// Whether they are of rows that the version was not trained on.
    pub fn held_out(&self) -> bool {
        self.rows.are_held_out()
    }

    /// Compares with the stored metrics of another version, which are of other rows: why it is deployed, or why not. What is worse by no more than chance
    /// explains is not: the interval of its own value tells that, taken wider for that of the other, as if it were known as well, and at one side.
    pub fn not_worse_than(&self, before: &Json, measures: &[Measure]) -> std::result::Result<String, String> {
        let not_worse = || Ok("what it reached on rows of its own is not worse".to_string());
        // Without a target the rows that were learned from show as well as others how well they are described.
        if self.has_target {
            if !self.held_out() {
                return Err("it was not tested on held-out rows".into());
            }
            // What a version reached on the rows it was trained on is no match for held-out rows.
            if before["evaluated_on"] == Rows::Train.name() || before["evaluated_on"].is_null() {
                return not_worse();
            }
        }
        if self.decisive.is_empty() {
            return Ok("no metric of such models tells which version is better".into());
        }
        // What is missing cannot be compared.
        for &Decisive { name, higher_is_better } in &self.decisive {
            let sign = if higher_is_better { 1.0 } else { -1.0 };
            let new = self
                .metrics
                .iter()
                .find(|&&(metric, _)| metric == name)
                .map(|&(_, value)| value);
            let (Some(new), Some(old)) = (new, before[name].as_f64()) else {
                continue;
            };
            if sign * new >= sign * old {
                return not_worse();
            }
            let values = format!("its {name} is {new:.4}, the deployed version's {old:.4}");
            let interval = measures.iter().find(|measure| measure.name == name);
            let reach = interval
                .and_then(|measure| measure.interval)
                .map(|(low, high)| if sign > 0.0 { high - new } else { new - low });
            return match reach {
                Some(reach) if (new - old).abs() <= reach * std::f64::consts::SQRT_2 * ONE_SIDE => {
                    Ok(format!("{values} on other rows: the difference may be chance"))
                }
                Some(_) | None => Err(values),
            };
        }
        Err("its metrics cannot be compared with those of the deployed version".into())
    }
}

/// A number as JSON, whole ones (such as a count of rows) without a fraction.
pub fn number(value: f64) -> Json {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        json!(value as i64)
    } else {
        json!(value)
    }
}
