//! `cross_validate`: what models of a kind reach on rows that they did not learn from, fold by fold.

use pgrx::pg_extern;
use serde_json::Value as Json;

use super::fold_by::FoldOption;
use super::request::{self, Arguments, Request};
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::json::Jsonb;
use crate::pg::options;
use crate::pg::query::Query;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use algo::prepare::Rows;
use algo::room;
use algo::selection::judge::{Judgement, judge, means};

result_row! {
    /// A metric of a fold; of all of them where there is no fold.
    struct FoldMetric {
        fold: Option<i32>,
        rows: i64,
        metric: &'static str,
        value: Option<f64>,
    }
}

/// `cross_validate(...)`, as in its SQL declaration.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments)]
fn cross_validate(
    query: Option<Text>,
    target: Option<Text>,
    algorithm: Option<Text>,
    params: Option<Jsonb>,
    folds: Option<i32>,
    seed: Option<i64>,
    task: Option<Text>,
    exclude: Option<Vec<Option<Text>>>,
    preprocess: Option<Jsonb>,
    weight: Option<Text>,
    fold_by: Option<Text>,
) -> SetOf<FoldMetric> {
    let judged = (|| {
        let arguments = Arguments {
            query,
            target,
            algorithm,
            task,
            exclude,
            seed,
            preprocess,
            weight,
            ..Arguments::default()
        };
        let validation = Validation {
            request: arguments.request()?,
            params: options::object("params", params)?,
            folds: FoldOption::new(folds, fold_by.map(String::from))?,
        };
        request::carry_out(|reporter, statement| validation.run(reporter, statement))
    })();
    set_of(table(&or_raise(judged)))
}

/// The metrics of each fold, and last their means.
fn table(folds: &[Judgement]) -> Vec<FoldMetric> {
    let mut table = Vec::new();
    for (fold, judgement) in (1..).zip(folds) {
        table.extend(judgement.metrics.iter().map(|&(metric, value)| FoldMetric {
            fold: Some(fold),
            rows: judgement.rows as i64,
            metric,
            value,
        }));
    }
    let rows: usize = folds.iter().map(|fold| fold.rows).sum();
    table.extend(means(folds).into_iter().map(|(metric, value)| FoldMetric {
        fold: None,
        rows: rows as i64,
        metric,
        value,
    }));
    table
}

struct Validation {
    request: Request,
    params: Json,
    folds: FoldOption,
}

impl Validation {
    fn run(&self, reporter: &mut Reporter, statement: &Foreground) -> Result<Vec<Judgement>> {
        let request = &self.request;
        let query = Query::new(&request.query)?;
        let target = request.require_target("cross_validate")?;
        let (fold_by, divided_by) = self.folds.resolve(query.columns(), target)?;
        let resolved = request.resolve(query.columns(), divided_by)?;
        let learner = request::configure(request.algorithm(resolved.task)?, &self.params, request.seed)?;
        let resolved = request.with_cluster(resolved, query.columns(), &*learner)?;
        let learning = |shape: &_| learner.memory(shape);
        let read = request.read(&query, &resolved, learning, "cross-validating", reporter, statement)?;
        room::ask(read.rows.saturating_mul(64))?;
        let plan = request.plan(&resolved);
        let rows = compute::run("ordering the rows", reporter, statement, |monitor| {
            Ok::<_, Error>(Rows::new(read, &plan, monitor)?)
        })?;
        let held = statement.held();
        let folds = compute::run("dividing the rows into folds", reporter, statement, |monitor| {
            Ok::<_, Error>(rows.folds(fold_by, self.folds.folds, plan.seed, monitor)?)
        })?;
        let mut judged = Vec::with_capacity(folds.count());
        for fold in 0..folds.count() {
            let what = format!("cross-validating: fold {} of {}", fold + 1, folds.count());
            // The fold's rows beside all of them.
            statement.allow(held)?;
            room::ask(held)?;
            let prepared = compute::run(&what, reporter, statement, |monitor| {
                let division = folds.division(fold, monitor)?;
                Ok::<_, Error>(rows.learn(&division, &plan, monitor)?)
            });
            let of_fold = |error: Error| error.at(format!("fold {}", fold + 1));
            let prepared = prepared.map_err(of_fold)?;
            request::ask_for(&*learner, &prepared.train, statement.held())?;
            let judgement = compute::run(&what, reporter, statement, |monitor| {
                Ok::<_, Error>(judge(&*learner, &prepared, monitor)?)
            });
            judged.push(judgement.map_err(of_fold)?);
        }
        Ok(judged)
    }
}
