//! A model for each group of rows, and one of all rows for groups that are small or were not seen.
//!
//! | file | idea |
//! |---|---|
//! | `table` | from the values that name a group to its place |
//! | `learner` | a learner that fits one model for each group |
//! | `model` | what it fits |
//! | `scorer` | the same laid out for scoring many rows |
//! | `explainer` | the same for explaining rows |
//! | `places` | from a group's values to what scores it there |

mod explainer;
mod learner;
mod model;
mod places;
mod scorer;
mod table;
#[cfg(test)]
mod tests;

pub use learner::Grouped;
pub use model::{GroupedModel, Own};
pub use scorer::LinearScorers;
