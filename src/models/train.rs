//! `train`: rows in, a stored version out, all in the caller's transaction.

use pgrx::pg_extern;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::predict::column_named;
use super::reading::{Reading, out_of_memory};
use super::registry::{self, Privilege};
use super::store::{Deploy, Store, Trained};
use super::version_metrics::measure;
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{
    DUPLICATE_COLUMN, Error, INTERNAL, INVALID_PARAMETER, Result, UNDEFINED_ALGORITHM, advise, megabytes, or_raise,
};
use crate::pg::foreground::Foreground;
use crate::pg::json::Jsonb;
use crate::pg::options::{self, required};
use crate::pg::query::Query;
use crate::pg::query_row::OutputColumn;
use crate::pg::reader::{Reader, Role};
use crate::pg::result_row::{SetOf, set_of};
use crate::pg::text::Text;
use crate::pg::{names, read_only, settings};
use algo::fitted::Fitted;
use algo::learner::{Algorithm, Configured};
use algo::learners::{self, LEARNERS};
use algo::model::Model;
use algo::monitor::Progress;
use algo::prepare::{self, Note, Plan, Prepared, ReadRows, Split};
use algo::room;
use algo::row_sample::RowSample;
use algo::task::Task;
use algo::training_set::{Shape, Target, TrainingSet};

/// The algorithm when none is named.
const DEFAULT: &str = "gradient_boosting";

/// With fewer rows than this, `split => 'auto'` keeps all rows for training.
const FEWEST_ROWS_TO_SPLIT: usize = 500;

/// `preprocess`, as JSON.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Preprocess {
    /// The most levels of a category that are told apart.
    max_categories: usize,
}

impl Default for Preprocess {
    fn default() -> Self {
        Preprocess {
            max_categories: MOST_CATEGORIES,
        }
    }
}

/// A bin a level, one for the rest, one for NULL: what a byte holds.
const MOST_CATEGORIES: usize = 253;

/// What was asked for, checked as far as it can be without rows.
struct Request {
    model: String,
    query: String,
    target: String,
    algorithm: Option<&'static Algorithm>,
    task: Option<Task>,
    params: Json,
    exclude: Vec<String>,
    split: String,
    test_fraction: f64,
    seed: i64,
    preprocess: Preprocess,
    deploy: Deploy,
    weight: Option<String>,
}

/// What a request names, found in its query.
struct Resolved {
    /// The target's place among the columns.
    target: usize,
    task: Task,
    algorithm: &'static Algorithm,
    learner: Box<dyn Configured>,
    split_column: Option<usize>,
    weight: Option<usize>,
}

/// `train(...)`, as in its SQL declaration.
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
    read_only::require_writable(c"assay.train()");
    let row = (|| {
        let algorithm = algorithm.as_deref().map(algorithm_named).transpose()?;
        let request = Request {
            model: required("model", model)?.into(),
            query: required("query", query)?.into(),
            target: target
                .ok_or_else(|| {
                    Error::new(INVALID_PARAMETER, "argument \"target\" is missing")
                        .hint("Name the column that the model is to predict. The algorithms here all need one.")
                })?
                .into(),
            algorithm,
            task: task.as_deref().map(task_named).transpose()?,
            params: options::object("params", params)?,
            exclude: options::texts("exclude", exclude)?.unwrap_or_default(),
            split: split.map_or_else(|| "auto".into(), String::from),
            test_fraction: test_fraction.unwrap_or(0.2),
            seed: seed.unwrap_or(0),
            preprocess: options::parse("preprocess", options::object("preprocess", preprocess)?)?,
            deploy: Deploy::named(deploy.as_deref().unwrap_or("auto"))?,
            weight: weight.map(String::from),
        };
        request.check()?;
        let mut reporter = Reporter::new();
        let row = Foreground::new().and_then(|statement| request.run(&mut reporter, &statement));
        reporter.finish();
        compute::release_memory();
        row
    })();
    set_of([or_raise(row)])
}

fn algorithm_named(name: &str) -> Result<&'static Algorithm> {
    learners::named(name).ok_or_else(|| {
        let names: Vec<&str> = LEARNERS.iter().map(|algorithm| algorithm.name).collect();
        Error::new(UNDEFINED_ALGORITHM, format!("there is no algorithm \"{name}\""))
            .hint(format!("The algorithms are {}.", names.join(", ")))
    })
}

fn task_named(name: &str) -> Result<Task> {
    Task::named(name).ok_or_else(|| {
        let names = Task::ALL.map(Task::name);
        Error::new(UNDEFINED_ALGORITHM, format!("there is no task \"{name}\""))
            .hint(format!("The tasks are {}.", names.join(" and ")))
    })
}

impl Request {
    fn check(&self) -> Result<()> {
        names::check_reference("model's name", &self.model)?;
        if let Some(entry) = registry::find(&self.model)? {
            registry::require(&entry, Privilege::Manage)?;
        }
        if !(self.test_fraction > 0.0 && self.test_fraction < 1.0) {
            return Err(Error::new(INVALID_PARAMETER, "test_fraction is out of range")
                .detail(format!("The value is {}.", self.test_fraction))
                .hint("It must be between 0 and 1, both excluded; split => 'none' keeps all rows for training."));
        }
        if !(1..=MOST_CATEGORIES).contains(&self.preprocess.max_categories) {
            return Err(Error::new(INVALID_PARAMETER, "max_categories is out of range")
                .detail(format!("The value is {}.", self.preprocess.max_categories))
                .hint(format!("It must be between 1 and {MOST_CATEGORIES}.")));
        }
        Ok(())
    }

    /// The task, as named or from the target's type; it has to be one that the algorithm can learn.
    fn task(&self, target: &OutputColumn) -> Result<Task> {
        let by_type = match target.reader {
            Some(Reader::Bool) => Task::Classification,
            Some(reader) if reader.role() == Role::Category => Task::Classification,
            _ => Task::Regression,
        };
        // Numbers may be classes too: then the algorithm says so. What is no number is a class unless the task is named.
        let task = self
            .task
            .unwrap_or(match self.algorithm.map(|algorithm| algorithm.tasks) {
                Some([only]) if by_type == Task::Regression => *only,
                _ => by_type,
            });
        match self.algorithm {
            Some(algorithm) if !algorithm.tasks.contains(&task) => Err(Error::new(
                UNDEFINED_ALGORITHM,
                format!("{} cannot learn a {}", algorithm.name, task.name()),
            )
            .hint(format!(
                "For a {} use one of {}; or tell what to learn with task.",
                task.name(),
                algorithms_for(task).join(", ")
            ))),
            _ => Ok(task),
        }
    }

    /// The algorithm with its hyperparameters.
    fn learner(&self, algorithm: &Algorithm) -> Result<Box<dyn Configured>> {
        use algo::error::Error::UnknownParameter;
        let params = self.params.as_object().cloned().unwrap_or_default();
        algorithm
            .configure(&params, self.seed as u64)
            .map_err(|error| match error {
                UnknownParameter { .. } => Error::from(error).at(format!("params of {}", algorithm.name)),
                _ => error.into(),
            })
    }

    /// Finds the columns and the algorithm that the request names.
    fn resolve(&self, columns: &[OutputColumn]) -> Result<Resolved> {
        self.check_distinct(columns)?;
        let target = column_named(columns, &self.target, "the target")?;
        let task = self.task(&columns[target])?;
        let algorithm = self.algorithm.map_or_else(|| algorithm_named(DEFAULT), Ok)?;
        let resolved = Resolved {
            target,
            task,
            algorithm,
            learner: self.learner(algorithm)?,
            split_column: self.split_column(columns)?,
            weight: self.weight_column(columns)?,
        };
        for name in &self.exclude {
            column_named(columns, name, "a column to exclude")?;
        }
        Ok(resolved)
    }

    /// Reads the rows of the query.
    fn read(
        &self,
        query: &Query,
        resolved: &Resolved,
        reporter: &mut Reporter,
        statement: &Foreground,
    ) -> Result<ReadRows> {
        let columns = [Some(resolved.target), resolved.split_column, resolved.weight];
        let apart: Vec<usize> = columns.into_iter().flatten().collect();
        let reading = Reading::new(query, &apart, |place| {
            apart.contains(&place) || !self.exclude.contains(&query.columns()[place].name)
        })?;
        let shape = Shape {
            rows: 0,
            features: reading.width(),
            design_columns: 0,
            target: resolved.task.least_target(),
            threads: settings::threads(),
        };
        let needed = |held: usize, rows: u64| {
            let rows = rows as usize;
            // Weights as learners take them, and as they are given to them.
            let weights = match resolved.weight {
                Some(_) => rows.saturating_mul(16),
                None => 0,
            };
            held.saturating_add(weights)
                .saturating_add(resolved.learner.memory(&Shape { rows, ..shape }))
        };
        reading.run(query, needed, &self.training(), reporter, statement)
    }

    /// Prepares the rows that were read.
    fn prepare(
        &self,
        read: ReadRows,
        resolved: &Resolved,
        reporter: &mut Reporter,
        statement: &Foreground,
    ) -> Result<Prepared> {
        let split = match resolved.split_column {
            Some(place) => Split::Column(place),
            None if self.split == "none" || (self.split == "auto" && read.rows < FEWEST_ROWS_TO_SPLIT) => Split::None,
            None => Split::Fraction(self.test_fraction),
        };
        let plan = Plan {
            target: Some(resolved.target),
            weight: resolved.weight,
            apart: resolved.split_column.into_iter().collect(),
            task: resolved.task,
            seed: self.seed as u64,
            max_categories: self.preprocess.max_categories,
        };
        // Half of the rows once more, and what puts them in order.
        room::ask((statement.held() / 2).saturating_add(read.rows.saturating_mul(64)))?;
        let preparing = format!("preparing the rows of {}", self.model);
        compute::run(&preparing, reporter, statement, |monitor| {
            Ok::<_, Error>(prepare::prepare(read, &plan, split, monitor)?)
        })
    }

    /// Learns from prepared rows.
    fn fit(
        &self,
        learner: &dyn Configured,
        train: &TrainingSet,
        held: usize,
        reporter: &mut Reporter,
        statement: &Foreground,
    ) -> Result<(Box<dyn Fitted>, Vec<Progress>)> {
        let shape = train.shape(settings::threads());
        let design = learner.design_memory(&shape);
        check_design(design, held)?;
        // Learners allocate piece by piece, in ways that cannot fail.
        room::ask(learner.memory(&shape).saturating_add(design))?;
        compute::run(&self.training(), reporter, statement, |monitor| {
            Ok::<_, Error>(learner.fit(train, monitor)?)
        })
    }

    /// What progress reports call it.
    fn training(&self) -> String {
        format!("training {}", self.model)
    }

    fn run(&self, reporter: &mut Reporter, statement: &Foreground) -> Result<Trained> {
        let query = Query::new(&self.query)?;
        let resolved = self.resolve(query.columns())?;
        let read = self.read(&query, &resolved, reporter, statement)?;
        let Prepared {
            inputs,
            answer,
            train,
            test,
            statistics,
            notes,
        } = self.prepare(read, &resolved, reporter, statement)?;
        for Note { message, hint } in notes {
            advise(message, None, hint);
        }
        self.look_at_target(&query.columns()[resolved.target], &resolved, &train);
        let held = train.frame.memory() + test.as_ref().map_or(0, |test| test.frame.memory());
        let (fitted, history) = self.fit(&*resolved.learner, &train, held, reporter, statement)?;
        look_at_condition(&*fitted);
        let model = Model {
            answer: answer.ok_or_else(|| Error::new(INTERNAL, "the target was not read"))?,
            inputs,
            fitted,
            history,
            sample: RowSample::of(&train, test.as_ref()),
        };
        let metrics = measure(&model, &train, test.as_ref(), &self.model, reporter, statement)?;
        let rows = train.rows();
        drop((train, test));
        Store {
            name: &self.model,
            algorithm: resolved.algorithm,
            options: self.options(),
            query: &self.query,
            target: &self.target,
            rows,
            metrics: &metrics,
            statistics: &statistics,
            deploy: self.deploy,
        }
        .store(model, reporter, statement)
    }

    /// Says where a target is learned as a number that people may not take for one.
    fn look_at_target(&self, column: &OutputColumn, resolved: &Resolved, train: &TrainingSet) {
        let Target::Numbers(values) = &train.target else {
            return;
        };
        let name = &self.target;
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
        } else if self.task.is_none() && values.iter().all(|value| *value == 0.0 || *value == 1.0) {
            let algorithm = match resolved.algorithm.tasks {
                [Task::Regression] => ", algorithm => 'logistic_regression'",
                _ => "",
            };
            advise(
                format!(
                    "target \"{name}\" is 0 or 1 in every row and is learned as a number, by {}",
                    resolved.task.name()
                ),
                None,
                Some(format!(
                    "To learn the probability of 1 give task => 'classification'{algorithm}, or make the target a boolean in the query; task => 'regression' says that a number is meant."
                )),
            );
        }
    }

    /// What the registry keeps of how the version was trained.
    fn options(&self) -> Json {
        json!({
            "params": self.params,
            "exclude": self.exclude,
            "split": self.split,
            "test_fraction": self.test_fraction,
            "seed": self.seed,
            "max_categories": self.preprocess.max_categories,
            "weight": self.weight,
        })
    }

    /// Returns 42701 when two columns that are not excluded have one name: a feature is known by its name.
    fn check_distinct(&self, columns: &[OutputColumn]) -> Result<()> {
        let mut names: Vec<&String> = columns
            .iter()
            .map(|column| &column.name)
            .filter(|name| !self.exclude.contains(name))
            .collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(Error::new(
                DUPLICATE_COLUMN,
                format!("the query has more than one column \"{}\"", pair[0]),
            )
            .hint("Give each column a name of its own, or leave one out of the query.")),
            None => Ok(()),
        }
    }

    /// The place of the boolean column that marks test rows, when `split` names one.
    fn split_column(&self, columns: &[OutputColumn]) -> Result<Option<usize>> {
        let name = match self.split.as_str() {
            "auto" | "random" | "none" => return Ok(None),
            name => name,
        };
        if name == self.target {
            return Err(
                Error::new(INVALID_PARAMETER, format!("split column \"{name}\" is the target"))
                    .hint("Name another boolean column, true for the rows that test the model."),
            );
        }
        let place = column_named(columns, name, "the split column")
            .map_err(|error| error.hint("split is auto, random, none, or the name of a boolean column."))?;
        match columns[place].reader {
            Some(Reader::Bool) => Ok(Some(place)),
            _ => Err(
                Error::new(INVALID_PARAMETER, format!("split column \"{name}\" is not boolean"))
                    .detail(format!("Its type is {}.", columns[place].type_name))
                    .hint("It must be true for the rows that test the model."),
            ),
        }
    }

    /// The place of the column of weights, when there is one.
    fn weight_column(&self, columns: &[OutputColumn]) -> Result<Option<usize>> {
        let Some(name) = &self.weight else { return Ok(None) };
        let other = [(&self.target, "the target"), (&self.split, "the split column")];
        if let Some((_, what)) = other.into_iter().find(|(other, _)| *other == name) {
            return Err(Error::new(INVALID_PARAMETER, format!("weight \"{name}\" is {what}"))
                .hint("Name another column of numbers, which say how much each row counts."));
        }
        let place = column_named(columns, name, "the weight")?;
        match columns[place].reader {
            Some(Reader::Int2 | Reader::Int4 | Reader::Int8 | Reader::Float4 | Reader::Float8 | Reader::Numeric) => {
                Ok(Some(place))
            }
            _ => Err(Error::new(
                INVALID_PARAMETER,
                format!("weight \"{name}\" is not a column of numbers"),
            )
            .detail(format!("Its type is {}.", columns[place].type_name))
            .hint("It must say how much each row counts: 0 or more.")),
        }
    }
}

/// The algorithms that can learn a task.
fn algorithms_for(task: Task) -> Vec<&'static str> {
    (LEARNERS.iter())
        .filter(|algorithm| algorithm.tasks.contains(&task))
        .map(|algorithm| algorithm.name)
        .collect()
}

/// Columns with a greater condition number are said to depend on each other nearly.
const HIGH_CONDITION: f64 = 1e6;

/// Says that features tell next to the same, where weights were found for them.
fn look_at_condition(fitted: &dyn Fitted) {
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

/// Returns 53400 when what a learner needs of the products of columns does not fit beside the rows.
fn check_design(needed: usize, held: usize) -> Result<()> {
    let allowed = settings::max_memory();
    if needed.saturating_add(held) <= allowed {
        return Ok(());
    }
    let [needed, held, allowed] = [needed, held, allowed].map(megabytes);
    Err(out_of_memory(format!(
        "The rows take {held}, and the products of all columns and category levels {needed}; {allowed} are allowed."
    ))
    .hint(format!(
        "{}, leave out categories with many levels, lower max_categories, or use gradient_boosting.",
        settings::MORE_MEMORY
    )))
}
