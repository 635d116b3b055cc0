//! What a graph does to one row: a list of instructions over a row of numbers.
//!
//! A graph is compiled for a row, so that every value has a size that is known, and what only moves values about (Reshape, Concat, Gather) is done when
//! it is compiled. Numbers stand in slots: first those of the row, then each instruction's results. A number of four bytes is a number of eight that is
//! rounded after each operation.

use serde::{Deserialize, Serialize};

use super::arithmetic::{Binary, Fold, Round, Unary};
use super::ensemble::Ensemble;
use crate::coded::coded;
use crate::error::{Error, Result};
use crate::exchange::onnx::WHAT;
use crate::monitor::{Monitor, Pace};

/// The most slots of a row.
pub(super) const MOST_SLOTS: usize = 1 << 20;
/// The most steps that a row takes: it must be scored within milliseconds.
pub(super) const MOST_WORK: usize = 1 << 24;

/// Where a number is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// In a slot.
    Slot(u32),
    /// It is always this one.
    Always(f64),
}

coded!(Place {
    0 => Slot(slot),
    1 => Always(value),
});

/// Numbers that are looked for, and what stands for them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Keys {
    /// Ascending.
    pub(super) keys: Vec<f64>,
    pub(super) values: Vec<f64>,
    /// What stands for NaN.
    pub(super) missing: f64,
    /// What stands for all others.
    pub(super) rest: f64,
}

impl Keys {
    pub(super) fn of(&self, value: f64) -> f64 {
        if value.is_nan() {
            return self.missing;
        }
        // Adding 0 makes one zero of the two.
        let found = self.keys.binary_search_by(|key| key.total_cmp(&(value + 0.0)));
        found
            .ok()
            .and_then(|place| self.values.get(place).copied())
            .unwrap_or(self.rest)
    }
}

/// An instruction. `out` is the first slot that it writes; it writes as many as it has operands, or groups of `size` operands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// A function of each number.
    One {
        function: Unary,
        round: Round,
        of: Vec<Place>,
        out: u32,
    },
    /// A function of two numbers each.
    Two {
        function: Binary,
        round: Round,
        left: Vec<Place>,
        right: Vec<Place>,
        out: u32,
    },
    /// One of two numbers each, by a third one.
    Choose {
        by: Vec<Place>,
        yes: Vec<Place>,
        no: Vec<Place>,
        out: u32,
    },
    /// A number of each group.
    Group {
        fold: Fold,
        round: Round,
        of: Vec<Place>,
        size: u32,
        out: u32,
    },
    /// Each group divided by its norm, or its softmax: as many numbers as there are operands.
    Scale {
        fold: Fold,
        round: Round,
        of: Vec<Place>,
        size: u32,
        out: u32,
    },
    /// Groups of `size` numbers times a matrix of `size` rows, plus a number for each column.
    Product {
        of: Vec<Place>,
        size: u32,
        weights: Vec<f64>,
        plus: Vec<f64>,
        round: Round,
        out: u32,
    },
    /// What stands for a number.
    Look { of: Vec<Place>, keys: Keys, out: u32 },
    /// The number at the place that a number says.
    Pick { of: Vec<Place>, table: Vec<f64>, out: u32 },
    /// Trees; as many numbers as they have outputs.
    Trees {
        of: Vec<Place>,
        ensemble: Ensemble,
        out: u32,
    },
}

coded!(Step {
    0 => One { function, round, of, out },
    1 => Two { function, round, left, right, out },
    2 => Choose { by, yes, no, out },
    3 => Group { fold, round, of, size, out },
    4 => Scale { fold, round, of, size, out },
    5 => Product { of, size, weights, plus, round, out },
    6 => Look { of, keys, out },
    7 => Pick { of, table, out },
    8 => Trees { of, ensemble, out },
});

impl Step {
    /// The slots that it writes.
    pub(super) fn writes(&self) -> std::ops::Range<usize> {
        let groups = |of: &[Place], size: &u32| of.len() / (*size).max(1) as usize;
        let (out, count) = match self {
            Step::One { of, out, .. }
            | Step::Scale { of, out, .. }
            | Step::Look { of, out, .. }
            | Step::Pick { of, out, .. } => (out, of.len()),
            Step::Two { left, out, .. } => (out, left.len()),
            Step::Choose { by, out, .. } => (out, by.len()),
            Step::Group { of, size, out, .. } => (out, groups(of, size)),
            Step::Product {
                of, size, plus, out, ..
            } => (out, groups(of, size) * plus.len()),
            Step::Trees { ensemble, out, .. } => (out, ensemble.outputs()),
        };
        *out as usize..(*out as usize).saturating_add(count)
    }

    /// What it reads.
    pub(super) fn reads(&self) -> impl Iterator<Item = &Place> {
        let lists: [&[Place]; 3] = match self {
            Step::One { of, .. }
            | Step::Group { of, .. }
            | Step::Scale { of, .. }
            | Step::Product { of, .. }
            | Step::Look { of, .. }
            | Step::Pick { of, .. }
            | Step::Trees { of, .. } => [of, &[], &[]],
            Step::Two { left, right, .. } => [left, right, &[]],
            Step::Choose { by, yes, no, .. } => [by, yes, no],
        };
        lists.into_iter().flatten()
    }

    /// How many operations it takes, about.
    pub(super) fn work(&self) -> usize {
        match self {
            Step::Product { of, plus, .. } => of.len().saturating_mul(plus.len()),
            Step::Trees { of, ensemble, .. } => of.len().saturating_add(ensemble.work()),
            Step::One { .. }
            | Step::Two { .. }
            | Step::Choose { .. }
            | Step::Group { .. }
            | Step::Scale { .. }
            | Step::Look { .. }
            | Step::Pick { .. } => self.reads().count(),
        }
    }

    /// Runs it; `slots` are as many as the program's.
    #[inline]
    pub(super) fn run(&self, slots: &mut [f64]) {
        match self {
            Step::One {
                function,
                round,
                of,
                out,
            } => {
                for (place, of) in of.iter().enumerate() {
                    slots[*out as usize + place] = round.of(function.of(value(of, slots)));
                }
            }
            Step::Two {
                function,
                round,
                left,
                right,
                out,
            } => {
                for (place, (left, right)) in left.iter().zip(right).enumerate() {
                    slots[*out as usize + place] = round.of(function.of(value(left, slots), value(right, slots)));
                }
            }
            Step::Choose { by, yes, no, out } => {
                for (place, ((by, yes), no)) in by.iter().zip(yes).zip(no).enumerate() {
                    let chosen = if value(by, slots) != 0.0 { yes } else { no };
                    slots[*out as usize + place] = value(chosen, slots);
                }
            }
            Step::Group {
                fold,
                round,
                of,
                size,
                out,
            } => {
                for (place, group) in of.chunks_exact((*size).max(1) as usize).enumerate() {
                    slots[*out as usize + place] = round.of(fold.of(group.iter().map(|of| value(of, slots))));
                }
            }
            Step::Scale {
                fold,
                round,
                of,
                size,
                out,
            } => {
                let scaled =
                    |place: usize, value: f64, slots: &mut [f64]| slots[*out as usize + place] = round.of(value);
                scale(*fold, of, (*size).max(1) as usize, slots, scaled);
            }
            Step::Product {
                of,
                size,
                weights,
                plus,
                round,
                out,
            } => {
                let write =
                    |place: usize, value: f64, slots: &mut [f64]| slots[*out as usize + place] = round.of(value);
                multiply(of, (*size).max(1) as usize, (weights, plus), slots, write);
            }
            Step::Look { of, keys, out } => {
                for (place, of) in of.iter().enumerate() {
                    slots[*out as usize + place] = keys.of(value(of, slots));
                }
            }
            Step::Pick { of, table, out } => {
                for (place, of) in of.iter().enumerate() {
                    slots[*out as usize + place] = Step::picked(table, value(of, slots));
                }
            }
            Step::Trees { of, ensemble, out } => {
                let (before, after) = slots.split_at_mut(*out as usize);
                ensemble.run(|column| value(&of[column], before), &mut after[..ensemble.outputs()]);
            }
        }
    }

    /// The number of a table at a place, which is counted from the end when it is negative.
    pub(super) fn picked(table: &[f64], index: f64) -> f64 {
        let index = if index < 0.0 { index + table.len() as f64 } else { index };
        let known = index >= 0.0 && index < table.len() as f64;
        if known { table[index as usize] } else { f64::NAN }
    }

    /// Whether its parts go with each other. What it reads is checked by the program.
    fn is_sound(&self, pace: &mut Pace<'_>) -> Result<bool> {
        let whole = |of: &[Place], size: u32| size > 0 && of.len().is_multiple_of(size as usize);
        Ok(match self {
            Step::One { .. } | Step::Pick { .. } => true,
            Step::Two { left, right, .. } => left.len() == right.len(),
            Step::Choose { by, yes, no, .. } => by.len() == yes.len() && by.len() == no.len(),
            Step::Group { of, size, .. } | Step::Scale { of, size, .. } => whole(of, *size),
            Step::Product {
                of,
                size,
                weights,
                plus,
                ..
            } => whole(of, *size) && (*size as usize).checked_mul(plus.len()) == Some(weights.len()),
            Step::Look { keys, .. } => {
                keys.keys.len() == keys.values.len()
                    && keys.keys.is_sorted_by(|a, b| a.total_cmp(b).is_lt())
                    && !keys.keys.iter().any(|key| key.is_nan())
            }
            Step::Trees { of, ensemble, .. } => ensemble.is_sound(of.len(), pace)?,
        })
    }
}

/// The number at a place.
#[inline]
pub(super) fn value(place: &Place, slots: &[f64]) -> f64 {
    match place {
        Place::Slot(slot) => slots[*slot as usize],
        Place::Always(value) => *value,
    }
}

/// Gives each number of each group by what became of its group.
fn scale(fold: Fold, of: &[Place], size: usize, slots: &mut [f64], write: impl Fn(usize, f64, &mut [f64])) {
    for (first, group) in of.chunks_exact(size).enumerate() {
        let scale = fold.of(group.iter().map(|of| value(of, slots)));
        for (place, of) in group.iter().enumerate() {
            let scaled = fold.scaled(value(of, slots), scale);
            write(first * size + place, scaled, slots);
        }
    }
}

/// Gives each group times a matrix, plus a row.
fn multiply(
    of: &[Place],
    size: usize,
    (weights, plus): (&[f64], &[f64]),
    slots: &mut [f64],
    write: impl Fn(usize, f64, &mut [f64]),
) {
    let width = plus.len();
    for (row, group) in of.chunks_exact(size).enumerate() {
        for column in 0..width {
            let products = group.iter().enumerate();
            let products = products.map(|(place, of)| value(of, slots) * weights[place * width + column]);
            let sum = products.sum::<f64>() + plus[column];
            write(row * width + column, sum, slots);
        }
    }
}

/// A graph, for one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Program {
    /// How many numbers a row gives.
    pub(super) raw: u32,
    pub(super) steps: Vec<Step>,
    /// How many slots there are.
    pub(super) slots: u32,
    /// Where the answer is.
    pub(super) outputs: Vec<Place>,
}

impl Program {
    /// Answers for a row; `slots` is scratch, whose first numbers are the row. Panics on no row of the right length.
    pub(super) fn run(&self, slots: &mut Vec<f64>, out: &mut [f64]) {
        slots.resize(self.slots as usize, 0.0);
        self.steps.iter().for_each(|step| step.run(slots));
        for (out, place) in out.iter_mut().zip(&self.outputs) {
            *out = value(place, slots);
        }
    }

    /// Checks that it can be run: each step reads what was written before, and writes behind that.
    pub(super) fn validate(&self, monitor: &dyn Monitor) -> Result<()> {
        let damaged = |problem: &str| Err(Error::damaged(WHAT, problem));
        let mut pace = Pace::new(monitor);
        let (mut known, mut work) = (self.raw as usize, 0_usize);
        if self.slots as usize > MOST_SLOTS || known > self.slots as usize {
            return damaged("it has too many numbers");
        }
        for step in &self.steps {
            let steps = step.work();
            pace.spend(1 + steps)?;
            work = work.saturating_add(steps);
            let is_known = |place: &Place| match place {
                Place::Slot(slot) => (*slot as usize) < known,
                Place::Always(_) => true,
            };
            if !step.is_sound(&mut pace)? || !step.reads().all(is_known) {
                return damaged("a step reads what is not there");
            }
            let writes = step.writes();
            if writes.start != known || writes.end > self.slots as usize {
                return damaged("a step writes to a wrong place");
            }
            known = writes.end;
        }
        let is_known = |place: &Place| match place {
            Place::Slot(slot) => (*slot as usize) < known,
            Place::Always(_) => true,
        };
        if work > MOST_WORK || known != self.slots as usize || !self.outputs.iter().all(is_known) {
            return damaged("its answer is not there");
        }
        Ok(())
    }

    /// Bytes that it holds on the heap.
    pub(super) fn memory(&self) -> usize {
        let of_step = |step: &Step| {
            let own = match step {
                Step::Product { weights, plus, .. } => weights.len() + plus.len(),
                Step::Look { keys, .. } => 2 * keys.keys.len(),
                Step::Pick { table, .. } => table.len(),
                Step::Trees { ensemble, .. } => ensemble.memory() / size_of::<f64>(),
                Step::One { .. } | Step::Two { .. } | Step::Choose { .. } | Step::Group { .. } | Step::Scale { .. } => {
                    0
                }
            };
            size_of::<Step>() + own * size_of::<f64>() + step.reads().count() * size_of::<Place>()
        };
        self.steps.iter().map(of_step).sum()
    }
}
