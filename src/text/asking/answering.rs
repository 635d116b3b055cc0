//! From a question to an answer, and what holds of it.

use std::time::Instant;

use serde_json::{Value as Json, json};

use super::log::Entry;
use super::manner::{Options, Wording, rules};
use super::rewrite::{self, rewrite};
use super::sources::Sources;
use crate::pg::error::Result;
use crate::pg::foreground::Foreground;
use crate::pg::random;
use crate::text::generation::{Completion, Generator};
use crate::text::search::{Request, Searcher, Target};
use algo_text::asking::{self, Fence, Message, Plain, Verdict, Why};
use algo_text::endpoint::chat;

/// Whatever is needed to ask.
pub struct Asker {
    pub target: Target,
    pub request: Request,
    pub generator: Generator,
    pub wording: Wording,
    pub rewording: Wording,
    pub options: Options,
}

/// An answer, and everything that led to it.
pub struct Answered {
    /// What was said; `None` where nothing was.
    pub answer: Option<String>,
    pub citations: Json,
    /// Why there is no answer.
    pub why: Option<Why>,
    /// Its number in the log.
    pub id: i64,
    /// What the model was told, for those who judge.
    pub told: Vec<String>,
}

/// What calls took.
#[derive(Default)]
pub struct Spent {
    pub prompt_tokens: u64,
    pub answer_tokens: u64,
    pub calls: u32,
    pub cost: f64,
    pub seconds: f64,
}

impl Spent {
    fn add(&mut self, completion: &Completion) {
        self.prompt_tokens += completion.prompt_tokens;
        self.answer_tokens += completion.answer_tokens;
        self.calls += completion.calls;
        self.cost += completion.cost;
    }
}

/// What a model has said, and what holds of it.
struct Heard {
    reply: Option<String>,
    answer: Option<String>,
    citations: Json,
    refused: usize,
    why: Option<Why>,
}

impl Asker {
    /// Answers a question, and keeps what led to the answer.
    pub fn answer(&self, question: &str, history: &[Message], watch: &Foreground) -> Result<Answered> {
        let began = Instant::now();
        let mut spent = Spent::default();
        let rewritten = self.rewritten(question, history, &mut spent)?;
        let hits = Searcher::new(&self.target, &self.request, watch)?.search(&rewritten)?;
        let fence = Fence::new(random::bits()?);
        let messages = |sources: &str| -> Result<[chat::Message; 2]> {
            let asked = fence.around("question", &rewritten, watch)?;
            Ok([
                chat::Message::system(rules(&fence)),
                chat::Message::user(self.wording.fill([sources, &asked])?),
            ])
        };
        let around = self.generator.count_messages(&messages("")?)?;
        let taken = around.saturating_add(self.options.max_tokens as usize);
        let sources = Sources::choose(&self.target, &self.generator, &fence, &self.options, hits, taken, watch)?;
        let heard = match sources.told.is_empty() {
            true => Heard::nothing(),
            false => {
                let manner = self.options.manner(Some(asking::schema(sources.told.len())))?;
                let asked = Instant::now();
                let completion = self
                    .generator
                    .complete(&messages(&sources.text(&fence, watch)?)?, &manner)?;
                spent.seconds += asked.elapsed().as_secs_f64();
                spent.add(&completion);
                heard(&sources, completion.text, watch)?
            }
        };
        let id = Entry {
            asker: self,
            question,
            history,
            rewritten: &rewritten,
            sources: &sources,
            reply: heard.reply.as_deref(),
            answer: heard.answer.as_deref(),
            citations: &heard.citations,
            refused: heard.refused,
            why: heard.why,
            spent: &spent,
            seconds: began.elapsed().as_secs_f64(),
        }
        .keep()?;
        Ok(Answered {
            answer: heard.answer,
            citations: heard.citations,
            why: heard.why,
            id,
            told: sources.told.into_iter().map(|source| source.sent).collect(),
        })
    }

    fn rewritten(&self, question: &str, history: &[Message], spent: &mut Spent) -> Result<String> {
        let history = if self.options.rewrite { history } else { &[] };
        let asked = Instant::now();
        let rewrite::Rewritten { question, completion } = rewrite(
            &self.generator,
            &self.rewording,
            history,
            question,
            self.options.patience,
        )?;
        if let Some(completion) = completion {
            spent.seconds += asked.elapsed().as_secs_f64();
            spent.add(&completion);
        }
        Ok(question)
    }
}

impl Heard {
    /// Where nobody was asked.
    fn nothing() -> Heard {
        Heard {
            reply: None,
            answer: None,
            citations: json!([]),
            refused: 0,
            why: Some(Why::NoSources),
        }
    }
}

/// What holds of what a model has said.
fn heard(sources: &Sources, said: String, watch: &Foreground) -> Result<Heard> {
    let texts: Vec<&str> = sources.told.iter().map(|source| source.sent.as_str()).collect();
    let Ok(reply) = asking::read(&said) else {
        return Ok(Heard {
            reply: Some(said),
            why: Some(Why::Malformed),
            ..Heard::nothing()
        });
    };
    let verdict = asking::weigh(&reply, &texts, watch)?;
    let citations = citations(sources, &verdict, watch)?;
    Ok(Heard {
        reply: Some(said),
        answer: verdict.why.is_none().then_some(reply.answer),
        citations,
        refused: verdict.refused,
        why: verdict.why,
    })
}

/// The quotes that stand, with where; none where there is no answer.
fn citations(sources: &Sources, verdict: &Verdict, watch: &Foreground) -> Result<Json> {
    if verdict.why.is_some() {
        return Ok(json!([]));
    }
    // They come source by source.
    let mut chunk: Option<(usize, Plain)> = None;
    let mut found = Vec::new();
    for citation in &verdict.citations {
        let mut object = sources.cited(citation.source);
        let told = citation.source.checked_sub(1).and_then(|place| sources.told.get(place));
        let hit = told
            .filter(|source| source.is_original)
            .and_then(|source| sources.hits.get(source.place));
        let mut place = None;
        if let Some(hit) = hit {
            let plain = match chunk.take().filter(|(source, _)| *source == citation.source) {
                Some((_, plain)) => plain,
                None => Plain::of(&hit.chunk, watch)?,
            };
            place = plain.find(&citation.quote, watch)?;
            chunk = Some((citation.source, plain));
        }
        object.insert("quote".into(), citation.quote.as_str().into());
        object.insert("start".into(), json!(place.map(|place| place.start)));
        object.insert("end".into(), json!(place.map(|place| place.end)));
        found.push(Json::Object(object));
    }
    Ok(Json::Array(found))
}
