//! `evaluate_text_to_sql`: how often the query that a model writes gives the right rows.

use pgrx::pg_extern;
use serde_json::Value as Json;

use super::run::LIMITS;
use super::write::Writer;
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{
    Error, INVALID_PARAMETER, NULL_ELEMENT, Result, UNDEFINED_COLUMN, UNSUITABLE_ROWS, or_raise, warning,
};
use crate::pg::foreground::Foreground;
use crate::pg::guarded::{self, Limits, Rows};
use crate::pg::json::Jsonb;
use crate::pg::options::{self, required};
use crate::pg::query::Query;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::role;
use crate::pg::text::Text;
use algo_text::retrieval::mean;
use algo_text::to_sql::same::{Value, same};

/// What draws the bootstrap: the same for all, so that figures can be repeated.
const SEED: u64 = 42;
/// The most questions: each is a call of a model.
const MOST: usize = 10_000;

result_row! {
    /// What became of a question; of all of them without one.
    struct JudgedRow {
        question: Option<String>,
        verdict: Option<String>,
        sql: Option<String>,
        expected: Option<String>,
        problem: Option<String>,
        value: Option<f64>,
        low: Option<f64>,
        high: Option<f64>,
        questions: i64,
    }
}

/// What became of a question.
enum Verdict {
    Right(String),
    Wrong(String, String),
    Failed(Option<String>, String),
    /// The endpoint fails, or lets nobody ask.
    Unanswered(String),
    /// What was expected does not run.
    LeftOut(String),
}

/// Questions with the queries that answer them.
fn read(query: &str) -> Result<Vec<(String, String)>> {
    let query = Query::new(query)?;
    let place = |name: &str| {
        let found = query.columns().iter().position(|column| column.name == name);
        found.ok_or_else(|| {
            Error::new(
                UNDEFINED_COLUMN,
                format!("the query of examples has no column \"{name}\""),
            )
            .hint("It is a query of question and sql, such as SELECT question, sql FROM assay.sql_examples.")
        })
    };
    let (question_at, sql_at) = (place("question")?, place("sql")?);
    let mut examples = Vec::new();
    query.run(&mut |row| {
        let value = |column, name: &str| {
            row.shown(column).ok_or_else(|| {
                Error::new(NULL_ELEMENT, format!("column \"{name}\" of the examples is NULL"))
                    .hint("Leave such rows out.")
            })
        };
        if examples.len() == MOST {
            return Err(Error::new(INVALID_PARAMETER, "there are too many examples")
                .detail(format!("At most {MOST} are taken."))
                .hint("Take some of them, for each is a call of the model."));
        }
        examples.push((value(question_at, "question")?, value(sql_at, "sql")?));
        Ok(())
    })?;
    Ok(examples)
}

fn values(rows: Rows) -> Vec<Vec<Value>> {
    let Rows { values, numbers } = rows;
    let row = |row: Vec<Option<String>>| {
        row.into_iter()
            .zip(&numbers)
            .map(|(text, is_number)| Value::of(text, *is_number))
            .collect()
    };
    values.into_iter().map(row).collect()
}

/// How two results differ.
fn difference(expected: &[Vec<Value>], found: &[Vec<Value>], in_order: bool) -> String {
    let width = |rows: &[Vec<Value>]| rows.first().map_or(0, Vec::len);
    if expected.len() != found.len() {
        return format!("{} rows were expected, {} came", expected.len(), found.len());
    }
    if width(expected) != width(found) {
        return format!("{} columns were expected, {} came", width(expected), width(found));
    }
    match in_order && same(expected, found, false) {
        true => "the rows come in another order".into(),
        false => "the rows differ".into(),
    }
}

fn judge(writer: &Writer, limits: &Limits, question: &str, expected: &str) -> Result<Verdict> {
    let caller = role::current();
    let wanted = match guarded::try_rows(expected, caller, limits)? {
        Ok(rows) => values(rows),
        Err(problem) => return Ok(Verdict::LeftOut(problem)),
    };
    let in_order = guarded::is_ordered(expected)?;
    let written = match writer.write(question, true) {
        Ok(written) => written,
        Err(error) if error.is_unusable() => return Ok(Verdict::Failed(None, error.sentences())),
        Err(error) if error.is_of_call() => return Ok(Verdict::Unanswered(error.sentences())),
        Err(error) => return Err(error),
    };
    let sql = written.answer.sql;
    if let Some((_, problem)) = written.problems.last() {
        return Ok(Verdict::Failed(Some(sql), problem.clone()));
    }
    Ok(match guarded::try_rows(&sql, caller, limits)? {
        Err(problem) => Verdict::Failed(Some(sql), problem),
        Ok(rows) => {
            let found = values(rows);
            match same(&wanted, &found, in_order) {
                true => Verdict::Right(sql),
                false => Verdict::Wrong(sql, difference(&wanted, &found, in_order)),
            }
        }
    })
}

fn row(question: String, expected: String, verdict: Verdict) -> JudgedRow {
    let (name, sql, problem, value) = match verdict {
        Verdict::Right(sql) => ("right", Some(sql), None, Some(1.0)),
        Verdict::Wrong(sql, problem) => ("wrong", Some(sql), Some(problem), Some(0.0)),
        Verdict::Failed(sql, problem) => ("failed", sql, Some(problem), Some(0.0)),
        Verdict::Unanswered(problem) => ("failed", None, Some(problem), Some(0.0)),
        Verdict::LeftOut(problem) => ("left out", None, Some(problem), None),
    };
    JudgedRow {
        question: Some(question),
        verdict: Some(name.into()),
        sql,
        expected: Some(expected),
        problem,
        value,
        low: None,
        high: None,
        questions: i64::from(value.is_some()),
    }
}

/// What became of each question. An endpoint that fails for a question fails that question; one that fails for many in a row is asked no more, and fails the rest.
fn judged(writer: &Writer, limits: &Limits, examples: Vec<(String, String)>) -> Result<Vec<JudgedRow>> {
    /// So many failures of the endpoint in a row are its end: each may take as long as its timeout.
    const IN_A_ROW: usize = 5;
    let (mut unanswered, mut in_a_row, mut last) = (0_usize, 0_usize, String::new());
    let (mut rows, count) = (Vec::new(), examples.len());
    for (question, expected) in examples {
        serve_interrupts();
        let verdict = match in_a_row < IN_A_ROW {
            true => judge(writer, limits, &question, &expected)?,
            false => Verdict::Unanswered(format!(
                "it was not asked, for the endpoint failed {IN_A_ROW} times in a row, the last time: {last}"
            )),
        };
        match &verdict {
            Verdict::Unanswered(problem) => {
                unanswered += 1;
                in_a_row += 1;
                if in_a_row <= IN_A_ROW {
                    last.clone_from(problem);
                }
            }
            Verdict::Right(_) | Verdict::Wrong(..) | Verdict::Failed(..) => in_a_row = 0,
            // Of this one the endpoint was not asked.
            Verdict::LeftOut(_) => {}
        }
        rows.push(row(question, expected, verdict));
    }
    if unanswered > 0 {
        warning(
            format!("the endpoint failed for {unanswered} of {count} questions, which count as failed"),
            Some(last),
        );
    }
    Ok(rows)
}

/// Takes what only this function knows out of the options: what a query may take while it runs.
fn limits(options: &mut Json) -> Result<Limits> {
    let mut limits = LIMITS;
    let Json::Object(keys) = options else { return Ok(limits) };
    let wrong = |name: &str, value: &Json, hint: &str| {
        Error::new(INVALID_PARAMETER, format!("option \"{name}\" is {value}")).hint(hint)
    };
    if let Some(value) = keys.remove("max_rows") {
        let rows = value
            .as_u64()
            .and_then(|rows| usize::try_from(rows).ok())
            .filter(|rows| *rows > 0);
        limits.rows = rows.ok_or_else(|| wrong("max_rows", &value, "Give a whole number above 0."))?;
    }
    if let Some(value) = keys.remove("timeout") {
        let seconds = value.as_f64().filter(|seconds| (0.001..=86_400.0).contains(seconds));
        let seconds = seconds.ok_or_else(|| wrong("timeout", &value, "Give seconds above 0, of at most a day."))?;
        limits.time = std::time::Duration::from_secs_f64(seconds);
    }
    Ok(limits)
}

/// `evaluate_text_to_sql(examples, model, objects, options)`.
#[pg_extern(sql = false)]
fn evaluate_text_to_sql(
    examples: Option<Text>,
    model: Option<Text>,
    objects: Option<Vec<Option<Text>>>,
    options: Option<Jsonb>,
) -> SetOf<JudgedRow> {
    let rows = || {
        let mut options = options::object("options", options)?;
        let running = limits(&mut options)?;
        let objects = options::texts("objects", objects)?;
        let writer = Writer::new(&required("model", model)?, objects, options::parse("options", options)?)?;
        let limits = Limits {
            cost: writer.limits.cost,
            ..running
        };
        let mut rows = judged(&writer, &limits, read(&required("examples", examples)?)?)?;
        let values: Vec<f64> = rows.iter().filter_map(|row| row.value).collect();
        let mean = mean(&values, SEED, &Foreground::new()?)?.ok_or_else(|| {
            Error::new(UNSUITABLE_ROWS, "no question counts")
                .detail(format!("There are {} questions.", rows.len()))
                .hint("Give questions whose queries run.")
        })?;
        rows.insert(
            0,
            JudgedRow {
                question: None,
                verdict: None,
                sql: None,
                expected: None,
                problem: None,
                value: Some(mean.value),
                low: Some(mean.interval[0]),
                high: Some(mean.interval[1]),
                questions: values.len() as i64,
            },
        );
        Ok(rows)
    };
    set_of(or_raise(rows()))
}
