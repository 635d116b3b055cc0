//! `tune`: which algorithm and hyperparameters do best on rows that they did not learn from; the best is trained on all rows.

use pgrx::pg_extern;
use serde_json::{Map, Value as Json, json};

use super::comparing::champion::Judged;
use super::fold_by::FoldOption;
use super::race::{Race, choose};
use super::request::{self, Arguments, Request, Resolved, algorithm_named, algorithms_for};
use super::split::SplitOption;
use super::store::{Deploy, Store, Trained};
use super::train::{check_name, look_at_condition, say};
use super::trials::{self, Trial, TrialRow};
use super::version_metrics::VersionMetrics;
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, INTERNAL, INVALID_PARAMETER, Result, WRONG_TASK, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::json::Jsonb;
use crate::pg::options::{self, required};
use crate::pg::query::Query;
use crate::pg::read_only;
use crate::pg::result_row::{SetOf, set_of};
use crate::pg::text::Text;
use algo::learner::Algorithm;
use algo::metrics::Metric;
use algo::model::Model;
use algo::prepare::{Division, Prepared, Rows};
use algo::room;
use algo::selection::judge::means;
use algo::selection::space::{Method, Space, candidates};
use algo::task::Task;

/// The most trials.
const MOST_TRIALS: i32 = 10_000;

/// What is to be tuned, checked as far as it can be without rows.
struct Tuning {
    model: String,
    request: Request,
    search: Map<String, Json>,
    trials: usize,
    folds: FoldOption,
    metric: Option<String>,
    method: Method,
    deploy: Deploy,
}

/// `tune(...)`, as in its SQL declaration.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments)]
fn tune(
    model: Option<Text>,
    query: Option<Text>,
    target: Option<Text>,
    algorithm: Option<Text>,
    search: Option<Jsonb>,
    trials: Option<i32>,
    folds: Option<i32>,
    metric: Option<Text>,
    method: Option<Text>,
    seed: Option<i64>,
    task: Option<Text>,
    exclude: Option<Vec<Option<Text>>>,
    preprocess: Option<Jsonb>,
    weight: Option<Text>,
    fold_by: Option<Text>,
    deploy: Option<Text>,
) -> SetOf<TrialRow> {
    read_only::require_writable(c"assay.tune()");
    let rows = (|| {
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
        let search = options::object("search", search)?;
        let tuning = Tuning {
            model: required("model", model)?.into(),
            request: arguments.request()?,
            search: search.as_object().cloned().unwrap_or_default(),
            trials: trials_of(trials)?,
            folds: FoldOption::new(folds, fold_by.map(String::from))?,
            metric: metric.map(String::from),
            method: method_named(method.as_deref().unwrap_or("random"))?,
            deploy: Deploy::named(deploy.as_deref().unwrap_or("auto"))?,
        };
        check_name(&tuning.model)?;
        request::carry_out(|reporter, statement| tuning.run(reporter, statement))
    })();
    set_of(or_raise(rows))
}

fn trials_of(given: Option<i32>) -> Result<usize> {
    let trials = given.unwrap_or(20);
    if (1..=MOST_TRIALS).contains(&trials) {
        return Ok(trials as usize);
    }
    Err(Error::new(INVALID_PARAMETER, "trials is out of range")
        .detail(format!("The value is {trials}."))
        .hint(format!("It must be between 1 and {MOST_TRIALS}.")))
}

fn method_named(name: &str) -> Result<Method> {
    let named = Method::ALL.into_iter().find(|method| method.name() == name);
    named.ok_or_else(|| {
        let names = Method::ALL.map(Method::name);
        Error::new(INVALID_PARAMETER, format!("method cannot be \"{name}\""))
            .hint(format!("It is one of {}.", names.join(", ")))
    })
}

/// The error of a search that cannot be.
fn wrong_search(error: algo::error::Error, algorithm: &str) -> Error {
    match error {
        algo::error::Error::UnknownParameter { .. } => Error::from(error).at(format!("search of {algorithm}")),
        error => Error::from(error).state(INVALID_PARAMETER),
    }
}

/// The metrics of a task by which trials can be compared, the decisive one first.
fn metrics_of(task: Task) -> &'static [Metric] {
    match task {
        Task::Classification => Metric::OF_CLASSES,
        Task::Regression => Metric::OF_NUMBERS,
        Task::Clustering | Task::AnomalyDetection | Task::DimensionReduction | Task::Forecasting => &[],
    }
}

impl Tuning {
    /// The metric that decides.
    fn metric(&self, task: Task) -> Result<Metric> {
        let known = metrics_of(task);
        let Some(name) = &self.metric else {
            return known.first().copied().ok_or_else(|| {
                Error::new(WRONG_TASK, format!("tune cannot compare models of {}", task.noun()))
                    .hint("It compares what is predicted of a column: a classification or a regression.")
            });
        };
        let named = known.iter().find(|metric| metric.name() == name);
        named.copied().ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|metric| metric.name()).collect();
            Error::new(INVALID_PARAMETER, format!("metric cannot be \"{name}\"")).hint(format!(
                "Of a {} it is one of {}.",
                task.name(),
                names.join(", ")
            ))
        })
    }

    /// What is tried: of the algorithm that is named, else of those that `search` names, else of all that know the task.
    fn spaces(&self, task: Task) -> Result<Vec<Space>> {
        let space = |algorithm: &'static Algorithm, search: &Map<String, Json>| {
            Space::new(algorithm, search).map_err(|error| wrong_search(error, algorithm.name))
        };
        if let Some(algorithm) = self.request.algorithm {
            return Ok(vec![space(algorithm, &self.search)?]);
        }
        if self.search.is_empty() {
            let all = algorithms_for(task).into_iter();
            return all.map(|name| space(algorithm_named(name)?, &Map::new())).collect();
        }
        let named = self.search.iter().map(|(name, search)| {
            let algorithm = algorithm_named(name).map_err(|error| {
                error.detail("Without an algorithm, search names one for each space: {\"ridge\": {\"alpha\": [1, 10]}, \"random_forest\": {}}.")
            })?;
            request::check_task(algorithm, task)?;
            let Json::Object(search) = search else {
                return Err(Error::new(INVALID_PARAMETER, format!("search of {name} is no JSON object"))
                    .detail(format!("It is {search}."))
                    .hint("Give a value, a list or a range for each hyperparameter; {} tries what the page of hyperparameters says."));
            };
            space(algorithm, search)
        });
        named.collect()
    }

    /// What is tried, each with its hyperparameters checked.
    fn trials(&self, task: Task) -> Result<Vec<Trial>> {
        let spaces = self.spaces(task)?;
        let candidates = candidates(&spaces, self.method, self.trials, self.request.seed as u64)
            .map_err(|error| Error::from(error).state(INVALID_PARAMETER))?;
        let trials = candidates.into_iter().map(|candidate| {
            let params = Json::Object(candidate.params);
            let learner = request::configure(candidate.algorithm, &params, self.request.seed)?;
            Ok(Trial::new(candidate.algorithm, params, learner))
        });
        trials.collect()
    }

    fn run(&self, reporter: &mut Reporter, statement: &Foreground) -> Result<Vec<TrialRow>> {
        let request = &self.request;
        let query = Query::new(&request.query)?;
        let target = request.require_target("tune")?;
        let (fold_by, divided_by) = self.folds.resolve(query.columns(), target)?;
        let resolved = request.resolve(query.columns(), divided_by)?;
        let metric = self.metric(resolved.task)?;
        let mut trials = self.trials(resolved.task)?;
        let resolved = trials.iter().try_fold(resolved, |resolved, trial| {
            request.with_cluster(resolved, query.columns(), &*trial.learner)
        })?;
        let learning = |shape: &_| {
            trials
                .iter()
                .map(|trial| trial.learner.memory(shape))
                .max()
                .unwrap_or(0)
        };
        let what = format!("tuning {}", self.model);
        let read = request.read(&query, &resolved, learning, &what, reporter, statement)?;
        room::ask(read.rows.saturating_mul(64))?;
        let plan = request.plan(&resolved);
        let rows = compute::run(&what, reporter, statement, |monitor| {
            Ok::<_, Error>(Rows::new(read, &plan, monitor)?)
        })?;
        let held = statement.held();
        let folds = compute::run(&what, reporter, statement, |monitor| {
            Ok::<_, Error>(rows.folds(fold_by, self.folds.folds, plan.seed, monitor)?)
        })?;
        let race = Race {
            model: &self.model,
            rows: &rows,
            folds: &folds,
            plan: &plan,
            metric,
            held,
        };
        match self.method {
            Method::Random | Method::Grid => race.by_folds(&mut trials, reporter, statement)?,
            Method::SuccessiveHalving => race.by_rungs(&mut trials, reporter, statement)?,
        }
        drop(folds);
        let chosen = choose(&trials, metric)?;
        trials[chosen].chosen = true;
        let prepared = compute::run(&what, reporter, statement, |monitor| {
            let all = Division {
                train: rows.order().to_vec(),
                test: Vec::new(),
            };
            Ok::<_, Error>(rows.into_prepared(all, &plan, monitor)?)
        })?;
        let trained = self.refit(&trials[chosen], prepared, &resolved, metric, reporter, statement)?;
        trials::store(&self.model, trained.version(), &trials, metric)?;
        Ok(trials::rows(trials, metric))
    }

    /// Trains the best on all rows, and stores it.
    fn refit(
        &self,
        trial: &Trial,
        prepared: Prepared,
        resolved: &Resolved,
        metric: Metric,
        reporter: &mut Reporter,
        statement: &Foreground,
    ) -> Result<Trained> {
        let Prepared {
            inputs,
            answer,
            pipeline,
            train,
            statistics,
            sample,
            notes,
            leaks,
            ..
        } = prepared;
        say(notes, leaks);
        let what = format!("training {}", self.model);
        let held = train.frame.memory();
        let (fitted, history) = request::fit(&*trial.learner, &train, held, &what, reporter, statement)?;
        look_at_condition(&*fitted);
        let answer = answer.ok_or_else(|| Error::new(INTERNAL, "the target was not read"))?;
        let tested = trial.judged.iter().map(|fold| fold.rows).sum();
        let criterion = fitted.criterion().map(|criterion| criterion.name());
        let metrics = VersionMetrics::of_folds(&means(&trial.judged), tested, &answer, criterion);
        let known_means = fitted.means();
        let model = Model {
            answer,
            inputs,
            pipeline,
            fitted,
            history,
            sample,
            groups: Vec::new(),
            means: known_means,
            calibration: None,
            intervals: None,
            error_model: None,
        };
        let rows = train.rows();
        drop(train);
        let request = &self.request;
        Store {
            name: &self.model,
            algorithm: trial.algorithm,
            options: json!({
                "params": trial.params,
                "exclude": request.exclude,
                "split": SplitOption::NONE,
                "seed": request.seed,
                "max_categories": request.preprocess.max_categories,
                "preprocess": request.preprocess.given,
                "weight": request.weight,
                "tune": {
                    "search": self.search,
                    "trials": self.trials,
                    "folds": self.folds.folds,
                    "fold_by": self.folds.text,
                    "metric": metric.name(),
                    "method": self.method.name(),
                    "task": resolved.task.name(),
                },
            }),
            query: &request.query,
            target: request.target.as_deref(),
            rows,
            metrics: &metrics,
            statistics: &statistics,
            deploy: self.deploy,
            // The version has learned from all rows.
            judged: Judged::No,
        }
        .store(model, reporter, statement)
    }
}
