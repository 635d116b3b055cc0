//! A key that opens an endpoint: sent, and never shown.

/// A key. It has neither `Debug` nor `Display`, so that nothing prints it by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// So many characters in a row of a key tell something of it.
const TELLING: usize = 6;

impl Secret {
    /// Takes a key; `None` where it is none: empty, long, or with what cannot stand in a header.
    pub fn new(key: &str) -> Option<Secret> {
        /// No key is longer; tokens that are signed take a few kilobytes.
        const LONGEST: usize = 16 * 1024;
        let is_sound = (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        is_sound.then(|| Secret(key.to_owned()))
    }

    /// The header's value that carries it.
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// Whether a text has all of it. What a model writes may repeat six characters by chance, or a key that is no more than a word.
    pub fn is_in(&self, text: &str) -> bool {
        /// Keys that are worth something are longer.
        const WORD: usize = 16;
        self.0.len() >= WORD && text.contains(&self.0)
    }

    /// Whether a text repeats enough of it to tell something. Servers do, in the messages of their errors.
    pub fn is_told_by(&self, text: &str) -> bool {
        let (key, text) = (self.0.as_bytes(), text.as_bytes());
        let telling = TELLING.min(key.len());
        let mut pieces: Vec<&[u8]> = key.windows(telling).collect();
        pieces.sort_unstable();
        text.windows(telling).any(|piece| pieces.binary_search(&piece).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_what_can_stand_in_a_header() {
        assert!(Secret::new("sk-0123456789").is_some());
        for key in ["", "a b", "a\n", "a\r\nHost: b", "ä", "a\0"] {
            assert!(Secret::new(key).is_none(), "{key:?}");
        }
        assert!(Secret::new(&"a".repeat(20_000)).is_none());
    }

    #[test]
    fn a_text_that_repeats_a_piece_of_it_tells() {
        let secret = Secret::new("sk-proj-abcdefghijkl").unwrap();
        for text in [
            "Incorrect API key provided: sk-proj-abcdefghijkl.",
            "Bearer sk-proj-abc",
            "sk-pro********ijkl",
            "xx cdefgh xx",
        ] {
            assert!(secret.is_told_by(text), "{text}");
        }
        for text in ["", "model not found", "sk-", "sk-pr", "abcde"] {
            assert!(!secret.is_told_by(text), "{text}");
        }
        assert!(Secret::new("abc").unwrap().is_told_by("xabcx"));
        assert!(secret.is_in("the key is sk-proj-abcdefghijkl."));
        assert!(!secret.is_in("the key is sk-proj-abcdefghijk"));
        assert!(!Secret::new("none").unwrap().is_in("none of these"));
    }
}
