//! The mathematics: accumulators, learners, metrics. Pure Rust, without PostgreSQL and without `unsafe`.
#![forbid(unsafe_code)]

pub mod accumulator;
pub mod anomaly;
pub mod block;
pub mod boosting;
pub mod bytes;
mod coded;
pub mod design;
pub mod dictionary;
pub mod document;
pub mod drift;
mod envelope;
pub mod error;
pub mod estimator;
pub mod fitted;
pub mod forest;
pub mod formats;
pub mod frame;
#[cfg(test)]
mod golden;
pub mod hash;
pub mod label;
pub mod learner;
pub mod learners;
pub mod levels;
pub mod linear;
pub mod lines;
pub mod metrics;
pub mod model;
pub mod monitor;
pub mod naive_bayes;
pub mod parameters;
pub mod prepare;
pub mod profile;
pub mod quality;
pub mod room;
pub mod scan;
pub mod sketch;
pub mod split;
pub mod state;
pub mod stats;
pub mod summary;
pub mod task;
pub mod texts;
pub mod training_set;
pub mod trees;
pub mod wrap;
