//! Chunks against what Unicode, and people, take for boundaries.

use std::collections::BTreeSet;

use proptest::prelude::{ProptestConfig, prop, prop_oneof, proptest};
use unicode_segmentation::UnicodeSegmentation;

use super::*;
use crate::monitor::{Progress, Unwatched};

/// An embedder whose tokens are runs of up to three bytes of a word, as pieces of words are.
struct Threes;

impl Encoder for Threes {
    fn width(&self) -> usize {
        1
    }

    fn window(&self) -> usize {
        usize::MAX
    }

    fn token_ends(&self, text: &str, _: &dyn Monitor) -> Result<Vec<usize>> {
        let (mut ends, mut length) = (Vec::new(), 0);
        for (at, letter) in text.char_indices() {
            if letter.is_whitespace() {
                length = 0;
                continue;
            }
            length += letter.len_utf8();
            let next = text[at + letter.len_utf8()..].chars().next();
            if length >= 3 || next.is_none_or(char::is_whitespace) {
                ends.push(at + letter.len_utf8());
                length = 0;
            }
        }
        Ok(ends)
    }

    fn embed(&self, _: &[&str], _: &mut [f32], _: &dyn Monitor) -> Result<()> {
        Ok(())
    }
}

fn chunking(strategy: &str, size: usize, overlap: usize) -> Chunking {
    Chunking {
        strategy: Strategy::parse(strategy).unwrap(),
        size,
        overlap,
    }
}

fn texts<'t>(text: &'t str, strategy: &str, size: usize, overlap: usize) -> Vec<&'t str> {
    let chunks = chunk(text, &chunking(strategy, size, overlap), Some(&Threes), &Unwatched).unwrap();
    chunks.iter().map(|chunk| &text[chunk.start..chunk.end]).collect()
}

const STRATEGIES: [&str; 7] = [
    "characters",
    "words",
    "sentences",
    "paragraphs",
    "recursive",
    "markdown",
    "tokens(threes)",
];

#[test]
fn characters_are_counted_and_never_cut() {
    assert_eq!(texts("abcdefgh", "characters", 3, 0), ["abc", "def", "gh"]);
    assert_eq!(texts("abcdefgh", "characters", 4, 2), ["abcd", "cdef", "efgh"]);
    assert_eq!(texts("", "characters", 3, 0), Vec::<&str>::new());
    // A letter with a mark, a family, a flag, a syllable of three signs, and a line's end.
    assert_eq!(
        texts("e\u{301}e\u{301}👨‍👩‍👧🇰🇷🇩🇪각a\r\nb", "characters", 1, 0),
        ["e\u{301}", "e\u{301}", "👨‍👩‍👧", "🇰🇷", "🇩🇪", "각", "a", "\r\n", "b"]
    );
    assert_eq!(texts("ae\u{301}b", "characters", 2, 1), ["a", "e\u{301}", "b"]);
}

#[test]
fn words_are_those_of_unicode() {
    let text = "The \"quick\" (brown) fox can't jump 32.3 feet, right?";
    assert_eq!(
        texts(text, "words", 4, 0),
        ["The \"quick\" (brown) fox", "can't jump 32.3 feet,", "right?"]
    );
    assert_eq!(texts(text, "words", 3, 1)[1], "(brown) fox can't");
    assert_eq!(
        texts("한국어 문장을 단어로 나눕니다.", "words", 2, 0),
        ["한국어 문장을", "단어로 나눕니다."]
    );
    // Chinese has no spaces: each sign is a word of Unicode's.
    assert_eq!(texts("我们喜欢读书。", "words", 2, 0), ["我们", "喜欢", "读书。"]);
    assert_eq!(
        texts("Der Straßenbahnführer fährt übers Land.", "words", 2, 1),
        [
            "Der Straßenbahnführer",
            "Straßenbahnführer fährt",
            "fährt übers",
            "übers Land."
        ]
    );
    assert_eq!(texts("  ", "words", 2, 0), Vec::<&str>::new());
    assert_eq!(texts(" ... one", "words", 1, 0), ["... one"]);
}

#[test]
fn sentences_are_those_of_unicode() {
    let english = "It cost $3.50 today. \"Really?\" She asked.\nYes!  No.\n\n  Maybe";
    assert_eq!(
        texts(english, "sentences", 1, 0),
        [
            "It cost $3.50 today.",
            "\"Really?\"",
            "She asked.",
            "Yes!",
            "No.",
            "Maybe"
        ]
    );
    assert_eq!(
        texts(english, "sentences", 2, 1),
        [
            "It cost $3.50 today. \"Really?\"",
            "\"Really?\" She asked.",
            "She asked.\nYes!",
            "Yes!  No.",
            "No.\n\n  Maybe"
        ]
    );
    assert_eq!(
        texts("今天天气很好。我们去公园吧！你来吗？", "sentences", 1, 0),
        ["今天天气很好。", "我们去公园吧！", "你来吗？"]
    );
    assert_eq!(
        texts("오늘은 날씨가 좋습니다. 공원에 갈까요? 네!", "sentences", 2, 0),
        ["오늘은 날씨가 좋습니다. 공원에 갈까요?", "네!"]
    );
    assert_eq!(
        texts("Das kostet 3,50 Euro. Über zehn Öfen! Ähnlich.", "sentences", 1, 0),
        ["Das kostet 3,50 Euro.", "Über zehn Öfen!", "Ähnlich."]
    );
}

#[test]
fn paragraphs_are_between_blank_lines() {
    let text = "\n\none\ntwo\n \t\nthree\r\n\r\n    four\n";
    assert_eq!(texts(text, "paragraphs", 1, 0), ["one\ntwo", "three", "    four"]);
    assert_eq!(
        texts(text, "paragraphs", 2, 1),
        ["one\ntwo\n \t\nthree", "three\r\n\r\n    four"]
    );
}

#[test]
fn the_strongest_boundary_is_taken() {
    let text = "One one. Two two.\n\nThree three three. Four.\nFive five five five";
    assert_eq!(
        texts(text, "recursive", 24, 0),
        ["One one. Two two.", "Three three three. Four.", "Five five five five"]
    );
    assert_eq!(
        texts(text, "recursive", 18, 0),
        [
            "One one. Two two.",
            "Three three three.",
            "Four.",
            "Five five five",
            "five"
        ]
    );
    assert_eq!(texts(text, "recursive", 1000, 10), [text]);
    // A word that has no place is cut, and what is repeated of it, too.
    assert_eq!(texts("aaaaabbbbb", "recursive", 4, 0), ["aaaa", "abbb", "bb"]);
    assert_eq!(texts("abcdefghij", "recursive", 4, 2), ["abcd", "cdef", "efgh", "ghij"]);
    // One that has is not cut for being repeated.
    assert_eq!(
        texts("Title\n\nlong words here", "recursive", 15, 9),
        ["Title", "long words here"]
    );
    assert_eq!(
        texts("one two three four five six", "recursive", 13, 5),
        ["one two three", "three four", "four five six"]
    );
    // Without spaces, ends of words and sentences.
    assert_eq!(
        texts("我们喜欢读书。你呢？他们在GPU 上训练模型，很快。", "recursive", 8, 0),
        ["我们喜欢读书。", "你呢？", "他们在GPU", "上训练模型，很快", "。"]
    );
}

#[test]
fn programs_are_cut_between_their_parts() {
    let code = "fn one() {\n    let a = 1;\n    a\n}\n\nfn two() {\n    2\n}\n";
    assert_eq!(
        texts(code, "recursive", 40, 0),
        ["fn one() {\n    let a = 1;\n    a\n}", "fn two() {\n    2\n}"]
    );
    // A line keeps its indentation.
    assert_eq!(
        texts(code, "recursive", 16, 0),
        ["fn one() {", "    let a = 1;", "    a\n}", "fn two() {\n    2", "}"]
    );
}

#[test]
fn headings_are_stronger_than_blank_lines() {
    let text = "# A\n\nText of a.\n\nMore.\n\n## B\n\n- one\n- two\n  - three\n- four\n\n```sql\n# no heading\n\nSELECT 1;\n```\n\
                Setext\n------\nUnder it. And on.\n";
    assert_eq!(
        texts(text, "markdown", 60, 0),
        [
            "# A\n\nText of a.\n\nMore.",
            "## B\n\n- one\n- two\n  - three\n- four",
            "```sql\n# no heading\n\nSELECT 1;\n```",
            "Setext\n------\nUnder it. And on."
        ]
    );
    // A heading is no chunk of its own, but goes with what stands below.
    assert_eq!(
        texts("# Title\n\nFirst sentence. Second sentence.", "markdown", 28, 0),
        ["# Title\n\nFirst sentence.", "Second sentence."]
    );
    assert_eq!(
        texts("## B\n\n- one\n- two\n  - three\n- four", "markdown", 22, 0),
        ["## B\n\n- one", "- two\n  - three\n- four"]
    );
}

#[test]
fn tokens_are_counted() {
    assert_eq!(texts("abcdef gh ijk", "tokens(threes)", 2, 0), ["abcdef", "gh ijk"]);
    assert_eq!(texts("abcdefghi", "tokens(threes)", 2, 1), ["abcdef", "defghi"]);
    assert_eq!(
        texts("abc def gh ijk lmn", "tokens(threes)", 3, 1),
        ["abc def gh", "gh ijk lmn"]
    );
    assert_eq!(texts(" \n", "tokens(threes)", 3, 1), Vec::<&str>::new());
}

#[test]
fn chunkings_are_read_and_checked() {
    let read = |json: &str| serde_json::from_str::<Chunking>(json);
    assert_eq!(
        read(r#"{"strategy": "tokens(minilm@1)", "size": 200, "overlap": 20}"#).unwrap(),
        chunking("tokens(minilm@1)", 200, 20)
    );
    assert_eq!(read("{}").unwrap(), Chunking::default());
    assert!(read(r#"{"sizes": 3}"#).is_err());
    assert!(
        read(r#"{"strategy": "tokens()"}"#)
            .unwrap_err()
            .to_string()
            .contains("recursive")
    );
    for strategy in STRATEGIES {
        assert_eq!(String::from(Strategy::parse(strategy).unwrap()), strategy);
    }
    assert!(chunk("a", &chunking("words", 0, 0), None, &Unwatched).is_err());
    assert!(chunk("a", &chunking("words", 3, 3), None, &Unwatched).is_err());
}

struct Stopped;

impl Monitor for Stopped {
    fn check(&self) -> Result<()> {
        Err(Error::Stopped)
    }

    fn progress(&self, _: Progress) {}
}

/// Whatever the text: many words, one word, one sentence, one grapheme.
#[test]
fn long_texts_are_stopped() {
    let marks = format!("a{}", "\u{301}".repeat(100_000));
    for text in [
        "word ".repeat(50_000),
        "a".repeat(200_000),
        "\u{1f1e6}".repeat(50_000),
        marks,
    ] {
        for strategy in STRATEGIES {
            let stopped = chunk(&text, &chunking(strategy, 100_000, 10), Some(&Threes), &Stopped);
            assert_eq!(stopped, Err(Error::Stopped), "{strategy}");
        }
    }
}

/// What is longer than a part of the text that is looked at, and parts whose ends fall into words and sentences.
#[test]
fn long_segments_are_whole() {
    let sentence = format!("Begin {}end. ", "word, ".repeat(300));
    let text = sentence.repeat(200);
    assert!(
        texts(&text, "sentences", 1, 0)
            .iter()
            .all(|found| *found == sentence.trim())
    );
    let word = "straße".repeat(30);
    let text = format!("{word} ").repeat(2000);
    assert!(texts(&text, "words", 1, 0).iter().all(|found| *found == word));
    let cluster = format!("a{}", "\u{301}".repeat(100_000));
    assert_eq!(texts(&format!("b{cluster}b"), "recursive", 3, 0), ["b", &cluster, "b"]);
    // Two words by the rules of words, one cluster by those of clusters.
    check("한 下\u{11f02}丕丒丟", "words", 1, 0);
}

/// What all strategies promise, whatever the text.
fn check(text: &str, strategy: &str, size: usize, overlap: usize) {
    let chunks = chunk(text, &chunking(strategy, size, overlap), Some(&Threes), &Unwatched).unwrap();
    let mut boundaries: BTreeSet<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
    boundaries.insert(text.len());
    let mut covered = 0;
    for (place, chunk) in chunks.iter().enumerate() {
        let Chunk { start, end, .. } = *chunk;
        let (found, context) = (&text[start..end], format!("{strategy} {size} {overlap} {text:?}"));
        assert!(
            start < end && boundaries.contains(&start) && boundaries.contains(&end),
            "{context}"
        );
        assert_eq!(text[..start].chars().count(), chunk.start_character, "{context}");
        assert_eq!(text[..end].chars().count(), chunk.end_character, "{context}");
        if covered < start {
            assert!(text[covered..start].trim().is_empty(), "{context}");
        }
        if let Some(before) = place.checked_sub(1).map(|before| chunks[before]) {
            assert!(before.start < start && before.end < end, "{context}");
            assert!(overlap > 0 || before.end <= start, "{context}");
        }
        covered = end;
        let letters = found.chars().count();
        match strategy {
            "characters" | "recursive" | "markdown" => {
                assert!(
                    letters <= size || found.graphemes(true).count() == 1,
                    "{context}: {found:?}"
                );
            }
            "words" => {
                // Between two words that are one cluster there is no cut.
                let is_bound = found.unicode_word_indices().any(|(at, word)| {
                    !boundaries.contains(&(start + at)) || !boundaries.contains(&(start + at + word.len()))
                });
                assert!(
                    found.unicode_words().count() <= size || is_bound,
                    "{context}: {found:?}"
                );
            }
            _ => {}
        }
    }
    assert!(text[covered..].trim().is_empty() && (strategy != "characters" || covered == text.len()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn chunks_are_whole_and_cover_the_text(
        parts in prop::collection::vec(prop_oneof![
            "[a-zA-Z]{1,8}", "[ \t]{1,3}", "[.!?]{1,2}[ ]?", "(\r\n|\n|\r|\n\n)", "[가-힣]{1,4}", "[\u{4e00}-\u{4e20}]{1,4}。?",
            "[\u{300}-\u{310}]{1,2}", "(👨‍👩‍👧|🇰🇷|🇩🇪|\u{200d}|\u{1f1e6}|กำ|\u{600}|क्ष|ᄀ|ᅡ|ᆨ)", "(# |## |- |```\n|---\n|===\n|1. )", "\\PC{1,3}",
        ], 0..60),
        size in 1_usize..30,
        overlap in 0_usize..30,
    ) {
        let text = parts.concat();
        for strategy in STRATEGIES {
            check(&text, strategy, size, overlap % size);
        }
    }
}
