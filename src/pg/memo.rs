//! What the step of an aggregate remembers from row to row where PostgreSQL is told of no call site: an engine that calls steps itself, as Citus does on its
//! nodes, makes a new one for each row. It is kept beside the aggregate's state.

use std::any::Any;

use pgrx::pg_sys;

use super::arguments;
use super::error::{Error, INTERNAL, Result};

/// A value of any type, and the function whose it is: its declaration says of what types the arguments are, and does not change meanwhile.
#[derive(Default)]
pub struct Memo(Option<(pg_sys::Oid, Box<dyn Any>)>);

impl Memo {
    /// What the function that is called remembers, made for the first row.
    #[inline]
    pub fn get<T: 'static>(
        &mut self,
        fcinfo: pg_sys::FunctionCallInfo,
        make: impl FnOnce() -> Result<T>,
    ) -> Result<&mut T> {
        let function = arguments::function(fcinfo);
        if !matches!(&self.0, Some((of, value)) if *of == function && value.is::<T>()) {
            self.0 = Some((function, Box::new(make()?)));
        }
        let known = self.0.as_mut().and_then(|(_, value)| value.downcast_mut());
        known.ok_or_else(|| Error::new(INTERNAL, "what a step remembers is of another type"))
    }
}
