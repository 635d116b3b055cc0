//! Embedders, as a dump or anyone who may load one gives them: images, damaged ones too, files of weights and tokens, the texts they read, and what
//! endpoints answer.

use crate::bound;
use algo::monitor::Unwatched;
use algo_text::adapter::{self, Adapter, Base, Map};
use algo_text::analyze::{self, Bag, Language};
use algo_text::bert;
use algo_text::bm25::{block, pending};
use algo_text::chunk::{self, Chunking, Strategy};
use algo_text::contradiction;
use algo_text::dataset::{Conversation, Format};
use algo_text::embedder::{Aligned, Image, Local, open};
use algo_text::endpoint::base_url::BaseUrl;
use algo_text::endpoint::columns::Columns;
use algo_text::endpoint::definition::Definition;
use algo_text::endpoint::hosts::Hosts;
use algo_text::endpoint::{chat, failure, response};
use algo_text::json_schema::{self, Schema};
use algo_text::language;
use algo_text::pii::{Action, Finder, Key, Kinds, Policy, Redactor};
use algo_text::prompt;
use algo_text::tf_idf::{self, Frequencies};
use algo_text::vectorizer::template::Template;
use algo_text::word_vectors::{self, Options, Sentences};
use std::sync::{Arc, LazyLock};

const WEIGHTS: &[u8] = include_bytes!("../../tests/oracle/bert/model.safetensors");
const TOKENIZER: &[u8] = include_bytes!("../../tests/oracle/bert/tokenizer.json");
const CONFIG: &str = include_str!("../../tests/oracle/bert/config.json");
const TEXTS: [&str; 4] = [
    "",
    "the cat sat on the mat",
    "Zürich 東京 한국어 e\u{301} \u{200d}",
    "unknownword ## [MASK] \u{0}",
];

/// What reads an input; its first byte says so.
#[derive(Clone, Copy)]
enum Reader {
    /// An image of any kind.
    Image,
    /// Changes of a good image: which, and then three bytes that say where and one that says what is there instead.
    Damage,
    /// A file of weights.
    Weights,
    /// A file of tokens.
    Tokenizer,
    /// A text.
    Text,
    /// Bytes of text search.
    Postings,
    /// What an endpoint answers, or its address.
    Endpoint,
}

const READERS: [Reader; 7] = [
    Reader::Image,
    Reader::Damage,
    Reader::Weights,
    Reader::Tokenizer,
    Reader::Text,
    Reader::Postings,
    Reader::Endpoint,
];

pub fn run(input: &[u8]) {
    let Some((&reader, bytes)) = input.split_first() else {
        return;
    };
    let text = &*String::from_utf8_lossy(bytes);
    match READERS[usize::from(reader) % READERS.len()] {
        Reader::Image => use_image(bytes),
        Reader::Damage => damage(bytes),
        Reader::Weights => drop(bound::memory(bytes.len(), 16, 4 << 20, || {
            bert::build(bytes, TOKENIZER, &config("f32"), &Unwatched)
        })),
        Reader::Tokenizer => drop(bound::memory(bytes.len(), 64, 4 << 20, || {
            bert::build(WEIGHTS, bytes, &config("f32"), &Unwatched)
        })),
        Reader::Text => {
            read_text(text, bytes);
            personal(text);
        }
        Reader::Postings => postings(bytes),
        Reader::Endpoint => endpoint(text, bytes),
    }
}

/// An input of each reader.
pub fn seeds() -> Vec<Vec<u8>> {
    let with = |reader: Reader, bytes: &[u8]| {
        let place = READERS
            .iter()
            .position(|other| std::mem::discriminant(other) == std::mem::discriminant(&reader));
        let mut seed = vec![place.unwrap_or_default() as u8];
        seed.extend_from_slice(bytes);
        seed
    };
    // Weights are longer than an input may be: what is cut off is damage, too.
    let mut seeds: Vec<_> = images().iter().map(|image| with(Reader::Image, image)).collect();
    seeds.extend((0..images().len() as u8).map(|image| with(Reader::Damage, &[image, 0, 2, 0, 255, 0, 3, 7, 1])));
    seeds.push(with(Reader::Weights, &WEIGHTS[..60_000]));
    seeds.push(with(Reader::Tokenizer, TOKENIZER));
    seeds.extend(TEXTS.map(|text| with(Reader::Text, text.as_bytes())));
    for line in [
        r#"{"messages":[{"role":"system","content":"s"},{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}"#,
        r#"{"conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"a"}]}"#,
        r#"{"instruction":"q","input":"","output":"a","history":[["b","c"]]}"#,
    ] {
        seeds.push(with(Reader::Text, line.as_bytes()));
    }
    seeds.push(with(
        Reader::Text,
        "# Title\n\n```rust\nfn main() {}\n```\n\n1. One. Two!\n2. 三。四。".as_bytes(),
    ));
    if let Ok(bag) = Bag::of(TEXTS[1], Language::default(), &Unwatched) {
        seeds.push(with(
            Reader::Postings,
            &pending::write_bag(&bag).expect("a bag can be written"),
        ));
    }
    for body in [
        r#"{"data": [{"index": 0, "embedding": [0.5, -1e3]}], "usage": {"total_tokens": 7}}"#,
        r#"{"results": [{"index": 0, "relevance_score": 0.5}]}"#,
        r#"{"error": {"message": "slow down"}}"#,
        "https://[::1]:8080/v1",
        "*.example.org:443, 10.0.0.1",
    ] {
        seeds.push(with(Reader::Endpoint, body.as_bytes()));
    }
    seeds
}

fn config(precision: &str) -> serde_json::Value {
    let mut config: serde_json::Value = serde_json::from_str(CONFIG).expect("the configuration is JSON");
    config["precision"] = precision.into();
    config
}

fn images() -> &'static [Vec<u8>] {
    static IMAGES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
        let mut images: Vec<_> = ["f32", "int8"]
            .map(|precision| {
                bert::build(WEIGHTS, TOKENIZER, &config(precision), &Unwatched)
                    .expect("the model can be built")
                    .image
            })
            .into();
        let mut sentences = Sentences::default();
        let mut frequencies = Frequencies::new(tf_idf::Options::default()).expect("the options are right");
        for text in TEXTS {
            sentences.push(text.split(' ')).expect("there is room");
            frequencies.push(text, &Unwatched).expect("there is room");
        }
        let options = Options {
            vector_size: 8,
            min_count: 1,
            ..Options::default()
        };
        let trained = word_vectors::train(sentences, &options, &Unwatched).expect("words can be learned");
        images.push(
            word_vectors::build(&trained.words, &trained.counts, &trained.vectors, &Unwatched).expect("there is room"),
        );
        images.push(frequencies.build(&Unwatched).expect("there is room").0);
        for kind in [adapter::Kind::Linear, adapter::Kind::LowRank] {
            let options = adapter::Options {
                kind,
                ..adapter::Options::default()
            };
            let map = Map::identity(8, &options).expect("there is room");
            let base = Base {
                reference: "words@1".into(),
                hash: "0".into(),
            };
            images.push(Adapter::build(&map, &base, &Unwatched).expect("there is room"));
        }
        images
    });
    &IMAGES
}

/// Whatever the bytes are, texts are embedded, or an error says why not.
fn use_image(bytes: &[u8]) {
    let mut aligned = Aligned::with_length(bytes.len()).expect("there is room");
    aligned.as_mut().copy_from_slice(bytes);
    let image: Image = Arc::new(aligned);
    if let Ok(adapter) = Adapter::open(&image) {
        use_adapter(adapter);
    }
    match open(image) {
        Ok(Local::Encoder(encoder)) => {
            assert!(
                encoder.width() <= bytes.len(),
                "a vector is not longer than what it is made of"
            );
            let mut out = vec![0.0; TEXTS.len() * encoder.width()];
            let _ = encoder.embed(&TEXTS, &mut out, &Unwatched);
            for text in TEXTS {
                if let Ok(ends) = encoder.token_ends(text, &Unwatched) {
                    assert!(ends.is_sorted() && ends.iter().all(|&end| text.is_char_boundary(end)));
                }
            }
            if let Some(vectors) = encoder.word_vectors() {
                for place in 0..vectors.words().unwrap_or(0).min(20) {
                    let _ = vectors.word(place);
                }
                let _ = vectors.find("cat");
            }
        }
        Ok(Local::Ranker(ranker)) => {
            let _ = ranker.score(&[(TEXTS[1], TEXTS[2])], &mut [0.0], &Unwatched);
        }
        Err(_) => (),
    }
}

/// On top of words, whatever its map is.
fn use_adapter(adapter: Adapter) {
    let mut aligned = Aligned::with_length(images()[2].len()).expect("there is room");
    aligned.as_mut().copy_from_slice(&images()[2]);
    let words = open(Arc::new(aligned)).expect("the words are sound");
    if let Ok(Local::Encoder(encoder)) = adapter.on(Arc::new(words)) {
        let mut out = vec![0.0; TEXTS.len() * encoder.width()];
        let _ = encoder.embed(&TEXTS, &mut out, &Unwatched);
    }
}

fn damage(bytes: &[u8]) {
    let Some((&which, changes)) = bytes.split_first() else {
        return;
    };
    let mut image = images()[usize::from(which) % images().len()].clone();
    for change in changes.chunks_exact(4).take(64) {
        let place = usize::from(change[0]) << 16 | usize::from(change[1]) << 8 | usize::from(change[2]);
        let place = place % image.len();
        image[place] = change[3];
    }
    use_image(&image);
}

/// What is read as a line of a training set says the same when it is written again, in every format.
fn read_lines(text: &str) {
    let mut conversations: Vec<Conversation> = Format::ALL.iter().filter_map(|format| format.read(text).ok()).collect();
    conversations.extend(Conversation::of_json(text));
    conversations.extend(Conversation::of_pair(Some(text), text, text));
    for conversation in conversations {
        for format in Format::ALL {
            let line = format.line(&conversation).expect("texts can be written");
            assert_eq!(format.read(&line), Ok(conversation.clone()));
        }
    }
}

/// Chunks lie in the text, and are of whole characters; words of it are found in it.
fn read_text(text: &str, bytes: &[u8]) {
    read_lines(text);
    let size = 1 + bytes.iter().take(2).map(|&byte| usize::from(byte)).sum::<usize>();
    for strategy in [
        "characters",
        "words",
        "sentences",
        "paragraphs",
        "recursive",
        "markdown",
    ] {
        let chunking = Chunking {
            strategy: Strategy::parse(strategy).expect("it is a strategy"),
            size,
            overlap: size / 3,
        };
        let chunks = bound::memory(text.len(), 200, 1 << 20, || {
            chunk::chunk(text, &chunking, None, &Unwatched)
        })
        .expect("every text can be cut");
        let mut last = 0;
        for chunk in chunks {
            assert!(chunk.start < chunk.end && chunk.end >= last && text.get(chunk.start..chunk.end).is_some());
            last = chunk.end;
        }
    }
    for language in Language::names().filter_map(|name| Language::of(name).ok()) {
        let bag = Bag::of(text, language, &Unwatched).expect("there is room");
        assert!(bag.words().all(|(word, count)| !word.is_empty() && count > 0));
        analyze::question(text, language, &Unwatched).expect("there is room");
    }
    if let Ok(template) = Template::parse(text) {
        template.fill("a chunk", &vec![None; template.columns().len()]);
    }
    let _ = Strategy::parse(text);
}

fn postings(bytes: &[u8]) {
    let mut frequencies = Vec::new();
    let _ = pending::frequencies(bytes, &["cat".to_owned()], &mut frequencies);
    if let Some((head, rest)) = bytes.split_first_chunk::<16>() {
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let summary = block::Summary {
            documents: number(0) % 1000,
            first: i64::from(number(4)),
            last: i64::from(number(4)) + i64::from(number(8)),
            max_frequency: number(12),
            min_length: 1,
        };
        let _ = block::read(&summary, rest, &mut Vec::new());
    }
}

fn endpoint(text: &str, body: &[u8]) {
    let _ = response::vectors(body, 1, None);
    let _ = response::scores(body, 1);
    let _ = chat::reply(body);
    let _ = prompt::from_bytes(body);
    if let Ok(json) = serde_json::from_slice(body)
        && let Ok(schema) = Schema::parse(&json)
    {
        schema.is_strict();
        let _ = json_schema::read(text, &schema, &Unwatched).expect("nothing stops it");
    }
    let _ = failure::message(body);
    let _ = failure::retry_after(text);
    let _ = Definition::from_bytes(body);
    if let Ok(url) = BaseUrl::parse(text) {
        assert_eq!(BaseUrl::parse(&url.join("")), Ok(url), "what is shown is read again");
    }
    let _ = Hosts::parse(text);
    let _ = Columns::parse(text);
}

/// What is found in a text lies in its order, at borders of characters, and can be taken out.
fn personal(text: &str) {
    let names: Vec<&str> = text.lines().take(4).collect();
    let Ok(finder) = Finder::new(Kinds::ALL, names) else {
        return;
    };
    let Ok(found) = finder.find(text, &Unwatched) else {
        return;
    };
    let mut last = 0;
    for one in found {
        assert!(one.start >= last && one.end > one.start);
        assert!(text.is_char_boundary(one.start) && text.is_char_boundary(one.end));
        last = one.end;
    }
    for action in Action::ALL {
        if let Ok(redactor) = Redactor::new(Policy::of(action), Key::new(&[7; 16])) {
            let _ = redactor.redact(text, &Unwatched);
        }
    }
    let _ = language::detect(text, &Unwatched);
    let mut finder = contradiction::Finder::new(0.5, 1 << 20);
    for (number, line) in text.lines().take(32).enumerate() {
        let _ = finder.push(number as u32, line, &[1.0, number as f64]);
    }
    let _ = finder.finish(&Unwatched);
}
