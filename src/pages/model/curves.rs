//! Curves of a classification with two classes, all from one table of how many rows of each class have at least a score.

use crate::pages::read::Row;
use algo::page::Chart;
use algo::page::chart::{Axis, Bins, Columns, Curves, Line, Plot, Series, Tone};

/// At a threshold the positive and the negative rows that reach it.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    pub threshold: f64,
    pub positives: f64,
    pub negatives: f64,
}

/// The points of rows such as those of `roc_curve`, from the highest threshold to the lowest; and how many rows each class has.
pub struct Cumulated {
    pub points: Vec<Point>,
    pub positives: f64,
    pub negatives: f64,
}

impl Cumulated {
    /// `None` where a class has no rows.
    pub fn of(rows: &[Row]) -> Option<Cumulated> {
        let point = |row: &Row| {
            Some(Point {
                // Where nothing is flagged there is none.
                threshold: row.number("threshold").unwrap_or(f64::INFINITY),
                positives: row.number("true_positives")?,
                negatives: row.number("false_positives")?,
            })
        };
        let points: Vec<Point> = rows.iter().filter_map(point).collect();
        let last = *points.last()?;
        (last.positives > 0.0 && last.negatives > 0.0).then_some(Cumulated {
            points,
            positives: last.positives,
            negatives: last.negatives,
        })
    }

    fn rows(&self) -> f64 {
        self.positives + self.negatives
    }

    /// All of them as figures.
    pub fn charts(&self, threshold: Option<f64>) -> Vec<Chart> {
        vec![
            self.roc(),
            self.precision_recall(threshold),
            self.lift(),
            self.scores(threshold),
        ]
    }

    fn line(&self, place: impl Fn(&Point) -> (f64, f64)) -> Line {
        Line {
            label: "model".into(),
            tone: Tone::First,
            points: self
                .points
                .iter()
                .map(place)
                .filter(|point| point.0.is_finite() && point.1.is_finite())
                .collect(),
            band: Vec::new(),
        }
    }

    fn roc(&self) -> Chart {
        let model = self.line(|point| (point.negatives / self.negatives, point.positives / self.positives));
        let curves = Curves {
            x: Axis::unit("false positive rate"),
            y: Axis::unit("recall (true positive rate)"),
            lines: vec![hold("by chance", vec![(0.0, 0.0), (1.0, 1.0)]), model],
            ..Curves::default()
        };
        Chart::new(
            "ROC",
            "Of the positive rows the share that is found, against the share of the negative ones that is flagged with them.",
            Plot::Curves(curves),
        )
    }

    fn precision_recall(&self, threshold: Option<f64>) -> Chart {
        let mut model = self.line(|point| {
            (
                point.positives / self.positives,
                point.positives / (point.positives + point.negatives).max(f64::MIN_POSITIVE),
            )
        });
        // Nothing is flagged where the threshold is above all scores: precision is not defined there.
        model.points.retain(|point| point.0 > 0.0);
        let base = self.positives / self.rows();
        let at = threshold.and_then(|threshold| self.points.iter().rev().find(|point| point.threshold >= threshold));
        let curves = Curves {
            x: Axis::unit("recall"),
            y: Axis::unit("precision"),
            lines: vec![hold("by chance", vec![(0.0, base), (1.0, base)]), model],
            marks: at
                .map(|point| (point.positives / self.positives, "threshold".into()))
                .into_iter()
                .collect(),
            ..Curves::default()
        };
        Chart::new(
            "Precision and recall",
            "Of the flagged rows the share that is positive, against the share of the positive ones that is found.",
            Plot::Curves(curves),
        )
    }

    fn lift(&self) -> Chart {
        let rows = self.rows();
        let model = self.line(|point| {
            (
                (point.positives + point.negatives) / rows,
                point.positives / self.positives,
            )
        });
        let base = self.positives / rows;
        let curves = Curves {
            x: Axis::unit("share of rows flagged, highest scores first"),
            y: Axis::unit("share of positives found"),
            lines: vec![
                hold("by chance", vec![(0.0, 0.0), (1.0, 1.0)]),
                hold("at best", vec![(0.0, 0.0), (base, 1.0), (1.0, 1.0)]),
                model,
            ],
            ..Curves::default()
        };
        Chart::new(
            "Lift (cumulative gain)",
            "How many of the positive rows are among those that are looked at first.",
            Plot::Curves(curves),
        )
    }

    /// How many rows of each class have a score in each of some bins.
    fn scores(&self, threshold: Option<f64>) -> Chart {
        const BINS: usize = 20;
        let edges: Vec<f64> = (0..=BINS).map(|edge| edge as f64 / BINS as f64).collect();
        // Of the rows with at least a score: those of the last point that reaches it.
        let reached = |score: f64, of: fn(&Point) -> f64| {
            let place = self.points.partition_point(|point| point.threshold >= score);
            place.checked_sub(1).map_or(0.0, |place| of(&self.points[place]))
        };
        let shares = |of: fn(&Point) -> f64, all: f64| -> Vec<f64> {
            let above = edges.iter().enumerate().map(|(place, edge)| match place {
                0 => all,
                BINS => 0.0,
                _ => reached(*edge, of),
            });
            let above: Vec<f64> = above.collect();
            above
                .windows(2)
                .map(|ends| (ends[0] - ends[1]).max(0.0) / all)
                .collect()
        };
        let series = |label: &str, tone, values| Series {
            label: label.into(),
            tone,
            values,
        };
        let columns = Columns {
            x: Axis::unit("score"),
            y: Axis::shares("share of the class"),
            series: vec![
                series("negative", Tone::First, shares(|point| point.negatives, self.negatives)),
                series(
                    "positive",
                    Tone::Second,
                    shares(|point| point.positives, self.positives),
                ),
            ],
            bins: Bins::Edges(edges),
        };
        let about = match threshold {
            Some(threshold) => format!(
                "Scores of the rows of each class; from {} on a row is flagged.",
                algo::page::number::figure(threshold)
            ),
            None => "Scores of the rows of each class.".into(),
        };
        Chart::new("Scores by class", about, Plot::Columns(columns))
    }
}

/// A line that only gives a hold.
fn hold(label: &str, points: Vec<(f64, f64)>) -> Line {
    Line {
        label: label.into(),
        tone: Tone::Muted,
        points,
        band: Vec::new(),
    }
}
