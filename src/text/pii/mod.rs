//! What in texts tells of persons: found, and taken out.

mod find;
mod key;
mod redact;

pub use find::kinds_of;
pub use redact::{policy, redactor};
