//! `boilerplate`: that documents do not consist of lines that many of them share, such as navigation, disclaimers and signatures.

use serde::Deserialize;

use super::assertion::{Assertion, CheckKind};
use super::common::literal::value_of;
use super::common::rows;
use super::plan::{Plan, Planner};
use crate::pg::error::Result;
use crate::quality::spec::{Need, Needs};

pub static BOILERPLATE: CheckKind = CheckKind {
    name: "boilerplate",
    needs: Needs {
        segments: Need::Refused,
        ..Needs::ROWS
    },
    parse: |arguments| {
        let boilerplate: Boilerplate = arguments.read_sound(|boilerplate: &Boilerplate| {
            let sound = (0.0..=1.0).contains(&boilerplate.max_share) && boilerplate.min_documents >= 2;
            (!sound).then_some("max_share must be from 0 to 1, min_documents 2 at least")
        })?;
        Ok(Box::new(boilerplate))
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Boilerplate {
    /// The most that shared lines may make of a document's characters.
    #[serde(default = "half")]
    max_share: f64,
    /// In so many documents a line is a shared one.
    #[serde(default = "five")]
    min_documents: u32,
    /// Shorter lines do not count.
    #[serde(default = "twenty")]
    min_length: u32,
}

fn half() -> f64 {
    0.5
}

fn five() -> u32 {
    5
}

fn twenty() -> u32 {
    20
}

/// The lines of a text, without what surrounds them.
fn lines(text: &str) -> String {
    format!("pg_catalog.regexp_split_to_table({text}, '\\s*[\\r\\n]\\s*')")
}

impl Assertion for Boilerplate {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let column = planner.column_of(rows::is_text, "text")?;
        let text = format!("{}::pg_catalog.text", value_of(column));
        // Which lines are shared is found once; then each document is measured.
        let shared = format!(
            "SELECT l.line FROM (SELECT {text} AS body FROM {} AS q WHERE {}true) AS d
    CROSS JOIN LATERAL (SELECT DISTINCT x.line FROM {} AS x(line) WHERE pg_catalog.length(x.line) >= {}) AS l
    GROUP BY l.line HAVING pg_catalog.count(*) >= {}",
            planner.source.relation(),
            planner.spec.filter_and(),
            lines("d.body"),
            self.min_length,
            self.min_documents
        );
        let condition = format!(
            "(SELECT COALESCE(pg_catalog.sum(pg_catalog.length(own.line)), 0) FROM {} AS own(line) WHERE own.line IN ({shared}))
    <= {} * pg_catalog.length({text})",
            lines(&text),
            self.max_share
        );
        rows::condition(planner, &condition)
    }
}
