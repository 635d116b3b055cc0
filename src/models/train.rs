//! `train`: rows in, a stored version out, all in the caller's transaction.

use std::collections::HashSet;

use pgrx::pg_extern;
use serde_json::{Value as Json, json};

use super::calibrate;
use super::comparing::champion::{self, Champion, Judged};
use super::groups::look_at_groups;
use super::intervals::{self, Quantiles, Wanted};
use super::packing::{self, ManyRows, ReadContext};
use super::publishing;
use super::registry::{self, Privilege};
use super::request::{self, Arguments, Request, Resolved};
use super::split::SplitOption;
use super::store::{Deploy, Store, Trained};
use super::version_metrics::{THRESHOLD, VersionMetrics, measure};
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, INTERNAL, INVALID_PARAMETER, Result, advise, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::json::Jsonb;
use crate::pg::options::{self, required};
use crate::pg::query::Query;
use crate::pg::query_row::OutputColumn;
use crate::pg::reader::Reader;
use crate::pg::result_row::{SetOf, set_of};
use crate::pg::text::Text;
use crate::pg::{names, read_only};
use algo::calibration::{self, Calibration};
use algo::fitted::Fitted;
use algo::grouped::Grouped;
use algo::leakage::Leak;
use algo::learner::{Algorithm, Configured};
use algo::model::Model;
use algo::prepare::{Note, Prepared, ReadRows, Rows, Statistic};
use algo::room;
use algo::task::{Answer, Task};
use algo::training_set::{Target, TrainingSet};
use algo::unsupervised::Unsupervised;

/// What is to be trained, checked as far as it can be without rows.
pub struct Training {
    pub(super) model: String,
    pub(super) request: Request,
    pub(super) params: Json,
    pub(super) split: SplitOption,
    pub(super) deploy: Deploy,
    /// A group of fewer rows has no model of its own.
    min_group_rows: usize,
    pub(super) calibrate: Option<calibration::Method>,
    pub(super) intervals: Option<Wanted>,
}

/// Rows that intervals are learned from, and the feature that tells their groups.
type SetApart = (TrainingSet, Option<usize>);

/// What a model answers: as its target says, or without one as it says itself.
pub fn known_answer(of_target: Option<Answer>, fitted: &dyn Fitted) -> Result<Answer> {
    let answer = of_target.or_else(|| fitted.unsupervised().map(Unsupervised::answer));
    answer.ok_or_else(|| Error::new(INTERNAL, "the target was not read"))
}

/// The rows of a training.
pub enum TrainingRows {
    /// As they were read.
    Held(ReadRows),
    /// In bytes, or not at all.
    Many(ManyRows),
}

/// Rows made ready, and what was learned of them on the way.
struct Ready {
    prepared: Prepared,
    calibration: Option<Calibration>,
    /// The rows that intervals are learned from, which neither train nor test.
    apart: Option<SetApart>,
    /// How the deployed version did on the test rows.
    champion: Champion,
}

/// `train(...)` as release 0.1.0 declares it.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments)]
fn train(
    model: Option<Text>,
    query: Option<Text>,
    target: Option<Text>,
    algorithm: Option<Text>,
    params: Option<Jsonb>,
    task: Option<Text>,
    exclude: Option<Vec<Option<Text>>>,
    split: Option<Text>,
    test_fraction: Option<f64>,
    seed: Option<i64>,
    preprocess: Option<Jsonb>,
    deploy: Option<Text>,
    weight: Option<Text>,
) -> SetOf<Trained> {
    train_version(
        model,
        query,
        target,
        algorithm,
        params,
        task,
        exclude,
        split,
        test_fraction,
        seed,
        preprocess,
        deploy,
        weight,
        None,
        None,
        None,
        None,
    )
}

/// `train(...)`, as in its SQL declaration.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments)]
fn train_version(
    model: Option<Text>,
    query: Option<Text>,
    target: Option<Text>,
    algorithm: Option<Text>,
    params: Option<Jsonb>,
    task: Option<Text>,
    exclude: Option<Vec<Option<Text>>>,
    split: Option<Text>,
    test_fraction: Option<f64>,
    seed: Option<i64>,
    preprocess: Option<Jsonb>,
    deploy: Option<Text>,
    weight: Option<Text>,
    group_by: Option<Vec<Option<Text>>>,
    calibrate: Option<Text>,
    min_group_rows: Option<i32>,
    intervals: Option<Jsonb>,
) -> SetOf<Trained> {
    read_only::require_writable(c"assay.train()");
    let row = (|| {
        let request = Arguments {
            query,
            target,
            algorithm,
            task,
            exclude,
            seed,
            preprocess,
            weight,
            group_by,
        };
        let training = Training {
            model: required("model", model)?.into(),
            request: request.request()?,
            params: options::object("params", params)?,
            split: SplitOption::new(split.map(String::from), test_fraction)?,
            deploy: Deploy::named(deploy.as_deref().unwrap_or("auto"))?,
            min_group_rows: min_group_rows_of(min_group_rows)?,
            calibrate: calibrate::method(calibrate)?,
            intervals: Wanted::new(intervals)?,
        };
        check_name(&training.model)?;
        request::carry_out(|reporter, statement| training.run(reporter, statement))
    })();
    set_of([or_raise(row)])
}

/// The least rows of a group that has a model of its own, when they are not given.
const MIN_GROUP_ROWS: i32 = 50;

fn min_group_rows_of(given: Option<i32>) -> Result<usize> {
    let rows = given.unwrap_or(MIN_GROUP_ROWS);
    usize::try_from(rows).ok().filter(|rows| *rows > 0).ok_or_else(|| {
        Error::new(INVALID_PARAMETER, "min_group_rows is out of range")
            .detail(format!("The value is {rows}."))
            .hint("It must be 1 or more: a group of fewer rows is scored by the model of all rows.")
    })
}

/// Returns an error unless the caller may train a model of that name.
pub fn check_name(model: &str) -> Result<()> {
    names::check_reference("model's name", model)?;
    match registry::find(model)? {
        Some(entry) => {
            registry::require(&entry, Privilege::Manage)?;
            publishing::require_original(&entry)
        }
        None => Ok(()),
    }
}

impl Training {
    /// Prepares the rows that were read. The calibration is learned meanwhile, which takes the rows more than once, and the deployed version scores the
    /// test rows.
    fn prepare(
        &self,
        read: ReadRows,
        resolved: &Resolved,
        learner: &dyn Configured,
        reporter: &mut Reporter,
        statement: &Foreground,
    ) -> Result<Ready> {
        let split = self.split.of(read.rows, resolved.task, resolved.divided_by);
        let plan = self.request.plan(resolved);
        // Half of the rows once more, and what puts them in order.
        room::ask((statement.held() / 2).saturating_add(read.rows.saturating_mul(64)))?;
        let preparing = format!("preparing the rows of {}", self.model);
        let (rows, mut division) = compute::run(&preparing, reporter, statement, |monitor| {
            let rows = Rows::new(read, &plan, monitor)?;
            let division = rows.divide(split, plan.seed, monitor)?;
            Ok::<_, Error>((rows, division))
        })?;
        let calibration = match self.calibrate {
            Some(method) => {
                let of = (&rows, &division, &plan);
                Some(calibrate::learn(method, of, learner, &self.model, reporter, statement)?)
            }
            None => None,
        };
        let champion = match (self.deploy.rule(), &self.request.target) {
            (Some(_), Some(target)) => {
                let of = (self.model.as_str(), target.as_str());
                champion::score(of, &rows, (&division, split), reporter, statement)?
            }
            (None, _) | (_, None) => Champion::None,
        };
        let apart = self
            .intervals
            .as_ref()
            .map_or(0, |wanted| wanted.set_apart(&mut division));
        let (prepared, apart) = compute::run(&preparing, reporter, statement, |monitor| {
            let prepared = rows.into_prepared(division, &plan, monitor)?;
            if self.intervals.is_none() {
                return Ok::<_, Error>((prepared, None));
            }
            let (test, apart) = intervals::split_off(prepared.test, apart, monitor)?;
            Ok((Prepared { test, ..prepared }, apart))
        })?;
        let apart = match (&self.intervals, apart) {
            (Some(wanted), Some(apart)) => Some((apart, wanted.feature(&prepared.inputs, prepared.pipeline.as_ref())?)),
            _ => None,
        };
        Ok(Ready {
            prepared,
            calibration,
            apart,
            champion,
        })
    }

    fn run(&self, reporter: &mut Reporter, statement: &Foreground) -> Result<Trained> {
        let request = &self.request;
        if let Some(algorithm) = request.forecasting()? {
            return self.forecast(algorithm, reporter, statement);
        }
        let query = Query::new(&request.query)?;
        let split_column = self.split.column(query.columns(), request.target.as_deref())?;
        let resolved = request.resolve(query.columns(), split_column)?;
        let algorithm = request.algorithm(resolved.task)?;
        let learner = request::configure(algorithm, &self.params, request.seed)?;
        let resolved = request.with_cluster(resolved, query.columns(), &*learner)?;
        let learner = self.by_group(learner, &resolved)?;
        calibrate::check_task(self.calibrate, resolved.task)?;
        let (columns, exclude) = (query.columns(), &request.exclude);
        let resolve = |wanted: &Wanted| wanted.resolve(columns, &resolved, exclude, (algorithm, &*learner));
        let quantiles = self.intervals.as_ref().map(resolve).transpose()?.flatten();
        let training = format!("training {}", self.model);
        let target = resolved.target.map(|target| &query.columns()[target]);
        let columns = packing::Columns::new(&query, |place| request.reads(&query, &resolved, place))?;
        let context = ReadContext {
            query: &query,
            columns: &columns,
            what: &training,
            reporter: &mut *reporter,
            statement,
        };
        let read = match self.read(context, &resolved, &*learner)? {
            TrainingRows::Held(read) => read,
            TrainingRows::Many(ManyRows::Packed(rows)) => {
                let of = (algorithm, &*learner, resolved.task);
                return self.run_packed(*rows, target, of, reporter, statement);
            }
            TrainingRows::Many(ManyRows::Summed(rows)) => {
                let context = ReadContext {
                    query: &query,
                    columns: &columns,
                    what: &training,
                    reporter,
                    statement,
                };
                return self.run_summed(*rows, target, (algorithm, resolved.task), context);
            }
        };
        let ready = self.prepare(read, &resolved, &*learner, reporter, statement)?;
        let of = (algorithm, &*learner, resolved.task);
        self.run_held(ready, target, of, quantiles, reporter, statement)
    }

    /// Trains on rows that are held.
    fn run_held(
        &self,
        ready: Ready,
        target: Option<&OutputColumn>,
        (algorithm, learner, task): (&'static Algorithm, &dyn Configured, Task),
        quantiles: Option<Quantiles>,
        reporter: &mut Reporter,
        statement: &Foreground,
    ) -> Result<Trained> {
        let training = format!("training {}", self.model);
        let Prepared {
            inputs,
            answer,
            pipeline,
            train,
            test,
            statistics,
            sample,
            notes,
            leaks,
        } = ready.prepared;
        say(notes, leaks);
        self.look_at_target(target, task, algorithm, &train);
        let held = train.frame.memory() + test.as_ref().map_or(0, |test| test.frame.memory());
        let (fitted, history) = request::fit(learner, &train, held, &training, reporter, statement)?;
        look_at_condition(&*fitted);
        look_at_groups(&*fitted);
        let intervals = match (&self.intervals, ready.apart) {
            (Some(wanted), Some((apart, feature))) => {
                let (models, sets) = ((&*fitted, quantiles), (&train, &apart));
                Some(wanted.learn(models, feature, sets, &training, reporter, statement)?)
            }
            _ => None,
        };
        let mut model = Model {
            answer: known_answer(answer, &*fitted)?,
            inputs,
            pipeline,
            means: fitted.means(),
            fitted,
            history,
            sample,
            groups: Vec::new(),
            calibration: ready.calibration,
            intervals,
            error_model: None,
        };
        let measured = measure(&model, &train, test.as_ref(), &self.model, reporter, statement)?;
        (model.groups, model.error_model) = (measured.groups, measured.error_model);
        let rows = train.rows();
        drop((train, test));
        let judged = ready
            .champion
            .judge(measured.scored.as_ref(), (&model, THRESHOLD), reporter, statement)?;
        self.keep(
            algorithm,
            model,
            (rows, &measured.metrics, &statistics),
            judged,
            reporter,
            statement,
        )
    }

    /// The learner, of each group where rows are grouped. Returns 22023 for a task that is not learned by group.
    fn by_group(&self, learner: Box<dyn Configured>, resolved: &Resolved) -> Result<Box<dyn Configured>> {
        if resolved.keys.is_empty() {
            return Ok(learner);
        }
        check_groups(resolved.task)?;
        Ok(Box::new(Grouped::new(learner, self.min_group_rows)))
    }

    /// Stores a version.
    pub(super) fn keep(
        &self,
        algorithm: &'static Algorithm,
        model: Model,
        (rows, metrics, statistics): (usize, &VersionMetrics, &[Statistic]),
        judged: Judged,
        reporter: &mut Reporter,
        statement: &Foreground,
    ) -> Result<Trained> {
        Store {
            name: &self.model,
            algorithm,
            options: self.options(),
            query: &self.request.query,
            target: self.request.target.as_deref(),
            rows,
            metrics,
            statistics,
            deploy: self.deploy,
            judged,
        }
        .store(model, reporter, statement)
    }

    /// Says where a target is learned as a number that people may not take for one.
    pub(super) fn look_at_target(
        &self,
        target: Option<&OutputColumn>,
        task: Task,
        algorithm: &Algorithm,
        train: &TrainingSet,
    ) {
        let (Target::Numbers(values), Some(column)) = (&train.target, target) else {
            return;
        };
        let name = &column.name;
        if matches!(column.reader, Some(Reader::Date | Reader::Timestamp)) {
            let unit = if column.reader == Some(Reader::Date) {
                "days"
            } else {
                "seconds"
            };
            advise(
                format!("target \"{name}\" is a {}: the model predicts the number of {unit} since 2000-01-01", column.type_name),
                None,
                Some("Predict a duration instead, such as the days from another date, which rows of other times have in common.".into()),
            );
        } else if self.request.task.is_none() && values.iter().all(|value| *value == 0.0 || *value == 1.0) {
            let algorithm = match algorithm.tasks {
                [Task::Regression] => ", algorithm => 'logistic_regression'",
                _ => "",
            };
            advise(
                format!(
                    "target \"{name}\" is 0 or 1 in every row and is learned as a number, by {}",
                    task.name()
                ),
                None,
                Some(format!(
                    "To learn the probability of 1 give task => 'classification'{algorithm}, or make the target a boolean in the query; task => 'regression' says that a number is meant."
                )),
            );
        }
    }

    /// What the registry keeps of how the version was trained.
    pub(super) fn options(&self) -> Json {
        let request = &self.request;
        let mut options = json!({
            "params": self.params,
            "exclude": request.exclude,
            "split": self.split.text,
            "test_fraction": self.split.test_fraction,
            "seed": request.seed,
            "max_categories": request.preprocess.max_categories,
            "preprocess": request.preprocess.given,
            "weight": request.weight,
        });
        if !request.group_by.is_empty() {
            options["group_by"] = json!(request.group_by);
            options["min_group_rows"] = json!(self.min_group_rows);
        }
        if let Some(method) = self.calibrate {
            options["calibrate"] = json!(method.name());
        }
        if let Some(wanted) = &self.intervals {
            options["intervals"] = wanted.json();
        }
        options
    }
}

/// Returns 22023 for a task that is not learned by group.
fn check_groups(task: Task) -> Result<()> {
    if task.has_target() {
        return Ok(());
    }
    Err(Error::new(
        INVALID_PARAMETER,
        format!("group_by cannot be given for {}", task.noun()),
    )
    .detail("A model by group predicts a target for each group's rows.")
    .hint("Train one model for each group, with a condition in its query."))
}

/// Says what became of the columns, and of each feature that is not to be trusted why, once.
pub fn say(notes: Vec<Note>, leaks: Vec<Leak>) {
    for Note { message, hint } in notes {
        advise(message, None, hint);
    }
    let mut said = HashSet::new();
    for leak in leaks {
        if said.insert(leak.feature) {
            advise(leak.message, None, Some(leak.advice));
        }
    }
}

/// Columns with a greater condition number are said to depend on each other nearly.
const HIGH_CONDITION: f64 = 1e6;

/// Says that features tell next to the same, where weights were found for them.
pub fn look_at_condition(fitted: &dyn Fitted) {
    let Some(condition) = fitted.condition().filter(|condition| *condition > HIGH_CONDITION) else {
        return;
    };
    advise(
        format!("the features nearly depend on each other: their condition number is about {condition:.0e}"),
        Some(format!(
            "A change in digit {:.0} of the values may change the weights entirely.",
            condition.log10().floor()
        )),
        Some("Leave out features that others nearly make up, or use ridge.".into()),
    );
}
