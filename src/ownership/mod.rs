//! Who owns models, checks, baselines and results: the type of their columns, the triggers that keep it true when rows are restored and roles
//! dropped, and how they change hands.

mod dump;
mod transfer;
mod triggers;

use pgrx::pg_sys;

use crate::pg::entry::{self, Raw};
use crate::pg::error::or_raise;
use crate::pg::role_type;

fn role_in(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    or_raise(role_type::input(fcinfo))
}

fn role_recv(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    or_raise(role_type::receive(fcinfo))
}

entry::per_row!(role_in, role_in_wrapper, pg_finfo_role_in_wrapper);
entry::per_row!(role_type::output, role_out_wrapper, pg_finfo_role_out_wrapper);
entry::per_row!(role_recv, role_recv_wrapper, pg_finfo_role_recv_wrapper);
entry::per_row!(role_type::send, role_send_wrapper, pg_finfo_role_send_wrapper);
