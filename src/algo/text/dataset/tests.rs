//! Known rows with known duplicates, groups and labels.

use super::*;
use crate::error::{Error, Result};
use crate::hash::hash_u64;
use crate::monitor::{Monitor, Progress, Unwatched};

fn candidate(question: &str, answer: &str) -> Candidate {
    Candidate {
        conversation: Conversation::of_pair(None, question, answer).unwrap(),
        rating: None,
        label: None,
        weight: None,
        group: None,
        source: None,
        language: None,
    }
}

/// A text of random words.
fn text(seed: u64, words: u64) -> String {
    (0..words)
        .map(|word| format!("w{}", hash_u64(seed, word) % 20_000))
        .collect::<Vec<_>>()
        .join(" ")
}

fn build(options: Options, candidates: Vec<Candidate>) -> Built {
    let mut builder = Builder::new(options).unwrap();
    candidates
        .into_iter()
        .for_each(|candidate| builder.push(candidate).unwrap());
    builder.finish(&|_| Ok(Cleaned::Clean), &Unwatched).unwrap()
}

fn none() -> Options {
    Options {
        test: 0.0,
        ..Options::default()
    }
}

#[test]
fn conversations_take_turns() {
    let read = |json: &str| Conversation::of_json(json).map(|conversation| conversation.messages().len());
    let turn = |role: &str, content: &str| format!(r#"{{"role": "{role}", "content": "{content}", "at": 1}}"#);
    let of = |turns: &[(&str, &str)]| {
        let turns: Vec<String> = turns.iter().map(|(role, content)| turn(role, content)).collect();
        read(&format!("[{}]", turns.join(",")))
    };
    assert_eq!(of(&[("user", "q"), ("assistant", "a")]), Ok(2));
    assert_eq!(
        of(&[
            ("system", "s"),
            ("user", "q"),
            ("assistant", "a"),
            ("user", "q"),
            ("assistant", "a")
        ]),
        Ok(5)
    );
    assert_eq!(of(&[("user", "q"), ("assistant", " ")]), Err(Problem::Empty));
    assert_eq!(
        of(&[("user", "q"), ("user", "q"), ("assistant", "a")]),
        Err(Problem::NotInTurn)
    );
    assert_eq!(
        of(&[("user", "q"), ("system", "s"), ("assistant", "a")]),
        Err(Problem::NotInTurn)
    );
    assert_eq!(of(&[("assistant", "a"), ("user", "q")]), Err(Problem::NoQuestion));
    assert_eq!(of(&[("system", "s")]), Err(Problem::NoQuestion));
    assert_eq!(of(&[]), Err(Problem::NoQuestion));
    assert_eq!(of(&[("user", "q")]), Err(Problem::NoAnswer));
    for json in [
        "null",
        "{}",
        "[1]",
        r#"[{"role": "tool", "content": "x"}]"#,
        r#"[{"role": "user", "content": [1]}]"#,
        "[",
    ] {
        assert_eq!(read(json), Err(Problem::NoMessages), "{json}");
    }
    let pair = Conversation::of_pair(Some(" "), "q", "a").unwrap();
    assert_eq!(pair.system(), None);
    assert_eq!(pair.with_system("be kind").system(), Some("be kind"));
}

#[test]
fn lines_say_what_the_conversation_says() {
    let single = Conversation::of_pair(None, "What is \"14\"?\n", "Days — ü").unwrap();
    let long = Conversation::of_json(
        r#"[{"role":"system","content":"s"},{"role":"user","content":"1"},{"role":"assistant","content":"2"},
            {"role":"user","content":"3"},{"role":"assistant","content":"4"}]"#,
    )
    .unwrap();
    let lines = |conversation| Format::ALL.map(|format| format.line(conversation).unwrap());
    assert_eq!(
        lines(&single),
        [
            r#"{"messages":[{"role":"user","content":"What is \"14\"?\n"},{"role":"assistant","content":"Days — ü"}]}"#,
            r#"{"conversations":[{"from":"human","value":"What is \"14\"?\n"},{"from":"gpt","value":"Days — ü"}]}"#,
            r#"{"instruction":"What is \"14\"?\n","input":"","output":"Days — ü"}"#,
        ]
    );
    assert_eq!(
        lines(&long)[2],
        r#"{"system":"s","instruction":"3","input":"","output":"4","history":[["1","2"]]}"#
    );
    for conversation in [single, long] {
        for format in Format::ALL {
            let line = format.line(&conversation).unwrap();
            assert_eq!(format.read(&line).unwrap(), conversation, "{line}");
            assert_eq!(format.read(&format!("{line}\n")), Err(Problem::NoMessages));
            assert_eq!(format.read(&line[..line.len() - 1]), Err(Problem::NoMessages));
            assert_eq!(
                format.read(&line.replacen('{', r#"{"more":1,"#, 1)),
                Err(Problem::NoMessages)
            );
        }
    }
    assert_eq!(
        Format::OpenAi.read(r#"{"messages":[{"role":"user","content":"q"}]}"#),
        Err(Problem::NoAnswer)
    );
    assert_eq!(Format::named("sharegpt"), Some(Format::ShareGpt));
    assert_eq!(Format::named("csv"), None);
}

#[test]
fn filters_count_what_they_leave_out() {
    let rated = |rating: Option<f64>, language: &str, question: &str| Candidate {
        rating,
        language: Some(language.into()),
        ..candidate(question, "an answer")
    };
    let options = Options {
        min_rating: Some(4.0),
        min_question_chars: 3,
        max_answer_chars: Some(20),
        languages: Some(vec!["en".into()]),
        ..none()
    };
    let mut builder = Builder::new(options).unwrap();
    for candidate in [
        rated(Some(5.0), "en", "one two three"),
        rated(Some(4.0), "en", "four five six"),
        rated(Some(3.9), "en", "seven eight nine"),
        rated(Some(f64::NAN), "en", "seven eight nine"),
        rated(None, "en", "ten eleven twelve"),
        rated(Some(5.0), "de", "eins zwei drei"),
        rated(Some(5.0), "en", "1"),
    ] {
        builder.push(candidate).unwrap();
    }
    builder.refuse(Problem::NoAnswer);
    builder.refuse(Problem::NoAnswer);
    let built = builder.finish(&|_| Ok(Cleaned::Clean), &Unwatched).unwrap();
    let counts = built.counts;
    assert_eq!(built.rows.len(), 2);
    assert_eq!(
        (counts.read, counts.rating, counts.language, counts.length),
        (9, 3, 1, 1)
    );
    assert_eq!(counts.malformed, [("no_answer", 2)].into());
}

#[test]
fn of_duplicates_the_best_rated_stays() {
    let rated = |rating: f64, source: &str, answer: &str| Candidate {
        rating: Some(rating),
        source: Some(source.into()),
        ..candidate("How do I return an item?", answer)
    };
    let long = text(1, 60);
    let near = long.replacen("w", "x", 1);
    let built = build(
        none(),
        vec![
            rated(1.0, "a", &long),
            rated(3.0, "b", &long),
            rated(2.0, "c", &near),
            rated(9.0, "d", &text(2, 60)),
        ],
    );
    let mut sources: Vec<_> = built.rows.iter().filter_map(|row| row.source.as_deref()).collect();
    sources.sort_unstable();
    assert_eq!(sources, ["b", "d"]);
    assert_eq!(
        (
            built.counts.duplicates,
            built.counts.near_duplicates,
            built.counts.leaked
        ),
        (1, 1, 0)
    );
    let apart = Options {
        near_duplicates: None,
        ..none()
    };
    assert_eq!(
        build(apart, vec![rated(1.0, "a", &long), rated(2.0, "c", &near)])
            .rows
            .len(),
        2
    );
    // The question alone is the same.
    let of_questions = Options {
        compare: Compared::Question,
        ..none()
    };
    assert_eq!(
        build(of_questions, vec![rated(1.0, "a", "yes"), rated(2.0, "c", "no")])
            .rows
            .len(),
        1
    );
}

#[test]
fn no_group_is_on_both_sides_and_nothing_leaks() {
    let options = Options {
        test: 0.2,
        validation: 0.1,
        ..Options::default()
    };
    let mut candidates: Vec<Candidate> = (0..3000_u64)
        .map(|row| Candidate {
            group: Some(format!("customer {}", row % 500)),
            source: Some(format!("{}", row % 500)),
            ..candidate(&text(row, 12), &text(row + 10_000, 30))
        })
        .collect();
    // Another customer's nearly the same question and answer.
    for row in 0..500_u64 {
        let mut copy = candidates[row as usize].clone();
        copy.group = Some(format!("customer {}", (row + 7) % 500));
        copy.source = Some(format!("{}", (row + 7) % 500));
        copy.conversation =
            Conversation::of_pair(None, &text(row, 12), &format!("{} thanks", text(row + 10_000, 30))).unwrap();
        candidates.push(copy);
    }
    let built = build(options.clone(), candidates.clone());
    let sources = |part: Part| -> std::collections::BTreeSet<&str> {
        (built.rows.iter().filter(|row| row.part == part))
            .filter_map(|row| row.source.as_deref())
            .collect()
    };
    let [test, validation, train] = Part::ALL.map(sources);
    assert!(test.is_disjoint(&train) && test.is_disjoint(&validation) && validation.is_disjoint(&train));
    assert_eq!(built.counts.groups.values().sum::<u64>(), 500);
    assert_eq!(test.len() + validation.len() + train.len(), 500);
    assert!((60..140).contains(&test.len()), "{}", test.len());
    assert!((25..80).contains(&validation.len()), "{}", validation.len());
    let counts = &built.counts;
    assert_eq!(counts.near_duplicates + counts.leaked, 500);
    assert!(counts.leaked > 100, "{}", counts.leaked);
    assert_eq!(built.rows.len(), 3000);
    // Neither the order of the rows nor the number of threads matters.
    let mut reversed = candidates.clone();
    reversed.reverse();
    assert_eq!(build(options.clone(), reversed), built);
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(alone.install(|| build(options.clone(), candidates.clone())), built);
    let other = Options { seed: 2, ..options };
    assert_ne!(build(other, candidates), built);
}

#[test]
fn without_a_group_the_same_question_is_on_one_side() {
    let options = Options {
        test: 0.5,
        near_duplicates: None,
        ..Options::default()
    };
    let twice = |row: u64| {
        [
            candidate(&format!("Question {row}"), &text(row, 9)),
            candidate(&format!(" question  {row} "), &text(row + 999, 9)),
        ]
    };
    let built = build(options, (0..200).flat_map(twice).collect());
    let questions = |part: Part| -> std::collections::BTreeSet<String> {
        (built.rows.iter().filter(|row| row.part == part))
            .map(|row| row.conversation.question().trim().to_lowercase().replace("  ", " "))
            .collect()
    };
    assert_eq!(built.rows.len(), 400);
    assert!(questions(Part::Test).is_disjoint(&questions(Part::Train)));
    assert!(questions(Part::Test).len() > 60);
}

#[test]
fn a_part_that_is_wanted_has_a_group() {
    let with = |groups: u64, seed: i64| {
        let options = Options {
            test: 0.01,
            validation: 0.01,
            seed,
            ..Options::default()
        };
        let row = |row: u64| Candidate {
            group: Some(format!("{}", row % groups)),
            ..candidate(&text(row, 12), &text(row + 999, 12))
        };
        let built = build(options, (0..40).map(row).collect());
        Part::ALL.map(|part| built.counts.groups.get(&part).copied().unwrap_or(0))
    };
    for seed in 0..9 {
        let [test, validation, train] = with(10, seed);
        assert!(test > 0 && validation > 0 && test + validation + train == 10);
        assert_eq!(with(1, seed)[2], 1);
        assert_eq!(with(2, seed)[2], 1);
    }
}

#[test]
fn labels_are_balanced_in_the_training_part() {
    let labelled = |count: u64, label: &str| -> Vec<Candidate> {
        (0..count)
            .map(|row| Candidate {
                label: Some(label.into()),
                rating: Some(row as f64),
                ..candidate(&text(row + count, 12), &text(row + count * 1000, 12))
            })
            .collect()
    };
    let rows = || [labelled(300, "often"), labelled(40, "rare"), labelled(100, "medium")].concat();
    let kept = |options: Options| {
        let built = build(options, rows());
        let of = |label: &str| {
            built
                .rows
                .iter()
                .filter(|row| row.label.as_deref() == Some(label))
                .count()
        };
        assert_eq!(built.counts.balance, 440 - built.rows.len() as u64);
        ([of("often"), of("rare"), of("medium")], built)
    };
    assert_eq!(kept(none()).0, [300, 40, 100]);
    let (counts, built) = kept(Options {
        max_per_label: Some(80),
        ..none()
    });
    assert_eq!(counts, [80, 40, 80]);
    let least = built.rows.iter().filter(|row| row.label.as_deref() == Some("often"));
    assert_eq!(least.filter_map(|row| row.rating).fold(f64::MAX, f64::min), 220.0);
    assert_eq!(
        kept(Options {
            balance: Some(1.5),
            ..none()
        })
        .0,
        [60, 40, 60]
    );
}

#[test]
fn data_about_persons_is_masked_or_left_out() {
    let clean = |text: &str| -> Result<Cleaned> {
        Ok(match text.contains("@") {
            true => Cleaned::Masked(text.replace("ann@x.org", "<EMAIL>")),
            false => Cleaned::Clean,
        })
    };
    let with = |pii: Pii| {
        let mut builder = Builder::new(Options { pii, ..none() }).unwrap();
        builder.push(candidate("Write to ann@x.org please", "I did")).unwrap();
        builder.push(candidate("Where is my parcel?", "In Rome")).unwrap();
        builder.finish(&clean, &Unwatched).unwrap()
    };
    let masked = with(Pii::Redact);
    assert_eq!(
        (masked.rows.len(), masked.counts.redacted, masked.counts.pii),
        (2, 1, 0)
    );
    assert!(
        masked
            .rows
            .iter()
            .any(|row| row.conversation.question() == "Write to <EMAIL> please")
    );
    let dropped = with(Pii::Drop);
    assert_eq!(
        (dropped.rows.len(), dropped.counts.redacted, dropped.counts.pii),
        (1, 0, 1)
    );
    let kept = with(Pii::Keep);
    assert_eq!((kept.rows.len(), kept.counts.redacted, kept.counts.pii), (2, 0, 0));
}

struct Stop;

impl Monitor for Stop {
    fn check(&self) -> Result<()> {
        Err(Error::Stopped)
    }

    fn progress(&self, _: Progress) {}
}

#[test]
fn options_are_checked_and_it_stops_when_asked() {
    let wrong = |change: &dyn Fn(&mut Options)| {
        let mut options = Options::default();
        change(&mut options);
        Builder::new(options).map(drop).unwrap_err().to_string()
    };
    assert!(wrong(&|options| options.test = 1.0).contains("test"));
    assert!(wrong(&|options| options.test = f64::NAN).contains("test"));
    assert!(wrong(&|options| (options.test, options.validation) = (0.6, 0.4)).contains("validation"));
    assert!(wrong(&|options| options.near_duplicates = Some(0.1)).contains("near_duplicates"));
    assert!(wrong(&|options| options.shingle_words = 0).contains("shingle_words"));
    assert!(wrong(&|options| options.balance = Some(0.5)).contains("balance"));
    assert!(wrong(&|options| options.max_per_label = Some(0)).contains("max_per_label"));
    let mut builder = Builder::new(none()).unwrap();
    builder.push(candidate("q", "a")).unwrap();
    assert_eq!(
        builder.finish(&|_| Ok(Cleaned::Clean), &Stop).unwrap_err(),
        Error::Stopped
    );
    assert!(build(none(), Vec::new()).rows.is_empty());
}
