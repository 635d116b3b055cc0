//! `build_dataset`: the rows of a query become a version of a training set.

use std::borrow::Cow;

use pgrx::datum::Interval;
use pgrx::pg_extern;
use pgrx::pg_sys::Oid;
use serde_json::{Value as Json, json};

use super::manifest::Manifest;
use super::query::Layout;
use super::store::{self, NewVersion};
use crate::models::carry_out;
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, GUARDED, Result, UNSUITABLE_ROWS, notice, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::json::Jsonb;
use crate::pg::options::{self, required};
use crate::pg::query::Query;
use crate::pg::read_only;
use crate::pg::relation;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use crate::quality;
use crate::text::pii;
use algo::monitor::Monitor;
use algo_text::dataset::{Builder, Built, Cleaned, FailingChecks, Options, Part};
use algo_text::pii::{Policy, Redactor};

result_row! {
    /// A version that was built.
    struct BuiltRow {
        dataset: String,
        version: i32,
        train: i64,
        validation: i64,
        test: i64,
        dropped: i64,
        hash: String,
        manifest: Json,
        duration: Interval,
    }
}

/// `build_dataset(name, query, options)`.
#[pg_extern(sql = false)]
fn build_dataset(name: Option<Text>, query: Option<Text>, options: Option<Jsonb>) -> SetOf<BuiltRow> {
    read_only::require_writable(c"assay.build_dataset()");
    let row = || -> Result<BuiltRow> {
        let call = Call {
            name: required("name", name)?.into(),
            query: required("query", query)?.into(),
            given: options::object("options", options)?,
        };
        store::check_name(&call.name)?;
        carry_out(|reporter, statement| call.run(reporter, statement))
    };
    set_of([or_raise(row())])
}

/// What is to be built.
struct Call {
    name: String,
    query: String,
    given: Json,
}

impl Call {
    fn run(self, reporter: &mut Reporter, statement: &Foreground) -> Result<BuiltRow> {
        let options: Options = options::parse("options", self.given.clone())?;
        let mut builder = Builder::new(options.clone())?;
        let redactor = redactor(&options)?;
        let query = Query::new(&self.query)?;
        let layout = Layout::new(&query, &options.columns)?;
        let failing = failing_checks(&self.query, options.failing_checks)?;
        self.read((&query, &layout), &mut builder, &options, reporter, statement)?;
        let what = format!("building training set \"{}\"", self.name);
        let built = compute::run(&what, reporter, statement, |monitor| {
            builder.finish(&|text| clean(&redactor, text, monitor), monitor)
        })?;
        require_rows(&self.name, &built)?;
        let mut manifest = Manifest::new(&built, &options, statement)?;
        if let Some(failing) = failing {
            manifest.json["failing_checks"] = failing.into();
        }
        let duration = Interval::from_seconds(reporter.elapsed().as_secs_f64());
        let version = NewVersion {
            name: &self.name,
            query: &self.query,
            options: self.given,
            manifest: &manifest.json,
            hash: &manifest.hash,
            duration,
        };
        let version = store::add(version, &built.rows)?;
        Ok(BuiltRow {
            version,
            train: manifest.rows(Part::Train),
            validation: manifest.rows(Part::Validation),
            test: manifest.rows(Part::Test),
            dropped: manifest.dropped,
            hash: manifest.hash,
            manifest: manifest.json,
            duration: Interval::from_seconds(reporter.elapsed().as_secs_f64()),
            dataset: self.name,
        })
    }

    /// Reads the rows of the query.
    fn read(
        &self,
        (query, layout): (&Query, &Layout),
        builder: &mut Builder,
        options: &Options,
        reporter: &mut Reporter,
        statement: &Foreground,
    ) -> Result<()> {
        let (mut rows, expected) = (0_u64, query.expected_rows());
        query.run(&mut |row| {
            statement.check()?;
            rows += 1;
            reporter.rows(&format!("reading rows for \"{}\"", self.name), rows, expected);
            match layout.candidate(row, options, statement)? {
                Ok(candidate) => builder.push(candidate)?,
                Err(problem) => builder.refuse(problem),
            }
            Ok(())
        })
    }
}

/// What takes data about persons out.
fn redactor(options: &Options) -> Result<Redactor> {
    let policy = match &options.policy {
        Some(policy) => pii::policy("option \"policy\"", policy)?,
        None => Policy::default(),
    };
    pii::redactor(policy)
}

/// Looks for data about persons in a text: the one place where what is found is decided.
fn clean(redactor: &Redactor, text: &str, monitor: &dyn Monitor) -> algo::error::Result<Cleaned> {
    Ok(match redactor.redact(text, monitor)? {
        Cow::Borrowed(_) => Cleaned::Clean,
        Cow::Owned(masked) => Cleaned::Masked(masked),
    })
}

/// How many stored checks of what a query reads failed when they last ran; nothing where nobody wants to know.
fn failing_checks(query: &str, wanted: FailingChecks) -> Result<Option<usize>> {
    if wanted == FailingChecks::Ignore {
        return Ok(None);
    }
    let relations: Vec<Oid> = Query::reads(query)?.relations.into_iter().map(Oid::from).collect();
    let failing = quality::failing(&relations)?;
    if failing.is_empty() {
        return Ok(Some(0));
    }
    let mut names: Vec<String> = (failing.iter())
        .filter(|check| check.is_visible)
        .filter_map(|check| relation::name_of(check.relation))
        .collect();
    names.sort();
    names.dedup();
    let message = format!("checks of what the query reads have failed: {}", failing.len());
    let detail = (!names.is_empty()).then(|| format!("They are of {}.", names.join(", ")));
    if wanted == FailingChecks::Notice {
        notice(message, detail);
        return Ok(Some(failing.len()));
    }
    let error = Error::new(GUARDED, message)
        .hint("assay.check_summary() shows the checks; the option failing_checks says what to do about them.");
    Err(match detail {
        Some(detail) => error.detail(detail),
        None => error,
    })
}

/// Returns an error where nothing is left.
fn require_rows(name: &str, built: &Built) -> Result<()> {
    if built.rows.iter().any(|row| row.part == Part::Train) {
        return Ok(());
    }
    let why = json!(built.counts.malformed);
    Err(Error::new(
        UNSUITABLE_ROWS,
        format!("training set \"{name}\" would have no rows to train on"),
    )
    .detail(format!(
        "Of {} rows, {} are left; no conversations: {why}; rated too low: {}; too short or too long: {}; of another language: {}; with data about persons: {}.",
        built.counts.read, built.rows.len(), built.counts.rating, built.counts.length, built.counts.language, built.counts.pii
    ))
    .hint("Select other rows, or loosen the options."))
}
