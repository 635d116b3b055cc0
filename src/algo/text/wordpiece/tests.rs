use proptest::prelude::*;
use tokenizers::Tokenizer as Theirs;

use super::*;
use crate::error::Error;
use crate::monitor::Unwatched;

const TOKENIZER: &str = include_str!("../../../../tests/oracle/bert/tokenizer.json");

/// Our tokenizer and theirs of one file.
struct Both {
    ours: Tokenizer,
    ends: Vec<u32>,
    ids: Vec<u32>,
    text: Vec<u8>,
    theirs: Theirs,
}

impl Both {
    fn of(json: &str) -> Both {
        let file = read(json.as_bytes()).unwrap();
        let mut both = Both {
            ours: Tokenizer::new(file.rules).unwrap(),
            ends: Vec::new(),
            ids: Vec::new(),
            text: Vec::new(),
            theirs: json.parse().unwrap(),
        };
        both.theirs.with_truncation(None).unwrap();
        for (piece, id) in file.vocabulary {
            both.text.extend(piece.bytes());
            both.ends.push(both.text.len() as u32);
            both.ids.push(id);
        }
        both
    }

    fn vocabulary(&self) -> Vocabulary<'_> {
        Vocabulary {
            ends: &self.ends,
            ids: &self.ids,
            text: &self.text,
        }
    }

    fn check(&self, text: &str) {
        let ours = self
            .ours
            .tokens(self.vocabulary(), text, usize::MAX, &Unwatched)
            .unwrap();
        let theirs = self.theirs.encode(text, false).unwrap();
        let ids: Vec<u32> = ours.iter().map(|token| token.id).collect();
        assert_eq!(ids, theirs.get_ids(), "{text:?}");
        let ends: Vec<usize> = ours.iter().map(|token| token.end).collect();
        assert!(
            ends.is_sorted() && ends.iter().all(|&end| text.is_char_boundary(end)),
            "{ends:?} in {text:?}"
        );
        for most in [0, 1, 3] {
            let some = self.ours.tokens(self.vocabulary(), text, most, &Unwatched).unwrap();
            assert_eq!(some, ours[..most.min(ours.len())]);
        }
    }
}

/// Variants of the file: as it is; with letters as they are; with nothing done to characters; without tokens that are searched for in clean text.
fn variants() -> Vec<Both> {
    let with = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut json: serde_json::Value = serde_json::from_str(TOKENIZER).unwrap();
        change(&mut json);
        Both::of(&json.to_string())
    };
    vec![
        with(&|_| {}),
        with(&|json| json["normalizer"]["lowercase"] = false.into()),
        with(&|json| {
            json["normalizer"]["lowercase"] = false.into();
            json["normalizer"]["strip_accents"] = true.into();
        }),
        with(&|json| {
            for key in ["clean_text", "handle_chinese_chars", "lowercase"] {
                json["normalizer"][key] = false.into();
            }
        }),
        with(&|json| drop(json["added_tokens"].as_array_mut().unwrap().pop())),
    ]
}

/// Texts that tokenizers stumble over.
fn hostile() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<char>().prop_map(String::from),
        "[a-z0-9]{1,12}",
        "[ \\t\\n\\r\\x0b\\x0c\u{85}\u{a0}\u{2028}\u{3000}\u{200b}\u{feff}]{1,3}",
        "[\u{300}-\u{36f}\u{591}-\u{5c7}\u{1d165}-\u{1d172}\u{302a}-\u{302f}\u{900}-\u{903}]{1,6}",
        "[À-ɏḀ-ỿΆ-ώ가-힣모한İıſßŉǰẞﬁ]{1,4}",
        "[一-龥㐀-䶵豈-鶴模型数据]{1,3}",
        "[\\x00-\\x1f\u{7f}-\u{9f}\u{ad}\u{fffd}\u{e000}\u{378}\u{10ffff}]",
        "[!-/:-@\\[-`{-~¡«»‐-‧⟦。、]{1,3}",
        prop::sample::select(vec![
            "[MASK]",
            "[CLS]",
            "[SEP",
            "New York",
            "new york",
            "NEW YORK ",
            "[mask]",
            "café",
            "model",
            "learning",
            "##s"
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(part, 0..14).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn tokens_are_those_of_the_crate(text in hostile()) {
        thread_local!(static VARIANTS: Vec<Both> = variants());
        VARIANTS.with(|variants| variants.iter().for_each(|both| both.check(&text)));
    }
}

#[test]
fn long_words_and_many_marks_are_unknown_to_both() {
    let both = Both::of(TOKENIZER);
    for text in [
        "a".repeat(100),
        "a".repeat(101),
        "é".repeat(101),
        "\u{1d165}".repeat(300),
        "e\u{301}".repeat(100),
        "x!".repeat(50),
    ] {
        both.check(&text);
    }
}

#[test]
fn each_character_is_cut_as_by_the_crate() {
    let variants = variants();
    let mut text = String::new();
    // Every character once, between letters; the sparse planes in steps.
    let all = ('\0'..='\u{323af}').chain(('\u{e0000}'..='\u{10ffff}').step_by(1009));
    for c in all {
        text.push('a');
        text.push(c);
        text.push_str("b ");
        if text.len() > 4000 {
            variants[0].check(&text);
            text.clear();
        }
    }
    variants[0].check(&text);
}

#[test]
fn ends_are_in_the_text_as_it_was_given() {
    let both = Both::of(TOKENIZER);
    let text = "Café  [MASK] 模型s, New York !";
    let found = both
        .ours
        .tokens(both.vocabulary(), text, usize::MAX, &Unwatched)
        .unwrap();
    let ends: Vec<&str> = found.iter().map(|token| &text[..token.end]).collect();
    assert!(ends.contains(&"Café  [MASK]") && ends.contains(&"Café  [MASK] 模"));
    assert_eq!(ends.last(), Some(&text));
}

#[test]
fn other_tokenizers_are_named() {
    for (path, value, part) in [
        ("/model/type", "BPE".into(), "model is BPE"),
        ("/normalizer/type", "NFC".into(), "normalizer is NFC"),
        ("/pre_tokenizer/type", "Metaspace".into(), "pre_tokenizer is Metaspace"),
        (
            "/post_processor/type",
            "RobertaProcessing".into(),
            "post_processor is RobertaProcessing",
        ),
        ("/added_tokens/0/id", 3.into(), "has the number 3"),
        ("/added_tokens/1/content", "[PAD]".into(), "has the number 1"),
        ("/model/unk_token", "[NONE]".into(), "lacks the unknown token"),
        (
            "/post_processor/single",
            serde_json::json!([]),
            "does not have each text once",
        ),
    ] {
        let mut json: serde_json::Value = serde_json::from_str(TOKENIZER).unwrap();
        *json.pointer_mut(path).unwrap() = value;
        let error = read(json.to_string().as_bytes()).map(drop).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_vocabulary_that_lies_is_an_error() {
    let mut both = Both::of(TOKENIZER);
    both.ends.fill(u32::MAX);
    let found = both.ours.tokens(both.vocabulary(), "model", usize::MAX, &Unwatched);
    assert!(matches!(found, Err(Error::Damaged { .. })), "{found:?}");
}
