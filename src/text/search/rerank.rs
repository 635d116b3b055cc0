//! The best chunks, judged once more by a model that reads question and chunk together.

use std::collections::BTreeMap;

use super::target::Target;
use crate::models::{self, Privilege};
use crate::pg::error::Result;
use crate::pg::foreground::Foreground;
use crate::text::endpoints::leaving;
use crate::text::endpoints::remote::Remote;
use crate::text::{embedders, endpoints};
use algo_text::bm25::Found;
use algo_text::embedder::Kind;
use algo_text::task::Task;

/// Chunks in the order of what a model says of each together with the question, the best first.
pub fn judge(
    target: &Target,
    model: &str,
    query: &str,
    chunks: &[i64],
    texts: &BTreeMap<i64, String>,
    watch: &Foreground,
) -> Result<Vec<Found>> {
    let present: Vec<(i64, &str)> = (chunks.iter())
        .filter_map(|chunk| texts.get(chunk).map(|text| (*chunk, text.as_str())))
        .collect();
    let texts: Vec<&str> = present.iter().map(|(_, text)| *text).collect();
    let scores = scores(target, model, query, &texts, watch)?;
    let mut found: Vec<Found> = (present.iter().zip(scores))
        .map(|((document, _), score)| Found {
            document: *document,
            score: if score.is_nan() {
                f64::NEG_INFINITY
            } else {
                score.into()
            },
        })
        .collect();
    found.sort();
    Ok(found)
}

/// How well each text answers the question, by a model that is here or elsewhere.
fn scores(target: &Target, model: &str, query: &str, texts: &[&str], watch: &Foreground) -> Result<Vec<f32>> {
    if models::resolve(model, Privilege::Predict)?.algorithm()? == Kind::Remote.name() {
        let remote = Remote::open(model, Task::Reranking)?;
        leaving::require_may_leave(
            &remote.definition.server,
            target.vectorizer.source,
            [&target.layout.loaded],
        )?;
        return endpoints::embed::rerank(&remote, query, texts);
    }
    let embedder = embedders::open(model)?;
    let pairs: Vec<(&str, &str)> = texts.iter().map(|text| (query, *text)).collect();
    let mut scores = algo::room::filled(0.0_f32, pairs.len())?;
    embedder.ranker()?.score(&pairs, &mut scores, watch)?;
    Ok(scores)
}
