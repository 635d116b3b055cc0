//! The terms of a text: words, or sequences of characters, as scikit-learn's vectorizers find them.

use crate::coded::coded;
use crate::parameters::choices;

choices! {
    /// What terms are made of.
    pub enum Analyzer {
        /// Words of two letters, digits or underscores and more.
        Word = "word",
        /// Characters.
        Char = "char",
        /// Characters within words, with a space before and behind.
        CharWb = "char_wb",
    }
}

coded!(Analyzer { 0 => Word, 1 => Char, 2 => CharWb });

/// Finds terms; its buffers serve text after text.
#[derive(Debug, Default)]
pub struct Tokens {
    text: String,
    /// Where words, or characters, begin and end.
    places: Vec<(usize, usize)>,
    term: String,
}

impl Tokens {
    /// Hands each term of so many words or characters over, again where it occurs again. O(text x lengths).
    pub fn each(
        &mut self,
        analyzer: Analyzer,
        lowercase: bool,
        (from, to): (usize, usize),
        text: &str,
        mut take: impl FnMut(&str),
    ) {
        let Tokens {
            text: own,
            places,
            term,
        } = self;
        own.clear();
        let letters = text.chars();
        match (lowercase, text.is_ascii()) {
            (true, true) => own.extend(letters.map(|letter| letter.to_ascii_lowercase())),
            // The whole text, as a final sigma differs from others.
            (true, false) => own.push_str(&text.to_lowercase()),
            (false, _) => own.push_str(text),
        }
        places.clear();
        match analyzer {
            Analyzer::Word => {
                words(own, places);
                for length in from..=to {
                    for words in places.windows(length) {
                        match words {
                            [(start, end)] => take(&own[*start..*end]),
                            words => {
                                term.clear();
                                for (start, end) in words {
                                    if !term.is_empty() {
                                        term.push(' ');
                                    }
                                    term.push_str(&own[*start..*end]);
                                }
                                take(term);
                            }
                        }
                    }
                }
            }
            Analyzer::Char => {
                join_spaces(own, term);
                characters(term, places);
                for length in from..=to {
                    sequences(term, places, length, &mut take);
                }
            }
            Analyzer::CharWb => {
                for word in own.split_whitespace() {
                    term.clear();
                    term.push(' ');
                    term.push_str(word);
                    term.push(' ');
                    characters(term, places);
                    for length in from..=to {
                        if places.len() <= length {
                            // A word that is shorter than the sequence counts once.
                            take(term);
                            break;
                        }
                        sequences(term, places, length, &mut take);
                    }
                }
            }
        }
    }
}

/// Where the words of two letters, digits or underscores and more are.
fn words(text: &str, places: &mut Vec<(usize, usize)>) {
    let mut start = None;
    let mut letters = 0;
    for (place, letter) in text.char_indices() {
        if letter.is_alphanumeric() || letter == '_' {
            start = start.or(Some(place));
            letters += 1;
        } else {
            places.extend(start.take().filter(|_| letters > 1).map(|start| (start, place)));
            letters = 0;
        }
    }
    places.extend(start.filter(|_| letters > 1).map(|start| (start, text.len())));
}

/// The text with runs of two spaces and more as one.
fn join_spaces(text: &str, joined: &mut String) {
    joined.clear();
    let mut run = 0;
    let mut only = ' ';
    let close = |run: usize, only: char, joined: &mut String| match run {
        0 => {}
        1 => joined.push(only),
        _ => joined.push(' '),
    };
    for letter in text.chars() {
        if letter.is_whitespace() {
            (run, only) = (run + 1, letter);
        } else {
            close(run, only, joined);
            run = 0;
            joined.push(letter);
        }
    }
    close(run, only, joined);
}

fn characters(text: &str, places: &mut Vec<(usize, usize)>) {
    places.clear();
    places.extend(
        text.char_indices()
            .map(|(place, letter)| (place, place + letter.len_utf8())),
    );
}

fn sequences(text: &str, places: &[(usize, usize)], length: usize, take: &mut impl FnMut(&str)) {
    for letters in places.windows(length) {
        if let (Some((start, _)), Some((_, end))) = (letters.first(), letters.last()) {
            take(&text[*start..*end]);
        }
    }
}

/// How many words a text has: parts between spaces.
pub fn word_count(text: &str) -> usize {
    text.split_whitespace().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(analyzer: Analyzer, range: (usize, usize), text: &str) -> Vec<String> {
        let mut found = Vec::new();
        Tokens::default().each(analyzer, true, range, text, |term| found.push(term.to_string()));
        found
    }

    /// Of scikit-learn's `CountVectorizer(analyzer=..., ngram_range=...).build_analyzer()`.
    #[test]
    fn terms_are_those_of_scikit_learn() {
        assert_eq!(
            terms(Analyzer::Word, (1, 1), "A bad, BAD idea: x_1 é ü2!"),
            ["bad", "bad", "idea", "x_1", "ü2"]
        );
        assert_eq!(
            terms(Analyzer::Word, (1, 2), "not good at all"),
            ["not", "good", "at", "all", "not good", "good at", "at all"]
        );
        assert_eq!(
            terms(Analyzer::Char, (2, 3), "ab  cd"),
            ["ab", "b ", " c", "cd", "ab ", "b c", " cd"]
        );
        assert_eq!(
            terms(Analyzer::CharWb, (2, 4), "ab cde"),
            [
                " a", "ab", "b ", " ab", "ab ", " ab ", " c", "cd", "de", "e ", " cd", "cde", "de ", " cde", "cde "
            ]
        );
        for analyzer in [Analyzer::Word, Analyzer::Char, Analyzer::CharWb] {
            assert!(terms(analyzer, (1, 3), "").is_empty());
        }
    }
}
