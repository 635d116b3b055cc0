//! Choosing what to learn with: how well a learner does on rows that it did not learn from, fold by fold, and which of many does best.

pub mod judge;
pub mod race;
pub mod space;
