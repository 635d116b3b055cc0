//! Data quality in SQL: profiles and checks, each relation read once.

mod drift;
mod engine;
mod finding;
mod grouping;
mod kinds;
mod pass;
mod profile;
mod source;
mod spec;
mod step;
mod stored;
mod suggest;
mod value;
