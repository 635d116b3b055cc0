//! From tokens to their vectors (Devlin, Chang, Lee and Toutanova, "BERT", 2019; Vaswani et al., "Attention is all you need", 2017). Tokens of
//! many texts lie one after the other, without filling up; nothing that is computed of a text depends on those beside it.

use kernels::{Begin, Kernels, Rows, RowsMut, Size, pack, pack_rows, packed_length};

use super::shape::{Layout, Linear, Norm, Precision, Shape};
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::room;

/// Rows that are multiplied between two looks at the monitor.
const ROWS: usize = 96;

/// A token: its number and its kind.
pub type Token = (u32, u32);

/// What a pass reads.
#[derive(Clone, Copy)]
pub struct Pass<'p> {
    pub kernels: Kernels,
    pub shape: &'p Shape,
    pub layout: &'p Layout,
    pub numbers: &'p [f32],
    pub integers: &'p [i8],
    pub monitor: &'p dyn Monitor,
}

impl Pass<'_> {
    /// The vectors of the tokens of texts, which end at these places.
    pub fn run(&self, tokens: &[Token], ends: &[usize]) -> Result<Vec<f32>> {
        let (count, hidden) = (tokens.len(), self.shape.hidden);
        let mut states = room::filled(0.0, count * hidden)?;
        let mut attention = room::filled(0.0, count * 3 * hidden)?;
        let mut context = room::filled(0.0, count * hidden)?;
        let mut inner = room::filled(0.0, count * self.shape.inner)?;
        self.look_up(tokens, ends, &mut states)?;
        self.norm(&self.layout.norm, &mut states)?;
        for layer in &self.layout.layers {
            self.linear(&layer.attention, &states, &mut attention)?;
            self.attend(ends, &attention, &mut context)?;
            self.add_linear(&layer.attention_out, &context, &mut states)?;
            self.norm(&layer.attention_norm, &mut states)?;
            self.linear(&layer.inner, &states, &mut inner)?;
            for rows in inner.chunks_mut(ROWS * self.shape.inner) {
                self.monitor.check()?;
                self.kernels.gelu(rows);
            }
            self.add_linear(&layer.out, &inner, &mut states)?;
            self.norm(&layer.norm, &mut states)?;
        }
        Ok(states)
    }

    /// The score of each first token's vector.
    pub fn score(&self, firsts: &[f32], out: &mut [f32]) -> Result<()> {
        let Some((pooler, classifier)) = &self.layout.head else {
            return Err(Error::Internal("a model without a score was asked for one"));
        };
        let mut pooled = room::filled(0.0, firsts.len())?;
        self.linear(pooler, firsts, &mut pooled)?;
        self.kernels.tanh(&mut pooled);
        self.linear(classifier, &pooled, out)
    }

    /// The sums of the vectors of tokens, of their places and of their kinds.
    fn look_up(&self, tokens: &[Token], ends: &[usize], states: &mut [f32]) -> Result<()> {
        let hidden = self.shape.hidden;
        let row = |numbers: &[f32], place: usize, out: &mut [f32]| {
            let row = numbers.get(place * hidden..(place + 1) * hidden).ok_or(OUTSIDE)?;
            out.iter_mut().zip(row).for_each(|(out, value)| *out += value);
            Ok(())
        };
        let mut starts = [0].iter().chain(ends);
        let mut next = starts.next().copied();
        let mut start = 0;
        for (place, (&(token, kind), out)) in tokens.iter().zip(states.chunks_exact_mut(hidden)).enumerate() {
            while next == Some(place) {
                start = place;
                next = starts.next().copied();
            }
            let token = token as usize;
            match self.shape.precision {
                Precision::F32 => row(self.numbers_of(&self.layout.words)?, token, out)?,
                Precision::Int8 => {
                    let words = self.integers.get(self.layout.words.clone()).ok_or(OUTSIDE)?;
                    let words = words.get(token * hidden..(token + 1) * hidden).ok_or(OUTSIDE)?;
                    let scale = *self.numbers_of(&self.layout.word_scales)?.get(token).ok_or(OUTSIDE)?;
                    out.iter_mut()
                        .zip(words)
                        .for_each(|(out, value)| *out = f32::from(*value) * scale);
                }
            }
            row(self.numbers_of(&self.layout.kinds)?, kind as usize, out)?;
            row(self.numbers_of(&self.layout.positions)?, place - start, out)?;
        }
        self.monitor.check()
    }

    fn numbers_of(&self, range: &std::ops::Range<usize>) -> Result<&[f32]> {
        self.numbers.get(range.clone()).ok_or(OUTSIDE)
    }

    fn norm(&self, norm: &Norm, states: &mut [f32]) -> Result<()> {
        let (weights, biases) = (self.numbers_of(&norm.weights)?, self.numbers_of(&norm.biases)?);
        self.monitor.check()?;
        self.kernels
            .normalize_layer(self.shape.hidden, states, weights, biases, self.shape.epsilon);
        Ok(())
    }

    /// Products with weights, and biases.
    fn linear(&self, linear: &Linear, values: &[f32], out: &mut [f32]) -> Result<()> {
        self.products(linear, values, Begin::At(self.numbers_of(&linear.biases)?), out)
    }

    /// The same, added to what is there.
    fn add_linear(&self, linear: &Linear, values: &[f32], out: &mut [f32]) -> Result<()> {
        let biases = self.numbers_of(&linear.biases)?;
        for row in out.chunks_exact_mut(linear.columns) {
            row.iter_mut().zip(biases).for_each(|(out, bias)| *out += bias);
        }
        self.products(linear, values, Begin::Out, out)
    }

    /// Products with weights, as many rows at a time as are multiplied between two looks at the monitor.
    fn products(&self, linear: &Linear, values: &[f32], begin: Begin<'_>, out: &mut [f32]) -> Result<()> {
        let &Linear { terms, columns, .. } = linear;
        let width = terms.next_multiple_of(2);
        let (mut quantized, mut scales) = match self.shape.precision {
            Precision::F32 => (Vec::new(), Vec::new()),
            Precision::Int8 => (room::filled(0, ROWS * width)?, room::filled(0.0, ROWS)?),
        };
        for (values, out) in values.chunks(ROWS * terms).zip(out.chunks_mut(ROWS * columns)) {
            self.monitor.check()?;
            let rows = values.len() / terms;
            let size = Size { rows, terms, columns };
            let values = Rows { values, stride: terms };
            let out = RowsMut {
                values: out,
                stride: columns,
            };
            match self.shape.precision {
                Precision::F32 => self
                    .kernels
                    .product(size, values, self.numbers_of(&linear.weights)?, begin, out),
                Precision::Int8 => {
                    self.kernels.quantize(size, values, &mut quantized, &mut scales);
                    let values = Rows {
                        values: &quantized[..],
                        stride: width,
                    };
                    let weights = self.integers.get(linear.weights.clone()).ok_or(OUTSIDE)?;
                    let matrix = (weights, self.numbers_of(&linear.scales)?);
                    self.kernels
                        .product_quantized(size, (values, &scales), matrix, begin, out);
                }
            }
        }
        Ok(())
    }

    /// For each text and each head, the means of values, weighted by how well keys go with queries.
    fn attend(&self, ends: &[usize], attention: &[f32], context: &mut [f32]) -> Result<()> {
        let hidden = self.shape.hidden;
        let width = hidden / self.shape.heads;
        let longest = ends
            .iter()
            .zip([0].iter().chain(ends))
            .map(|(end, start)| end - start)
            .max();
        let longest = longest.unwrap_or(0);
        let mut keys = room::filled(0.0, packed_length(width, longest))?;
        let mut values = room::filled(0.0, packed_length(longest, width))?;
        let mut shares = room::filled(0.0, longest * longest.next_multiple_of(16))?;
        let zeros = room::filled(0.0, width.max(longest.next_multiple_of(16)))?;
        let scale = 1.0 / (width as f32).sqrt();
        let rows = |start: usize| Rows {
            values: attention.get(start..).unwrap_or_default(),
            stride: 3 * hidden,
        };
        for (&end, &start) in ends.iter().zip([0].iter().chain(ends)) {
            let count = end - start;
            let stride = count.next_multiple_of(16);
            for head in 0..self.shape.heads {
                self.monitor.check()?;
                let place = start * 3 * hidden + head * width;
                let keys = &mut keys[..packed_length(width, count)];
                pack(width, count, rows(place + hidden), keys);
                let values = &mut values[..packed_length(count, width)];
                pack_rows(count, width, rows(place + 2 * hidden), values);
                let shares = &mut shares[..count * stride];
                let size = Size {
                    rows: count,
                    terms: width,
                    // Keys are filled up with zeros.
                    columns: stride,
                };
                let out = RowsMut { values: shares, stride };
                self.kernels
                    .product(size, rows(place), keys, Begin::At(&zeros[..stride]), out);
                self.kernels.softmax(stride, count, shares, scale);
                let size = Size {
                    rows: count,
                    terms: count,
                    columns: width,
                };
                let shares = Rows { values: shares, stride };
                let out = RowsMut {
                    values: &mut context[start * hidden + head * width..],
                    stride: hidden,
                };
                self.kernels
                    .product(size, shares, values, Begin::At(&zeros[..width]), out);
            }
        }
        Ok(())
    }
}

/// The error of an image that was made by nobody: what is built holds no number outside of its tables.
const OUTSIDE: Error = Error::Internal("an embedder refers to what it does not have");
