//! Judging rows where they are: a row with its target becomes what a version says of it, and rows of those merge.

use std::rc::Rc;

use pgrx::{pg_extern, pg_sys};
use serde::{Deserialize, Serialize};

use super::pass::{ReadTarget, extra_number};
use super::row_scorer::{RowScorer, as_number};
use crate::models::binding::wrong_type;
use crate::models::cache::{self, Servable};
use crate::models::registry::{self, Privilege, Version};
use crate::models::scorer::Scorer;
use crate::pg::error::{
    Error, INTERNAL, INVALID_PARAMETER, MISMATCHED_STATES, Result, UNDEFINED_VERSION, UNSUITABLE_ROWS, or_raise,
};
use crate::pg::fields::{Arguments, Field, Fields, Types};
use crate::pg::foreground::Foreground;
use crate::pg::query_row::OutputColumn;
use crate::pg::reader::Role;
use crate::pg::state::{self, StateDatum};
use crate::pg::{arguments, site, snapshot, types};
use algo::accumulator::Accumulator;
use algo::judging::scored_rows::{ScoredRow, ScoredRows};
use algo::metrics::evaluation::Actual;
use algo::monitor::Monitor;
use algo::state::State;

/// Rows between two looks at the monitor.
const LOOK: usize = 16;

/// The most features and columns of a row: PostgreSQL's functions take 100 arguments, of which one can be the state, one is what is asked for and one the target.
pub const MOST_COLUMNS: usize = 97;

/// What is asked for of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The version, as `name@version`; or the model's name alone, for the version that has the hash.
    pub model: String,
    /// The hash of its bytes: a server that has another version of that number does not score with it.
    pub hash: String,
    /// Columns of numbers of 0 or more that are kept beside the scores, and what each is.
    pub extra: Vec<(String, String)>,
}

impl Asked {
    /// As the first argument of `judged_row`, in SQL.
    pub fn literal(&self) -> Result<String> {
        let text = serde_json::to_string(self)
            .map_err(|problem| Error::new(INTERNAL, format!("what is asked for cannot be written: {problem}")))?;
        Ok(format!(
            "'\\x{}'::pg_catalog.bytea",
            crate::models::hex(text.as_bytes())
        ))
    }
}

fn invalid(problem: impl Into<String>) -> Error {
    Error::new(INVALID_PARAMETER, "what is asked for of rows cannot be read")
        .detail(problem)
        .hint("assay.evaluate writes it, when rows are judged where they are.")
}

/// What a call site knows of its arguments.
struct Site {
    asked: Vec<u8>,
    extra: Vec<(String, String)>,
    row_scorer: RowScorer,
    read_target: ReadTarget,
    target: Field,
    inputs: Vec<Field>,
    others: Vec<Field>,
    row: ScoredRow,
}

/// What a reference stands for here.
fn find(asked: &Asked) -> Result<Servable> {
    let view = Some(snapshot::view());
    if asked.model.contains('@') {
        let found = cache::resolve(&asked.model, view)?;
        require_same(found.version(), &asked.hash)?;
        return Ok(found);
    }
    let undefined = || {
        Error::new(
            UNDEFINED_VERSION,
            format!("no version of model \"{}\" is the one that was asked for", asked.model),
        )
        .detail("None that is here and may be used has bytes of that hash.")
        .hint("assay.export_model and assay.import_model bring a version to another database.")
    };
    let entry = registry::find(&asked.model)?.ok_or_else(undefined)?;
    registry::require(&entry, Privilege::Predict)?;
    for version in registry::versions(&entry)? {
        let version = Version {
            model: entry.clone(),
            version,
        };
        if version.hash()? == asked.hash {
            return cache::resolve(&version.reference(), view);
        }
    }
    Err(undefined())
}

/// Returns an error unless a version is the one that was asked for.
fn require_same(version: &Version, hash: &str) -> Result<()> {
    if version.hash()? == hash {
        return Ok(());
    }
    let (name, number) = (&version.model.name, version.version);
    Err(Error::new(
        UNDEFINED_VERSION,
        format!("version {number} of model \"{name}\" is another one here"),
    )
    .detail("Its bytes do not have the hash of the version that was asked for.")
    .hint(format!(
        "SELECT assay.publish_model('{name}@{number}') on the coordinator gives workers its version."
    )))
}

/// The field of a feature.
fn input_field(scorer: &Scorer, input: usize, values: &Arguments<'_>, place: usize, model: &str) -> Result<Field> {
    let field = values
        .field(place)
        .filter(|field| scorer.accepts(input, field.reader()));
    field.ok_or_else(|| {
        let type_oid = values.type_of(place).unwrap_or(pg_sys::UNKNOWNOID);
        wrong_type(scorer, input, &types::name_of(type_oid), model)
    })
}

impl Site {
    /// Of a call whose target is argument `at`, and whose features follow it.
    fn new(fcinfo: pg_sys::FunctionCallInfo, bytes: &[u8], at: usize) -> Result<Site> {
        if arguments::called_variadic(fcinfo) {
            return Err(invalid("The features are given as a VARIADIC array."));
        }
        let asked: Asked = serde_json::from_slice(bytes).map_err(|problem| invalid(problem.to_string()))?;
        let found = find(&asked)?;
        let first = at + 1;
        let scorer = Rc::clone(&found.scorer);
        let target_name = found.version().target("judging predictions")?;
        let values = Arguments::of(&fcinfo);
        let (inputs, given) = (scorer.model().inputs.len(), arguments::count(fcinfo));
        if given != first + inputs + asked.extra.len() {
            return Err(invalid(format!(
                "The model takes {inputs} features, and {given} arguments are there."
            )));
        }
        let type_oid = values.type_of(at).unwrap_or(pg_sys::UNKNOWNOID);
        let target = values.require(at)?;
        let column = OutputColumn {
            name: target_name.clone(),
            type_name: types::name_of(type_oid),
            type_oid,
            reader: Some(target.reader()),
            is_deterministic: true,
        };
        let read_target = ReadTarget::of(&scorer.model().answer, &target_name, &column)?;
        let fields = (0..inputs).map(|input| input_field(&scorer, input, &values, first + input, &asked.model));
        let fields = fields.collect::<Result<Vec<_>>>()?;
        let mut others = Vec::with_capacity(asked.extra.len());
        for (place, (name, what)) in (first + inputs..).zip(&asked.extra) {
            let field = values
                .field(place)
                .filter(|field| field.reader().role() == Role::Number);
            others.push(field.ok_or_else(|| {
                Error::new(
                    UNSUITABLE_ROWS,
                    format!("column \"{name}\", which is {what}, is no number"),
                )
                .hint("Cast it to a number in the query.")
            })?);
        }
        Ok(Site {
            asked: bytes.to_vec(),
            extra: asked.extra,
            row: ScoredRow {
                classes: scorer.model().answer.classes().map_or(0, <[_]>::len) as u32,
                ..ScoredRow::default()
            },
            row_scorer: RowScorer::new(scorer),
            read_target,
            target,
            inputs: fields,
            others,
        })
    }

    /// What the version says of the call's row.
    fn judge(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Result<&ScoredRow> {
        let values = Arguments::of(&fcinfo);
        let inputs = &self.inputs;
        let (actual, left_out) = self
            .row_scorer
            .read(&self.read_target, &values.value(&self.target), |input| {
                values.value(&inputs[input])
            })?;
        let row = &mut self.row;
        row.actual = actual;
        row.unseen = u32::try_from(left_out.unseen).unwrap_or(u32::MAX);
        row.scores.clear();
        row.extra.clear();
        (row.interval, row.compared) = (None, None);
        if let Some(actual) = actual {
            let sample = &self.row_scorer.scorer.model().sample;
            row.compared = sample
                .as_ref()
                .map(|sample| sample.seen(self.row_scorer.raw(), as_number(actual)));
            let (scores, interval) = self.row_scorer.score();
            row.scores.extend_from_slice(scores);
            row.interval = interval.filter(|_| matches!(actual, Actual::Number(_)));
            for (field, (name, what)) in self.others.iter().zip(&self.extra) {
                row.extra.push(extra_number(&values.value(field), (name, what))?);
            }
        }
        Ok(row)
    }
}

/// Runs `work` with what a version says of the row of a call, whose argument before `at` says what is asked for. `None` where that is NULL. What is asked for of
/// a call site's first row is asked for of all its rows.
fn with_judged<T>(
    fcinfo: pg_sys::FunctionCallInfo,
    at: usize,
    work: impl FnOnce(&ScoredRow) -> Result<T>,
) -> Result<Option<T>> {
    site::with(
        fcinfo,
        || None::<Site>,
        |known| {
            let Some(asked) = arguments::bytes(fcinfo, at - 1) else {
                return Ok(None);
            };
            let site = match known {
                Some(site) if site.asked == asked => site,
                Some(_) => return Err(invalid("It is another one for each row.")),
                None => known.insert(Site::new(fcinfo, asked, at)?),
            };
            work(site.judge(fcinfo)?).map(Some)
        },
    )
}

/// A row into the state of an aggregate.
fn push(fcinfo: pg_sys::FunctionCallInfo, row: &ScoredRow) -> Result<Option<StateDatum>> {
    let make = || Ok(State::from(ScoredRows::new(row.classes, row.extra.len())));
    state::step(fcinfo, Some(make), |state| match state {
        State::ScoredRows(rows) => {
            if rows.count().is_multiple_of(LOOK) {
                let monitor = Foreground::new()?;
                monitor.check()?;
                // What came before is beside what a watch that begins now has seen.
                monitor.allow(Accumulator::memory(rows.as_ref()))?;
            }
            Ok(Rc::make_mut(rows).push(row)?)
        }
        other => Err(
            Error::new(MISMATCHED_STATES, format!("{} cannot take this row", other.kind()))
                .hint("assay_internal.judged takes what assay_internal.judged_row makes."),
        ),
    })
}

/// `judged_row(asked, target, VARIADIC features)`.
#[pg_extern(sql = false)]
fn judged_row(fcinfo: pg_sys::FunctionCallInfo) -> Option<Vec<u8>> {
    or_raise(with_judged(fcinfo, 1, |row| {
        let mut bytes = Vec::new();
        row.write(&mut bytes)?;
        Ok(bytes)
    }))
}

/// The step of `judged(row)`. As of other aggregates that engines split over nodes, it keeps nothing at its call site.
#[pg_extern(sql = false)]
fn judged_step(fcinfo: pg_sys::FunctionCallInfo) -> Option<StateDatum> {
    or_raise((|| {
        let Some(bytes) = arguments::bytes(fcinfo, 1) else {
            return Ok(state::unchanged(fcinfo));
        };
        let mut row = ScoredRow::default();
        row.read(bytes)?;
        push(fcinfo, &row)
    })())
}

/// The step of `judged(asked, target, VARIADIC features)`.
#[pg_extern(sql = false)]
fn judged_values_step(fcinfo: pg_sys::FunctionCallInfo) -> Option<StateDatum> {
    or_raise(with_judged(fcinfo, 2, |row| push(fcinfo, row))).unwrap_or_else(|| state::unchanged(fcinfo))
}
