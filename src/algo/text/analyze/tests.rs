use proptest::prelude::*;

use super::*;
use crate::monitor::Unwatched;

fn document(text: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let language = Language::of(language).unwrap();
    cut::words(text, language, Side::Document, &Unwatched, &mut |word| {
        found.push(word.to_string());
        Ok(())
    })
    .unwrap();
    found
}

fn asked(text: &str) -> Vec<String> {
    question(text, Language::Simple, &Unwatched).unwrap()
}

#[test]
fn words_are_runs_of_letters_and_digits() {
    assert_eq!(
        document("Mach-number 3.5 isn't e.g. 1,000;  x_y", "simple"),
        ["mach", "number", "3", "5", "isn", "t", "e", "g", "1", "000", "x", "y"]
    );
    assert_eq!(document(" .,;- ", "simple"), Vec::<String>::new());
}

#[test]
fn letters_that_only_look_different_are_the_same() {
    for (one, other) in [
        ("STRASSE", "Straße"),
        ("Ärger", "a\u{308}rger"),
        ("ＡＢＣ１２", "abc12"),
        ("ΟΔΟΣ", "οδός".replace('ό', "ο").as_str()),
        ("ﬁne", "FINE"),
    ] {
        assert_eq!(document(one, "simple"), document(other, "simple"), "{one} {other}");
    }
}

#[test]
fn marks_belong_to_their_letters() {
    assert_eq!(document("हिन्दी में", "simple"), ["हिन्दी", "में"]);
    assert_eq!(document("\u{301}\u{301} a", "simple"), ["a"]);
}

#[test]
fn unspaced_writing_is_cut_into_pairs() {
    assert_eq!(document("검색을", "simple"), ["검", "검색", "색", "색을", "을"]);
    assert_eq!(asked("검색"), ["검색"]);
    assert_eq!(asked("책"), ["책"]);
    assert!(document("책을", "simple").contains(&"책".to_string()));
    assert_eq!(asked("全文検索"), ["全文", "文検", "検索"]);
    assert_eq!(document("MVCC는", "simple"), ["mvcc", "는"]);
    assert_eq!(asked("数据库 2026年"), ["2026", "年", "据库", "数据"]);
    // Thai vowels above a letter belong to it.
    assert_eq!(asked("ที่นี่").len(), 1);
    // Georgian has spaces.
    assert_eq!(document("საქართველო", "simple"), ["საქართველო"]);
}

#[test]
fn a_language_takes_endings_off() {
    assert_eq!(document("connections connected", "english"), ["connect", "connect"]);
    assert_eq!(document("Häuser Hauses", "german"), ["haus", "haus"]);
    assert_eq!(document("검색", "german"), ["검", "검색", "색"]);
    let Err(problem) = Language::of("klingon") else {
        panic!("there is no such stemmer")
    };
    assert!(
        problem.to_string().contains("one of: simple, arabic, danish"),
        "{problem}"
    );
}

#[test]
fn a_long_word_is_found_by_its_beginning() {
    let long = "é".repeat(1_000_000);
    let words = document(&long, "english");
    assert_eq!(words.len(), 1);
    assert_eq!(words[0].len(), LONGEST_WORD);
    assert_eq!(asked(&"x".repeat(500)), ["x".repeat(LONGEST_WORD)]);
}

#[test]
fn a_bag_counts_its_words() {
    let bag = Bag::of("to be or not to be", Language::Simple, &Unwatched).unwrap();
    let words: Vec<(&str, u32)> = bag.words().collect();
    assert_eq!(words, [("be", 2), ("not", 1), ("or", 1), ("to", 2)]);
    assert_eq!(bag.length(), 6);
}

/// Texts of letters that mean something to whoever cuts.
fn hostile() -> impl Strategy<Value = String> {
    let letters = prop_oneof![
        any::<char>(),
        proptest::char::range('a', 'z'),
        proptest::char::range('\u{300}', '\u{36f}'),
        proptest::char::range('가', '힣'),
        proptest::char::range('\u{e00}', '\u{eff}'),
        proptest::char::range('\u{600}', '\u{6ff}'),
        proptest::char::range('\u{b80}', '\u{bff}'),
        proptest::char::range('\u{370}', '\u{3ff}'),
        Just(' '),
        Just('ß'),
        Just('İ'),
    ];
    proptest::collection::vec(letters, 0..60).prop_map(|letters| letters.into_iter().collect())
}

proptest! {
    #[test]
    fn any_text_has_words_and_is_found_by_its_own(text in hostile()) {
        for name in Language::names() {
            let language = Language::of(name).unwrap();
            let bag = Bag::of(&text, language, &Unwatched).unwrap();
            prop_assert!(bag.words().all(|(word, _)| !word.is_empty() && word.len() <= 2 * LONGEST_WORD + 8));
            prop_assert!(bag.words().is_sorted_by(|a, b| a.0 < b.0));
            prop_assert_eq!(bag.words().map(|(_, count)| count).sum::<u32>(), bag.length());
            for word in question(&text, language, &Unwatched).unwrap() {
                prop_assert!(bag.words().any(|(own, _)| own == word), "{name}: {word}");
            }
        }
    }
}
