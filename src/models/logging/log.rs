//! `log_predictions(model, query, key, ...)`: scores the rows of a query, and keeps what was decided of each.

use pgrx::spi::quote_identifier;
use pgrx::{pg_extern, pg_sys};

use super::keyed::{self, Keyed, Selection};
use super::logged::{Logged, Wanted};
use super::require_tables;
use crate::models::cache;
use crate::models::comparing::sources::{self, Source};
use crate::models::judging::pass::input_places;
use crate::models::predict::column_named;
use crate::models::registry::{self, Privilege, Version};
use crate::pg::compute::Reporter;
use crate::pg::error::{Error, INVALID_PARAMETER, NULL_ELEMENT, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::options::{required, texts};
use crate::pg::query::Query;
use crate::pg::reader::{Reader, Value};
use crate::pg::text::Text;
use crate::pg::{processor, read_only, role, settings, snapshot, tables};
use crate::reliability::issues;
use algo::monitor::Monitor;

/// Rows between two looks at the monitor.
const LOOK: u64 = 16;
/// Rows between two reports.
const REPORT: u64 = 4096;

/// What is to be logged.
pub struct Request {
    model: Version,
    challengers: Vec<Version>,
    pub key: Vec<String>,
    /// The columns that are kept to slice by.
    keep: Vec<String>,
    /// The column that says when it was decided; NULL for now.
    at: Option<String>,
    /// How many reasons are kept of each row.
    reasons: usize,
    /// Whether the features are kept.
    inputs: bool,
    pub caller: pg_sys::Oid,
}

/// The versions that watch: of the same model, none of them twice, nor the one that decides.
fn challengers(model: &Version, given: Option<Vec<Option<Text>>>) -> Result<Vec<Version>> {
    let mut versions: Vec<Version> = Vec::new();
    for reference in texts("challengers", given)?.unwrap_or_default() {
        let version = registry::resolve(&reference, Privilege::Predict)?;
        if version.model.id != model.model.id {
            return Err(Error::new(
                INVALID_PARAMETER,
                format!(
                    "challenger \"{reference}\" is no version of model \"{}\"",
                    model.model.name
                ),
            )
            .hint("A challenger is another version of the model; log another model by a call of its own."));
        }
        if version.version == model.version || versions.iter().any(|other| other.version == version.version) {
            return Err(Error::new(
                INVALID_PARAMETER,
                format!("version {} would be logged twice for each row", version.version),
            )
            .hint("Name each version once; the one that decides is no challenger."));
        }
        versions.push(version);
    }
    Ok(versions)
}

impl Request {
    /// The query that gives all that is needed of the rows, and where it stands.
    fn select(&self, text: &str) -> Result<(Keyed, Wanted)> {
        let inner = Query::new(text)?;
        let (mut columns, mut of_versions) = (Vec::<String>::new(), Vec::new());
        for version in self.versions() {
            let scorer = cache::scorer(version)?;
            // What is missing is told as the query's own columns are.
            input_places(&scorer, inner.columns(), &version.reference())?;
            let names: Vec<String> = scorer.model().inputs.iter().map(|input| input.name.clone()).collect();
            let new: Vec<String> = names.iter().filter(|name| !columns.contains(name)).cloned().collect();
            columns.extend(new);
            of_versions.push(names);
        }
        let mut selection = Selection::new(columns);
        let mut wanted = Wanted::default();
        if !self.keep.is_empty() {
            for name in &self.keep {
                column_named(inner.columns(), name, "to be kept")?;
            }
            wanted.segment = Some(selection.add(keyed::object_of(&self.keep)));
        }
        if self.inputs {
            let objects = of_versions.iter().map(|names| keyed::object_of(names));
            wanted.inputs = objects.map(|object| selection.add(object)).collect();
        }
        if let Some(at) = &self.at {
            let place = column_named(inner.columns(), at, "when it was decided")?;
            let column = &inner.columns()[place];
            if !matches!(column.reader, Some(Reader::Date | Reader::Timestamp)) {
                return Err(Error::new(
                    INVALID_PARAMETER,
                    format!("column \"{at}\" does not say when it was decided"),
                )
                .detail(format!("Its type is {}.", column.type_name))
                .hint("Name a column of dates or timestamps, or leave at out where it is decided now."));
            }
            wanted.at = Some(selection.add(format!("q.{}::pg_catalog.timestamptz", quote_identifier(at))));
        }
        Ok((selection.of(&inner, self.key.clone())?, wanted))
    }

    fn versions(&self) -> impl Iterator<Item = &Version> {
        [&self.model].into_iter().chain(&self.challengers)
    }

    /// Scores the rows and keeps what was decided; gives how many rows there were.
    fn run(&self, text: &str) -> Result<i64> {
        let (began, mut reporter, statement) = (processor::seconds(), Reporter::new(), Foreground::new()?);
        let (keyed, wanted) = self.select(text)?;
        let sources = sources::read_by(keyed.query.statement())?;
        let mut logged = (self.versions().cloned().enumerate())
            .map(|(number, version)| Logged::new(version, &keyed, &wanted, number, self.reasons))
            .collect::<Result<Vec<_>>>()?;
        let at = wanted.at.map(|number| keyed.expression(number));
        let (what, expected) = (
            format!("logging {}", self.model.model.name),
            keyed.query.expected_rows(),
        );
        let mut rows = 0_u64;
        keyed.query.run(&mut |row| {
            keyed.check_key(row)?;
            if let Some(at) = at {
                check_moment(&row.value(at))?;
            }
            let [champion, challengers @ ..] = &mut logged[..] else {
                return Ok(());
            };
            let effective = champion.push(row, None)?;
            for challenger in challengers {
                challenger.push(row, effective.as_ref())?;
            }
            rows += 1;
            if rows.is_multiple_of(LOOK) {
                statement.check()?;
            }
            if rows.is_multiple_of(REPORT) {
                reporter.rows(&what, rows, expected);
            }
            Ok(())
        })?;
        if rows > 0 {
            tables::as_owner(|| self.write(&logged, &wanted, &sources, began))?;
            let found = logged.iter().filter_map(Logged::finding).collect();
            issues::keep_all(found, snapshot::time()?)?;
        }
        reporter.finish();
        Ok(rows as i64)
    }

    fn write(&self, logged: &[Logged], wanted: &Wanted, sources: &[Source], began: f64) -> Result<()> {
        let mut batches = Vec::with_capacity(logged.len());
        for (number, (scored, version)) in logged.iter().zip(self.versions()).enumerate() {
            let batch = scored.write(self, wanted, number > 0)?;
            sources::record_batch(batch, version, sources)?;
            batches.push(batch);
        }
        let share = (processor::seconds() - began) / batches.len() as f64;
        batches.into_iter().try_for_each(|batch| {
            tables::write(
                "UPDATE assay.prediction_batch SET cpu_seconds = $2 WHERE id OPERATOR(pg_catalog.=) $1",
                &[batch.into(), share.into()],
            )
        })
    }
}

/// Returns an error unless a decision has a time.
fn check_moment(at: &Value<'_>) -> Result<()> {
    let found = match at {
        Value::Number(seconds) if seconds.is_finite() => return Ok(()),
        Value::Number(_) => "infinite",
        Value::Missing | Value::Text(_) | Value::Enum(_) | Value::Vector(_) => "NULL",
    };
    Err(Error::new(NULL_ELEMENT, format!("the time of a decision is {found}"))
        .hint("Leave rows without one out of the query."))
}

/// `log_predictions(model, query, key, reasons, keep, at, challengers, inputs)`.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments)]
fn log_predictions(
    model: Option<Text>,
    query: Option<Text>,
    key: Option<Vec<Option<Text>>>,
    reasons: Option<i32>,
    keep: Option<Vec<Option<Text>>>,
    at: Option<Text>,
    challengers: Option<Vec<Option<Text>>>,
    inputs: Option<bool>,
) -> i64 {
    read_only::require_writable(c"assay.log_predictions()");
    let log = || -> Result<i64> {
        require_tables()?;
        let reference = required("model", model.as_deref())?;
        let query = required("query", query.as_deref())?;
        let reasons = reasons.unwrap_or(0);
        let reasons = usize::try_from(reasons).map_err(|_| {
            Error::new(INVALID_PARAMETER, "reasons is out of range")
                .detail(format!("The value is {reasons}."))
                .hint("It is how many reasons are kept of each row, 0 for none.")
        })?;
        let model = registry::resolve(reference, Privilege::Predict)?;
        let request = Request {
            challengers: self::challengers(&model, challengers)?,
            model,
            key: keyed::key_columns(key)?,
            keep: keyed::names("keep", keep)?,
            at: at.map(String::from),
            reasons,
            inputs: inputs.unwrap_or(reasons > 0),
            caller: role::current(),
        };
        settings::with_exact_numbers(|| request.run(query))
    };
    or_raise(log())
}
