//! Names of persons: those of a list, and what stands where names do, behind a title or "my name is".

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

use super::{Found, Kind};
use crate::error::{Error, Result};
use crate::language;
use crate::monitor::Monitor;
use crate::room;

/// Titles, behind which a name follows.
const TITLES: [&str; 12] = [
    "Mr",
    "Mrs",
    "Ms",
    "Miss",
    "Mister",
    "Dr",
    "Prof",
    "Professor",
    "Herr",
    "Herrn",
    "Frau",
    "Mme",
];
/// What people say before they say a name.
const PHRASES: [&str; 14] = [
    "my name is",
    "My name is",
    "my name's",
    "My name's",
    "called me",
    "mein Name ist",
    "Mein Name ist",
    "ich heiße",
    "Ich heiße",
    "je m'appelle",
    "Je m'appelle",
    "me llamo",
    "Me llamo",
    "name of",
];
/// The longest name of the list, in bytes.
pub const LONGEST: usize = 200;
/// So much of a text is searched between two looks at the monitor.
const BLOCK: usize = 32 * 1024;
/// The most words of a name behind a title.
const WORDS: usize = 3;

/// What the automaton has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pattern {
    Name,
    /// A name that is a common word as well, such as Will and My: one only next to another name.
    Word,
    Title,
    Phrase,
}

/// Names to look for.
#[derive(Debug)]
pub struct Names {
    automaton: AhoCorasick,
    patterns: Vec<Pattern>,
    longest: usize,
}

impl Names {
    /// Names as they are written, and in capitals. What is empty or too long is none.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Names> {
        let (mut texts, mut patterns) = (Vec::new(), Vec::new());
        for name in names {
            let name = name.trim();
            if name.is_empty() || name.len() > LONGEST || !name.contains(char::is_alphanumeric) {
                continue;
            }
            let pattern = if language::is_common(name) {
                Pattern::Word
            } else {
                Pattern::Name
            };
            let capitals = name.to_uppercase();
            if capitals != name {
                room::push(&mut texts, capitals)?;
                room::push(&mut patterns, pattern)?;
            }
            room::push(&mut texts, name.to_owned())?;
            room::push(&mut patterns, pattern)?;
        }
        for (words, pattern) in [(&TITLES[..], Pattern::Title), (&PHRASES[..], Pattern::Phrase)] {
            for word in words {
                room::push(&mut texts, (*word).to_owned())?;
                room::push(&mut patterns, pattern)?;
            }
        }
        let longest = texts.iter().map(String::len).max().unwrap_or(0);
        // A state for each byte, of some dozen bytes.
        room::ask(texts.iter().map(String::len).sum::<usize>().saturating_mul(64))?;
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&texts)
            .or_else(|_| {
                AhoCorasick::builder()
                    .kind(Some(AhoCorasickKind::NoncontiguousNFA))
                    .build(&texts)
            })
            .map_err(|_| Error::data("there are too many names", "Give fewer at a time."))?;
        Ok(Names {
            automaton,
            patterns,
            longest,
        })
    }

    /// Appends the persons of a text.
    pub fn find(&self, text: &str, found: &mut Vec<Found>, monitor: &dyn Monitor) -> Result<()> {
        let mut listed: Vec<Span> = Vec::new();
        let mut spoken: Vec<Span> = Vec::new();
        let mut from = 0;
        while from < text.len() {
            monitor.check()?;
            let end = text.len().min(from + BLOCK);
            // What begins in this block may end in the next.
            let span = from..text.len().min(end + self.longest);
            for one in self.automaton.find_overlapping_iter(Input::new(text).span(span)) {
                let (start, stop) = (one.start(), one.end());
                if start >= end {
                    continue;
                }
                match self.patterns.get(one.pattern().as_usize()) {
                    Some(Pattern::Name) if is_apart(text, start, stop) => room::push(&mut listed, (start, stop, true))?,
                    Some(Pattern::Word) if is_apart(text, start, stop) => {
                        room::push(&mut listed, (start, stop, false))?
                    }
                    Some(Pattern::Title) if is_apart(text, start, stop) && is_title(text, start) => {
                        note(&mut spoken, name_behind(text, stop))?;
                    }
                    Some(Pattern::Phrase) if is_apart(text, start, stop) => note(&mut spoken, name_behind(text, stop))?,
                    Some(Pattern::Name | Pattern::Word | Pattern::Title | Pattern::Phrase) | None => {}
                }
            }
            from = end;
        }
        room::reserve(&mut listed, spoken.len())?;
        listed.append(&mut spoken);
        join(text, listed, found)
    }
}

fn note(names: &mut Vec<Span>, name: Option<(usize, usize)>) -> Result<()> {
    name.map_or(Ok(()), |(start, end)| room::push(names, (start, end, true)))
}

/// Where a name begins and ends, and whether it is one by itself.
type Span = (usize, usize, bool);

/// Appends names, of which those that follow each other are one: a given name, an initial, a family name.
fn join(text: &str, mut names: Vec<Span>, found: &mut Vec<Found>) -> Result<()> {
    names.sort_unstable();
    let mut open: Option<Span> = None;
    for (start, end, is_one) in names {
        open = match open {
            // The same word may be on the list twice, and a part of another name.
            Some((first, last, sure)) if start < last || is_joint(&text[last..start]) => {
                Some((first, last.max(end), sure || is_one))
            }
            Some(before) => {
                push(before, found)?;
                Some((start, end, is_one))
            }
            None => Some((start, end, is_one)),
        };
    }
    open.map_or(Ok(()), |last| push(last, found))
}

fn push((start, end, is_one): Span, found: &mut Vec<Found>) -> Result<()> {
    let kind = Kind::Person;
    if is_one {
        room::push(found, Found { kind, start, end })
    } else {
        Ok(())
    }
}

/// Whether what stands between two names makes one of them: a blank, a hyphen, an initial.
fn is_joint(between: &str) -> bool {
    match between.as_bytes() {
        [] | b" " | b"-" => true,
        [b' ', initial, b' '] | [b' ', initial, b'.', b' '] => initial.is_ascii_uppercase(),
        _ => false,
    }
}

/// Whether a name stands alone: no letter or digit goes on before or behind it. Scripts that put no blanks between words, or put endings behind
/// them, need none.
fn is_apart(text: &str, start: usize, end: usize) -> bool {
    let before = text[..start].chars().next_back();
    let behind = text[end..].chars().next();
    let first = text[start..end].chars().next();
    let last = text[start..end].chars().next_back();
    let goes_on = |outer: Option<char>| outer.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    // Of Don't Don is no name; of Anna's Anna is.
    let behind_mark = text[end..]
        .strip_prefix(['\'', '\u{2019}'])
        .and_then(|rest| rest.chars().next());
    if behind_mark.is_some_and(|letter| letter.is_alphabetic() && !matches!(letter, 's' | 'S')) {
        return false;
    }
    let begins = !goes_on(before)
        || first.is_some_and(is_ideograph)
        || first.is_some_and(is_hangul) && !before.is_some_and(is_hangul);
    // Of one syllable names are part of too many words.
    let is_long = text[start..end].chars().nth(1).is_some();
    let ends = !goes_on(behind) || is_long && last.is_some_and(|letter| is_ideograph(letter) || is_hangul(letter));
    begins && ends
}

fn is_ideograph(letter: char) -> bool {
    matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{323af}')
}

fn is_hangul(letter: char) -> bool {
    matches!(letter, '\u{ac00}'..='\u{d7a3}')
}

/// Whether a title is one: after a word in capitals, as in `12 Lincoln Dr`, it is a part of that.
fn is_title(text: &str, start: usize) -> bool {
    let Some(before) = text[..start].strip_suffix(' ') else {
        return true;
    };
    let word = before
        .rsplit(|letter: char| !letter.is_alphanumeric())
        .next()
        .unwrap_or("");
    // Titles follow each other.
    !word.starts_with(char::is_uppercase) || TITLES.contains(&word)
}

/// The name that stands behind a title or a phrase: words that begin with capitals, a blank between.
fn name_behind(text: &str, end: usize) -> Option<(usize, usize)> {
    let rest = &text[end..];
    let rest = rest.strip_prefix('.').unwrap_or(rest).strip_prefix(' ')?;
    let start = text.len() - rest.len();
    let (mut at, mut stop) = (start, start);
    for _ in 0..WORDS {
        let word = &text[at..];
        let is_part = |(place, letter): &(usize, char)| {
            *place < LONGEST
                && (letter.is_alphabetic()
                    || matches!(letter, '-' | '\u{2019}')
                    || *letter == '\'' && goes_on(word, *place))
        };
        let width = word
            .char_indices()
            .take_while(is_part)
            .last()
            .map_or(0, |(place, letter)| place + letter.len_utf8());
        let word = word[..width].trim_end_matches('-');
        if !word.starts_with(char::is_uppercase) || TITLES.contains(&word) {
            break;
        }
        stop = at + word.len();
        // An initial has a point.
        let behind = &text[stop..];
        let behind = if word.chars().count() == 1 {
            behind.strip_prefix('.').unwrap_or(behind)
        } else {
            behind
        };
        match behind.strip_prefix(' ') {
            Some(next) => at = text.len() - next.len(),
            None => break,
        }
    }
    (stop > start).then_some((start, stop))
}

/// Whether an apostrophe is part of a name, as in O'Brien, and not of what it has: Anna's.
fn goes_on(word: &str, apostrophe: usize) -> bool {
    word[apostrophe + 1..].starts_with(char::is_uppercase)
}
