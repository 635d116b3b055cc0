//! Data quality in SQL: profiles and checks, each relation read once.

mod check;
mod checks;
mod compile;
mod constraint;
mod drift;
mod explain;
mod failing;
mod finding;
mod grouping;
mod judge;
mod near_duplicates;
mod pass;
mod profile;
mod proof;
mod proposal;
mod render;
mod results;
mod rule;
mod run;
mod segments;
mod source;
mod statement;
mod step;
mod stored;
mod suggest;
mod validate;
