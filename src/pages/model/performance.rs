//! How well a model does: its metrics, its curves, and the same by slice.

use serde_json::Value as Json;

use super::Card;
use super::curves;
use super::groups::{self, Estimate, Heading};
use super::metrics;
use crate::models::judging::evaluate::SliceRow;
use crate::models::judging::judged::{Drawings, Judged};
use crate::pg::error::Result;
use algo::judging::calibration::Bin;
use algo::judging::numbers::NumberBin;
use algo::page::chart::{Axis, Curves, Dot, Line, Plot, Tone};
use algo::page::number::{count, figure};
use algo::page::{Block, Cell, Chart, Column, Section, Status, Table};

/// Classes of a confusion matrix.
const CLASSES: usize = 12;

/// What is shown of a slice, if its task has it.
const METRICS: [Heading; 8] = [
    ("roc_auc", "ROC AUC"),
    ("log_loss", "log loss"),
    ("accuracy", "accuracy"),
    ("precision", "precision"),
    ("recall", "recall"),
    ("rmse", "RMSE"),
    ("mae", "MAE"),
    ("r2", "R2"),
];

pub fn section(card: &Card) -> Result<Section> {
    let mut section = Section::new("performance", "Performance");
    let stored = card.version.json("metrics");
    match &card.judged {
        None => {
            section.push(Block::Table(stored_metrics(card, stored)));
            if !card.kept.classes.is_empty() || !card.kept.numbers.is_empty() {
                section.push(Block::paragraph(match stored["evaluated_on"].as_str() {
                    Some("test") => "Curves of the rows that were held out when it was trained.",
                    _ => "Curves of the rows that it was trained on, as none were held out: it is better on them than on others.",
                }));
            }
        }
        Some(judged) => {
            remarks(judged, &mut section);
            section.push(Block::Table(judged_metrics(card, &judged.metrics, stored)));
        }
    }
    let charts = charts(card, card.curves());
    if !charts.is_empty() {
        section.push(Block::Charts(charts));
    }
    if let Some(judged) = card
        .judged
        .as_ref()
        .filter(|judged| judged.rows > 0 && card.labels.len() > 1)
    {
        section.push(Block::Table(confusion(card, &judged.matrix)));
        if !card.is_binary() {
            section.push(Block::Table(by_class(card, &judged.matrix)));
        }
    }
    if card.judged.is_none() {
        section.push(Block::missing(
            "With a query the card judges the model on its rows: assay.render_model(model, query, format).",
        ));
    }
    Ok(section)
}

/// What is to be known of the rows before their metrics are believed.
fn remarks(judged: &Judged, section: &mut Section) {
    if judged.rows == 0 {
        let rows = match judged.left_out.unlabelled {
            0 => "The query gave no rows.".to_owned(),
            rows => format!(
                "The query gave {} rows, none of which has a target: what the model is worth on them is not known.",
                count(i64::try_from(rows).unwrap_or(i64::MAX))
            ),
        };
        section.push(Block::Note(Status::Warning, rows));
    }
    if let Some(share) = judged.trained_share {
        section.push(Block::Note(
            Status::Warning,
            format!(
                "About {:.0}% of these rows trained the model: it is better on them than it is on others.",
                share * 100.0
            ),
        ));
    }
}

fn stored_metrics(card: &Card, stored: &Json) -> Table {
    let columns = vec![
        Column::text("metric", 30),
        Column::number("value"),
        Column::rest("what it says"),
    ];
    let mut table = Table::new("Stored with the version", columns);
    let mut numbers: Vec<(&String, f64)> = stored
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name, value.as_f64()?)))
        .collect();
    numbers.sort_by_key(|(name, _)| metrics::place(name));
    table.rows.extend(numbers.into_iter().map(|(name, value)| {
        vec![
            Cell::text(name),
            Cell::Figure(value),
            Cell::text(metrics::words(name, card.labels.len())),
        ]
    }));
    table
}

/// What was judged now beside what was stored; with intervals where they are known.
fn judged_metrics(card: &Card, judged: &[SliceRow], stored: &Json) -> Table {
    let columns = vec![
        Column::text("metric", 30),
        Column::number("on the query"),
        Column::number("95% interval"),
        Column::number("when trained"),
        Column::rest("what it says"),
    ];
    let mut table = Table::new("", columns);
    table.rows.extend(judged.iter().map(|row| {
        vec![
            Cell::text(row.metric),
            Cell::Figure(row.value),
            Cell::interval(row.low, row.high),
            Cell::figure(stored[row.metric].as_f64()),
            Cell::text(metrics::words(row.metric, card.labels.len())),
        ]
    }));
    table.without_empty_columns()
}

/// The curves, as figures.
fn charts(card: &Card, drawings: &Drawings) -> Vec<Chart> {
    let target = card.version.text("target").unwrap_or_default();
    let binary = match (&card.labels[..], card.version.number("threshold")) {
        ([negative, positive], threshold) => Some((threshold.unwrap_or(0.5), [negative.as_str(), positive.as_str()])),
        _ => None,
    };
    let mut charts = curves::charts(&drawings.classes, &target, binary, binary.and_then(|_| area(card)));
    if let ([class], true) = (&drawings.classes[..], card.is_binary()) {
        charts.insert(2.min(charts.len()), calibration(&class.calibration));
    }
    if !drawings.numbers.is_empty() {
        charts.push(predicted_and_actual(&drawings.numbers));
    }
    charts
}

/// The area under the ROC curve, in words.
fn area(card: &Card) -> Option<String> {
    let Some(judged) = &card.judged else {
        return Some(figure(card.version.json("metrics")["roc_auc"].as_f64()?));
    };
    let row = judged.metrics.iter().find(|row| row.metric == "roc_auc")?;
    Some(Cell::estimate(Some(row.value), row.low, row.high).plain())
}

/// Points on a diagonal, where what was predicted is what was so.
fn against_diagonal(x: Axis, y: Axis, dots: Vec<Dot>, ends: (f64, f64)) -> Plot {
    Plot::Curves(Curves {
        x,
        y,
        lines: vec![Line {
            label: "perfect".into(),
            tone: Tone::Muted,
            points: vec![(ends.0, ends.0), (ends.1, ends.1)],
            band: Vec::new(),
        }],
        dots,
        marks: Vec::new(),
    })
}

fn calibration(bins: &[Bin]) -> Chart {
    let dots = bins.iter().map(|bin| Dot {
        x: bin.predicted,
        y: bin.actual(),
        interval: Some(bin.interval),
        rows: Some(bin.rows as i64),
    });
    Chart::new(
        "Calibration",
        "Where a point is on the diagonal, the probability comes true as often as it says. Lines are 95% intervals, points are larger where there are more rows.",
        against_diagonal(
            Axis::unit("predicted probability"),
            Axis::unit("share that was positive"),
            dots.collect(),
            (0.0, 1.0),
        ),
    )
}

fn predicted_and_actual(bins: &[NumberBin]) -> Chart {
    let dots = bins.iter().map(|bin| Dot {
        x: bin.predicted,
        y: bin.actual,
        interval: bin.interval(),
        rows: Some(bin.rows as i64),
    });
    let ends = bins.iter().map(|bin| bin.predicted).fold(
        (f64::INFINITY, f64::NEG_INFINITY),
        |(low, high): (f64, f64), predicted| (low.min(predicted), high.max(predicted)),
    );
    Chart::new(
        "Calibration",
        "Rows in ten parts by what is predicted. Where a point is on the diagonal, the prediction is right in the mean; lines are 95% intervals.",
        against_diagonal(
            Axis::numbers("predicted, in the mean"),
            Axis::numbers("actual, in the mean"),
            dots.collect(),
            ends,
        ),
    )
}

/// The classes that a matrix shows, the most frequent first where not all can be.
fn shown_classes(matrix: &[Vec<u64>]) -> Vec<usize> {
    let mut classes: Vec<usize> = (0..matrix.len()).collect();
    if classes.len() > CLASSES {
        classes.sort_by_key(|&class| std::cmp::Reverse(matrix[class].iter().sum::<u64>()));
        classes.truncate(CLASSES);
    }
    classes
}

fn confusion(card: &Card, matrix: &[Vec<u64>]) -> Table {
    let classes = shown_classes(matrix);
    let label = |class: usize| card.labels.get(class).map_or("", String::as_str);
    let mut columns = vec![Column::text("was", 24)];
    columns.extend(classes.iter().map(|&class| Column::number(label(class))));
    let caption = match classes.len() < matrix.len() {
        true => format!(
            "Rows by what they were (down) and what they are called (across): the {CLASSES} most frequent of {} classes",
            matrix.len()
        ),
        false => "Rows by what they were (down) and what they are called (across)".into(),
    };
    let mut table = Table::new(&caption, columns);
    table.rows.extend(classes.iter().map(|&actual| {
        let counts = classes
            .iter()
            .map(|&predicted| Cell::Count(matrix[actual][predicted] as i64));
        std::iter::once(Cell::text(label(actual))).chain(counts).collect()
    }));
    table
}

/// How well each class is found.
fn by_class(card: &Card, matrix: &[Vec<u64>]) -> Table {
    let columns = vec![
        Column::text("class", 24),
        Column::number("rows"),
        Column::number("called so"),
        Column::number("precision"),
        Column::number("recall"),
    ];
    let mut table = Table::new("Each class", columns);
    let share = |part: u64, all: u64| Cell::share((all > 0).then(|| part as f64 / all as f64));
    table.rows.extend(shown_classes(matrix).into_iter().map(|class| {
        let rows: u64 = matrix[class].iter().sum();
        let called: u64 = matrix.iter().map(|row| row[class]).sum();
        vec![
            Cell::text(card.labels.get(class).map_or("", String::as_str)),
            Cell::Count(rows as i64),
            Cell::Count(called as i64),
            share(matrix[class][class], called),
            share(matrix[class][class], rows),
        ]
    }));
    table
}

/// The same by the values of each column that `describe_model` names.
pub fn slices(card: &Card) -> Result<Section> {
    let mut section = Section::new("slices", "Performance by slice");
    let Some(judged) = &card.judged else {
        section.push(Block::missing(
            "Slices are judged on the rows of a query: assay.render_model(model, query, format).",
        ));
        return Ok(section);
    };
    if judged.slices.is_empty() {
        section.push(Block::missing(
            "No slices are named: assay.describe_model(model, '{\"slices\": [\"a column\"]}') names columns whose values are judged apart.",
        ));
    }
    for (column, rows) in &judged.slices {
        section.push(match rows {
            Err(why) => Block::missing(why.as_str()),
            Ok(rows) => {
                let estimates: Vec<Estimate<'_>> = rows.iter().map(Estimate::of_slice).collect();
                Block::Table(groups::table(
                    &format!("By {column}, the worst first"),
                    &estimates,
                    &METRICS,
                ))
            }
        });
    }
    Ok(section)
}
