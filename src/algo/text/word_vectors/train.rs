//! Vectors of words that stand near each other: word2vec (Mikolov, Chen, Corrado and Dean 2013; Mikolov, Sutskever, Chen, Corrado and Dean 2013),
//! with the choices that gensim made.
//!
//! Stochastic gradient descent is sequential: two threads that write to the same rows, as gensim's do, give other vectors each time. Here one
//! thread computes, so that the vectors are the same whatever the number of threads, and it takes less time than two of gensim's: the rows of a
//! step stay in the registers of the processor, while gensim calls BLAS for each of them.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::corpus::Corpus;
use super::huffman::Tree;
use super::options::Options;
use super::random::{Lots, Random};
use super::rows::{LANES, Lanes, add, dot, exchange, scale};
use crate::error::Result;
use crate::hash::{mix, seeded};
use crate::monitor::Monitor;
use crate::room;

/// Scores beyond which nothing is learned, and the steps between them and 0 that the sigmoid function is tabled in; both are word2vec's.
const MOST: f32 = 6.0;
const STEPS: usize = 1000;
/// Words of which a part of a sentence has at most so many, as in gensim.
const LONGEST: usize = 10_000;
/// Words between two looks at the monitor, all of them at the same learning rate.
const BATCH: usize = 256;

/// What is learned: a row of each word, and one of each word or node that is told apart.
struct Rows {
    width: usize,
    inputs: Vec<Lanes>,
    words: Vec<Lanes>,
    nodes: Vec<Lanes>,
}

/// What stays the same from word to word.
struct Plan<'c> {
    options: &'c Options,
    corpus: &'c Corpus,
    /// The chance of each word not to be passed over, in units of 2^-32.
    chances: Vec<u32>,
    lots: Option<Lots>,
    tree: Option<Tree>,
    sigmoid: Vec<f32>,
}

/// Buffers of a step.
struct Step {
    input: Vec<Lanes>,
    error: Vec<Lanes>,
    /// The rows to be told apart, and whether each is the one.
    targets: Vec<(u32, f32)>,
    gradients: Vec<f32>,
    alpha: f32,
}

/// Some words of a sentence, to learn from.
struct Lesson<'l> {
    plan: &'l Plan<'l>,
    sentence: &'l [u32],
    places: Range<usize>,
    rows: &'l mut Rows,
    step: &'l mut Step,
    random: &'l mut Random,
}

impl WithSimd for Lesson<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.plan.learn(simd, self);
    }
}

/// The vectors of a corpus's words, one after the other.
pub(super) fn train(corpus: &Corpus, options: &Options, monitor: &dyn Monitor) -> Result<Vec<f32>> {
    let plan = Plan::new(corpus, options)?;
    let width = options.vector_size.div_ceil(LANES);
    let mut rows = plan.start(width, monitor)?;
    let deepest = plan.tree.as_ref().map_or(0, Tree::depth);
    let mut step = Step {
        input: room::filled([0.0; LANES], width)?,
        error: room::filled([0.0; LANES], width)?,
        targets: room::with_capacity(deepest.max(options.negative + 1))?,
        gradients: room::with_capacity(deepest.max(options.negative + 1))?,
        alpha: 0.0,
    };
    let mut kept = room::with_capacity(LONGEST)?;
    let arch = Arch::new();
    let total = (corpus.words.len() * options.epochs) as f64;
    for epoch in 0..options.epochs {
        let mut start = 0;
        for (sentence, &end) in corpus.ends.iter().enumerate() {
            let mut random = Random::new(mix(mix(seeded(options.seed), epoch as u64 + 1), sentence as u64));
            while start < end {
                let part = &corpus.words[start..end.min(start + LONGEST)];
                let done = (epoch * corpus.words.len() + start) as f64 / total;
                step.alpha = (options.alpha - (options.alpha - options.min_alpha) * done) as f32;
                kept.clear();
                kept.extend(
                    part.iter()
                        .filter(|word| plan.chances[**word as usize] >= random.next() as u32),
                );
                for from in (0..kept.len()).step_by(BATCH) {
                    monitor.check()?;
                    let places = from..kept.len().min(from + BATCH);
                    arch.dispatch(Lesson {
                        plan: &plan,
                        sentence: &kept,
                        places,
                        rows: &mut rows,
                        step: &mut step,
                        random: &mut random,
                    });
                }
                start += part.len();
            }
        }
    }
    rows.vectors(options.vector_size, corpus.counts.len(), monitor)
}

impl<'c> Plan<'c> {
    fn new(corpus: &'c Corpus, options: &'c Options) -> Result<Self> {
        let lots = || {
            let mut weights = room::with_capacity(corpus.counts.len())?;
            weights.extend(
                corpus
                    .counts
                    .iter()
                    .map(|count| (*count as f64).powf(options.ns_exponent)),
            );
            Lots::new(&weights)
        };
        let mut chances = room::with_capacity(corpus.counts.len())?;
        let threshold = options.sample * corpus.words.len() as f64;
        chances.extend(corpus.counts.iter().map(|count| {
            let ratio = threshold / *count as f64;
            match options.sample > 0.0 {
                // The cast saturates.
                true => ((ratio.sqrt() + ratio) * f64::from(u32::MAX)) as u32,
                false => u32::MAX,
            }
        }));
        let mut sigmoid = room::with_capacity(STEPS)?;
        sigmoid.extend((0..STEPS).map(|step| {
            let score = (step as f64 / STEPS as f64 * 2.0 - 1.0) * f64::from(MOST);
            (1.0 / (1.0 + (-score).exp())) as f32
        }));
        Ok(Plan {
            options,
            corpus,
            chances,
            lots: (options.negative > 0).then(lots).transpose()?,
            tree: options.hs.then(|| Tree::new(&corpus.counts)).transpose()?,
            sigmoid,
        })
    }

    /// Random rows of the words, and zeros.
    fn start(&self, width: usize, monitor: &dyn Monitor) -> Result<Rows> {
        let count = self.corpus.counts.len();
        let zeros = |wanted: bool| room::filled([0.0; LANES], if wanted { width * count } else { 0 });
        let (mut inputs, words, nodes) = (zeros(true)?, zeros(self.lots.is_some())?, zeros(self.tree.is_some())?);
        let size = self.options.vector_size;
        for (word, row) in inputs.chunks_mut(width).enumerate() {
            if word % BATCH == 0 {
                monitor.check()?;
            }
            let mut random = Random::new(mix(mix(seeded(self.options.seed), 0), word as u64));
            for number in &mut row.as_flattened_mut()[..size] {
                let unit = (random.next() >> 40) as f32 / (1 << 23) as f32 - 1.0;
                *number = unit / size as f32;
            }
        }
        Ok(Rows {
            width,
            inputs,
            words,
            nodes,
        })
    }

    /// Learns from the words at these places of a sentence.
    #[inline(always)]
    fn learn<S: Simd>(&self, simd: S, lesson: Lesson<'_>) {
        let Lesson {
            sentence,
            places,
            rows,
            step,
            random,
            ..
        } = lesson;
        let (options, width) = (self.options, rows.width);
        for place in places {
            let window = match options.shrink_windows {
                true => options.window - random.below(options.window as u32) as usize,
                false => options.window,
            };
            let word = sentence[place];
            let before = &sentence[place.saturating_sub(window)..place];
            let after = &sentence[place + 1..sentence.len().min(place + 1 + window)];
            let neighbours = before.iter().chain(after).map(|word| *word as usize * width);
            if options.sg {
                for at in neighbours {
                    step.input.copy_from_slice(&rows.inputs[at..at + width]);
                    self.tell_apart(simd, word, rows, step, random);
                    add(simd, 1.0, &step.error, &mut rows.inputs[at..at + width]);
                }
                continue;
            }
            let count = before.len() + after.len();
            if count == 0 {
                continue;
            }
            step.input.fill([0.0; LANES]);
            for at in neighbours.clone() {
                add(simd, 1.0, &rows.inputs[at..at + width], &mut step.input);
            }
            let share = 1.0 / count as f32;
            if options.cbow_mean {
                scale(simd, share, &mut step.input);
            }
            self.tell_apart(simd, word, rows, step, random);
            if !options.cbow_mean {
                scale(simd, share, &mut step.error);
            }
            for at in neighbours {
                add(simd, 1.0, &step.error, &mut rows.inputs[at..at + width]);
            }
        }
    }

    /// Learns to tell a word apart from others by `step.input`, and leaves in `step.error` how that should change.
    #[inline(always)]
    fn tell_apart<S: Simd>(&self, simd: S, word: u32, rows: &mut Rows, step: &mut Step, random: &mut Random) {
        step.error.fill([0.0; LANES]);
        if let Some(tree) = &self.tree {
            step.targets.clear();
            step.targets.extend_from_slice(tree.way(word));
            step.descend(simd, &self.sigmoid, &mut rows.nodes);
        }
        if let Some(lots) = &self.lots {
            step.targets.clear();
            step.targets.push((word, 1.0));
            for _ in 0..self.options.negative {
                let other = lots.draw(random);
                if other != word {
                    step.targets.push((other, 0.0));
                }
            }
            step.descend(simd, &self.sigmoid, &mut rows.words);
        }
    }
}

impl Step {
    /// One step of gradient descent on all targets: their scores first, which so have no need to wait for each other.
    #[inline(always)]
    fn descend<S: Simd>(&mut self, simd: S, sigmoid: &[f32], rows: &mut [Lanes]) {
        let width = self.input.len();
        self.gradients.clear();
        for &(target, label) in &self.targets {
            let at = target as usize * width;
            let score = dot(simd, &self.input, &rows[at..at + width]);
            let place = (score + MOST) * (STEPS as f32 / MOST / 2.0);
            let is_learned = score > -MOST && score < MOST;
            let gradient = match sigmoid.get(place as usize) {
                Some(probability) if is_learned => (label - probability) * self.alpha,
                Some(_) | None => 0.0,
            };
            self.gradients.push(gradient);
        }
        for (&(target, _), &gradient) in self.targets.iter().zip(&self.gradients) {
            let at = target as usize * width;
            exchange(simd, gradient, &self.input, &mut rows[at..at + width], &mut self.error);
        }
    }
}

impl Rows {
    /// The words' vectors, without what fills their rows up.
    fn vectors(self, size: usize, count: usize, monitor: &dyn Monitor) -> Result<Vec<f32>> {
        let mut vectors = room::with_capacity(size * count)?;
        for (word, row) in self.inputs.chunks(self.width).enumerate() {
            if word % BATCH == 0 {
                monitor.check()?;
            }
            vectors.extend_from_slice(&row.as_flattened()[..size]);
        }
        Ok(vectors)
    }
}
