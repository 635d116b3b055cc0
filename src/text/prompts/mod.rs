//! Prompts: templates of what models are asked, as versions in the registry, with its aliases, deployments and grants.

mod create;
mod fill;
mod prompt;

pub use prompt::Prompt;
