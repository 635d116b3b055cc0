//! `stale_documents`: the documents of a vectorizer that do not hold any more.

use pgrx::datum::Interval;
use pgrx::pg_extern;
use pgrx::spi::quote_literal;
use serde_json::Value as Json;

use crate::pg::error::{Error, INVALID_PARAMETER, Result, UNDEFINED_COLUMN, or_raise};
use crate::pg::options::required;
use crate::pg::query::Query;
use crate::pg::relation;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::tables;
use crate::pg::text::Text;
use crate::text::vectorizers::definition::Vectorizer;
use crate::text::vectorizers::names::resolve;
use crate::text::vectorizers::source::Layout;

/// What columns are called that say when a row changed last, the likeliest first.
const UPDATED: [&str; 8] = [
    "updated_at",
    "modified_at",
    "changed_at",
    "last_updated",
    "last_modified",
    "updated",
    "modified",
    "published_at",
];

result_row! {
    /// A document that does not hold any more.
    struct StaleRow {
        key: Json,
        reason: Text,
        since: Option<Text>,
    }
}

/// What is looked at.
struct Request {
    vectorizer: Vectorizer,
    layout: Layout,
    updated: Option<String>,
    max_age: Option<String>,
    superseded: Option<String>,
    sources: Option<String>,
}

impl Request {
    /// A column of the source on a row q.
    fn column(&self, name: &str) -> Result<String> {
        match relation::has_column(self.vectorizer.source, name) {
            true => Ok(format!("q.{}", relation::quoted(name))),
            false => Err(Error::new(
                UNDEFINED_COLUMN,
                format!(
                    "the source of vectorizer \"{}\" has no column \"{name}\"",
                    self.vectorizer.name
                ),
            )
            .hint("Name one of its columns.")),
        }
    }

    /// The column that says when a row changed last.
    fn updated(&self) -> Result<Option<String>> {
        let known = UPDATED
            .iter()
            .find(|name| relation::has_column(self.vectorizer.source, name));
        let name = self.updated.as_deref().or(known.copied());
        let needed = self.max_age.is_some() || self.sources.is_some();
        match name {
            Some(name) => self.column(name).map(Some),
            None if needed => Err(Error::new(
                INVALID_PARAMETER,
                format!(
                    "no column of the source of vectorizer \"{}\" says when a row changed",
                    self.vectorizer.name
                ),
            )
            .detail(format!("None is named, and none is called {}.", UPDATED.join(", ")))
            .hint("Name it with updated_column => '...'.")),
            None => Ok(None),
        }
    }

    /// The documents with each reason, as a query of key, reason and since. It is the caller's.
    fn query(&self) -> Result<String> {
        let columns = self.layout.key.iter();
        let pairs: Vec<String> = columns
            .clone()
            .map(|column| format!("{}, q.{}", quote_literal(&column.name), relation::quoted(&column.name)))
            .collect();
        let texts: Vec<String> = columns
            .map(|column| format!("q.{}::pg_catalog.text", relation::quoted(&column.name)))
            .collect();
        let updated = self.updated()?;
        let mut reasons = Vec::new();
        let mut reason = |condition: String, reason: &str, since: &str| {
            reasons.push(format!(
                "({condition}, {}, ({since})::pg_catalog.timestamptz)",
                quote_literal(reason)
            ));
        };
        if let (Some(updated), Some(age)) = (&updated, &self.max_age) {
            let age = format!("{}::pg_catalog.interval", quote_literal(age));
            reason(
                format!("{updated} < pg_catalog.now() - {age}"),
                "too old",
                &format!("{updated} + {age}"),
            );
        }
        if let Some(name) = &self.superseded {
            reason(format!("{} IS NOT NULL", self.column(name)?), "superseded", "NULL");
        }
        if let (Some(updated), Some(name)) = (&updated, &self.sources) {
            let changed = self.column(name)?;
            reason(format!("{changed} > {updated}"), "its sources changed", &changed);
        }
        // What waits in the queue is searched for as it was.
        reason(
            "i.queued_at IS NOT NULL".into(),
            "changed since it was embedded",
            "i.queued_at",
        );
        Ok(format!(
            "SELECT pg_catalog.jsonb_build_object({}), s.reason, pg_catalog.to_char(s.since, 'YYYY-MM-DD HH24:MI:SSOF')
FROM ONLY {} AS q
LEFT JOIN LATERAL (SELECT pg_catalog.min(i.queued_at) AS queued_at FROM assay.vectorizer_items AS i
    WHERE i.source = {}::pg_catalog.oid AND i.vectorizer = {} AND i.key = ARRAY[{}]) AS i ON true
CROSS JOIN LATERAL (VALUES {}) AS s(holds, reason, since)
WHERE s.holds ORDER BY s.reason, q.{}",
            pairs.join(", "),
            self.vectorizer.source_name()?,
            self.vectorizer.source.to_u32(),
            quote_literal(&self.vectorizer.name),
            texts.join(", "),
            reasons.join(", "),
            self.layout
                .key
                .iter()
                .map(|column| relation::quoted(&column.name))
                .collect::<Vec<_>>()
                .join(", q."),
        ))
    }
}

/// `stale_documents(vectorizer, updated_column, max_age, superseded_column, sources_column)`.
#[pg_extern(sql = false)]
fn stale_documents(
    vectorizer: Option<Text>,
    updated_column: Option<Text>,
    max_age: Option<Interval>,
    superseded_column: Option<Text>,
    sources_column: Option<Text>,
) -> SetOf<StaleRow> {
    let rows = || -> Result<Vec<StaleRow>> {
        let vectorizer = resolve(&required("vectorizer", vectorizer)?)?;
        let max_age: Option<Text> = match max_age {
            Some(age) => tables::read("SELECT $1::pg_catalog.text", &[age.into()])?,
            None => None,
        };
        let request = Request {
            layout: vectorizer.layout()?,
            vectorizer,
            updated: updated_column.map(String::from),
            max_age: max_age.map(String::from),
            superseded: superseded_column.map(String::from),
            sources: sources_column.map(String::from),
        };
        let mut found = Vec::new();
        Query::new(&request.query()?)?.run(&mut |row| {
            let key = row.shown(0).and_then(|json| serde_json::from_str(&json).ok());
            algo::room::push(
                &mut found,
                StaleRow {
                    key: key.unwrap_or(Json::Null),
                    reason: row.shown(1).unwrap_or_default().into(),
                    since: row.shown(2).map(Text::from),
                },
            )?;
            Ok(())
        })?;
        Ok(found)
    };
    set_of(or_raise(rows()))
}
