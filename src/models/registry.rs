//! The model registry: names to versions, and who may do what. Reading works under the statement's snapshot; see [`crate::pg::catalog`].

use std::fmt;

use pgrx::pg_sys::Oid;

use super::publishing;
use crate::pg::catalog::{self, Key};
use crate::pg::catalog_row::CatalogRow;
use crate::pg::error::{
    DAMAGED_MODEL, DAMAGED_STATE, Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, Result, UNDEFINED_MODEL,
    UNDEFINED_VERSION, UPDATE_ASSAY, WRONG_TASK,
};
use crate::pg::foreground::Foreground;
use crate::pg::role;
use crate::pg::tables;
use algo::judging::curves::Curves;
use algo::judging::decision::Positive;
use algo::judging::decision::Rule;
use algo::monitor::Monitor;
use algo::state::State;

/// What a role may do with a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Privilege {
    /// Score and evaluate.
    Predict,
    /// Also train versions, deploy, roll back, and read the training statistics.
    Manage,
    /// Everything.
    Own,
}

impl Privilege {
    /// A privilege that can be granted.
    pub fn granted(name: &str) -> Result<Privilege> {
        match name {
            "predict" => Ok(Privilege::Predict),
            "manage" => Ok(Privilege::Manage),
            _ => Err(Error::new(INVALID_PARAMETER, format!("unknown privilege \"{name}\""))
                .hint("The privileges are predict and manage.")),
        }
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Privilege::Predict => "predict",
            Privilege::Manage => "manage",
            Privilege::Own => "own",
        })
    }
}

/// A row of `assay.model`.
#[derive(Debug, Clone)]
pub struct Entry {
    pub id: i64,
    pub name: String,
    pub owner: Oid,
    pub deployed: Option<i32>,
    pub deployment: Option<i64>,
}

/// What a version reference names: `risk`, `risk@3`, `risk@champion`.
enum Selector<'a> {
    Deployed,
    Number(i32),
    Alias(&'a str),
}

/// A version of a model, resolved.
#[derive(Debug, Clone)]
pub struct Version {
    pub model: Entry,
    pub version: i32,
}

/// What is stored of a version.
pub struct Stored {
    /// The name of its task.
    pub task: String,
    pub target: Option<String>,
    pub metrics: serde_json::Value,
    pub statistics: serde_json::Value,
}

/// Looks a model up by name, whoever asks.
pub fn find(name: &str) -> Result<Option<Entry>> {
    catalog::find(c"model", c"model_name_key", &[Key::Text(2, name)], entry)
}

/// Looks a model up by its key, whoever asks.
pub fn by_id(id: i64) -> Result<Option<Entry>> {
    catalog::find(c"model", c"model_pkey", &[Key::BigInt(1, id)], entry)
}

fn entry(row: &CatalogRow) -> Result<Option<Entry>> {
    Ok(Some(Entry {
        id: row.require(1)?,
        name: row.require(2)?,
        owner: row.require(3)?,
        deployed: row.get(5)?,
        deployment: row.get(6)?,
    }))
}

/// Looks a model up for a caller who needs `privilege` on it. Returns `ML001` or 42501.
pub fn open(name: &str, privilege: Privilege) -> Result<Entry> {
    let entry = find(name)?.ok_or_else(|| {
        Error::new(UNDEFINED_MODEL, format!("model \"{name}\" does not exist"))
            .hint("SELECT model FROM assay.models shows the models you may use.")
    })?;
    require(&entry, privilege)?;
    Ok(entry)
}

/// Returns 42501 unless the caller has `privilege` on the model.
pub fn require(entry: &Entry, privilege: Privilege) -> Result<()> {
    if may(entry, privilege)? {
        return Ok(());
    }
    let owner = role::name_of(entry.owner);
    let error = Error::new(
        INSUFFICIENT_PRIVILEGE,
        format!("permission denied for model \"{}\"", entry.name),
    )
    .detail(format!(
        "Role \"{}\" lacks the privilege {privilege}.",
        role::name_of(role::current())
    ));
    Err(match privilege {
        Privilege::Own => error.hint(format!("Only the owner \"{owner}\" may do this.")),
        _ => error.hint(format!(
            "Ask the owner \"{owner}\" for assay.grant_model(model, role, '{privilege}')."
        )),
    })
}

/// Whether the caller has `privilege` on the model.
pub fn may(entry: &Entry, privilege: Privilege) -> Result<bool> {
    if role::acts_for(entry.owner) {
        return Ok(true);
    }
    if privilege == Privilege::Own {
        return Ok(false);
    }
    let granted = catalog::find(
        c"model_privilege",
        c"model_privilege_pkey",
        &[Key::BigInt(1, entry.id)],
        |row| {
            let role: Oid = row.require(2)?;
            let held = Privilege::granted(&row.require::<String>(3)?)?;
            // Role 0 is PUBLIC.
            let mine = role == Oid::INVALID || role::acts_for(role);
            Ok((mine && held >= privilege).then_some(()))
        },
    )?;
    Ok(granted.is_some())
}

fn split(reference: &str) -> (&str, Selector<'_>) {
    match reference.split_once('@') {
        None => (reference, Selector::Deployed),
        Some((name, selector)) => match selector.parse() {
            Ok(number) => (name, Selector::Number(number)),
            Err(_) => (name, Selector::Alias(selector)),
        },
    }
}

/// The model's name in a reference to a version.
pub fn name_in(reference: &str) -> &str {
    split(reference).0
}

/// Resolves `risk`, `risk@3` or `risk@alias` for a caller who needs `privilege`. Returns `ML001`, `ML002` or 42501.
pub fn resolve(reference: &str, privilege: Privilege) -> Result<Version> {
    let (name, selector) = split(reference);
    let model = open(name, privilege)?;
    let version = match selector {
        Selector::Deployed => match model.deployed {
            Some(version) => version,
            None => return Err(nothing_deployed(&model)),
        },
        Selector::Number(number) => number,
        Selector::Alias(alias) => catalog::find(
            c"model_alias",
            c"model_alias_pkey",
            &[Key::BigInt(1, model.id), Key::Text(2, alias)],
            |row| row.require(3).map(Some),
        )?
        .ok_or_else(|| {
            Error::new(UNDEFINED_VERSION, format!("model \"{name}\" has no alias \"{alias}\""))
                .hint(format!("Set it with assay.set_alias('{name}', '{alias}', version)."))
        })?,
    };
    Ok(Version { model, version })
}

/// The error of a bare name that stands for no version.
#[cold]
fn nothing_deployed(model: &Entry) -> Error {
    let name = &model.name;
    let error = Error::new(UNDEFINED_VERSION, format!("model \"{name}\" has no deployed version"));
    match publishing::is_copy(model) {
        Ok(true) => error
            .detail("It is a worker's copy, which is asked for versions by their numbers.")
            .hint("On the coordinator the name has to be a constant, and the session has to have loaded assay before its first query: session_preload_libraries = 'assay'."),
        Ok(false) => error.detail(versions_there_are(model)).hint(format!(
            "Deploy one with assay.deploy('{name}', version), or name one: '{name}@1'."
        )),
        Err(error) => error,
    }
}

/// The versions of a model, ascending.
pub fn versions(model: &Entry) -> Result<Vec<i32>> {
    let mut versions = Vec::new();
    catalog::find::<()>(
        c"model_version",
        c"model_version_pkey",
        &[Key::BigInt(1, model.id)],
        |row| {
            versions.push(row.require(2)?);
            Ok(None)
        },
    )?;
    Ok(versions)
}

fn versions_there_are(model: &Entry) -> String {
    match versions(model).as_deref() {
        Ok([]) | Err(_) => "It has no version.".to_string(),
        Ok(versions) => {
            let list: Vec<String> = versions.iter().rev().take(10).map(i32::to_string).collect();
            format!("Its newest versions are {}.", list.join(", "))
        }
    }
}

impl Version {
    /// How users write it.
    pub fn reference(&self) -> String {
        format!("{}@{}", self.model.name, self.version)
    }

    /// Reads the version's row. Returns `ML002` when there is none.
    fn read<T>(&self, mut visit: impl FnMut(&CatalogRow) -> Result<T>) -> Result<T> {
        let keys = [Key::BigInt(1, self.model.id), Key::Int(2, self.version)];
        catalog::find(c"model_version", c"model_version_pkey", &keys, |row| {
            visit(row).map(Some)
        })?
        .ok_or_else(|| {
            Error::new(
                UNDEFINED_VERSION,
                format!("model \"{}\" has no version {}", self.model.name, self.version),
            )
            .detail(versions_there_are(&self.model))
            .hint("SELECT * FROM assay.model_versions shows the versions.")
        })
    }

    /// The query that gave its training rows.
    pub fn query(&self) -> Result<String> {
        self.read(|row| row.require(6))
    }

    /// The hash of its bytes.
    pub fn hash(&self) -> Result<String> {
        self.read(|row| row.require(12))
    }

    /// Its bytes. Returns an error when stopped, too.
    pub fn bytes(&self, monitor: &dyn Monitor) -> Result<Vec<u8>> {
        self.read(|row| row.bytes(16, monitor))
    }

    /// How many bytes it has.
    pub fn length(&self) -> Result<usize> {
        self.read(|row| row.byte_length(16))
    }

    /// Hands its bytes over piece by piece, in order. Returns an error when stopped, too.
    pub fn pieces(&self, monitor: &dyn Monitor, take: &mut dyn FnMut(&[u8])) -> Result<()> {
        self.read(|row| row.byte_pieces(16, monitor, take))
    }

    /// The name of its task.
    pub fn task(&self) -> Result<String> {
        self.read(|row| row.require(3))
    }

    /// The name of what it was made by.
    pub fn algorithm(&self) -> Result<String> {
        self.read(|row| row.require(4))
    }

    /// The column that it predicts. Returns ML010 for a model that predicts none. `wanted` says what needs one.
    pub fn target(&self, wanted: &str) -> Result<String> {
        self.stored()?.target.ok_or_else(|| {
            Error::new(
                WRONG_TASK,
                format!(
                    "{wanted} needs a model with a target, but model \"{}\" has none",
                    self.reference()
                ),
            )
            .detail("It was trained without a column to predict, so there is nothing to compare its answers with.")
            .hint("assay.evaluate tells how well it describes the rows of a query.")
        })
    }

    /// Everything but its bytes.
    pub fn stored(&self) -> Result<Stored> {
        self.read(|row| {
            Ok(Stored {
                task: row.require(3)?,
                target: row.get(7)?,
                metrics: row.json(10, "the stored metrics")?,
                statistics: row.json(15, "the training statistics")?,
            })
        })
    }

    /// How it scored the rows that it was judged on; `None` for versions of which that was not kept.
    pub fn curves(&self) -> Result<Option<Curves>> {
        // Until ALTER EXTENSION UPDATE has run none are kept.
        if !tables::has_column(c"model_version", c"curves") {
            return Ok(None);
        }
        let Some(bytes) = self.read(|row| row.get::<Vec<u8>>(17))? else {
            return Ok(None);
        };
        match State::from_bytes(&bytes, &Foreground::new()?) {
            Ok(State::Curves(curves)) => Ok(Some(curves)),
            Ok(other) => Err(unreadable_curves(
                self,
                format!("It holds a state of {}.", other.kind()),
            )),
            Err(error @ (algo::error::Error::Damaged { .. } | algo::error::Error::Newer { .. })) => {
                Err(unreadable_curves(self, format!("{error}.")))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The probability from which on a row is given the positive label.
    pub fn threshold(&self) -> Result<f64> {
        Ok(self.rule()?.threshold)
    }

    /// From which probabilities on which decision is made of a row.
    pub fn rule(&self) -> Result<Rule> {
        // Until ALTER EXTENSION UPDATE has run there are no bands.
        let has_bands = tables::has_column(c"model_threshold", c"review_from");
        let keys = [Key::BigInt(1, self.model.id), Key::Int(2, self.version)];
        let set = catalog::find(c"model_threshold", c"model_threshold_pkey", &keys, |row| {
            let rule = Rule::at(row.require(3)?);
            if !has_bands {
                return Ok(Some(rule));
            }
            Ok(Some(Rule {
                review_from: row.get(4)?.unwrap_or(rule.threshold),
                review_to: row.get(5)?.unwrap_or(rule.threshold),
                positive: row
                    .get::<String>(6)?
                    .and_then(|name| Positive::named(&name))
                    .unwrap_or_default(),
                ..rule
            }))
        })?;
        Ok(set.unwrap_or(Rule::at(0.5)))
    }
}

fn unreadable_curves(version: &Version, problem: String) -> Error {
    Error::new(
        DAMAGED_STATE,
        format!("the curves of model \"{}\" cannot be read", version.reference()),
    )
    .detail(problem)
    .hint("Restore them from a backup, or train the model again.")
}

/// The error of a model that cannot be read from its bytes.
pub fn unreadable(version: &Version, error: algo::error::Error) -> Error {
    let hint = match error {
        algo::error::Error::Damaged { .. } => "Restore it from a backup, or train it again.",
        algo::error::Error::Newer { .. } => UPDATE_ASSAY,
        error => return error.into(),
    };
    Error::new(
        DAMAGED_MODEL,
        format!("model \"{}\" cannot be loaded", version.reference()),
    )
    .detail(format!("{error}."))
    .hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_name_a_version_an_alias_or_what_is_deployed() {
        assert!(matches!(split("risk"), ("risk", Selector::Deployed)));
        assert!(matches!(split("risk@12"), ("risk", Selector::Number(12))));
        assert!(matches!(split("risk@champion"), ("risk", Selector::Alias("champion"))));
    }
}
