//! Working at what waits.
//!
//! Items are taken under a lease, which is committed before anything is done, so that others leave them alone; a lock that the session holds says that it lives. Then they are worked
//! at, while nothing is locked; and then, in one transaction, what came of it is kept. So a worker that is killed leaves its items to the next one, which does at most that batch again,
//! and nothing is kept twice. What fails is tried item by item, so that one bad item fails alone.
//!
//! | file | idea |
//! |---|---|
//! | `line` | what waits, for work of one kind |
//! | `run` | `run_queue`: batch after batch, one of each line in turn |

mod line;
mod run;

pub use line::{Blame, Item, Line, is_free};
