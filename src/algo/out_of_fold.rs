//! Scores of rows by models that did not learn from them: each fold's by what the other folds taught.

use linfa::traits::PredictInplace;

use crate::calibration::Scale;
use crate::error::{Error, Result};
use crate::estimator::Predictor;
use crate::learner::Configured;
use crate::monitor::Monitor;
use crate::prepare::{Division, Plan, Prepared, Rows};
use crate::room;
use crate::training_set::Target;

/// How many folds there are.
pub const FOLDS: usize = 5;

/// Rows with the scores that they got.
pub struct OutOfFold {
    /// As many numbers for each row as the learner answers with, one row after the other.
    pub scores: Vec<f64>,
    /// What the rows are.
    pub target: Target,
    /// How much each counts; `None` when all count the same.
    pub weights: Option<Vec<f32>>,
    /// What a calibration of the scores is a function of.
    pub scale: Scale,
}

/// Scores the rows of `train`, which are training rows of a division. Each class is dealt to the folds in the rows' canonical order; what the columns teach is
/// learned on the other folds, too. Returns an error for a class of fewer rows than there are folds, and as `learner` does. O(folds x fit).
pub fn scores(
    rows: &Rows,
    train: &[u32],
    plan: &Plan,
    learner: &dyn Configured,
    monitor: &dyn Monitor,
) -> Result<OutOfFold> {
    let folds = folds(rows, train)?;
    let mut width = 0;
    let mut scores: Vec<f64> = Vec::new();
    let mut scale = Scale::LogOdds;
    for fold in 0..FOLDS as u8 {
        monitor.check()?;
        let part = |inside: bool| {
            let places = train.iter().zip(&folds).filter(move |(_, of)| (**of == fold) == inside);
            places.map(|(&row, _)| row).collect::<Vec<u32>>()
        };
        let division = Division {
            train: part(false),
            test: part(true),
        };
        let Prepared {
            train: others, test, ..
        } = rows.learn(&division, plan, monitor)?;
        // Learners allocate piece by piece, in ways that cannot fail.
        let shape = others.shape(rayon::current_num_threads());
        room::ask(learner.memory(&shape).saturating_add(learner.design_memory(&shape)))?;
        let (fitted, _) = learner.fit(&others, monitor)?;
        drop(others);
        let test = test.ok_or(Error::Internal("a fold without rows"))?;
        let predictor = Predictor {
            estimator: &*fitted,
            monitor,
        };
        let mut of_fold = predictor.default_target(&test.frame);
        predictor.predict_inplace(&test.frame, &mut of_fold);
        let of_fold = of_fold?;
        if scores.is_empty() {
            width = fitted.outputs();
            scores = room::zeros(train.len().saturating_mul(width))?;
            scale = fitted.calibration_scale();
        }
        let places = folds
            .iter()
            .enumerate()
            .filter(|(_, of)| **of == fold)
            .map(|(place, _)| place);
        for (place, scored) in places.zip(of_fold.chunks_exact(width)) {
            scores[place * width..(place + 1) * width].copy_from_slice(scored);
        }
    }
    let (target, weights) = rows.labels(train);
    Ok(OutOfFold {
        scores,
        target,
        weights,
        scale,
    })
}

/// The fold of each row.
fn folds(rows: &Rows, train: &[u32]) -> Result<Vec<u8>> {
    let strata = rows.strata().unwrap_or_default();
    let stratum = |row: u32| strata.get(row as usize).map_or(0, |stratum| *stratum as usize);
    let mut counts: Vec<usize> = Vec::new();
    let mut folds = room::with_capacity(train.len())?;
    for &row in train {
        let stratum = stratum(row);
        if counts.len() <= stratum {
            counts.resize(stratum + 1, 0);
        }
        // Classes begin at different folds, so that small ones do not all fill the first.
        folds.push(((counts[stratum] + stratum) % FOLDS) as u8);
        counts[stratum] += 1;
    }
    match counts.iter().enumerate().find(|(_, count)| (1..FOLDS).contains(*count)) {
        None if train.len() >= FOLDS => Ok(folds),
        None => Err(too_few().detail(format!("There are {}.", train.len()))),
        Some((class, count)) => Err(too_few().detail(format!("Class {} has {count}.", rows.class_name(class)))),
    }
}

fn too_few() -> Error {
    Error::data(
        format!("scores of rows that a model has not seen need at least {FOLDS} training rows of each class"),
        "give more rows of the class, leave it out in the query, or train without calibrate",
    )
}
