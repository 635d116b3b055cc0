//! Incidents: what people declare, or policies do, of one or more issues, and work on until it is over.

mod acts;
mod change;
mod declare;
mod incident;
mod issues;
mod state;
mod told;
