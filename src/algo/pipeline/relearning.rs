//! Steps that a sample has taught, learned anew from sums over all rows.
//!
//! A step that reads what another one makes is learned after it, by a pass of its own. Where rows that train are not to be given what their own targets
//! taught, they are in parts, and each is given what the others taught.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::feature::Feature;
use super::step::{NOT_SUMMED, Relearned};
use super::steps::{Configured, FittedStep};
use super::totals::{MOST_NUMBERS, MOST_PARTS, Totals, Wanted};
use super::{Shape, Stages};
use crate::error::{Error, Result};
use crate::hash;
use crate::monitor::{Monitor, Unwatched};

/// What errors call it.
const WHAT: &str = "plan of a reading";

/// In which of so many parts a row is, for which that was drawn.
#[inline]
pub(crate) fn part_of(draw: u64, parts: usize) -> usize {
    (hash::hash_u64(2, draw) % parts.max(1) as u64) as usize
}

/// What is done with rows that are learned from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RowSteps {
    stages: Stages,
    /// Stages that do to each part of the rows that train something else, by their places, ascending.
    parts: Vec<(u32, Vec<FittedStep>)>,
}

impl RowSteps {
    /// What is done with each row.
    pub fn stages(&self) -> &Stages {
        &self.stages
    }

    /// Applies the stages to a row of [`Stages::slots`], as [`Stages::apply`] does; `draw` is what was drawn for a row that trains.
    #[inline]
    pub fn apply<'r>(&self, raw: usize, row: &'r mut [f64], draw: Option<u64>) -> &'r [f64] {
        let Some(draw) = draw.filter(|_| !self.parts.is_empty()) else {
            return self.stages.apply(raw, row);
        };
        self.stages.apply_by(raw, row, |place, step| {
            let parts = self.parts.iter().find(|(own, _)| *own as usize == place);
            parts.map_or(step, |(_, parts)| &parts[part_of(draw, parts.len())])
        })
    }

    /// Checks all that applying relies on, given how many codes each raw slot has; gives the same for the learner's features. O(size).
    pub fn validate(&self, raw: &[usize]) -> Result<Vec<usize>> {
        let shapes = self.stages.shapes(raw, WHAT, &Unwatched)?;
        let is_ascending = self.parts.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let of_stage = |(place, parts): &(u32, Vec<FittedStep>)| {
            let Some(stage) = self.stages.stages.get(*place as usize) else {
                return false;
            };
            let codes = self.stages.codes_of(&shapes, stage.inputs);
            let is_like = |step: &FittedStep| {
                let mut codes_made =
                    (0..step.width()).map(|place| step.codes(place, codes) == stage.step.codes(place, codes));
                step.width() == stage.step.width()
                    && step.is_sound(codes)
                    && step.text_reader().is_none()
                    && codes_made.all(|is| is)
            };
            (2..=MOST_PARTS as usize).contains(&parts.len()) && parts.iter().all(is_like)
        };
        if !is_ascending || !self.parts.iter().all(of_stage) {
            return Err(Error::damaged(
                WHAT,
                "a step for parts of its rows is none for all of them",
            ));
        }
        self.stages.validate(raw, WHAT, &Unwatched)
    }

    /// The slot that a stage reads first.
    pub fn input(&self, stage: u32) -> Option<usize> {
        let stage = self.stages.stages.get(stage as usize)?;
        Some(stage.inputs[0] as usize)
    }
}

/// What a stage is learned from, and in which pass.
struct Lesson {
    by: Arc<dyn Configured>,
    wanted: Wanted,
    pass: u32,
    /// The name of the feature.
    name: String,
}

/// Steps on their way.
pub(crate) struct Relearning {
    steps: RowSteps,
    /// One for each stage; `None` where sums tell nothing.
    lessons: Vec<Option<Lesson>>,
    pass: u32,
}

impl Relearning {
    /// Of what a sample has taught; `features` are what its columns give. `None` where sums over all rows would be too many. Returns an error for stages that
    /// are not sound.
    pub fn new(
        stages: Stages,
        learned_by: Vec<Option<Arc<dyn Configured>>>,
        features: Vec<Feature>,
        monitor: &dyn Monitor,
    ) -> Result<Option<Relearning>> {
        let raw: Vec<usize> = features.iter().map(|feature| feature.kind.codes()).collect();
        let shapes = stages.shapes(&raw, WHAT, monitor)?;
        let all = stages.all_features(features);
        let mut passes = vec![0_u32; raw.len()];
        let mut lessons = Vec::with_capacity(stages.stages.len());
        for (stage, by) in stages.stages.iter().zip(learned_by) {
            let pass = stage
                .inputs
                .iter()
                .map(|slot| passes[*slot as usize])
                .max()
                .unwrap_or(0);
            let [codes, _] = stages.codes_of(&shapes, stage.inputs);
            let lesson = match by {
                Some(by) => by.wanted(&stage.step, codes)?.map(|wanted| Lesson {
                    by,
                    wanted,
                    pass,
                    name: all[stage.inputs[0] as usize].name.clone(),
                }),
                None => None,
            };
            let after = pass + u32::from(lesson.is_some());
            passes.extend(std::iter::repeat_n(after, stage.step.width()));
            lessons.push(lesson);
        }
        let numbers: u64 = lessons.iter().flatten().map(|lesson| lesson.wanted.numbers()).sum();
        let steps = RowSteps {
            stages,
            parts: Vec::new(),
        };
        Ok((numbers <= MOST_NUMBERS).then_some(Relearning {
            steps,
            lessons,
            pass: 0,
        }))
    }

    /// What is done with rows, as far as it is known.
    pub fn steps(&self) -> &RowSteps {
        &self.steps
    }

    /// What the next pass is to sum up: stages with what goes by them. `None` where all is learned.
    pub fn next(&self) -> Option<Vec<(u32, Wanted)>> {
        let of_pass = |(place, lesson): (u32, &Option<Lesson>)| match lesson {
            Some(lesson) if lesson.pass == self.pass => Some((place, lesson.wanted.clone())),
            Some(_) | None => None,
        };
        let wanted: Vec<_> = (0..).zip(&self.lessons).filter_map(of_pass).collect();
        (!wanted.is_empty()).then_some(wanted)
    }

    /// Learns from what [`Relearning::next`] asked for.
    pub fn take(&mut self, totals: &[Totals]) -> Result<()> {
        let mut totals = totals.iter();
        for (place, (stage, lesson)) in (0..).zip(self.steps.stages.stages.iter_mut().zip(&self.lessons)) {
            let Some(lesson) = lesson.as_ref().filter(|lesson| lesson.pass == self.pass) else {
                continue;
            };
            let totals = totals.next().ok_or(NOT_SUMMED)?;
            let Relearned { fitted, parts } = lesson.by.relearn(&stage.step, (&lesson.wanted, totals), &lesson.name)?;
            stage.step = fitted;
            if !parts.is_empty() {
                self.steps.parts.push((place, parts));
            }
        }
        // Passes come in the order of stages within a column only.
        self.steps.parts.sort_by_key(|(place, _)| *place);
        self.pass += 1;
        Ok(())
    }
}

impl Stages {
    /// How many codes the slots have that a stage reads.
    fn codes_of(&self, shapes: &[Shape], inputs: [u32; 2]) -> [usize; 2] {
        inputs.map(|slot| shapes.get(slot as usize).map_or(0, |shape| shape.codes as usize))
    }
}
