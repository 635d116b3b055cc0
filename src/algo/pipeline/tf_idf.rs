//! Words of texts, or sequences of characters, by how often they occur and in how few texts (Spärck Jones 1972), as scikit-learn's
//! `TfidfVectorizer` computes them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::feature::{Feature, Kind};
use super::step::{Codes, Place, Step, TextReader, TextRows, Training, Transform};
use super::tokens::{Analyzer, Tokens};
use crate::coded::coded;
use crate::dictionary::Dictionary;
use crate::error::{Error, Result};
use crate::levels::Levels;
use crate::monitor::{Monitor, Pace};
use crate::parameters::{Value, above_to, any, at_least, choices, from_to, hyperparameters, refuse};

/// The most terms.
const MOST_TERMS: usize = 10_000;
/// The most words or characters of a term.
const LONGEST: usize = 8;

choices! {
    /// What the numbers of a text are divided by.
    pub enum Norm {
        /// The root of the sum of their squares.
        L2 = "l2",
        /// Their sum.
        L1 = "l1",
        /// Nothing.
        None = "none",
    }
    null None
}

coded!(Norm { 0 => L2, 1 => L1, 2 => None });

hyperparameters! {
    /// How texts become numbers, named as in scikit-learn's `TfidfVectorizer`.
    pub struct TfIdfParams {
        /// Terms are words of two letters or digits and more (`word`), or sequences of characters (`char`), within words only (`char_wb`).
        analyzer: Analyzer = Analyzer::Word, any(), from "scikit-learn's `TfidfVectorizer`";
        /// How many words or characters a term has, from and to.
        ngram_range: Vec<i8> = vec![1, 1], from_to(1.0, 8.0), from "scikit-learn's `TfidfVectorizer`";
        /// How many terms are kept: those that occur most often. Each is a feature.
        max_features: usize = 256, from_to(1.0, 10000.0), from "scikit-learn's `TfidfVectorizer`, where it is null";
        /// Terms that fewer training rows have are left out.
        min_df: usize = 1, at_least(1.0), from "scikit-learn's `TfidfVectorizer`";
        /// Terms that a greater share of training rows have are left out.
        max_df: f64 = 1.0, above_to(0.0, 1.0), from "scikit-learn's `TfidfVectorizer`";
        /// Whether a term that occurs n times counts 1 + ln(n).
        sublinear_tf: bool = false, any(), from "scikit-learn's `TfidfVectorizer`";
        /// Whether terms count more the fewer texts have them.
        use_idf: bool = true, any(), from "scikit-learn's `TfidfVectorizer`";
        /// Whether capital letters are as others.
        lowercase: bool = true, any(), from "scikit-learn's `TfidfVectorizer`";
        /// What the numbers of a text are divided by.
        norm: Norm = Norm::L2, any(), from "scikit-learn's `TfidfVectorizer`";
    }
    together TfIdfParams::check_range
}

impl TfIdfParams {
    fn check_range(&self) -> Result<()> {
        match self.ngram_range[..] {
            [from, to] if from <= to => Ok(()),
            _ => refuse(
                "ngram_range",
                self.ngram_range.show(),
                "two numbers, the second not less than the first",
            ),
        }
    }
}

/// The step.
pub struct TfIdf;

/// The terms with their weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    analyzer: Analyzer,
    /// From how many words or characters to how many.
    from: u8,
    to: u8,
    lowercase: bool,
    sublinear: bool,
    norm: Norm,
    /// Ascending.
    terms: Vec<String>,
    /// What each counts.
    weights: Vec<f64>,
    /// Training rows with a text.
    rows: u64,
}

impl Step for TfIdf {
    const KEY: &'static str = "tf_idf";
    const MAIN: Option<&'static str> = Some("analyzer");
    const PLACE: Place = Place::Read;
    const ABOUT: &'static str =
        "words of texts, or sequences of characters, by how often they occur in the text and in how few others";
    const GIVES: &'static str = "a number for each term, `name:term`";
    type Parameters = TfIdfParams;
    type Fitted = Terms;

    fn takes(_: &TfIdfParams, kind: &Kind) -> bool {
        matches!(kind, Kind::Text)
    }

    fn fit(_: &TfIdfParams, _: &Training<'_>, _: &dyn Monitor) -> Result<Terms> {
        Err(Error::Internal("terms are of texts"))
    }

    fn fit_texts(params: &TfIdfParams, rows: &TextRows<'_>, monitor: &dyn Monitor) -> Result<Terms> {
        let [from, to] = params.ngram_range[..] else {
            return Err(Error::Internal("a range of one number"));
        };
        let mut learned = Terms {
            analyzer: params.analyzer,
            from: from as u8,
            to: to as u8,
            lowercase: params.lowercase,
            sublinear: params.sublinear_tf,
            norm: params.norm,
            terms: Vec::new(),
            weights: Vec::new(),
            rows: rows.counts.iter().sum(),
        };
        // Of each term how many rows have it, how often it occurs, and which text had it last.
        let (mut found, mut counted) = (Dictionary::default(), Vec::<(u64, u64, u32)>::new());
        let mut tokens = Tokens::default();
        let mut pace = Pace::new(monitor);
        for ((text, &count), place) in rows.texts.iter().zip(rows.counts).zip(0_u32..) {
            if count == 0 {
                continue;
            }
            learned.each(&mut tokens, text, &mut pace, |term| {
                if let Some(code) = found.code(term, u32::MAX)? {
                    match counted.get_mut(code as usize) {
                        Some((with, occurs, last)) => {
                            *with += if *last == place { 0 } else { count };
                            (*occurs, *last) = (*occurs + count, place);
                        }
                        None => counted.push((count, count, place)),
                    }
                }
                Ok(())
            })?;
        }
        let most = params.max_df * learned.rows as f64;
        let fits = |with: u64| with >= params.min_df as u64 && with as f64 <= most;
        let counts = counted
            .iter()
            .map(|&(with, occurs, _)| if fits(with) { occurs } else { 0 });
        let terms = found.into_texts();
        let kept = terms.most_frequent(&counts.collect::<Vec<u64>>(), params.max_features, monitor)?;
        // Smoothed, as if one more text had every term.
        let idf = |with: u64| ((1.0 + learned.rows as f64) / (1.0 + with as f64)).ln() + 1.0;
        let weight = |with: u64| if params.use_idf { idf(with) } else { 1.0 };
        learned.weights = kept.iter().map(|&code| weight(counted[code as usize].0)).collect();
        learned.terms = kept.iter().map(|&code| terms.get(code as usize).to_string()).collect();
        Ok(learned)
    }
}

impl Terms {
    /// Hands each term of a text over, again where it occurs again. Returns an error when stopped, and when `take` does.
    fn each(
        &self,
        tokens: &mut Tokens,
        text: &str,
        pace: &mut Pace<'_>,
        take: impl FnMut(&str) -> Result<()>,
    ) -> Result<()> {
        let lengths = (self.from.into(), self.to.into());
        tokens.each(self.analyzer, self.lowercase, lengths, text, pace, take)
    }
}

impl Transform for Terms {
    fn width(&self) -> usize {
        self.terms.len()
    }

    fn apply(&self, _: [f64; 2], out: &mut [f64]) {
        out.fill(f64::NAN);
    }

    fn codes(&self, _: usize, _: Codes) -> usize {
        0
    }

    fn outputs(&self, [input, _]: [&Feature; 2]) -> Vec<Feature> {
        self.terms
            .iter()
            .map(|term| Feature::number(format!("{}:{term}", input.name)))
            .collect()
    }

    fn is_sound(&self, _: Codes) -> bool {
        let size = (1..=MOST_TERMS).contains(&self.terms.len()) && self.terms.len() == self.weights.len();
        let range = 1 <= self.from && self.from <= self.to && usize::from(self.to) <= LONGEST;
        let terms = self.terms.is_sorted_by(|a, b| a < b) && self.terms.iter().all(|term| !term.contains('\0'));
        size && range && terms && self.weights.iter().all(|weight| weight.is_finite())
    }

    fn describe(&self, _: [&Feature; 2]) -> Map<String, Json> {
        let mut rarest: Vec<(&String, f64)> = self.terms.iter().zip(self.weights.iter().copied()).collect();
        rarest.sort_by(|a, b| a.1.total_cmp(&b.1));
        let common: Vec<&String> = rarest.into_iter().take(10).map(|(term, _)| term).collect();
        Map::from_iter([
            ("terms".into(), json!(self.terms.len())),
            ("texts".into(), json!(self.rows)),
            ("most_common".into(), json!(common)),
        ])
    }

    fn memory(&self) -> usize {
        let texts: usize = self.terms.iter().map(String::capacity).sum();
        texts + self.terms.capacity() * size_of::<String>() + self.weights.capacity() * size_of::<f64>()
    }

    fn text_reader(&self) -> Option<Box<dyn TextReader>> {
        Some(Box::new(Reader {
            terms: self.clone(),
            codes: Levels::new(&self.terms),
            tokens: Tokens::default(),
        }))
    }
}

/// Reads texts by their terms.
struct Reader {
    terms: Terms,
    codes: Levels,
    tokens: Tokens,
}

impl TextReader for Reader {
    fn read(&mut self, text: &str, out: &mut [f64], monitor: &dyn Monitor) -> Result<()> {
        out.fill(0.0);
        let Reader { terms, codes, tokens } = self;
        terms.each(tokens, text, &mut Pace::new(monitor), |term| {
            if let Some(out) = codes.code(term.as_bytes()).and_then(|code| out.get_mut(code as usize)) {
                *out += 1.0;
            }
            Ok(())
        })?;
        let mut size = 0.0;
        for (out, weight) in out.iter_mut().zip(&terms.weights).filter(|(out, _)| **out > 0.0) {
            let count = if terms.sublinear { 1.0 + out.ln() } else { *out };
            *out = count * weight;
            size += match terms.norm {
                Norm::L2 => *out * *out,
                Norm::L1 => out.abs(),
                Norm::None => 0.0,
            };
        }
        let size = if terms.norm == Norm::L2 { size.sqrt() } else { size };
        if size > 0.0 && size.is_finite() {
            out.iter_mut().filter(|out| **out != 0.0).for_each(|out| *out /= size);
        }
        Ok(())
    }
}
