//! Reliability: what assets there are and who answers for them, what is broken, who is told, and how well promises are kept.
//!
//! The rooms above (checks, drift, models) say here what they have found; this one knows nothing of how it was found.

pub mod asset;
pub mod clock;
mod dbt;
pub mod gate;
pub mod incidents;
pub mod issues;
pub mod lineage;
mod maintenance;
mod metrics;
pub mod outbox;
pub mod owner;
mod owners;
mod read;
pub mod recorded;
mod response;
pub mod service_levels;
pub mod survive;
mod target;
pub mod trail;
