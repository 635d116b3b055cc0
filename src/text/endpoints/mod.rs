//! Servers elsewhere that embed, rerank and write texts. Who may call which is said by PostgreSQL's foreign servers and user mappings; which hosts may be
//! reached at all, by a superuser. A call is booked before it is made, in a transaction of its own, so that nothing that happens to the caller's
//! takes back what it costs.

mod booking;
pub mod call;
mod client;
pub mod counting;
pub mod embed;
pub mod key;
pub mod leaving;
mod register;
pub mod remote;
mod resolver;
pub mod server;
mod validator;
mod wrapper;

/// The foreign data wrapper.
const WRAPPER: &str = "assay_http";
