//! How time counts: working hours, and what of a stretch of time was good.

pub mod budget;
pub mod evidence;
pub mod intervals;
pub mod slices;
#[cfg(test)]
mod tests;
mod uptime;
#[cfg(test)]
mod wall_clock;
pub mod working_time;

pub use uptime::{Uptime, uptime};
