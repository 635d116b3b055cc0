//! What keeps the chunks and vectors of a row current: what is embedded, what of it is new, and when a failure is tried again.

pub mod backoff;
pub mod reconcile;
pub mod template;
