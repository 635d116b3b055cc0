//! Distinct texts, numbered as they come.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::error::{Error, Result};
use super::texts::Texts;

/// Tables that the texts are spread over. A table that is full moves all it holds, which one table of many millions of texts would take
/// longer for than a statement may go on after it was cancelled.
const TABLES: usize = 64;

/// A code a distinct text: 0 for the first, 1 for the next, and so on.
#[derive(Debug, Clone)]
pub struct Dictionary {
    /// Hashes are seeded at random, so that nobody can choose texts that fall together.
    hasher: DefaultHashBuilder,
    tables: [HashTable<Entry>; TABLES],
    texts: Texts,
}

/// A text's hash, which a table that grows need not compute again, and its code.
#[derive(Debug, Clone)]
struct Entry {
    hash: u64,
    code: u32,
}

impl Default for Dictionary {
    fn default() -> Dictionary {
        Dictionary {
            hasher: DefaultHashBuilder::default(),
            tables: std::array::from_fn(|_| HashTable::new()),
            texts: Texts::default(),
        }
    }
}

impl Dictionary {
    /// The code of a text, which becomes one of the dictionary's if it was none; `None` when there is no code left below `most`. Returns an error
    /// where there is no room for it. Expected O(length).
    #[inline]
    pub fn code(&mut self, text: &str, most: u32) -> Result<Option<u32>> {
        let hash = self.hasher.hash_one(text);
        // A table looks at the lowest and at the highest bits.
        let table = &mut self.tables[(hash >> 32) as usize % TABLES];
        let found = table.find(hash, |entry| {
            entry.hash == hash && self.texts.get(entry.code as usize) == text
        });
        if let Some(entry) = found {
            return Ok(Some(entry.code));
        }
        let Some(code) = u32::try_from(self.texts.len()).ok().filter(|&code| code < most) else {
            return Ok(None);
        };
        self.texts.reserve(text)?;
        table
            .try_reserve(1, |entry| entry.hash)
            .map_err(|_| Error::OutOfMemory {
                needed: 2 * table.allocation_size(),
            })?;
        table.insert_unique(hash, Entry { hash, code }, |entry| entry.hash);
        self.texts.push(text);
        Ok(Some(code))
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The text of a code.
    #[inline]
    pub fn text(&self, code: u32) -> &str {
        self.texts.get(code as usize)
    }

    /// Bytes that it takes.
    pub fn memory(&self) -> usize {
        let entries: usize = self.tables.iter().map(HashTable::allocation_size).sum();
        entries + self.texts.memory()
    }

    /// The texts by their codes.
    pub fn texts(&self) -> &Texts {
        &self.texts
    }

    /// The same, given up.
    pub fn into_texts(self) -> Texts {
        self.texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_order_of_first_appearance() {
        let mut dictionary = Dictionary::default();
        let texts: Vec<String> = (0..20_000).map(|i| format!("text {}", i * 7 % 5000)).collect();
        for (place, text) in texts.iter().enumerate() {
            assert_eq!(dictionary.code(text, u32::MAX), Ok(Some(place as u32 % 5000)), "{text}");
        }
        assert_eq!(dictionary.code("", 5000), Ok(None));
        assert_eq!(dictionary.code("", 5001), Ok(Some(5000)));
        assert_eq!(dictionary.code("", 0), Ok(Some(5000)));
        assert!(dictionary.memory() > 5000 * size_of::<Entry>());
        let known = dictionary.into_texts();
        assert_eq!(known.len(), 5001);
        assert!(known.iter().zip(&texts[..5000]).all(|(known, text)| known == text));
    }
}
