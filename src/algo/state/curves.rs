//! Curves of models.

use super::{Content, Kind, decode, encode};
use crate::accumulator::Accumulator;
use crate::error::Result;
use crate::judging::curves::Curves;
use crate::monitor::Monitor;

impl Content for Curves {
    const KINDS: &'static [Kind] = &[Kind {
        code: 66,
        version: 1,
        name: "curves",
    }];

    fn kind(&self) -> &'static Kind {
        &Self::KINDS[0]
    }

    fn merge(&mut self, other: &Curves, _: &dyn Monitor) -> Result<()> {
        Accumulator::merge(self, other)
    }

    fn memory(&self) -> usize {
        Accumulator::memory(self)
    }

    fn write(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        encode(self, bytes)
    }

    fn read(_: &'static Kind, _: u8, payload: &[u8], monitor: &dyn Monitor) -> Result<Curves> {
        decode(payload, monitor)
    }
}
