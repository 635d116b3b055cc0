//! The binary tree in which frequent words are near the root (Huffman 1952), for hierarchical softmax.

use crate::error::Result;
use crate::room;

/// The way from the root to each word.
#[derive(Debug)]
pub(super) struct Tree {
    /// Of each word, where its way begins in `branches`, and one more for the end.
    starts: Vec<usize>,
    /// The inner nodes on the way, each with 1 where it goes left and 0 where it goes right.
    branches: Vec<(u32, f32)>,
}

impl Tree {
    /// Of words whose counts descend. O(n), and the length of all ways.
    pub(super) fn new(counts: &[u64]) -> Result<Tree> {
        let words = counts.len();
        let nodes = (2 * words).saturating_sub(1);
        let (mut weights, mut parents) = (room::with_capacity(nodes)?, room::filled((0_u32, false), nodes)?);
        weights.extend_from_slice(counts);
        // Words from the last on and inner nodes from the first on ascend, so that the two lightest nodes are at the fronts of two rows.
        let (mut word, mut inner) = (words, words);
        for next in words..nodes {
            for is_right in [false, true] {
                let takes_word = word > 0 && (inner >= next || weights[word - 1] <= weights[inner]);
                let lightest = if takes_word {
                    word -= 1;
                    word
                } else {
                    inner += 1;
                    inner - 1
                };
                parents[lightest] = (next as u32, is_right);
                let weight: u64 = weights[lightest];
                if is_right {
                    weights[next] += weight
                } else {
                    weights.push(weight)
                }
            }
        }
        let (mut starts, mut branches) = (room::with_capacity(words + 1)?, Vec::new());
        for word in 0..words {
            starts.push(branches.len());
            let mut node = word;
            while node + 1 < nodes {
                let (parent, is_right) = parents[node];
                let branch = (parent - words as u32, if is_right { 0.0 } else { 1.0 });
                room::push(&mut branches, branch)?;
                node = parent as usize;
            }
        }
        starts.push(branches.len());
        Ok(Tree { starts, branches })
    }

    /// The inner nodes above a word, with where it is below them.
    #[inline(always)]
    pub(super) fn way(&self, word: u32) -> &[(u32, f32)] {
        &self.branches[self.starts[word as usize]..self.starts[word as usize + 1]]
    }

    /// The length of the longest way.
    pub(super) fn depth(&self) -> usize {
        let lengths = self.starts.windows(2).map(|ends| ends[1] - ends[0]);
        lengths.max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of textbooks: 45, 16, 13, 12, 9, 5 have codes of 1, 3, 3, 3, 4, 4 bits.
    #[test]
    fn frequent_words_are_near_the_root() {
        let tree = Tree::new(&[45, 16, 13, 12, 9, 5]).unwrap();
        let lengths: Vec<usize> = (0..6).map(|word| tree.way(word).len()).collect();
        assert_eq!(lengths, [1, 3, 3, 3, 4, 4]);
        assert_eq!(tree.depth(), 4);
        // No way is the beginning of another, read from the root.
        let ways: Vec<Vec<_>> = (0..6).map(|word| tree.way(word).iter().rev().collect()).collect();
        for (place, way) in ways.iter().enumerate() {
            assert!(
                ways.iter()
                    .enumerate()
                    .all(|(other, longer)| place == other || !longer.starts_with(way))
            );
        }
        assert!(Tree::new(&[3]).unwrap().way(0).is_empty());
    }
}
