//! An image of an encoder, from what its authors publish.

use std::ops::Range;

use kernels::{Rows, pack, pack_quantized};
use serde::Deserialize;
use serde_json::Value;

use super::shape::{Layout, Linear, Norm, Pooling, Precision, Shape, impossible};
use super::{CONFIGURATION, Configuration, ENDS, FORMAT, IDS, INTEGERS, NUMBERS, TEXT};
use crate::error::{Error, Result};
use crate::image::Builder;
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
    let configuration: Configuration =
        serde_json::from_slice(&configuration).map_err(|_| Error::Internal("a configuration could not be read"))?;
    let mut writer = Writer {
        tensors: &tensors,
        prefix,
        image: &mut builder,
        monitor,
    };
    writer.all(&configuration.shape, &layout)?;
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

/// Writes weights where they belong in an image, one tensor after the other, so that besides the image there is room for the largest product only.
struct Writer<'w> {
    tensors: &'w Tensors<'w>,
    prefix: &'static str,
    image: &'w mut Builder,
    monitor: &'w dyn Monitor,
}

impl Writer<'_> {
    fn all(&mut self, shape: &Shape, layout: &Layout) -> Result<()> {
        let hidden = shape.hidden;
        self.words(shape, layout)?;
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
        self.write(&layout.positions, &positions[..shape.window * hidden])?;
        let kinds = self.tensor("embeddings.token_type_embeddings.weight", &[shape.kinds, hidden])?;
        self.write(&layout.kinds, &kinds)?;
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

    /// The vectors of tokens, some at a time: they are most of many a model.
    fn words(&mut self, shape: &Shape, layout: &Layout) -> Result<()> {
        let (name, hidden) = (format!("{}{WORDS}", self.prefix), shape.hidden);
        let (tensors, monitor) = (self.tensors, self.monitor);
        let mut done = 0;
        tensors.each(&name, &[shape.vocabulary, hidden], monitor, |words| {
            let start = done;
            done += words.len() / hidden;
            let place = layout.words.start + start * hidden..layout.words.start + done * hidden;
            match shape.precision {
                Precision::F32 => self.write(&place, words),
                Precision::Int8 => {
                    let mut whole = room::with_capacity(words.len())?;
                    let mut scales = room::with_capacity(done - start)?;
                    for row in words.chunks_exact(hidden) {
                        let scale = row.iter().fold(0.0, |most: f32, value| most.max(value.abs())) / 127.0;
                        whole.extend(row.iter().map(|value| (value / scale).round_ties_even() as i8));
                        scales.push(scale);
                    }
                    self.write_whole(&place, &whole)?;
                    let place = layout.word_scales.start + start..layout.word_scales.start + done;
                    self.write(&place, &scales)
                }
            }
        })
    }

    /// Writes numbers to their place among the numbers.
    fn write(&mut self, place: &Range<usize>, numbers: &[f32]) -> Result<()> {
        let section = self.image.section(NUMBERS)?;
        section[place.start * 4..place.end * 4].copy_from_slice(bytemuck::cast_slice(numbers));
        Ok(())
    }

    /// The same of whole numbers.
    fn write_whole(&mut self, place: &Range<usize>, numbers: &[i8]) -> Result<()> {
        self.image.section(INTEGERS)?[place.clone()].copy_from_slice(bytemuck::cast_slice(numbers));
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
        self.write(&norm.weights, &weights)?;
        let biases = self.tensor(&format!("{name}.{bias}"), &[width])?;
        self.write(&norm.biases, &biases)
    }

    /// A product whose columns are those of several, one after the other.
    fn linear(&mut self, names: &[String], linear: &Linear) -> Result<()> {
        let columns = linear.columns / names.len();
        let mut matrix = room::with_capacity(linear.columns * linear.terms)?;
        let mut biases = room::with_capacity(linear.columns)?;
        for name in names {
            let take = |out: &mut Vec<f32>, part: &str, shape: &[usize]| {
                let name = format!("{}{name}.{part}", self.prefix);
                self.tensors.each(&name, shape, self.monitor, |numbers| {
                    out.extend_from_slice(numbers);
                    Ok(())
                })
            };
            take(&mut matrix, "weight", &[columns, linear.terms])?;
            take(&mut biases, "bias", &[columns])?;
        }
        self.write(&linear.biases, &biases)?;
        self.monitor.check()?;
        let rows = Rows {
            values: &matrix[..],
            stride: linear.terms,
        };
        if linear.scales.is_empty() {
            let mut panels = room::filled(0.0, linear.weights.len())?;
            pack(linear.terms, linear.columns, rows, &mut panels);
            self.write(&linear.weights, &panels)
        } else {
            let mut panels = room::filled(0, linear.weights.len())?;
            let mut scales = room::filled(0.0, linear.columns)?;
            pack_quantized(linear.terms, linear.columns, rows, &mut panels, &mut scales);
            self.write_whole(&linear.weights, &panels)?;
            self.write(&linear.scales, &scales)
        }
    }
}
