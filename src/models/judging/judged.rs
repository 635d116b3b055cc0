//! All that the card of a model says of how it does on rows, from one pass over them.

use std::rc::Rc;

use super::evaluate;
use super::evaluate::SliceRow;
use super::fairness;
use super::fairness::FairnessRow;
use super::pass::{LeftOut, Pass, Wanted};
use super::segments::Segments;
use crate::models::cache;
use crate::models::explain::sample::{ExplainedSide, explain_sample};
use crate::models::registry::Version;
use crate::models::scorer::Scorer;
use crate::models::unsupervised::assessed;
use crate::pg::attempt::attempt;
use crate::pg::error::Result;
use algo::judging::calibration;
use algo::judging::calibration::Bin;
use algo::judging::calibration::Strategy;
use algo::judging::costs;
use algo::judging::costs::Cost;
use algo::judging::costs::CostSteps;
use algo::judging::costs::Operating;
use algo::judging::curves::Curves;
use algo::judging::draw::RowDraw;
use algo::judging::numbers::NumberBin;
use algo::judging::numbers::NumberBins;
use algo::judging::scores::Scores;
use algo::metrics::evaluation;
use algo::metrics::evaluation::Scored;
use algo::monitor::Monitor;
use algo::room;

/// Steps of a curve: as many as tell scores apart that a figure can.
const STEPS: usize = 1000;
/// Bins of a calibration.
const BINS: usize = 10;
/// Thresholds whose costs are told.
const THRESHOLDS: usize = 100;
/// Rows that are explained, by so many features.
const EXPLAINED: usize = 2000;
const FEATURES: usize = 15;
/// Classes that have curves, of more than two the most frequent.
const CLASSES: usize = 3;
/// Segments that are told of.
const SEGMENTS: usize = 60;

/// What there is, or why it is not.
pub type Known<T> = std::result::Result<T, String>;

/// What is asked for.
pub struct Question<'a> {
    /// Columns each of whose values is judged apart.
    pub slices: &'a [String],
    /// Columns between whose values the model has to be fair.
    pub groups: &'a [String],
    /// The limits of fairness, as the option of `fairness` has them.
    pub limits: Option<&'a serde_json::Value>,
    /// What a false alarm and a miss cost.
    pub costs: Option<(f64, f64)>,
}

/// How a version does on the rows of a query.
pub struct Judged {
    /// The metrics of all rows.
    pub metrics: Vec<SliceRow>,
    /// What is drawn.
    pub curves: Drawings,
    /// Rows by actual and predicted class.
    pub matrix: Vec<Vec<u64>>,
    /// The metrics of each value of a column, the worst first.
    pub slices: Vec<(String, Known<Vec<SliceRow>>)>,
    /// How the values of a column compare.
    pub fairness: Vec<(String, Known<Vec<FairnessRow>>)>,
    /// Some rows, explained: of more than two classes for the most frequent ones.
    pub explained: Known<Vec<ExplainedSide>>,
    /// What was left out.
    pub left_out: LeftOut,
    /// How many rows were judged.
    pub rows: usize,
    /// Which share of them trained the model, where that is known and worth telling.
    pub trained_share: Option<f64>,
}

/// The curves of a version: of the rows of a query, or of those that it was judged on.
#[derive(Default)]
pub struct Drawings {
    /// Of two classes the positive one; of more the most frequent ones, each against the rest.
    pub classes: Vec<ClassDrawing>,
    /// Predicted numbers beside actual ones.
    pub numbers: Vec<NumberBin>,
    /// What thresholds cost, the highest first.
    pub costs: Vec<Operating>,
}

/// The curves of a class against the rest.
pub struct ClassDrawing {
    /// Its name.
    pub label: String,
    /// Its probabilities, in few steps.
    pub scores: Scores,
    /// Probabilities against what came true.
    pub calibration: Vec<Bin>,
}

impl ClassDrawing {
    fn of(label: String, scores: Scores) -> Result<ClassDrawing> {
        // The ends of the steps, by which bins of as many rows are found.
        room::ask(scores.steps().len() * size_of::<u64>())?;
        Ok(ClassDrawing {
            label,
            calibration: calibration::curve(&scores, BINS, Strategy::Quantile),
            scores: scores.reduced(STEPS),
        })
    }
}

impl Drawings {
    /// Of the rows that a version was judged on, as they are kept with it; empty where none are.
    pub fn kept(version: &Version, costs: Option<(f64, f64)>) -> Result<Drawings> {
        let mut drawings = Drawings::default();
        match version.curves()? {
            None => {}
            Some(Curves::Numbers(bins)) => drawings.numbers = bins.in_bins(BINS),
            Some(Curves::Classes(mut classes)) => {
                if let ([only], Some((false_alarm, miss))) = (&classes[..], costs) {
                    let steps = CostSteps::of_scores(&only.scores, false_alarm, miss);
                    drawings.costs = costs::thresholds(&steps, version.threshold()?, None, THRESHOLDS)?;
                }
                classes.sort_by_key(|class| std::cmp::Reverse(class.scores.totals()[1]));
                classes.truncate(CLASSES);
                let drawn = classes
                    .into_iter()
                    .map(|class| ClassDrawing::of(class.label, class.scores));
                drawings.classes = drawn.collect::<Result<_>>()?;
            }
        }
        Ok(drawings)
    }
}

impl Judged {
    /// Judges a version on the rows of a query, which is run once. Returns the errors of `evaluate`; that rows cannot be divided by a column, or not be
    /// explained, is told in its place.
    pub fn of(version: &Version, query: &str, question: &Question<'_>) -> Result<Judged> {
        let scorer = cache::scorer(version)?;
        if scorer.model().fitted.unsupervised().is_some() {
            return Judged::without_target((version, &scorer), query, question);
        }
        let columns: Vec<&[String]> = (question.slices.iter().chain(question.groups))
            .map(std::slice::from_ref)
            .collect();
        let wanted = Wanted {
            groupings: &columns,
            is_lenient: true,
            drawn: EXPLAINED,
            ..Wanted::default()
        };
        let mut pass = Pass::run(Some(&version.reference()), Some(query), &wanted)?;
        let drawn = std::mem::replace(&mut pass.drawn, RowDraw::new(0, 0)).rows();
        let measured = evaluate::measured(&pass)?;
        let metrics = evaluate::of_all(&pass, &measured.measures);
        let frequent = most_frequent(&measured.matrix);
        let curves = match measured.ranking {
            // Of no rows nothing can be drawn.
            _ if pass.scored.rows() == 0 => Drawings::default(),
            Some(ranking) => {
                let scores = pass.judging(|monitor| Scores::of(&ranking, monitor))?;
                drop(ranking);
                two_classes(&pass, scores, question.costs)?
            }
            None => several_or_numbers(&pass, &frequent)?,
        };
        let mut groupings = std::mem::take(&mut pass.groupings).into_iter();
        let mut slices = Vec::with_capacity(question.slices.len());
        for (column, segments) in question.slices.iter().zip(groupings.by_ref()) {
            let rows = known(segments, |segments| {
                let mut rows = evaluate::of_segments(&pass, segments)?;
                shorten(&mut rows, |row| &row.segment);
                Ok(rows)
            })?;
            slices.push((column.clone(), rows));
        }
        let mut fairness = Vec::with_capacity(question.groups.len());
        for (column, segments) in question.groups.iter().zip(groupings) {
            let rows = known(segments, |segments| {
                let mut rows = fairness::of_segments(&pass, segments, question.limits)?;
                shorten(&mut rows, |row| &row.segment);
                Ok(rows)
            })?;
            fairness.push((column.clone(), rows));
        }
        let (left_out, rows, trained_share) = (pass.left_out, pass.scored.rows(), pass.trained_share());
        drop(pass);
        Ok(Judged {
            metrics,
            curves,
            matrix: measured.matrix,
            slices,
            fairness,
            explained: attempt(|| explain_sample(version, &drawn, &frequent, FEATURES))?,
            left_out,
            rows,
            trained_share,
        })
    }
}

impl Judged {
    /// The same of a version without a target.
    fn without_target(of: (&Version, &Rc<Scorer>), query: &str, question: &Question<'_>) -> Result<Judged> {
        let assessed = assessed::assess(of, query, None, EXPLAINED)?;
        let mut slices = Vec::with_capacity(question.slices.len());
        for column in question.slices {
            let rows = attempt(|| {
                let mut rows = assessed::assess(of, query, Some(std::slice::from_ref(column)), 0)?.metrics;
                shorten(&mut rows, |row| &row.segment);
                Ok(rows)
            })?;
            slices.push((column.clone(), rows));
        }
        let (version, drawn) = (of.0, assessed.drawn.rows());
        Ok(Judged {
            metrics: assessed.metrics,
            curves: Drawings::default(),
            matrix: Vec::new(),
            slices,
            fairness: Vec::new(),
            explained: attempt(|| explain_sample(version, &drawn, &[], FEATURES))?,
            left_out: assessed.left_out,
            rows: assessed.rows,
            trained_share: None,
        })
    }
}

/// What is made of segments, or why there are none.
fn known<T>(segments: Result<Segments>, make: impl FnOnce(&Segments) -> Result<T>) -> Result<Known<T>> {
    match segments {
        // What else is wrong is wrong with all.
        Ok(segments) => Ok(Ok(make(&segments)?)),
        Err(error) => Ok(Err(error.sentences())),
    }
}

/// Leaves out the rows of all segments but the first.
fn shorten<R>(rows: &mut Vec<R>, segment: impl Fn(&R) -> &Option<serde_json::Value>) {
    // What is of all rows comes before the segments.
    let mut ends = rows
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| segment(&pair[0]).is_some() && segment(&pair[0]) != segment(&pair[1]));
    if let Some((place, _)) = ends.nth(SEGMENTS - 1) {
        rows.truncate(place + 1);
    }
}

fn two_classes(pass: &Pass, scores: Scores, costs: Option<(f64, f64)>) -> Result<Drawings> {
    let drawing = ClassDrawing::of(label(pass, 1), scores)?;
    let costs = match costs {
        None => Vec::new(),
        Some((false_alarm, miss)) => {
            let (actual, probabilities) = pass.two_classes("a threshold")?;
            let (scores, costs) = (probabilities.column(1), [false_alarm, miss].map(Cost::Constant));
            let steps = pass
                .judging(|monitor| CostSteps::of_rows(actual, scores.iter().copied(), costs[0], costs[1], monitor))?;
            costs::thresholds(&steps, pass.threshold, None, THRESHOLDS)?
        }
    };
    Ok(Drawings {
        classes: vec![drawing],
        numbers: Vec::new(),
        costs,
    })
}

fn label(pass: &Pass, class: usize) -> String {
    let labels = pass.scorer.model().answer.classes().unwrap_or_default();
    labels.get(class).map(ToString::to_string).unwrap_or_default()
}

/// The classes with the most rows.
fn most_frequent(matrix: &[Vec<u64>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..matrix.len()).collect();
    order.sort_by_key(|&class| std::cmp::Reverse(matrix[class].iter().sum::<u64>()));
    order.truncate(CLASSES);
    order
}

fn several_or_numbers(pass: &Pass, frequent: &[usize]) -> Result<Drawings> {
    let mut drawings = Drawings::default();
    match (&pass.scored, pass.scored.classes()) {
        (Scored::Numbers { actual, predicted }, _) => {
            let bins = pass.judging(|monitor| NumberBins::of(actual, predicted, monitor))?;
            drawings.numbers = bins.in_bins(BINS);
        }
        (Scored::Classes { .. }, Some((actual, probabilities))) => {
            for &class in frequent {
                let scores = pass.judging(|monitor: &dyn Monitor| {
                    let ranking = evaluation::rank(actual, probabilities, class, monitor)?;
                    Scores::of(&ranking, monitor)
                })?;
                drawings.classes.push(ClassDrawing::of(label(pass, class), scores)?);
            }
        }
        (Scored::Classes { .. }, None) => {}
    }
    Ok(drawings)
}
