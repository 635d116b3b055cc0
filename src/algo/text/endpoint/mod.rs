//! Servers elsewhere that embed, rerank and write texts, as far as that can be said without a network: which addresses may be reached, what is sent and what may
//! come back, what a failure means, and what a budget leaves.

pub mod address;
pub mod base_url;
pub mod budget;
pub mod chat;
pub mod columns;
pub mod definition;
pub mod failure;
pub mod hosts;
pub mod options;
pub mod request;
pub mod response;
pub mod secret;
