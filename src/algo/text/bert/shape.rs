//! How large an encoder is, and where its numbers lie in an image.

use std::ops::Range;

use kernels::{MOST_TERMS, packed_length, packed_quantized_length};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How weights are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// In single precision.
    F32,
    /// As whole numbers of eight bits times a scale for each output.
    Int8,
}

/// How the vectors of tokens become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// Their mean.
    Mean,
    /// That of the first token.
    Cls,
    /// The largest number at each place.
    Max,
}

/// What an encoder is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Tokens that have a vector.
    pub vocabulary: usize,
    /// Numbers of a token's vector.
    pub hidden: usize,
    /// Layers.
    pub layers: usize,
    /// Heads of attention.
    pub heads: usize,
    /// Numbers between the two products of a layer.
    pub inner: usize,
    /// Places that have a vector, which is the most tokens of a text.
    pub window: usize,
    /// Kinds of tokens that have a vector.
    pub kinds: usize,
    /// What is added to variances.
    pub epsilon: f32,
    /// How weights are stored.
    pub precision: Precision,
    /// How the vectors of tokens become one.
    pub pooling: Pooling,
    /// Whether vectors get the length 1.
    pub normalize: bool,
    /// Whether it scores pairs.
    pub head: bool,
}

impl Shape {
    /// Returns an error when no encoder can be made like that.
    pub fn check(&self) -> Result<()> {
        for (name, value, most) in [
            ("vocab_size", self.vocabulary, 1 << 24),
            ("hidden_size", self.hidden, 1 << 14),
            ("num_hidden_layers", self.layers, 1 << 8),
            ("num_attention_heads", self.heads, 1 << 10),
            ("intermediate_size", self.inner, 1 << 16),
            ("max_seq_length", self.window, 1 << 15),
            ("type_vocab_size", self.kinds, 1 << 8),
        ] {
            if value == 0 || value > most {
                return Err(impossible(name, &value.to_string(), format!("between 1 and {most}")));
            }
        }
        if !self.hidden.is_multiple_of(self.heads) {
            let allowed = format!("a divisor of hidden_size, which is {}", self.hidden);
            return Err(impossible("num_attention_heads", &self.heads.to_string(), allowed));
        }
        if !(self.epsilon.is_finite() && self.epsilon >= 0.0) {
            return Err(impossible(
                "layer_norm_eps",
                &self.epsilon.to_string(),
                "a number of at least 0".into(),
            ));
        }
        match self.precision {
            Precision::Int8 if self.hidden.max(self.inner) > MOST_TERMS => {
                let size = self.hidden.max(self.inner).to_string();
                Err(impossible(
                    "intermediate_size",
                    &size,
                    format!("at most {MOST_TERMS} in int8"),
                ))
            }
            Precision::Int8 | Precision::F32 => Ok(()),
        }
    }
}

/// The error of a key of the configuration that cannot have this value.
pub fn impossible(name: &'static str, value: &str, allowed: String) -> Error {
    Error::Parameter {
        name,
        value: value.into(),
        allowed: allowed.into(),
    }
}

/// A product with weights: where they and what belongs to them lie.
#[derive(Debug, Clone)]
pub struct Linear {
    pub terms: usize,
    pub columns: usize,
    /// Packed, among the numbers or, in int8, among the whole numbers.
    pub weights: Range<usize>,
    /// The scale of each column, in int8.
    pub scales: Range<usize>,
    pub biases: Range<usize>,
}

/// What a layer's normalization multiplies by and adds.
#[derive(Debug, Clone)]
pub struct Norm {
    pub weights: Range<usize>,
    pub biases: Range<usize>,
}

#[derive(Debug, Clone)]
pub struct Layer {
    /// Queries, keys and values.
    pub attention: Linear,
    pub attention_out: Linear,
    pub attention_norm: Norm,
    pub inner: Linear,
    pub out: Linear,
    pub norm: Norm,
}

/// Where an encoder's numbers lie.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The vectors of tokens, among the numbers or, in int8, among the whole numbers.
    pub words: Range<usize>,
    /// The scale of each token's vector, in int8.
    pub word_scales: Range<usize>,
    pub positions: Range<usize>,
    pub kinds: Range<usize>,
    pub norm: Norm,
    pub layers: Vec<Layer>,
    /// What becomes of the first token's vector, and the score of that.
    pub head: Option<(Linear, Linear)>,
    /// How many numbers there are.
    pub numbers: usize,
    /// How many whole numbers there are.
    pub integers: usize,
}

impl Layout {
    /// That of a shape which was checked.
    pub fn of(shape: &Shape) -> Layout {
        let mut cursor = Cursor {
            precision: shape.precision,
            numbers: 0,
            integers: 0,
        };
        let hidden = shape.hidden;
        let (words, word_scales) = match shape.precision {
            Precision::F32 => (cursor.numbers(shape.vocabulary * hidden), 0..0),
            Precision::Int8 => (
                cursor.integers(shape.vocabulary * hidden),
                cursor.numbers(shape.vocabulary),
            ),
        };
        let positions = cursor.numbers(shape.window * hidden);
        let kinds = cursor.numbers(shape.kinds * hidden);
        let norm = cursor.norm(hidden);
        let layers = (0..shape.layers)
            .map(|_| Layer {
                attention: cursor.linear(hidden, 3 * hidden),
                attention_out: cursor.linear(hidden, hidden),
                attention_norm: cursor.norm(hidden),
                inner: cursor.linear(hidden, shape.inner),
                out: cursor.linear(shape.inner, hidden),
                norm: cursor.norm(hidden),
            })
            .collect();
        let head = shape
            .head
            .then(|| (cursor.linear(hidden, hidden), cursor.linear(hidden, 1)));
        Layout {
            words,
            word_scales,
            positions,
            kinds,
            norm,
            layers,
            head,
            numbers: cursor.numbers,
            integers: cursor.integers,
        }
    }
}

/// Hands places out, one after the other, each at a multiple of 64 bytes.
struct Cursor {
    precision: Precision,
    numbers: usize,
    integers: usize,
}

impl Cursor {
    fn numbers(&mut self, count: usize) -> Range<usize> {
        let start = self.numbers;
        self.numbers = (start + count).next_multiple_of(16);
        start..start + count
    }

    fn integers(&mut self, count: usize) -> Range<usize> {
        let start = self.integers;
        self.integers = (start + count).next_multiple_of(64);
        start..start + count
    }

    fn norm(&mut self, width: usize) -> Norm {
        Norm {
            weights: self.numbers(width),
            biases: self.numbers(width),
        }
    }

    fn linear(&mut self, terms: usize, columns: usize) -> Linear {
        let (weights, scales) = match self.precision {
            Precision::F32 => (self.numbers(packed_length(terms, columns)), 0..0),
            Precision::Int8 => (
                self.integers(packed_quantized_length(terms, columns)),
                self.numbers(columns),
            ),
        };
        Linear {
            terms,
            columns,
            weights,
            scales,
            biases: self.numbers(columns),
        }
    }
}
