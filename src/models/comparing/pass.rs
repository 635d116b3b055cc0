//! Two models score the rows of a query, in one pass.

use std::rc::Rc;

use super::options::Options;
use crate::models::cache;
use crate::models::judging::pass::ReadTarget;
use crate::models::judging::pass::input_places;
use crate::models::predict::column_named;
use crate::models::registry::Version;
use crate::models::scorer::Scorer;
use crate::models::split::check_group;
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, Result, WRONG_TASK};
use crate::pg::foreground::Foreground;
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::pg::types;
use algo::comparing::{self, ALONE, Difference, Plan, Side};
use algo::hash;
use algo::metrics::evaluation::{Actual, Scored};
use algo::monitor::Monitor;
use algo::row_sample::Compared;
use algo::task::Answer;

/// Rows between two looks at the monitor.
const LOOK: usize = 16;
/// Bytes that comparing takes for a row, beside its scores.
const ROW: usize = 128;

/// A model that scores the rows.
struct Scoring {
    reference: String,
    scorer: Rc<Scorer>,
    threshold: f64,
    /// The places of its inputs in the query.
    inputs: Vec<usize>,
    scored: Scored,
    compared: Compared,
    encoded: Vec<f64>,
    scores: Vec<f64>,
}

/// What two models said of the same rows.
pub struct Pass {
    sides: [Scoring; 2],
    /// The metrics by which they are to be compared.
    names: Vec<&'static str>,
    /// The cluster of each row; empty without clusters.
    clusters: Vec<u64>,
    clustered: bool,
    statement: Foreground,
}

impl Scoring {
    fn new(reference: &str, version: &Version, query: &Query) -> Result<Scoring> {
        let scorer = cache::scorer(version)?;
        Ok(Scoring {
            reference: reference.to_string(),
            threshold: version.threshold()?,
            inputs: input_places(&scorer, query.columns(), reference)?,
            scored: Scored::new(&scorer.model().answer),
            compared: Compared::default(),
            encoded: scorer.empty_row(),
            scores: vec![0.0; scorer.outputs()],
            scorer,
        })
    }

    fn score<'v>(&mut self, actual: Actual, value: impl Fn(usize) -> Value<'v>) -> Result<()> {
        for (input, &place) in self.inputs.iter().enumerate() {
            self.scorer.encode(input, &value(place), &mut self.encoded)?;
        }
        if let Some(sample) = &self.scorer.model().sample {
            let target = match actual {
                Actual::Class(class) => f64::from(class),
                Actual::Number(number) => number,
            };
            sample.compare(self.scorer.raw(&self.encoded), target, &mut self.compared);
        }
        self.scorer.score(&mut self.encoded, &mut self.scores);
        Ok(self.scored.push(actual, &self.scores)?)
    }

    /// About the share of the rows that trained the model; `None` where it is small, or not known.
    fn trained_share(&self) -> Option<f64> {
        self.scorer.model().sample.as_ref()?.share(&self.compared)
    }
}

/// Returns ML010 unless two versions predict the same column, with the same classes.
fn check_comparable(references: [&str; 2], targets: &[String; 2], answers: [&Answer; 2]) -> Result<()> {
    let [a, b] = references;
    let differ = |detail: String, hint: &str| {
        Err(
            Error::new(WRONG_TASK, format!("models \"{a}\" and \"{b}\" cannot be compared"))
                .detail(detail)
                .hint(hint.to_string()),
        )
    };
    if targets[0] != targets[1] {
        return differ(
            format!(
                "\"{a}\" predicts \"{}\", \"{b}\" predicts \"{}\".",
                targets[0], targets[1]
            ),
            "Compare models that were trained for the same target.",
        );
    }
    match answers {
        [Answer::Number, Answer::Number] => Ok(()),
        [Answer::Classes(of_a), Answer::Classes(of_b)] => {
            let names = [of_a, of_b].map(|labels| labels.iter().map(ToString::to_string).collect::<Vec<String>>());
            if names[0] == names[1] {
                return Ok(());
            }
            let shown = names.map(|mut names| {
                names.truncate(20);
                names.join(", ")
            });
            differ(
                format!(
                    "The classes of \"{a}\" are {}; those of \"{b}\" are {}.",
                    shown[0], shown[1]
                ),
                "Train both on rows of the same classes.",
            )
        }
        [Answer::Forecast, Answer::Forecast] => differ(
            "They are forecasts, whose errors follow each other in time.".to_string(),
            "Use assay.evaluate for each, on the same rows.",
        ),
        [one, other] => differ(
            format!("\"{a}\" is {}, \"{b}\" {}.", one.task().noun(), other.task().noun()),
            "Compare models of one task.",
        ),
    }
}

impl Pass {
    /// Scores every row of a query that has a target by both versions. `references` are their names for people.
    pub fn run(references: [&str; 2], versions: [&Version; 2], query: &str, options: &Options) -> Result<Pass> {
        let mut targets = [String::new(), String::new()];
        for (target, version) in targets.iter_mut().zip(versions) {
            *target = version.target("comparing predictions")?;
        }
        let scorers = [cache::scorer(versions[0])?, cache::scorer(versions[1])?];
        let answers = [&scorers[0], &scorers[1]].map(|scorer| &scorer.model().answer);
        check_comparable(references, &targets, answers)?;
        let names = options.names(&Scored::new(answers[0]), scorers[0].model())?;
        let query = Query::new(query)?;
        let columns = query.columns();
        let target_place = column_named(columns, &targets[0], "the target")?;
        let read_target = ReadTarget::of(answers[0], &targets[0], &columns[target_place])?;
        let cluster = match &options.cluster_by {
            Some(name) => {
                let place = column_named(columns, name, "what rows belong together by")?;
                check_group(&columns[place], "cluster_by")?;
                Some(place)
            }
            None => None,
        };
        let mut pass = Pass {
            sides: [
                Scoring::new(references[0], versions[0], &query)?,
                Scoring::new(references[1], versions[1], &query)?,
            ],
            names,
            clusters: Vec::new(),
            clustered: cluster.is_some(),
            statement: Foreground::new()?,
        };
        query.run(&mut |row| {
            let Some(actual) = read_target.read(&row.value(target_place))? else {
                return Ok(());
            };
            for side in &mut pass.sides {
                side.score(actual, |place| row.value(place))?;
            }
            if let Some(place) = cluster {
                algo::room::push(&mut pass.clusters, cluster_of(&row.value(place)))?;
            }
            if pass.rows().is_multiple_of(LOOK) {
                pass.statement.check()?;
            }
            Ok(())
        })?;
        Ok(pass)
    }

    /// The rows that both scored.
    pub fn rows(&self) -> usize {
        self.sides[0].scored.rows()
    }

    /// The models that some of the rows trained, with about their share.
    pub fn trained(&self) -> Vec<(&str, f64)> {
        let known = |side: &'_ Scoring| side.trained_share();
        (self.sides.iter())
            .filter_map(|side| Some((side.reference.as_str(), known(side)?)))
            .collect()
    }

    /// Compares them.
    pub fn compare(&self, options: &Options) -> Result<Vec<Difference>> {
        let model = self.sides[0].scorer.model();
        self.statement.allow(self.rows().saturating_mul(ROW))?;
        let sides = [&self.sides[0], &self.sides[1]].map(|side| Side {
            scored: &side.scored,
            threshold: side.threshold,
        });
        let plan = Plan {
            metrics: &self.names,
            criterion: model.fitted.criterion(),
            confidence: options.confidence,
            seed: options.seed,
            resamples: options.resamples,
        };
        let clusters = self.clustered.then_some(&self.clusters[..]);
        let mut reporter = Reporter::new();
        let result = compute::run("comparing", &mut reporter, &self.statement, |monitor| {
            algo::room::ask(sides[0].scored.rows().saturating_mul(ROW))?;
            comparing::compare(sides, clusters, &plan, monitor)
        });
        reporter.finish();
        result
    }
}

/// The cluster of a row, by the value that says which rows belong together. A row without a value belongs with no other.
fn cluster_of(value: &Value<'_>) -> u64 {
    const SEED: u64 = 0;
    let hash = match value {
        Value::Missing | Value::Vector(_) => return ALONE,
        Value::Number(number) => hash::hash_f64(SEED, *number),
        Value::Text(text) => hash::hash_bytes(SEED, text.as_bytes()),
        Value::Enum(oid) => hash::hash_bytes(SEED, types::enum_label(*oid).0.as_bytes()),
    };
    hash.max(ALONE + 1)
}
