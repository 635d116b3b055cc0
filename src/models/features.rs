//! One column of the query as features: its training and test rows gathered, its levels chosen, its distribution summarised; or the reason
//! why it teaches nothing.

use super::columns::{ReadColumn, recode, sorted};
use crate::algo::frame::{Column, MISSING, UNSEEN_CODE};
use crate::algo::label::Label;
use crate::algo::model::{Input, InputKind};
use crate::algo::summary::{Summary, summarize};
use crate::pg::types::Role;

/// Which rows train and which test, each in the order that the learner sees them.
pub struct Rows {
    pub train: Vec<u32>,
    pub test: Vec<u32>,
}

/// What became of a column.
#[derive(Default)]
pub struct Feature {
    /// What the model reads; `None` when the column is dropped.
    pub input: Option<Input>,
    /// What the learner sees, one column a part.
    pub parts: Vec<Part>,
    /// What was dropped or capped.
    pub notes: Vec<String>,
}

/// A column of the learner's frames.
pub struct Part {
    pub name: String,
    pub train: Column,
    pub test: Column,
    pub summary: Summary,
}

impl Feature {
    /// Gathers a column.
    pub fn gather(column: ReadColumn, rows: &Rows, max_categories: usize) -> Feature {
        let mut feature = Feature::default();
        if column.non_finite > 0 {
            let (name, count) = (&column.name, column.non_finite);
            feature.notes.push(format!(
                "column \"{name}\": {count} NaN or infinite values count as missing"
            ));
        }
        match column.role {
            Role::Category => feature.add_category(column, rows, max_categories),
            Role::Number | Role::Vector => feature.add_numbers(column, rows),
        }
        feature
    }

    fn dropped(&mut self, name: &str, problem: &str) {
        self.notes.push(format!("column \"{name}\" is dropped: {problem}"));
    }

    fn add_part(
        &mut self,
        name: String,
        column: &Column,
        train: Column,
        rows: &Rows,
        levels: &[String],
        non_finite: u64,
    ) {
        let summary = summarize(&train, levels, non_finite);
        self.parts.push(Part {
            name,
            test: column.take(&rows.test),
            train,
            summary,
        });
    }

    fn add_numbers(&mut self, column: ReadColumn, rows: &Rows) {
        let ReadColumn {
            name,
            type_name,
            role,
            non_finite,
            parts,
            ..
        } = column;
        let width = parts.len() as u32;
        let mut used = Vec::new();
        for (element, part) in (0..).zip(parts) {
            let part_name = if role == Role::Vector {
                format!("{name}[{}]", element + 1)
            } else {
                name.clone()
            };
            let train = part.take(&rows.train);
            match nothing_to_learn(&train) {
                Some(problem) => self.dropped(&part_name, &problem),
                None => {
                    self.add_part(part_name, &part, train, rows, &[], non_finite);
                    used.push(element);
                }
            }
        }
        if width == 0 {
            self.dropped(&name, "every value is NULL in the training rows");
        }
        if !used.is_empty() {
            let kind = if role == Role::Vector {
                InputKind::Vector { width, used }
            } else {
                InputKind::Number
            };
            self.input = Some(Input { name, type_name, kind });
        }
    }

    fn add_category(&mut self, column: ReadColumn, rows: &Rows, max_categories: usize) {
        let name = column.name;
        let Some(Column::Category { codes, .. }) = column.parts.into_iter().next() else {
            return;
        };
        let (levels, sorted_codes) = sorted(
            column
                .levels
                .iter()
                .map(|level| Label::Text(level.to_string()))
                .collect(),
        );
        let codes = recode(&codes, &sorted_codes);
        // Levels are counted in training rows only: what only test rows have is unseen.
        let mut counts = vec![0_u64; levels.len()];
        let mut missing = 0_u64;
        for &row in &rows.train {
            match codes[row as usize] {
                MISSING => missing += 1,
                code => counts[code as usize] += 1,
            }
        }
        let mut ranked: Vec<(u64, u32)> = counts.into_iter().zip(0..).filter(|&(count, _)| count > 0).collect();
        let distinct = ranked.len();
        match ranked[..] {
            [] => return self.dropped(&name, "every value is NULL in the training rows"),
            [(_, only)] if missing == 0 => {
                return self.dropped(
                    &name,
                    &format!("every value is '{}' in the training rows", levels[only as usize]),
                );
            }
            _ if distinct > max_categories && ranked.iter().all(|&(count, _)| count == 1) => {
                return self.dropped(&name, "each row has another value, as in an identifier");
            }
            _ => {}
        }
        // The most frequent levels stay; of equal ones the first.
        ranked.sort_unstable_by_key(|&(count, code)| (std::cmp::Reverse(count), code));
        let capped: u64 = ranked.iter().skip(max_categories).map(|&(count, _)| count).sum();
        let other = distinct > max_categories;
        ranked.truncate(max_categories);
        ranked.sort_unstable_by_key(|&(_, code)| code);
        if other {
            self.notes.push(format!(
                "column \"{name}\" has {distinct} categories: the {max_categories} most frequent are kept, \
                 the {capped} rows of the others are one category"
            ));
        }
        // Without a category for the rest, only test rows can have a level that is not kept.
        let rest = if other { ranked.len() as u32 } else { UNSEEN_CODE };
        let mut places = vec![rest; levels.len()];
        ranked
            .iter()
            .zip(0..)
            .for_each(|(&(_, code), place)| places[code as usize] = place);
        let kept: Vec<String> = ranked
            .iter()
            .map(|&(_, code)| levels[code as usize].to_string())
            .collect();
        let named: Vec<String> = kept
            .iter()
            .cloned()
            .chain(other.then(|| "(other)".to_string()))
            .collect();
        let encoded = Column::Category {
            codes: recode(&codes, &places),
            levels: named.len(),
        };
        let train = encoded.take(&rows.train);
        self.add_part(name.clone(), &encoded, train, rows, &named, 0);
        self.input = Some(Input {
            name,
            type_name: column.type_name,
            kind: InputKind::Category { levels: kept, other },
        });
    }
}

/// Why a number column's training rows teach nothing, if so. A single value that is sometimes missing does tell two kinds of rows apart.
fn nothing_to_learn(train: &Column) -> Option<String> {
    let Column::Number(values) = train else { return None };
    let first = values.iter().copied().find(|value| !value.is_nan());
    match first {
        None => Some("every value is NULL in the training rows".to_string()),
        Some(first) if values.iter().all(|&value| value == first) => {
            Some(format!("every value is {first} in the training rows"))
        }
        Some(_) => None,
    }
}
