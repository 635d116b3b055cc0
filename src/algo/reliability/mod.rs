//! How time counts: working hours, and what of a stretch of time was good.

pub mod working_time;
