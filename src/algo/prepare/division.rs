//! Which rows train and which test.

/// Which rows train and which test: places of rows of the query, each list in the order in which the learner sees them. Whoever makes one takes
/// rows of [`super::Rows::order`], in that order, so that what is learned does not depend on how the query gave them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Division {
    /// Rows that train.
    pub train: Vec<u32>,
    /// Rows that test.
    pub test: Vec<u32>,
}
