//! What error is to be expected of a predicted number, by the row: direct loss estimation (DLE), as NannyML's.
//!
//! Two small boosted models, of the absolute and of the squared error, learn from the features and the prediction of rows that tested the model.
//! They follow errors that depend on the features, so that other rows than before have other errors to expect. They do not see that what leads to
//! the target has changed.

use serde::{Deserialize, Serialize};

use crate::boosting::{self, BoostingParams};
use crate::bytes;
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::fitted::Fitted;
use crate::frame::{Column, Frame, MISSING, UNSEEN_CODE};
use crate::learner::Learner;
use crate::learners;
use crate::metrics::evaluation::Scored;
use crate::monitor::Monitor;
use crate::room;
use crate::training_set::{Target, TrainingSet};

/// What errors call it.
const WHAT: &str = "the model's expected errors";

/// Fewer rows tell nothing.
pub const LEAST_ROWS: usize = 100;
/// More rows tell little more.
const MOST_ROWS: usize = 10_000;
/// Of wide rows fewer are learned from: so many values are.
const MOST_VALUES: usize = 2_000_000;
/// A category of more levels is left out: boosting splits by no more.
const MOST_LEVELS: usize = 254;

/// Models of the errors of a model of numbers.
#[derive(Debug)]
pub struct ErrorModel {
    /// What errors were divided by.
    scale: f64,
    /// Of the absolute and of the squared error, both so divided: functions of an encoded row with the prediction behind it.
    models: [Box<dyn Fitted>; 2],
}

/// As it is stored: models by the number of their form and their bytes.
#[derive(Serialize, Deserialize)]
struct Stored {
    scale: f64,
    models: Vec<(u16, Vec<u8>)>,
}

/// Small trees, each of which learns from rows enough that an outlier does not rule it.
fn params(rows: usize) -> BoostingParams {
    BoostingParams {
        n_estimators: 50,
        num_leaves: 8,
        learning_rate: 0.1,
        min_child_samples: (rows / 50).clamp(20, 100),
        ..BoostingParams::default()
    }
}

/// A column as the models of errors learn from it. Levels that training did not see are missing, as these are to scoring.
fn column_of(column: Column) -> Column {
    match column {
        Column::Number(values) => Column::Number(values),
        Column::Category { codes, levels } if levels > MOST_LEVELS => Column::Number(vec![f64::NAN; codes.len()]),
        Column::Category { mut codes, levels } => {
            let unseen = codes.iter_mut().filter(|code| **code == UNSEEN_CODE);
            unseen.for_each(|code| *code = MISSING);
            Column::Category { codes, levels }
        }
    }
}

impl ErrorModel {
    /// Learns from the rows that tested a model, and what it predicted of them: of at most [`MOST_ROWS`], evenly chosen. `None` of classes, of fewer than
    /// [`LEAST_ROWS`], and where errors are beyond all numbers. Returns an error when stopped, and where there is no room. O(rows x columns).
    pub fn learn(test: &TrainingSet, scored: &Scored, monitor: &dyn Monitor) -> Result<Option<ErrorModel>> {
        let Scored::Numbers { actual, predicted } = scored else {
            return Ok(None);
        };
        let (rows, columns) = (test.rows(), test.frame.width() + 1);
        if rows < LEAST_ROWS || actual.len() != rows || predicted.len() != rows {
            return Ok(None);
        }
        let kept = rows.min(MOST_ROWS).min((MOST_VALUES / columns).max(LEAST_ROWS));
        room::ask(kept.saturating_mul(columns).saturating_mul(size_of::<f64>()))?;
        let places: Vec<u32> = (0..kept).map(|place| (place * rows / kept) as u32).collect();
        let errors: Vec<f64> = (places.iter())
            .map(|&row| (predicted[row as usize] - actual[row as usize]).abs())
            .collect();
        let mean = errors.iter().map(|error| error / kept as f64).sum::<f64>();
        if !mean.is_finite() {
            return Ok(None);
        }
        let scale = if mean > f64::MIN_POSITIVE { mean } else { 1.0 };
        let taken = test.take(&places, monitor)?;
        let (columns, keys) = taken.frame.into_columns();
        let of_rows = places.iter().map(|&row| predicted[row as usize]).collect();
        let columns = columns.into_iter().chain(keys).map(column_of);
        let frame = Frame::new(columns.chain([Column::Number(of_rows)]).collect());
        let frame = frame.ok_or(Error::Internal("columns of different lengths"))?;
        let of_power = |power: i32| Target::Numbers(errors.iter().map(|error| (error / scale).powi(power)).collect());
        let mut set = TrainingSet::new(frame, of_power(1));
        let absolute = fit(&set, monitor)?;
        set.target = of_power(2);
        Ok(Some(ErrorModel {
            scale,
            models: [absolute, fit(&set, monitor)?],
        }))
    }

    /// What estimates faster than the models as they are stored, and the same; `None` where nothing does.
    pub fn scorers(&self) -> Option<[Box<dyn Estimator>; 2]> {
        let [absolute, squared] = &self.models;
        Some([absolute.scorer()?, squared.scorer()?])
    }

    /// The absolute and the squared error that are to be expected of an encoded row with the prediction behind it. `scorers` are those of
    /// [`ErrorModel::scorers`].
    pub fn of(&self, row: &[f64], scorers: Option<&[Box<dyn Estimator>; 2]>) -> [f64; 2] {
        let number = |place: usize| {
            let mut out = [f64::NAN];
            match scorers {
                Some(scorers) => scorers[place].score(row, &mut out),
                None => self.models[place].score(row, &mut out),
            }
            out[0]
        };
        // Trees of differences may end below nothing; a mean square is no less than the square of the mean.
        let absolute = number(0).max(0.0);
        let squared = number(1).max(absolute * absolute);
        [absolute * self.scale, squared * self.scale * self.scale]
    }

    /// Appends its bytes. Returns an error when stopped, and where there is no room.
    pub fn encode(&self, what: &'static str, bytes: Vec<u8>, monitor: &dyn Monitor) -> Result<Vec<u8>> {
        let models = self.models.iter();
        let models = models.map(|model| Ok((model.form(), model.encode(Vec::new(), monitor)?)));
        let stored = Stored {
            scale: self.scale,
            models: models.collect::<Result<_>>()?,
        };
        bytes::encode(what, &stored, bytes, monitor)
    }

    /// Reads bytes that may come from anywhere; what they hold is not checked yet, see [`ErrorModel::validate`].
    pub fn decode(what: &'static str, bytes: &[u8], monitor: &dyn Monitor) -> Result<ErrorModel> {
        let stored: Stored = bytes::decode(what, bytes, monitor)?;
        let models = stored.models.iter();
        let models = models.map(|(form, bytes)| learners::decode(*form, bytes, monitor));
        let models: Vec<Box<dyn Fitted>> = models.collect::<Result<_>>()?;
        let models = models
            .try_into()
            .map_err(|_| Error::damaged(WHAT, "the number of models is wrong"))?;
        Ok(ErrorModel {
            scale: stored.scale,
            models,
        })
    }

    /// Checks all that estimating relies on. `features` are those of the model whose errors these are. Returns an error when stopped, too. O(size).
    pub fn validate(&self, features: &[usize], monitor: &dyn Monitor) -> Result<()> {
        if !(self.scale > 0.0 && self.scale.is_finite()) {
            return Err(Error::damaged(WHAT, "a number is out of range"));
        }
        let with_prediction = [features, &[0]].concat();
        for model in &self.models {
            model.validate(&with_prediction, monitor)?;
            if model.outputs() != 1 {
                return Err(Error::damaged(WHAT, "an error is no number"));
            }
        }
        Ok(())
    }
}

fn fit(set: &TrainingSet, monitor: &dyn Monitor) -> Result<Box<dyn Fitted>> {
    let params = params(set.rows());
    room::ask(boosting::GradientBoosting::memory(
        &params,
        &set.shape(rayon::current_num_threads()),
    ))?;
    Ok(Box::new(boosting::fit(&params, set, None, monitor)?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::monitor::{Progress, Unwatched};
    use crate::monitoring::expected;

    #[derive(Deserialize)]
    struct Case {
        rows: BTreeMap<String, Vec<f64>>,
        expected: BTreeMap<String, f64>,
    }

    #[derive(Deserialize)]
    struct Fixture {
        features: Vec<String>,
        reference: BTreeMap<String, Vec<f64>>,
        cases: Vec<Case>,
    }

    /// Against NannyML, see tests/oracle/monitoring_errors.py: of rows like those that tested the model, and of others, the expected errors are as near to
    /// those that come true as NannyML's.
    #[test]
    fn expected_errors_are_as_near_as_those_of_nannyml() {
        let fixture: Fixture =
            serde_json::from_str(include_str!("../../../tests/oracle/monitoring_errors.json")).unwrap();
        let columns = |rows: &BTreeMap<String, Vec<f64>>| -> Vec<Column> {
            (fixture.features.iter())
                .map(|name| Column::Number(rows[name].clone()))
                .collect()
        };
        let reference = &fixture.reference;
        let set = TrainingSet::new(
            Frame::new(columns(reference)).unwrap(),
            Target::Numbers(reference["mdvis"].clone()),
        );
        let scored = Scored::Numbers {
            actual: reference["mdvis"].clone(),
            predicted: reference["predicted"].clone(),
        };
        let model = ErrorModel::learn(&set, &scored, &Unwatched).unwrap().unwrap();
        let scorers = model.scorers();
        let (mut ours_off, mut theirs_off) = (BTreeMap::new(), BTreeMap::new());
        for case in &fixture.cases {
            let (predicted, actual) = (&case.rows["predicted"], &case.rows["mdvis"]);
            let frame = Frame::new(columns(&case.rows)).unwrap();
            let mut row = vec![0.0; frame.width() + 1];
            let mut errors = Vec::new();
            for (index, &value) in predicted.iter().enumerate() {
                frame.encode_row(index, &mut row);
                row[frame.width()] = value;
                let found = model.of(&row, scorers.as_ref());
                assert_eq!(found, model.of(&row, None));
                errors.push(found);
            }
            let truth = |power: i32| {
                let powers = predicted.iter().zip(actual).map(|(p, y)| (p - y).abs().powi(power));
                powers.sum::<f64>() / predicted.len() as f64
            };
            for estimate in expected::regression(&errors, &Unwatched).unwrap() {
                let truth = match estimate.metric {
                    "mae" => truth(1),
                    "mse" => truth(2),
                    _ => truth(2).sqrt(),
                };
                let (ours, theirs) = (estimate.value.unwrap(), case.expected[estimate.metric]);
                *ours_off.entry(estimate.metric).or_insert(0.0) += (ours / truth - 1.0).abs();
                *theirs_off.entry(estimate.metric).or_insert(0.0) += (theirs / truth - 1.0).abs();
            }
        }
        for (metric, ours) in ours_off {
            assert!(ours <= theirs_off[metric], "{metric}: {ours} {}", theirs_off[metric]);
        }
    }

    /// Rows whose errors depend on a category, with a level that is new, one too many levels for a tree, and gaps.
    fn rows(count: usize) -> (TrainingSet, Scored) {
        let codes = |levels: usize| Column::Category {
            codes: (0..count)
                .map(|row| match row % 10 {
                    7 => MISSING,
                    8 => UNSEEN_CODE,
                    _ => (row % levels) as u32,
                })
                .collect(),
            levels,
        };
        let x = (0..count).map(|row| if row % 13 == 5 { f64::NAN } else { (row % 17) as f64 });
        let frame = Frame::new(vec![Column::Number(x.collect()), codes(3), codes(300)]).unwrap();
        let actual: Vec<f64> = (0..count).map(|row| (row % 5) as f64).collect();
        let off = |(row, y): (usize, &f64)| y + if row % 3 == 1 { 4.0 } else { 1.0 };
        let predicted = actual.iter().enumerate().map(off).collect();
        let set = TrainingSet::new(frame, Target::Numbers(actual.clone()));
        (set, Scored::Numbers { actual, predicted })
    }

    #[test]
    fn errors_follow_the_features() {
        let (set, scored) = rows(2000);
        let model = ErrorModel::learn(&set, &scored, &Unwatched).unwrap().unwrap();
        model.validate(&[0, 3, 300], &Unwatched).unwrap();
        let of = |level: f64| model.of(&[3.0, level, 1.0, 3.0], None);
        let ([small, _], [large, square]) = (of(0.0), of(1.0));
        assert!(
            (small - 1.0).abs() < 0.1 && (large - 4.0).abs() < 0.1,
            "{small} {large}"
        );
        assert!((square - 16.0).abs() < 0.5, "{square}");
        // Whatever comes, the errors are numbers that go together.
        for value in [f64::NAN, f64::INFINITY, -1.0, 1e300, 7.0] {
            let [error, square] = model.of(&[value, value, value, value], None);
            assert!(error >= 0.0 && square >= error * error, "{error} {square}");
        }
        let bytes = model.encode("it", Vec::new(), &Unwatched).unwrap();
        let read = ErrorModel::decode("it", &bytes, &Unwatched).unwrap();
        assert_eq!(format!("{read:?}"), format!("{model:?}"));
    }

    #[test]
    fn too_few_rows_classes_and_errors_beyond_numbers_tell_nothing() {
        let learn = |set: &TrainingSet, scored: &Scored| ErrorModel::learn(set, scored, &Unwatched).unwrap();
        let (set, scored) = rows(LEAST_ROWS - 1);
        assert!(learn(&set, &scored).is_none());
        let (set, _) = rows(200);
        let actual: Vec<f64> = set.target.values().to_vec();
        let of = |predicted: Vec<f64>| Scored::Numbers {
            actual: actual.clone(),
            predicted,
        };
        assert!(learn(&set, &of(vec![f64::INFINITY; 200])).is_none());
        let classes = Scored::Classes {
            actual: vec![0; 200],
            probabilities: vec![0.5; 400],
            classes: 2,
        };
        assert!(learn(&set, &classes).is_none());
        // A model that is always right, and one that is off by all that a number holds.
        for (predicted, error) in [(actual.clone(), 0.0), (vec![1e300; 200], 1e300)] {
            let model = learn(&set, &of(predicted)).unwrap();
            let [found, _] = model.of(&[1.0, 1.0, 1.0, 1.0], None);
            assert!((found - error).abs() <= error * 1e-6, "{found} {error}");
        }
    }

    #[test]
    fn learning_stops() {
        struct Stopped;
        impl Monitor for Stopped {
            fn check(&self) -> Result<()> {
                Err(Error::Stopped)
            }
            fn progress(&self, _: Progress) {}
        }
        let (set, scored) = rows(500);
        assert!(matches!(
            ErrorModel::learn(&set, &scored, &Stopped),
            Err(Error::Stopped)
        ));
    }
}
