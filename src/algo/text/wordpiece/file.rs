//! tokenizer.json, as the crate tokenizers writes it. Its truncation and padding are not read.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{AddedToken, Piece, Rules, Tokenizer};
use crate::error::{Error, Result};
use crate::room;

/// The most bytes of added tokens: they are searched for by a machine that is made whenever an image is opened.
const ADDED: usize = 1 << 16;

/// What a tokenizer.json says.
pub struct File {
    /// How texts are cut.
    pub rules: Rules,
    /// The numbers of pieces, in the order of their bytes.
    pub vocabulary: BTreeMap<String, u32>,
}

#[derive(Deserialize)]
struct Json {
    #[serde(default)]
    added_tokens: Vec<AddedToken>,
    normalizer: Value,
    pre_tokenizer: Value,
    #[serde(default)]
    post_processor: Value,
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    #[serde(rename = "type", default = "Model::kind")]
    kind: String,
    unk_token: Option<String>,
    continuing_subword_prefix: Option<String>,
    max_input_chars_per_word: Option<usize>,
    vocab: Value,
}

impl Model {
    fn kind() -> String {
        "WordPiece".into()
    }
}

#[derive(Deserialize)]
struct Normalizer {
    clean_text: bool,
    handle_chinese_chars: bool,
    strip_accents: Option<bool>,
    lowercase: bool,
}

/// Reads a tokenizer.json. Returns an error when it is none, or cuts texts otherwise than BERT does.
pub fn read(bytes: &[u8]) -> Result<File> {
    // Parsing allocates piece by piece.
    room::ask(bytes.len().saturating_mul(16))?;
    let json: Json = serde_json::from_slice(bytes).map_err(|problem| unreadable(problem.to_string()))?;
    if json.model.kind != "WordPiece" {
        return Err(other("model", &json.model.kind, "WordPiece"));
    }
    expect("normalizer", &json.normalizer, "BertNormalizer")?;
    expect("pre_tokenizer", &json.pre_tokenizer, "BertPreTokenizer")?;
    let normalizer: Normalizer =
        serde_json::from_value(json.normalizer).map_err(|problem| unreadable(format!("normalizer: {problem}")))?;
    let vocabulary: BTreeMap<String, u32> =
        serde_json::from_value(json.model.vocab).map_err(|problem| unreadable(format!("vocab: {problem}")))?;
    let unknown = json.model.unk_token.unwrap_or_else(|| "[UNK]".into());
    let Some(&unknown) = vocabulary.get(&unknown) else {
        return Err(unreadable(format!(
            "its vocabulary lacks the unknown token \"{unknown}\""
        )));
    };
    if json.added_tokens.iter().map(|token| token.content.len()).sum::<usize>() > ADDED {
        let problem = "added tokens are too many";
        return Err(Error::data(problem, "Put tokens into the vocabulary instead.")
            .detail(format!("They may have {ADDED} bytes together.")));
    }
    let mut next = vocabulary.len() as u32;
    for token in &json.added_tokens {
        let id = vocabulary.get(&token.content).copied().unwrap_or_else(|| {
            next += 1;
            next - 1
        });
        if id != token.id {
            let problem = format!("added token \"{}\" has the number {}", token.content, token.id);
            return Err(
                Error::data(problem, "Save the tokenizer again with the library that made it.")
                    .detail(format!("By its place it has the number {id}.")),
            );
        }
    }
    let [single, pair] = pieces(&json.post_processor)?;
    let rules = Rules {
        clean_text: normalizer.clean_text,
        handle_chinese_chars: normalizer.handle_chinese_chars,
        strip_accents: normalizer.strip_accents.unwrap_or(normalizer.lowercase),
        lowercase: normalizer.lowercase,
        unknown,
        prefix: json.model.continuing_subword_prefix.unwrap_or_else(|| "##".into()),
        most_characters: json.model.max_input_chars_per_word.unwrap_or(100).min(1 << 16),
        single,
        pair,
        added: json.added_tokens,
    };
    // What cannot be searched for is noticed here, not when an image is opened.
    Tokenizer::new(rules.clone())?;
    Ok(File { rules, vocabulary })
}

/// What one text and what two become.
fn pieces(processor: &Value) -> Result<[Vec<Piece>; 2]> {
    if processor.is_null() {
        let both = [Piece::First { kind: 0 }, Piece::Second { kind: 1 }];
        return Ok([both[..1].to_vec(), both.to_vec()]);
    }
    match processor["type"].as_str() {
        Some("TemplateProcessing") => Ok([template(processor, "single")?, template(processor, "pair")?]),
        Some("BertProcessing") => {
            let token = |name: &str, kind| {
                let token = number(&processor[name][1], name)?;
                Ok(Piece::Token { token, kind })
            };
            let single = vec![token("cls", 0)?, Piece::First { kind: 0 }, token("sep", 0)?];
            let second = [Piece::Second { kind: 1 }, token("sep", 1)?];
            Ok([single.clone(), [&single[..], &second].concat()])
        }
        found => Err(other(
            "post_processor",
            found.unwrap_or("unnamed"),
            "TemplateProcessing",
        )),
    }
}

/// The places of a template.
fn template(processor: &Value, name: &'static str) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    for place in processor[name].as_array().map(Vec::as_slice).unwrap_or_default() {
        let (sequence, special) = (&place["Sequence"], &place["SpecialToken"]);
        match (sequence["id"].as_str(), special["id"].as_str()) {
            (Some("A"), None) => pieces.push(Piece::First {
                kind: number(&sequence["type_id"], name)?,
            }),
            (Some("B"), None) => pieces.push(Piece::Second {
                kind: number(&sequence["type_id"], name)?,
            }),
            (None, Some(id)) => {
                let kind = number(&special["type_id"], name)?;
                let ids = processor["special_tokens"][id]["ids"].as_array();
                for id in ids.ok_or_else(|| unreadable(format!("its template has no token \"{id}\"")))? {
                    let token = number(id, name)?;
                    pieces.push(Piece::Token { token, kind });
                }
            }
            _ => {
                return Err(unreadable(format!(
                    "its template \"{name}\" has a place without a token or a text"
                )));
            }
        }
    }
    let firsts = pieces
        .iter()
        .filter(|piece| matches!(piece, Piece::First { .. }))
        .count();
    let seconds = pieces
        .iter()
        .filter(|piece| matches!(piece, Piece::Second { .. }))
        .count();
    if firsts != 1 || seconds != usize::from(name == "pair") || pieces.len() > 16 {
        return Err(unreadable(format!(
            "its template \"{name}\" does not have each text once"
        )));
    }
    Ok(pieces)
}

fn number(value: &Value, name: &str) -> Result<u32> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| unreadable(format!("{name} has {value} where a token's number belongs")))
}

/// Returns an error unless a part is of that type.
fn expect(part: &str, value: &Value, kind: &str) -> Result<()> {
    match value["type"].as_str() {
        Some(found) if found == kind => Ok(()),
        found => Err(other(part, found.unwrap_or("missing"), kind)),
    }
}

fn other(part: &str, found: &str, known: &str) -> Error {
    Error::data(
        format!("the tokenizer's {part} is {found}"),
        "Give the tokenizer.json of a model of the BERT family.",
    )
    .detail(format!("Only {known} is known."))
}

fn unreadable(problem: String) -> Error {
    Error::data(
        format!("the tokenizer cannot be read: {problem}"),
        "Give the bytes of a tokenizer.json.",
    )
}
