//! Sentences that say nearly the same, but for a number, a date or a "not": of two documents one is likely to be wrong.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use hashbrown::HashMap;
use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::room;

/// Words that turn a sentence around, in small letters.
const NEGATIONS: [&str; 34] = [
    "not", "no", "never", "none", "cannot", "without", "neither", "nor", "nicht", "kein", "keine", "keinen", "keiner",
    "keinem", "keines", "nie", "niemals", "ohne", "pas", "jamais", "sans", "aucun", "aucune", "nunca", "sin", "ningún",
    "ninguna", "non", "mai", "senza", "não", "nem", "sem", "niet",
];
/// What Korean and Japanese turn sentences around by, within their words.
const NEGATING: [&str; 9] = ["않", "없", "못", "아니", "불가", "ない", "ません", "不", "没"];
/// Names of months and days, by which dates differ.
const DATES: [&str; 49] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "januar",
    "februar",
    "märz",
    "mai",
    "juni",
    "juli",
    "oktober",
    "dezember",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonntag",
    "janvier",
    "février",
    "mars",
    "avril",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
    "enero",
    "febrero",
    "marzo",
    "abril",
];
/// Numbers that are written as words; one is an article in many languages.
const WORDS: [(&str, &str); 24] = [
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("twelve", "12"),
    ("fourteen", "14"),
    ("twenty", "20"),
    ("thirty", "30"),
    ("sixty", "60"),
    ("ninety", "90"),
    ("hundred", "100"),
    ("zwei", "2"),
    ("drei", "3"),
    ("vier", "4"),
    ("fünf", "5"),
    ("sechs", "6"),
    ("zehn", "10"),
    ("zwölf", "12"),
    ("vierzehn", "14"),
];
/// Pairs that are given with their sentences.
const SHOWN: usize = 20;
/// What a sentence takes beside its text and its vector.
const AROUND: usize = 160;

/// What of a sentence can be held against another's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Facts {
    numbers: BTreeSet<String>,
    dates: BTreeSet<String>,
    is_negated: bool,
}

impl Facts {
    fn of(text: &str, monitor: &dyn Monitor) -> Result<Facts> {
        let mut facts = Facts::default();
        let mut negations = 0;
        let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | ',' | '\'' | '\u{2019}');
        for (place, word) in text.split(|letter: char| !is_part(letter)).enumerate() {
            if place % 256 == 0 {
                monitor.check()?;
            }
            let word = word
                .trim_matches(|letter: char| !letter.is_alphanumeric())
                .to_lowercase();
            if word.starts_with(|letter: char| letter.is_ascii_digit()) {
                facts.numbers.insert(number(&word));
            } else if let Some((_, number)) = WORDS.iter().find(|(known, _)| *known == word) {
                facts.numbers.insert((*number).to_owned());
            } else if DATES.contains(&word.as_str()) {
                facts.dates.insert(word);
            } else if NEGATIONS.contains(&word.as_str()) || word.ends_with("n't") || word.ends_with("n\u{2019}t") {
                negations += 1;
            } else if !word.is_ascii() {
                negations += NEGATING.iter().filter(|part| word.contains(**part)).count();
            }
        }
        facts.is_negated = negations % 2 == 1;
        Ok(facts)
    }

    /// What only one of them says is no contradiction.
    fn differs(&self, other: &Facts) -> bool {
        are_apart(&self.numbers, &other.numbers)
            || are_apart(&self.dates, &other.dates)
            || self.is_negated != other.is_negated
    }

    /// In what they differ, for people.
    fn differ(&self, other: &Facts) -> Option<String> {
        let list = |values: &BTreeSet<String>| values.iter().cloned().collect::<Vec<_>>().join(", ");
        if are_apart(&self.numbers, &other.numbers) {
            return Some(format!("numbers: {} and {}", list(&self.numbers), list(&other.numbers)));
        }
        if are_apart(&self.dates, &other.dates) {
            return Some(format!("dates: {} and {}", list(&self.dates), list(&other.dates)));
        }
        (self.is_negated != other.is_negated).then(|| "negation".to_owned())
    }
}

/// Whether each has something that the other has not.
fn are_apart(one: &BTreeSet<String>, other: &BTreeSet<String>) -> bool {
    !one.is_subset(other) && !other.is_subset(one)
}

/// The digits of a number, with a point before its fraction: 4.90, 4,90 and 4.9 are one, 1,000 and 1000 are.
fn number(word: &str) -> String {
    let digits: String = word
        .chars()
        .take_while(|letter| letter.is_ascii_digit() || matches!(letter, '.' | ','))
        .collect();
    let digits = digits.trim_end_matches(['.', ',']);
    let mark = digits.rfind(['.', ',']);
    let (whole, fraction) = match mark {
        // Three digits behind the only mark are thousands.
        Some(mark) if digits.len() - mark - 1 != 3 => (&digits[..mark], &digits[mark + 1..]),
        Some(_) | None => (digits, ""),
    };
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let fraction = fraction.trim_end_matches('0');
    let rest = &word[digits.len()..];
    match fraction {
        "" => format!("{whole}{rest}"),
        fraction => format!("{whole}.{fraction}{rest}"),
    }
}

/// Two sentences that contradict each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    pub one: String,
    pub other: String,
    /// The cosine of the angle between their vectors.
    pub similarity: f32,
    /// In what they differ.
    pub difference: String,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Contradictions {
    pub pairs: u64,
    /// How many documents have a sentence of a pair.
    pub documents: u64,
    /// The nearest pairs.
    pub nearest: Vec<Pair>,
    /// The sentences of all pairs, each once.
    pub sentences: Vec<String>,
}

/// Sentences with their vectors, each kept once.
#[derive(Debug)]
pub struct Finder {
    similarity: f32,
    memory: usize,
    used: usize,
    width: usize,
    places: HashMap<String, usize>,
    documents: Vec<Vec<u32>>,
    vectors: Vec<f32>,
}

impl Finder {
    /// Compares sentences whose vectors are so near. They take no more than `memory` bytes.
    pub fn new(similarity: f64, memory: usize) -> Finder {
        Finder {
            similarity: similarity as f32,
            memory,
            used: 0,
            width: 0,
            places: HashMap::new(),
            documents: Vec::new(),
            vectors: Vec::new(),
        }
    }

    /// Adds a sentence of a document. Sentences of one document are not compared with each other.
    pub fn push(&mut self, document: u32, text: &str, vector: &[f64]) -> Result<()> {
        if let Some(place) = self.places.get(text) {
            let documents = &mut self.documents[*place];
            if documents.last() != Some(&document) {
                room::push(documents, document)?;
                self.used += size_of::<u32>();
            }
            return Ok(());
        }
        if self.documents.is_empty() {
            self.width = vector.len();
        }
        let length = vector.iter().map(|number| number * number).sum::<f64>().sqrt();
        // A vector without a direction is near to none.
        if vector.len() != self.width || !length.is_finite() || length <= 0.0 {
            return Ok(());
        }
        self.used = self
            .used
            .saturating_add(2 * text.len() + size_of_val(vector) / 2 + AROUND);
        if self.used > self.memory {
            return Err(Error::Memory {
                needed: self.used,
                allowed: self.memory,
            });
        }
        room::reserve(&mut self.vectors, vector.len())?;
        self.vectors
            .extend(vector.iter().map(|number| (number / length) as f32));
        room::push(&mut self.documents, vec![document])?;
        self.places
            .try_reserve(1)
            .map_err(|_| Error::OutOfMemory { needed: self.used })?;
        self.places.insert(text.to_owned(), self.documents.len() - 1);
        Ok(())
    }

    /// Compares all pairs. O(sentences² x dimensions) on all threads, in memory that pairs do not take.
    pub fn finish(self, monitor: &dyn Monitor) -> Result<Contradictions> {
        let mut texts: Vec<&str> = room::filled("", self.documents.len())?;
        self.places.iter().for_each(|(text, place)| texts[*place] = text);
        let facts = texts
            .par_iter()
            .map(|text| Facts::of(text, monitor))
            .collect::<Result<Vec<Facts>>>()?;
        let involved: Vec<AtomicBool> = (0..texts.len()).map(|_| AtomicBool::new(false)).collect();
        let found = (0..texts.len())
            .into_par_iter()
            .map(|one| self.of(one, &texts, &facts, &involved, monitor))
            .try_reduce(Nearest::default, |one, other| Ok(one.merged(other, &texts)))?;
        let nearest = found.pairs.iter().map(|(one, other, similarity)| {
            // In the order of the alphabet, whatever order they came in.
            let (one, other) = if texts[*one] <= texts[*other] {
                (*one, *other)
            } else {
                (*other, *one)
            };
            Pair {
                one: texts[one].to_owned(),
                other: texts[other].to_owned(),
                similarity: *similarity,
                difference: facts[one].differ(&facts[other]).unwrap_or_default(),
            }
        });
        let nearest = nearest.collect();
        let involved = || (0..texts.len()).filter(|place| involved[*place].load(Ordering::Relaxed));
        let documents: BTreeSet<u32> = involved().flat_map(|place| &self.documents[place]).copied().collect();
        let mut sentences: Vec<String> = involved().map(|place| texts[place].to_owned()).collect();
        sentences.sort_unstable();
        Ok(Contradictions {
            pairs: found.count,
            documents: documents.len() as u64,
            nearest,
            sentences,
        })
    }

    /// The later sentences that contradict one; it marks whom it finds as involved.
    fn of(
        &self,
        one: usize,
        texts: &[&str],
        facts: &[Facts],
        involved: &[AtomicBool],
        monitor: &dyn Monitor,
    ) -> Result<Nearest> {
        let mut found = Nearest::default();
        let vector = |place: usize| &self.vectors[place * self.width..(place + 1) * self.width];
        let own = vector(one);
        for other in one + 1..facts.len() {
            if other % 1024 == 0 {
                monitor.check()?;
            }
            let similarity: f32 = own.iter().zip(vector(other)).map(|(a, b)| a * b).sum();
            let are_apart = || {
                self.documents[one].len() > 1
                    || self.documents[other].len() > 1
                    || self.documents[one] != self.documents[other]
            };
            if similarity >= self.similarity && are_apart() && facts[one].differs(&facts[other]) {
                found.push((one, other, similarity), texts);
                involved[one].store(true, Ordering::Relaxed);
                involved[other].store(true, Ordering::Relaxed);
            }
        }
        monitor.check()?;
        Ok(found)
    }
}

/// How many pairs there are, and the nearest of them.
#[derive(Debug, Default)]
struct Nearest {
    count: u64,
    /// The nearest first, and always the same of those that are as near.
    pairs: Vec<(usize, usize, f32)>,
}

impl Nearest {
    fn push(&mut self, pair: (usize, usize, f32), texts: &[&str]) {
        self.count += 1;
        self.keep(pair, texts);
    }

    fn merged(mut self, other: Nearest, texts: &[&str]) -> Nearest {
        self.count += other.count;
        other.pairs.into_iter().for_each(|pair| self.keep(pair, texts));
        self
    }

    fn keep(&mut self, pair: (usize, usize, f32), texts: &[&str]) {
        // Of two sentences the one that comes first was read first, which the plan decides; their texts do not hang on it.
        let names = |pair: &(usize, usize, f32)| {
            let (one, other) = (texts[pair.0], texts[pair.1]);
            (one.min(other), one.max(other))
        };
        let place = self.pairs.partition_point(|kept| {
            kept.2
                .total_cmp(&pair.2)
                .reverse()
                .then_with(|| names(kept).cmp(&names(&pair)))
                .is_lt()
        });
        if place < SHOWN {
            self.pairs.truncate(SHOWN - 1);
            self.pairs.insert(place, pair);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    fn difference(one: &str, other: &str) -> Option<String> {
        let facts = |text| Facts::of(text, &Unwatched).unwrap();
        facts(one).differ(&facts(other))
    }

    #[test]
    fn numbers_dates_and_negations_differ() {
        let says = |text: &str| Some(text.to_owned());
        assert_eq!(
            difference("within 14 days", "within 30 days"),
            says("numbers: 14 and 30")
        );
        assert_eq!(difference("within fourteen days", "within 14 days"), None);
        assert_eq!(difference("costs 4.90 EUR", "costs 4,9 EUR"), None);
        assert_eq!(difference("1,000 items", "1000 items"), None);
        assert_eq!(
            difference("open until March", "open until April"),
            says("dates: march and april")
        );
        assert_eq!(
            difference("You can return it", "You cannot return it"),
            says("negation")
        );
        assert_eq!(difference("It isn't free", "It is free"), says("negation"));
        assert_eq!(difference("Das ist nicht möglich", "Das ist möglich"), says("negation"));
        assert_eq!(difference("반품할 수 있습니다", "반품할 수 없습니다"), says("negation"));
        // More is said by one of them, and no less.
        assert_eq!(difference("within 14 days", "within 14 days, or 30 for members"), None);
        assert_eq!(difference("soon", "within 14 days"), None);
    }

    #[test]
    fn pairs_are_of_different_documents_and_near() {
        let mut finder = Finder::new(0.9, 1 << 20);
        finder.push(0, "Return it within 14 days.", &[1.0, 0.0]).unwrap();
        finder.push(0, "Return it within 60 days.", &[1.0, 0.0]).unwrap();
        finder.push(1, "Return it within 30 days.", &[2.0, 0.1]).unwrap();
        finder.push(2, "Return it within 30 days.", &[2.0, 0.1]).unwrap();
        finder.push(3, "It weighs 3 kg.", &[0.0, 1.0]).unwrap();
        finder.push(3, "nothing", &[0.0, 0.0]).unwrap();
        let found = finder.finish(&Unwatched).unwrap();
        assert_eq!((found.pairs, found.documents), (2, 3));
        assert_eq!(
            found.sentences,
            [
                "Return it within 14 days.",
                "Return it within 30 days.",
                "Return it within 60 days."
            ]
        );
        assert_eq!(
            (found.nearest[0].one.as_str(), found.nearest[0].difference.as_str()),
            ("Return it within 14 days.", "numbers: 14 and 30")
        );
        assert_eq!(
            Finder::new(0.9, 0).finish(&Unwatched).unwrap(),
            Contradictions::default()
        );
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut finder = Finder::new(0.9, 1000);
        let outcome = (0..100).try_for_each(|number| finder.push(number, &format!("sentence {number}"), &[1.0, 0.0]));
        assert!(matches!(outcome, Err(Error::Memory { .. })));
    }
}
