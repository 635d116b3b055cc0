use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::embedder::Aligned;
use crate::image;
use crate::monitor::{Progress, Unwatched};

/// A small model with random weights and a score head, and its answers: by tests/oracle/bert.py.
const WEIGHTS: &[u8] = include_bytes!("../../../../tests/oracle/bert/model.safetensors");
const TOKENIZER: &[u8] = include_bytes!("../../../../tests/oracle/bert/tokenizer.json");
const CONFIG: &str = include_str!("../../../../tests/oracle/bert/config.json");
const ANSWERS: &str = include_str!("../../../../tests/oracle/bert/answers.json");

/// The configuration, with these keys besides or instead.
fn config(keys: Value) -> Value {
    let mut config: Value = serde_json::from_str(CONFIG).unwrap();
    for (key, value) in keys.as_object().unwrap() {
        config[key] = value.clone();
    }
    config
}

fn aligned(bytes: &[u8]) -> Image {
    let mut aligned = Aligned::with_length(bytes.len()).unwrap();
    aligned.as_mut().copy_from_slice(bytes);
    Arc::new(aligned)
}

/// Weights in whose header a text stands for another of the same length.
fn renamed(from: &str, to: &str) -> Vec<u8> {
    let mut weights = WEIGHTS.to_vec();
    assert_eq!(from.len(), to.len());
    for place in 0..12_000.min(weights.len() - from.len()) {
        if weights[place..].starts_with(from.as_bytes()) {
            weights[place..place + to.len()].copy_from_slice(to.as_bytes());
        }
    }
    weights
}

/// The model without its score head.
fn encoder(keys: Value) -> Bert {
    let weights = renamed("classifier.weight", "something.weights");
    Bert::open(aligned(
        &build(&weights, TOKENIZER, &config(keys), &Unwatched).unwrap().image,
    ))
    .unwrap()
}

fn vectors(bert: &Bert, texts: &[&str]) -> Vec<f32> {
    let mut out = vec![0.0; texts.len() * bert.width()];
    bert.embed(texts, &mut out, &Unwatched).unwrap();
    out
}

fn answers(key: &str) -> Vec<Vec<f32>> {
    let answers: Value = serde_json::from_str(ANSWERS).unwrap();
    serde_json::from_value(answers[key].clone()).unwrap()
}

fn texts() -> Vec<String> {
    let answers: Value = serde_json::from_str(ANSWERS).unwrap();
    serde_json::from_value(answers["texts"].clone()).unwrap()
}

fn close(found: &[f32], expected: &[Vec<f32>], off: f32) {
    let expected = expected.concat();
    assert_eq!(found.len(), expected.len());
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() < off, "{place}: {found} is not {expected}");
    }
}

#[test]
fn vectors_are_those_of_the_definition() {
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for (pooling, normalize) in [("mean", true), ("cls", false), ("max", false)] {
        let bert = encoder(json!({"pooling": pooling, "normalize": normalize}));
        assert!(!bert.scores());
        close(&vectors(&bert, &texts), &answers(pooling), 1e-5);
    }
}

#[test]
fn whole_numbers_come_close() {
    let texts = texts();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let found = vectors(&encoder(json!({"precision": "int8"})), &texts);
    for (found, expected) in found.chunks_exact(32).zip(answers("mean")) {
        let cosine: f32 = found.iter().zip(expected).map(|(a, b)| a * b).sum();
        assert!(cosine > 0.995, "{cosine}");
    }
}

#[test]
fn scores_are_those_of_the_definition() {
    let image = build(WEIGHTS, TOKENIZER, &config(json!({})), &Unwatched).unwrap().image;
    let bert = Bert::open(aligned(&image)).unwrap();
    assert!(bert.scores());
    let answers: Value = serde_json::from_str(ANSWERS).unwrap();
    let pairs: Vec<(String, String)> = serde_json::from_value(answers["pairs"].clone()).unwrap();
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(a, b)| (&a[..], &b[..])).collect();
    let expected: Vec<f32> = serde_json::from_value(answers["scores"].clone()).unwrap();
    let mut found = vec![0.0; pairs.len()];
    bert.score(&pairs, &mut found, &Unwatched).unwrap();
    close(&found, &[expected], 1e-4);
    for (pair, score) in pairs.iter().zip(found) {
        let mut alone = [0.0];
        bert.score(&[*pair], &mut alone, &Unwatched).unwrap();
        assert_eq!(alone[0].to_bits(), score.to_bits());
    }
}

/// The real model, where ASSAY_MINILM names its folder and ASSAY_MINILM_GOLDEN its answers: tests/clients fetches it.
#[test]
fn the_real_model_answers_as_it_does_elsewhere() {
    let (Ok(folder), Ok(golden)) = (std::env::var("ASSAY_MINILM"), std::env::var("ASSAY_MINILM_GOLDEN")) else {
        return;
    };
    let read = |name: &str| std::fs::read(format!("{folder}/{name}")).unwrap();
    let golden: Value = serde_json::from_slice(&std::fs::read(golden).unwrap()).unwrap();
    let texts: Vec<String> = serde_json::from_value(golden["texts"].clone()).unwrap();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let expected: Vec<Vec<f32>> = serde_json::from_value(golden["embeddings"].clone()).unwrap();
    let mut config: Value = serde_json::from_slice(&read("config.json")).unwrap();
    let (weights, tokenizer) = (read("model.safetensors"), read("tokenizer.json"));
    let open =
        |config: &Value| Bert::open(aligned(&build(&weights, &tokenizer, config, &Unwatched).unwrap().image)).unwrap();
    close(&vectors(&open(&config), &texts), &expected, 1e-4);
    config["precision"] = "int8".into();
    for (found, expected) in vectors(&open(&config), &texts).chunks_exact(384).zip(expected) {
        let cosine: f32 = found.iter().zip(expected).map(|(a, b)| a * b).sum();
        assert!(cosine >= 0.995, "{cosine}");
    }
}

#[test]
fn bits_depend_neither_on_instructions_nor_on_other_texts() {
    let texts: Vec<String> = (0..60)
        .map(|count| "the small river learns ".repeat(count % 7))
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect::<Vec<_>>();
    for precision in ["f32", "int8"] {
        let mut bert = encoder(json!({"precision": precision}));
        let all = bits(vectors(&bert, &texts));
        let alone: Vec<u32> = texts.iter().flat_map(|text| bits(vectors(&bert, &[text]))).collect();
        assert_eq!(alone, all);
        for kernels in Kernels::all() {
            bert.kernels = kernels;
            assert_eq!(bits(vectors(&bert, &texts)), all, "{kernels:?}");
        }
    }
}

#[test]
fn names_without_a_prefix_load() {
    let image = build(
        &renamed("\"bert.embeddings.word", "\"Bert.embeddings.word"),
        TOKENIZER,
        &config(json!({})),
        &Unwatched,
    );
    assert!(
        image
            .unwrap_err()
            .to_string()
            .contains("no tensor \"embeddings.word_embeddings.weight\"")
    );
    // The same header with names that are shorter by the prefix: white space keeps the length.
    let length = u64::from_le_bytes(WEIGHTS[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&WEIGHTS[8..8 + length]).unwrap();
    let short = header
        .replace("\"bert.", "     \"")
        .replace("classifier.weight", "something.weights");
    let weights = [&WEIGHTS[..8], short.as_bytes(), &WEIGHTS[8 + length..]].concat();
    let image = build(&weights, TOKENIZER, &config(json!({})), &Unwatched)
        .unwrap()
        .image;
    let same = vectors(&Bert::open(aligned(&image)).unwrap(), &["deep water"]);
    assert_eq!(same, vectors(&encoder(json!({})), &["deep water"]));
}

#[test]
fn what_does_not_fit_is_named() {
    for (keys, part) in [
        (json!({"model_type": "mpnet"}), "model_type"),
        (json!({"hidden_act": "relu"}), "hidden_act"),
        (
            json!({"position_embedding_type": "relative_key"}),
            "position_embedding_type",
        ),
        (json!({"hidden_size": 64}), "another shape"),
        (json!({"num_hidden_layers": 3}), "no tensor \"bert.encoder.layer.2"),
        (json!({"num_attention_heads": 5}), "num_attention_heads"),
        (json!({"num_hidden_layers": 1_000_000_000}), "num_hidden_layers"),
        (
            json!({"max_seq_length": 41}),
            "at most max_position_embeddings, which is 40",
        ),
        (json!({"max_seq_length": 4}), "at least 5"),
        (json!({"max_seq_length": 0}), "max_seq_length"),
        (json!({"vocab_size": 100}), "vocab_size"),
        (json!({"pooling": "sum"}), "unknown variant `sum`"),
        (json!({"precision": "int4"}), "unknown variant `int4`"),
        (json!({"layer_norm_eps": -1.0}), "layer_norm_eps"),
    ] {
        let error = build(WEIGHTS, TOKENIZER, &config(keys), &Unwatched)
            .unwrap_err()
            .to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn hostile_weights_are_errors() {
    let config = config(json!({}));
    for length in (0..WEIGHTS.len()).step_by(997) {
        assert!(
            build(&WEIGHTS[..length], TOKENIZER, &config, &Unwatched).is_err(),
            "{length} bytes"
        );
    }
    let mut weights = WEIGHTS.to_vec();
    let end = weights.len() - 4;
    weights[end..].copy_from_slice(&f32::NAN.to_le_bytes());
    assert!(
        build(&weights, TOKENIZER, &config, &Unwatched)
            .unwrap_err()
            .to_string()
            .contains("NaN")
    );
    for length in (0..TOKENIZER.len()).step_by(97) {
        assert!(
            build(WEIGHTS, &TOKENIZER[..length], &config, &Unwatched).is_err(),
            "{length} bytes"
        );
    }
}

#[test]
fn hostile_images_are_errors_or_vectors() {
    let whole = build(WEIGHTS, TOKENIZER, &config(json!({})), &Unwatched).unwrap().image;
    for length in (0..whole.len()).step_by(1009) {
        assert!(Bert::open(aligned(&whole[..length])).is_err(), "{length} bytes");
    }
    let unaligned = whole.clone();
    let shifted = Shifted(aligned(&[&[0][..], &unaligned].concat()));
    assert!(Bert::open(Arc::new(shifted)).is_err());
    let mut state = 7_usize;
    for _ in 0..400 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        // The header, the configuration and the vocabulary come first.
        let place = (state >> 33) % if state & 64 == 0 { 6000 } else { whole.len() };
        let mut bytes = whole.clone();
        bytes[place] ^= 1 << (state >> 20 & 7);
        image::seal(&mut bytes);
        if let Ok(bert) = Bert::open(aligned(&bytes)) {
            let mut out = vec![0.0; 2 * bert.width()];
            let _ = bert.embed(&["deep learning", "the 模型"], &mut out, &Unwatched);
        }
    }
}

/// Bytes that begin where they should not.
struct Shifted(Image);

impl AsRef<[u8]> for Shifted {
    fn as_ref(&self) -> &[u8] {
        &(*self.0).as_ref()[1..]
    }
}

/// Stops after so many looks.
struct Stop(std::sync::atomic::AtomicUsize);

impl Monitor for Stop {
    fn check(&self) -> Result<()> {
        use std::sync::atomic::Ordering::Relaxed;
        let left = self.0.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
        left.map(drop).map_err(|_| Error::Stopped)
    }

    fn progress(&self, _: Progress) {}
}

#[test]
fn embedding_and_building_stop() {
    let bert = encoder(json!({}));
    let mut out = vec![0.0; 32];
    for looks in 0..12 {
        assert_eq!(
            bert.embed(&["the water"], &mut out, &Stop(looks.into())),
            Err(Error::Stopped),
            "{looks}"
        );
        let built = build(WEIGHTS, TOKENIZER, &config(json!({})), &Stop(looks.into()));
        assert_eq!(built.err(), Some(Error::Stopped), "{looks}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_texts_get_vectors_of_length_one(texts in prop::collection::vec("\\PC{0,40}", 0..4)) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let found = vectors(&encoder(json!({})), &texts);
        for vector in found.chunks_exact(32) {
            let length: f32 = vector.iter().map(|value| value * value).sum();
            prop_assert!((length - 1.0).abs() < 1e-5);
        }
    }
}

#[test]
fn pairs_are_cut_as_the_crate_does() {
    for (first, second, kept) in [
        (0, 5, (0, 5)),
        (0, 9, (0, 7)),
        (2, 9, (2, 5)),
        (9, 2, (5, 2)),
        (9, 9, (3, 4)),
        (10, 9, (4, 3)),
        (3, 4, (3, 4)),
    ] {
        assert_eq!(longest_first(first, second, 7), kept, "{first} and {second}");
    }
}
