use std::sync::Arc;

use proptest::prelude::{any, prop, proptest};

use super::*;
use crate::embedder::{Aligned, Encoder, Image, Local, open};
use crate::error::Error;
use crate::monitor::{Progress, Unwatched};

/// Sentences about two things that have nothing to do with each other.
fn talk() -> Vec<String> {
    let pets = (0..120).map(|i| {
        let (pet, place) = (["cat", "kitten", "tomcat"][i % 3], ["sofa", "pillow"][i / 3 % 2]);
        format!("the {pet} purrs on the {place}")
    });
    let cars = (0..120).map(|i| {
        let (car, place) = (["car", "truck", "bus"][i % 3], ["street", "road"][i / 3 % 2]);
        format!("a {car} drives down a {place}")
    });
    pets.chain(cars).collect()
}

fn sentences<'s>(texts: impl IntoIterator<Item = &'s String>) -> Sentences {
    let mut sentences = Sentences::default();
    texts
        .into_iter()
        .for_each(|text| sentences.push(text.split(' ')).unwrap());
    sentences
}

fn image(bytes: &[u8]) -> Image {
    let mut image = Aligned::with_length(bytes.len()).unwrap();
    image.as_mut().copy_from_slice(bytes);
    Arc::new(image)
}

fn opened(trained: &Trained) -> WordVectors {
    let bytes = build(&trained.words, &trained.counts, &trained.vectors, &Unwatched).unwrap();
    WordVectors::open(image(&bytes)).unwrap()
}

fn small(options: Options) -> Options {
    Options {
        vector_size: 20,
        epochs: 30,
        sample: 0.0,
        ..options
    }
}

fn near(words: &WordVectors, word: &str, k: usize) -> Vec<String> {
    let place = words.find(word).unwrap().unwrap();
    let mut near: Vec<String> = (words.neighbours(&[place], &[], k, &Unwatched).unwrap().into_iter())
        .map(|neighbour| neighbour.word)
        .collect();
    near.sort();
    near
}

#[test]
fn words_of_one_kind_are_near_in_each_manner() {
    let talk = talk();
    for (sg, hs, negative, cbow_mean) in [
        (true, false, 5, true),
        (true, true, 0, true),
        (false, false, 5, true),
        (false, true, 0, true),
        (false, false, 5, false),
        (true, true, 3, true),
    ] {
        let options = small(Options {
            sg,
            hs,
            negative,
            cbow_mean,
            alpha: 0.05,
            ..Options::default()
        });
        let words = opened(&train(sentences(&talk), &options, &Unwatched).unwrap());
        assert_eq!(near(&words, "cat", 2), ["kitten", "tomcat"], "{options:?}");
        assert_eq!(near(&words, "truck", 2), ["bus", "car"], "{options:?}");
    }
}

#[test]
fn the_order_of_shuffled_sentences_does_not_count_but_the_seed_does() {
    let talk = talk();
    let options = small(Options {
        shuffle: true,
        ..Options::default()
    });
    let learned = |talk: Vec<&String>, seed| {
        let options = Options {
            seed,
            ..options.clone()
        };
        let trained = train(sentences(talk), &options, &Unwatched).unwrap();
        build(&trained.words, &trained.counts, &trained.vectors, &Unwatched).unwrap()
    };
    let first = learned(talk.iter().collect(), 1);
    assert!(first == learned(talk.iter().rev().collect(), 1));
    assert!(first != learned(talk.iter().collect(), 2));
    let as_they_come = |talk: Vec<&String>| {
        let options = Options {
            shuffle: false,
            ..options.clone()
        };
        train(sentences(talk), &options, &Unwatched).unwrap().vectors
    };
    assert!(as_they_come(talk.iter().collect()) != as_they_come(talk.iter().rev().collect()));
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert!(first == alone.install(|| learned(talk.iter().collect(), 1)));
}

#[test]
fn words_are_counted_and_the_rare_left_out() {
    let texts = ["b a c b", "a b d", ""].map(String::from);
    let options = Options {
        min_count: 2,
        vector_size: 3,
        ..Options::default()
    };
    let trained = train(sentences(&texts), &options, &Unwatched).unwrap();
    assert_eq!(trained.words.iter().collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(trained.counts, [3, 2]);
    assert_eq!(trained.vectors.len(), 6);
    let words = opened(&trained);
    assert_eq!(words.word(1).unwrap(), ("a", Some(2), &trained.vectors[3..]));
    assert!(words.word(2).is_err());
    let none = Options {
        min_count: 9,
        ..options
    };
    let Err(Error::Data { detail, .. }) = train(sentences(&texts), &none, &Unwatched) else {
        panic!("learned")
    };
    assert!(detail.is_some_and(|detail| detail.contains("occurs 3 times")));
    // One word alone, and a sentence longer than is learned at a time.
    let long = [vec!["x"; 25_000].join(" ")];
    for (hs, negative) in [(false, 5), (true, 0)] {
        let options = Options {
            hs,
            negative,
            ..Options::default()
        };
        let trained = train(sentences(&long), &options, &Unwatched).unwrap();
        assert!(trained.vectors.iter().all(|number| number.is_finite()));
    }
}

#[test]
fn options_are_read_and_checked() {
    let read = |json: &str| serde_json::from_str::<Options>(json);
    let options = read(r#"{"sg": 1, "hs": false, "cbow_mean": 0, "window": 3}"#).unwrap();
    assert!(options.sg && !options.hs && !options.cbow_mean && options.window == 3);
    assert_eq!(read("{}").unwrap(), Options::default());
    for wrong in [r#"{"sg": 2}"#, r#"{"size": 2}"#, r#"{"epochs": -1}"#] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    for wrong in [
        r#"{"vector_size": 0}"#,
        r#"{"window": 0}"#,
        r#"{"negative": 0}"#,
        r#"{"epochs": 0}"#,
        r#"{"sample": 1.5}"#,
        r#"{"alpha": 0}"#,
        r#"{"min_alpha": 0.5}"#,
        r#"{"ns_exponent": 1e300}"#,
    ] {
        assert!(read(wrong).unwrap().check().is_err(), "{wrong}");
    }
}

struct Stopped;

impl Monitor for Stopped {
    fn check(&self) -> Result<()> {
        Err(Error::Stopped)
    }

    fn progress(&self, _: Progress) {}
}

#[test]
fn learning_is_stopped() {
    let stopped = train(sentences(&talk()), &Options::default(), &Stopped);
    assert!(matches!(stopped, Err(Error::Stopped)));
}

fn given() -> Vec<u8> {
    let words = ["queen", "man", "woman", "king", "apple"].into_iter().collect();
    let vectors = [
        1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0, -1.0, 0.0, 0.0,
    ];
    build_sorted(&words, &vectors, &Unwatched).unwrap()
}

#[test]
fn queen_is_to_woman_as_king_is_to_man() {
    let words = WordVectors::open(image(&given())).unwrap();
    let place = |word| words.find(word).unwrap().unwrap();
    assert_eq!(words.word(0).unwrap(), ("apple", None, &[-1.0, 0.0, 0.0][..]));
    let near = words
        .neighbours(&[place("king"), place("woman")], &[place("man")], 2, &Unwatched)
        .unwrap();
    // By hand: (1/√2 + 1/√2 - 1, 1/√2, 1/√2), and (1, 1, 1), each by its length.
    let (a, b) = (2.0_f64.sqrt() - 1.0, 0.5_f64.sqrt());
    let cosine = (a + 2.0 * b) / (a * a + 2.0 * b * b).sqrt() / 3.0_f64.sqrt();
    assert_eq!((near.len(), &*near[0].word), (2, "queen"));
    assert!((near[0].similarity - cosine).abs() < 1e-12);
    assert_eq!(near[1].word, "apple");
    assert_eq!(words.neighbours(&[place("king")], &[], 0, &Unwatched).unwrap(), []);
    assert_eq!(
        words.neighbours(&[place("king")], &[], 99, &Unwatched).unwrap().len(),
        4
    );
}

#[test]
fn a_text_is_the_mean_of_its_words() {
    let Local::Encoder(encoder) = open(image(&given())).unwrap() else {
        panic!("it gives vectors")
    };
    let mut out = [9.0; 9];
    encoder
        .embed(&["Man, woman and NOBODY", "nobody", ""], &mut out, &Unwatched)
        .unwrap();
    let length = 5.0_f32.sqrt();
    assert_eq!(out, [2.0 / length, 1.0 / length, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(encoder.token_ends("a (b) c.", &Unwatched).unwrap(), [1, 4, 7]);
    assert!(encoder.word_vectors().is_some());
}

#[test]
fn numbers_that_are_none_are_refused() {
    let words = ["a", "b"].into_iter().collect();
    for number in [f32::NAN, f32::INFINITY] {
        assert!(matches!(
            build(&words, &[], &[1.0, number], &Unwatched),
            Err(Error::Data { .. })
        ));
    }
    assert!(build(&words, &[], &[1.0], &Unwatched).is_err());
}

proptest! {
    /// Whatever the bytes: an error or an answer, never a panic.
    #[test]
    fn damaged_bytes_are_errors(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = given();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Ok(words) = WordVectors::open(image(&bytes)) {
            let mut out = [0.0; 64];
            let width = words.width().min(64);
            let _ = words.embed(&["king queen nobody"], &mut out[..width], &Unwatched);
            for place in 0..words.words().unwrap_or(0).min(9) {
                let _ = words.word(place);
            }
            let _ = words.neighbours(&[0], &[1], 3, &Unwatched);
        }
        for cut in [0, 7, 40, bytes.len() / 2, bytes.len() - 1] {
            let _ = WordVectors::open(image(&bytes[..cut]));
        }
    }
}
