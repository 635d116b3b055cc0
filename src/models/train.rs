//! `train`: rows in, a stored version out, all in the caller's transaction.

use pgrx::datum::{DatumWithOid, Interval};
use pgrx::iter::TableIterator;
use pgrx::{JsonB, name, pg_extern};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::columns::{ColumnBuilder, ReadColumn};
use super::judge::{Judged, judge};
use super::predict::column_named;
use super::prepare::{self, Plan, Prepared, Split};
use super::registry::{self, Privilege};
use super::{deployment, hash_of};
use crate::algo::learner::{Algorithm, Learner};
use crate::algo::model::{Model, Task};
use crate::pg::catalog;
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{
    DUPLICATE_COLUMN, Error, INTERNAL, INVALID_PARAMETER, LIMIT_EXCEEDED, MEMORY_LIMIT, Result, UNDEFINED_ALGORITHM,
    megabytes, notice, or_raise,
};
use crate::pg::options::{self, required};
use crate::pg::query::{OutputColumn, Query};
use crate::pg::settings;
use crate::pg::types::{Reader, Role};

/// With fewer rows than this, `split => 'auto'` keeps all rows for training.
const FEWEST_ROWS_TO_SPLIT: usize = 500;

/// The most bytes of a model: what PostgreSQL holds in one value, with room for the statement that stores it.
const MOST_BYTES: usize = 1_000_000_000;

/// When a new version becomes the one that the bare name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deploy {
    Auto,
    Always,
    Never,
}

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
    algorithm: Option<Algorithm>,
    task: Option<Task>,
    params: Json,
    exclude: Vec<String>,
    split: String,
    test_fraction: f64,
    seed: i64,
    preprocess: Preprocess,
    deploy: Deploy,
}

/// The row that `train` gives.
type Row = (String, i32, String, String, i64, i32, JsonB, Interval);

/// `train(...)`, as in its SQL declaration.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments, clippy::type_complexity)]
fn train(
    model: Option<String>,
    query: Option<String>,
    target: Option<String>,
    algorithm: Option<&str>,
    params: Option<JsonB>,
    task: Option<&str>,
    exclude: Option<Vec<Option<String>>>,
    split: Option<String>,
    test_fraction: Option<f64>,
    seed: Option<i64>,
    preprocess: Option<JsonB>,
    deploy: Option<&str>,
) -> TableIterator<
    'static,
    (
        name!(model, String),
        name!(version, i32),
        name!(task, String),
        name!(algorithm, String),
        name!(rows, i64),
        name!(features, i32),
        name!(metrics, JsonB),
        name!(duration, Interval),
    ),
> {
    catalog::prevent_read_only(c"assay.train()");
    let row = (|| {
        let algorithm = algorithm.map(algorithm_named).transpose()?;
        let request = Request {
            model: required("model", model)?,
            query: required("query", query)?,
            target: target.ok_or_else(|| {
                Error::new(INVALID_PARAMETER, "argument \"target\" is missing")
                    .hint("Name the column that the model is to predict. The algorithms here all need one.")
            })?,
            algorithm,
            task: task.map(task_named).transpose()?,
            params: options::object("params", params)?,
            exclude: exclude.unwrap_or_default().into_iter().flatten().collect(),
            split: split.unwrap_or_else(|| "auto".into()),
            test_fraction: test_fraction.unwrap_or(0.2),
            seed: seed.unwrap_or(0),
            preprocess: options::parse("preprocess", options::object("preprocess", preprocess)?)?,
            deploy: deploy_named(deploy.unwrap_or("auto"))?,
        };
        request.check()?;
        let mut reporter = Reporter::new();
        let row = request.run(&mut reporter);
        reporter.finish();
        compute::release_memory();
        row
    })();
    TableIterator::once(or_raise(row))
}

fn algorithm_named(name: &str) -> Result<Algorithm> {
    Algorithm::named(name).ok_or_else(|| {
        let names: Vec<&str> = Algorithm::ALL.into_iter().map(Algorithm::name).collect();
        Error::new(UNDEFINED_ALGORITHM, format!("there is no algorithm \"{name}\""))
            .hint(format!("The algorithms are {}.", names.join(", ")))
    })
}

fn task_named(name: &str) -> Result<Task> {
    [Task::Classification, Task::Regression]
        .into_iter()
        .find(|task| task.name() == name)
        .ok_or_else(|| {
            Error::new(UNDEFINED_ALGORITHM, format!("there is no task \"{name}\""))
                .hint("The tasks are classification and regression.")
        })
}

fn deploy_named(name: &str) -> Result<Deploy> {
    match name {
        "auto" => Ok(Deploy::Auto),
        "always" => Ok(Deploy::Always),
        "never" => Ok(Deploy::Never),
        _ => {
            Err(Error::new(INVALID_PARAMETER, format!("deploy cannot be \"{name}\""))
                .hint("It is auto, always or never."))
        }
    }
}

impl Request {
    fn check(&self) -> Result<()> {
        registry::check_name("model's name", &self.model)?;
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

    /// The task, told or from the target's type; it has to be one that the algorithm can learn.
    fn task(&self, target: &OutputColumn) -> Result<Task> {
        let by_type = match target.reader {
            Some(Reader::Bool) => Task::Classification,
            Some(reader) if reader.role() == Role::Category => Task::Classification,
            _ => Task::Regression,
        };
        // Numbers may be classes too: then the algorithm says so. What is no number is a class unless the task is told.
        let task = self.task.unwrap_or(match self.algorithm.map(Algorithm::tasks) {
            Some([only]) if by_type == Task::Regression => *only,
            _ => by_type,
        });
        match self.algorithm {
            Some(algorithm) if !algorithm.tasks().contains(&task) => Err(Error::new(
                UNDEFINED_ALGORITHM,
                format!("{} cannot learn a {}", algorithm.name(), task.name()),
            )
            .hint(format!(
                "For a {} use one of {}; or tell what to learn with task.",
                task.name(),
                algorithms_for(task).join(", ")
            ))),
            _ => Ok(task),
        }
    }

    fn learner(&self, algorithm: Algorithm) -> Result<Learner> {
        let learner = Learner::from_json(algorithm, self.params.clone(), self.seed as u64)
            .map_err(|error| options::invalid(&format!("params of {}", algorithm.name()), &error))?;
        learner.check()?;
        Ok(learner)
    }

    fn run(&self, reporter: &mut Reporter) -> Result<Row> {
        let query = Query::new(&self.query)?;
        self.check_distinct(query.columns())?;
        let target = column_named(query.columns(), &self.target, "the target")?;
        let task = self.task(&query.columns()[target])?;
        let algorithm = self.algorithm.unwrap_or(Algorithm::GradientBoosting);
        let learner = self.learner(algorithm)?;
        let split_column = match self.split.as_str() {
            "auto" | "random" | "none" => None,
            name if name == self.target => {
                return Err(
                    Error::new(INVALID_PARAMETER, format!("split column \"{name}\" is the target"))
                        .hint("Name another boolean column, true for the rows that test the model."),
                );
            }
            name => Some(self.split_column(query.columns(), name)?),
        };
        for name in &self.exclude {
            column_named(query.columns(), name, "a column to exclude")?;
        }
        let what = format!("training {}", self.model);
        let mut columns = self.read(&query, &[Some(target), split_column], &learner, &what, reporter)?;
        let mut take = |index: usize| columns[index].take();
        let (target_column, split_rows) = (take(target), split_column.and_then(&mut take));
        let features: Vec<ReadColumn> = columns.into_iter().flatten().collect();
        let target_column = target_column.ok_or_else(|| Error::new(INTERNAL, "the target was not read"))?;
        let rows = target_column.rows();
        let split = match split_rows.and_then(|column| column.parts.into_iter().next()) {
            Some(column) => Split::Column(column),
            None if self.split == "none" || (self.split == "auto" && rows < FEWEST_ROWS_TO_SPLIT) => Split::None,
            None => Split::Fraction(self.test_fraction),
        };
        let plan = Plan {
            target: &self.target,
            task,
            split,
            seed: self.seed as u64,
            max_categories: self.preprocess.max_categories,
        };
        let preparing = format!("preparing the rows of {}", self.model);
        let Prepared {
            inputs,
            labels,
            train,
            test,
            statistics,
            notes,
        } = compute::run(&preparing, reporter, |monitor| {
            prepare::prepare(features, target_column, &plan, monitor)
        })?;
        notes.into_iter().for_each(|note| notice(note, None));
        let classes = labels.len();
        let (fitted, history) = compute::run(&what, reporter, |monitor| learner.fit(&train, classes, monitor))?;
        let model = Model {
            task,
            inputs,
            labels,
            fitted,
            history,
        };
        let metrics = judge(
            &model,
            &train,
            test.as_ref(),
            &format!("testing {}", self.model),
            reporter,
        )?;
        let trained_rows = train.targets.len();
        drop((train, test));
        self.store(&model, algorithm, trained_rows, metrics, &statistics, reporter)
    }

    /// Errs with 42701 when two columns that are not excluded have one name: a feature is known by its name.
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

    /// The place of the boolean column that marks test rows.
    fn split_column(&self, columns: &[OutputColumn], name: &str) -> Result<usize> {
        let place = column_named(columns, name, "the split column")
            .map_err(|error| error.hint("split is auto, random, none, or the name of a boolean column."))?;
        match columns[place].reader {
            Some(Reader::Bool) => Ok(place),
            _ => Err(
                Error::new(INVALID_PARAMETER, format!("split column \"{name}\" is not boolean"))
                    .detail(format!("Its type is {}.", columns[place].type_name))
                    .hint("It must be true for the rows that test the model."),
            ),
        }
    }

    /// Streams the query into columns; excluded ones stay `None`.
    fn read(
        &self,
        query: &Query,
        always: &[Option<usize>],
        learner: &Learner,
        what: &str,
        reporter: &mut Reporter,
    ) -> Result<Vec<Option<ReadColumn>>> {
        /// Rows between two looks at the memory and the clock.
        const BLOCK: u64 = 4096;
        let mut builders = query
            .columns()
            .iter()
            .enumerate()
            .map(|(index, column)| {
                let wanted = always.contains(&Some(index)) || !self.exclude.contains(&column.name);
                wanted.then(|| ColumnBuilder::new(column)).transpose()
            })
            .collect::<Result<Vec<_>>>()?;
        let expected = query.expected_rows();
        let allowed = settings::max_memory();
        let (features, threads) = (builders.iter().flatten().count(), settings::threads());
        let needed = |builders: &[Option<ColumnBuilder>], rows: u64| {
            let held: usize = builders.iter().flatten().map(ColumnBuilder::memory).sum();
            held.saturating_add(learner.working_memory(rows as usize, features, threads))
        };
        let mut rows = 0_u64;
        query.run(&mut |row| {
            for (index, builder) in builders.iter_mut().enumerate() {
                let Some(builder) = builder else { continue };
                match row.number(index) {
                    Some(number) if builder.push_number(number) => {}
                    _ => builder.push(&row.value(index))?,
                }
            }
            rows += 1;
            if rows.is_multiple_of(BLOCK) {
                check_memory(needed(&builders, rows), rows, expected, allowed)?;
                reporter.rows(what, rows, expected);
            }
            Ok(())
        })?;
        check_memory(needed(&builders, rows), rows, expected, allowed)?;
        Ok(builders
            .into_iter()
            .map(|builder| builder.map(ColumnBuilder::finish))
            .collect())
    }

    /// Adds the version to the registry, and deploys it if it should be.
    fn store(
        &self,
        model: &Model,
        algorithm: Algorithm,
        rows: usize,
        metrics: Judged,
        statistics: &[(String, crate::algo::summary::Summary)],
        reporter: &Reporter,
    ) -> Result<Row> {
        let bytes = model.to_bytes()?;
        if bytes.len() > MOST_BYTES {
            return Err(Error::new(
                LIMIT_EXCEEDED,
                format!("model \"{}\" is too large to be stored", self.model),
            )
            .detail(format!(
                "It has {}, and at most {} are allowed.",
                megabytes(bytes.len()),
                megabytes(MOST_BYTES)
            ))
            .hint("Grow fewer or smaller trees: fewer n_estimators, a max_depth, or a larger min_samples_leaf."));
        }
        let statistics: Vec<Json> = statistics
            .iter()
            .map(|(name, summary)| json!({"feature": name, "summary": summary}))
            .collect();
        let duration = interval(reporter.elapsed().as_secs_f64());
        let params = json!({
            "params": self.params,
            "exclude": self.exclude,
            "split": self.split,
            "test_fraction": self.test_fraction,
            "seed": self.seed,
            "max_categories": self.preprocess.max_categories,
        });
        let metrics_json = metrics.json();
        let trained_by = catalog::current_role();
        let version = catalog::as_owner(|| {
            // The row's lock makes concurrent trainings of one name take turns from here to their commits.
            let version: Option<i32> = catalog::write_returning(
                "INSERT INTO assay.model AS m (name, owner, last_version) VALUES ($1, $2, 1)
                 ON CONFLICT (name) DO UPDATE SET last_version = m.last_version + 1
                 RETURNING last_version",
                &[text_datum(&self.model), oid_datum(trained_by)],
            )?;
            let version = version.unwrap_or(1);
            catalog::write(
                "INSERT INTO assay.model_version
                     (model_id, version, task, algorithm, params, query, target, rows, features, metrics, duration, hash,
                      trained_by, statistics, bytes)
                 SELECT id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15 FROM assay.model WHERE name = $1",
                &[
                    text_datum(&self.model),
                    version.into(),
                    text_datum(model.task.name()),
                    text_datum(algorithm.name()),
                    json_datum(params),
                    text_datum(&self.query),
                    text_datum(&self.target),
                    (rows as i64).into(),
                    (model.width() as i32).into(),
                    json_datum(metrics_json.clone()),
                    duration.into(),
                    text_datum(&hash_of(&bytes)),
                    oid_datum(trained_by),
                    json_datum(Json::Array(statistics)),
                    bytes.into(),
                ],
            )?;
            Ok(version)
        })?;
        catalog::with_latest_snapshot(|| self.deploy(version, &metrics))?;
        Ok((
            self.model.clone(),
            version,
            model.task.name().to_string(),
            algorithm.name().to_string(),
            rows as i64,
            model.width() as i32,
            JsonB(metrics_json),
            duration,
        ))
    }

    fn deploy(&self, version: i32, metrics: &Judged) -> Result<()> {
        let entry = registry::open(&self.model, Privilege::Manage)?;
        let wanted = match (self.deploy, entry.deployed) {
            (Deploy::Never, _) => false,
            (Deploy::Always, _) | (Deploy::Auto, None) => true,
            (Deploy::Auto, Some(current)) => {
                let before = registry::Version {
                    model: entry.clone(),
                    version: current,
                }
                .stored()?;
                let verdict = match before.target {
                    Some(target) if target != self.target => Err(format!(
                        "it predicts \"{}\", the deployed version \"{target}\"",
                        self.target
                    )),
                    _ => metrics.not_worse_than(&before.metrics),
                };
                if let Err(why) = &verdict {
                    notice(
                        format!("version {version} of model \"{}\" is not deployed: {why}", self.model),
                        Some(format!(
                            "Version {current} stays. SELECT assay.deploy('{}', {version}) deploys it.",
                            self.model
                        )),
                    );
                }
                verdict.is_ok()
            }
        };
        if wanted {
            deployment::record(&entry, version, None)
        } else {
            Ok(())
        }
    }
}

/// The algorithms that can learn a task.
fn algorithms_for(task: Task) -> Vec<&'static str> {
    Algorithm::ALL
        .into_iter()
        .filter(|algorithm| algorithm.tasks().contains(&task))
        .map(Algorithm::name)
        .collect()
}

/// Errs with 53400 when `rows` rows, of `expected`, need more memory than is allowed.
fn check_memory(needed: usize, rows: u64, expected: f64, allowed: usize) -> Result<()> {
    if needed <= allowed {
        return Ok(());
    }
    let whole = needed as f64 / rows as f64 * expected.max(rows as f64);
    Err(Error::new(MEMORY_LIMIT, "training needs more memory than assay.max_memory allows")
        .detail(format!(
            "{rows} rows need {}, {} are allowed; about {} would be needed for the {:.0} rows that the planner expects.",
            megabytes(needed),
            megabytes(allowed),
            megabytes(whole as usize),
            expected.max(rows as f64),
        ))
        .hint("Raise assay.max_memory, or train on fewer rows or columns."))
}

fn interval(seconds: f64) -> Interval {
    Interval::from_seconds(seconds)
}

fn text_datum(text: &str) -> DatumWithOid<'static> {
    text.to_string().into()
}

fn oid_datum(oid: pgrx::pg_sys::Oid) -> DatumWithOid<'static> {
    oid.into()
}

fn json_datum(json: Json) -> DatumWithOid<'static> {
    JsonB(json).into()
}
