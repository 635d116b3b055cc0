//! Servers elsewhere that embed and rerank texts. Who may call which is said by PostgreSQL's foreign servers and user mappings; which hosts may be
//! reached at all, by a superuser. A call is booked before it is made, in a transaction of its own, so that nothing that happens to the caller's
//! takes back what it costs.

mod booking;
mod call;
mod client;
pub mod embed;
mod key;
mod register;
pub mod remote;
mod resolver;
mod server;
mod validator;
mod wrapper;

/// The foreign data wrapper.
const WRAPPER: &str = "assay_http";
