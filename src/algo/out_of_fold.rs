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

/// Training rows of a division, dealt to folds: each class in the rows' canonical order.
pub struct Scoring<'a> {
    rows: &'a Rows,
    plan: &'a Plan,
    learner: &'a dyn Configured,
    train: &'a [u32],
    /// The fold of each training row.
    folds: Vec<u8>,
    width: usize,
    scores: Vec<f64>,
    scale: Scale,
}

impl<'a> Scoring<'a> {
    /// Deals the rows of `train`. Returns an error for a class of fewer rows than there are folds. O(n).
    pub fn new(rows: &'a Rows, train: &'a [u32], plan: &'a Plan, learner: &'a dyn Configured) -> Result<Self> {
        Ok(Scoring {
            rows,
            plan,
            learner,
            train,
            folds: folds(rows, train)?,
            width: 0,
            scores: Vec::new(),
            scale: Scale::LogOdds,
        })
    }

    /// Scores the rows of a fold (0, 1, ... [`FOLDS`] - 1) by what the others teach, of the columns too. Returns errors as the learner does. O(fit).
    pub fn score(&mut self, fold: usize, monitor: &dyn Monitor) -> Result<()> {
        monitor.check()?;
        let part = |inside: bool| {
            let places = self.train.iter().zip(&self.folds);
            let places = places.filter(move |(_, of)| (usize::from(**of) == fold) == inside);
            places.map(|(&row, _)| row).collect::<Vec<u32>>()
        };
        let division = Division {
            train: part(false),
            test: part(true),
        };
        let Prepared {
            train: others, test, ..
        } = self.rows.learn(&division, self.plan, monitor)?;
        // Learners allocate piece by piece, in ways that cannot fail.
        let shape = others.shape(rayon::current_num_threads());
        room::ask((self.learner.memory(&shape)).saturating_add(self.learner.design_memory(&shape)))?;
        let (fitted, _) = self.learner.fit(&others, monitor)?;
        drop(others);
        let test = test.ok_or(Error::Internal("a fold without rows"))?;
        let predictor = Predictor {
            estimator: &*fitted,
            monitor,
        };
        let mut of_fold = predictor.default_target(&test.frame);
        predictor.predict_inplace(&test.frame, &mut of_fold);
        let of_fold = of_fold?;
        if self.scores.is_empty() {
            self.width = fitted.outputs();
            self.scores = room::zeros(self.train.len().saturating_mul(self.width))?;
            self.scale = fitted.calibration_scale();
        }
        let rows = self.scores.chunks_exact_mut(self.width).zip(&self.folds);
        let rows = rows.filter(|(_, of)| usize::from(**of) == fold);
        for ((row, _), scored) in rows.zip(of_fold.chunks_exact(self.width)) {
            row.copy_from_slice(scored);
        }
        Ok(())
    }

    /// The scores, once every fold was scored.
    pub fn finish(self) -> OutOfFold {
        let (target, weights) = self.rows.labels(self.train);
        OutOfFold {
            scores: self.scores,
            target,
            weights,
            scale: self.scale,
        }
    }
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
