//! What the views of curves are made of: the scores that are kept with each version, as points and bins. No rows are read again.

use pgrx::pg_extern;

use crate::pg::error::{Error, MISMATCHED_STATES, Result, or_raise};
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::state;
use algo::judging::calibration;
use algo::judging::calibration::Point;
use algo::judging::calibration::Strategy;
use algo::judging::calibration::checked_bins;
use algo::judging::curves::Curves;
use algo::judging::lift;
use algo::state::State;

/// The curves in the bytes of a state; `None` for NULL.
fn curves_in(bytes: Option<&[u8]>) -> Result<Option<Curves>> {
    match bytes.map(state::parse).transpose()? {
        None => Ok(None),
        Some(State::Curves(curves)) => Ok(Some(curves)),
        Some(other) => Err(Error::new(
            MISMATCHED_STATES,
            format!("a state of {} holds no curves", other.kind()),
        )
        .hint("The column curves of a version's row does.")),
    }
}

fn bins_of(bins: Option<i32>) -> Result<usize> {
    Ok(checked_bins(required("bins", bins)?.into())?)
}

result_row! {
    /// What happens at a threshold.
    struct PointRow {
        label: String,
        /// NULL where no row is called positive.
        threshold: Option<f64>,
        true_positives: i64,
        false_positives: i64,
        true_negatives: i64,
        false_negatives: i64,
        false_positive_rate: Option<f64>,
        true_positive_rate: Option<f64>,
        precision: Option<f64>,
    }
}

/// `curve_points(curves)`: of each class, from the highest threshold.
#[pg_extern(sql = false)]
fn curve_points(curves: Option<&[u8]>) -> SetOf<PointRow> {
    let defined = |share: f64| Some(share).filter(|share| !share.is_nan());
    let rows = or_raise(curves_in(curves)).map(|curves| {
        let mut rows = Vec::new();
        for class in curves.classes() {
            rows.extend(class.scores.points().into_iter().map(|point| PointRow {
                label: class.label.clone(),
                threshold: Some(point.threshold).filter(|threshold| threshold.is_finite()),
                true_positives: point.true_positives as i64,
                false_positives: point.false_positives as i64,
                true_negatives: point.true_negatives as i64,
                false_negatives: point.false_negatives as i64,
                false_positive_rate: defined(point.false_positive_rate()),
                true_positive_rate: defined(point.recall()),
                precision: (point.true_positives + point.false_positives > 0).then(|| point.precision()),
            }));
        }
        rows
    });
    set_of(rows.unwrap_or_default())
}

result_row! {
    /// Predictions beside what came true.
    struct CalibrationRow {
        label: Option<String>,
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

/// `curve_calibration(curves, bins)`: bins of about as many rows; of a regression predicted numbers and actual ones.
#[pg_extern(sql = false)]
fn curve_calibration(curves: Option<&[u8]>, bins: Option<i32>) -> SetOf<CalibrationRow> {
    let rows = || -> Result<Vec<CalibrationRow>> {
        let Some(curves) = curves_in(curves)? else {
            return Ok(Vec::new());
        };
        let bins = bins_of(bins)?;
        let of_classes = curves.classes().iter().map(|class| {
            let found = calibration::curve(&class.scores, bins, Strategy::Quantile);
            (Some(class.label.clone()), found.iter().map(Point::from).collect())
        });
        let of_numbers = curves.numbers().map(|numbers| {
            let found = numbers.in_bins(bins);
            (None, found.iter().map(Point::from).collect())
        });
        let found: Vec<(Option<String>, Vec<Point>)> = of_classes.chain(of_numbers).collect();
        let rows = found.into_iter().flat_map(|(label, points)| {
            points.into_iter().zip(1..).map(move |(point, bin)| CalibrationRow {
                label: label.clone(),
                bin,
                lower: point.lower,
                upper: point.upper,
                rows: point.rows as i64,
                predicted: point.predicted,
                actual: point.actual,
                low: point.interval.map(|(low, _)| low),
                high: point.interval.map(|(_, high)| high),
            })
        });
        Ok(rows.collect())
    };
    set_of(or_raise(rows()))
}

result_row! {
    /// Rows of neighbouring ranks.
    struct LiftRow {
        label: String,
        bin: i32,
        rows: i64,
        positives: i64,
        lowest_score: f64,
        rate: f64,
        low: f64,
        high: f64,
        lift: Option<f64>,
        cumulative_lift: Option<f64>,
        gain: Option<f64>,
    }
}

/// `curve_lift(curves, bins)`: of each class, the highest scores first.
#[pg_extern(sql = false)]
fn curve_lift(curves: Option<&[u8]>, bins: Option<i32>) -> SetOf<LiftRow> {
    let rows = || -> Result<Vec<LiftRow>> {
        let Some(curves) = curves_in(curves)? else {
            return Ok(Vec::new());
        };
        let bins = bins_of(bins)?;
        let mut rows = Vec::new();
        for class in curves.classes() {
            let found = lift::table(&class.scores, bins);
            rows.extend(found.iter().zip(1..).map(|(found, bin)| LiftRow {
                label: class.label.clone(),
                bin,
                rows: found.rows as i64,
                positives: found.positives as i64,
                lowest_score: found.lowest,
                rate: found.rate(),
                low: found.interval.0,
                high: found.interval.1,
                lift: found.lift(),
                cumulative_lift: found.lift_so_far(),
                gain: found.gain(),
            }));
        }
        Ok(rows)
    };
    set_of(or_raise(rows()))
}

result_row! {
    /// Rows with scores in a part of the range from 0 to 1.
    struct ScoresRow {
        label: String,
        bin: i32,
        lower: f64,
        upper: f64,
        negatives: i64,
        positives: i64,
    }
}

/// `curve_scores(curves, bins)`: the distribution of scores by class.
#[pg_extern(sql = false)]
fn curve_scores(curves: Option<&[u8]>, bins: Option<i32>) -> SetOf<ScoresRow> {
    let rows = || -> Result<Vec<ScoresRow>> {
        let Some(curves) = curves_in(curves)? else {
            return Ok(Vec::new());
        };
        let bins = bins_of(bins)?;
        let mut rows = Vec::new();
        for class in curves.classes() {
            let parts = class.scores.distribution(bins);
            rows.extend(
                parts
                    .iter()
                    .enumerate()
                    .map(|(place, &[negatives, positives])| ScoresRow {
                        label: class.label.clone(),
                        bin: place as i32 + 1,
                        lower: place as f64 / bins as f64,
                        upper: (place + 1) as f64 / bins as f64,
                        negatives: negatives as i64,
                        positives: positives as i64,
                    }),
            );
        }
        Ok(rows)
    };
    set_of(or_raise(rows()))
}
