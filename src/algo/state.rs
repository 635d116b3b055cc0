//! The body of the SQL type `assay.state`: any accumulator, in memory and as bytes.
//!
//! The bytes are flat and the same on every platform:
//!
//! | bytes | what |
//! |---|---|
//! | 4 | `AsSt` |
//! | 1 | the format of this header, 1 |
//! | 1 | the kind of state ([`Kind::code`]) |
//! | 1 | the version of that kind ([`Kind::version`]) |
//! | 1 | 0 |
//! | 4 | the length of the payload, little-endian |
//! | 4 | a checksum of the payload, the version and the kind, little-endian |
//! | | the payload: the accumulator in postcard |
//!
//! Anyone may write such bytes, so reading them trusts nothing: lengths are checked before memory is taken, a monitor looks at how much it is, and
//! every accumulator validates what it decoded. The checksum is there to tell damage from a mistake, not to stop an attacker.
//!
//! A new kind of state is a file that implements [`Content`], and a line in `contents!` below.

mod curves;
mod gram;
mod metric;
mod rows;
mod scan;
mod scored_rows;

use std::fmt;
use std::rc::Rc;

use super::accumulator::Accumulator;
use super::bytes;
use super::error::{Error, Result};
use super::hash::hash_bytes;
use super::judging::curves::Curves;
use super::judging::scored_rows::ScoredRows;
use super::linear::gram::Gram;
use super::metrics::Tally;
use super::monitor::Monitor;
use super::packed::{Packer, Survey};
use super::room;
use super::scan::Scan;
use super::sums::Partial;

const MAGIC: [u8; 4] = *b"AsSt";
const FORMAT: u8 = 1;
const HEADER: usize = 16;
/// What errors call it.
const WHAT: &str = "state";

/// What a state is of, as its bytes say it.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The byte that stands for it. Stored states have it, so it is never changed nor given again: metrics have 1 to 63, sums of products
    /// 64, scans 65, curves 66, surveys 67, packed rows 68, sums 69, scored rows 70.
    pub code: u8,
    /// The version of the payload that is written. Those before it are read, too.
    pub version: u8,
    /// What people call it.
    pub name: &'static str,
}

/// An accumulator that can be a state, of one kind or of a family of them.
pub trait Content: Sized {
    /// Its kinds.
    const KINDS: &'static [Kind];

    /// Its own kind.
    fn kind(&self) -> &'static Kind;

    /// Adds what `other` saw. Returns an error where that is of another kind, and as the accumulator's merge does.
    fn merge(&mut self, other: &Self, monitor: &dyn Monitor) -> Result<()>;

    /// Works off what has come and waits for more, so that bytes can be made without a copy.
    fn settle(&mut self, _: &dyn Monitor) -> Result<()> {
        Ok(())
    }

    /// Bytes held on the heap.
    fn memory(&self) -> usize;

    /// The one number that it answers; `None` where that is undefined, and for kinds that answer with more than a number.
    fn finish(&self, _: &dyn Monitor) -> Result<Option<f64>> {
        Ok(None)
    }

    /// Appends its payload, in the newest version.
    fn write(&self, bytes: Vec<u8>) -> Result<Vec<u8>>;

    /// Reads a payload of one of its kinds, of a version that is not above the kind's.
    fn read(kind: &'static Kind, version: u8, payload: &[u8], monitor: &dyn Monitor) -> Result<Self>;
}

/// Declares [`State`] and hands each call on to the content.
macro_rules! contents {
    ($($(#[$doc:meta])* $name:ident($content:ty)),+ $(,)?) => {
        /// A pass over rows, of any kind.
        #[derive(Debug, Clone, PartialEq)]
        pub enum State {
            $($(#[$doc])* $name($content)),+
        }

        $(impl From<$content> for State {
            fn from(content: $content) -> State {
                State::$name(content)
            }
        })+

        impl Kind {
            /// Every kind.
            pub fn all() -> impl Iterator<Item = &'static Kind> {
                [$(<$content>::KINDS),+].into_iter().flatten()
            }
        }

        impl State {
            /// What it is a state of.
            pub fn kind(&self) -> &'static Kind {
                match self {
                    $(State::$name(content) => Content::kind(content),)+
                }
            }

            /// Adds what `other` saw. Returns an error when that is of another kind, and as the accumulator's merge does; the state is then of
            /// no further use.
            pub fn merge(&mut self, other: &State, monitor: &dyn Monitor) -> Result<()> {
                match (&mut *self, other) {
                    $((State::$name(ours), State::$name(theirs)) => Content::merge(ours, theirs, monitor),)+
                    (ours, theirs) => Err(Error::Mismatch {
                        left: format!("a state of {}", ours.kind()),
                        right: format!("a state of {}", theirs.kind()),
                    }),
                }
            }

            /// Works off what has come and waits for more, so that bytes can be made without a copy.
            pub fn settle(&mut self, monitor: &dyn Monitor) -> Result<()> {
                match self {
                    $(State::$name(content) => Content::settle(content, monitor),)+
                }
            }

            /// Bytes held in memory, on the heap and off it.
            pub fn memory(&self) -> usize {
                size_of::<State>() + match self {
                    $(State::$name(content) => Content::memory(content),)+
                }
            }

            /// The one number that it answers; `None` where that is undefined, and for kinds that answer with more than a number. Returns an
            /// error when stopped, and where there is no room.
            pub fn finish(&self, monitor: &dyn Monitor) -> Result<Option<f64>> {
                match self {
                    $(State::$name(content) => Content::finish(content, monitor),)+
                }
            }

            fn write(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
                match self {
                    $(State::$name(content) => Content::write(content, bytes),)+
                }
            }

            fn read(code: u8, version: u8, payload: &[u8], monitor: &dyn Monitor) -> Result<State> {
                $(if let Some(kind) = <$content>::KINDS.iter().find(|kind| kind.code == code) {
                    kind.check(version)?;
                    return Ok(State::$name(<$content>::read(kind, version, payload, monitor)?));
                })+
                Err(Error::newer(WHAT, format!("it is of kind {code}, which this assay does not know")))
            }
        }
    };
}

contents! {
    /// The rows of a metric.
    Metric(Tally),
    /// The sufficient statistics that linear models train from.
    Gram(Gram),
    /// Profiles and checks of a relation; so large that a copy is shared until it changes.
    Scan(Rc<Scan>),
    /// How a model scored rows, for its curves.
    Curves(Curves),
    /// What the rows of a training are like.
    Survey(Rc<Survey>),
    /// The rows of a training in bytes.
    Packed(Rc<Packer>),
    /// What a learner learns from instead of rows.
    Sums(Partial),
    /// Rows that were scored where they are; so large that a copy is shared until it changes.
    ScoredRows(Rc<ScoredRows>),
}

impl From<Scan> for State {
    fn from(scan: Scan) -> State {
        State::Scan(Rc::new(scan))
    }
}

impl From<ScoredRows> for State {
    fn from(rows: ScoredRows) -> State {
        State::ScoredRows(Rc::new(rows))
    }
}

impl Kind {
    fn check(&self, version: u8) -> Result<()> {
        match version {
            0 => return Err(Error::damaged(WHAT, format!("it is of {self} in version 0"))),
            version if version <= self.version => return Ok(()),
            _ => {}
        }
        let found = format!(
            "it is of {self} in version {version}, and this assay reads up to {}",
            self.version
        );
        Err(Error::newer(WHAT, found))
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Kind) -> bool {
        self.code == other.code
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl State {
    /// The bytes that [`State::from_bytes`] reads. Returns an error when they would be more than 4 GiB. O(size).
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        // A number takes no more than a quarter more there than in memory.
        let mut header = room::with_capacity(HEADER + self.memory() / 4 * 5)?;
        header.resize(HEADER, 0);
        let mut bytes = self.write(header)?;
        let Kind { code, version, .. } = *self.kind();
        let length = u32::try_from(bytes.len() - HEADER).map_err(|_| Error::Memory {
            needed: bytes.len(),
            allowed: u32::MAX as usize,
        })?;
        let checksum = checksum(code, version, &bytes[HEADER..]);
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&[FORMAT, code, version, 0]);
        bytes[8..12].copy_from_slice(&length.to_le_bytes());
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
        Ok(bytes)
    }

    /// The state that bytes hold. Returns [`Error::Damaged`] or [`Error::Newer`] when they are not what [`State::to_bytes`] writes, and an error as `monitor`
    /// says; never panics. Takes no more memory than a multiple of the bytes, which can be 50: the monitor had better look at it.
    pub fn from_bytes(bytes: &[u8], monitor: &dyn Monitor) -> Result<State> {
        let damaged = |problem: String| Err(Error::damaged(WHAT, problem));
        let Some((header, payload)) = bytes.split_first_chunk::<HEADER>() else {
            return damaged(format!("{} bytes are too few", bytes.len()));
        };
        let [
            m0,
            m1,
            m2,
            m3,
            format,
            code,
            version,
            zero,
            l0,
            l1,
            l2,
            l3,
            c0,
            c1,
            c2,
            c3,
        ] = *header;
        if [m0, m1, m2, m3] != MAGIC {
            return damaged("it does not begin as a state does".into());
        }
        if format != FORMAT {
            return Err(Error::newer(
                WHAT,
                format!("it has format {format}, and this assay reads {FORMAT}"),
            ));
        }
        if zero != 0 || u32::from_le_bytes([l0, l1, l2, l3]) as usize != payload.len() {
            return damaged(format!("its length does not agree with {} bytes", bytes.len()));
        }
        if u32::from_le_bytes([c0, c1, c2, c3]) != checksum(code, version, payload) {
            return damaged("its checksum does not agree".into());
        }
        State::read(code, version, payload, monitor)
    }
}

fn checksum(code: u8, version: u8, payload: &[u8]) -> u32 {
    hash_bytes(u64::from_le_bytes([FORMAT, code, version, 0, 0, 0, 0, 0]), payload) as u32
}

/// Appends an accumulator to `bytes`.
fn encode<A: Accumulator>(accumulator: &A, bytes: Vec<u8>) -> Result<Vec<u8>> {
    postcard::to_extend(accumulator, bytes).map_err(|problem| Error::damaged(WHAT, problem.to_string()))
}

/// A validated accumulator from all of `bytes`.
fn decode<A: Accumulator>(bytes: &[u8], monitor: &dyn Monitor) -> Result<A> {
    let accumulator: A = bytes::decode(WHAT, bytes, monitor)?;
    accumulator.validate()?;
    Ok(accumulator)
}

#[cfg(test)]
mod tests;
