//! Curves of a classification: of two classes the positive one, of more the most frequent ones, each against the rest.

use crate::models::judging::judged::ClassDrawing;
use algo::metrics::curve::CurvePoint;
use algo::page::Chart;
use algo::page::chart::{Axis, Bins, Columns, Curves, Line, Plot, Series, Tone};
use algo::page::number::figure;

/// Bins of scores.
const BINS: usize = 20;
const TONES: [Tone; 3] = [Tone::First, Tone::Second, Tone::Third];

/// A curve with what happens at each threshold, from the highest.
struct Curve<'a> {
    label: &'a str,
    tone: Tone,
    points: Vec<CurvePoint>,
}

impl Curve<'_> {
    fn positives(&self) -> f64 {
        self.points
            .first()
            .map_or(0.0, |point| (point.true_positives + point.false_negatives) as f64)
    }

    fn rows(&self) -> f64 {
        let negatives = |point: &CurvePoint| (point.false_positives + point.true_negatives) as f64;
        self.positives() + self.points.first().map_or(0.0, negatives)
    }

    fn line(&self, place: impl Fn(&CurvePoint) -> (f64, f64)) -> Line {
        let points = self.points.iter().map(place);
        Line {
            label: self.label.into(),
            tone: self.tone,
            points: points.filter(|(x, y)| x.is_finite() && y.is_finite()).collect(),
            band: Vec::new(),
        }
    }

    /// What happens at a threshold.
    fn at(&self, threshold: f64) -> Option<&CurvePoint> {
        self.points.iter().rev().find(|point| point.threshold >= threshold)
    }
}

/// The share of rows that are called positive.
fn flagged(point: &CurvePoint) -> f64 {
    let called = point.true_positives + point.false_positives;
    called as f64 / (called + point.true_negatives + point.false_negatives) as f64
}

/// The classes that have rows of both sides, as figures. `target` is what the model predicts; `threshold` and `names` (the negative class, the positive one) are of two classes.
pub fn charts(
    classes: &[ClassDrawing],
    target: &str,
    binary: Option<(f64, [&str; 2])>,
    area: Option<String>,
) -> Vec<Chart> {
    let curves: Vec<Curve<'_>> = classes
        .iter()
        .zip(TONES)
        .filter(|(class, _)| class.scores.totals().iter().all(|rows| *rows > 0))
        .map(|(class, tone)| Curve {
            label: if binary.is_some() { "model" } else { &class.label },
            tone,
            points: class.scores.points(),
        })
        .collect();
    let Some(first) = curves.first() else {
        return Vec::new();
    };
    let threshold = binary.map(|(threshold, _)| threshold);
    let mut charts = vec![roc(&curves, threshold, area), precision_recall(&curves, threshold)];
    if let (Some((threshold, names)), Some(class)) = (binary, classes.first()) {
        charts.push(lift(first, threshold));
        charts.push(scores(class, target, threshold, names));
    }
    charts
}

/// Where the threshold is, on an axis.
fn mark(curves: &[Curve<'_>], threshold: Option<f64>, place: impl Fn(&CurvePoint) -> f64) -> Vec<(f64, String)> {
    let at = threshold
        .zip(curves.first())
        .and_then(|(threshold, curve)| curve.at(threshold));
    at.map(|point| (place(point), "threshold".into())).into_iter().collect()
}

fn roc(curves: &[Curve<'_>], threshold: Option<f64>, area: Option<String>) -> Chart {
    let lines = curves
        .iter()
        .map(|curve| curve.line(|point| (point.false_positive_rate(), point.recall())));
    let plot = Curves {
        x: Axis::unit("false positive rate"),
        y: Axis::unit("recall (true positive rate)"),
        lines: [hold("by chance", vec![(0.0, 0.0), (1.0, 1.0)])]
            .into_iter()
            .chain(lines)
            .collect(),
        marks: mark(curves, threshold, CurvePoint::false_positive_rate),
        ..Curves::default()
    };
    let about = "Of the positive rows the share that is found, against the share of the negative ones that is flagged with them.";
    let about = area.map_or(about.into(), |area| format!("{about} The area under it is {area}."));
    Chart::new("ROC", about, Plot::Curves(plot))
}

fn precision_recall(curves: &[Curve<'_>], threshold: Option<f64>) -> Chart {
    // Where nothing is flagged precision is not defined.
    let lines = curves.iter().map(|curve| {
        curve.line(|point| match point.true_positives {
            0 => (f64::NAN, f64::NAN),
            _ => (point.recall(), point.precision()),
        })
    });
    let base = |curve: &Curve<'_>| curve.positives() / curve.rows();
    let by_chance = match curves {
        [only] => vec![hold("by chance", vec![(0.0, base(only)), (1.0, base(only))])],
        _ => Vec::new(),
    };
    let plot = Curves {
        x: Axis::unit("recall"),
        y: Axis::unit("precision"),
        lines: by_chance.into_iter().chain(lines).collect(),
        marks: mark(curves, threshold, CurvePoint::recall),
        ..Curves::default()
    };
    Chart::new(
        "Precision and recall",
        "Of the flagged rows the share that is positive, against the share of the positive ones that is found.",
        Plot::Curves(plot),
    )
}

fn lift(curve: &Curve<'_>, threshold: f64) -> Chart {
    let base = curve.positives() / curve.rows();
    let plot = Curves {
        x: Axis::unit("share of rows flagged, highest scores first"),
        y: Axis::unit("share of positives found"),
        lines: vec![
            hold("by chance", vec![(0.0, 0.0), (1.0, 1.0)]),
            hold("at best", vec![(0.0, 0.0), (base, 1.0), (1.0, 1.0)]),
            curve.line(|point| (flagged(point), point.recall())),
        ],
        marks: mark(std::slice::from_ref(curve), Some(threshold), flagged),
        ..Curves::default()
    };
    Chart::new(
        "Lift (cumulative gain)",
        "How many of the positive rows are among those that are looked at first.",
        Plot::Curves(plot),
    )
}

/// How many rows of each class have a score in each of some bins.
fn scores(class: &ClassDrawing, target: &str, threshold: f64, names: [&str; 2]) -> Chart {
    let (totals, parts) = (class.scores.totals(), class.scores.distribution(BINS));
    let series = |side: usize, tone| Series {
        label: format!("{target}: {}", names[side]),
        tone,
        values: parts
            .iter()
            .map(|rows| rows[side] as f64 / totals[side] as f64)
            .collect(),
    };
    let plot = Columns {
        x: Axis::unit("score"),
        y: Axis::shares("share of the class"),
        series: vec![series(0, Tone::First), series(1, Tone::Second)],
        bins: Bins::Edges((0..=BINS).map(|edge| edge as f64 / BINS as f64).collect()),
        marks: vec![(threshold, "threshold".into())],
    };
    let about = format!(
        "Scores of the rows of each class: the less the two overlap, the better they are told apart. From {} on a row is flagged.",
        figure(threshold)
    );
    Chart::new("Scores by class", about, Plot::Columns(plot))
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
