//! The terms of a text: words, or sequences of characters, as scikit-learn's vectorizers find them.

use crate::coded::coded;
use crate::error::Result;
use crate::monitor::Pace;
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

/// Finds terms as the letters of a text come, so that a very long one takes no more room than a short one. Its buffers serve text after text.
#[derive(Debug, Default)]
pub struct Tokens {
    recent: Recent,
}

impl Tokens {
    /// Hands each term of so many words or characters over, again where it occurs again, in no order. Returns an error when stopped, and when
    /// `take` does. O(text x lengths).
    pub fn each(
        &mut self,
        analyzer: Analyzer,
        lowercase: bool,
        lengths: (usize, usize),
        text: &str,
        pace: &mut Pace<'_>,
        mut take: impl FnMut(&str) -> Result<()>,
    ) -> Result<()> {
        let recent = &mut self.recent;
        recent.clear();
        match analyzer {
            Analyzer::Word => {
                let mut letters = 0;
                each_letter(text, lowercase, pace, |letter| {
                    if letter.is_alphanumeric() || letter == '_' {
                        if letters == 0 {
                            recent.begin_word();
                        }
                        letters += 1;
                        recent.text.push(letter);
                        return Ok(());
                    }
                    recent.end_word(std::mem::take(&mut letters), lengths, &mut take)
                })?;
                recent.end_word(letters, lengths, &mut take)
            }
            Analyzer::Char => {
                // A run of several spaces is one space; a single one stays what it is.
                let (mut run, mut only) = (0_usize, ' ');
                each_letter(text, lowercase, pace, |letter| {
                    if letter.is_whitespace() {
                        (run, only) = (run + 1, letter);
                        return Ok(());
                    }
                    recent.space(std::mem::take(&mut run), only, lengths, &mut take)?;
                    recent.letter(letter, lengths, &mut take)
                })?;
                recent.space(run, only, lengths, &mut take)
            }
            Analyzer::CharWb => {
                each_letter(text, lowercase, pace, |letter| {
                    if letter.is_whitespace() {
                        return recent.end_padded(lengths, &mut take);
                    }
                    if recent.starts.is_empty() {
                        recent.letter(' ', lengths, &mut take)?;
                    }
                    recent.letter(letter, lengths, &mut take)
                })?;
                recent.end_padded(lengths, &mut take)
            }
        }
    }
}

/// The last words, a space between them, or the last characters of a text: as many as a term has, and some more.
#[derive(Debug, Default)]
struct Recent {
    text: String,
    /// Where each of them begins.
    starts: Vec<usize>,
}

impl Recent {
    /// Bytes beyond which what no term needs any more is let go.
    const ROOM: usize = 1 << 12;

    fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(2 * Self::ROOM);
        self.starts.clear();
    }

    fn begin_word(&mut self) {
        if !self.starts.is_empty() {
            self.text.push(' ');
        }
        self.starts.push(self.text.len());
    }

    /// Ends a word of so many letters, none for no word; one letter makes no word.
    fn end_word(
        &mut self,
        letters: usize,
        lengths: (usize, usize),
        take: impl FnMut(&str) -> Result<()>,
    ) -> Result<()> {
        match letters {
            0 => Ok(()),
            1 => {
                let start = self.starts.pop().unwrap_or(0);
                self.text
                    .truncate(if self.starts.is_empty() { start } else { start - 1 });
                Ok(())
            }
            _ => self.hand_over(lengths, take),
        }
    }

    fn letter(&mut self, letter: char, lengths: (usize, usize), take: impl FnMut(&str) -> Result<()>) -> Result<()> {
        self.starts.push(self.text.len());
        self.text.push(letter);
        self.hand_over(lengths, take)
    }

    /// A run of spaces, the last of which is given.
    fn space(
        &mut self,
        run: usize,
        only: char,
        lengths: (usize, usize),
        take: impl FnMut(&str) -> Result<()>,
    ) -> Result<()> {
        match run {
            0 => Ok(()),
            1 => self.letter(only, lengths, take),
            _ => self.letter(' ', lengths, take),
        }
    }

    /// Ends a word with a space before it, if there is one. One that is shorter than every term counts once.
    fn end_padded(&mut self, lengths: (usize, usize), mut take: impl FnMut(&str) -> Result<()>) -> Result<()> {
        if self.starts.is_empty() {
            return Ok(());
        }
        self.letter(' ', lengths, &mut take)?;
        if self.starts.len() < lengths.0 {
            take(&self.text)?;
        }
        self.text.clear();
        self.starts.clear();
        Ok(())
    }

    /// Hands the terms over that end here.
    #[inline]
    fn hand_over(&mut self, (from, to): (usize, usize), mut take: impl FnMut(&str) -> Result<()>) -> Result<()> {
        let count = self.starts.len();
        for length in from..=to.min(count) {
            take(&self.text[self.starts[count - length]..])?;
        }
        if self.text.len() > Self::ROOM && count > to {
            let first = self.starts[count - to];
            self.text.drain(..first);
            self.starts.drain(..count - to);
            self.starts.iter_mut().for_each(|start| *start -= first);
        }
        Ok(())
    }
}

/// Parts of a text, with where they begin, between which there is time for a look at the monitor.
fn blocks(text: &str) -> impl Iterator<Item = (usize, &str)> {
    const BLOCK: usize = 1 << 12;
    let mut start = 0;
    std::iter::from_fn(move || {
        let from = start;
        let mut end = text.len().min(from + BLOCK);
        while !text.is_char_boundary(end) {
            end += 1;
        }
        start = end;
        (from < end).then(|| (from, &text[from..end]))
    })
}

/// Hands the letters of a text over, as small ones if wanted.
fn each_letter(
    text: &str,
    lowercase: bool,
    pace: &mut Pace<'_>,
    mut take: impl FnMut(char) -> Result<()>,
) -> Result<()> {
    for (start, block) in blocks(text) {
        pace.spend(block.len())?;
        for (place, letter) in block.char_indices() {
            match letter {
                _ if !lowercase => take(letter)?,
                _ if letter.is_ascii() => take(letter.to_ascii_lowercase())?,
                'Σ' => take(small_sigma(text, start + place))?,
                _ => letter.to_lowercase().try_for_each(&mut take)?,
            }
        }
    }
    Ok(())
}

/// The small letter of a capital sigma, which is another at the end of a word.
fn small_sigma(text: &str, place: usize) -> char {
    /// Letters on each side that are looked at for the word's end.
    const AROUND: usize = 64;
    let (before, after) = text.split_at(place);
    let before = before.char_indices().rev().take(AROUND).last();
    let start = before.map_or(place, |(start, _)| start);
    let end = after
        .char_indices()
        .nth(AROUND)
        .map_or(text.len(), |(end, _)| place + end);
    // Both are as long, so that it stands in the same place.
    let at = text[start..place].to_lowercase().len();
    let small = text[start..end].to_lowercase();
    small.get(at..).and_then(|rest| rest.chars().next()).unwrap_or('σ')
}

/// How many words a text has: parts between spaces. Returns an error only when stopped.
pub fn word_count(text: &str, pace: &mut Pace<'_>) -> Result<usize> {
    let (mut words, mut is_inside) = (0, false);
    for (_, block) in blocks(text) {
        pace.spend(block.len())?;
        for letter in block.chars() {
            let is_letter = !letter.is_whitespace();
            words += usize::from(is_letter && !is_inside);
            is_inside = is_letter;
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::monitor::{Monitor, Progress, Unwatched};

    fn terms(analyzer: Analyzer, range: (usize, usize), text: &str) -> Vec<String> {
        let (mut found, mut tokens) = (Vec::new(), Tokens::default());
        let mut pace = Pace::new(&Unwatched);
        // Twice, as what is left of one text is no part of the next.
        for _ in 0..2 {
            found.clear();
            let take = |term: &str| {
                found.push(term.to_string());
                Ok(())
            };
            tokens.each(analyzer, true, range, text, &mut pace, take).unwrap();
        }
        found
    }

    fn sorted<T: ToString>(terms: impl IntoIterator<Item = T>) -> Vec<String> {
        let mut terms: Vec<String> = terms.into_iter().map(|term| term.to_string()).collect();
        terms.sort();
        terms
    }

    /// Of scikit-learn's `CountVectorizer(analyzer=..., ngram_range=...).build_analyzer()`.
    #[test]
    fn terms_are_those_of_scikit_learn() {
        assert_eq!(
            terms(Analyzer::Word, (1, 1), "A bad, BAD idea: x_1 é ü2!"),
            ["bad", "bad", "idea", "x_1", "ü2"]
        );
        assert_eq!(
            sorted(terms(Analyzer::Word, (1, 2), "not good at all")),
            sorted(["not", "good", "at", "all", "not good", "good at", "at all"])
        );
        assert_eq!(
            sorted(terms(Analyzer::Char, (2, 3), "ab  cd")),
            sorted(["ab", "b ", " c", "cd", "ab ", "b c", " cd"])
        );
        assert_eq!(
            sorted(terms(Analyzer::CharWb, (2, 4), "ab cde")),
            sorted([
                " a", "ab", "b ", " ab", "ab ", " ab ", " c", "cd", "de", "e ", " cd", "cde", "de ", " cde", "cde "
            ])
        );
        for analyzer in [Analyzer::Word, Analyzer::Char, Analyzer::CharWb] {
            assert!(terms(analyzer, (1, 3), "").is_empty());
        }
    }

    /// Words shorter than every term count once; one letter is no word, and parts those beside it no more than a comma does.
    #[test]
    fn short_words_are_as_in_scikit_learn() {
        assert_eq!(sorted(terms(Analyzer::CharWb, (5, 6), "ab c ")), [" ab ", " c "]);
        assert_eq!(terms(Analyzer::CharWb, (4, 6), " ab"), [" ab "]);
        assert_eq!(terms(Analyzer::Word, (2, 2), "a bad, b idea c"), ["bad idea"]);
        assert_eq!(
            terms(Analyzer::Word, (3, 3), "x not y good z at all"),
            ["not good at", "good at all"]
        );
        assert_eq!(
            terms(Analyzer::Char, (1, 1), "a\tb \tc \n"),
            ["a", "\t", "b", " ", "c", " "]
        );
    }

    /// However long: what is let go on the way is part of no term any more.
    #[test]
    fn long_texts_have_the_terms_of_their_parts() {
        let words: Vec<String> = (0..4000).map(|word| format!("Wört{word}")).collect();
        let small: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
        let pairs: Vec<String> = small.windows(2).map(|pair| pair.join(" ")).collect();
        let text = words.join(", ");
        assert_eq!(terms(Analyzer::Word, (2, 2), &text), pairs);
        let letters: Vec<char> = text.to_lowercase().chars().collect();
        let threes: Vec<String> = letters.windows(3).map(|letters| letters.iter().collect()).collect();
        assert_eq!(terms(Analyzer::Char, (3, 3), &text), threes);
        let long = "ab".repeat(10_000);
        assert_eq!(terms(Analyzer::Word, (1, 2), &format!("{long} {long}")).len(), 3);
        assert_eq!(terms(Analyzer::CharWb, (4, 4), &long).len(), 20_002 - 3);
    }

    #[test]
    fn small_letters_are_those_of_the_whole_text() {
        for text in [
            "ΟΔΟΣ ΣΟΦΟΣ, Σ. Σ'Α ΑΣ'",
            "İSTANBUL ẞ ǅ",
            "aΣ\u{301}\u{301} aΣ\u{301}b",
            &"ΑΣ".repeat(5000),
        ] {
            let mut small = String::new();
            let take = |letter| {
                small.push(letter);
                Ok(())
            };
            each_letter(text, true, &mut Pace::new(&Unwatched), take).unwrap();
            assert_eq!(small, text.to_lowercase());
        }
    }

    #[test]
    fn words_are_counted_as_they_are_split() {
        let long = format!("{} {}", "ü".repeat(4095), "b ".repeat(5000));
        for text in ["", "  ", "one", " two  words ", "a\u{a0}b\tc", &long] {
            let counted = word_count(text, &mut Pace::new(&Unwatched)).unwrap();
            assert_eq!(counted, text.split_whitespace().count(), "{text}");
        }
    }

    struct Stopped;

    impl Monitor for Stopped {
        fn check(&self) -> Result<()> {
            Err(Error::Stopped)
        }

        fn progress(&self, _: Progress) {}
    }

    /// Within one text, not only between texts.
    #[test]
    fn a_very_long_text_is_stopped() {
        let long = "word ".repeat(100_000);
        for analyzer in [Analyzer::Word, Analyzer::Char, Analyzer::CharWb] {
            let mut seen = 0;
            let take = |_: &str| {
                seen += 1;
                Ok(())
            };
            let mut pace = Pace::new(&Stopped);
            assert!(
                Tokens::default()
                    .each(analyzer, true, (1, 1), &long, &mut pace, take)
                    .is_err()
            );
            assert!(seen < 10_000, "{seen}");
        }
        assert!(word_count(&long, &mut Pace::new(&Stopped)).is_err());
    }
}
