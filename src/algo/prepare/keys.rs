//! Columns that say to which group a row belongs: features of no learner, but read from rows to predict.

use super::column::{Apart, Heading};
use super::division::Division;
use crate::error::Result;
use crate::frame::{Column, MISSING, UNSEEN_CODE};
use crate::model::{Input, InputKind};
use crate::monitor::Monitor;
use crate::summary::Summary;
use crate::summary::summarize;

/// Rows between two looks at the monitor.
const BLOCK: usize = 1 << 16;

/// What a column gives for the rows of a division.
pub(super) struct Part {
    pub(super) name: String,
    pub(super) train: Column,
    pub(super) test: Column,
    pub(super) summary: Summary,
}

/// A column by which rows are grouped.
pub(super) struct KeyColumn {
    pub(super) heading: Heading,
    pub(super) place: usize,
}

impl KeyColumn {
    /// What the model reads of it, and its values in a division's rows. All levels of the training rows are kept, however many there are.
    pub(super) fn learn(&self, values: &Apart, rows: &Division, monitor: &dyn Monitor) -> Result<(Input, Part)> {
        let Heading { name, type_name, .. } = &self.heading;
        let (kind, train, test) = match values {
            Apart::Numbers(numbers) => {
                let take = |rows: &[u32]| Column::Number(rows.iter().map(|&row| numbers[row as usize]).collect());
                (InputKind::Number, take(&rows.train), take(&rows.test))
            }
            Apart::Codes { codes, levels } => {
                let mut is_level = vec![false; levels.len()];
                for rows in rows.train.chunks(BLOCK) {
                    monitor.check()?;
                    for &row in rows {
                        if let Some(is_level) = is_level.get_mut(codes[row as usize] as usize) {
                            *is_level = true;
                        }
                    }
                }
                let mut kept: Vec<u32> = (0..)
                    .zip(&is_level)
                    .filter(|(_, is)| **is)
                    .map(|(code, _)| code)
                    .collect();
                kept.sort_unstable_by_key(|&code| levels.get(code as usize));
                monitor.check()?;
                let mut places = vec![UNSEEN_CODE; levels.len()];
                kept.iter()
                    .zip(0..)
                    .for_each(|(&code, place)| places[code as usize] = place);
                let take = |rows: &[u32]| Column::Category {
                    // A missing code is beyond every place.
                    codes: (rows
                        .iter()
                        .map(|&row| places.get(codes[row as usize] as usize).copied().unwrap_or(MISSING)))
                    .collect(),
                    levels: kept.len(),
                };
                let levels = kept.iter().map(|&code| levels.get(code as usize).to_string()).collect();
                let kind = InputKind::Category { levels, other: false };
                (kind, take(&rows.train), take(&rows.test))
            }
        };
        let levels = match &kind {
            InputKind::Category { levels, .. } => &levels[..],
            InputKind::Number | InputKind::Vector { .. } | InputKind::Text { .. } => &[],
        };
        let summary = summarize(&train, levels, 0, monitor)?;
        let part = Part {
            name: name.clone(),
            train,
            test,
            summary,
        };
        let input = Input {
            name: name.clone(),
            type_name: type_name.clone(),
            kind,
        };
        Ok((input, part))
    }
}
