//! What explains a model: against its own training rows, made at first use and kept beside the model, or against the rows of a background query.

use std::rc::Rc;

use crate::models::cache;
use crate::models::inspect;
use crate::models::judging::pass::input_places;
use crate::models::registry::Version;
use crate::models::scorer::Scorer;
use crate::pg::compute;
use crate::pg::compute::Reporter;
use crate::pg::error::{Error, INVALID_PARAMETER, Result, UNSUITABLE_ROWS, WRONG_TASK};
use crate::pg::foreground::Foreground;
use crate::pg::query::Query;
use algo::explain::{Baseline, Direction, Explained, Folded, Side};
use algo::label::Label;
use algo::model::Model;
use algo::monitor::Monitor;
use algo::room;

/// How the baseline is called when none is named.
pub const TRAINING: &str = "training rows";

/// Rows of a background between two looks at the monitor.
const LOOK: u64 = 16;

/// What explains a version against the rows that trained it.
pub fn against_training(version: &Version, scorer: &Scorer) -> Result<Rc<Folded>> {
    if let Some(known) = scorer.explanation() {
        return Ok(known);
    }
    let model = scorer.model();
    let statement = Foreground::new()?;
    let summaries = match model.needs_summaries() {
        true => inspect::statistics(version, model)?,
        false => Vec::new(),
    };
    let folded = make(model, &statement, |monitor| {
        Folded::new(model, Baseline::Training, &summaries, monitor)
    })?;
    drop(summaries);
    let known = scorer.keep_explanation(folded);
    // What it will hold once it has explained many rows is not there yet.
    cache::grow(scorer, statement.held().max(known.explainer().memory()));
    Ok(known)
}

/// What explains a version against the rows of a query.
pub fn against_rows(version: &Version, scorer: &Scorer, query: &str) -> Result<Rc<Folded>> {
    let model = scorer.model();
    let statement = Foreground::new()?;
    let query = Query::new(query)?;
    let places = input_places(scorer, query.columns(), &version.reference())?;
    let (mut row, mut background, mut rows) = (scorer.empty_row(), Vec::new(), 0_u64);
    query.run(&mut |given| {
        for (input, &place) in places.iter().enumerate() {
            scorer.encode(input, &given.value(place), &mut row)?;
        }
        let row = scorer.transform(&mut row);
        room::reserve(&mut background, row.len())?;
        background.extend_from_slice(row);
        rows += 1;
        if rows.is_multiple_of(LOOK) {
            statement.check()?;
        }
        Ok(())
    })?;
    if rows == 0 {
        return Err(Error::new(UNSUITABLE_ROWS, "the baseline has no rows")
            .hint("Give a query of the rows to compare with, or NULL for the rows that trained the model."));
    }
    make(model, &statement, |monitor| {
        Folded::new(model, Baseline::Background(&background), &[], monitor)
    })
    .map(Rc::new)
}

/// Makes what explains a model, while the session can be cancelled.
fn make(
    model: &Model,
    statement: &Foreground,
    work: impl FnOnce(&dyn Monitor) -> algo::error::Result<Folded> + Send,
) -> Result<Folded> {
    let mut reporter = Reporter::new();
    let what = format!("explaining {}", model.answer.task().noun());
    let folded = compute::run(&what, &mut reporter, statement, work);
    reporter.finish();
    folded
}

/// The number of a class by its name; `None` for no name. Returns 22023 for a class that there is not, and ML010 for a model without classes.
pub fn class_named(version: &Version, model: &Model, name: Option<&str>) -> Result<Option<usize>> {
    let Some(name) = name else { return Ok(None) };
    let Some(labels) = model.answer.classes() else {
        return Err(
            Error::new(WRONG_TASK, format!("model \"{}\" has no classes", version.reference()))
                .detail(format!("The class is \"{name}\"."))
                .hint("Leave the class out for a model of numbers."),
        );
    };
    let place = labels.iter().position(|label| label.to_string() == name);
    place.map(Some).ok_or_else(|| {
        let known: Vec<String> = labels.iter().take(20).map(Label::to_string).collect();
        Error::new(
            INVALID_PARAMETER,
            format!("model \"{}\" has no class \"{name}\"", version.reference()),
        )
        .hint(format!("Its classes are: {}.", known.join(", ")))
    })
}

/// The class that a side speaks for: the one that is named, the positive one of two, else the one that the row is given.
pub fn class_of(model: &Model, class: Option<usize>, explained: &Explained, row: usize) -> Option<usize> {
    let classes = model.answer.classes()?.len();
    class
        .or_else(|| explained.predicted(row))
        .or((classes == 2).then_some(1))
}

/// The side that tells of a class of a row, see [`class_of`].
pub fn side_of(folded: &Folded, class: Option<usize>) -> Result<Side> {
    folded.side(class).ok_or_else(|| {
        Error::new(INVALID_PARAMETER, "a model with several classes has a margin for each")
            .hint("Name a class; assay.labels(model) shows them.")
    })
}

/// Explains rows that were scored, one by one, against the rows that trained the model: for those who keep reasons with what was predicted. It costs what explaining a row
/// takes; many rows at once are quicker by `run::over`.
///
/// `let reasons = RowExplainer::new(&version, Rc::clone(&scorer))?;`, and for each row, once it has been scored,
/// `reasons.top(&encoded, 4)?`.
pub struct RowExplainer {
    scorer: Rc<Scorer>,
    folded: Rc<Folded>,
    statement: Foreground,
}

/// The features that moved a row's margin most, in either direction.
#[derive(Debug, Clone, PartialEq)]
pub struct TopAttributions {
    /// Against what: `training rows`.
    pub baseline: &'static str,
    /// The class whose margin it is; `None` of a number.
    pub class: Option<usize>,
    /// What the margin is under the baseline, in the mean.
    pub base_value: f64,
    /// Before a link or a calibration made it the score.
    pub margin: f64,
    /// The largest first: the place of the column among the model's inputs, and what it adds to the margin.
    pub attributions: Vec<(usize, f64)>,
}

impl RowExplainer {
    /// Returns an error for a model that cannot be explained.
    pub fn new(version: &Version, scorer: Rc<Scorer>) -> Result<RowExplainer> {
        Ok(RowExplainer {
            folded: against_training(version, &scorer)?,
            statement: Foreground::new()?,
            scorer,
        })
    }

    /// Explains a row of [`Scorer::empty_row`] that has been encoded and scored. With more than two classes it explains the class that the row is given.
    pub fn top(&self, row: &[f64], most: usize) -> Result<TopAttributions> {
        let model = self.scorer.model();
        let explained = self.folded.explain(model, model.applied(row), &self.statement)?;
        let class = class_of(model, None, &explained, 0);
        let side = side_of(&self.folded, class)?;
        Ok(TopAttributions {
            baseline: TRAINING,
            class,
            base_value: self.folded.base(side),
            margin: explained.margin(0, side),
            attributions: explained.largest(0, side, most, Direction::Either),
        })
    }
}
