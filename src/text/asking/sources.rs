//! What the model is told of what was found.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::manner::Options;
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::foreground::Foreground;
use crate::text::generation::Generator;
use crate::text::search::{Hit, Target, number};
use algo_text::asking::{Fate, Fence, Passage, cut, select};

/// The fewest tokens that are worth asking with.
pub const LEAST_ROOM: usize = 16;

/// A chunk that the model is told.
pub struct Source {
    /// Its place among what was found.
    pub place: usize,
    /// It, as it is told, before the server's option `redact` takes something out.
    text: String,
    /// It, as the model reads it.
    pub sent: String,
    /// Whether nothing was taken out: then places in the chunk can be said.
    pub is_original: bool,
}

/// What was found, and what of it is told.
pub struct Sources {
    pub hits: Vec<Hit>,
    /// The hash of each chunk's content.
    pub versions: Vec<Option<String>>,
    fates: Vec<Fate>,
    pub told: Vec<Source>,
}

/// The hashes of chunks' contents.
pub fn versions(target: &Target, chunks: &[i64]) -> Result<BTreeMap<i64, String>> {
    let mut versions = BTreeMap::new();
    if chunks.is_empty() {
        return Ok(versions);
    }
    let ids: Vec<String> = chunks.iter().map(i64::to_string).collect();
    let query = format!(
        "SELECT c.chunk_id, pg_catalog.encode(c.content_hash, 'hex') FROM ONLY {} AS c WHERE c.chunk_id OPERATOR(pg_catalog.=) ANY ('{{{}}}'::pg_catalog.int8[])",
        target.store,
        ids.join(",")
    );
    target.read_store(&query, &mut |row| {
        if let Some(version) = row.shown(1) {
            versions.insert(number(row, 0)?, version);
        }
        Ok(())
    })?;
    Ok(versions)
}

impl Sources {
    /// Chooses what is told. `taken` is how many tokens everything else takes, the answer included. Returns an error where there is no room for anything.
    pub fn choose(
        target: &Target,
        generator: &Generator,
        fence: &Fence,
        options: &Options,
        hits: Vec<Hit>,
        taken: usize,
        watch: &Foreground,
    ) -> Result<Sources> {
        let left = generator.window().saturating_sub(taken);
        let room = options.context_tokens.map_or(left, |most| most.min(left));
        if room < LEAST_ROOM {
            let problem = format!(
                "the window of model \"{}\" has no room for sources",
                generator.reference()
            );
            return Err(Error::new(INVALID_PARAMETER, problem)
                .detail(format!(
                    "Of {} tokens the instructions, the question and the answer take {taken}.",
                    generator.window()
                ))
                .hint("Register the model with its max_tokens and a tokenizer, lower the option max_tokens, or ask more briefly."));
        }
        let known = versions(target, &hits.iter().map(|hit| hit.id).collect::<Vec<_>>())?;
        let texts = hits.iter().map(|hit| fence.within(&hit.chunk, watch));
        let texts: Vec<String> = texts.collect::<algo::error::Result<_>>()?;
        let documents: Vec<String> = hits.iter().map(|hit| hit.key.to_string()).collect();
        let passages: Vec<Passage<'_>> = (hits.iter().zip(&texts).zip(&documents))
            .map(|((hit, text), document)| Passage {
                document,
                seq: hit.seq,
                text,
            })
            .collect();
        let around = generator.count_tokens(&fence.around("source 100", "", watch)?)?;
        let count = |text: &str| Ok::<usize, Error>(generator.count_tokens(text)?.saturating_add(around));
        let mut selection = select(&passages, room, options.near_duplicate, watch, count)?;
        let source = |place: usize, text: &str| -> Result<Source> {
            let sent = generator.leaving(text)?;
            Ok(Source {
                place,
                text: text.to_owned(),
                is_original: sent == text,
                sent,
            })
        };
        let chosen = selection.order.iter().map(|place| source(*place, &texts[*place]));
        let mut told: Vec<Source> = chosen.collect::<Result<_>>()?;
        if told.is_empty()
            && let Some(best) = texts.first()
        {
            let beginning = cut(best, room, watch, count)?;
            if !beginning.trim().is_empty() {
                told.push(source(0, beginning)?);
                selection.fates[0] = Fate::Sent(1);
            }
        }
        let versions = hits.iter().map(|hit| known.get(&hit.id).cloned()).collect();
        Ok(Sources {
            versions,
            fates: selection.fates,
            told,
            hits,
        })
    }

    /// As the model is told them.
    pub fn text(&self, fence: &Fence, watch: &Foreground) -> Result<String> {
        let texts = (1..)
            .zip(&self.told)
            .map(|(number, source)| fence.around(&format!("source {number}"), &source.text, watch));
        let texts: Vec<String> = texts.collect::<algo::error::Result<_>>()?;
        Ok(texts.join("\n\n"))
    }

    fn named(&self, place: usize) -> Map<String, Json> {
        let mut object = Map::new();
        if let Some(hit) = self.hits.get(place) {
            object.insert("key".into(), hit.key.clone());
            object.insert("seq".into(), hit.seq.into());
            object.insert("version".into(), json!(self.versions.get(place)));
        }
        object
    }

    /// What a citation says of the chunk that it is of.
    pub fn cited(&self, source: usize) -> Map<String, Json> {
        let mut object = Map::from_iter([("source".to_owned(), Json::from(source))]);
        if let Some(source) = source.checked_sub(1).and_then(|place| self.told.get(place)) {
            object.extend(self.named(source.place));
        }
        object
    }

    /// What was found, as the log has it.
    pub fn retrieved(&self) -> Json {
        let one = |(place, hit): (usize, &Hit)| {
            let mut object = self.named(place);
            object.insert("score".into(), hit.score.into());
            object.insert("ranks".into(), hit.ranks.clone());
            match self.fates.get(place) {
                Some(Fate::Sent(source)) => object.insert("source".into(), (*source).into()),
                Some(Fate::Repeats(other)) => object.insert("repeats".into(), (*other + 1).into()),
                Some(Fate::TooLong) | None => object.insert("too_long".into(), true.into()),
            };
            Json::Object(object)
        };
        self.hits.iter().enumerate().map(one).collect()
    }

    /// What the model is told, as the log has it.
    pub fn sent(&self) -> Json {
        let one = |(number, source): (usize, &Source)| {
            let mut object = self.cited(number);
            object.insert("text".into(), source.sent.as_str().into());
            Json::Object(object)
        };
        (1..).zip(&self.told).map(one).collect()
    }
}
