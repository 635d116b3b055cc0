//! Search in the chunks of a vectorizer: by their vectors, by their words, or by both.
//!
//! Candidates come in the order of their score from the vectorizer's own tables; which of them the caller may see is asked of the source, as the caller.
//!
//! | file | idea |
//! |---|---|
//! | `target` | the vectorizer, as search sees it |
//! | `postings` | the words of chunks, in tables |
//! | `candidates` | chunks in the order of one score |
//! | `exclusions` | which documents are left out |
//! | `visible` | which of them the caller may see, and what they are |
//! | `hits` | the best of all parts together |
//! | `rerank` | the best ones, judged once more by a model that reads question and chunk together |

mod candidates;
pub mod exclusions;
mod hits;
pub mod postings;
mod rerank;
mod target;
mod visible;

use pgrx::pg_extern;
use serde_json::Value as Json;

use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;

pub use candidates::Mode;
pub use hits::{Hit, Request, Searcher};
pub use target::{Target, language};
pub use visible::{Visible, number};

/// The most chunks that are given.
const MOST: i32 = 10_000;

result_row! {
    /// A chunk that was found.
    struct FoundRow {
        key: Json,
        seq: i32,
        chunk: String,
        score: f64,
        ranks: Json,
    }
}

/// How many are wanted, as an argument.
pub fn count(name: &str, value: i32) -> Result<usize> {
    match value {
        1..=MOST => Ok(value as usize),
        _ => Err(Error::new(
            INVALID_PARAMETER,
            format!("{name} is {value}, but must be between 1 and {MOST}"),
        )
        .hint("It is how many of the best are wanted.")),
    }
}

/// `search(vectorizer, query, k, mode, rerank, filter)`.
#[pg_extern(sql = false)]
fn search(
    vectorizer: Option<Text>,
    query: Option<Text>,
    k: Option<i32>,
    mode: Option<Text>,
    rerank: Option<Text>,
    filter: Option<Text>,
) -> SetOf<FoundRow> {
    let rows = || {
        let request = Request {
            k: count("k", required("k", k)?)?,
            mode: Mode::of(&required("mode", mode)?)?,
            rerank: rerank.map(String::from),
            filter: filter.map(String::from),
        };
        let target = Target::of(&required("vectorizer", vectorizer)?)?;
        let watch = Foreground::new()?;
        Searcher::new(&target, &request, &watch)?.search(&required("query", query)?)
    };
    set_of(or_raise(rows()).into_iter().map(|hit| FoundRow {
        key: hit.key,
        seq: hit.seq,
        chunk: hit.chunk,
        score: hit.score,
        ranks: hit.ranks,
    }))
}
