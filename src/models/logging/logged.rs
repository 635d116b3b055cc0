//! A version that scores rows to be logged: what it makes of each, put aside, and written as one batch.

use std::ffi::CStr;
use std::rc::Rc;

use pgrx::pg_sys;
use serde_json::Value as Json;

use super::keyed::{self, Keyed};
use super::log::Request;
use super::reasons::Reasons;
use crate::models::cache;
use crate::models::guard::Guard;
use crate::models::judging::pass::input_places;
use crate::models::registry::Version;
use crate::models::scorer::Scorer;
use crate::pg::cell::Parameter;
use crate::pg::error::{Error, INTERNAL, Result, UNSUITABLE_ROWS, WRONG_TASK};
use crate::pg::query_row::Row;
use crate::pg::spool::Spool;
use crate::pg::tables;
use crate::pg::text::Text;
use crate::reliability::issues::finding::{Finding, Source, Status};
use algo::judging::decision::Rule;
use algo::metrics::evaluation;
use algo::task::Answer;

/// Where what is kept of a row besides its key stands among the expressions.
#[derive(Default)]
pub struct Wanted {
    pub segment: Option<usize>,
    /// Of each version.
    pub inputs: Vec<usize>,
    pub at: Option<usize>,
}

/// A version that scores the rows.
pub struct Logged {
    version: Version,
    scorer: Rc<Scorer>,
    rule: Rule,
    /// The places of its inputs.
    places: Vec<usize>,
    /// Columns of the query that are put aside as they are.
    passed: Vec<usize>,
    encoded: Vec<f64>,
    scores: Vec<f64>,
    /// A row with its prediction, for what tells the errors to expect.
    room: Vec<f64>,
    /// Whether scores are numbers of clusters, of which a row may be in none.
    is_cluster: bool,
    /// What looks at the rows, where somebody wants it: those of the version that decides.
    guard: Option<Box<Guard>>,
    reasons: Option<Reasons>,
    spool: Spool,
}

/// The columns that are put aside of each row: of the query, and what was computed.
const COMPUTED: [(&CStr, pg_sys::Oid); 8] = [
    (c"score", pg_sys::FLOAT8OID),
    (c"class", pg_sys::INT4OID),
    (c"decision", pg_sys::TEXTOID),
    (c"probabilities", pg_sys::FLOAT8ARRAYOID),
    (c"reasons", pg_sys::JSONBOID),
    (c"expected_error", pg_sys::FLOAT8OID),
    (c"expected_squared_error", pg_sys::FLOAT8OID),
    (c"effective_decision", pg_sys::TEXTOID),
];

/// What a row's scores come to.
struct Decided {
    /// `None` of a row in no cluster.
    score: Option<f64>,
    /// The class's place; `None` of a number.
    class: Option<i32>,
    decision: Option<Text>,
    probabilities: Option<Vec<f64>>,
}

/// The error of a version whose answers are not those of rows, or no one number.
fn unlogged(version: &Version, answers: &str) -> Error {
    Error::new(
        WRONG_TASK,
        format!(
            "model \"{}\" gives {answers}, which are no predictions to log",
            version.reference()
        ),
    )
}

impl Logged {
    /// Nothing yet. `of` is the version's place among those that score.
    pub fn new(version: Version, keyed: &Keyed, wanted: &Wanted, of: usize, reasons: usize) -> Result<Logged> {
        let scorer = cache::scorer(&version)?;
        let answer = &scorer.model().answer;
        let is_cluster = match answer {
            Answer::Cluster { .. } => true,
            Answer::Classes(_) | Answer::Number | Answer::Strangeness => false,
            Answer::Components { .. } => {
                let hint = "Keep what assay.transform gives in a table of your own.";
                return Err(unlogged(&version, "components").hint(hint));
            }
            Answer::Forecast => {
                let hint = "Keep what assay.forecast gives in a table of your own.";
                return Err(unlogged(&version, "the numbers of series to come").hint(hint));
            }
        };
        let places = input_places(&scorer, keyed.columns(), &version.reference())?;
        let mut columns = vec![(c"key", keyed::JSONB)];
        let mut passed = vec![keyed.key()];
        let jsons = [
            (c"segment", wanted.segment),
            (c"inputs", wanted.inputs.get(of).copied()),
        ];
        for (name, expression) in jsons {
            if let Some(number) = expression {
                columns.push((name, keyed::JSONB));
                passed.push(keyed.expression(number));
            }
        }
        if let Some(number) = wanted.at {
            columns.push((c"at", pg_sys::TIMESTAMPTZOID));
            passed.push(keyed.expression(number));
        }
        columns.extend(COMPUTED);
        let reasons = match reasons {
            0 => None,
            most => Some(Reasons::new(&version, &scorer, most)?),
        };
        Ok(Logged {
            reasons,
            rule: version.rule()?,
            is_cluster,
            places,
            passed,
            encoded: scorer.empty_row(),
            scores: vec![0.0; scorer.outputs()],
            room: Vec::new(),
            guard: match of {
                0 => Guard::of_query(&version.reference())?,
                _ => None,
            },
            spool: Spool::new(&columns),
            scorer,
            version,
        })
    }

    /// Scores a row and puts it aside; gives what is decided by it. `effective` is what another version decided, where this one is only watched.
    pub fn push(&mut self, row: &Row<'_>, effective: Option<&Text>) -> Result<Option<Text>> {
        for (input, &place) in self.places.iter().enumerate() {
            self.scorer.encode(input, &row.value(place), &mut self.encoded)?;
        }
        if let Some(guard) = &mut self.guard {
            guard.look(self.scorer.raw(&self.encoded))?;
        }
        self.scorer.score(&mut self.encoded, &mut self.scores);
        let is_score = |score: &f64| score.is_finite() || self.is_cluster && score.is_nan();
        if !self.scores.iter().all(is_score) {
            return Err(Error::new(
                UNSUITABLE_ROWS,
                format!(
                    "model \"{}\" gives a score that is not finite",
                    self.version.reference()
                ),
            )
            .hint("Rows whose values are too large overflow: leave them out of the query."));
        }
        let reasons: Option<Json> = match &mut self.reasons {
            Some(reasons) => Some(reasons.of(&self.encoded, |input| row.shown(self.places[input]))?),
            None => None,
        };
        let decided = self.decide();
        let [error, square] = match (decided.class, decided.score) {
            (Some(_), _) | (None, None) => [None; 2],
            (None, Some(score)) => {
                let errors = (self.scorer).expected_errors(&self.encoded, score, &mut self.room);
                // Of a prediction far from all that trained it they may be beyond all numbers.
                errors.map_or([None; 2], |errors| {
                    errors.map(|error| Some(error).filter(|error| error.is_finite()))
                })
            }
        };
        let computed: [Parameter; COMPUTED.len()] = [
            decided.score.into(),
            decided.class.into(),
            decided.decision.clone().into(),
            decided.probabilities.into(),
            reasons.into(),
            error.into(),
            square.into(),
            effective.cloned().into(),
        ];
        self.spool.push(row, &self.passed, &computed)?;
        Ok(decided.decision)
    }

    /// What the guard has found in the rows, where it was asked to look.
    pub fn finding(&self) -> Option<Finding> {
        let message = self.guard.as_ref()?.describe();
        let status = if message.is_some() { Status::Fail } else { Status::Pass };
        let model = &self.version.model;
        Some(Finding::of_model(model, Source::Guard, "rows", status, message))
    }

    /// What the scores of a row come to.
    fn decide(&self) -> Decided {
        let Answer::Classes(labels) = &self.scorer.model().answer else {
            return Decided {
                score: Some(self.scores[0]).filter(|score| !score.is_nan()),
                class: None,
                decision: None,
                probabilities: None,
            };
        };
        let class = evaluation::decide(&self.scores, self.rule.threshold);
        let label = || labels.get(class).map(|label| Text::from(&*label.text()));
        let (score, decision, probabilities) = match self.scores[..] {
            [_, positive] if self.rule.has_reviews() => {
                (positive, Some(self.rule.decide(positive).name().into()), None)
            }
            [_, positive] => (positive, label(), None),
            _ => (self.scores[class], label(), Some(self.scores.clone())),
        };
        Decided {
            score: Some(score),
            class: Some(class as i32),
            decision,
            probabilities,
        }
    }

    /// Writes what was put aside, as one batch; gives its number.
    pub fn write(&self, request: &Request, wanted: &Wanted, challenger: bool) -> Result<i64> {
        let (segment, inputs) = (wanted.segment.is_some(), !wanted.inputs.is_empty());
        let optional = |there: bool, column: &'static str, other: &'static str| if there { column } else { other };
        // A row's head, its numbers and its line pointer take about a hundred bytes.
        let bytes = (100 * self.spool.rows() + self.spool.jsonb_bytes()) as i64;
        let key: Vec<Text> = request.key.iter().map(|name| Text::from(name.as_str())).collect();
        let batch: Option<i64> = tables::write_returning(
            "INSERT INTO assay.prediction_batch (model_id, content, version, challenger, logged_by, logged_at, key_columns, rows, bytes, cpu_seconds, baseline, base_values)
             VALUES ($1, 'decisions', $2, $3, $4::pg_catalog.regrole, pg_catalog.statement_timestamp(), $5, $6, $7, 0, $8, $9) RETURNING id",
            &[
                self.version.model.id.into(),
                self.version.version.into(),
                challenger.into(),
                request.caller.into(),
                key.into(),
                (self.spool.rows() as i64).into(),
                bytes.into(),
                self.reasons.as_ref().and_then(Reasons::baseline).into(),
                self.reasons.as_ref().map(|reasons| reasons.base().to_vec()).into(),
            ],
        )?;
        let batch = batch.ok_or_else(|| Error::new(INTERNAL, "a batch of logged predictions has no number"))?;
        let statement = format!(
            "INSERT INTO assay.prediction (batch_id, model_id, at, score, class, decision, key, probabilities, reasons, expected_error,
                                           expected_squared_error, effective_decision, segment, inputs)
             SELECT $1, $2, {}, score, class, decision, key, probabilities, reasons, expected_error, expected_squared_error, effective_decision,
                    {}, {} FROM new_rows",
            optional(wanted.at.is_some(), "at", "pg_catalog.statement_timestamp()"),
            optional(segment, "segment", "NULL"),
            optional(inputs, "inputs", "NULL"),
        );
        self.spool
            .write(&statement, &[batch.into(), self.version.model.id.into()])?;
        Ok(batch)
    }
}
