//! What became of the rows of a query, and what is in each part of what was built: with hashes, so that a file that was exported can be told to be whole.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use crate::models::hex;
use crate::pg::error::{Error, INTERNAL, Result};
use algo::monitor::Monitor;
use algo_text::dataset::{Built, Counts, Format, Options, Part, Row};

/// Labels that are counted by name; the others together.
const LABELS: usize = 50;

/// A manifest.
pub struct Manifest {
    pub json: Json,
    /// The hash of all lines.
    pub hash: String,
    rows: BTreeMap<Part, i64>,
    /// Rows that are in no part.
    pub dropped: i64,
}

impl Manifest {
    /// How many rows a part has.
    pub fn rows(&self, part: Part) -> i64 {
        self.rows.get(&part).copied().unwrap_or(0)
    }

    /// The manifest of what was built.
    pub fn new(built: &Built, options: &Options, monitor: &dyn Monitor) -> Result<Manifest> {
        let mut all = Sha256::new();
        let (mut parts, mut sizes) = (Map::new(), BTreeMap::new());
        for part in Part::ALL {
            let rows = || built.rows.iter().filter(move |row| row.part == part);
            let count = rows().count();
            sizes.insert(part, count as i64);
            if count == 0 {
                continue;
            }
            let mut digest = Sha256::new();
            for row in rows() {
                monitor.check()?;
                let line = Format::OpenAi
                    .line(&row.conversation)
                    .map_err(|problem| Error::new(INTERNAL, format!("a conversation cannot be written: {problem}")))?;
                for hash in [&mut digest, &mut all] {
                    hash.update(line.as_bytes());
                    hash.update(b"\n");
                }
            }
            let about = json!({
                "rows": count,
                "groups": built.counts.groups.get(&part).copied().unwrap_or(0),
                "labels": labels(rows()),
                "sha256": hex(&digest.finalize()),
            });
            parts.insert(part.name().to_string(), about);
        }
        let left = built.rows.len() as u64;
        let dropped = built.counts.read - left;
        let json = json!({
            "read": built.counts.read,
            "rows": left,
            "dropped": dropped_by(&built.counts),
            "redacted": built.counts.redacted,
            "capped_blocks": built.counts.capped_blocks,
            "parts": parts,
            "options": options,
        });
        Ok(Manifest {
            json,
            hash: hex(&all.finalize()),
            rows: sizes,
            dropped: dropped as i64,
        })
    }
}

/// How many rows each step left out; of those that left none out, nothing.
fn dropped_by(counts: &Counts) -> Json {
    let steps = [
        ("rating", counts.rating),
        ("length", counts.length),
        ("language", counts.language),
        ("pii", counts.pii),
        ("duplicates", counts.duplicates),
        ("near_duplicates", counts.near_duplicates),
        ("leaked", counts.leaked),
        ("balance", counts.balance),
    ];
    let mut dropped: Map<String, Json> = steps
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(step, count)| (step.to_string(), count.into()))
        .collect();
    if !counts.malformed.is_empty() {
        dropped.insert("malformed".to_string(), json!(counts.malformed));
    }
    Json::Object(dropped)
}

/// How many rows each label has: the most frequent by name.
fn labels<'r>(rows: impl Iterator<Item = &'r Row>) -> Json {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for label in rows.filter_map(|row| row.label.as_deref()) {
        *counts.entry(label).or_default() += 1;
    }
    let mut sorted: Vec<(&str, u64)> = counts.into_iter().collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let others: u64 = sorted.iter().skip(LABELS).map(|(_, count)| count).sum();
    sorted.truncate(LABELS);
    let mut named: Map<String, Json> = sorted
        .into_iter()
        .map(|(label, count)| (label.to_string(), count.into()))
        .collect();
    if others > 0 {
        named.insert("...".to_string(), others.into());
    }
    Json::Object(named)
}
