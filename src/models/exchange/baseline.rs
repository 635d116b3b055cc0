//! What the features of an imported model are like in the rows of a query: what a training would have seen.

use crate::models::judging::pass::input_places;
use crate::models::scorer::Scorer;
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, Result, UNSUITABLE_ROWS};
use crate::pg::foreground::Foreground;
use crate::pg::query::Query;
use crate::pg::reader::Value;
use algo::frame::{Column, UNSEEN};
use algo::model::InputKind;
use algo::monitor::Monitor;
use algo::pipeline::OTHER;
use algo::prepare::Statistic;
use algo::summary::summarize;

/// Rows between two looks at the monitor.
const LOOK: u64 = 16;

/// The statistics of each raw feature in the rows of a query, and how many rows there are. `name` is that of the model, for errors.
pub fn statistics(
    scorer: &Scorer,
    query: &str,
    name: &str,
    reporter: &mut Reporter,
    statement: &Foreground,
) -> Result<(Vec<Statistic>, u64)> {
    let model = scorer.model();
    let query = Query::new(query)?;
    let places = input_places(scorer, query.columns(), name)?;
    let features = model.raw_features();
    let levels = |input: usize| match &model.inputs[input].kind {
        InputKind::Category { levels, .. } => &levels[..],
        InputKind::Number | InputKind::Vector { .. } | InputKind::Text { .. } => &[],
    };
    let mut columns: Vec<(Column, u64)> = features
        .iter()
        .map(|feature| (Column::empty(levels(feature.input).len()), 0))
        .collect();
    let (mut row, mut rows) = (scorer.empty_row(), 0_u64);
    query.run(&mut |given| {
        for (input, &place) in places.iter().enumerate() {
            scorer.encode(input, &given.value(place), &mut row)?;
        }
        for (feature, (column, non_finite)) in features.iter().zip(&mut columns) {
            let value = &given.value(places[feature.input]);
            *non_finite += u64::from(matches!(value, Value::Number(number) if !number.is_finite()));
            column.push(match row[feature.slots.start] {
                // One level more stands for all that the model does not know.
                UNSEEN => levels(feature.input).len() as f64,
                known => known,
            })?;
        }
        rows += 1;
        if rows.is_multiple_of(LOOK) {
            statement.check()?;
        }
        Ok(())
    })?;
    if rows == 0 {
        return Err(Error::new(UNSUITABLE_ROWS, "the baseline has no rows")
            .hint("Give \"query\" a query of rows that the model was trained on, or leave it out."));
    }
    let described = compute::run(
        &format!("describing the rows of {name}"),
        reporter,
        statement,
        |monitor| {
            let statistic = |(feature, (column, non_finite)): (&algo::model::RawFeature, &(Column, u64))| {
                Ok(Statistic {
                    name: feature.name.clone(),
                    summary: summarize(column, &with_other(levels(feature.input)), *non_finite, monitor)?,
                    unseen: 0,
                })
            };
            features
                .iter()
                .zip(&columns)
                .map(statistic)
                .collect::<algo::error::Result<Vec<_>>>()
        },
    )?;
    Ok((described, rows))
}

/// Levels, and the one that stands for all others.
fn with_other(levels: &[String]) -> Vec<String> {
    levels.iter().cloned().chain([OTHER.to_string()]).collect()
}
