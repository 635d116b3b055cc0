//! What training learned of the columns before it learned from them: filling, scaling, encoding. It is part of a model and is applied to raw rows
//! by predict.
//!
//! A row's values stand in slots. The first ones are what the columns give: a number, a category's code, the elements of a vector, the terms of a
//! text. Each stage reads one slot, or two, and writes the next ones; the learner sees some of all slots.

mod bucketize;
mod clip;
mod cross;
mod datetime;
mod feature;
mod fit;
mod frequency;
mod hash;
mod impute;
mod log;
mod one_hot;
mod ordinal;
mod polynomial;
mod quantile_bucketize;
mod relearning;
mod scale;
mod spec;
mod statistics;
mod step;
mod steps;
mod target;
#[cfg(test)]
pub(crate) mod tests;
mod tf_idf;
mod tokens;
mod totals;

use std::ops::Deref;

use serde::{Deserialize, Serialize};

pub use feature::{Clock, Feature, Kind, Levels, NULL, OTHER};
pub(crate) use fit::summaries;
pub use fit::{Learned, Raw, learn};
pub(crate) use relearning::{Relearning, RowSteps, part_of};
pub use spec::{Chosen, ColumnType, Spec, SpecError};
pub use step::{Formula, Place, TextReader, TextRows};
pub use steps::{FittedStep, STEPS, StepKind};
pub use tokens::word_count;
pub(crate) use totals::{MOST_NUMBERS, Totals, Wanted};

use crate::accumulator::Accumulator;
use crate::error::{Error, Result};
use crate::monitor::{Monitor, Pace};
use crate::summary::Summary;

/// The most slots of a row.
const MOST_SLOTS: usize = 1 << 20;
/// The most stages that follow each other.
const MOST_DEPTH: u8 = 16;

/// A step with the slots that it reads. It writes those behind the ones of the stage before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// What is done.
    pub step: FittedStep,
    /// Where; the same twice for a step that reads one.
    pub inputs: [u32; 2],
}

/// What becomes of raw rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Stages {
    stages: Vec<Stage>,
    /// The slots that the learner sees, in its order.
    outputs: Vec<u32>,
}

/// What becomes of raw rows, and what became of those that trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    stages: Stages,
    /// The distributions of the learner's features in the training rows.
    statistics: Vec<Summary>,
}

/// What a slot's values mean, as far as stages must know.
#[derive(Clone, Copy)]
struct Shape {
    codes: u32,
    depth: u8,
}

impl Deref for Pipeline {
    type Target = Stages;

    fn deref(&self) -> &Stages {
        &self.stages
    }
}

impl Pipeline {
    /// Of stages whose features were so distributed in the training rows.
    pub(crate) fn new(stages: Stages, statistics: Vec<Summary>) -> Pipeline {
        Pipeline { stages, statistics }
    }

    /// What is done with rows, without what became of those that trained.
    pub(crate) fn into_stages(self) -> Stages {
        self.stages
    }

    /// The distributions of the learner's features in the training rows.
    pub fn statistics(&self) -> &[Summary] {
        &self.statistics
    }

    /// Checks all that applying relies on, given how many codes each raw slot has; gives the same for the learner's features. Returns an error
    /// when stopped, too. O(size).
    pub fn validate(&self, raw: &[usize], what: &'static str, monitor: &dyn Monitor) -> Result<Vec<usize>> {
        let codes = self.stages.validate(raw, what, monitor)?;
        if self.statistics.len() != codes.len() {
            return Err(Error::damaged(
                what,
                "its pipeline has other features than distributions",
            ));
        }
        let mut pace = Pace::new(monitor);
        for summary in &self.statistics {
            pace.spend(16)?;
            summary.validate()?;
        }
        Ok(codes)
    }

    /// Bytes that it holds on the heap.
    pub fn memory(&self) -> usize {
        self.stages.memory() + self.statistics.iter().map(Accumulator::memory).sum::<usize>()
    }
}

impl Stages {
    /// How many features the learner sees.
    pub fn width(&self) -> usize {
        self.outputs.len()
    }

    /// The stages, in their order.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// The slots that the learner sees, in its order.
    pub fn outputs(&self) -> &[u32] {
        &self.outputs
    }

    /// How many slots a row needs, of which `raw` are what the columns give: those of the stages, and last the learner's row.
    pub fn slots(&self, raw: usize) -> usize {
        let stages: usize = self.stages.iter().map(|stage| stage.step.width()).sum();
        raw + stages + self.outputs.len()
    }

    /// Applies the stages to a row of [`Stages::slots`], whose first `raw` are there, and gives the learner's row, which is its end.
    #[inline]
    pub fn apply<'r>(&self, raw: usize, row: &'r mut [f64]) -> &'r [f64] {
        self.apply_by(raw, row, |_, step| step)
    }

    /// The same with the steps that `choose` gives for a stage, of its place and its own one.
    #[inline]
    pub(crate) fn apply_by<'s, 'r>(
        &'s self,
        raw: usize,
        row: &'r mut [f64],
        choose: impl Fn(usize, &'s FittedStep) -> &'s FittedStep,
    ) -> &'r [f64] {
        let mut at = raw;
        for (place, Stage { step, inputs: [a, b] }) in self.stages.iter().enumerate() {
            let step = choose(place, step);
            let inputs = [row[*a as usize], row[*b as usize]];
            let end = at + step.width();
            step.apply(inputs, &mut row[at..end]);
            at = end;
        }
        let (slots, learners) = row.split_at_mut(at);
        for (out, slot) in learners.iter_mut().zip(&self.outputs) {
            *out = slots[*slot as usize];
        }
        learners
    }

    /// What each slot is, by what the columns give.
    fn all_features(&self, raw: Vec<Feature>) -> Vec<Feature> {
        let mut features = raw;
        for Stage { step, inputs } in &self.stages {
            let made = match inputs.map(|slot| features.get(slot as usize)) {
                [Some(a), Some(b)] => step.outputs([a, b]),
                _ => Vec::new(),
            };
            features.extend(made);
        }
        features
    }

    /// The learner's features, by what the columns give. O(size).
    pub fn features(&self, raw: Vec<Feature>) -> Vec<Feature> {
        let all = self.all_features(raw);
        self.outputs
            .iter()
            .filter_map(|slot| all.get(*slot as usize).cloned())
            .collect()
    }

    /// The raw slots that each of the learner's features is made of, of `raw` ones.
    pub fn sources(&self, raw: usize) -> Vec<Vec<u32>> {
        let mut sources: Vec<Vec<u32>> = (0..raw as u32).map(|slot| vec![slot]).collect();
        for Stage { step, inputs: [a, b] } in &self.stages {
            let mut own = sources[*a as usize].clone();
            own.extend(&sources[*b as usize]);
            own.sort_unstable();
            own.dedup();
            sources.extend(std::iter::repeat_n(own, step.width()));
        }
        self.outputs
            .iter()
            .map(|slot| sources[*slot as usize].clone())
            .collect()
    }

    /// Each stage with what it has learned, for people, and the raw slots that it is made of.
    pub fn describe(&self, raw: Vec<Feature>) -> Vec<(Vec<u32>, serde_json::Value)> {
        let count = raw.len();
        let all = self.all_features(raw);
        let mut sources: Vec<Vec<u32>> = (0..count as u32).map(|slot| vec![slot]).collect();
        let mut described = Vec::with_capacity(self.stages.len());
        let mut at = count;
        for Stage { step, inputs: [a, b] } in &self.stages {
            let mut own = sources[*a as usize].clone();
            own.extend(&sources[*b as usize]);
            own.sort_unstable();
            own.dedup();
            let (a, b) = (&all[*a as usize], &all[*b as usize]);
            described.push((own.clone(), described_step(step, [a, b], &all[at..at + step.width()])));
            at += step.width();
            sources.extend(std::iter::repeat_n(own, step.width()));
        }
        described
    }

    /// What the values of each slot mean, given how many codes each raw slot has. Returns an error for stages that cannot be applied, and when stopped.
    fn shapes(&self, raw: &[usize], what: &'static str, monitor: &dyn Monitor) -> Result<Vec<Shape>> {
        let damaged = |problem: &str| Err(Error::damaged(what, problem));
        let shape = |codes: usize, depth| Shape {
            codes: u32::try_from(codes).unwrap_or(u32::MAX),
            depth,
        };
        let mut shapes: Vec<Shape> = raw.iter().map(|&codes| shape(codes, 0)).collect();
        let mut pace = Pace::new(monitor);
        for Stage { step, inputs } in &self.stages {
            pace.spend(1 + step.width())?;
            let [Some(a), Some(b)] = inputs.map(|slot| shapes.get(slot as usize).copied()) else {
                return damaged("a stage of its pipeline reads what is not there");
            };
            let codes = [a.codes as usize, b.codes as usize];
            let depth = a.depth.max(b.depth) + 1;
            if depth > MOST_DEPTH || !step.is_sound(codes) || step.text_reader().is_some() {
                return damaged("a stage of its pipeline cannot be applied");
            }
            if shapes.len() + step.width() > MOST_SLOTS {
                return damaged("its pipeline makes too many features");
            }
            shapes.extend((0..step.width()).map(|place| shape(step.codes(place, codes), depth)));
        }
        Ok(shapes)
    }

    /// Checks all that applying relies on, given how many codes each raw slot has; gives the same for the learner's features. Returns an error
    /// when stopped, too. O(size).
    pub fn validate(&self, raw: &[usize], what: &'static str, monitor: &dyn Monitor) -> Result<Vec<usize>> {
        let shapes = self.shapes(raw, what, monitor)?;
        let damaged = |problem: &str| Err(Error::damaged(what, problem));
        if self.outputs.len() > MOST_SLOTS {
            return damaged("its pipeline makes too many features");
        }
        let codes = |slot: &u32| shapes.get(*slot as usize).map(|shape| shape.codes as usize);
        match self.outputs.iter().map(codes).collect() {
            Some(codes) => Ok(codes),
            None => damaged("its learner reads what its pipeline does not make"),
        }
    }

    /// Bytes that it holds on the heap.
    pub fn memory(&self) -> usize {
        let steps: usize = self
            .stages
            .iter()
            .map(|stage| stage.step.memory() + size_of::<Stage>())
            .sum();
        steps + self.outputs.capacity() * size_of::<u32>()
    }
}

/// The most features that a description names.
const NAMED: usize = 20;

/// What a step has learned, with its name and that of what it makes.
pub fn described_step(step: &FittedStep, inputs: [&Feature; 2], outputs: &[Feature]) -> serde_json::Value {
    use serde_json::{Value as Json, json};
    let kind = step.step();
    let mut described = serde_json::Map::from_iter([("step".to_string(), json!(kind.key))]);
    described.extend(kind.method.map(|method| ("method".to_string(), json!(method))));
    described.extend(step.describe(inputs));
    let names: Vec<&String> = outputs.iter().take(NAMED).map(|feature| &feature.name).collect();
    described.insert("features".into(), json!(outputs.len()));
    described.insert("makes".into(), json!(names));
    Json::Object(described)
}
