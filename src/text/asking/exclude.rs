//! `exclude_document` and `include_document`: documents that searches leave out, and find again.

use pgrx::pg_extern;
use pgrx::spi::quote_literal;
use serde_json::{Value as Json, json};

use crate::pg::attempt::attempt;
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, Result, or_raise};
use crate::pg::identity::{Settings, as_role};
use crate::pg::json::Jsonb;
use crate::pg::options::required;
use crate::pg::query::Query;
use crate::pg::text::Text;
use crate::pg::{read_only, role, tables};
use crate::text::vectorizers::definition::Vectorizer;
use crate::text::vectorizers::names;

/// The most characters of a reason.
const LONGEST: usize = 10_000;

/// The key of a document, as search gives it, and the values of its columns as texts that their types read whatever the session's settings are.
struct Document {
    vectorizer: i64,
    key: String,
    texts: String,
}

impl Document {
    /// From arguments, for a caller who may say what is found there.
    fn of(vectorizer: Option<Text>, key: Option<Jsonb>) -> Result<Document> {
        let (vectorizer, key) = Document::named(vectorizer, key)?;
        let values = Document::values(&vectorizer, &key)?;
        Document::typed(&vectorizer, &values)
    }

    /// The same, where what is meant may have been left out when the key had another type: what today's does not read is meant as it is written.
    fn to_forget(vectorizer: Option<Text>, key: Option<Jsonb>) -> Result<Document> {
        let (vectorizer, key) = Document::named(vectorizer, key)?;
        let values = Document::values(&vectorizer, &key)?;
        let typed = attempt(|| Document::typed(&vectorizer, &values))?;
        Ok(typed.unwrap_or_else(|_| Document {
            vectorizer: vectorizer.id,
            texts: json!(values).to_string(),
            key: key.to_string(),
        }))
    }

    fn named(vectorizer: Option<Text>, key: Option<Jsonb>) -> Result<(Vectorizer, Json)> {
        let vectorizer = names::argument(vectorizer)?;
        if !role::acts_for(vectorizer.owner) {
            let problem = format!("permission denied for vectorizer \"{}\"", vectorizer.name);
            return Err(Error::new(INSUFFICIENT_PRIVILEGE, problem)
                .hint("The owner of its source says what searches leave out."));
        }
        let key = required("key", key)?.read("argument \"key\"")?;
        Ok((vectorizer, key))
    }

    /// The values of a key's columns as they are written.
    fn values(vectorizer: &Vectorizer, key: &Json) -> Result<Vec<String>> {
        let columns = vectorizer.layout()?.key;
        let values: Option<Vec<String>> = match (key, columns.as_slice()) {
            (Json::Object(object), _) if object.len() == columns.len() => columns
                .iter()
                .map(|column| object.get(&column.name).and_then(text))
                .collect(),
            (Json::Object(_), _) => None,
            (value, [_]) => text(value).map(|text| vec![text]),
            (_, _) => None,
        };
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        values.ok_or_else(|| {
            Error::new(
                INVALID_PARAMETER,
                format!("key {key} is none of vectorizer \"{}\"", vectorizer.name),
            )
            .hint(format!("Give it as a JSON object of {}.", names.join(", ")))
        })
    }

    /// The document, by values that are of the key's types.
    fn typed(vectorizer: &Vectorizer, values: &[String]) -> Result<Document> {
        let columns = vectorizer.layout()?.key;
        let values = values.iter().zip(&columns);
        let typed =
            values.map(|(value, column)| (&column.name, format!("{}::{}", quote_literal(value), column.type_name)));
        let (mut pairs, mut texts) = (Vec::new(), Vec::new());
        for (name, value) in typed {
            pairs.push(format!("{}::pg_catalog.text, {value}", quote_literal(name)));
            texts.push(format!("pg_catalog.to_jsonb({value}) OPERATOR(pg_catalog.#>>) '{{}}'"));
        }
        let query = format!(
            "SELECT pg_catalog.jsonb_build_object({})::pg_catalog.text, pg_catalog.jsonb_build_array({})::pg_catalog.text",
            pairs.join(", "),
            texts.join(", ")
        );
        let mut document = None;
        as_role(vectorizer.owner, &Settings::default(), || {
            Query::new(&query)?.interpreted().run(&mut |row| {
                if let (Some(key), Some(texts)) = (row.shown(0), row.shown(1)) {
                    document = Some(Document {
                        vectorizer: vectorizer.id,
                        key,
                        texts,
                    });
                }
                Ok(())
            })
        })?;
        document.ok_or_else(|| vectorizer.broken("its source's key cannot be read"))
    }
}

/// A value of a key as a text; `None` for what is none.
fn text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(_) | Json::Bool(_) => Some(value.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// `exclude_document(vectorizer, key, reason)`.
#[pg_extern(sql = false)]
fn exclude_document(vectorizer: Option<Text>, key: Option<Jsonb>, reason: Option<Text>) -> bool {
    read_only::require_writable(c"assay.exclude_document()");
    let excluded = || -> Result<bool> {
        let document = Document::of(vectorizer, key)?;
        if reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST) {
            return Err(Error::new(INVALID_PARAMETER, "argument \"reason\" is too long")
                .detail(format!("It may have {LONGEST} characters."))
                .hint("Say it more briefly."));
        }
        let caller = role::name_of(role::current());
        let added: Option<i64> = tables::as_owner(|| {
            tables::write_returning(
                "INSERT INTO assay.document_exclusion (vectorizer_id, key, key_texts, reason, excluded_by)
VALUES ($1, $2::pg_catalog.jsonb, $3::pg_catalog.jsonb, $4, $5) ON CONFLICT (vectorizer_id, key_texts) DO NOTHING RETURNING vectorizer_id",
                &[
                    document.vectorizer.into(),
                    document.key.as_str().into(),
                    document.texts.as_str().into(),
                    reason.into(),
                    caller.as_str().into(),
                ],
            )
        })?;
        Ok(added.is_some())
    };
    or_raise(excluded())
}

/// `include_document(vectorizer, key)`.
#[pg_extern(sql = false)]
fn include_document(vectorizer: Option<Text>, key: Option<Jsonb>) -> bool {
    read_only::require_writable(c"assay.include_document()");
    let included = || -> Result<bool> {
        let document = Document::to_forget(vectorizer, key)?;
        let removed: Option<i64> = tables::as_owner(|| {
            tables::write_returning(
                "DELETE FROM assay.document_exclusion
WHERE vectorizer_id OPERATOR(pg_catalog.=) $1 AND key_texts OPERATOR(pg_catalog.=) $2::pg_catalog.jsonb RETURNING vectorizer_id",
                &[document.vectorizer.into(), document.texts.as_str().into()],
            )
        })?;
        Ok(removed.is_some())
    };
    or_raise(included())
}
