//! An image of an encoder, from what its authors publish.

use kernels::{Rows, pack, pack_quantized};
use serde::Deserialize;
use serde_json::Value;

use super::shape::{Layout, Linear, Norm, Pooling, Precision, Shape, impossible};
use super::{CONFIGURATION, Configuration, ENDS, FORMAT, IDS, INTEGERS, NUMBERS, TEXT};
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::room;
use crate::safetensors::Tensors;
use crate::wordpiece::{self, Piece};

/// What is read of a config.json; its other keys are not.
#[derive(Deserialize)]
struct Json {
    model_type: Option<String>,
    hidden_act: Option<String>,
    position_embedding_type: Option<String>,
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    #[serde(default = "two")]
    type_vocab_size: usize,
    #[serde(default = "epsilon")]
    layer_norm_eps: f32,
    max_seq_length: Option<usize>,
    #[serde(default = "mean")]
    pooling: Pooling,
    #[serde(default = "yes")]
    normalize: bool,
    #[serde(default = "f32")]
    precision: Precision,
}

fn two() -> usize {
    2
}

fn epsilon() -> f32 {
    1e-12
}

fn mean() -> Pooling {
    Pooling::Mean
}

fn yes() -> bool {
    true
}

fn f32() -> Precision {
    Precision::F32
}

/// The most tokens of a text unless the configuration says how many.
const WINDOW: usize = 256;

/// An encoder's image, and what it is of.
#[derive(Debug)]
pub struct Built {
    /// The image.
    pub image: Vec<u8>,
    /// How many numbers a vector has.
    pub width: usize,
    /// Whether it scores pairs, and is no encoder of single texts.
    pub scores: bool,
}

/// An image of the encoder that has these weights (safetensors), this tokenizer.json and this config.json. The configuration may also have
/// `max_seq_length`, `pooling`, `normalize` and `precision`. Returns an error when they do not fit, when stopped, and where there is no room.
pub fn build(weights: &[u8], tokenizer: &[u8], config: &Value, monitor: &dyn Monitor) -> Result<Built> {
    let tensors = Tensors::read(weights)?;
    let prefix = match ["", "bert."]
        .into_iter()
        .find(|prefix| tensors.has(&format!("{prefix}{WORDS}")))
    {
        Some(prefix) => prefix,
        None => {
            let problem = format!("weights have no tensor \"{WORDS}\"");
            return Err(Error::data(
                problem,
                "Give the model.safetensors of an encoder of the BERT family.",
            ));
        }
    };
    let mut shape = shape(config)?;
    shape.head = tensors.has("classifier.weight");
    let (width, scores) = (shape.hidden, shape.head);
    let file = wordpiece::read(tokenizer)?;
    check_tokens(&file, &shape)?;
    let layout = Layout::of(&shape);
    let configuration = serde_json::to_vec(&Configuration {
        shape,
        rules: file.rules,
    })
    .map_err(|_| Error::Internal("a configuration could not be written"))?;
    let mut builder = FORMAT.begin(&[
        (CONFIGURATION, configuration.len()),
        (ENDS, file.vocabulary.len() * 4),
        (IDS, file.vocabulary.len() * 4),
        (TEXT, file.vocabulary.keys().map(String::len).sum()),
        (NUMBERS, layout.numbers * 4),
        (INTEGERS, layout.integers),
    ])?;
    builder.section(CONFIGURATION)?.copy_from_slice(&configuration);
    let mut end = 0;
    let mut ends = room::with_capacity(file.vocabulary.len() * 4)?;
    let mut ids = room::with_capacity(file.vocabulary.len() * 4)?;
    let text = builder.section(TEXT)?;
    for (piece, id) in &file.vocabulary {
        text[end..end + piece.len()].copy_from_slice(piece.as_bytes());
        end += piece.len();
        ends.extend((end as u32).to_le_bytes());
        ids.extend(id.to_le_bytes());
    }
    builder.section(ENDS)?.copy_from_slice(&ends);
    builder.section(IDS)?.copy_from_slice(&ids);
    let writer = |numbers, integers| Writer {
        tensors: &tensors,
        prefix,
        numbers,
        integers,
        monitor,
    };
    let (mut numbers, mut integers) = (
        room::filled(0.0_f32, layout.numbers)?,
        room::filled(0_i8, layout.integers)?,
    );
    let configuration: Configuration =
        serde_json::from_slice(&configuration).map_err(|_| Error::Internal("a configuration could not be read"))?;
    writer(&mut numbers, &mut integers).all(&configuration.shape, &layout)?;
    builder
        .section(NUMBERS)?
        .copy_from_slice(bytemuck::cast_slice(&numbers));
    drop(numbers);
    builder
        .section(INTEGERS)?
        .copy_from_slice(bytemuck::cast_slice(&integers));
    Ok(Built {
        image: builder.finish(monitor)?,
        width,
        scores,
    })
}

const WORDS: &str = "embeddings.word_embeddings.weight";

/// What a config.json says.
fn shape(config: &Value) -> Result<Shape> {
    let json = Json::deserialize(config).map_err(|problem| {
        Error::data(
            format!("the configuration cannot be read: {problem}"),
            "Give the model's config.json, with \"max_seq_length\", \"pooling\" (mean, cls, max), \"normalize\" and \"precision\" (f32, int8) as you like.",
        )
    })?;
    for (name, found, known) in [
        ("model_type", &json.model_type, "bert"),
        ("hidden_act", &json.hidden_act, "gelu"),
        ("position_embedding_type", &json.position_embedding_type, "absolute"),
    ] {
        if let Some(found) = found
            && found != known
        {
            return Err(impossible(name, &format!("\"{found}\""), format!("\"{known}\"")));
        }
    }
    let window = json.max_seq_length.unwrap_or(WINDOW.min(json.max_position_embeddings));
    if window > json.max_position_embeddings {
        let allowed = format!(
            "at most max_position_embeddings, which is {}",
            json.max_position_embeddings
        );
        return Err(impossible("max_seq_length", &window.to_string(), allowed));
    }
    let shape = Shape {
        vocabulary: json.vocab_size,
        hidden: json.hidden_size,
        layers: json.num_hidden_layers,
        heads: json.num_attention_heads,
        inner: json.intermediate_size,
        window,
        kinds: json.type_vocab_size,
        epsilon: json.layer_norm_eps,
        precision: json.precision,
        pooling: json.pooling,
        normalize: json.normalize,
        head: false,
    };
    shape.check()?;
    Ok(shape)
}

/// Returns an error unless each token that can come out has a vector, and one text fits.
fn check_tokens(file: &wordpiece::File, shape: &Shape) -> Result<()> {
    let rules = &file.rules;
    let places = rules.single.iter().chain(&rules.pair);
    let template = places.clone().filter_map(|piece| match piece {
        Piece::Token { token, .. } => Some(*token),
        Piece::First { .. } | Piece::Second { .. } => None,
    });
    let added = rules.added.iter().map(|token| token.id);
    let tokens = file.vocabulary.values().copied().chain(added).chain(template);
    if let Some(token) = tokens.max().filter(|&token| token as usize >= shape.vocabulary) {
        let allowed = format!("more than {token}, which is a token's number");
        return Err(impossible("vocab_size", &shape.vocabulary.to_string(), allowed));
    }
    let kinds = places.map(|piece| match piece {
        Piece::Token { kind, .. } | Piece::First { kind } | Piece::Second { kind } => *kind,
    });
    // Those of pairs matter only to what scores pairs, but a file in which they are wrong is another model's.
    if let Some(kind) = kinds.max().filter(|&kind| kind as usize >= shape.kinds) {
        let allowed = format!("more than {kind}, which the tokenizer uses");
        return Err(impossible("type_vocab_size", &shape.kinds.to_string(), allowed));
    }
    let most = rules.single.len().max(rules.pair.len());
    if shape.window < most {
        return Err(impossible(
            "max_seq_length",
            &shape.window.to_string(),
            format!("at least {most}"),
        ));
    }
    Ok(())
}

/// Writes weights where they belong.
struct Writer<'w> {
    tensors: &'w Tensors<'w>,
    prefix: &'static str,
    numbers: &'w mut [f32],
    integers: &'w mut [i8],
    monitor: &'w dyn Monitor,
}

impl Writer<'_> {
    fn all(&mut self, shape: &Shape, layout: &Layout) -> Result<()> {
        let hidden = shape.hidden;
        let words = self.tensor(WORDS, &[shape.vocabulary, hidden])?;
        match shape.precision {
            Precision::F32 => self.numbers[layout.words.clone()].copy_from_slice(&words),
            Precision::Int8 => {
                let rows = words
                    .chunks_exact(hidden)
                    .zip(self.integers[layout.words.clone()].chunks_exact_mut(hidden));
                for ((row, out), scale) in rows.zip(&mut self.numbers[layout.word_scales.clone()]) {
                    *scale = row.iter().fold(0.0, |most: f32, value| most.max(value.abs())) / 127.0;
                    for (out, value) in out.iter_mut().zip(row) {
                        *out = (value / *scale).round_ties_even() as i8;
                    }
                }
            }
        }
        drop(words);
        let name = format!("{}embeddings.position_embeddings.weight", self.prefix);
        let rows = self
            .tensors
            .shape(&name)
            .and_then(|shape| shape.first())
            .map_or(0, |&rows| rows as usize);
        let positions = self.tensor(
            "embeddings.position_embeddings.weight",
            &[rows.max(shape.window), hidden],
        )?;
        self.numbers[layout.positions.clone()].copy_from_slice(&positions[..shape.window * hidden]);
        let kinds = self.tensor("embeddings.token_type_embeddings.weight", &[shape.kinds, hidden])?;
        self.numbers[layout.kinds.clone()].copy_from_slice(&kinds);
        self.norm("embeddings.LayerNorm", hidden, &layout.norm)?;
        for (place, layer) in layout.layers.iter().enumerate() {
            let name = |part: &str| format!("encoder.layer.{place}.{part}");
            let parts = ["query", "key", "value"].map(|part| name(&format!("attention.self.{part}")));
            self.linear(&parts, &layer.attention)?;
            self.linear(&[name("attention.output.dense")], &layer.attention_out)?;
            self.norm(&name("attention.output.LayerNorm"), hidden, &layer.attention_norm)?;
            self.linear(&[name("intermediate.dense")], &layer.inner)?;
            self.linear(&[name("output.dense")], &layer.out)?;
            self.norm(&name("output.LayerNorm"), hidden, &layer.norm)?;
        }
        if let Some((pooler, classifier)) = &layout.head {
            self.linear(&["pooler.dense".into()], pooler)?;
            self.prefix = "";
            self.linear(&["classifier".into()], classifier)?;
        }
        Ok(())
    }

    fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        self.tensors
            .numbers(&format!("{}{name}", self.prefix), shape, self.monitor)
    }

    /// A normalization, whose numbers had other names once.
    fn norm(&mut self, name: &str, width: usize, norm: &Norm) -> Result<()> {
        let old = !self.tensors.has(&format!("{}{name}.weight", self.prefix))
            && self.tensors.has(&format!("{}{name}.gamma", self.prefix));
        let [weight, bias] = if old { ["gamma", "beta"] } else { ["weight", "bias"] };
        let weights = self.tensor(&format!("{name}.{weight}"), &[width])?;
        self.numbers[norm.weights.clone()].copy_from_slice(&weights);
        let biases = self.tensor(&format!("{name}.{bias}"), &[width])?;
        self.numbers[norm.biases.clone()].copy_from_slice(&biases);
        Ok(())
    }

    /// A product whose columns are those of several, one after the other.
    fn linear(&mut self, names: &[String], linear: &Linear) -> Result<()> {
        let columns = linear.columns / names.len();
        let mut matrix = room::with_capacity(linear.columns * linear.terms)?;
        for (name, biases) in names
            .iter()
            .zip(self.numbers[linear.biases.clone()].chunks_exact_mut(columns))
        {
            let name = format!("{}{name}", self.prefix);
            matrix.extend(
                self.tensors
                    .numbers(&format!("{name}.weight"), &[columns, linear.terms], self.monitor)?,
            );
            biases.copy_from_slice(
                &self
                    .tensors
                    .numbers(&format!("{name}.bias"), &[columns], self.monitor)?,
            );
        }
        self.monitor.check()?;
        let rows = Rows {
            values: &matrix[..],
            stride: linear.terms,
        };
        if linear.scales.is_empty() {
            pack(
                linear.terms,
                linear.columns,
                rows,
                &mut self.numbers[linear.weights.clone()],
            );
        } else {
            let scales = &mut self.numbers[linear.scales.clone()];
            let weights = &mut self.integers[linear.weights.clone()];
            pack_quantized(linear.terms, linear.columns, rows, weights, scales);
        }
        Ok(())
    }
}
