//! Incidents: what people declare, or policies do, of one or more issues, and work on until it is over.

mod acts;
mod change;
mod declare;
mod gather;
mod incident;
mod issues;
mod plan;
mod policy;
mod state;

pub use policy::{declare_by_policy, declare_left, issues_closed};
