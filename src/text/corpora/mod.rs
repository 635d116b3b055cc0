//! Corpora: which documents do not hold any more, and what single texts are like.

mod stale;
mod traits;
