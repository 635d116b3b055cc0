//! Data quality in SQL: profiles and checks, each relation read once.

mod pass;
mod source;
mod step;
