//! Texts, as anyone may give them: thresholds, regular expressions, cells of a column, hyperparameters, plans of scans.

use crate::bound;
use algo::accumulator::Accumulator;
use algo::block::{BlockColumn, Kind};
use algo::document;
use algo::formats::Format;
use algo::learners::LEARNERS;
use algo::monitor::Unwatched;
use algo::profile::{ColumnProfile, Sizes};
use algo::quality::mixed_formats::{self, FormatTally};
use algo::quality::near_duplicates::{self, Finder};
use algo::quality::threshold::Threshold;
use algo::scan::{Plan, PlanCheck, PlanColumn, RowTests, Scan, Test};
use algo::training_set::{Shape, TargetKind};

/// What reads an input; its first byte says so.
#[derive(Clone, Copy)]
pub enum Reader {
    Threshold,
    Regex,
    Cells,
    Params,
    Plan,
    Document,
}

const READERS: [Reader; 6] = [
    Reader::Threshold,
    Reader::Regex,
    Reader::Cells,
    Reader::Params,
    Reader::Plan,
    Reader::Document,
];

pub fn run(input: &[u8]) {
    let Some((&reader, bytes)) = input.split_first() else {
        return;
    };
    let text = &*String::from_utf8_lossy(bytes);
    match READERS[usize::from(reader) % READERS.len()] {
        Reader::Threshold => threshold(text),
        Reader::Regex => regex(text),
        Reader::Cells => cells(text),
        Reader::Params => params(text),
        Reader::Plan => plan(text),
        Reader::Document => document(text),
    }
}

/// A document that is read says the same when it is written as YAML.
fn document(text: &str) {
    match document::read(text, &|| ()) {
        Ok(value) => {
            let written = format!("- {}", document::flow(&value));
            match document::read(&written, &|| ()) {
                Ok(list) => assert_eq!(list[0], value),
                Err(problem) => assert!(problem.contains("deep"), "{problem}: {written}"),
            }
        }
        Err(problem) => assert!(problem.len() < 500, "an error repeats no long text"),
    }
}

fn threshold(text: &str) {
    match Threshold::parse(text) {
        Ok(threshold) => {
            assert_eq!(
                Threshold::parse(&threshold.to_string()),
                Ok(threshold),
                "what is shown is read again"
            );
            threshold.is_met(u64::MAX, u64::MAX);
            threshold.is_met(0, 0);
        }
        Err(error) => assert!(error.to_string().len() < 500, "an error repeats no long text"),
    }
}

/// Bytes that an expression with its cache may hold, whatever it says.
const REGEX: usize = 8 << 20;

/// The first line is an expression, which answers for the rest and some texts as the crate regex does.
fn regex(text: &str) {
    let (pattern, rest) = text.split_once('\n').unwrap_or((text, text));
    let test = Test::Matches {
        pattern: pattern.into(),
        negated: false,
    };
    let plan = Plan {
        columns: vec![PlanColumn {
            name: "c".into(),
            type_name: "text".into(),
            kind: Kind::Text,
        }],
        checks: vec![PlanCheck {
            column: Some(0),
            filter: None,
            grouping: None,
            test,
        }],
        ..Plan::default()
    };
    let known = regex::Regex::new(pattern);
    for cell in [rest, "", "a@b.org 2024-02-30 ünï 7"] {
        let fails = bound::memory(text.len(), 2_000, REGEX, || {
            let mut tests = RowTests::new(plan.clone(), &Unwatched)?;
            tests.fails(|row| row[0].push_text(cell), &Unwatched)
        });
        if let (Ok(fails), Ok(known)) = (fails, &known) {
            assert_eq!(!fails, known.is_match(cell), "{pattern:?} in {cell:?}");
        }
    }
}

/// One cell a line.
fn cells(text: &str) {
    let mut formats = FormatTally::default();
    let params = near_duplicates::Params {
        threshold: 0.5,
        ..near_duplicates::Params::default()
    };
    let mut finder = Finder::new(params).expect("the parameters are right");
    for (row, cell) in (0..).zip(text.lines()) {
        formats.push(cell);
        let _ = finder.push(row, cell);
        Format::all().for_each(|format| _ = format.matches(cell));
    }
    formats.validate().expect("what rows made is sound");
    let _ = mixed_formats::find_conflicts(&[&formats], &mixed_formats::Params::default());
    let _ = finder.finish(&Unwatched);
    let _ = finder.repeated(&Unwatched);
    for kind in [Kind::Text, Kind::Json, Kind::Array, Kind::Uuid] {
        let mut profile = ColumnProfile::new(kind, Sizes::for_columns(1), 1);
        let mut block = BlockColumn::new(kind);
        text.lines()
            .try_for_each(|cell| block.push_text(cell))
            .expect("they are few");
        profile.push(&block);
        profile.validate().expect("what rows made is sound");
        profile.report().details_json();
    }
}

fn params(text: &str) {
    let Ok(json) = serde_json::from_str::<serde_json::Value>(text) else {
        return;
    };
    let Some(params) = json.as_object() else {
        return;
    };
    for algorithm in LEARNERS {
        if let Ok(learner) = algorithm.configure(params, 1) {
            let shape = Shape {
                rows: 1_000_000,
                features: 100,
                design_columns: 1_000,
                target: TargetKind::Classes(3),
                threads: 4,
            };
            learner.memory(&shape);
            learner.design_memory(&shape);
        }
    }
}

fn plan(text: &str) {
    let Ok(plan) = serde_json::from_str::<Plan>(text) else {
        return;
    };
    let Ok(mut scan) = Scan::new(plan) else { return };
    crate::state::push_rows(&mut scan);
    scan.settled(&Unwatched)
        .expect("nobody stops it")
        .validate()
        .expect("what rows made is sound");
}
