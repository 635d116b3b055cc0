//! How good a search is, by questions whose relevant rows are known.
//!
//! | file | idea |
//! |---|---|
//! | `questions` | the questions, and what is relevant to each |
//! | `answers` | what a vectorizer's search finds for them |
//! | `evaluate` | `evaluate_retrieval` |
//! | `compare` | `compare_retrieval` |
//! | `index` | `ann_recall`: what an index finds of what is nearest |

mod answers;
mod compare;
mod evaluate;
mod index;
pub mod questions;

use crate::pg::error::{Error, INVALID_PARAMETER, Result, notice};
use crate::pg::options::required;
use crate::text::search::count;

/// What draws the bootstrap: the same for all, so that figures can be repeated.
pub const SEED: u64 = 42;

/// How many of the best count, as an argument: ascending, each once.
fn depths(value: Option<Vec<Option<i32>>>) -> Result<Vec<usize>> {
    let mut depths = Vec::new();
    for depth in required("k", value)? {
        depths.push(count("k", required("k", depth)?)?);
    }
    depths.sort_unstable();
    depths.dedup();
    match depths.is_empty() {
        true => {
            Err(Error::new(INVALID_PARAMETER, "argument \"k\" is empty")
                .hint("Give it as ARRAY[10] or ARRAY[10, 100]."))
        }
        false => Ok(depths),
    }
}

/// Says how many questions do not count.
fn tell_left_out(count: usize) {
    if count > 0 {
        notice(
            format!("questions left out because no row is relevant to them: {count}"),
            Some("What is found for them cannot be judged.".into()),
        );
    }
}
