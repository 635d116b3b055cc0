use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{MOST_BYTES, flow, quoted, read};

fn value(text: &str) -> Json {
    read(text, &|| ()).unwrap()
}

fn problem(text: &str) -> String {
    read(text, &|| ()).unwrap_err()
}

#[test]
fn yaml_and_json_say_the_same() {
    let yaml = "
# What must hold of the orders.
version: 1
checks:
  public.orders:
    - name: sent once
      kind: unique
      column_name: id
      tags: [nightly, 'load']
    - kind: accepted_range   # a comment
      min_value: -1.5e3
      max_value: 10
      where: \"region <> 'x'\"
  public.empty: []
";
    let json = r#"{"version": 1, "checks": {"public.orders": [
        {"name": "sent once", "kind": "unique", "column_name": "id", "tags": ["nightly", "load"]},
        {"kind": "accepted_range", "min_value": -1500.0, "max_value": 10, "where": "region <> 'x'"}], "public.empty": []}}"#;
    assert_eq!(value(yaml), value(json));
}

#[test]
fn scalars_are_those_of_the_core_schema() {
    let list = value(
        "[no, yes, NO, ~, null, true, False, 12, -3, +4, 1.0, .5, 1e2, '12', 2026-01-02, 1.2.3, 1e, 0x1f, 0, 0.5, --1, 12:30]",
    );
    let wanted = json!([
        "no",
        "yes",
        "NO",
        null,
        null,
        true,
        false,
        12,
        -3,
        4,
        1.0,
        0.5,
        100.0,
        "12",
        "2026-01-02",
        "1.2.3",
        "1e",
        "0x1f",
        0,
        0.5,
        "--1",
        "12:30"
    ]);
    assert_eq!(list, wanted);
    assert_eq!(
        value("a: |\n  x > 0\n  AND y\nb: >-\n  c\n  d"),
        json!({"a": "x > 0\nAND y\n", "b": "c d"})
    );
}

#[test]
fn what_means_one_thing_here_and_another_there_is_refused() {
    let problems = [
        (
            "values: [007]",
            "007 begins with zero: write it in quotes, or without the zero at line 1",
        ),
        ("a: 1\na: 2", "key \"a\" is given twice at line 2"),
        ("{\"a\": 1, \"a\": 2}", "key \"a\" is given twice at line 1 column 12"),
        (
            "a: &x 1\nb: *x",
            "an anchor lets a value be used again: write it out where it is used at line 1",
        ),
        (
            "a: !!binary aGk=",
            "a tag gives a value a type: write the value alone at line 1",
        ),
        ("a: 1\n---\nb: 2", "a second document begins at line 2"),
        ("? [a]\n: 1", "a key is no text at line 1"),
        (
            "a: 1e999",
            "1e999 is no number of double precision: write it in quotes at line 1",
        ),
    ];
    for (text, wanted) in problems {
        assert_eq!(problem(text), wanted, "{text}");
    }
}

#[test]
fn hostile_documents_are_refused_and_cost_little() {
    assert!(problem(&"a".repeat(MOST_BYTES + 1)).contains("bytes"));
    for deep in [
        "[".repeat(100_000),
        "- ".repeat(100_000),
        "{\"a\":".repeat(100_000),
        "a:\n ".repeat(500),
    ] {
        assert!(!problem(&deep).is_empty());
    }
    assert!(problem(&format!("[{}]", "1,".repeat(1_100_000))).contains("more than"));
    assert!(problem(&format!("{{\"a\": [{}1]}}", "1,".repeat(1_100_000))).contains("more than"));
    let bomb = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]";
    assert!(problem(bomb).contains("anchor"));
}

proptest! {
    #[test]
    fn texts_come_back(text in any::<String>()) {
        let nested = json!({ text.clone(): [text.clone(), -1.5, true, null, 3], "x": {} });
        let written = format!("{}: {}", quoted(&text), flow(&nested));
        prop_assert_eq!(value(&written), json!({ text: nested }));
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), marks in "[-:{}\\[\\]&*!|>'\"%@`#,? \n\t]{0,40}") {
        let _read = read(&text, &|| ());
        let _read = read(&marks, &|| ());
    }
}
