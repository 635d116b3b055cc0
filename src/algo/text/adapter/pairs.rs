//! Questions with texts that answer them, or do not; and which questions learn, which say when to stop, and which judge.

use std::collections::HashMap;

use algo::texts::Texts;

use super::options::Options;
use crate::error::Result;
use crate::hash::{hash_bytes, mix, seeded};
use crate::room;

/// What is hashed for the division.
const SPLIT: u64 = 0xada9;

/// A text that answers a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Positive {
    pub question: u32,
    pub document: u32,
    pub weight: f64,
}

/// What a question is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Division {
    Train,
    Validation,
    Test,
}

/// Different texts, by their places.
#[derive(Debug, Default)]
pub struct Distinct {
    texts: Texts,
    places: HashMap<u64, Vec<u32>>,
}

impl Distinct {
    /// The place of a text, new where it was not there.
    pub fn place(&mut self, text: &str) -> Result<u32> {
        let same = self.places.entry(hash_bytes(SPLIT, text.as_bytes())).or_default();
        if let Some(place) = same.iter().find(|place| self.texts.get(**place as usize) == text) {
            return Ok(*place);
        }
        let place = self.texts.len() as u32;
        self.texts.reserve(text)?;
        self.texts.push(text);
        room::push(same, place)?;
        Ok(place)
    }

    /// Whether a text is among them.
    pub fn contains(&self, text: &str) -> bool {
        let same = self.places.get(&hash_bytes(SPLIT, text.as_bytes()));
        same.is_some_and(|same| same.iter().any(|place| self.texts.get(*place as usize) == text))
    }

    /// Puts them in the order of their bytes, and gives for each place the new one.
    fn sort(&mut self) -> Result<Vec<u32>> {
        let mut order: Vec<u32> = room::with_capacity(self.len())?;
        order.extend(0..self.len() as u32);
        order.sort_unstable_by_key(|place| self.texts.get(*place as usize));
        let (mut sorted, mut places) = (Distinct::default(), room::filled(0, self.len())?);
        for place in order {
            places[place as usize] = sorted.place(self.texts.get(place as usize))?;
        }
        *self = sorted;
        Ok(places)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|place| self.texts.get(place))
    }
}

/// What an adapter is learned from.
#[derive(Debug, Default)]
pub struct Pairs {
    pub questions: Distinct,
    pub documents: Distinct,
    pub positives: Vec<Positive>,
    /// Texts that do not answer a question.
    pub negatives: Vec<(u32, u32)>,
}

impl Pairs {
    /// Adds a text that answers a question.
    pub fn positive(&mut self, question: &str, document: &str, weight: f64) -> Result<()> {
        let positive = Positive {
            question: self.questions.place(question)?,
            document: self.documents.place(document)?,
            weight,
        };
        room::push(&mut self.positives, positive)
    }

    /// Adds a text that does not.
    pub fn negative(&mut self, question: &str, document: &str) -> Result<()> {
        let negative = (self.questions.place(question)?, self.documents.place(document)?);
        room::push(&mut self.negatives, negative)
    }

    /// Puts all in an order that depends on nothing but what they say, each once: of pairs that come several times with their greatest weight.
    pub fn sort(&mut self) -> Result<()> {
        let (questions, documents) = (self.questions.sort()?, self.documents.sort()?);
        for positive in &mut self.positives {
            positive.question = questions[positive.question as usize];
            positive.document = documents[positive.document as usize];
        }
        let place = |positive: &Positive| (positive.question, positive.document);
        self.positives
            .sort_unstable_by(|a, b| place(a).cmp(&place(b)).then(b.weight.total_cmp(&a.weight)));
        self.positives.dedup_by_key(|positive| place(positive));
        for (question, document) in &mut self.negatives {
            *question = questions[*question as usize];
            *document = documents[*document as usize];
        }
        self.negatives.sort_unstable();
        self.negatives.dedup();
        Ok(())
    }

    /// What each question is for: by its hash, so that more questions do not change it.
    pub fn divide(&self, options: &Options) -> Vec<Division> {
        let division = |question: &str| {
            let hash = mix(
                seeded(options.seed as u64 ^ SPLIT),
                hash_bytes(SPLIT, question.as_bytes()),
            );
            let place = (hash >> 11) as f64 / (1_u64 << 53) as f64;
            if place < options.test {
                Division::Test
            } else if place < options.test + options.validation {
                Division::Validation
            } else {
                Division::Train
            }
        };
        self.questions.iter().map(division).collect()
    }
}
