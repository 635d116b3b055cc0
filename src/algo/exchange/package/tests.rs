use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::envelope::{joined, parts, seal};
use crate::monitor::Unwatched;

fn example() -> Package {
    Package {
        description: Description {
            model: "risk".into(),
            version: 7,
            task: "classification".into(),
            algorithm: "gradient_boosting".into(),
            params: json!({"n_estimators": 20, "deploy": "auto"}),
            query: "SELECT * FROM customers".into(),
            target: Some("is_risky".into()),
            rows: 1000,
            features: 20,
            metrics: json!({"roc_auc": 0.75}),
            seconds: 1.5,
            cpu_seconds: None,
            hash: "0123456789abcdef".repeat(4),
            trained_by: "ann".into(),
            trained_at: "2026-01-31T12:00:00Z".into(),
            statistics: json!([{"feature": "age"}]),
            deployed: true,
            aliases: vec!["champion".into()],
            decisions: Some(Decisions {
                threshold: 0.25,
                review_from: Some(0.125),
                review_to: None,
                positive: Some("refuse".into()),
            }),
            grants: vec![
                Grant {
                    role: Some("scorer".into()),
                    privilege: "predict".into(),
                },
                Grant {
                    role: None,
                    privilege: "predict".into(),
                },
            ],
        },
        model: b"the model".to_vec(),
        curves: Some(b"its curves".to_vec()),
    }
}

fn bytes_of(package: &Package) -> Vec<u8> {
    package.to_bytes(&Unwatched).unwrap()
}

fn problem(bytes: &[u8]) -> String {
    Package::from_bytes(bytes, &Unwatched).unwrap_err().to_string()
}

/// The example with another description.
fn with_description(change: impl FnOnce(&mut Json)) -> Vec<u8> {
    let mut parts = parts(&bytes_of(&example()));
    let mut description: Json = serde_json::from_slice(&parts[0].1).unwrap();
    change(&mut description);
    parts[0].1 = serde_json::to_vec(&description).unwrap();
    joined(&ENVELOPE, &parts)
}

#[test]
fn what_is_written_is_read() {
    let package = example();
    let bytes = bytes_of(&package);
    assert!(Package::is(&bytes));
    assert_eq!(Package::from_bytes(&bytes, &Unwatched).unwrap(), package);
    let bare = Package {
        curves: None,
        ..package
    };
    assert_eq!(Package::from_bytes(&bytes_of(&bare), &Unwatched).unwrap(), bare);
}

#[test]
fn a_package_of_a_newer_format_says_so() {
    let bytes = bytes_of(&example());
    let mut newer = bytes.clone();
    newer[8] = 2;
    assert!(
        problem(&newer).contains("made by a newer assay: it has format 2"),
        "{}",
        problem(&newer)
    );
    let mut newer = parts(&bytes);
    newer[0].0.version = 2;
    let found = problem(&joined(&ENVELOPE, &newer));
    assert!(found.contains("newer assay: its section Desc has version 2"), "{found}");
}

#[test]
fn what_is_missing_or_cannot_be_is_named() {
    let parts = parts(&bytes_of(&example()));
    assert!(problem(&joined(&ENVELOPE, &parts[..1])).contains("no section Modl"));
    assert!(problem(&joined(&ENVELOPE, &parts[1..])).contains("does not begin with its description"));
    assert!(Package::memory(&bytes_of(&example())) > 1000);
    assert_eq!(
        (Package::memory(b""), Package::memory(&[255; 40])),
        (0, 8 * UNPACKED + 40)
    );
    assert!(problem(b"no package").contains("does not begin as such bytes do"));
    for (key, value, part) in [
        ("version", json!(0), "its version"),
        ("rows", json!(-1), "fewer rows"),
        ("features", json!(-1), "fewer features"),
        ("seconds", json!(-1.0), "its duration"),
        ("hash", json!("ABC"), "its hash"),
        ("hash", json!("X".repeat(64)), "its hash"),
        ("metrics", json!([]), "its metrics"),
        ("params", json!(null), "its parameters"),
        ("statistics", json!({}), "its statistics"),
        ("query", json!("SELECT\u{0}"), "the character 0"),
        ("metrics", json!({"a": [{"b\u{0}": 1}]}), "the character 0"),
        ("aliases", json!(vec!["a"; 10_001]), "too many aliases"),
        (
            "decisions",
            json!({"threshold": 2.0, "review_from": null, "review_to": null, "positive": null}),
            "a threshold",
        ),
        ("later", json!(1), "unknown field"),
    ] {
        let found = problem(&with_description(|description| description[key] = value.clone()));
        assert!(found.contains(part), "{key} {value}: {found}");
    }
    let deep = "[".repeat(100_000);
    let mut parts = parts;
    parts[0].1 = deep.into_bytes();
    assert!(problem(&joined(&ENVELOPE, &parts)).contains("its description"));
}

#[test]
fn damage_is_noticed() {
    let bytes = bytes_of(&example());
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 4;
        assert!(Package::from_bytes(&damaged, &Unwatched).is_err(), "byte {place}");
        if let Ok(package) = Package::from_bytes(&bytes[..place], &Unwatched) {
            // What ends before the last section lacks what a package may lack.
            assert_eq!(package.curves, None, "byte {place}");
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    "[a-z\u{e4}\u{4e2d}'\"\\\\ ]{0,12}"
}

fn described() -> impl Strategy<Value = Description> {
    let decisions = option::of((0.0..=1.0_f64, option::of(0.0..=1.0_f64), option::of(text())));
    let lists = (vec(text(), 0..4), vec((option::of(text()), text()), 0..4));
    let numbers = (
        1..i32::MAX,
        0..i64::MAX,
        0..i32::MAX,
        0.0..1e9_f64,
        option::of(0.0..1e9_f64),
    );
    (
        (text(), text(), option::of(text())),
        numbers,
        lists,
        decisions,
        any::<[u8; 32]>(),
    )
        .prop_map(
            |(
                (model, query, target),
                (version, rows, features, seconds, cpu_seconds),
                (aliases, grants),
                decisions,
                hash,
            )| {
                Description {
                    params: json!({ model.as_str(): seconds }),
                    metrics: json!({ query.as_str(): rows }),
                    statistics: json!([aliases.clone(), target.clone()]),
                    task: query.clone(),
                    algorithm: model.clone(),
                    trained_by: model.clone(),
                    trained_at: query.clone(),
                    hash: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
                    deployed: version % 2 == 0,
                    decisions: decisions.map(|(threshold, review_from, positive)| Decisions {
                        threshold,
                        review_from,
                        review_to: review_from,
                        positive,
                    }),
                    grants: (grants.into_iter())
                        .map(|(role, privilege)| Grant { role, privilege })
                        .collect(),
                    model,
                    version,
                    query,
                    target,
                    rows,
                    features,
                    seconds,
                    cpu_seconds,
                    aliases,
                }
            },
        )
}

proptest! {
    #[test]
    fn any_package_is_read_as_it_was_written(description in described(), model in vec(any::<u8>(), 0..200), curves in option::of(vec(any::<u8>(), 0..50))) {
        let package = Package { description, model, curves };
        let bytes = bytes_of(&package);
        prop_assert_eq!(&Package::from_bytes(&bytes, &Unwatched).unwrap(), &package);
        // The same package has the same bytes.
        prop_assert_eq!(bytes_of(&package), bytes);
    }

    #[test]
    fn changed_bytes_are_refused_or_read(places in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), length in any::<prop::sample::Index>()) {
        let whole = bytes_of(&example());
        let mut bytes = whole[..=length.index(whole.len())].to_vec();
        for (place, value) in places {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        seal(&mut bytes);
        if let Ok(package) = Package::from_bytes(&bytes, &Unwatched) {
            prop_assert!(package.to_bytes(&Unwatched).is_ok());
        }
    }
}
