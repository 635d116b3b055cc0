//! The fitted model of a graph.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};

use super::WHAT;
use super::forest::Forest;
use super::program::Program;
use crate::coded::coded;
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::explain::{Baseline, Explainer, SampledExplainer, TreeExplainer};
use crate::fitted::{Fitted, Form, is_base};
use crate::monitor::Monitor;

thread_local! {
    /// What rows are scored in: as many numbers as the largest graph of the thread had, which are bounded.
    static SCRATCH: RefCell<(Vec<f64>, Vec<f64>)> = const { RefCell::new((Vec::new(), Vec::new())) };
}

/// Calls `with` with room for a row's numbers.
pub(super) fn with_scratch<T>(with: impl FnOnce(&mut Vec<f64>, &mut Vec<f64>) -> T) -> T {
    SCRATCH.with_borrow_mut(|(slots, others)| with(slots, others))
}

/// What scores.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Engine {
    /// A list of steps.
    Steps(Program),
    /// Trees over the columns.
    Trees(Forest),
}

coded!(Engine {
    0 => Steps(program),
    1 => Trees(forest),
});

/// A graph that was read from a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    pub(super) engine: Engine,
    /// The mean of each margin, as far as the file tells: of trees the mean of their sums over their leaves.
    pub(super) base: Vec<f64>,
}

impl Graph {
    pub(super) fn new(engine: Engine) -> Graph {
        let base = match &engine {
            Engine::Steps(program) => vec![0.0; program.outputs.len()],
            Engine::Trees(forest) => forest.means(),
        };
        Graph { engine, base }
    }

    /// Whether it is trees over the columns, which score and are explained as trees that were trained here.
    pub fn is_trees(&self) -> bool {
        match self.engine {
            Engine::Steps(_) => false,
            Engine::Trees(_) => true,
        }
    }
}

impl Form for Graph {
    const CODE: u16 = 52;
}

impl Fitted for Graph {
    fn validate(&self, features: &[usize], monitor: &dyn Monitor) -> Result<()> {
        match &self.engine {
            Engine::Steps(program) => {
                if program.raw as usize != features.len() || program.outputs.is_empty() {
                    return Err(Error::damaged(WHAT, "it reads other columns than the model"));
                }
                program.validate(monitor)?;
            }
            Engine::Trees(forest) => forest.validate(features, monitor)?,
        }
        let margins = match &self.engine {
            Engine::Steps(program) => program.outputs.len(),
            Engine::Trees(forest) => forest.first.len(),
        };
        match is_base(&self.base, margins) {
            true => Ok(()),
            false => Err(Error::damaged(WHAT, "the means of its margins are wrong")),
        }
    }

    fn memory(&self) -> usize {
        match &self.engine {
            Engine::Steps(program) => program.memory(),
            Engine::Trees(forest) => forest.memory(),
        }
    }

    fn margin(&self, row: &[f64], out: &mut [f64]) {
        match &self.engine {
            Engine::Steps(_) => self.score(row, out),
            Engine::Trees(forest) => with_scratch(|_, lanes| forest.sums(row, lanes, out)),
        }
    }

    fn base(&self) -> &[f64] {
        &self.base
    }

    fn explainer(
        &self,
        features: &[usize],
        baseline: Baseline<'_>,
        monitor: &dyn Monitor,
    ) -> Result<Box<dyn Explainer>> {
        match &self.engine {
            Engine::Steps(_) => {
                let explainer = SampledExplainer::new(self.clone(), features.len(), baseline, monitor)?;
                Ok(Box::new(explainer))
            }
            Engine::Trees(forest) => {
                if forest.covers.is_empty() && !matches!(baseline, Baseline::Background(_)) {
                    return Err(Error::data(
                        "the imported model does not say how many rows came to the nodes of its trees",
                        "explain it against the rows of a query: assay.explain_query(model, query, key, baseline => query)",
                    ));
                }
                Ok(Box::new(TreeExplainer::new(
                    &forest.ensemble(),
                    features,
                    baseline,
                    monitor,
                )?))
            }
        }
    }

    fn scorer(&self) -> Option<Box<dyn Estimator>> {
        match &self.engine {
            Engine::Steps(_) => None,
            Engine::Trees(forest) => Some(Box::new(forest.fast()?)),
        }
    }
}

impl Estimator for Graph {
    fn outputs(&self) -> usize {
        match &self.engine {
            Engine::Steps(program) => program.outputs.len(),
            Engine::Trees(forest) => forest.head.outputs.len(),
        }
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        match &self.engine {
            Engine::Steps(program) => with_scratch(|slots, _| {
                slots.clear();
                slots.extend_from_slice(row);
                program.run(slots, out);
            }),
            Engine::Trees(forest) => with_scratch(|slots, lanes| {
                // Behind the scratch of the lanes stand the sums.
                let mut sums = std::mem::take(slots);
                sums.clear();
                sums.resize(forest.first.len(), 0.0);
                forest.sums(row, lanes, &mut sums);
                forest.finish(&sums, lanes, out);
                *slots = sums;
            }),
        }
    }
}
