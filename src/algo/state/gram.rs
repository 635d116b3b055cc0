//! Sums of products.

use super::{Content, Kind, decode, encode};
use crate::accumulator::Accumulator;
use crate::error::Result;
use crate::linear::gram::{Gram, Moments};
use crate::monitor::Monitor;

impl Content for Gram {
    const KINDS: &'static [Kind] = &[Kind {
        code: 64,
        // 2: units of columns.
        version: 2,
        name: "linear statistics",
    }];

    fn kind(&self) -> &'static Kind {
        &Self::KINDS[0]
    }

    fn merge(&mut self, other: &Gram, _: &dyn Monitor) -> Result<()> {
        Accumulator::merge(self, other)
    }

    fn memory(&self) -> usize {
        Accumulator::memory(self)
    }

    fn write(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        self.ask_for_settling()?;
        encode(self, bytes)
    }

    fn read(_: &'static Kind, version: u8, payload: &[u8], monitor: &dyn Monitor) -> Result<Gram> {
        match version {
            1 => Gram::try_from(decode::<Moments>(payload, monitor)?),
            _ => decode(payload, monitor),
        }
    }
}
