//! Calibration, lift, and Brier's score taken apart: of the rows of a query, or of those that a version was judged on.

use pgrx::pg_extern;

use super::pass::{Pass, Wanted};
use crate::models::registry::{self, Privilege, Version};
use crate::pg::error::{Error, INVALID_PARAMETER, NO_CURVES, Result, WRONG_TASK, or_raise};
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use algo::judging::calibration;
use algo::judging::calibration::Point;
use algo::judging::calibration::Strategy;
use algo::judging::calibration::checked_bins;
use algo::judging::curves::Curves;
use algo::judging::lift;
use algo::judging::numbers::NumberBins;
use algo::judging::scores::Scores;
use algo::metrics::evaluation;
use algo::metrics::evaluation::Scored;

/// How rows were scored.
enum Found {
    /// The probabilities of a class.
    Scores(Scores),
    /// Predicted numbers and actual ones.
    Numbers(NumberBins),
}

/// The rows of a query as a version scores them, or with a NULL query those that it was judged on, as they are kept.
fn find(model: Option<&str>, query: Option<&str>, label: Option<&str>) -> Result<Found> {
    let reference = required("model", model)?;
    if query.is_none() {
        let version = registry::resolve(reference, Privilege::Predict)?;
        return kept(&version, label);
    }
    let pass = Pass::run(model, query, &Wanted::default())?;
    match &pass.scored {
        Scored::Numbers { actual, predicted } => {
            let bins = pass.judging(|monitor| NumberBins::of(actual, predicted, monitor))?;
            Ok(Found::Numbers(bins))
        }
        Scored::Classes { .. } => {
            let labels = pass.scorer.model().answer.classes().unwrap_or_default();
            let names: Vec<String> = labels.iter().map(|label| label.to_string()).collect();
            let class = class_of(reference, &names, label)?;
            let (actual, probabilities) = pass.classes("this")?;
            let scores = pass.judging(|monitor| {
                let ranking = evaluation::rank(actual, probabilities, class, monitor)?;
                Scores::of(&ranking, monitor)
            })?;
            Ok(Found::Scores(scores))
        }
    }
}

/// The rows that a version was judged on.
fn kept(version: &Version, label: Option<&str>) -> Result<Found> {
    let reference = version.reference();
    let curves = version.curves()?.ok_or_else(|| {
        Error::new(NO_CURVES, format!("model \"{reference}\" has no curves"))
            .detail("They are kept by assay.train since 0.2.0, of models with up to 20 classes.")
            .hint("Give a query, whose rows are scored.")
    })?;
    match curves {
        Curves::Numbers(bins) => Ok(Found::Numbers(bins)),
        Curves::Classes(mut classes) => {
            // Of two classes only the positive one is kept.
            let class = match (&classes[..], label) {
                ([_], None) => 0,
                _ => {
                    let names: Vec<String> = classes.iter().map(|class| class.label.clone()).collect();
                    class_of(&reference, &names, label)?
                }
            };
            Ok(Found::Scores(classes.swap_remove(class).scores))
        }
    }
}

/// The positive class's scores of the rows that a version was judged on; `None` unless it has two classes.
pub fn kept_scores(version: &Version) -> Result<Option<Scores>> {
    match kept(version, None) {
        Ok(Found::Scores(scores)) => Ok(Some(scores)),
        Ok(Found::Numbers(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The place of the class whose probability is asked for: of two classes the second unless another is named.
fn class_of(reference: &str, labels: &[String], label: Option<&str>) -> Result<usize> {
    let Some(label) = label else {
        if labels.len() == 2 {
            return Ok(1);
        }
        return Err(Error::new(
            WRONG_TASK,
            format!("model \"{reference}\" has {} classes and no positive one", labels.len()),
        )
        .hint(format!("Name one with label => ...: {}.", shown(labels))));
    };
    labels.iter().position(|known| known == label).ok_or_else(|| {
        Error::new(
            INVALID_PARAMETER,
            format!("model \"{reference}\" has no class \"{label}\""),
        )
        .hint(format!("Its classes are: {}.", shown(labels)))
    })
}

fn shown(labels: &[String]) -> String {
    let mut labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    labels.truncate(20);
    labels.join(", ")
}

/// The probabilities of a class. Returns ML010 for a regression.
fn scores(model: Option<&str>, query: Option<&str>, label: Option<&str>, wanted: &str) -> Result<Scores> {
    match find(model, query, label)? {
        Found::Scores(scores) => Ok(scores),
        Found::Numbers(_) => Err(Error::new(WRONG_TASK, format!("{wanted} needs a classification"))
            .hint("Use assay.calibration_curve for a regression.")),
    }
}

fn strategy_of(strategy: Option<&str>) -> Result<Strategy> {
    let name = required("strategy", strategy)?;
    Strategy::named(name).ok_or_else(|| {
        Error::new(INVALID_PARAMETER, format!("strategy cannot be \"{name}\""))
            .hint("It is uniform (bins as wide) or quantile (bins with as many rows).")
    })
}

fn bins_of(bins: Option<i32>) -> Result<usize> {
    Ok(checked_bins(required("bins", bins)?.into())?)
}

result_row! {
    /// Predictions beside what came true.
    struct CalibrationRow {
        bin: i32,
        lower: f64,
        upper: f64,
        rows: i64,
        predicted: f64,
        actual: f64,
        low: Option<f64>,
        high: Option<f64>,
    }
}

/// `calibration_curve(model, query, bins, strategy, label)`.
#[pg_extern(sql = false)]
fn calibration_curve(
    model: Option<Text>,
    query: Option<Text>,
    bins: Option<i32>,
    strategy: Option<Text>,
    label: Option<Text>,
) -> SetOf<CalibrationRow> {
    let rows = || -> Result<Vec<CalibrationRow>> {
        let (bins, strategy) = (bins_of(bins)?, strategy_of(strategy.as_deref())?);
        let points: Vec<Point> = match find(model.as_deref(), query.as_deref(), label.as_deref())? {
            Found::Scores(scores) => {
                let bins = calibration::curve(&scores, bins, strategy);
                bins.iter().map(Point::from).collect()
            }
            Found::Numbers(numbers) => numbers.in_bins(bins).iter().map(Point::from).collect(),
        };
        let row = |(point, bin): (Point, i32)| CalibrationRow {
            bin,
            lower: point.lower,
            upper: point.upper,
            rows: point.rows as i64,
            predicted: point.predicted,
            actual: point.actual,
            low: point.interval.map(|(low, _)| low),
            high: point.interval.map(|(_, high)| high),
        };
        Ok(points.into_iter().zip(1..).map(row).collect())
    };
    set_of(or_raise(rows()))
}

result_row! {
    /// Rows of neighbouring ranks.
    struct LiftRow {
        bin: i32,
        rows: i64,
        positives: i64,
        lowest_score: f64,
        mean_score: f64,
        rate: f64,
        low: f64,
        high: f64,
        lift: Option<f64>,
        cumulative_rows: i64,
        cumulative_positives: i64,
        cumulative_lift: Option<f64>,
        gain: Option<f64>,
    }
}

/// `lift_table(model, query, bins, label)`.
#[pg_extern(sql = false)]
fn lift_table(model: Option<Text>, query: Option<Text>, bins: Option<i32>, label: Option<Text>) -> SetOf<LiftRow> {
    let rows = || -> Result<Vec<LiftRow>> {
        let bins = bins_of(bins)?;
        let scores = scores(model.as_deref(), query.as_deref(), label.as_deref(), "a lift table")?;
        let row = |(bin, place): (lift::Lift, i32)| LiftRow {
            bin: place,
            rows: bin.rows as i64,
            positives: bin.positives as i64,
            lowest_score: bin.lowest,
            mean_score: bin.mean,
            rate: bin.rate(),
            low: bin.interval.0,
            high: bin.interval.1,
            lift: bin.lift(),
            cumulative_rows: bin.rows_so_far as i64,
            cumulative_positives: bin.positives_so_far as i64,
            cumulative_lift: bin.lift_so_far(),
            gain: bin.gain(),
        };
        Ok(lift::table(&scores, bins).into_iter().zip(1..).map(row).collect())
    };
    set_of(or_raise(rows()))
}

result_row! {
    /// A part of Brier's score, or an error of calibration.
    struct PartRow {
        metric: &'static str,
        value: f64,
    }
}

/// `brier_decomposition(model, query, bins, strategy, label)`; NULL bins are one for each distinct probability.
#[pg_extern(sql = false)]
fn brier_decomposition(
    model: Option<Text>,
    query: Option<Text>,
    bins: Option<i32>,
    strategy: Option<Text>,
    label: Option<Text>,
) -> SetOf<PartRow> {
    let rows = || -> Result<Vec<PartRow>> {
        let strategy = strategy_of(strategy.as_deref())?;
        let bins = bins.map(|bins| bins_of(Some(bins))).transpose()?;
        let scores = scores(model.as_deref(), query.as_deref(), label.as_deref(), "Brier's score")?;
        let bins = match bins {
            Some(bins) => calibration::curve(&scores, bins, strategy),
            None => calibration::exact(&scores),
        };
        let Some(parts) = calibration::decompose(&scores, &bins) else {
            return Ok(Vec::new());
        };
        let rows = [
            ("brier_score", parts.brier),
            ("reliability", parts.reliability),
            ("resolution", parts.resolution),
            ("uncertainty", parts.uncertainty),
            ("within_bins", parts.within_bins),
            ("expected_calibration_error", parts.expected_error),
            ("maximum_calibration_error", parts.maximum_error),
            ("bins", bins.len() as f64),
        ];
        Ok(rows
            .into_iter()
            .map(|(metric, value)| PartRow { metric, value })
            .collect())
    };
    set_of(or_raise(rows()))
}
