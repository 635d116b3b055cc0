//! What a check says.

pub mod check;
