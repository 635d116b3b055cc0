//! What is to be learned from the rows of a query: the arguments that every function which learns has, checked, found in the query, and read.

use serde_json::Value as Json;

use super::predict::column_named;
use super::reading::{Reading, out_of_memory};
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{DUPLICATE_COLUMN, Error, INTERNAL, INVALID_PARAMETER, Result, UNDEFINED_ALGORITHM, megabytes};
use crate::pg::foreground::Foreground;
use crate::pg::json::Jsonb;
use crate::pg::options::{self, required};
use crate::pg::query::Query;
use crate::pg::query_row::OutputColumn;
use crate::pg::reader::{Reader, Role};
use crate::pg::settings;
use crate::pg::text::Text;
use algo::fitted::Fitted;
use algo::learner::{Algorithm, Configured};
use algo::learners::{self, LEARNERS};
use algo::monitor::Progress;
use algo::pipeline::{Spec, SpecError};
use algo::prepare::{Plan, ReadRows};
use algo::room;
use algo::task::Task;
use algo::training_set::{Shape, TrainingSet};

/// What a forecast calls itself when it asks for its target.
pub const FORECAST: &str = "a forecast";

/// The algorithm when none is named.
const fn default_for(task: Task) -> &'static str {
    match task {
        Task::Classification | Task::Regression => "gradient_boosting",
        Task::Clustering => "k_means",
        Task::AnomalyDetection => "isolation_forest",
        Task::DimensionReduction => "pca",
        Task::Forecasting => "forecast",
    }
}

/// `preprocess`, read.
pub struct Preprocess {
    /// The most levels of a category that are told apart.
    pub max_categories: usize,
    /// What becomes of the columns.
    pub spec: Spec,
    /// As it was given.
    pub given: Json,
}

/// A bin a level, one for the rest, one for NULL: what a byte holds.
const MOST_CATEGORIES: usize = 253;
/// The key that says how many are kept.
const MAX_CATEGORIES: &str = "max_categories";

impl Preprocess {
    /// Reads the argument. Returns 22023.
    fn read(given: Option<Jsonb>) -> Result<Preprocess> {
        let given = options::object("preprocess", given)?;
        let object = given.as_object().cloned().unwrap_or_default();
        let max_categories = match object.get(MAX_CATEGORIES) {
            None => MOST_CATEGORIES,
            Some(number) => {
                let number = number.as_u64().and_then(|number| usize::try_from(number).ok());
                number
                    .filter(|number| (1..=MOST_CATEGORIES).contains(number))
                    .ok_or_else(|| {
                        Error::new(INVALID_PARAMETER, "max_categories is out of range")
                            .detail(format!("The value is {}.", object[MAX_CATEGORIES]))
                            .hint(format!("It must be between 1 and {MOST_CATEGORIES}."))
                    })?
            }
        };
        let spec =
            Spec::read(&object, &[MAX_CATEGORIES]).map_err(|SpecError { at, error }| Error::from(error).at(at))?;
        Ok(Preprocess {
            max_categories,
            spec,
            given,
        })
    }
}

/// The arguments as they were given.
#[derive(Default)]
pub struct Arguments {
    pub query: Option<Text>,
    pub target: Option<Text>,
    pub algorithm: Option<Text>,
    pub task: Option<Text>,
    pub exclude: Option<Vec<Option<Text>>>,
    pub seed: Option<i64>,
    pub preprocess: Option<Jsonb>,
    pub weight: Option<Text>,
    pub group_by: Option<Vec<Option<Text>>>,
}

/// What is to be learned, checked as far as it can be without rows.
pub struct Request {
    pub query: String,
    /// The column to predict; `None` for what is learned without one.
    pub target: Option<String>,
    pub algorithm: Option<&'static Algorithm>,
    pub task: Option<Task>,
    pub exclude: Vec<String>,
    pub seed: i64,
    pub preprocess: Preprocess,
    pub weight: Option<String>,
    /// The columns by which rows are grouped.
    pub group_by: Vec<String>,
}

/// What a request names, found in its query.
pub struct Resolved {
    /// The target's place among the columns, where there is one.
    pub target: Option<usize>,
    pub task: Task,
    /// The place of the column that divides the rows.
    pub divided_by: Option<usize>,
    /// The place of the rows' weights.
    pub weight: Option<usize>,
    /// The places of the columns by which rows are grouped.
    pub keys: Vec<usize>,
    /// The place of the column that says which rows are not independent of each other.
    pub cluster: Option<usize>,
}

impl Resolved {
    /// The places of columns that are no features.
    fn apart(&self) -> impl Iterator<Item = usize> {
        let columns = [self.target, self.divided_by, self.weight, self.cluster];
        columns.into_iter().flatten().chain(self.keys.iter().copied())
    }
}

impl Arguments {
    /// Checks them as far as that can be done without rows.
    pub fn request(self) -> Result<Request> {
        let algorithm = self.algorithm.as_deref().map(algorithm_named).transpose()?;
        let preprocess = Preprocess::read(self.preprocess)?;
        Ok(Request {
            query: required("query", self.query)?.into(),
            target: self.target.map(String::from),
            algorithm,
            task: self.task.as_deref().map(task_named).transpose()?,
            exclude: options::texts("exclude", self.exclude)?.unwrap_or_default(),
            seed: self.seed.unwrap_or(0),
            preprocess,
            weight: self.weight.map(String::from),
            group_by: options::texts("group_by", self.group_by)?.unwrap_or_default(),
        })
    }
}

/// The algorithm of that name. Returns `ML006`.
pub fn algorithm_named(name: &str) -> Result<&'static Algorithm> {
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
            .hint(format!("The tasks are {}.", names.join(", ")))
    })
}

/// Returns `ML006` unless an algorithm can learn a task.
pub fn check_task(algorithm: &Algorithm, task: Task) -> Result<()> {
    if algorithm.tasks.contains(&task) {
        return Ok(());
    }
    Err(Error::new(
        UNDEFINED_ALGORITHM,
        format!("{} cannot learn {}", algorithm.name, task.noun()),
    )
    .hint(format!(
        "For {} use one of {}; or tell what to learn with task.",
        task.noun(),
        algorithms_for(task).join(", ")
    )))
}

/// An algorithm with its hyperparameters, drawing by `seed` unless they say otherwise.
pub fn configure(algorithm: &Algorithm, params: &Json, seed: i64) -> Result<Box<dyn Configured>> {
    use algo::error::Error::UnknownParameter;
    let params = params.as_object().cloned().unwrap_or_default();
    algorithm.configure(&params, seed as u64).map_err(|error| match error {
        UnknownParameter { .. } => Error::from(error).at(format!("params of {}", algorithm.name)),
        _ => error.into(),
    })
}

impl Request {
    /// The algorithm that is named, or the one that learns such a task when none is.
    pub fn algorithm(&self, task: Task) -> Result<&'static Algorithm> {
        self.algorithm.map_or_else(|| algorithm_named(default_for(task)), Ok)
    }

    /// The algorithm that forecasts, where that is asked for.
    pub fn forecasting(&self) -> Result<Option<&'static Algorithm>> {
        let by_task = self.task == Some(Task::Forecasting);
        let algorithm = match self.algorithm {
            Some(algorithm) if algorithm.tasks.contains(&Task::Forecasting) => algorithm,
            None if by_task => self.algorithm(Task::Forecasting)?,
            Some(_) | None => return Ok(None),
        };
        check_task(algorithm, self.task.unwrap_or(Task::Forecasting))?;
        Ok(Some(algorithm))
    }

    /// The target of what cannot go without one. `what` says what that is.
    pub fn require_target(&self, what: &str) -> Result<&str> {
        if let Some(algorithm) = self.forecasting()?.filter(|_| what != FORECAST) {
            return Err(Error::new(
                UNDEFINED_ALGORITHM,
                format!("{what} is of rows that stand each for itself, and {} is of series", algorithm.name),
            )
            .hint("A forecast is judged from several moments of its past when it is trained; assay.evaluate judges it by rows that came later."));
        }
        let target = self.target.as_deref().ok_or_else(|| {
            Error::new(INVALID_PARAMETER, "argument \"target\" is missing")
                .detail(format!("{what} goes by a column to predict."))
                .hint("Name it, and an algorithm or a task that predicts one.")
        })?;
        self.check_target(self.task_without_target())?;
        Ok(target)
    }

    /// The task that is asked for, where that is one without a target.
    fn task_without_target(&self) -> Option<Task> {
        let of_algorithm =
            |algorithm: &'static Algorithm| algorithm.tasks.iter().copied().find(|task| !task.has_target());
        (self.task.filter(|task| !task.has_target())).or_else(|| self.algorithm.and_then(of_algorithm))
    }

    /// Returns 22023 where there is a target and nobody learns from it, or none and it is needed. `without` is the task without a target that is asked
    /// for, if one is.
    fn check_target(&self, without: Option<Task>) -> Result<()> {
        match (&self.target, without) {
            (Some(target), Some(task)) => Err(Error::new(
                INVALID_PARAMETER,
                format!("{} has no target, but \"{target}\" is given as one", task.noun()),
            )
            .hint(format!(
                "Pass NULL as target. The column is learned from like the others, unless exclude => ARRAY['{target}'] leaves it out."
            ))),
            (None, None) => Err(Error::new(INVALID_PARAMETER, "argument \"target\" is missing")
                .detail("The target is the column that the model is to predict.")
                .hint(format!("Name it; or name an algorithm that needs none: {}.", without_target().join(", ")))),
            (Some(_), None) | (None, Some(_)) => Ok(()),
        }
    }

    /// Finds the columns that the request names. `divided_by` is the place of the column that divides the rows, which is no feature.
    pub fn resolve(&self, columns: &[OutputColumn], divided_by: Option<usize>) -> Result<Resolved> {
        self.check_distinct(columns)?;
        if let Some(task) = self.task {
            self.checked(task)?;
        }
        let without = self.task_without_target();
        self.check_target(without)?;
        let target = match &self.target {
            Some(name) => Some(column_named(columns, name, "the target")?),
            None => None,
        };
        let resolved = Resolved {
            target,
            task: match (target, without) {
                (Some(place), _) => self.task(&columns[place])?,
                (None, Some(task)) => self.checked(task)?,
                (None, None) => return Err(Error::new(INTERNAL, "nothing is known of the task")),
            },
            divided_by,
            weight: self.weight_column(columns, divided_by)?,
            keys: self.key_columns(columns, divided_by)?,
            cluster: None,
        };
        for name in &self.exclude {
            column_named(columns, name, "a column to exclude")?;
        }
        self.check_preprocessed(columns, &resolved)?;
        Ok(resolved)
    }

    /// The same with the column that a learner names, by which rows are not independent of each other. It is no feature.
    pub fn with_cluster(
        &self,
        resolved: Resolved,
        columns: &[OutputColumn],
        learner: &dyn Configured,
    ) -> Result<Resolved> {
        let Some(name) = learner.cluster() else {
            return Ok(resolved);
        };
        let place = column_named(columns, name, "the cluster")?;
        let others = [
            (self.is_target(name), "the target"),
            (self.weight.as_deref() == Some(name), "the weight"),
            (self.exclude.iter().any(|excluded| excluded == name), "excluded"),
            (resolved.keys.contains(&place), "a column of group_by"),
            (
                resolved.cluster.is_some_and(|other| other != place),
                "not the only column given as such",
            ),
            (
                self.preprocess.spec.names().any(|preprocessed| preprocessed == name),
                "a column to preprocess",
            ),
        ];
        if let Some((_, what)) = others.into_iter().find(|(is, _)| *is) {
            return Err(Error::new(INVALID_PARAMETER, format!("cluster \"{name}\" is {what}"))
                .hint("Name another column of the query, whose values tell which rows belong together."));
        }
        let reader = columns[place].reader;
        if reader.is_none_or(|reader| reader.role() == Role::Vector) {
            return Err(Error::new(
                INVALID_PARAMETER,
                format!("cluster \"{name}\" is not a column of texts or numbers"),
            )
            .detail(format!("Its type is {}.", columns[place].type_name))
            .hint("Its values must tell which rows belong together."));
        }
        Ok(Resolved {
            cluster: Some(place),
            ..resolved
        })
    }

    /// Returns an error when `preprocess` names a column that is no feature.
    fn check_preprocessed(&self, columns: &[OutputColumn], resolved: &Resolved) -> Result<()> {
        let apart = [resolved.target, resolved.divided_by, resolved.weight];
        for name in self.preprocess.spec.names() {
            let place = column_named(columns, name, "a column to preprocess")?;
            if self.exclude.iter().any(|excluded| excluded == name)
                || apart.contains(&Some(place))
                || resolved.keys.contains(&place)
            {
                return Err(
                    Error::new(INVALID_PARAMETER, format!("preprocess names column \"{name}\", which is no feature"))
                        .hint("Name columns that the model learns from: not the target, the weight, the split column nor excluded ones."),
                );
            }
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
        self.checked(task)
    }

    /// A task that the algorithm, if one is named, can learn.
    fn checked(&self, task: Task) -> Result<Task> {
        if let Some(algorithm) = self.algorithm {
            check_task(algorithm, task)?;
        }
        Ok(task)
    }

    /// Whether a column is the target.
    fn is_target(&self, name: &str) -> bool {
        self.target.as_deref() == Some(name)
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

    /// The place of the column of weights, when there is one.
    fn weight_column(&self, columns: &[OutputColumn], divided_by: Option<usize>) -> Result<Option<usize>> {
        let Some(name) = &self.weight else { return Ok(None) };
        let divides = divided_by.is_some_and(|place| columns[place].name == *name);
        let others = [(self.is_target(name), "the target"), (divides, "the split column")];
        if let Some((_, what)) = others.into_iter().find(|(is, _)| *is) {
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

    /// The places of the columns by which rows are grouped, in the order of the query.
    fn key_columns(&self, columns: &[OutputColumn], divided_by: Option<usize>) -> Result<Vec<usize>> {
        let mut places = Vec::with_capacity(self.group_by.len());
        for name in &self.group_by {
            let place = column_named(columns, name, "a column to group by")?;
            let others = [
                (self.is_target(name), "the target"),
                (self.weight.as_ref() == Some(name), "the weight"),
                (divided_by == Some(place), "the split column"),
                (self.exclude.contains(name), "excluded"),
                (places.contains(&place), "named twice"),
            ];
            if let Some((_, what)) = others.into_iter().find(|(is, _)| *is) {
                return Err(
                    Error::new(INVALID_PARAMETER, format!("group_by column \"{name}\" is {what}"))
                        .hint("Name columns of the query that say to which group a row belongs, each once."),
                );
            }
            if columns[place]
                .reader
                .is_some_and(|reader| reader.role() == Role::Vector)
            {
                return Err(
                    Error::new(INVALID_PARAMETER, format!("group_by column \"{name}\" holds vectors"))
                        .detail(format!("Its type is {}.", columns[place].type_name))
                        .hint("Group by texts, enums, booleans, whole numbers or dates."),
                );
            }
            places.push(place);
        }
        places.sort_unstable();
        Ok(places)
    }

    /// Reads the rows of the query. `learning` tells the bytes that learning from rows of a shape takes; `what` names it in progress reports.
    pub fn read(
        &self,
        query: &Query,
        resolved: &Resolved,
        learning: impl Fn(&Shape) -> usize,
        what: &str,
        reporter: &mut Reporter,
        statement: &Foreground,
    ) -> Result<ReadRows> {
        let read = self.read_at_most(query, resolved, learning, what, (reporter, statement, None))?;
        read.ok_or_else(|| Error::new(INTERNAL, "rows were given up that are to be held"))
    }

    /// Whether a column of the query is read.
    pub fn reads(&self, query: &Query, resolved: &Resolved, place: usize) -> bool {
        resolved.apart().any(|apart| apart == place) || !self.exclude.contains(&query.columns()[place].name)
    }

    /// The same; `None` as soon as there are more rows than `most`.
    pub fn read_at_most(
        &self,
        query: &Query,
        resolved: &Resolved,
        learning: impl Fn(&Shape) -> usize,
        what: &str,
        (reporter, statement, most): (&mut Reporter, &Foreground, Option<u64>),
    ) -> Result<Option<ReadRows>> {
        let apart: Vec<usize> = resolved.apart().collect();
        let reading = Reading::new(query, &apart, |place| self.reads(query, resolved, place))?;
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
                .saturating_add(learning(&Shape { rows, ..shape }))
        };
        reading.run(query, needed, what, reporter, statement, most)
    }

    /// How rows that were read are prepared.
    pub fn plan(&self, resolved: &Resolved) -> Plan {
        Plan {
            target: resolved.target,
            weight: resolved.weight,
            apart: (resolved.divided_by.into_iter())
                .chain(resolved.cluster.filter(|place| resolved.divided_by != Some(*place)))
                .collect(),
            cluster: resolved.cluster,
            keys: resolved.keys.clone(),
            task: resolved.task,
            seed: self.seed as u64,
            max_categories: self.preprocess.max_categories,
            spec: self.preprocess.spec.clone(),
        }
    }
}

/// Does a piece of work that learns from rows: its memory is watched, how far it is is reported, and what it frees is given back to the system.
pub fn carry_out<T>(work: impl FnOnce(&mut Reporter, &Foreground) -> Result<T>) -> Result<T> {
    let statement = Foreground::new()?;
    let mut reporter = Reporter::new();
    let result = work(&mut reporter, &statement);
    reporter.finish();
    compute::release_memory();
    result
}

/// Learns from prepared rows, beside which `held` bytes are held. `what` names the training in progress reports.
pub fn fit(
    learner: &dyn Configured,
    train: &TrainingSet,
    held: usize,
    what: &str,
    reporter: &mut Reporter,
    statement: &Foreground,
) -> Result<(Box<dyn Fitted>, Vec<Progress>)> {
    ask_for(learner, train, held)?;
    compute::run(what, reporter, statement, |monitor| {
        Ok::<_, Error>(learner.fit(train, monitor)?)
    })
}

/// Returns an error unless there is memory to learn from rows, beside which `held` bytes are held.
pub fn ask_for(learner: &dyn Configured, train: &TrainingSet, held: usize) -> Result<()> {
    let shape = train.shape(settings::threads());
    let design = learner.design_memory(&shape);
    check_design(design, held)?;
    // Learners allocate piece by piece, in ways that cannot fail.
    Ok(room::ask(learner.memory(&shape).saturating_add(design))?)
}

/// The algorithms that can learn a task.
pub fn algorithms_for(task: Task) -> Vec<&'static str> {
    (LEARNERS.iter())
        .filter(|algorithm| algorithm.tasks.contains(&task))
        .map(|algorithm| algorithm.name)
        .collect()
}

/// The algorithms that learn without a target.
fn without_target() -> Vec<&'static str> {
    let is_without = |algorithm: &&Algorithm| algorithm.tasks.iter().all(|task| !task.has_target());
    LEARNERS
        .iter()
        .filter(is_without)
        .map(|algorithm| algorithm.name)
        .collect()
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
