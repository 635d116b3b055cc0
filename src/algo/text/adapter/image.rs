//! The bytes of an adapter: the map, and the name and hash of the embedder whose vectors it is for.

use std::sync::Arc;

use super::map::{Form, Map, Ready};
use super::matrix::unit;
use crate::embedder::{Encoder, Image, Local};
use crate::error::{Error, Result};
use crate::image::{Format, Section, Sections};
use crate::monitor::Monitor;
use crate::room;

/// Numbers of a vector, and of those in between (0 for a matrix): eight bytes each.
const WIDTH: Section = Section {
    tag: *b"WIDE",
    version: 1,
};
/// The name of the embedder, with its version, and the hash of its bytes: texts, a zero between them.
const BASE: Section = Section {
    tag: *b"BASE",
    version: 1,
};
/// The matrix, or `up`: four bytes a number.
const MATRIX: Section = Section {
    tag: *b"MATR",
    version: 1,
};
/// `down`: four bytes a number.
const DOWN: Section = Section {
    tag: *b"DOWN",
    version: 1,
};

/// A map on top of an embedder.
pub const FORMAT: Format = Format {
    what: "the adapter",
    magic: b"assayada",
    sections: &[WIDTH, BASE, MATRIX, DOWN],
};

/// Vectors that are mapped at a time.
const PIECE: usize = 16;

/// The embedder that an adapter is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Its name, with its version.
    pub reference: String,
    /// The hash of its bytes.
    pub hash: String,
}

/// An adapter that lacks its embedder yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Adapter {
    pub base: Base,
    map: Map,
}

impl Adapter {
    /// The bytes of a map for an embedder.
    pub fn build(map: &Map, base: &Base, monitor: &dyn Monitor) -> Result<Vec<u8>> {
        let (rank, matrix, down) = match &map.form {
            Form::Full(matrix) => (0, matrix.as_slice(), [].as_slice()),
            Form::LowRank { rank, up, down } => (*rank, up.as_slice(), down.as_slice()),
        };
        if !matrix.iter().chain(down).all(|number| number.is_finite()) {
            return Err(Error::data(
                "the adapter has a number that is not finite",
                "lower the option learning_rate",
            ));
        }
        let widths = [map.width as u64, rank as u64].map(u64::to_le_bytes).concat();
        let base = [base.reference.as_bytes(), b"\0", base.hash.as_bytes()].concat();
        FORMAT.build(
            &[
                (WIDTH, &widths),
                (BASE, &base),
                (MATRIX, bytemuck::cast_slice(matrix)),
                (DOWN, bytemuck::cast_slice(down)),
            ],
            monitor,
        )
    }

    /// Opens bytes that may come from anywhere. O(bytes).
    pub fn open(image: &Image) -> Result<Adapter> {
        let bytes = (**image).as_ref();
        let sections = FORMAT.open(bytes)?;
        let (width, rank) = match sections.numbers::<u64>(bytes, WIDTH)? {
            &[width @ 1..=0xffff, rank @ 0..=0xffff] => (width as usize, rank as usize),
            _ => return Err(Error::damaged(FORMAT.what, "its vectors have no width")),
        };
        let base = base(sections.numbers::<u8>(bytes, BASE)?)?;
        let form = match rank {
            0 => Form::Full(matrix(&sections, bytes, MATRIX, width * width)?),
            rank => Form::LowRank {
                rank,
                up: matrix(&sections, bytes, MATRIX, width * rank)?,
                down: matrix(&sections, bytes, DOWN, rank * width)?,
            },
        };
        let map = Map { width, form };
        Ok(Adapter { base, map })
    }

    /// The adapter on top of its embedder. Returns an error where that gives no vectors, or those of another width.
    pub fn on(self, base: Arc<Local>) -> Result<Local> {
        let width = match &*base {
            Local::Encoder(encoder) => encoder.width(),
            Local::Ranker(_) => 0,
        };
        if width != self.map.width {
            return Err(Error::damaged(FORMAT.what, "its embedder gives other vectors"));
        }
        let map = self.map.ready()?;
        Ok(Local::Encoder(Box::new(Adapted { base, width, map })))
    }
}

/// What the name and hash of an embedder are.
fn base(bytes: &[u8]) -> Result<Base> {
    let text = std::str::from_utf8(bytes).ok();
    let (reference, hash) = text
        .and_then(|text| text.split_once('\0'))
        .ok_or_else(|| Error::damaged(FORMAT.what, "it does not name its embedder"))?;
    Ok(Base {
        reference: reference.to_string(),
        hash: hash.to_string(),
    })
}

fn matrix(sections: &Sections, bytes: &[u8], section: Section, count: usize) -> Result<Vec<f32>> {
    let numbers = sections.numbers::<f32>(bytes, section)?;
    if numbers.len() != count || !numbers.iter().all(|number| number.is_finite()) {
        return Err(Error::damaged(
            FORMAT.what,
            "its numbers are not as many as they should be, or not finite",
        ));
    }
    let mut matrix = room::with_capacity(count)?;
    matrix.extend_from_slice(numbers);
    Ok(matrix)
}

/// An embedder with an adapter on top of it.
struct Adapted {
    base: Arc<Local>,
    width: usize,
    map: Ready,
}

impl Adapted {
    fn encoder(&self) -> Result<&dyn Encoder> {
        match &*self.base {
            Local::Encoder(encoder) => Ok(&**encoder),
            Local::Ranker(_) => Err(Error::Internal("an adapter is on top of what gives no vectors")),
        }
    }
}

impl Encoder for Adapted {
    fn width(&self) -> usize {
        self.width
    }

    fn window(&self) -> usize {
        self.encoder().map_or(usize::MAX, |encoder| encoder.window())
    }

    fn token_ends(&self, text: &str, monitor: &dyn Monitor) -> Result<Vec<usize>> {
        self.encoder()?.token_ends(text, monitor)
    }

    /// The images of the embedder's vectors, of length 1; of a vector of zeros, zeros.
    fn embed(&self, texts: &[&str], out: &mut [f32], monitor: &dyn Monitor) -> Result<()> {
        self.encoder()?.embed(texts, out, monitor)?;
        // Who embeds on several threads has made them: this is one of them, or the only one.
        for vectors in out.chunks_mut(PIECE * self.width) {
            monitor.check()?;
            self.map.apply_here(vectors)?;
            vectors.chunks_exact_mut(self.width).for_each(|vector| {
                unit(vector);
            });
        }
        Ok(())
    }
}
