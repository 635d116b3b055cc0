//! Languages whose words lose their endings, by Snowball's algorithms (Porter 2001, <https://snowballstem.org>).

use std::borrow::Cow;

use rust_stemmers::{Algorithm, Stemmer};

use crate::error::{Error, Result};

/// How the words of a language become what they are found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// As they are.
    #[default]
    Simple,
    /// Without their endings.
    Stemmed(Algorithm),
}

/// Every language, by the name that PostgreSQL's text search has for it.
const LANGUAGES: [(&str, Language); 19] = [
    ("simple", Language::Simple),
    ("arabic", Language::Stemmed(Algorithm::Arabic)),
    ("danish", Language::Stemmed(Algorithm::Danish)),
    ("dutch", Language::Stemmed(Algorithm::Dutch)),
    ("english", Language::Stemmed(Algorithm::English)),
    ("finnish", Language::Stemmed(Algorithm::Finnish)),
    ("french", Language::Stemmed(Algorithm::French)),
    ("german", Language::Stemmed(Algorithm::German)),
    ("greek", Language::Stemmed(Algorithm::Greek)),
    ("hungarian", Language::Stemmed(Algorithm::Hungarian)),
    ("italian", Language::Stemmed(Algorithm::Italian)),
    ("norwegian", Language::Stemmed(Algorithm::Norwegian)),
    ("portuguese", Language::Stemmed(Algorithm::Portuguese)),
    ("romanian", Language::Stemmed(Algorithm::Romanian)),
    ("russian", Language::Stemmed(Algorithm::Russian)),
    ("spanish", Language::Stemmed(Algorithm::Spanish)),
    ("swedish", Language::Stemmed(Algorithm::Swedish)),
    ("tamil", Language::Stemmed(Algorithm::Tamil)),
    ("turkish", Language::Stemmed(Algorithm::Turkish)),
];

/// The same by their codes of ISO 639-1.
const CODES: [(&str, Algorithm); 18] = [
    ("ar", Algorithm::Arabic),
    ("da", Algorithm::Danish),
    ("nl", Algorithm::Dutch),
    ("en", Algorithm::English),
    ("fi", Algorithm::Finnish),
    ("fr", Algorithm::French),
    ("de", Algorithm::German),
    ("el", Algorithm::Greek),
    ("hu", Algorithm::Hungarian),
    ("it", Algorithm::Italian),
    ("no", Algorithm::Norwegian),
    ("pt", Algorithm::Portuguese),
    ("ro", Algorithm::Romanian),
    ("ru", Algorithm::Russian),
    ("es", Algorithm::Spanish),
    ("sv", Algorithm::Swedish),
    ("ta", Algorithm::Tamil),
    ("tr", Algorithm::Turkish),
];

impl Language {
    /// The language of a name. Returns an error that lists them for an unknown one.
    pub fn of(name: &str) -> Result<Language> {
        let found = LANGUAGES.iter().find(|(known, _)| *known == name);
        found.map(|(_, language)| *language).ok_or_else(|| Error::Parameter {
            name: "language",
            value: format!("\"{name}\""),
            allowed: Cow::Owned(format!("one of: {}", Language::names().collect::<Vec<_>>().join(", "))),
        })
    }

    /// The language of a code of ISO 639-1, as [`detect`](crate::language::detect) gives it; of one whose words keep their endings here, as they are.
    pub fn of_code(code: &str) -> Language {
        let found = CODES.iter().find(|(known, _)| *known == code);
        found.map_or(Language::Simple, |(_, algorithm)| Language::Stemmed(*algorithm))
    }

    /// Their names.
    pub fn names() -> impl Iterator<Item = &'static str> {
        LANGUAGES.iter().map(|(name, _)| *name)
    }

    /// What takes the endings off.
    pub(super) fn stemmer(self) -> Option<Stemmer> {
        match self {
            Language::Simple => None,
            Language::Stemmed(algorithm) => Some(Stemmer::create(algorithm)),
        }
    }
}
