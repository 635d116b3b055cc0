//! Models without a target in SQL.
//!
//! | file | idea |
//! |---|---|
//! | `assessed` | how well such a model describes the rows of a query: `evaluate` |
//! | `parts` | what it is made of: `centroids`, `principal_components` |
//! | `anomalies` | the rows of a query that it has not seen the like of: `detect_anomalies` |

mod anomalies;
pub mod assessed;
mod parts;

pub use anomalies::{AnomalyRow, Asked};
