//! Packages: a version as one database gives it to another, with what its registry knows of it.

use pgrx::datum::Interval;
use serde::Deserialize;
use serde_json::json;

use super::{Incoming, foreign};
use crate::models::judging::decision;
use crate::models::new_version::{MOST_BYTES, NewVersion, Number, too_large};
use crate::models::registry::{self, Entry, Privilege, Version};
use crate::models::{deployment, grants, hash_of};
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{DAMAGED_MODEL, Error, INTERNAL, INVALID_PARAMETER, Result, UPDATE_ASSAY, WRONG_TASK, notice};
use crate::pg::foreground::Foreground;
use crate::pg::options;
use crate::pg::text::Text;
use crate::pg::{names, role, snapshot, tables};
use algo::exchange::package::{Decisions, Description, Grant, Package};
use algo::judging::decision::{Positive, Rule};
use algo::model::Model;
use algo::monitor::Monitor;
use algo::state::State;
use algo::task::Task;

/// What to do about bytes that are no package.
const EXPORT_AGAIN: &str = "Export the model again with assay.export_model, and send it as bytes.";

/// What is known of a version. $1: the model, $2: the version's number. Roles that are gone are left out.
const DESCRIBE: &str = "SELECT pg_catalog.jsonb_build_object(
    'model', m.name, 'version', v.version, 'task', v.task, 'algorithm', v.algorithm, 'params', v.params, 'query', v.query,
    'target', v.target, 'rows', v.rows, 'features', v.features, 'metrics', v.metrics,
    'seconds', pg_catalog.date_part('epoch', v.duration), 'cpu_seconds', v.cpu_seconds, 'hash', v.hash, 'trained_by', v.trained_by,
    'trained_at', pg_catalog.to_char(pg_catalog.timezone('UTC', v.trained_at), 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),
    'statistics', v.statistics, 'deployed', COALESCE(m.deployed_version OPERATOR(pg_catalog.=) v.version, false),
    'aliases', COALESCE((SELECT pg_catalog.jsonb_agg(a.alias ORDER BY a.alias) FROM assay.model_alias AS a
        WHERE a.model_id OPERATOR(pg_catalog.=) m.id AND a.version OPERATOR(pg_catalog.=) v.version), '[]'),
    'decisions', (SELECT pg_catalog.jsonb_build_object('threshold', t.threshold, 'review_from', t.review_from,
            'review_to', t.review_to, 'positive', t.positive) FROM assay.model_threshold AS t
        WHERE t.model_id OPERATOR(pg_catalog.=) m.id AND t.version OPERATOR(pg_catalog.=) v.version),
    'grants', COALESCE((SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('role', r.rolname, 'privilege', p.privilege)
                ORDER BY r.rolname COLLATE \"C\" NULLS FIRST, p.privilege)
        FROM assay.model_privilege AS p
        LEFT JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) p.role::pg_catalog.oid
        WHERE p.model_id OPERATOR(pg_catalog.=) m.id
            AND (r.oid IS NOT NULL OR p.role::pg_catalog.oid OPERATOR(pg_catalog.=) 0::pg_catalog.oid)), '[]'))::pg_catalog.text
FROM assay.model AS m
JOIN assay.model_version AS v ON v.model_id OPERATOR(pg_catalog.=) m.id
WHERE m.id OPERATOR(pg_catalog.=) $1 AND v.version OPERATOR(pg_catalog.=) $2";

/// How a package is imported; the option's name in SQL is the field's.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// The version's number; the next one without it.
    version: Option<i32>,
    /// As of other formats.
    deploy: Option<String>,
    /// Whether its aliases are set; where the model is new without it.
    aliases: Option<bool>,
    /// Whether its grants are made; where the model is new without it.
    grants: Option<bool>,
}

/// The package of a version, for a caller who may manage the model. Returns ML010 for a model that reads texts, and an error for one that cannot be read.
pub fn export(version: &Version, statement: &Foreground) -> Result<Vec<u8>> {
    registry::require(&version.model, Privilege::Manage)?;
    let description = describe(version, statement)?;
    if Task::named(&description.task).is_none() {
        return Err(Error::new(
            WRONG_TASK,
            format!("model \"{}\" cannot be packed", version.reference()),
        )
        .detail(format!(
            "Its task is {}, and packages are of models that read rows.",
            description.task
        ))
        .hint("Embedders are loaded again with assay.load_embedder, and prompts made with assay.create_prompt."));
    }
    // The model, the package, and the value that PostgreSQL is given.
    statement.allow(version.length()?.saturating_mul(3))?;
    let model = version.bytes(statement)?;
    if hash_of(&model, statement)? != description.hash {
        return Err(other_hash(format!(
            "model \"{}\" cannot be packed",
            version.reference()
        )));
    }
    let package = Package {
        description,
        model,
        curves: version
            .curves()?
            .map(|curves| State::from(curves).to_bytes())
            .transpose()?,
    };
    let bytes = package.to_bytes(statement)?;
    if bytes.len() > MOST_BYTES {
        return Err(too_large(&version.model.name, bytes.len(), "Train a smaller one."));
    }
    Ok(bytes)
}

fn describe(version: &Version, statement: &Foreground) -> Result<Description> {
    // Returns ML002 where there is no such version.
    version.hash()?;
    let text: Option<Text> =
        tables::as_owner(|| tables::read(DESCRIBE, &[version.model.id.into(), version.version.into()]))?;
    let text: String = text.map(String::from).unwrap_or_default();
    statement.check()?;
    serde_json::from_str(&text).map_err(|problem| {
        Error::new(
            INTERNAL,
            format!("what is stored of model \"{}\" cannot be read", version.reference()),
        )
        .detail(format!("The problem is: {problem}."))
    })
}

/// A package that was read and found sound: what is in it can be stored, and scored.
pub struct Sound {
    pub description: Description,
    pub hash: String,
    model: Vec<u8>,
    curves: Option<Vec<u8>>,
    task: Task,
    features: usize,
    grants: Vec<(Option<String>, Privilege)>,
    rule: Option<Rule>,
}

/// Reads a package from anywhere, all of it. Nothing is stored. Returns ML009 for one that is damaged or was made by a newer assay.
pub fn read(name: &str, bytes: &[u8], reporter: &mut Reporter, statement: &Foreground) -> Result<Sound> {
    // What is in it, the model that is made of it, and the value that is stored.
    statement.allow(Package::memory(bytes).saturating_add(bytes.len().saturating_mul(2)))?;
    let reading = format!("reading the package of {name}");
    let (package, hash, task, features) = compute::run(&reading, reporter, statement, |monitor| {
        open(bytes, monitor).map_err(|error| unreadable(name, error))
    })?;
    let Package {
        description,
        model,
        curves,
    } = package;
    if hash != description.hash {
        return Err(other_hash(format!(
            "the package of model \"{name}\" cannot be imported"
        )));
    }
    names::check("algorithm", &description.algorithm)?;
    (description.aliases.iter()).try_for_each(|alias| deployment::check_alias(alias))?;
    Ok(Sound {
        grants: granted(&description.grants)?,
        rule: description.decisions.as_ref().map(rule_of).transpose()?,
        description,
        hash,
        model,
        curves,
        task,
        features,
    })
}

/// A package with the hash of its model, and what that answers from how many features.
fn open(bytes: &[u8], monitor: &dyn Monitor) -> algo::error::Result<(Package, String, Task, usize)> {
    let package = Package::from_bytes(bytes, monitor)?;
    let model = Model::from_bytes(&package.model, monitor)?;
    if let Some(curves) = &package.curves {
        require_curves(curves, monitor)?;
    }
    let hash = hash_of(&package.model, monitor)?;
    let (task, features) = (model.answer.task(), model.width());
    Ok((package, hash, task, features))
}

fn require_curves(bytes: &[u8], monitor: &dyn Monitor) -> algo::error::Result<()> {
    match State::from_bytes(bytes, monitor)? {
        State::Curves(_) => Ok(()),
        other => Err(algo::error::Error::damaged(
            "the package",
            format!("its curves are a state of {}", other.kind()),
        )),
    }
}

fn granted(grants: &[Grant]) -> Result<Vec<(Option<String>, Privilege)>> {
    (grants.iter())
        .map(|grant| Ok((grant.role.clone(), Privilege::granted(&grant.privilege)?)))
        .collect()
}

fn rule_of(set: &Decisions) -> Result<Rule> {
    let positive = match &set.positive {
        None => Positive::default(),
        Some(name) => decision::positive_named(Some(name))?,
    };
    Ok(Rule::new(set.threshold, set.review_from, set.review_to, positive)?)
}

/// The error of bytes that are not a package as this assay reads them.
fn unreadable(name: &str, error: algo::error::Error) -> Error {
    let hint = match error {
        algo::error::Error::Damaged { .. } => EXPORT_AGAIN,
        algo::error::Error::Newer { .. } => UPDATE_ASSAY,
        error => return error.into(),
    };
    Error::new(
        DAMAGED_MODEL,
        format!("the package of model \"{name}\" cannot be imported"),
    )
    .detail(format!("{error}."))
    .hint(hint)
}

fn other_hash(message: String) -> Error {
    Error::new(DAMAGED_MODEL, message)
        .detail("The model does not have the hash that goes with it.")
        .hint(EXPORT_AGAIN)
}

/// `import_model(name, bytes, 'assay', options)`: the version enters the registry of this database as the caller's. Gives its number.
pub fn import(incoming: &Incoming<'_>, reporter: &mut Reporter, statement: &Foreground) -> Result<i32> {
    let name = incoming.name;
    let options: Options = options::parse("options", incoming.options.clone())?;
    if options.version.is_some_and(|version| version < 1) {
        return Err(Error::new(INVALID_PARAMETER, "options: version is out of range")
            .detail("Versions are numbered from 1.")
            .hint("Leave \"version\" out for the next number."));
    }
    let deploy = foreign::deploy_named(options.deploy.as_deref())?;
    let sound = read(name, incoming.bytes, reporter, statement)?;
    let number = options.version.map_or(Number::Next, Number::Above);
    let is_new = registry::find(name)?.is_none();
    let (aliases, grants, rule) = (sound.description.aliases.clone(), sound.grants.clone(), sound.rule);
    let version = sound.store(name, number)?;
    snapshot::with_latest(|| {
        let entry = registry::open(name, Privilege::Manage)?;
        if let Some(rule) = rule {
            decision::set(&format!("{name}@{version}"), rule)?;
        }
        if options.aliases.unwrap_or(is_new) {
            (aliases.iter()).try_for_each(|alias| deployment::write_alias(&entry, alias, version))?;
        }
        if options.grants.unwrap_or(is_new) {
            grant(&entry, &grants)?;
        }
        foreign::deployed(name, version, deploy)?;
        Ok(version)
    })
}

impl Sound {
    /// Adds the version to the registry, with where it comes from among its parameters; gives its number.
    pub fn store(self, name: &str, number: Number) -> Result<i32> {
        let from = self.description;
        let mut params = from.params;
        params["imported"] = json!({
            "model": format!("{}@{}", from.model, from.version),
            "trained_by": from.trained_by,
            "trained_at": from.trained_at,
        });
        NewVersion {
            model: name,
            task: self.task.name(),
            algorithm: &from.algorithm,
            params,
            query: &from.query,
            target: from.target.as_deref(),
            rows: from.rows,
            features: self.features as i32,
            metrics: from.metrics,
            duration: Interval::from_seconds(from.seconds),
            hash: &self.hash,
            statistics: from.statistics,
            bytes: self.model,
            curves: self.curves,
            cpu_seconds: from.cpu_seconds.unwrap_or(0.0),
        }
        .add_as(number)
    }

    /// Who may do what with it where it comes from, by name; everyone is `None`.
    pub fn grants(&self) -> &[(Option<String>, Privilege)] {
        &self.grants
    }

    /// The thresholds that were set for it.
    pub fn rule(&self) -> Option<Rule> {
        self.rule
    }
}

/// Grants what was granted where the package comes from, as far as the caller may, and as far as there are such roles. What is not granted is told.
pub fn grant(entry: &Entry, grants: &[(Option<String>, Privilege)]) -> Result<()> {
    if grants.is_empty() {
        return Ok(());
    }
    if !registry::may(entry, Privilege::Own)? {
        notice(
            format!("what was granted on model \"{}\" is not granted here", entry.name),
            Some("Only its owner may grant.".into()),
        );
        return Ok(());
    }
    for (name, privilege) in grants {
        let role = match name {
            None => Some(role::PUBLIC),
            Some(name) => role::existing(name),
        };
        match (role, name) {
            (Some(role), _) => grants::write(entry, role, *privilege)?,
            (None, None) => {}
            (None, Some(name)) => notice(
                format!(
                    "role \"{name}\" does not exist: {privilege} on model \"{}\" is not granted to it",
                    entry.name
                ),
                Some(format!(
                    "When there is such a role: SELECT assay.grant_model('{}', '{name}', '{privilege}').",
                    entry.name
                )),
            ),
        }
    }
    Ok(())
}
