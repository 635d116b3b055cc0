//! One column of the query as features: its training and test rows gathered, its distribution summarised; or the reason why it teaches nothing.

use super::column::{ColumnKind, Heading};
use super::{Note, Plan, Statistic};
use crate::error::Result;
use crate::frame::Column;
use crate::leakage::Leak;
use crate::leakage::identifier;
use crate::model::{Input, InputKind};
use crate::monitor::Monitor;
use crate::pipeline::{self, Chosen, Clock, ColumnType, Kind};
use crate::summary::summarize;

/// The numbers of one column in the order that the learner sees them.
pub(super) struct Numbers {
    pub(super) train: Vec<f64>,
    pub(super) test: Vec<f64>,
}

/// What became of a column.
#[derive(Default)]
pub(super) struct Feature {
    /// What the model reads; `None` when the column is dropped.
    pub(super) input: Option<Input>,
    /// What it gives for a row: slots with their training and their test rows.
    pub(super) slots: Vec<(Slot, Column, Column)>,
    /// What it was like: one for each slot, but one for all slots of a text.
    pub(super) statistics: Vec<Statistic>,
    /// What was dropped or capped.
    pub(super) notes: Vec<Note>,
    /// Whether it names rows.
    pub(super) leak: Option<Leak>,
}

/// A number that a column gives for a row.
pub struct Slot {
    /// The column's name.
    pub column: String,
    /// What it is.
    pub feature: pipeline::Feature,
    /// What is done with it.
    pub steps: Vec<Chosen>,
}

impl Feature {
    pub(super) fn dropped(&mut self, name: &str, problem: &str) {
        self.say(format!("column \"{name}\" is dropped: {problem}"));
    }

    /// Notes what became of the column; where that is because its values name rows, with what to do about it.
    pub(super) fn say(&mut self, message: String) {
        match &mut self.leak {
            Some(leak) => leak.message = message,
            None => self.notes.push(Note::from(message)),
        }
    }

    /// Makes a column of numbers a feature. Returns an error when stopped.
    pub(super) fn add_numbers(
        &mut self,
        heading: Heading,
        numbers: Vec<Numbers>,
        non_finite: u64,
        plan: &Plan,
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let (is_vector, is_whole) = (heading.kind == ColumnKind::Vector, heading.kind == ColumnKind::Whole);
        let (kind, own) = match heading.kind {
            ColumnKind::Date => (Kind::Time(Clock::Days), ColumnType::Time),
            ColumnKind::Timestamp => (Kind::Time(Clock::Seconds), ColumnType::Time),
            ColumnKind::Boolean
            | ColumnKind::Whole
            | ColumnKind::Number
            | ColumnKind::Category
            | ColumnKind::Vector => (Kind::Number, ColumnType::Number),
        };
        let Heading { name, type_name, .. } = heading;
        let steps = plan.spec.steps_of(&name, own);
        let width = numbers.len() as u32;
        let mut used = Vec::new();
        for (element, Numbers { train, test }) in (0..).zip(numbers) {
            monitor.check()?;
            let part_name = if is_vector {
                format!("{name}[{}]", element + 1)
            } else {
                name.clone()
            };
            if let Some(problem) = nothing_to_learn(&train) {
                self.dropped(&part_name, &problem);
                continue;
            }
            if is_whole {
                self.leak = identifier::numeric(&name, &train);
            }
            let train = Column::Number(train);
            let summary = summarize(&train, &[], non_finite, monitor)?;
            self.statistics.push(Statistic {
                name: part_name.clone(),
                summary,
                unseen: 0,
            });
            let slot = Slot {
                column: name.clone(),
                feature: pipeline::Feature {
                    name: part_name,
                    kind: kind.clone(),
                },
                steps: steps.clone(),
            };
            self.slots.push((slot, train, Column::Number(test)));
            used.push(element);
        }
        if width == 0 {
            self.dropped(&name, "every value is NULL in the training rows");
        }
        if !used.is_empty() {
            let kind = if is_vector {
                InputKind::Vector { width, used }
            } else {
                InputKind::Number
            };
            self.input = Some(Input { name, type_name, kind });
        }
        Ok(())
    }
}

/// Why a number column's training rows teach nothing, if so. A single value that is sometimes missing does tell two kinds of rows apart.
fn nothing_to_learn(values: &[f64]) -> Option<String> {
    let first = values.iter().copied().find(|value| !value.is_nan());
    match first {
        None => Some("every value is NULL in the training rows".to_string()),
        Some(first) if values.iter().all(|&value| value == first) => {
            Some(format!("every value is {first} in the training rows"))
        }
        Some(_) => None,
    }
}
