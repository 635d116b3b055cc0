//! What a word in a document is worth.

/// How often a word's frequency still adds to what it is worth: the usual value.
const K1: f64 = 1.2;
/// How much of a document's length counts: the usual value.
const B: f64 = 0.75;

/// How much there is to search in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Corpus {
    /// Documents.
    pub documents: u64,
    /// Their words, each counted as often as it is there.
    pub words: u64,
}

impl Corpus {
    /// Both together.
    pub fn and(self, other: Corpus) -> Corpus {
        Corpus {
            documents: self.documents.saturating_add(other.documents),
            words: self.words.saturating_add(other.words),
        }
    }

    /// The weight of a word that so many of the documents have: the inverse document frequency in the form that is never below 0, as in Lucene.
    pub fn weight(&self, documents: u64) -> f64 {
        let (all, with) = (self.documents.max(documents) as f64, documents as f64);
        ((all - with + 0.5) / (with + 0.5)).ln_1p() * (K1 + 1.0)
    }
}

/// What depends on a document's length.
#[derive(Debug, Clone, Copy)]
pub struct Weighing {
    /// Of a document without words.
    constant: f64,
    /// Of each word.
    per_word: f64,
}

impl Weighing {
    /// Of a corpus.
    pub fn of(corpus: &Corpus) -> Weighing {
        let average = corpus.words.max(1) as f64 / corpus.documents.max(1) as f64;
        Weighing {
            constant: K1 * (1.0 - B),
            per_word: K1 * B / average,
        }
    }

    /// What a word of a weight is worth in a document. It never falls where the frequency rises or the length falls, not even by rounding: each
    /// operation is monotone.
    #[inline(always)]
    pub fn score(&self, weight: f64, frequency: u32, length: u32) -> f64 {
        weight / (1.0 + (self.constant + self.per_word * f64::from(length)) / f64::from(frequency))
    }
}
