//! The columns of a division, gathered in the order in which the learner sees them, and made features.

use std::sync::Arc;

use rayon::prelude::*;

use super::category::Texts;
use super::column::{ColumnKind, ColumnValues, Heading, ReadColumn};
use super::division::Division;
use super::feature::{Feature, Numbers};
use super::{Note, Plan};
use crate::error::Result;
use crate::lines::Lines;
use crate::monitor::Monitor;

/// The values of a column.
enum Gathered {
    /// Of a number; of a vector, one for each element.
    Numbers(Vec<Numbers>),
    /// Of a category: a code for each row in the order of the query, and the levels that codes stand for, in no order.
    Codes(Arc<ReadColumn>),
}

/// Gathers the columns. Lines are let go one after another, so that few numbers are held twice where nobody else keeps them.
pub(super) fn gather(
    columns: Vec<Arc<ReadColumn>>,
    lines: Vec<Arc<Lines>>,
    rows: &Division,
    plan: &Plan,
    monitor: &dyn Monitor,
) -> Result<Vec<Feature>> {
    let take = |lines: &Lines| -> Result<Vec<Numbers>> {
        let (train, test) = (lines.gather(&rows.train, monitor)?, lines.gather(&rows.test, monitor)?);
        Ok(train
            .into_iter()
            .zip(test)
            .map(|(train, test)| Numbers { train, test })
            .collect())
    };
    let mut lanes: Vec<Vec<Option<Numbers>>> = Vec::with_capacity(lines.len());
    for lines in lines {
        lanes.push(take(&lines)?.into_iter().map(Some).collect());
    }
    let mut gathered = Vec::with_capacity(columns.len());
    for column in columns {
        let (heading, non_finite) = (column.heading.clone(), column.non_finite);
        let values = match &column.values {
            ColumnValues::Lane { lines, lane } => Gathered::Numbers(lanes[*lines][*lane].take().into_iter().collect()),
            ColumnValues::Vectors(lines) => Gathered::Numbers(take(lines)?),
            ColumnValues::Codes { .. } => Gathered::Codes(column),
        };
        gathered.push((heading, values, non_finite));
    }
    gathered
        .into_par_iter()
        .map(|(heading, values, non_finite)| learn(heading, values, non_finite, rows, plan, monitor))
        .collect()
}

/// Makes a column a feature. `non_finite` is how many of its values were NaN or infinite. Returns an error when stopped, and for steps that
/// cannot be learned.
fn learn(
    heading: Heading,
    values: Gathered,
    non_finite: u64,
    rows: &Division,
    plan: &Plan,
    monitor: &dyn Monitor,
) -> Result<Feature> {
    let mut feature = Feature::default();
    if non_finite > 0 {
        // Of an array, NULL elements are read as NaN.
        let what = match heading.kind {
            ColumnKind::Vector => "NULL, NaN or infinite elements",
            ColumnKind::Boolean
            | ColumnKind::Whole
            | ColumnKind::Number
            | ColumnKind::Date
            | ColumnKind::Timestamp
            | ColumnKind::Category => "NaN or infinite values",
        };
        feature.notes.push(Note::from(format!(
            "column \"{}\": {non_finite} {what} count as missing",
            heading.name
        )));
    }
    match values {
        Gathered::Numbers(numbers) => feature.add_numbers(heading, numbers, non_finite, plan, monitor)?,
        Gathered::Codes(column) => {
            if let ColumnValues::Codes { codes, levels, .. } = &column.values {
                Texts {
                    codes,
                    levels,
                    rows,
                    plan,
                    monitor,
                }
                .add_to(&mut feature, heading)?;
            }
        }
    }
    Ok(feature)
}
