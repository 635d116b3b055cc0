//! Categories with more levels than are told apart, and targets of several classes.

use super::*;
use crate::label::Label;
use crate::prepare::Rows;

/// Rows with a column of which each text is another, and what steps make of them.
fn learned(steps: Json) -> Prepared {
    let mut read = rows(300, true);
    read.columns[8] = text_column("e", 300, |row| format!("mail-{row}@example.org"));
    let plan = plan(&steps, Task::Classification);
    prepare(read, &plan, Split::Fraction(0.2), &Unwatched).unwrap()
}

/// Encodings that need no level for each value are there for columns of very many of them.
#[test]
fn as_many_levels_as_rows_are_kept_where_they_become_numbers_or_buckets() {
    let is_read = |steps: &Json| learned(steps.clone()).inputs.iter().any(|input| input.name == "e");
    for encoding in ["target", "frequency", "ordinal", "hash"] {
        let own = json!({"columns": {"e": {"encode": encoding}}});
        let of_all = json!({"types": {"category": {"encode": encoding}}});
        assert!(is_read(&own) && is_read(&of_all), "{encoding}");
    }
    for steps in [json!({}), json!({"types": {"category": {"encode": "one_hot"}}})] {
        assert!(!is_read(&steps), "{steps}");
    }
    let leaks = learned(json!({"columns": {"e": {"encode": "target"}}})).leaks;
    assert!(
        leaks.iter().any(|leak| leak.feature == "e"),
        "it is still said: {leaks:?}"
    );
}

/// Shares of more than two classes are named by these.
#[test]
fn target_encoding_names_its_shares_by_the_classes() {
    let plan = plan(&json!({"columns": {"c": {"encode": "target"}}}), Task::Classification);
    let names = |labels: &[&str]| {
        let mut read = rows(600, true);
        read.columns[5] = text_column("y", 600, |row| labels[draw(row, 6) as usize % labels.len()].to_string());
        let prepared = Rows::new(read, &plan, &Unwatched).and_then(|rows| {
            let division = rows.divide(Split::None, plan.seed, &Unwatched)?;
            rows.into_prepared(division, &plan, &Unwatched)
        });
        let prepared = prepared.unwrap();
        let answer = prepared.answer.as_ref().and_then(crate::task::Answer::classes);
        assert_eq!(answer.map(<[Label]>::len), Some(labels.len()));
        let features = prepared
            .pipeline
            .as_ref()
            .unwrap()
            .features(models_of(&prepared).raw_slots());
        let names = features.into_iter().map(|feature| feature.name);
        names.filter(|name| name.starts_with('c')).collect::<Vec<_>>()
    };
    assert_eq!(
        names(&["setosa", "versicolor", "virginica"]),
        ["c=setosa", "c=versicolor", "c=virginica"]
    );
    assert_eq!(names(&["no", "yes"]), ["c"]);
}
