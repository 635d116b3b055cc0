//! `faithfulness`: how many sentences of an answer its sources support, by their words or by a model.

use pgrx::pg_extern;
use serde_json::{Value as Json, json};

use super::log::{self, Kept};
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, Result, UNUSABLE_ANSWER, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::random;
use crate::pg::text::Text;
use crate::text::endpoints::leaving;
use crate::text::generation::{Generator, Manner};
use crate::text::search::language;
use crate::text::vectorizers::definition::Vectorizer;
use algo_text::analyze::Language;
use algo_text::asking::{self, Fence, sentences};
use algo_text::endpoint::chat::Message;

/// What a model is told of its work.
const RULES: &str = "You check statements against sources. Reply with JSON: \"supported\" is an array that says of each statement, in their order, whether the sources say it: true only where they do, false where they say otherwise or nothing of it.";
/// The most sentences that a model is asked about at once.
const MOST: usize = 200;

/// The share of sentences that sources support by their words; `None` where no sentence says anything.
pub fn by_overlap(answer: &str, sources: &[&str], language: Language, watch: &Foreground) -> Result<Option<f64>> {
    let judged = asking::support(answer, sources, language, watch)?;
    Ok(share(judged.iter().map(|support| support.is_supported)))
}

fn share(judged: impl Iterator<Item = bool>) -> Option<f64> {
    let (mut all, mut supported) = (0_usize, 0_usize);
    for is_supported in judged {
        all += 1;
        supported += usize::from(is_supported);
    }
    (all > 0).then(|| supported as f64 / all as f64)
}

/// Returns 42501 where what an answer was made of may not leave for a server.
fn require_may_leave(kept: &Kept, generator: &Generator) -> Result<()> {
    let server = generator.server();
    match Vectorizer::by_id(kept.vectorizer)? {
        Some(vectorizer) => {
            let loaded = vectorizer.layout()?.loaded;
            leaving::require_may_leave(&server.foreign.name, vectorizer.source, [&loaded])
        }
        None if server.options.columns.is_none() => Ok(()),
        None => Err(Error::new(
            INSUFFICIENT_PRIVILEGE,
            format!(
                "the answer's sources may not be sent to server \"{}\"",
                server.foreign.name
            ),
        )
        .detail("The vectorizer that they are of is gone, and the server's option columns lists what may be sent.")
        .hint("Ask a model of another server, or none.")),
    }
}

fn by_model(kept: &Kept, answer: &str, model: &str) -> Result<Option<f64>> {
    let generator = Generator::open(model)?;
    require_may_leave(kept, &generator)?;
    let statements = sentences(answer);
    if statements.is_empty() {
        return Ok(None);
    }
    if statements.len() > MOST {
        return Err(Error::new(
            INVALID_PARAMETER,
            "the answer has too many sentences to ask a model about",
        )
        .detail(format!("They are {}, and may be {MOST}.", statements.len()))
        .hint("Leave the model out: they are then judged by their words."));
    }
    let fence = Fence::new(random::bits()?);
    let watch = Foreground::new()?;
    let sources = (1..)
        .zip(&kept.sources)
        .map(|(number, text)| fence.around(&format!("source {number}"), text, &watch));
    let stated = (1..)
        .zip(&statements)
        .map(|(number, text)| fence.around(&format!("statement {number}"), text, &watch));
    let told: Vec<String> = sources.chain(stated).collect::<algo::error::Result<_>>()?;
    let count = statements.len();
    let schema = json!({
        "type": "object",
        "properties": {"supported": {"type": "array", "items": {"type": "boolean"}, "minItems": count, "maxItems": count}},
        "required": ["supported"],
        "additionalProperties": false,
    });
    let messages = [
        Message::system(format!("{RULES} {}", fence.rule())),
        Message::user(told.join("\n\n")),
    ];
    let manner = Manner::of_json(json!({"temperature": 0}), Some(schema))?;
    let completion = generator.complete(&messages, &manner)?;
    let said: Json = serde_json::from_str(&completion.text).unwrap_or(Json::Null);
    let judged: Option<Vec<bool>> = said["supported"]
        .as_array()
        .and_then(|values| values.iter().map(Json::as_bool).collect());
    match judged {
        Some(judged) if judged.len() == count => Ok(share(judged.into_iter())),
        Some(_) | None => Err(Error::new(
            UNUSABLE_ANSWER,
            format!("model \"{}\" does not judge each sentence", generator.reference()),
        )
        .detail(format!("There are {count}."))
        .hint("Ask a model that can be held to a schema.")),
    }
}

fn judged(answer_id: Option<i64>, model: Option<Text>) -> Result<Option<f64>> {
    let kept = log::open(required("answer_id", answer_id)?)?;
    let Some(answer) = &kept.answer else { return Ok(None) };
    if let Some(model) = model {
        return by_model(&kept, answer, &model);
    }
    let vectorizer = Vectorizer::by_id(kept.vectorizer)?;
    let language = match vectorizer {
        Some(vectorizer) => language(&vectorizer.indexing)?,
        None => Language::of("simple")?,
    };
    let sources: Vec<&str> = kept.sources.iter().map(String::as_str).collect();
    by_overlap(answer, &sources, language, &Foreground::new()?)
}

/// `faithfulness(answer_id, model)`.
#[pg_extern(sql = false)]
fn faithfulness(answer_id: Option<i64>, model: Option<Text>) -> Option<f64> {
    or_raise(judged(answer_id, model))
}
