//! A check as it is kept: in the table of stored checks, and in a document of checks.

use std::ops::RangeInclusive;

use serde_json::{Map, Value as Json, json};

use super::Severity;
use super::declaration::{Declaration, Names, default_name};
use crate::pg::error::{Error, INVALID_PARAMETER, Result};

/// What a check says, as it was written: nothing is known of its kind yet.
#[derive(Debug, Clone)]
pub struct Entry {
    name: Option<String>,
    kind: String,
    column: Option<String>,
    args: Json,
    filter: Option<String>,
    group_by: Vec<String>,
    mostly: Option<f64>,
    pub warn_if: Option<String>,
    pub error_if: Option<String>,
    severity: Option<Severity>,
    tags: Vec<String>,
    /// How often in a row it has to pass for its issues to be closed.
    pub passes_to_close: i32,
    pub enabled: bool,
}

/// What `passes_to_close` may be.
pub const PASSES_TO_CLOSE: RangeInclusive<i32> = 1..=1000;

/// The condition on failing rows without another.
const ERROR_IF: &str = ">0";

impl Entry {
    /// The options that it has, as columns of the table and keys of a document.
    pub const KEYS: [&str; 13] = [
        "name",
        "kind",
        "column_name",
        "args",
        "where",
        "group_by",
        "mostly",
        "warn_if",
        "error_if",
        "severity",
        "tags",
        "passes_to_close",
        "enabled",
    ];

    /// Those that say nothing of what is checked.
    pub const OF_RUNS: [&str; 2] = ["passes_to_close", "enabled"];

    /// Reads a check from JSON. Returns an error with 22023 where it is no object of a check's options.
    pub fn read(mut check: Json) -> Result<Entry> {
        let [mut passes_to_close, mut enabled] = [None, None];
        if let Json::Object(options) = &mut check {
            options.retain(|_, value| !value.is_null());
            [passes_to_close, enabled] = Entry::OF_RUNS.map(|key| options.remove(key));
        }
        let mut declaration = Declaration::parse(check)?;
        let args = declaration.take_arguments()?;
        Ok(Entry {
            args,
            name: declaration.name,
            kind: declaration.kind,
            column: declaration.column_name,
            filter: declaration.filter,
            group_by: Names::list(declaration.group_by),
            mostly: declaration.mostly,
            warn_if: declaration.warn_if,
            error_if: declaration.error_if,
            severity: declaration.severity,
            tags: Names::list(declaration.tags),
            passes_to_close: match passes_to_close {
                None => *PASSES_TO_CLOSE.start(),
                Some(given) => given
                    .as_i64()
                    .and_then(|passes| i32::try_from(passes).ok())
                    .filter(|passes| PASSES_TO_CLOSE.contains(passes))
                    .ok_or_else(|| {
                        Error::new(INVALID_PARAMETER, "passes_to_close is out of range")
                            .detail(format!("It is {given}."))
                            .hint("It is how often in a row the check has to pass for its issues to be closed, 1 to 1000.")
                    })?,
            },
            enabled: match enabled {
                None => true,
                Some(Json::Bool(enabled)) => enabled,
                Some(other) => {
                    return Err(Error::new(INVALID_PARAMETER, "enabled is neither true nor false")
                        .detail(format!("It is {other}."))
                        .hint("Write \"enabled\": false for a check that is not to run."));
                }
            },
        })
    }

    /// The same as a row of the table has it, which is given as JSON.
    pub fn of_row(row: &Json) -> Result<Entry> {
        let given = Entry::KEYS.iter().map(|key| (key.to_string(), row[*key].clone()));
        Entry::read(Json::Object(given.collect::<Map<_, _>>()))
    }

    /// Its name: the kind and what it is about, without one of its own.
    pub fn name(&self) -> String {
        let default = || default_name(&self.kind, self.column.as_deref(), &self.group_by);
        self.name.clone().unwrap_or_else(default)
    }

    /// The arguments of its kind, as JSON.
    pub fn args(&self) -> String {
        self.args.to_string()
    }

    /// What it says, by the options that it has, in the order in which people read them; what goes without saying is left out.
    pub fn fields(&self) -> Vec<(&'static str, Json)> {
        let some = |list: &[String]| Some(json!(list)).filter(|_| !list.is_empty());
        let values = [
            Some(json!(self.name())),
            Some(json!(self.kind)),
            self.column.as_ref().map(|column| json!(column)),
            Some(self.args.clone()).filter(|args| args.as_object().is_some_and(|args| !args.is_empty())),
            self.filter.as_ref().map(|filter| json!(filter)),
            some(&self.group_by),
            self.mostly.filter(|&mostly| mostly != 1.0).map(|mostly| json!(mostly)),
            self.warn_if.as_ref().map(|condition| json!(condition)),
            self.error_if
                .as_ref()
                .filter(|&condition| condition != ERROR_IF)
                .map(|condition| json!(condition)),
            self.severity
                .filter(|&severity| severity != Severity::default())
                .map(|severity| json!(severity.name())),
            some(&self.tags),
            Some(self.passes_to_close)
                .filter(|passes| passes != PASSES_TO_CLOSE.start())
                .map(|passes| json!(passes)),
            Some(json!(false)).filter(|_| !self.enabled),
        ];
        let fields = Entry::KEYS.into_iter().zip(values);
        fields.filter_map(|(key, value)| Some((key, value?))).collect()
    }

    /// As a check is given to [`Declaration::parse`].
    pub fn declaration(&self) -> Json {
        let fields = self.fields().into_iter();
        Json::Object(
            fields
                .filter(|(key, _)| !Entry::OF_RUNS.contains(key))
                .map(|(key, value)| (key.to_string(), value))
                .collect(),
        )
    }

    /// The options by which it differs from another check.
    pub fn differences(&self, other: &Entry) -> Vec<&'static str> {
        let (mine, others) = (self.fields(), other.fields());
        let of = |fields: &[(&'static str, Json)], key: &str| {
            fields
                .iter()
                .find(|(name, _)| *name == key)
                .map(|(_, value)| value.clone())
        };
        let differs = |key: &&'static str| of(&mine, key) != of(&others, key);
        Entry::KEYS.into_iter().filter(differs).collect()
    }

    /// Says what goes without saying in a document, as `assay.add_check` has it by default.
    pub fn with_defaults(mut self) -> Entry {
        self.error_if.get_or_insert_with(|| ERROR_IF.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(check: Json) -> Entry {
        Entry::read(check).unwrap()
    }

    #[test]
    fn what_goes_without_saying_makes_no_difference() {
        let short = entry(json!({"kind": "accepted_range", "column": "x", "min_value": 1, "group_by": "region"}));
        let long = entry(json!({
            "name": "accepted_range_x_by_region", "kind": "accepted_range", "column_name": "x", "args": {"min_value": 1}, "where": null,
            "group_by": ["region"], "mostly": 1, "error_if": ">0", "severity": "error", "tags": [], "passes_to_close": 1, "enabled": true,
        }));
        assert_eq!(short.differences(&long), Vec::<&str>::new());
        let keys: Vec<&str> = long.fields().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["name", "kind", "column_name", "args", "group_by"]);
    }

    #[test]
    fn differences_are_named() {
        let check =
            entry(json!({"kind": "not_null", "column_name": "x", "enabled": false, "tags": "a", "passes_to_close": 3}));
        let other = entry(json!({"kind": "not_null", "column_name": "x", "mostly": 0.5}));
        assert_eq!(
            check.differences(&other),
            ["mostly", "tags", "passes_to_close", "enabled"]
        );
        assert_eq!(
            check.declaration(),
            json!({"name": "not_null_x", "kind": "not_null", "column_name": "x", "tags": ["a"]})
        );
        assert!(Entry::read(json!({"kind": "not_null", "enabled": "no"})).is_err());
        for passes in [json!(0), json!(1001), json!(1.5), json!("2"), json!(true)] {
            assert!(Entry::read(json!({"kind": "not_null", "passes_to_close": passes})).is_err());
        }
        assert!(Entry::read(json!([])).is_err());
    }
}
