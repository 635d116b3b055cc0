//! The words that a person gives to a feature of a model: `describe_feature`.

use hashbrown::HashMap;
use pgrx::pg_extern;

use crate::models::deployment::changing;
use crate::models::inspect::open;
use crate::models::registry::{Entry, Privilege, name_in};
use crate::pg::catalog::{self, Key};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, UNDEFINED_COLUMN, or_raise};
use crate::pg::options::required;
use crate::pg::read_only;
use crate::pg::tables;
use crate::pg::text::Text;

/// A piece of the words of a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Words(String),
    Value,
    Feature,
}

/// The words of a reason, with places for the row's value and the feature's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(Vec<Piece>);

/// How a missing value is called.
const MISSING: &str = "missing";

impl Words {
    /// Reads `{value}` and `{feature}`; `{{` and `}}` are braces. Returns 22023 for other braces, and for no words.
    pub fn read(text: &str) -> Result<Words> {
        let wrong = |found: &str| {
            Error::new(
                INVALID_PARAMETER,
                "argument \"reason\" has a placeholder that is not known",
            )
            .detail(format!("It has {found}."))
            .hint("The placeholders are {value} and {feature}; write {{ and }} for braces.")
        };
        if text.trim().is_empty() {
            return Err(Error::new(INVALID_PARAMETER, "argument \"reason\" is empty")
                .hint("Say in words what the feature is, or give NULL to take the words back."));
        }
        let (mut pieces, mut words, mut rest) = (Vec::new(), String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            words.push_str(&rest[..at]);
            rest = &rest[at..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                words.push_str(&rest[..1]);
                rest = &rest[2..];
                continue;
            }
            let end = rest.find('}').map_or(rest.len(), |end| end + 1);
            let piece = match &rest[..end] {
                "{value}" => Piece::Value,
                "{feature}" => Piece::Feature,
                other => return Err(wrong(other)),
            };
            pieces.push(Piece::Words(std::mem::take(&mut words)));
            pieces.push(piece);
            rest = &rest[end..];
        }
        words.push_str(rest);
        pieces.push(Piece::Words(words));
        Ok(Words(pieces))
    }

    /// Those of a feature that nobody has described.
    pub fn by_default() -> Words {
        Words(vec![Piece::Feature, Piece::Words(" is ".into()), Piece::Value])
    }

    /// The words for a row.
    pub fn write(&self, feature: &str, value: Option<&str>) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Words(words) => words.clone(),
            Piece::Value => value.unwrap_or(MISSING).to_string(),
            Piece::Feature => feature.to_string(),
        };
        self.0.iter().map(piece).collect()
    }
}

/// The words of a model's features, by their names.
pub fn words_of(model: &Entry) -> Result<HashMap<String, Words>> {
    let mut words = HashMap::new();
    if !tables::exists(c"model_feature_words") {
        return Ok(words);
    }
    catalog::find::<()>(
        c"model_feature_words",
        c"model_feature_words_pkey",
        &[Key::BigInt(1, model.id)],
        |row| {
            // What a restore brings may be anything.
            if let Ok(reason) = Words::read(&row.require::<String>(3)?) {
                words.insert(row.require(2)?, reason);
            }
            Ok(None)
        },
    )?;
    Ok(words)
}

/// `describe_feature(model, feature, reason)`: a NULL reason takes the words back.
#[pg_extern(sql = false)]
fn describe_feature(model: Option<Text>, feature: Option<Text>, reason: Option<Text>) {
    read_only::require_writable(c"assay.describe_feature()");
    or_raise((|| {
        let reference = required("model", model.as_deref())?;
        let feature = required("feature", feature.as_deref())?;
        let reason = reason
            .as_deref()
            .map(|reason| Words::read(reason).map(|_| reason))
            .transpose()?;
        changing(Some(name_in(reference)), Privilege::Manage, |entry| {
            let (version, scorer) = open(reference, Privilege::Manage)?;
            let inputs = &scorer.model().inputs;
            if reason.is_some() && !inputs.iter().any(|input| input.name == feature) {
                let known: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).take(100).collect();
                return Err(Error::new(
                    UNDEFINED_COLUMN,
                    format!("model \"{}\" has no feature \"{feature}\"", version.reference()),
                )
                .detail(format!("Its features are: {}.", known.join(", ")))
                .hint("Name a column that the model reads; a vector column is one feature."));
            }
            tables::as_owner(|| match reason {
                None => tables::write(
                    "DELETE FROM assay.model_feature_words WHERE model_id OPERATOR(pg_catalog.=) $1 AND feature OPERATOR(pg_catalog.=) $2",
                    &[entry.id.into(), feature.into()],
                ),
                Some(reason) => tables::write(
                    "INSERT INTO assay.model_feature_words (model_id, feature, reason) VALUES ($1, $2, $3)
                     ON CONFLICT (model_id, feature) DO UPDATE SET reason = excluded.reason",
                    &[entry.id.into(), feature.into(), reason.into()],
                ),
            })
        })
    })());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_places_for_the_value_and_the_name() {
        let words = Words::read("the {feature} of {value} months {{sic}}").unwrap();
        assert_eq!(words.write("duration", Some("48")), "the duration of 48 months {sic}");
        assert_eq!(Words::by_default().write("age", None), "age is missing");
        assert_eq!(Words::read("plain").unwrap().write("x", Some("1")), "plain");
        for wrong in ["", "  ", "{amount}", "a } b", "{", "{value"] {
            assert!(Words::read(wrong).is_err(), "{wrong}");
        }
    }
}
