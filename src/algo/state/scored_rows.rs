//! Rows that were scored where they are.

use std::rc::Rc;

use super::{Content, Kind, decode, encode};
use crate::accumulator::Accumulator;
use crate::error::Result;
use crate::judging::scored_rows::ScoredRows;
use crate::monitor::Monitor;

impl Content for Rc<ScoredRows> {
    const KINDS: &'static [Kind] = &[Kind {
        code: 70,
        version: 1,
        name: "scored rows",
    }];

    fn kind(&self) -> &'static Kind {
        &Self::KINDS[0]
    }

    fn merge(&mut self, other: &Rc<ScoredRows>, monitor: &dyn Monitor) -> Result<()> {
        monitor.check()?;
        Accumulator::merge(Rc::make_mut(self), other)
    }

    fn memory(&self) -> usize {
        size_of::<ScoredRows>() + Accumulator::memory(self.as_ref())
    }

    fn write(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        encode(self.as_ref(), bytes)
    }

    fn read(_: &'static Kind, _: u8, payload: &[u8], monitor: &dyn Monitor) -> Result<Rc<ScoredRows>> {
        Ok(Rc::new(decode(payload, monitor)?))
    }
}
