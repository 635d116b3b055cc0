//! Why a row is scored as it is: attributions of a model's margins to its columns, in SQL.
//!
//! | file | idea |
//! |---|---|
//! | `explanation` | what explains a model against its training rows, kept beside it, or against a background |
//! | `attributions` | one row of a call: `attributions`, `base_value`, `explain_predict` |
//! | `run` | all rows of a query |
//! | `query` | `explain_query` |
//! | `global` | what matters over many rows: `global_explain`, `interactions` |
//! | `described` | the words of a feature: `describe_feature` |
//! | `reasons` | `reason_codes` |
//! | `sample` | rows that were read before, for a card |

mod attributions;
mod described;
mod explanation;
mod global;
mod query;
mod reasons;
mod run;
pub mod sample;

pub use explanation::{RowExplainer, TopAttributions, against_training};
pub use query::text;
