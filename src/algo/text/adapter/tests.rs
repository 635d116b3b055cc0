//! Derivatives against differences, a map that is known, and bytes.

use std::sync::Arc;

use super::fit::{Batch, gradients};
use super::map::Form;
use super::*;
use crate::embedder::{Encoder, Image, Local};
use crate::error::{Error, Result};
use crate::hash::hash_u64;
use crate::monitor::{Monitor, Progress, Unwatched};

/// A number between -1 and 1.
fn number(seed: u64, place: u64) -> f64 {
    (hash_u64(seed, place) >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

fn batch(width: usize, questions: usize, texts: usize) -> Batch {
    Batch {
        vectors: (0..(questions + texts) * width)
            .map(|place| number(3, place as u64) as f32)
            .collect(),
        questions,
        weights: (0..questions).map(|place| 1.0 + place as f64 / 3.0).collect(),
        left_out: (0..questions * texts)
            .map(|place| place % texts != place / texts && place % 7 == 3)
            .collect(),
    }
}

#[test]
fn derivatives_are_those_of_the_loss() {
    let (width, batch) = (5, batch(5, 4, 6));
    for kind in [Kind::Linear, Kind::LowRank] {
        let options = Options {
            kind,
            rank: 2,
            ..Options::default()
        };
        let mut map = Map::identity(width, &options).unwrap();
        // Away from where parts are zero.
        for (list, numbers) in map.parameters().into_iter().enumerate() {
            numbers
                .iter_mut()
                .enumerate()
                .for_each(|(place, value)| *value += (0.3 * number(list as u64, place as u64)) as f32);
        }
        let (_, exact) = gradients(&map, &batch, 0.2, &Unwatched).unwrap();
        for list in 0..exact.len() {
            for place in 0..exact[list].len() {
                let loss = |step: f32| {
                    let mut moved = map.clone();
                    moved.parameters()[list][place] += step;
                    gradients(&moved, &batch, 0.2, &Unwatched).unwrap().0
                };
                let step = 2e-3;
                let (difference, exact) = (
                    (loss(step) - loss(-step)) / (2.0 * f64::from(step)),
                    f64::from(exact[list][place]),
                );
                assert!(
                    (difference - exact).abs() < 2e-3 * (1.0 + difference.abs()),
                    "{kind:?} {list} {place}: {difference} and {exact}"
                );
            }
        }
    }
}

/// Questions whose answers are found only when what tells nothing is turned down: half of the numbers of each vector are noise.
fn planted(count: u64, width: usize) -> (Pairs, Vec<f32>, Vec<f32>) {
    let mut pairs = Pairs::default();
    let (mut questions, mut documents) = (Vec::new(), Vec::new());
    let half = width / 2;
    for place in 0..count {
        pairs
            .positive(&format!("question {place}"), &format!("document {place}"), 1.0)
            .unwrap();
        let signal = |at: usize| number(place + 1000, at as u64);
        let noise = |at: usize, side: u64| 2.0 * number(place * 2 + side + 77_000, at as u64);
        let vector = |side: u64| {
            let numbers = (0..width).map(move |at| if at < half { signal(at) } else { noise(at, side) });
            numbers.collect::<Vec<f64>>()
        };
        questions.extend(vector(0).iter().map(|value| *value as f32));
        documents.extend(vector(1).iter().map(|value| *value as f32));
    }
    (pairs, questions, documents)
}

fn learned(options: &Options) -> (Fitted, Judgement) {
    let width = 24;
    let (pairs, questions, documents) = planted(600, width);
    let divisions = pairs.divide(options);
    let fitted = fit(&pairs, &questions, &documents, &divisions, options, &Unwatched).unwrap();
    let judgement = judge(
        &pairs,
        &questions,
        [&documents, &[]],
        &divisions,
        &fitted.map,
        options,
        &Unwatched,
    )
    .unwrap()
    .unwrap();
    (fitted, judgement)
}

#[test]
fn what_tells_nothing_is_turned_down() {
    for (kind, learning_rate) in [(Kind::Linear, 0.01), (Kind::LowRank, 0.02)] {
        let options = Options {
            kind,
            rank: 12,
            learning_rate,
            weight_decay: 0.0,
            ..Options::default()
        };
        let (fitted, judgement) = learned(&options);
        println!(
            "{kind:?}: epoch {} losses {:?} {judgement:?}",
            fitted.epoch, fitted.losses
        );
        assert!(fitted.epoch > 0 && fitted.losses[1] < 0.7 * fitted.losses[0]);
        assert!(judgement.base.value < 0.6 && judgement.adapted.value > judgement.base.value + 0.25);
        assert!(judgement.evidence.p_value < 0.01 && judgement.evidence.difference.interval[0] > 0.0);
        assert_eq!(judgement.documents, 600);
        if let Form::Full(matrix) = &fitted.map.form {
            // The map of the first half is the larger one.
            let size = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| -> f64 {
                rows.flat_map(|row| {
                    columns
                        .clone()
                        .map(move |column| f64::from(matrix[row * 24 + column]).powi(2))
                })
                .sum()
            };
            assert!(size(0..24, 0..12) > 3.0 * size(0..24, 12..24));
        }
    }
}

#[test]
fn a_seed_gives_the_same_on_any_number_of_threads() {
    let options = Options {
        epochs: 3,
        ..Options::default()
    };
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| learned(&options))
    };
    let one = on(1);
    assert_eq!(on(4), one);
    let other = Options {
        seed: 2,
        ..options.clone()
    };
    assert_ne!(learned(&other).0.map, one.0.map);
}

#[test]
fn where_nothing_can_be_learned_nothing_is_changed() {
    // Which text answers which question is at random.
    let width = 8;
    let mut pairs = Pairs::default();
    for place in 0..200_u64 {
        pairs.positive(&format!("q{place}"), &format!("d{place}"), 1.0).unwrap();
    }
    let vectors = |seed: u64| -> Vec<f32> { (0..200 * width).map(|place| number(seed, place) as f32).collect() };
    let options = Options {
        learning_rate: 0.05,
        validation: 0.3,
        ..Options::default()
    };
    let divisions = pairs.divide(&options);
    let fitted = fit(&pairs, &vectors(1), &vectors(2), &divisions, &options, &Unwatched).unwrap();
    assert!(fitted.epoch < options.epochs);
    assert!(fitted.losses[1] <= fitted.losses[0]);
}

#[test]
fn clicks_weigh_and_what_was_not_clicked_competes() {
    let mut pairs = Pairs::default();
    for place in 0..60_u64 {
        pairs.positive(&format!("q{place}"), "right", 1.0).unwrap();
        pairs.negative(&format!("q{place}"), "wrong").unwrap();
        pairs.negative(&format!("q{place}"), "right").unwrap();
    }
    assert_eq!((pairs.questions.len(), pairs.documents.len()), (60, 2));
    // In all batches the only text that competes is the wrong one: the other pairs' text is right, too.
    let questions: Vec<f32> = (0..60).flat_map(|_| [1.0, 1.0]).collect();
    let documents = [1.0, 0.1, 1.0, -0.1];
    let options = Options {
        learning_rate: 0.02,
        test: 0.1,
        ..Options::default()
    };
    let divisions = pairs.divide(&options);
    let fitted = fit(&pairs, &questions, &documents, &divisions, &options, &Unwatched).unwrap();
    assert!(fitted.losses[1] < fitted.losses[0] / 2.0, "{:?}", fitted.losses);
}

#[test]
fn the_order_of_pairs_does_not_matter() {
    let of = |turned: bool| {
        let mut rows = vec![
            ("b", "y", 1.0),
            ("a", "z", 2.0),
            ("a", "x", 3.0),
            ("b", "y", 5.0),
            ("c", "x", -1.0),
        ];
        if turned {
            rows.reverse();
        }
        let mut pairs = Pairs::default();
        for (question, document, weight) in rows {
            match weight > 0.0 {
                true => pairs.positive(question, document, weight).unwrap(),
                false => pairs.negative(question, document).unwrap(),
            }
        }
        pairs.sort().unwrap();
        let positive = |positive: &Positive| (positive.question, positive.document, positive.weight);
        let texts: Vec<String> = pairs
            .questions
            .iter()
            .chain(pairs.documents.iter())
            .map(String::from)
            .collect();
        (
            texts,
            pairs.positives.iter().map(positive).collect::<Vec<_>>(),
            pairs.negatives.clone(),
        )
    };
    let (texts, positives, negatives) = of(false);
    assert_eq!(texts, ["a", "b", "c", "x", "y", "z"]);
    assert_eq!(positives, [(0, 0, 3.0), (0, 2, 2.0), (1, 1, 5.0)]);
    assert_eq!(negatives, [(2, 0)]);
    assert_eq!(of(true), of(false));
}

/// Gives the length of a text, and its vowels.
struct Lengths;

impl Encoder for Lengths {
    fn width(&self) -> usize {
        2
    }

    fn window(&self) -> usize {
        7
    }

    fn token_ends(&self, text: &str, _: &dyn Monitor) -> Result<Vec<usize>> {
        Ok(vec![text.len()])
    }

    fn embed(&self, texts: &[&str], out: &mut [f32], _: &dyn Monitor) -> Result<()> {
        for (text, out) in texts.iter().zip(out.chunks_exact_mut(2)) {
            out.copy_from_slice(&[
                text.len() as f32,
                text.matches(['a', 'e', 'i', 'o', 'u']).count() as f32,
            ]);
        }
        Ok(())
    }
}

fn image(bytes: Vec<u8>) -> Image {
    let mut aligned = crate::embedder::Aligned::with_length(bytes.len()).unwrap();
    aligned.as_mut().copy_from_slice(&bytes);
    Arc::new(aligned)
}

#[test]
fn bytes_are_an_embedder_again() {
    let base = Base {
        reference: "minilm@2".into(),
        hash: "abc".into(),
    };
    for kind in [Kind::Linear, Kind::LowRank] {
        let mut map = Map::identity(
            2,
            &Options {
                kind,
                rank: 1,
                ..Options::default()
            },
        )
        .unwrap();
        // The second number counts three times as much.
        match &mut map.form {
            Form::Full(matrix) => matrix[3] = 3.0,
            Form::LowRank { up, down, .. } => {
                up.copy_from_slice(&[0.0, 2.0]);
                down.copy_from_slice(&[0.0, 1.0]);
            }
        }
        let bytes = Adapter::build(&map, &base, &Unwatched).unwrap();
        let adapter = Adapter::open(&image(bytes.clone())).unwrap();
        assert_eq!(adapter.base, base);
        let Local::Encoder(encoder) = adapter.on(Arc::new(Local::Encoder(Box::new(Lengths)))).unwrap() else {
            panic!("no encoder");
        };
        let mut out = [0.0_f32; 4];
        encoder.embed(&["aaxx", ""], &mut out, &Unwatched).unwrap();
        // (4, 2) becomes (4, 6).
        let length = 52_f64.sqrt();
        let expected = [4.0 / length, 6.0 / length, 0.0, 0.0];
        assert!(
            out.iter()
                .zip(expected)
                .all(|(out, number)| (f64::from(*out) - number).abs() < 1e-6),
            "{out:?}"
        );
        assert_eq!((encoder.width(), encoder.window()), (2, 7));
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0x10;
            // Never a panic; the map's own numbers may differ.
            let _ = Adapter::open(&image(damaged));
            let _ = Adapter::open(&image(bytes[..place].to_vec()));
        }
    }
    let map = Map::identity(3, &Options::default()).unwrap();
    let bytes = Adapter::build(&map, &base, &Unwatched).unwrap();
    let other = Adapter::open(&image(bytes))
        .unwrap()
        .on(Arc::new(Local::Encoder(Box::new(Lengths))));
    assert!(other.is_err());
}

struct Stop;

impl Monitor for Stop {
    fn check(&self) -> Result<()> {
        Err(Error::Stopped)
    }

    fn progress(&self, _: Progress) {}
}

#[test]
fn it_says_what_it_cannot_do_and_stops_when_asked() {
    let (pairs, questions, documents) = planted(50, 4);
    let options = Options::default();
    let divisions = pairs.divide(&options);
    let stopped = fit(&pairs, &questions, &documents, &divisions, &options, &Stop);
    assert_eq!(stopped.unwrap_err(), Error::Stopped);
    let (few, questions, documents) = planted(1, 4);
    let nothing = fit(&few, &questions, &documents, &[Division::Train], &options, &Unwatched);
    assert!(nothing.unwrap_err().to_string().contains("too few pairs"));
    for (name, wrong) in [
        (
            "temperature",
            Options {
                temperature: 0.0,
                ..Options::default()
            },
        ),
        (
            "rank",
            Options {
                rank: 0,
                ..Options::default()
            },
        ),
        (
            "batch",
            Options {
                batch: 1,
                ..Options::default()
            },
        ),
        (
            "learning_rate",
            Options {
                learning_rate: f64::NAN,
                ..Options::default()
            },
        ),
        (
            "validation",
            Options {
                test: 0.6,
                validation: 0.6,
                ..Options::default()
            },
        ),
    ] {
        assert!(wrong.check().unwrap_err().to_string().contains(name), "{name}");
    }
    assert!(Map::identity(5000, &Options::default()).is_err());
}
