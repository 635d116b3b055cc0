//! What a model has to answer, and what of it holds: an answer counts as far as words that it quotes stand in what it was told.

use serde_json::{Map, Value as Json, json};

use super::harmless::harmless;
use super::quote::{Place, Plain};
use crate::error::Result as Watched;
use crate::monitor::Monitor;

/// The most bytes of an answer.
const LONGEST_ANSWER: usize = 1 << 18;
/// The most quotes that are asked for: a small model that has begun to repeat itself would never end.
const WANTED_QUOTES: usize = 8;
/// The most quotes that are looked at.
const MOST_QUOTES: usize = 64;

/// What a model says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The answer.
    pub answer: String,
    /// The sources that it names, by their numbers, and the words that it quotes of each.
    pub quotes: Vec<(u64, String)>,
    /// Whether it says that its sources answer the question.
    pub supported: bool,
}

/// Why what a model says is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(pub String);

/// Why nothing is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Nothing was found, or there was room for nothing.
    NoSources,
    /// The model says that its sources do not answer the question.
    Unsupported,
    /// It says nothing.
    Empty,
    /// None of its quotes stands in the source that it names.
    NoQuote,
    /// What it says is not of the form that it was asked for.
    Malformed,
}

impl Why {
    /// Every one.
    pub const ALL: [Why; 5] = [
        Why::NoSources,
        Why::Unsupported,
        Why::Empty,
        Why::NoQuote,
        Why::Malformed,
    ];

    /// Its name, as the log has it.
    pub fn name(self) -> &'static str {
        match self {
            Why::NoSources => "no_sources",
            Why::Unsupported => "unsupported",
            Why::Empty => "empty",
            Why::NoQuote => "no_quote",
            Why::Malformed => "malformed",
        }
    }
}

/// Words that stand in a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// The number of the source, from 1.
    pub source: usize,
    /// The words, as they were quoted.
    pub quote: String,
    /// Where they stand in what was sent.
    pub place: Place,
}

/// What of an answer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The quotes that stand, by their sources and places, each once.
    pub citations: Vec<Citation>,
    /// How many do not.
    pub refused: usize,
    /// Why nothing is answered; `None` for an answer.
    pub why: Option<Why>,
}

/// The form that an answer has to have, as a JSON schema, for so many sources.
pub fn schema(sources: usize) -> Json {
    let numbers: Vec<usize> = (1..=sources.max(1)).collect();
    json!({
        "type": "object",
        "properties": {
            "answer": {"type": "string"},
            "quotes": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "source": {"type": "integer", "enum": numbers},
                        "quote": {"type": "string"},
                    },
                    "required": ["source", "quote"],
                    "additionalProperties": false,
                },
                "maxItems": WANTED_QUOTES,
            },
            "supported": {"type": "boolean"},
        },
        "required": ["answer", "quotes", "supported"],
        "additionalProperties": false,
    })
}

/// Reads what a model says, with or without a fence of Markdown around it.
pub fn read(text: &str) -> Result<Reply, Fault> {
    let text = text.trim();
    let bare = text.strip_prefix("```").and_then(|text| text.strip_suffix("```"));
    let bare = bare.map_or(text, |text| text.strip_prefix("json").unwrap_or(text).trim());
    let json: Json = serde_json::from_str(bare).map_err(|problem| Fault(format!("it is no JSON ({problem})")))?;
    let Json::Object(reply) = json else {
        return Err(Fault("it is no JSON object".into()));
    };
    let answer = match reply.get("answer") {
        Some(Json::String(answer)) if answer.len() <= LONGEST_ANSWER => visible(answer),
        Some(Json::String(answer)) => return Err(Fault(format!("its answer has {} bytes", answer.len()))),
        Some(Json::Null) => String::new(),
        Some(_) => return Err(Fault("its answer is no text".into())),
        None => return Err(Fault("it has no key \"answer\"".into())),
    };
    Ok(Reply {
        answer: answer.trim().to_owned(),
        quotes: quotes(&reply)?,
        supported: match reply.get("supported") {
            Some(Json::Bool(supported)) => *supported,
            Some(_) => return Err(Fault("its key \"supported\" is neither true nor false".into())),
            None => return Err(Fault("it has no key \"supported\"".into())),
        },
    })
}

fn quotes(reply: &Map<String, Json>) -> Result<Vec<(u64, String)>, Fault> {
    let quotes = match reply.get("quotes") {
        Some(Json::Array(quotes)) => quotes,
        Some(_) => return Err(Fault("its key \"quotes\" is no array".into())),
        None => return Err(Fault("it has no key \"quotes\"".into())),
    };
    let one = |quote: &Json| {
        let source = quote.get("source").and_then(Json::as_u64);
        let words = quote.get("quote").and_then(Json::as_str);
        match (source, words) {
            (Some(source), Some(words)) => Ok((source, words.to_owned())),
            (Some(_) | None, Some(_) | None) => Err(Fault("one of its quotes lacks source or quote".into())),
        }
    };
    quotes.iter().take(MOST_QUOTES).map(one).collect()
}

/// A text without signs that nobody sees: what a model says is shown to people. Angles and brackets are those that it has.
pub fn visible(text: &str) -> String {
    harmless(text)
        .chars()
        .map(|letter| match letter {
            '＜' => '<',
            '［' => '[',
            letter => letter,
        })
        .collect()
}

/// Which quotes stand in the source that they name, and whether that makes an answer.
pub fn weigh(reply: &Reply, sources: &[&str], monitor: &dyn Monitor) -> Watched<Verdict> {
    let mut citations: Vec<Citation> = Vec::new();
    let mut refused = 0;
    // Of one source after the other, so that only one is held as it is compared.
    let mut quotes: Vec<&(u64, String)> = reply.quotes.iter().collect();
    quotes.sort_by_key(|(number, _)| *number);
    let mut compared: Option<(u64, Plain)> = None;
    for (number, words) in quotes {
        let source = usize::try_from(*number).ok().filter(|number| *number >= 1);
        let Some((source, text)) = source.and_then(|number| Some((number, sources.get(number - 1)?))) else {
            refused += 1;
            continue;
        };
        let plain = match compared.take().filter(|(other, _)| other == number) {
            Some((_, plain)) => plain,
            None => Plain::of(text, monitor)?,
        };
        let found = plain.find(words, monitor)?;
        compared = Some((*number, plain));
        match found {
            None => refused += 1,
            Some(place)
                if citations
                    .iter()
                    .any(|other| (other.source, other.place) == (source, place)) => {}
            Some(place) => citations.push(Citation {
                source,
                quote: visible(words).trim().to_owned(),
                place,
            }),
        }
    }
    citations.sort_by_key(|citation| (citation.source, citation.place));
    let why = match (reply.supported, reply.answer.is_empty(), citations.is_empty()) {
        (false, _, _) => Some(Why::Unsupported),
        (true, true, _) => Some(Why::Empty),
        (true, false, true) => Some(Why::NoQuote),
        (true, false, false) => None,
    };
    Ok(Verdict {
        citations,
        refused,
        why,
    })
}
