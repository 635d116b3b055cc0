//! Service levels: what is promised of an asset or a data product, and how well that is kept.
//!
//! What was good, bad or unknown is computed from the evidence that is stored anyway, by the arithmetic of spans: no slice of time is ever a row.

mod add;
mod alarms;
mod evidence;
pub mod level;
mod period;
mod record;
mod scope;
mod standing;
mod status;
pub mod terms;
pub mod uptime;

pub use alarms::{Burning, burning};
