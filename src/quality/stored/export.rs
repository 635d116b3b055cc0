//! `export_checks(relation, tags, format)`: stored checks as one document, to be kept beside the code and imported again.

use std::collections::BTreeMap;
use std::fmt::Write;

use pgrx::pg_extern;
use pgrx::pg_sys::Oid;
use serde_json::{Value as Json, json};

use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Error, INVALID_PARAMETER, notice, or_raise};
use crate::pg::options::{required, texts};
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::pg::relation;
use crate::pg::text::Text;
use crate::quality::spec::entry::Entry;
use algo::document;

/// What the form of documents is called in them.
pub const VERSION: u64 = 1;

/// Checks by the names of their relations.
type Checks = BTreeMap<String, Vec<Entry>>;

/// The checks that the caller may know of, as `assay.checks` shows them.
const CHECKS: &str =
    "SELECT c.check_id, c.relation::pg_catalog.oid::pg_catalog.int8, pg_catalog.to_jsonb(c)::pg_catalog.text
FROM assay.checks AS c ORDER BY c.check_id";

/// `export_checks(relation, tags, format)`.
#[pg_extern(sql = false)]
fn export_checks(relation: Option<Oid>, tags: Option<Vec<Option<Text>>>, format: Option<Text>) -> Text {
    or_raise((|| {
        let tags = texts("tags", tags)?;
        let write: fn(&Checks) -> String = match &*required("format", format)? {
            "yaml" => yaml,
            "json" => json,
            other => {
                return Err(Error::new(INVALID_PARAMETER, format!("unknown format \"{other}\""))
                    .hint("The formats are: yaml, json."));
            }
        };
        let mut checks = Checks::new();
        Query::new(CHECKS)?.run(&mut |row| {
            let (Value::Number(id), Value::Number(oid), Value::Text(row)) = (row.value(0), row.value(1), row.value(2))
            else {
                return Ok(());
            };
            let oid = Oid::from(oid as u32);
            if relation.is_some_and(|relation| relation != oid) {
                return Ok(());
            }
            let row: Json = serde_json::from_str(&row).map_err(|problem| {
                Error::new(INVALID_PARAMETER, problem.to_string()).at(format!("stored check {id}"))
            })?;
            let has_tag = |tags: &[String]| {
                let mut own = row["tags"].as_array().into_iter().flatten();
                own.any(|tag| tags.iter().any(|wanted| Some(wanted.as_str()) == tag.as_str()))
            };
            if !tags.as_deref().is_none_or(has_tag) {
                return Ok(());
            }
            match relation::name_of(oid) {
                Some(name) => checks.entry(name).or_default().push(Entry::of_row(&row)?),
                None => notice(format!("check {id} is left out: its relation is gone"), None),
            }
            Ok(())
        })?;
        Ok(Text::from(write(&checks)))
    })())
}

/// One check on each line, so that a change of one shows as one.
fn json(checks: &Checks) -> String {
    let relations = checks.iter().map(|(relation, entries)| {
        let entries = entries.iter().map(|entry| {
            serve_interrupts();
            let fields = entry
                .fields()
                .into_iter()
                .map(|(key, value)| format!("\"{key}\": {value}"));
            format!("      {{{}}}", fields.collect::<Vec<_>>().join(", "))
        });
        let entries: Vec<String> = entries.collect();
        format!("    {}: [\n{}\n    ]", json!(relation), entries.join(",\n"))
    });
    let relations: Vec<String> = relations.collect();
    match relations.is_empty() {
        true => format!("{{\"version\": {VERSION}, \"checks\": {{}}}}\n"),
        false => format!(
            "{{\n  \"version\": {VERSION},\n  \"checks\": {{\n{}\n  }}\n}}\n",
            relations.join(",\n")
        ),
    }
}

fn yaml(checks: &Checks) -> String {
    let mut text = format!("version: {VERSION}\nchecks:");
    text += if checks.is_empty() { " {}\n" } else { "\n" };
    for (relation, entries) in checks {
        // Writing to a text does not fail.
        let _written = writeln!(text, "  {}:", document::quoted(relation));
        for entry in entries {
            serve_interrupts();
            for (place, (key, value)) in entry.fields().into_iter().enumerate() {
                let mark = if place == 0 { "-" } else { " " };
                let _written = match &value {
                    Json::Object(args) => {
                        let args = args.iter().map(|(key, value)| {
                            format!("\n        {}: {}", document::quoted(key), document::flow(value))
                        });
                        writeln!(text, "    {mark} {key}:{}", args.collect::<String>())
                    }
                    value => writeln!(text, "    {mark} {key}: {}", document::flow(value)),
                };
            }
        }
    }
    text
}
