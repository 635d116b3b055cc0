//! A trained version enters the registry, and is deployed if it should be.

use pgrx::datum::Interval;
use serde_json::Value as Json;

use super::comparing::CONFIDENCE;
use super::comparing::champion::Judged;
use super::comparing::promotion::{self, Decision, Promotion, Rule, Test};
use super::comparing::sources;
use super::new_version::{MOST_BYTES, NewVersion, too_large};
use super::registry::{self, Entry, Privilege};
use super::version_metrics::VersionMetrics;
use super::{deployment, hash_of};
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, UNSUITABLE_ROWS, advise, notice};
use crate::pg::foreground::Foreground;
use crate::pg::result_row::result_row;
use crate::pg::snapshot;
use algo::learner::Algorithm;
use algo::model::Model;
use algo::prepare::Statistic;
use algo::task::Task;

/// When a new version becomes the one that the bare name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deploy {
    /// When none is deployed yet, or it is not worse than the one that is, as far as there is evidence.
    Auto,
    /// When none is deployed yet, or there is evidence that it is better than the one that is.
    IfBetter,
    Always,
    Never,
}

impl Deploy {
    /// By its name in SQL. Returns 22023.
    pub fn named(name: &str) -> Result<Deploy> {
        match name {
            "auto" => Ok(Deploy::Auto),
            "if_better" => Ok(Deploy::IfBetter),
            "always" => Ok(Deploy::Always),
            "never" => Ok(Deploy::Never),
            _ => Err(Error::new(INVALID_PARAMETER, format!("deploy cannot be \"{name}\""))
                .hint("It is auto, if_better, always or never.")),
        }
    }

    /// The rule that looks at the deployed version; `None` where it does not matter.
    pub fn rule(self) -> Option<Rule> {
        match self {
            Deploy::Auto => Some(Rule::Auto),
            Deploy::IfBetter => Some(Rule::IfBetter),
            Deploy::Always | Deploy::Never => None,
        }
    }
}

result_row! {
    /// A version that was trained.
    pub struct Trained {
        model: String,
        version: i32,
        task: &'static str,
        algorithm: &'static str,
        /// Rows that it was trained on.
        rows: i64,
        features: i32,
        metrics: Json,
        duration: Interval,
    }
}

impl Trained {
    /// Its version's number.
    pub fn version(&self) -> i32 {
        self.version
    }
}

/// The error of a model that is not what can be loaded. What is wrong with one that was just trained is its numbers.
pub fn not_finite(name: &str, error: algo::error::Error) -> Error {
    let algo::error::Error::Damaged { what, problem } = error else {
        return error.into();
    };
    Error::new(
        UNSUITABLE_ROWS,
        format!("model \"{name}\" cannot be stored: it holds numbers that are not finite"),
    )
    .detail(format!("Met in: {what}, {problem}."))
    .hint("Rows whose values are too large overflow: divide the columns and the target in the query, so that squares of them fit in double precision.")
}

/// What the registry keeps of a version beside the model itself.
pub struct Store<'a> {
    /// The model's name.
    pub name: &'a str,
    pub algorithm: &'static Algorithm,
    /// Hyperparameters and options of the training.
    pub options: Json,
    pub query: &'a str,
    /// `None` for what was learned without one.
    pub target: Option<&'a str>,
    /// Rows that it was trained on.
    pub rows: usize,
    pub metrics: &'a VersionMetrics,
    /// What each raw feature was like.
    pub statistics: &'a [Statistic],
    pub deploy: Deploy,
    /// How it did beside the deployed version.
    pub judged: Judged,
}

impl Store<'_> {
    /// Adds the version, and deploys it if it should be. Returns 54000 for a model too large to be stored.
    pub fn store(self, model: Model, reporter: &mut Reporter, statement: &Foreground) -> Result<Trained> {
        let (task, width) = (model.answer.task(), model.width());
        let (bytes, hash) = compute::run(&format!("storing {}", self.name), reporter, statement, |monitor| {
            let bytes = model.to_bytes(monitor)?;
            drop(model);
            // What is stored is what can be loaded: the bytes themselves are read.
            Model::from_bytes(&bytes, monitor).map_err(|error| not_finite(self.name, error))?;
            let hash = hash_of(&bytes, monitor)?;
            Ok::<_, Error>((bytes, hash))
        })?;
        if bytes.len() > MOST_BYTES {
            return Err(too_large(
                self.name,
                bytes.len(),
                "Grow fewer or smaller trees: fewer n_estimators, a max_depth, or a larger min_samples_leaf.",
            ));
        }
        // PostgreSQL copies the value into the statement, and from there into the row.
        statement.allow(2 * bytes.len())?;
        let statistics: Vec<Json> = self.statistics.iter().map(Statistic::json).collect();
        let duration = Interval::from_seconds(reporter.elapsed().as_secs_f64());
        let metrics_json = self.metrics.json();
        let version = NewVersion {
            model: self.name,
            task: task.name(),
            algorithm: self.algorithm.name,
            params: self.options.clone(),
            query: self.query,
            target: self.target,
            rows: self.rows as i64,
            features: width as i32,
            metrics: metrics_json.clone(),
            duration,
            hash: &hash,
            statistics: Json::Array(statistics),
            bytes,
            curves: self.metrics.curves()?,
            cpu_seconds: reporter.cpu().as_secs_f64(),
        }
        .add()?;
        sources::record(self.name, version, self.query)?;
        snapshot::with_latest(|| self.deploy(version, task))?;
        Ok(Trained {
            model: self.name.to_string(),
            version,
            task: task.name(),
            algorithm: self.algorithm.name,
            rows: self.rows as i64,
            features: width as i32,
            metrics: metrics_json,
            duration,
        })
    }

    fn deploy(&self, version: i32, task: Task) -> Result<()> {
        let entry = registry::open(self.name, Privilege::Manage)?;
        let wanted = match (self.deploy.rule(), entry.deployed) {
            (None, _) => self.deploy == Deploy::Always,
            (Some(_), None) => true,
            (Some(rule), Some(champion)) => self.take_the_place_of((champion, version), task, rule, &entry)?,
        };
        if !wanted {
            return Ok(());
        }
        // Whoever says which rows test, or that none do, knows it.
        if self.options["split"] == "auto" && task.has_target() && !self.metrics.held_out() {
            advise(
                format!(
                    "version {version} of model \"{}\" is deployed without a test: its metrics are those of the {} rows that it was trained on",
                    self.name, self.rows
                ),
                Some("With fewer than 500 rows none are held out.".into()),
                Some("split => 'random' holds some out; assay.evaluate tests on rows of another query.".into()),
            );
        }
        deployment::record(&entry, version, None)
    }

    /// Decides by a rule whether the version takes the place of the deployed one, records it, and says so where it does not.
    fn take_the_place_of(
        &self,
        (champion, version): (i32, i32),
        task: Task,
        rule: Rule,
        entry: &Entry,
    ) -> Result<bool> {
        let (decision, test) = self.decide((champion, version), task, rule, entry)?;
        if !decision.deployed {
            notice(
                format!(
                    "version {version} of model \"{}\" is not deployed: {}",
                    self.name, decision.reason
                ),
                Some(format!(
                    "Version {champion} stays. SELECT assay.deploy('{}', {version}) deploys it.",
                    self.name
                )),
            );
        }
        let promotion = Promotion {
            rule,
            champion,
            challenger: version,
            test,
            confidence: CONFIDENCE,
            query: None,
            decision: &decision,
        };
        promotion::record(entry, &promotion)?;
        Ok(decision.deployed)
    }

    /// Why the version answers another question than one that was stored before, if it does.
    fn other_question(&self, task: Task, before: &registry::Stored) -> Option<String> {
        match (self.target, before.target.as_deref()) {
            (Some(own), Some(other)) if own != other => {
                Some(format!("it predicts \"{own}\", the deployed version \"{other}\""))
            }
            (Some(own), None) => Some(format!("it predicts \"{own}\", the deployed version no column")),
            (None, Some(other)) => Some(format!("it predicts no column, the deployed version \"{other}\"")),
            (None, None) if task.name() != before.task => Some(format!(
                "it is {}, the deployed version does {}",
                task.noun(),
                before.task
            )),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }

    fn decide(
        &self,
        (champion, version): (i32, i32),
        task: Task,
        rule: Rule,
        entry: &Entry,
    ) -> Result<(Decision, Option<&Test>)> {
        let kept = |reason: String| Decision {
            deployed: false,
            reason,
        };
        let before = registry::Version {
            model: entry.clone(),
            version: champion,
        }
        .stored()?;
        if let Some(reason) = self.other_question(task, &before) {
            return Ok((kept(reason), None));
        }
        let (why, measures) = match &self.judged {
            Judged::Tested { version: tested, test } if *tested == champion => {
                return Ok((rule.decide(test, champion), Some(test)));
            }
            Judged::Tested { .. } => (Some(format!("version {champion} was deployed meanwhile")), &[][..]),
            Judged::Unlike { why, measures } => (Some(why.clone()), &measures[..]),
            Judged::No => (None, &[][..]),
        };
        if rule == Rule::IfBetter {
            let why = why.unwrap_or_else(|| "it held no rows out that both could score".into());
            return Ok((kept(format!("it was not compared on the same rows: {why}")), None));
        }
        if let Some(why) = why {
            notice(
                format!(
                    "version {version} of model \"{}\" and the deployed version {champion} are not compared on the same rows: {why}",
                    self.name
                ),
                Some(format!(
                    "What each reached on rows of its own decides. assay.promote('{}', version, query) compares them on the rows of a query.",
                    self.name
                )),
            );
        }
        let decision = match self.metrics.not_worse_than(&before.metrics, measures) {
            Ok(reason) => Decision { deployed: true, reason },
            Err(reason) => kept(reason),
        };
        Ok((decision, None))
    }
}
