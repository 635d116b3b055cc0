//! What a model says of packed rows.

use super::{Blocks, Packed};
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::metrics::evaluation::{self, Scored};
use crate::monitor::Monitor;
use crate::room;
use crate::task::Answer;
use crate::training_set::TrainingSet;

/// The scores of rows that test, or train: block by block, so that few of them are values at a time. Only for models that were learned from these rows.
/// Returns an error when stopped. O(rows x model).
pub fn score(
    estimator: &(impl Estimator + Sync + ?Sized),
    answer: &Answer,
    packed: &Packed,
    rows: &Blocks,
    monitor: &dyn Monitor,
) -> Result<Scored> {
    let mut all = Scored::new(answer);
    for block in &rows.blocks {
        let (frame, target) = packed.unpacked(block, monitor)?;
        all.append(evaluation::score(estimator, &TrainingSet::new(frame, target), monitor)?)?;
    }
    Ok(all)
}

impl Scored {
    /// Appends the rows of another. Returns an error where there is no room, and for rows of another kind.
    fn append(&mut self, other: Scored) -> Result<()> {
        fn add<T>(values: &mut Vec<T>, more: Vec<T>) -> Result<()> {
            room::reserve(values, more.len())?;
            values.extend(more);
            Ok(())
        }
        match (self, other) {
            (
                Scored::Classes {
                    actual,
                    probabilities,
                    classes,
                },
                Scored::Classes {
                    actual: more,
                    probabilities: more_probabilities,
                    classes: as_many,
                },
            ) if *classes == as_many => {
                add(actual, more)?;
                add(probabilities, more_probabilities)
            }
            (
                Scored::Numbers { actual, predicted },
                Scored::Numbers {
                    actual: more,
                    predicted: more_predicted,
                },
            ) => {
                add(actual, more)?;
                add(predicted, more_predicted)
            }
            (Scored::Classes { .. }, Scored::Classes { .. } | Scored::Numbers { .. })
            | (Scored::Numbers { .. }, Scored::Classes { .. }) => Err(Error::Internal("scores of different kinds")),
        }
    }
}
