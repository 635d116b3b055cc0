//! One column of the query as features: its training and test rows gathered, its levels chosen, its distribution summarised; or the reason
//! why it teaches nothing.

use std::cmp::Reverse;
use std::sync::Arc;

use super::column::{ColumnKind, ColumnValues, Heading, ReadColumn};
use super::division::Division;
use super::{Note, identifier};
use crate::error::Result;
use crate::frame::{Column, MISSING, UNSEEN_CODE};
use crate::model::{Input, InputKind};
use crate::monitor::Monitor;
use crate::summary::{Summary, summarize};
use crate::texts::Texts;

/// Rows between two looks at the monitor.
const BLOCK: usize = 1 << 16;

/// The numbers of one column in the order that the learner sees them.
pub(super) struct Numbers {
    pub(super) train: Vec<f64>,
    pub(super) test: Vec<f64>,
}

/// The values of a column.
pub(super) enum Gathered {
    /// Of a number; of a vector, one for each element.
    Numbers(Vec<Numbers>),
    /// Of a category: a code for each row in the order of the query, and the levels that codes stand for, in no order.
    Codes(Arc<ReadColumn>),
}

/// What became of a column.
#[derive(Default)]
pub(super) struct Feature {
    /// What the model reads; `None` when the column is dropped.
    pub(super) input: Option<Input>,
    /// What the learner sees, one column for each part.
    pub(super) parts: Vec<Part>,
    /// What was dropped or capped.
    pub(super) notes: Vec<Note>,
}

/// A column of the learner's frames.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) train: Column,
    pub(super) test: Column,
    pub(super) summary: Summary,
}

impl Feature {
    /// Makes a column a feature. `non_finite` is how many of its values were NaN or infinite. Returns an error only when stopped.
    pub(super) fn new(
        heading: Heading,
        values: Gathered,
        non_finite: u64,
        rows: &Division,
        max_categories: usize,
        monitor: &dyn Monitor,
    ) -> Result<Feature> {
        let mut feature = Feature::default();
        if non_finite > 0 {
            feature.notes.push(Note::from(format!(
                "column \"{}\": {non_finite} NaN or infinite values count as missing",
                heading.name
            )));
        }
        match values {
            Gathered::Numbers(numbers) => feature.add_numbers(heading, numbers, non_finite, monitor)?,
            Gathered::Codes(column) => {
                if let ColumnValues::Codes { codes, levels, .. } = &column.values {
                    feature.add_category(heading, codes, levels, rows, max_categories, monitor)?;
                }
            }
        }
        Ok(feature)
    }

    fn dropped(&mut self, name: &str, problem: &str) {
        self.notes
            .push(Note::from(format!("column \"{name}\" is dropped: {problem}")));
    }

    fn add_numbers(
        &mut self,
        heading: Heading,
        numbers: Vec<Numbers>,
        non_finite: u64,
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let (is_vector, is_whole) = (heading.kind == ColumnKind::Vector, heading.kind == ColumnKind::Whole);
        let Heading { name, type_name, .. } = heading;
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
                self.notes.extend(identifier::numeric(&name, &train));
            }
            let train = Column::Number(train);
            let summary = summarize(&train, &[], non_finite, monitor)?;
            self.parts.push(Part {
                name: part_name,
                train,
                test: Column::Number(test),
                summary,
            });
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

    fn add_category(
        &mut self,
        heading: Heading,
        codes: &[u32],
        levels: &Texts,
        rows: &Division,
        max_categories: usize,
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let Heading { name, type_name, .. } = heading;
        // Levels are counted in training rows only: what only test rows have is unseen.
        let mut counts = vec![0_u64; levels.len()];
        let mut missing = 0_u64;
        for rows in rows.train.chunks(BLOCK) {
            monitor.check()?;
            for &row in rows {
                match counts.get_mut(codes[row as usize] as usize) {
                    None => missing += 1,
                    Some(count) => *count += 1,
                }
            }
        }
        let distinct = counts.iter().filter(|&&count| count > 0).count();
        let most = counts.iter().copied().max().unwrap_or(0);
        let problem = match distinct {
            0 => Some("every value is NULL in the training rows".to_string()),
            1 if missing == 0 => {
                let only = counts.iter().position(|&count| count > 0).unwrap_or(0);
                Some(format!("every value is '{}' in the training rows", levels.get(only)))
            }
            _ if distinct > max_categories && most == 1 => {
                Some("each row has another value, as in an identifier".to_string())
            }
            _ => None,
        };
        if let Some(problem) = problem {
            self.dropped(&name, &problem);
            return Ok(());
        }
        let ranked = most_frequent(&counts, levels, max_categories, monitor)?;
        let other = distinct > max_categories;
        if other {
            let kept: u64 = ranked.iter().map(|&code| counts[code as usize]).sum();
            let capped = rows.train.len() as u64 - missing - kept;
            let present = rows.train.len() as u64 - missing;
            self.notes
                .push(identifier::capped(&name, distinct, max_categories, capped, present));
        }
        // Without a category for the rest, only test rows can have a level that is not kept.
        let rest = if other { ranked.len() as u32 } else { UNSEEN_CODE };
        let mut places = vec![rest; levels.len()];
        ranked
            .iter()
            .zip(0..)
            .for_each(|(&code, place)| places[code as usize] = place);
        let kept: Vec<String> = ranked
            .iter()
            .map(|&code| levels.get(code as usize).to_string())
            .collect();
        let named: Vec<String> = kept
            .iter()
            .cloned()
            .chain(other.then(|| "(other)".to_string()))
            .collect();
        let gather = |rows: &[u32]| -> Result<Column> {
            let mut gathered = Vec::with_capacity(rows.len());
            for rows in rows.chunks(BLOCK) {
                monitor.check()?;
                // A missing code is beyond every place.
                let place = |&row: &u32| places.get(codes[row as usize] as usize).copied().unwrap_or(MISSING);
                gathered.extend(rows.iter().map(place));
            }
            Ok(Column::Category {
                codes: gathered,
                levels: named.len(),
            })
        };
        let (train, test) = (gather(&rows.train)?, gather(&rows.test)?);
        let summary = summarize(&train, &named, 0, monitor)?;
        self.parts.push(Part {
            name: name.clone(),
            train,
            test,
            summary,
        });
        self.input = Some(Input {
            name,
            type_name,
            kind: InputKind::Category { levels: kept, other },
        });
        Ok(())
    }
}

/// The codes of the `most` levels with the greatest counts, of equal ones the first; in the order of levels.
fn most_frequent(counts: &[u64], levels: &Texts, most: usize, monitor: &dyn Monitor) -> Result<Vec<u32>> {
    let mut best: Vec<u32> = Vec::new();
    let codes: Vec<u32> = (0..)
        .zip(counts)
        .filter(|(_, count)| **count > 0)
        .map(|(code, _)| code)
        .collect();
    for chunk in codes.chunks(BLOCK) {
        monitor.check()?;
        best.extend(chunk);
        if best.len() > most {
            best.select_nth_unstable_by_key(most, |&code| {
                (Reverse(counts[code as usize]), levels.get(code as usize))
            });
            best.truncate(most);
        }
    }
    best.sort_unstable_by_key(|&code| levels.get(code as usize));
    Ok(best)
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
