//! The body of the SQL type `assay.state`: any accumulator, in memory and as bytes.
//!
//! The bytes are flat and the same on every platform:
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `AsSt` |
//! | 1 | the version of the format, 1 |
//! | 1 | the kind of state ([`Kind::code`]) |
//! | 2 | 0 |
//! | 4 | the length of the payload, little-endian |
//! | 4 | a checksum of the payload, the version and the kind, little-endian |
//! | | the payload: the accumulator in postcard |
//!
//! Anyone may write such bytes, so reading them trusts nothing: lengths are checked before memory is taken, a monitor looks at how much it is, and
//! every accumulator validates what it decoded. The checksum is there to tell damage from a mistake, not to stop an attacker.

use std::fmt;
use std::rc::Rc;

use super::accumulator::Accumulator;
use super::error::{Error, Result};
use super::hash::hash_bytes;
use super::linear::gram::Gram;
use super::metrics::{Inputs, Metric, Rows, Tally, with_rows};
use super::monitor::{Monitor, Unwatched};
use super::room;
use super::scan::Scan;
use super::source;

const MAGIC: [u8; 4] = *b"AsSt";
const VERSION: u8 = 1;
const HEADER: usize = 16;

/// A pass over rows, of any kind.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// The rows of a metric.
    Metric(Tally),
    /// The sufficient statistics that linear models train from.
    Gram(Gram),
    /// Profiles and checks of a relation; so large that a copy is shared until it changes.
    Scan(Rc<Scan>),
}

/// What a state is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A metric.
    Metric(Metric),
    /// Sums of products.
    Gram,
    /// Profiles and checks.
    Scan,
}

impl Kind {
    /// The byte that stands for a kind. Stored states have it, so it never changes: metrics have 1 to 63, sums of products 64, scans 65.
    pub const fn code(self) -> u8 {
        match self {
            Kind::Metric(metric) => match metric {
                Metric::RocAuc => 1,
                Metric::AveragePrecision => 2,
                Metric::LogLoss => 3,
                Metric::BrierScore => 4,
                Metric::Accuracy => 5,
                Metric::Precision => 6,
                Metric::Recall => 7,
                Metric::F1 => 8,
                Metric::Mcc => 9,
                Metric::Rmse => 10,
                Metric::Mae => 11,
                Metric::Mape => 12,
                Metric::Mse => 13,
                Metric::R2 => 14,
                Metric::MedianAbsoluteError => 15,
            },
            Kind::Gram => 64,
            Kind::Scan => 65,
        }
    }

    /// Every kind.
    pub fn all() -> impl Iterator<Item = Kind> {
        Metric::ALL
            .into_iter()
            .map(Kind::Metric)
            .chain([Kind::Gram, Kind::Scan])
    }

    fn of_code(code: u8) -> Option<Kind> {
        Kind::all().find(|kind| kind.code() == code)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Metric(metric) => metric.fmt(f),
            Kind::Gram => f.write_str("linear statistics"),
            Kind::Scan => f.write_str("a scan"),
        }
    }
}

impl From<Tally> for State {
    fn from(tally: Tally) -> State {
        State::Metric(tally)
    }
}

impl From<Gram> for State {
    fn from(gram: Gram) -> State {
        State::Gram(gram)
    }
}

impl From<Scan> for State {
    fn from(scan: Scan) -> State {
        State::Scan(Rc::new(scan))
    }
}

impl State {
    /// What it is a state of.
    pub fn kind(&self) -> Kind {
        match self {
            State::Metric(tally) => Kind::Metric(tally.metric()),
            State::Gram(_) => Kind::Gram,
            State::Scan(_) => Kind::Scan,
        }
    }

    /// Adds what `other` saw. Errs when that is of another kind, and as the accumulator's merge does; the state is then of no
    /// further use.
    pub fn merge(&mut self, other: &State, monitor: &dyn Monitor) -> Result<()> {
        match (self, other) {
            (State::Metric(ours), State::Metric(theirs)) => ours.merge(theirs),
            (State::Gram(ours), State::Gram(theirs)) => ours.merge(theirs),
            (State::Scan(ours), State::Scan(theirs)) => Rc::make_mut(ours).merge_watched(theirs, monitor),
            (ours, theirs) => {
                let name = |state: &State| format!("a state of {}", state.kind());
                Err(Error::Mismatch {
                    left: name(ours),
                    right: name(theirs),
                })
            }
        }
    }

    /// Works off what has come and waits for more, so that bytes can be made without a copy.
    pub fn settle(&mut self, monitor: &dyn Monitor) -> Result<()> {
        match self {
            State::Metric(_) | State::Gram(_) => Ok(()),
            State::Scan(scan) => Rc::make_mut(scan).flush(monitor),
        }
    }

    /// Bytes held in memory, on the heap and off it.
    pub fn memory(&self) -> usize {
        size_of::<State>()
            + match self {
                State::Metric(tally) => tally.memory(),
                State::Gram(gram) => gram.memory(),
                State::Scan(scan) => size_of::<Scan>() + scan.memory(),
            }
    }

    /// The one number that it answers; `None` where that is undefined, and for kinds that answer with more than a number. Errs when stopped,
    /// and where there is no room.
    pub fn finish(&self, monitor: &dyn Monitor) -> Result<Option<f64>> {
        match self {
            State::Metric(tally) => tally.finish(monitor),
            State::Gram(_) | State::Scan(_) => Ok(None),
        }
    }

    /// The bytes that [`State::from_bytes`] reads. Errs when they would be more than 4 GiB. O(size).
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        // A number takes no more than a quarter more there than in memory.
        let mut header = room::with_capacity(HEADER + self.memory() / 4 * 5)?;
        header.resize(HEADER, 0);
        let mut bytes = match self {
            State::Metric(tally) => with_rows!(tally.rows(), rows => encode(rows, header)),
            State::Gram(gram) => encode(gram, header),
            State::Scan(scan) => encode(scan.settled(&Unwatched)?.as_ref(), header),
        }?;
        let kind = self.kind().code();
        let length = u32::try_from(bytes.len() - HEADER).map_err(|_| Error::Memory {
            needed: bytes.len(),
            allowed: u32::MAX as usize,
        })?;
        let checksum = checksum(VERSION, kind, &bytes[HEADER..]);
        bytes[..4].copy_from_slice(&MAGIC);
        (bytes[4], bytes[5]) = (VERSION, kind);
        bytes[8..12].copy_from_slice(&length.to_le_bytes());
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
        Ok(bytes)
    }

    /// The state that bytes hold. Errs with [`Error::Damaged`] when they are not what [`State::to_bytes`] writes, and as `monitor` says;
    /// never panics. Takes no more memory than a multiple of the bytes, which can be 50: the monitor had better look at it.
    pub fn from_bytes(bytes: &[u8], monitor: &dyn Monitor) -> Result<State> {
        let Some((header, payload)) = bytes.split_first_chunk::<HEADER>() else {
            return Err(damaged(format!("{} bytes are too few", bytes.len())));
        };
        let [m0, m1, m2, m3, version, code, z0, z1, l0, l1, l2, l3, c0, c1, c2, c3] = *header;
        if [m0, m1, m2, m3] != MAGIC {
            return Err(damaged("it does not begin as a state does"));
        }
        if version != VERSION {
            return Err(damaged(format!(
                "it has format {version}, but only format {VERSION} is known"
            )));
        }
        if [z0, z1] != [0, 0] || u32::from_le_bytes([l0, l1, l2, l3]) as usize != payload.len() {
            return Err(damaged(format!("its length does not agree with {} bytes", bytes.len())));
        }
        if u32::from_le_bytes([c0, c1, c2, c3]) != checksum(version, code, payload) {
            return Err(damaged("its checksum does not agree"));
        }
        // Reading allocates piece by piece and cannot fail; so it is asked before whether there is room for all of it.
        drop(room::with_capacity::<u8>(payload.len().saturating_mul(4))?);
        match Kind::of_code(code).ok_or_else(|| damaged(format!("kind {code} is not known")))? {
            Kind::Metric(metric) => {
                let rows = match (metric, metric.inputs()) {
                    (_, Inputs::LabelAndScore) => Rows::Ranking(decode(payload, monitor)?),
                    (_, Inputs::LabelAndProbability) => Rows::Probability(decode(payload, monitor)?),
                    (_, Inputs::Labels) => Rows::Agreement(decode(payload, monitor)?),
                    (Metric::MedianAbsoluteError, _) => Rows::AbsoluteErrors(decode(payload, monitor)?),
                    (_, Inputs::Numbers) => Rows::RegressionError(decode(payload, monitor)?),
                };
                Ok(State::Metric(Tally::from_rows(metric, rows)?))
            }
            Kind::Gram => Ok(State::Gram(decode(payload, monitor)?)),
            Kind::Scan => Ok(State::from(decode::<Scan>(payload, monitor)?)),
        }
    }
}

fn damaged(problem: impl Into<String>) -> Error {
    Error::damaged("state", problem)
}

fn checksum(version: u8, kind: u8, payload: &[u8]) -> u32 {
    hash_bytes(u64::from_le_bytes([version, kind, 0, 0, 0, 0, 0, 0]), payload) as u32
}

/// Appends an accumulator to `bytes`.
fn encode<A: Accumulator>(accumulator: &A, bytes: Vec<u8>) -> Result<Vec<u8>> {
    postcard::to_extend(accumulator, bytes).map_err(|problem| damaged(problem.to_string()))
}

/// A validated accumulator from all of `bytes`.
fn decode<A: Accumulator>(bytes: &[u8], monitor: &dyn Monitor) -> Result<A> {
    let accumulator: A = source::read("state", bytes, monitor)?;
    accumulator.validate()?;
    Ok(accumulator)
}

#[cfg(test)]
mod tests;
