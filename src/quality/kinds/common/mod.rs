//! What families of kinds share: each a way in which a check is answered, or what several kinds write in SQL.

pub mod figure;
pub mod interval;
pub mod literal;
pub mod regex;
pub mod rows;
pub mod statement;
