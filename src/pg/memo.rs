//! What the step of an aggregate remembers from row to row where PostgreSQL is told of no call site: an engine that calls steps itself, as Citus does on its
//! nodes, makes a new one for each row. It is kept beside the aggregate's state.

use std::any::Any;

use pgrx::pg_sys;

use super::error::{Error, INTERNAL, Result};
use super::fields::{Arguments, Source, Types};

/// A value of any type, and what says of what types the arguments are that it knows.
#[derive(Default)]
pub struct Memo(Option<(Source, Box<dyn Any>)>);

impl Memo {
    /// What the function that is called remembers of arguments of the same types, made for the first row.
    #[inline]
    pub fn get<T: 'static>(
        &mut self,
        fcinfo: pg_sys::FunctionCallInfo,
        make: impl FnOnce() -> Result<T>,
    ) -> Result<&mut T> {
        let source = Arguments::of(&fcinfo).source();
        if !matches!(&self.0, Some((of, value)) if *of == source && value.is::<T>()) {
            self.0 = Some((source, Box::new(make()?)));
        }
        let known = self.0.as_mut().and_then(|(_, value)| value.downcast_mut());
        known.ok_or_else(|| Error::new(INTERNAL, "what a step remembers is of another type"))
    }
}
