//! From rows as a query gives them to the rows of a training set, counted at each step.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use rayon::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::conversation::{Conversation, Problem};
use super::options::{Compared, Options, Pii};
use crate::error::{Error, Result};
use crate::hash::{hash_bytes, mix, seeded};
use crate::monitor::Monitor;
use crate::room;
use crate::shingles::{Collection, Groups, group, shingles};

/// Rows that a thread works at at a time.
const PIECE: usize = 64;
/// What is hashed for which purpose.
const SPLIT: u64 = 0x5b117;
const ORDER: u64 = 0x0bde4;

/// What a row is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Judging what was trained.
    Test,
    /// Choosing while training.
    Validation,
    /// Training.
    Train,
}

impl Part {
    /// All. What stands first keeps a row that others have, too.
    pub const ALL: [Part; 3] = [Part::Test, Part::Validation, Part::Train];

    /// Its name in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Part::Test => "test",
            Part::Validation => "validation",
            Part::Train => "train",
        }
    }

    /// The part of a name.
    pub fn named(name: &str) -> Option<Part> {
        Part::ALL.into_iter().find(|part| part.name() == name)
    }
}

/// A row as a query gives it.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub conversation: Conversation,
    /// How content who asked was.
    pub rating: Option<f64>,
    /// What it is balanced by.
    pub label: Option<String>,
    pub weight: Option<f64>,
    /// Rows of a group are all of one part. Without one, rows with the same question are.
    pub group: Option<String>,
    /// What says where it is from.
    pub source: Option<String>,
    pub language: Option<String>,
}

/// A row of a training set.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub part: Part,
    pub conversation: Conversation,
    pub rating: Option<f64>,
    pub label: Option<String>,
    pub weight: Option<f64>,
    pub source: Option<String>,
}

/// What became of the rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// What the query gave.
    pub read: u64,
    /// No conversations to learn from, by why.
    pub malformed: BTreeMap<&'static str, u64>,
    /// Rated too low, or not.
    pub rating: u64,
    /// Too short or too long.
    pub length: u64,
    /// Of another language, or of none.
    pub language: u64,
    /// With data about persons.
    pub pii: u64,
    /// The same as another one.
    pub duplicates: u64,
    /// Nearly the same as another one of its part.
    pub near_duplicates: u64,
    /// The same, or nearly, as one that tests or validates, in a part that comes after it.
    pub leaked: u64,
    /// More of its label than there may be.
    pub balance: u64,
    /// Rows in which something was masked, of those that are left.
    pub redacted: u64,
    /// Blocks so large that only neighbours in them were compared for near duplicates.
    pub capped_blocks: u64,
    /// Groups of each part, of the rows that are left.
    pub groups: BTreeMap<Part, u64>,
}

/// What becomes of a text in which data about persons is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cleaned {
    /// There is none.
    Clean,
    /// There is some; the text without it.
    Masked(String),
}

/// A training set.
#[derive(Debug, Clone, PartialEq)]
pub struct Built {
    /// Its rows, those of a part together.
    pub rows: Vec<Row>,
    pub counts: Counts,
}

/// A row that is looked at.
struct Entry {
    candidate: Candidate,
    part: Part,
    /// The hash of the group.
    group: u64,
    /// The hash of what is said.
    hash: u64,
    is_redacted: bool,
    is_left: bool,
}

/// Takes rows, then makes the training set.
pub struct Builder {
    options: Options,
    entries: Vec<Entry>,
    counts: Counts,
}

impl Builder {
    /// Returns an error with an option out of its range.
    pub fn new(options: Options) -> Result<Builder> {
        options.check()?;
        Ok(Builder {
            options,
            entries: Vec::new(),
            counts: Counts::default(),
        })
    }

    /// Counts a row that is no conversation.
    pub fn refuse(&mut self, problem: Problem) {
        self.counts.read += 1;
        *self.counts.malformed.entry(problem.name()).or_default() += 1;
    }

    /// Adds a row, unless a filter leaves it out. O(length).
    pub fn push(&mut self, candidate: Candidate) -> Result<()> {
        self.counts.read += 1;
        let options = &self.options;
        let is_rated = |least: f64| candidate.rating.is_some_and(|rating| rating >= least);
        if !options.min_rating.is_none_or(is_rated) {
            self.counts.rating += 1;
            return Ok(());
        }
        if !has_length(&candidate.conversation, options) {
            self.counts.length += 1;
            return Ok(());
        }
        if let Some(languages) = &options.languages
            && !candidate
                .language
                .as_ref()
                .is_some_and(|language| languages.contains(language))
        {
            self.counts.language += 1;
            return Ok(());
        }
        let group = match &candidate.group {
            Some(group) => hash_bytes(SPLIT, group.as_bytes()),
            None => hash_bytes(SPLIT + 1, folded(candidate.conversation.question()).as_bytes()),
        };
        let entry = Entry {
            part: part_of(group, options),
            candidate,
            group,
            hash: 0,
            is_redacted: false,
            is_left: true,
        };
        room::push(&mut self.entries, entry)
    }

    /// Makes the training set. `clean` looks for data about persons in a text. The result depends neither on the order of the rows nor on the number of threads.
    pub fn finish(mut self, clean: &(dyn Fn(&str) -> Result<Cleaned> + Sync), monitor: &dyn Monitor) -> Result<Built> {
        self.fill_parts();
        self.clean(clean, monitor)?;
        self.order(monitor)?;
        self.leave_duplicates(monitor)?;
        self.leave_near_duplicates(monitor)?;
        self.balance()?;
        self.rows(monitor)
    }

    /// Gives a part that is wanted and has no group, as happens where there are few, the group of those that train which is nearest to it. Something has to train.
    fn fill_parts(&mut self) {
        if self.entries.iter().all(|entry| entry.part != Part::Train) {
            let groups = self.entries.iter().map(|entry| entry.group);
            let farthest = groups.max_by_key(|group| place_of(*group, &self.options));
            let own = self.entries.iter_mut().filter(|entry| Some(entry.group) == farthest);
            own.for_each(|entry| entry.part = Part::Train);
        }
        for (part, share) in [
            (Part::Test, self.options.test),
            (Part::Validation, self.options.validation),
        ] {
            if share == 0.0 || self.entries.iter().any(|entry| entry.part == part) {
                continue;
            }
            let train = || {
                self.entries
                    .iter()
                    .filter(|entry| entry.part == Part::Train)
                    .map(|entry| entry.group)
            };
            let nearest = train().min_by_key(|group| place_of(*group, &self.options));
            // One group has to be left to train.
            if let Some(nearest) = nearest.filter(|nearest| train().any(|group| group != *nearest)) {
                let own = self.entries.iter_mut().filter(|entry| entry.group == nearest);
                own.for_each(|entry| entry.part = part);
            }
        }
    }

    /// Masks data about persons, or leaves rows with it out; and hashes what is said then.
    fn clean(&mut self, clean: &(dyn Fn(&str) -> Result<Cleaned> + Sync), monitor: &dyn Monitor) -> Result<()> {
        let pii = self.options.pii;
        self.entries.par_chunks_mut(PIECE).try_for_each(|entries| {
            for entry in entries {
                monitor.check()?;
                entry.clean(pii, clean)?;
            }
            Ok::<_, Error>(())
        })?;
        let before = self.entries.len();
        self.entries.retain(|entry| entry.is_left);
        self.counts.pii = (before - self.entries.len()) as u64;
        Ok(())
    }

    /// Puts rows in the order in which the first of what is alike is kept: those that test, then those that validate; those rated best; then by what they say.
    fn order(&mut self, monitor: &dyn Monitor) -> Result<()> {
        monitor.check()?;
        self.entries.par_sort_by(Entry::precedence);
        monitor.check()
    }

    /// Leaves out what says the same as one before it.
    fn leave_duplicates(&mut self, monitor: &dyn Monitor) -> Result<()> {
        let needed = self.entries.len() * 2 * size_of::<(u64, usize)>();
        room::ask(needed)?;
        let mut known: HashMap<u64, usize> = HashMap::with_capacity(self.entries.len());
        for place in 0..self.entries.len() {
            if place % PIECE == 0 {
                monitor.check()?;
            }
            let entry = &self.entries[place];
            let first = *known.entry(entry.hash).or_insert(place);
            let other = &self.entries[first];
            if first != place && other.candidate.conversation == entry.candidate.conversation {
                match other.part == entry.part {
                    true => self.counts.duplicates += 1,
                    false => self.counts.leaked += 1,
                }
                self.entries[place].is_left = false;
            }
        }
        self.entries.retain(|entry| entry.is_left);
        Ok(())
    }

    /// Leaves out what nearly says the same as one before it, directly or by way of others.
    fn leave_near_duplicates(&mut self, monitor: &dyn Monitor) -> Result<()> {
        let Some(similarity) = self.options.near_duplicates else {
            return Ok(());
        };
        let groups = self.groups(similarity, monitor)?;
        self.counts.capped_blocks = groups.capped_blocks;
        for (place, leader) in groups.leaders.iter().map(|leader| *leader as usize).enumerate() {
            if leader == place {
                continue;
            }
            match self.entries[leader].part == self.entries[place].part {
                true => self.counts.near_duplicates += 1,
                false => self.counts.leaked += 1,
            }
            self.entries[place].is_left = false;
        }
        self.entries.retain(|entry| entry.is_left);
        Ok(())
    }

    fn groups(&self, similarity: f64, monitor: &dyn Monitor) -> Result<Groups> {
        /// Texts whose runs are made before they are put together.
        const MANY: usize = 8192;
        let mut collection = Collection::default();
        for entries in self.entries.chunks(MANY) {
            let runs: Vec<Vec<u64>> = entries
                .par_iter()
                .map(|entry| {
                    let conversation = &entry.candidate.conversation;
                    let words = self.options.shingle_words;
                    match self.options.compare {
                        Compared::Conversation => shingles(&conversation.text()?, words, monitor),
                        Compared::Question => shingles(conversation.question(), words, monitor),
                    }
                })
                .collect::<Result<_>>()?;
            runs.iter().try_for_each(|runs| collection.push(runs))?;
        }
        group(&collection, similarity, monitor)
    }

    /// Leaves out what the training part has too much of.
    fn balance(&mut self) -> Result<()> {
        let mut sizes: HashMap<Option<&str>, usize> = HashMap::new();
        for entry in self.entries.iter().filter(|entry| entry.part == Part::Train) {
            *sizes.entry(entry.candidate.label.as_deref()).or_default() += 1;
        }
        let rarest = sizes.values().copied().min().unwrap_or(0);
        let of_rarest = self.options.balance.map(|times| (times * rarest as f64) as usize);
        let Some(most) = self.options.max_per_label.into_iter().chain(of_rarest).min() else {
            return Ok(());
        };
        let mut kept: HashMap<Option<&str>, usize> = HashMap::new();
        let mut left: Vec<bool> = room::with_capacity(self.entries.len())?;
        for entry in &self.entries {
            let count = kept.entry(entry.candidate.label.as_deref()).or_default();
            *count += usize::from(entry.part == Part::Train);
            left.push(entry.part != Part::Train || *count <= most);
        }
        let mut left = left.into_iter();
        let before = self.entries.len();
        self.entries.retain(|_| left.next().unwrap_or(true));
        self.counts.balance = (before - self.entries.len()) as u64;
        Ok(())
    }

    /// The rows that are left, those of a part together, in an order that is random but for the seed.
    fn rows(mut self, monitor: &dyn Monitor) -> Result<Built> {
        let seed = seeded(self.options.seed as u64 ^ ORDER);
        monitor.check()?;
        self.entries.par_sort_by(|a, b| {
            (a.part.cmp(&b.part))
                .then(mix(seed, a.hash).cmp(&mix(seed, b.hash)))
                .then(a.precedence(b))
        });
        let mut groups: Vec<(Part, u64)> = room::with_capacity(self.entries.len())?;
        groups.extend(self.entries.iter().map(|entry| (entry.part, entry.group)));
        groups.sort_unstable();
        groups.dedup();
        for (part, _) in groups {
            *self.counts.groups.entry(part).or_default() += 1;
        }
        self.counts.redacted = self.entries.iter().filter(|entry| entry.is_redacted).count() as u64;
        let mut rows = room::with_capacity(self.entries.len())?;
        rows.extend(self.entries.into_iter().map(|entry| Row {
            part: entry.part,
            conversation: entry.candidate.conversation,
            rating: entry.candidate.rating,
            label: entry.candidate.label,
            weight: entry.candidate.weight,
            source: entry.candidate.source,
        }));
        Ok(Built {
            rows,
            counts: self.counts,
        })
    }
}

impl Entry {
    fn clean(&mut self, pii: Pii, clean: &(dyn Fn(&str) -> Result<Cleaned> + Sync)) -> Result<()> {
        let mut found = false;
        let mut mask = |text: &str| -> Result<Option<String>> {
            match clean(text)? {
                Cleaned::Clean => Ok(None),
                Cleaned::Masked(masked) => {
                    found = true;
                    Ok((pii == Pii::Redact).then_some(masked))
                }
            }
        };
        if pii != Pii::Keep {
            let changed = self.candidate.conversation.change(&mut mask)?;
            self.is_redacted = changed == Some(true);
            self.is_left = changed.is_some() && !(found && pii == Pii::Drop);
        }
        let messages = self.candidate.conversation.messages().iter();
        self.hash = messages.fold(seeded(ORDER), |hash, message| {
            mix(hash, hash_bytes(message.role as u64, message.content.as_bytes()))
        });
        Ok(())
    }

    /// Which of two is kept where only one is.
    fn precedence(&self, other: &Entry) -> Ordering {
        let rating = |entry: &Entry| entry.candidate.rating.unwrap_or(f64::NEG_INFINITY);
        let said = |entry: &Entry| -> Vec<String> {
            let messages = entry.candidate.conversation.messages().iter();
            messages.map(|message| message.content.clone()).collect()
        };
        let rest = |a: &Candidate, b: &Candidate| {
            (a.source.cmp(&b.source))
                .then(a.label.cmp(&b.label))
                .then(a.weight.unwrap_or(0.0).total_cmp(&b.weight.unwrap_or(0.0)))
                .then(a.group.cmp(&b.group))
        };
        (self.part.cmp(&other.part))
            .then(rating(other).total_cmp(&rating(self)))
            .then(self.hash.cmp(&other.hash))
            .then_with(|| said(self).cmp(&said(other)))
            .then_with(|| rest(&self.candidate, &other.candidate))
    }
}

/// Whether messages are as long as they should be.
fn has_length(conversation: &Conversation, options: &Options) -> bool {
    let question = conversation.question().chars().count();
    let answer = conversation.answer().chars().count();
    let is_within = |chars: usize, most: Option<usize>| most.is_none_or(|most| chars <= most);
    question >= options.min_question_chars
        && is_within(question, options.max_question_chars)
        && answer >= options.min_answer_chars
        && is_within(answer, options.max_answer_chars)
        && (options.max_chars.is_none() || is_within(conversation.chars(), options.max_chars))
}

/// A question without case and with single spaces.
fn folded(question: &str) -> String {
    let lower: String = question.nfkc().flat_map(char::to_lowercase).collect();
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where a group stands among all that there could be, for a seed.
fn place_of(group: u64, options: &Options) -> u64 {
    mix(seeded(options.seed as u64 ^ SPLIT), group)
}

/// The part of a group: by its hash, so that more rows do not move it.
fn part_of(group: u64, options: &Options) -> Part {
    let place = (place_of(group, options) >> 11) as f64 / (1_u64 << 53) as f64;
    if place < options.test {
        Part::Test
    } else if place < options.test + options.validation {
        Part::Validation
    } else {
        Part::Train
    }
}
