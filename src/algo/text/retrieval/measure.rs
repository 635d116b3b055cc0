//! Measures of one question's answer (Manning, Raghavan and Schütze, "Introduction to Information Retrieval", 2008, chapter 8). A document is
//! relevant or not; of the answer the first k count.

/// A measure of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The share of the relevant documents that are found.
    Recall,
    /// The share of k that are relevant.
    Precision,
    /// How early they stand, less and less by the logarithm of the place, as a share of the best order (Järvelin and Kekäläinen 2002).
    Ndcg,
    /// One divided by the place of the first relevant one.
    Mrr,
}

impl Measure {
    /// All, in the order in which they are told.
    pub const ALL: [Measure; 4] = [Measure::Recall, Measure::Precision, Measure::Ndcg, Measure::Mrr];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Recall => "recall",
            Measure::Precision => "precision",
            Measure::Ndcg => "ndcg",
            Measure::Mrr => "mrr",
        }
    }

    /// The measure of a name.
    pub fn of(name: &str) -> Option<Measure> {
        Measure::ALL.into_iter().find(|measure| measure.name() == name)
    }
}

/// An answer of which is known what of it is relevant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judged {
    /// Of each document of the answer, the best first, whether it is relevant.
    pub relevant: Vec<bool>,
    /// How many relevant documents there are, in the answer or not; not 0.
    pub all: usize,
}

impl Judged {
    /// What the first `k` documents are worth by a measure.
    pub fn value(&self, measure: Measure, k: usize) -> f64 {
        let first = &self.relevant[..k.min(self.relevant.len())];
        let found = first.iter().filter(|relevant| **relevant).count() as f64;
        match measure {
            Measure::Recall => found / self.all.max(1) as f64,
            Measure::Precision => found / k.max(1) as f64,
            Measure::Ndcg => gain(first.iter().copied()) / gain(std::iter::repeat_n(true, k.min(self.all).max(1))),
            Measure::Mrr => first
                .iter()
                .position(|relevant| *relevant)
                .map_or(0.0, |place| 1.0 / (place + 1) as f64),
        }
    }
}

/// The gain of relevant documents, discounted by their places.
fn gain(relevant: impl Iterator<Item = bool>) -> f64 {
    let places = relevant.zip(2_u32..).filter(|(relevant, _)| *relevant);
    // The sum of none is 0, and not the -0 of sum().
    places.fold(0.0, |gain, (_, place)| gain + 1.0 / f64::from(place).log2())
}
