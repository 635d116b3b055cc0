//! What a search finds: the best chunks of each part that the caller may see, in one order.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::candidates::{Candidates, Mode, Part};
use super::rerank;
use super::target::Target;
use super::visible::Visible;
use crate::pg::error::Result;
use crate::pg::foreground::Foreground;
use algo_text::bm25::Found;
use algo_text::fusion::fuse;

/// Of so many chunks of each part one order is made, unless more are wanted.
const DEPTH: usize = 100;
/// So many chunks are judged once more, unless more are wanted.
const JUDGED: usize = 50;
/// The greatest number of chunks whose rows are looked for by one query.
const BATCH: usize = 512;

/// What is wanted.
pub struct Request {
    /// How many chunks.
    pub k: usize,
    /// By what they are found.
    pub mode: Mode,
    /// The model that judges the best ones once more.
    pub rerank: Option<String>,
    /// A condition on the source's rows.
    pub filter: Option<String>,
}

/// A chunk that was found.
pub struct Hit {
    /// Its number in the table of chunks.
    pub id: i64,
    /// The key of its row.
    pub key: Json,
    /// Its place in its row's text.
    pub seq: i32,
    /// It.
    pub chunk: String,
    /// What it is worth.
    pub score: f64,
    /// Its rank and its score in each part that has found it.
    pub ranks: Json,
}

/// Searches, one question after the other.
pub struct Searcher<'a> {
    target: &'a Target,
    request: &'a Request,
    watch: &'a Foreground,
    visible: Visible<'a>,
    /// The chunks that may be found, where these are few.
    few: Option<BTreeSet<i64>>,
}

/// The chunks of a part that the caller may see.
type Seen = (Part, Vec<Found>);

impl<'a> Searcher<'a> {
    /// Returns an error where the caller may not search there.
    pub fn new(target: &'a Target, request: &'a Request, watch: &'a Foreground) -> Result<Searcher<'a>> {
        let visible = Visible::new(target, request.filter.as_deref())?;
        let few = visible.few()?;
        Ok(Searcher {
            target,
            request,
            watch,
            visible,
            few,
        })
    }

    /// The best chunks for a question.
    pub fn search(&mut self, query: &str) -> Result<Vec<Hit>> {
        self.search_for(query, self.request.k)
    }

    /// As many as are wanted here, instead of what the request says.
    pub fn search_for(&mut self, query: &str, k: usize) -> Result<Vec<Hit>> {
        let parts = self.request.mode.parts();
        let wanted = match self.request.rerank {
            Some(_) => k.max(JUDGED),
            None => k,
        };
        let depth = if parts.len() > 1 { wanted.max(DEPTH) } else { wanted };
        let candidates = Candidates::new(self.target, query, self.watch);
        let seen: Vec<Seen> = parts
            .iter()
            .map(|part| Ok((*part, self.seen(&candidates, *part, depth)?)))
            .collect::<Result<_>>()?;
        let mut ranks: BTreeMap<i64, Map<String, Json>> = BTreeMap::new();
        for (part, found) in &seen {
            note(&mut ranks, part.name(), found);
        }
        let mut order = match seen.as_slice() {
            [(_, only)] => only.clone(),
            several => {
                let orders: Vec<Vec<i64>> = several
                    .iter()
                    .map(|(_, found)| found.iter().map(|found| found.document).collect())
                    .collect();
                fuse(&orders)
            }
        };
        order.truncate(wanted);
        let chunks: Vec<i64> = order.iter().map(|found| found.document).collect();
        let mut texts = self.visible.texts(&chunks)?;
        if let Some(model) = &self.request.rerank {
            order = rerank::judge(self.target, model, query, &chunks, &texts, self.watch)?;
            note(&mut ranks, "rerank", &order);
        }
        order.truncate(k);
        Ok(order
            .into_iter()
            .filter_map(|found| {
                let seen = self.visible.seen(found.document)?;
                Some(Hit {
                    id: found.document,
                    key: seen.key.clone(),
                    seq: seen.seq,
                    chunk: texts.remove(&found.document)?,
                    score: found.score,
                    ranks: ranks.remove(&found.document).map_or(Json::Null, Json::Object),
                })
            })
            .collect())
    }

    /// The best chunks of a part that the caller may see: more and more candidates are looked at, until there are enough of them or no others.
    fn seen(&mut self, candidates: &Candidates<'_>, part: Part, depth: usize) -> Result<Vec<Found>> {
        let is_approximate = candidates.is_approximate(part, self.few.as_ref());
        let (mut most, mut exact) = (depth, false);
        loop {
            let ordered = candidates.best(part, self.few.as_ref(), most, exact)?;
            let mut seen = Vec::new();
            for batch in ordered.found.chunks(BATCH) {
                let chunks: Vec<i64> = batch.iter().map(|found| found.document).collect();
                self.visible.look(&chunks)?;
                seen.extend(batch.iter().filter(|found| self.visible.seen(found.document).is_some()));
                if seen.len() >= depth {
                    seen.truncate(depth);
                    return Ok(seen);
                }
            }
            match (ordered.is_all, is_approximate && !exact) {
                (true, false) => return Ok(seen),
                // An index may not find what is there.
                (true, true) => exact = true,
                (false, _) => most = most.saturating_mul(4),
            }
        }
    }
}

/// Notes the place of chunks in the order of a part, and what they are worth by it.
fn note(ranks: &mut BTreeMap<i64, Map<String, Json>>, part: &str, found: &[Found]) {
    for (found, rank) in found.iter().zip(1..) {
        let own = ranks.entry(found.document).or_default();
        own.insert(part.into(), json!({"rank": rank, "score": found.score}));
    }
}
