//! How well a model without a target describes the rows of a query. Its metrics, such as how far apart clusters are, need all rows at once.

use std::rc::Rc;

use crate::models::judging::evaluate::SliceRow;
use crate::models::judging::pass::{LeftOut, input_places};
use crate::models::judging::segments::Segments;
use crate::models::registry::Version;
use crate::models::request;
use crate::models::scorer::Scorer;
use crate::pg::compute;
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::foreground::Foreground;
use crate::pg::query::Query;
use algo::frame::{Column, Frame};
use algo::judging::draw::RowDraw;
use algo::monitor::Monitor;
use algo::training_set::{Target, TrainingSet};
use algo::unsupervised::Assessment;
use serde_json::Value as Json;

/// Rows between two looks at interrupts.
const LOOK: u64 = 16;
/// Bytes that judging takes for each row, beside the row: its cluster and the bounds of its distances.
const OF_ROW: usize = 24;

/// Returns 22023 for a threshold, which such a model has not.
pub fn check_threshold(version: &Version, threshold: Option<f64>) -> Result<()> {
    match threshold {
        None => Ok(()),
        Some(threshold) => Err(Error::new(
            INVALID_PARAMETER,
            format!("model \"{}\" has no threshold", version.reference()),
        )
        .detail(format!("The value is {threshold}."))
        .hint("Only a classification has one: leave it out.")),
    }
}

/// What a model without a target makes of the rows of a query.
pub struct Assessed {
    /// Its metrics, of all rows or of each segment.
    pub metrics: Vec<SliceRow>,
    /// How many rows there are.
    pub rows: usize,
    pub left_out: LeftOut,
    /// Some of the rows, as the columns give them.
    pub drawn: RowDraw,
}

/// The rows of a query, all of which are held.
struct Given {
    set: TrainingSet,
    segments: Option<Segments>,
    left_out: LeftOut,
    drawn: RowDraw,
}

/// Reads the rows of a query; keeps at most `drawn` of them as they are.
fn read(
    scorer: &Scorer,
    query: &Query,
    places: &[usize],
    mut segments: Option<Segments>,
    drawn: usize,
    statement: &Foreground,
) -> Result<Given> {
    let model = scorer.model();
    let mut columns: Vec<Column> = (model.features().iter())
        .map(|feature| Column::empty(feature.kind.codes()))
        .collect();
    let (mut row, mut left_out, mut rows) = (scorer.empty_row(), LeftOut::default(), 0_u64);
    let mut drawn = RowDraw::new(drawn, model.raw_width());
    query.run(&mut |given| {
        let mut of_row = LeftOut::default();
        for (input, &place) in places.iter().enumerate() {
            of_row.unseen += u64::from(!scorer.encode(input, &given.value(place), &mut row)?);
        }
        left_out.add(of_row);
        if let Some(segments) = &mut segments {
            let segment = segments.of(given)?;
            segments.push(segment, of_row)?;
        }
        drawn.push(scorer.raw(&row))?;
        let encoded = scorer.transform(&mut row);
        for (column, &value) in columns.iter_mut().zip(encoded) {
            column.push(value)?;
        }
        rows += 1;
        if rows.is_multiple_of(LOOK) {
            statement.check()?;
        }
        Ok(())
    })?;
    let frame = Frame::new(columns).ok_or(algo::error::Error::Internal("columns of different lengths"))?;
    Ok(Given {
        set: TrainingSet::new(frame, Target::None),
        segments,
        left_out,
        drawn,
    })
}

/// The metrics of a model without a target on the rows of a query, or on each segment of them; keeps at most `drawn` rows as they are.
pub fn assess(
    (version, scorer): (&Version, &Rc<Scorer>),
    query: &str,
    group_by: Option<&[String]>,
    drawn: usize,
) -> Result<Assessed> {
    let query = Query::new(query)?;
    let segments = group_by
        .map(|names| Segments::new(names, query.columns()))
        .transpose()?;
    let places = input_places(scorer, query.columns(), &version.reference())?;
    request::carry_out(|reporter, statement| {
        let given = read(scorer, &query, &places, segments, drawn, statement)?;
        let (model, set, rows) = (scorer.model(), &given.set, given.set.rows());
        let of_segments = given.segments.as_ref().map(Segments::rows).transpose()?;
        // The rows of a segment are copied, one segment after the other.
        let longest = of_segments.iter().flatten().map(Vec::len).max();
        let copied = longest.map_or(0, |rows| rows.saturating_mul(model.width() * size_of::<f64>()));
        statement.allow(rows.saturating_mul(OF_ROW).saturating_add(copied))?;
        let assessed = compute::run("judging", reporter, statement, |monitor| {
            Ok::<_, Error>(match &of_segments {
                None => vec![assess_rows(model, set, monitor)?],
                Some(of_segments) => (of_segments.iter())
                    .map(|rows| assess_rows(model, &set.take(rows, monitor)?, monitor))
                    .collect::<algo::error::Result<_>>()?,
            })
        })?;
        let metrics = match &given.segments {
            None => (assessed.iter())
                .flat_map(|of_all| rows_of(None, of_all, rows, given.left_out))
                .collect(),
            Some(segments) => worst_first(segments, &assessed, &of_segments.unwrap_or_default()),
        };
        Ok(Assessed {
            metrics,
            rows,
            left_out: given.left_out,
            drawn: given.drawn,
        })
    })
}

/// The metrics of segments whose rows these are, the worst segment first.
fn worst_first(segments: &Segments, assessed: &[Assessment], of_segments: &[Vec<u32>]) -> Vec<SliceRow> {
    let mut order = segments.in_order();
    // The sort is stable: equal ones stay in the order of their values.
    order.sort_by(|&a, &b| {
        let (a, b) = (badness(&assessed[a]), badness(&assessed[b]));
        b.0.cmp(&a.0).then(b.1.total_cmp(&a.1))
    });
    let metrics = order.iter().flat_map(|&segment| {
        let (count, left_out) = (of_segments[segment].len(), segments.left_out(segment));
        rows_of(Some(segments.json(segment)), &assessed[segment], count, left_out)
    });
    metrics.collect()
}

/// The metrics of rows; none of no rows.
fn assess_rows(
    model: &algo::model::Model,
    set: &TrainingSet,
    monitor: &dyn Monitor,
) -> algo::error::Result<Assessment> {
    match model.fitted.unsupervised() {
        Some(unsupervised) if set.rows() > 0 => unsupervised.assess(set, monitor),
        Some(_) | None => Ok(Assessment::default()),
    }
}

/// How bad a segment is by the metric that decides: greater is worse. Segments without it come behind the others.
fn badness(assessment: &Assessment) -> (bool, f64) {
    let Some((name, higher_is_better)) = assessment.decisive else {
        return (false, 0.0);
    };
    let found = assessment.metrics.iter().find(|(metric, _)| *metric == name);
    match found.and_then(|(_, value)| *value) {
        Some(value) if higher_is_better => (true, -value),
        Some(value) => (true, value),
        None => (false, 0.0),
    }
}

/// The metrics of a segment, and the counts beside them.
fn rows_of(segment: Option<Json>, assessment: &Assessment, rows: usize, left_out: LeftOut) -> Vec<SliceRow> {
    let counts = [
        ("rows", Some(rows as f64)),
        ("unseen_levels", Some(left_out.unseen as f64)),
    ];
    let all = assessment.metrics.iter().chain(&counts);
    let row = |&(metric, value): &(&'static str, Option<f64>)| {
        Some(SliceRow {
            metric,
            value: value?,
            segment: segment.clone(),
            rows: rows as i64,
            low: None,
            high: None,
        })
    };
    all.filter_map(row).collect()
}
