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
