//! The format safetensors (<https://github.com/huggingface/safetensors>): a length, a header in JSON that says where tensors are, and their
//! bytes. Nothing in it is trusted.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::room;

/// The longest header that is read: that of a model with 5,000 layers.
const HEADER: usize = 8 << 20;

/// Numbers that are read at a time, about: a megabyte of them.
const BLOCK: usize = 1 << 18;

/// What the header says about a tensor; its entry of remarks has none of these.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

/// The tensors of a file.
pub struct Tensors<'b> {
    entries: BTreeMap<String, Entry>,
    data: &'b [u8],
}

impl<'b> Tensors<'b> {
    /// Finds tensors. Returns an error when `bytes` are no such file.
    pub fn read(bytes: &'b [u8]) -> Result<Tensors<'b>> {
        let Some((length, rest)) = bytes.split_first_chunk() else {
            return Err(unreadable("it ends within its length".into()));
        };
        let length = u64::from_le_bytes(*length);
        if length > HEADER as u64 {
            return Err(unreadable(format!(
                "its header would have {length} bytes, and {HEADER} are read"
            )));
        }
        let Some((header, data)) = rest.split_at_checked(length as usize) else {
            return Err(unreadable(format!(
                "its header should have {length} bytes, and {} follow",
                rest.len()
            )));
        };
        // Parsing allocates piece by piece: an empty shape takes more room than its text.
        room::ask(header.len() * 16)?;
        let entries = serde_json::from_slice(header).map_err(|problem| unreadable(format!("its header: {problem}")))?;
        Ok(Tensors { entries, data })
    }

    /// Whether there is a tensor of that name.
    pub fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The shape of a tensor, if it is there.
    pub fn shape(&self, name: &str) -> Option<&[u64]> {
        self.entries.get(name).map(|entry| &entry.shape[..])
    }

    /// The numbers of a tensor that must have this shape. Returns an error when it has another, lies elsewhere than it can, or holds what is no
    /// finite number.
    pub fn numbers(&self, name: &str, shape: &[usize], monitor: &dyn Monitor) -> Result<Vec<f32>> {
        // What it says it holds is believed once its bytes are there.
        let (bytes, kind) = self.bytes(name, shape)?;
        let mut numbers = room::with_capacity(bytes.len() / kind.size())?;
        self.each(name, shape, monitor, |some| {
            numbers.extend_from_slice(some);
            Ok(())
        })?;
        Ok(numbers)
    }

    /// The same, handed on some rows at a time, a row being the numbers along the last axis.
    pub fn each(
        &self,
        name: &str,
        shape: &[usize],
        monitor: &dyn Monitor,
        mut take: impl FnMut(&[f32]) -> Result<()>,
    ) -> Result<()> {
        let (bytes, kind) = self.bytes(name, shape)?;
        let row = shape.last().copied().unwrap_or(1).max(1);
        let rows = (BLOCK / row).max(1);
        let mut numbers = Vec::new();
        for block in bytes.chunks(rows.saturating_mul(row).saturating_mul(kind.size())) {
            monitor.check()?;
            numbers.clear();
            room::reserve(&mut numbers, block.len() / kind.size())?;
            kind.read(block, &mut numbers);
            if let Some(number) = numbers.iter().find(|number| !number.is_finite()) {
                let problem = format!("tensor \"{name}\" holds {number}");
                return Err(Error::data(problem, "Weights must be finite numbers."));
            }
            take(&numbers)?;
        }
        Ok(())
    }

    /// The bytes of a tensor that must have this shape, and what kind of numbers they are.
    fn bytes(&self, name: &str, shape: &[usize]) -> Result<(&'b [u8], Kind)> {
        let Some(entry) = self.entries.get(name) else {
            let problem = format!("weights have no tensor \"{name}\"");
            return Err(Error::data(
                problem,
                "Give the model.safetensors of an encoder of the BERT family.",
            ));
        };
        if !entry
            .shape
            .iter()
            .copied()
            .eq(shape.iter().map(|&length| length as u64))
        {
            let problem = format!("tensor \"{name}\" has another shape than the configuration says");
            return Err(
                Error::data(problem, "Give the config.json that belongs to these weights.")
                    .detail(format!("It has {:?}, and should have {shape:?}.", entry.shape)),
            );
        }
        let kind = match entry.dtype.as_str() {
            "F32" => Kind::Single,
            "F16" => Kind::Half,
            "BF16" => Kind::Brain,
            other => {
                let problem = format!("tensor \"{name}\" has numbers of type {other}");
                return Err(Error::data(problem, "Store weights as F32, F16 or BF16."));
            }
        };
        let count = shape
            .iter()
            .try_fold(1_usize, |count, &length| count.checked_mul(length));
        let [start, end] = entry
            .data_offsets
            .map(|offset| usize::try_from(offset).unwrap_or(usize::MAX));
        let bytes = self
            .data
            .get(start..end)
            .filter(|bytes| Some(bytes.len()) == count.and_then(|count| count.checked_mul(kind.size())));
        bytes.map(|bytes| (bytes, kind)).ok_or_else(|| {
            unreadable(format!(
                "its tensor \"{name}\" would be at bytes {start} to {end} of {}",
                self.data.len()
            ))
        })
    }
}

/// How the numbers of a tensor are stored.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Single,
    Half,
    /// The upper half of single precision.
    Brain,
}

impl Kind {
    /// Bytes of a number.
    fn size(self) -> usize {
        match self {
            Kind::Single => 4,
            Kind::Half | Kind::Brain => 2,
        }
    }

    /// Appends the numbers that these bytes are.
    fn read(self, bytes: &[u8], numbers: &mut Vec<f32>) {
        match self {
            Kind::Single => numbers.extend(bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes))),
            Kind::Half => numbers.extend(bytes.as_chunks().0.iter().map(|&bytes| half(u16::from_le_bytes(bytes)))),
            Kind::Brain => {
                let brain = |&bytes: &[u8; 2]| f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16);
                numbers.extend(bytes.as_chunks().0.iter().map(brain));
            }
        }
    }
}

fn unreadable(problem: String) -> Error {
    Error::data(
        format!("weights are no safetensors file: {problem}"),
        "Give the bytes of a model.safetensors.",
    )
}

/// The number that sixteen bits are in IEEE 754's half precision.
fn half(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let rest = u32::from(bits & 0x7fff);
    let size = match rest >> 10 {
        // Too small for an exponent: a multiple of 2^-24.
        0 => (rest as f32 / 16_777_216.0).to_bits(),
        31 => 0x7f80_0000 | rest << 13,
        _ => (rest << 13) + (112 << 23),
    };
    f32::from_bits(sign | size)
}

#[cfg(test)]
mod tests;
