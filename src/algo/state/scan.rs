//! Profiles and checks.

use std::rc::Rc;

use super::{Content, Kind, decode, encode};
use crate::accumulator::Accumulator;
use crate::error::Result;
use crate::monitor::{Monitor, Unwatched};
use crate::scan::Scan;

impl Content for Rc<Scan> {
    const KINDS: &'static [Kind] = &[Kind {
        code: 65,
        // 2: deviations beyond the range of a float, as their roots.
        version: 2,
        name: "a scan",
    }];

    fn kind(&self) -> &'static Kind {
        &Self::KINDS[0]
    }

    fn merge(&mut self, other: &Rc<Scan>, monitor: &dyn Monitor) -> Result<()> {
        Rc::make_mut(self).merge_watched(other, monitor)
    }

    fn settle(&mut self, monitor: &dyn Monitor) -> Result<()> {
        Rc::make_mut(self).flush(monitor)
    }

    fn memory(&self) -> usize {
        size_of::<Scan>() + self.as_ref().memory()
    }

    fn write(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        encode(self.settled(&Unwatched)?.as_ref(), bytes)
    }

    fn read(_: &'static Kind, _: u8, payload: &[u8], monitor: &dyn Monitor) -> Result<Rc<Scan>> {
        Ok(Rc::new(decode(payload, monitor)?))
    }
}
