//! Rows that a model is trained on: surveyed, packed, summed up.

use std::rc::Rc;

use super::{Content, Kind, WHAT, decode, encode};
use crate::bytes;
use crate::error::Result;
use crate::monitor::{Monitor, Unwatched};
use crate::packed::{Packer, Survey};
use crate::sums::Partial;

impl Content for Rc<Survey> {
    const KINDS: &'static [Kind] = &[Kind {
        code: 67,
        version: 1,
        name: "a survey of rows",
    }];

    fn kind(&self) -> &'static Kind {
        &Self::KINDS[0]
    }

    fn merge(&mut self, other: &Rc<Survey>, monitor: &dyn Monitor) -> Result<()> {
        Rc::make_mut(self).merge(other, monitor)
    }

    fn settle(&mut self, _: &dyn Monitor) -> Result<()> {
        Rc::make_mut(self).compact()
    }

    fn memory(&self) -> usize {
        size_of::<Survey>() + self.as_ref().memory()
    }

    fn write(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        bytes::encode(WHAT, &self.stored(), bytes, &Unwatched)
    }

    fn read(_: &'static Kind, _: u8, payload: &[u8], monitor: &dyn Monitor) -> Result<Rc<Survey>> {
        Ok(Rc::new(Survey::restored(bytes::decode(WHAT, payload, monitor)?)?))
    }
}

impl Content for Rc<Packer> {
    const KINDS: &'static [Kind] = &[Kind {
        code: 68,
        version: 1,
        name: "packed rows",
    }];

    fn kind(&self) -> &'static Kind {
        &Self::KINDS[0]
    }

    fn merge(&mut self, other: &Rc<Packer>, monitor: &dyn Monitor) -> Result<()> {
        Rc::make_mut(self).merge(other, monitor)
    }

    fn memory(&self) -> usize {
        size_of::<Packer>() + self.as_ref().memory()
    }

    fn write(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        self.as_ref().write(bytes)
    }

    fn read(_: &'static Kind, _: u8, payload: &[u8], monitor: &dyn Monitor) -> Result<Rc<Packer>> {
        Ok(Rc::new(Packer::unpack(payload, monitor)?))
    }
}

impl Content for Partial {
    const KINDS: &'static [Kind] = &[Kind {
        code: 69,
        version: 1,
        name: "sums of rows",
    }];

    fn kind(&self) -> &'static Kind {
        &Self::KINDS[0]
    }

    fn merge(&mut self, other: &Partial, _: &dyn Monitor) -> Result<()> {
        Partial::merge(self, other)
    }

    fn memory(&self) -> usize {
        Partial::memory(self)
    }

    fn write(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        encode(&self.sums()?, bytes)
    }

    fn read(_: &'static Kind, _: u8, payload: &[u8], monitor: &dyn Monitor) -> Result<Partial> {
        Ok(Partial::Done(decode(payload, monitor)?))
    }
}
