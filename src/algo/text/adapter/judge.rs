//! How well questions that nothing was learned from find the texts that answer them, before and after.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::map::{Map, Ready};
use super::matrix::{Right, to_unit};
use super::options::Options;
use super::pairs::{Division, Pairs};
use crate::error::Result;
use crate::monitor::Monitor;
use crate::retrieval::{Evidence, Judged, Mean, Measure, compare, mean};
use crate::room;

/// Texts that are asked at a time.
const PIECE: usize = 2048;

/// What the embedder reaches, and what the adapter does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// How many questions judge.
    pub questions: usize,
    /// The texts that they were asked of.
    pub documents: usize,
    /// The mean nDCG of the first k texts.
    pub base: Mean,
    pub adapted: Mean,
    /// The second less the first.
    pub evidence: Evidence,
}

/// Judges a map; `None` where no question does. `further` are vectors of texts that no pair has.
pub fn judge(
    pairs: &Pairs,
    questions: &[f32],
    documents: [&[f32]; 2],
    divisions: &[Division],
    map: &Map,
    options: &Options,
    monitor: &dyn Monitor,
) -> Result<Option<Judgement>> {
    let mut answers: BTreeMap<u32, BTreeSet<usize>> = BTreeMap::new();
    for positive in pairs.positives.iter().filter(|positive| positive.weight > 0.0) {
        if divisions.get(positive.question as usize) == Some(&Division::Test) {
            answers
                .entry(positive.question)
                .or_default()
                .insert(positive.document as usize);
        }
    }
    let width = map.width();
    let mut asked = room::with_capacity(answers.len() * width)?;
    for question in answers.keys() {
        asked.extend_from_slice(&questions[*question as usize * width..][..width]);
    }
    let relevant: Vec<&BTreeSet<usize>> = answers.values().collect();
    let base = values(&asked, documents, None, &relevant, (width, options.k), monitor)?;
    let adapted = values(
        &asked,
        documents,
        Some(&map.ready()?),
        &relevant,
        (width, options.k),
        monitor,
    )?;
    let seed = options.seed as u64;
    let (Some(evidence), Some(base), Some(adapted)) = (
        compare(&adapted, &base, seed, monitor)?,
        mean(&base, seed, monitor)?,
        mean(&adapted, seed, monitor)?,
    ) else {
        return Ok(None);
    };
    Ok(Some(Judgement {
        questions: relevant.len(),
        documents: documents.iter().map(|vectors| vectors.len() / width.max(1)).sum(),
        base,
        adapted,
        evidence,
    }))
}

/// The nDCG of each question, of the vectors as they are or of their images.
fn values(
    questions: &[f32],
    documents: [&[f32]; 2],
    map: Option<&Ready>,
    relevant: &[&BTreeSet<usize>],
    (width, k): (usize, usize),
    monitor: &dyn Monitor,
) -> Result<Vec<f64>> {
    let units = |vectors: &[f32]| -> Result<Vec<f32>> {
        let mut units = match map {
            Some(map) => map.apply(vectors, monitor)?,
            None => vectors.to_vec(),
        };
        to_unit(&mut units, width);
        Ok(units)
    };
    let questions = units(questions)?;
    let mut best: Vec<Vec<(f32, usize)>> = vec![Vec::new(); relevant.len()];
    let mut first = 0;
    for texts in documents.iter().flat_map(|documents| documents.chunks(PIECE * width)) {
        let count = texts.len() / width;
        let scores = Right::of_columns(width, count, &units(texts)?)?.times(&questions, monitor)?;
        best.par_iter_mut()
            .zip(scores.par_chunks(count))
            .try_for_each(|(best, scores)| keep_best(best, scores, first, k))?;
        first += count;
    }
    let judged = best.iter().zip(relevant).map(|(best, relevant)| Judged {
        relevant: best.iter().map(|(_, place)| relevant.contains(place)).collect(),
        all: relevant.len(),
    });
    Ok(judged.map(|judged| judged.value(Measure::Ndcg, k)).collect())
}

/// Adds the scores of texts, and keeps the k best, in their order; of equals the first.
fn keep_best(best: &mut Vec<(f32, usize)>, scores: &[f32], first: usize, k: usize) -> Result<()> {
    let order = |a: &(f32, usize), b: &(f32, usize)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    room::reserve(best, scores.len())?;
    best.extend(scores.iter().copied().zip(first..));
    if k < best.len() {
        best.select_nth_unstable_by(k, order);
        best.truncate(k);
    }
    best.sort_unstable_by(order);
    Ok(())
}
