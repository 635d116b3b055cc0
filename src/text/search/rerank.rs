//! The best chunks, judged once more by a model that reads question and chunk together.

use std::collections::BTreeMap;

use crate::pg::error::Result;
use crate::pg::foreground::Foreground;
use crate::text::embedders;
use algo_text::bm25::Found;

/// Chunks in the order of what a model says of each together with the question, the best first.
pub fn judge(
    model: &str,
    query: &str,
    chunks: &[i64],
    texts: &BTreeMap<i64, String>,
    watch: &Foreground,
) -> Result<Vec<Found>> {
    let embedder = embedders::open(model)?;
    let ranker = embedder.ranker()?;
    let present: Vec<(i64, &str)> = (chunks.iter())
        .filter_map(|chunk| texts.get(chunk).map(|text| (*chunk, text.as_str())))
        .collect();
    let pairs: Vec<(&str, &str)> = present.iter().map(|(_, text)| (query, *text)).collect();
    let mut scores = algo::room::filled(0.0_f32, pairs.len())?;
    ranker.score(&pairs, &mut scores, watch)?;
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
