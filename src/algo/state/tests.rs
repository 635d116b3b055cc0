//! States as bytes: kept whole, merged in any order, and hostile.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::block;
use crate::clustering::k_means::ClustersPass;
use crate::judging::curves::ClassScores;
use crate::judging::numbers::NumberBins;
use crate::judging::scored_rows::{ScoredRow, ScoredRows};
use crate::judging::scores::Scores;
use crate::label::Label;
use crate::metrics::evaluation::{Actual, Scored};
use crate::metrics::{Inputs, Metric};
use crate::monitor::Unwatched;
use crate::packed::{Cell, PackPlan, Reading, ReadingPlan, SurveyPlan};
use crate::scan::{Plan, PlanCheck, PlanColumn, Test};
use crate::sums::{self, Layout, What};
use crate::training_set::TargetKind;

/// A row of any kind of state.
type Row = (u8, u8, f64);

/// The label of a small number, of the type that `kind` says.
fn label(kind: u8, number: u8) -> Label {
    match kind {
        0 => Label::Bool(number % 2 == 1),
        1 => Label::Number(i64::from(number) - 1),
        2 => Label::Enum(100 - u32::from(number), format!("e{number}")),
        _ => Label::Text(format!("class {number}")),
    }
}

fn state(of: &Kind, kind: u8, rows: &[Row]) -> State {
    let metric: Metric = match of.code {
        1..64 => of.name.parse().unwrap(),
        64 => return gram(rows),
        65 => return scan(rows),
        66 => return curves(kind, rows),
        67 => return reading(survey_plan(kind), rows),
        68 => return reading(ReadingPlan::Pack(PackPlan::of_golden_files()), rows),
        69 => return reading(sum_plan(kind), rows),
        70 => return scored_rows(kind, rows),
        code => panic!("a test of kind {code} is missing here"),
    };
    let mut tally = Tally::new(metric);
    for &(a, b, number) in rows {
        let pushed = match metric.inputs() {
            Inputs::LabelAndScore => tally.push_score(&label(kind, a % 2), (number * 8.0).round()),
            Inputs::LabelAndProbability => tally.push_score(&label(kind, a % 2), (number / 100.0).abs()),
            Inputs::Labels => tally.push_labels(&label(kind, a), &label(kind, b)),
            Inputs::Numbers => tally.push_numbers(number, f64::from(a)),
        };
        assert_eq!(pushed, Ok(()));
    }
    State::Metric(tally)
}

fn gram(rows: &[Row]) -> State {
    let gram = Gram::new(2);
    assert!(gram.is_ok());
    gram.map_or(State::from(Tally::new(Metric::Mse)), |mut gram| {
        rows.iter()
            .for_each(|&(a, b, number)| assert!(gram.push(&[f64::from(a), number], f64::from(b)).is_ok()));
        State::from(gram)
    })
}

fn scan(rows: &[Row]) -> State {
    let column = |name: &str, kind| PlanColumn {
        name: name.into(),
        type_name: "t".into(),
        kind,
    };
    let mut scan = Scan::new(Plan {
        columns: vec![column("a", block::Kind::Integer), column("x", block::Kind::Float)],
        groupings: vec![vec![0]],
        checks: vec![PlanCheck {
            column: Some(1),
            filter: None,
            grouping: Some(0),
            test: Test::Moments,
        }],
        ..Plan::default()
    })
    .unwrap();
    for &(a, _, number) in rows {
        scan.push(
            |block| {
                block[0].push_integer(i64::from(a % 3));
                block[1].push_number(number);
                Ok(())
            },
            &Unwatched,
        )
        .unwrap();
    }
    State::from(scan)
}

fn curves(kind: u8, rows: &[Row]) -> State {
    let scored = match kind % 2 {
        0 => Scored::Classes {
            actual: rows.iter().map(|&(a, _, _)| u32::from(a % 2)).collect(),
            probabilities: rows
                .iter()
                .flat_map(|&(_, _, number)| [1.0 - number.abs() / 100.0, number.abs() / 100.0])
                .collect(),
            classes: 2,
        },
        _ => Scored::Numbers {
            actual: rows.iter().map(|&(a, _, _)| f64::from(a)).collect(),
            predicted: rows.iter().map(|&(_, _, number)| number.round()).collect(),
        },
    };
    let labels = [label(0, 0), label(0, 1)];
    let curves = Curves::of(&scored, &labels, &Unwatched).unwrap();
    State::from(curves.unwrap_or_else(|| match kind % 2 {
        0 => Curves::Classes(vec![ClassScores {
            label: "true".into(),
            scores: Scores::default(),
        }]),
        _ => Curves::Numbers(NumberBins::default()),
    }))
}

fn survey_plan(kind: u8) -> ReadingPlan {
    let target = [TargetKind::Numbers, TargetKind::Classes(2)][usize::from(kind % 2)];
    ReadingPlan::Survey(SurveyPlan::new(1, &[false, true, false], (2, target)))
}

fn sum_plan(kind: u8) -> ReadingPlan {
    ReadingPlan::Sum(sums::Plan {
        layout: Layout::of_golden_files(),
        what: match kind % 2 {
            0 => What::Tally,
            _ => What::Clusters(ClustersPass::of_golden_files()),
        },
    })
}

fn reading(plan: ReadingPlan, rows: &[Row]) -> State {
    let cells = |&(a, b, number): &Row| {
        let first = if b == 0 {
            Cell::Missing
        } else {
            Cell::Number(number.round())
        };
        let text = Cell::Text(["a", "b", "c", "d"][usize::from(a)]);
        [
            first,
            text,
            if a == 3 {
                Cell::Missing
            } else {
                Cell::Number(f64::from(a % 2))
            },
        ]
    };
    match plan.begin(&Unwatched).unwrap() {
        Reading::Survey(mut survey) => {
            rows.iter()
                .map(cells)
                .for_each(|row| survey.push(|column| row[column]).unwrap());
            State::from(Rc::new(survey))
        }
        Reading::Pack(mut packer) => {
            rows.iter()
                .map(cells)
                .for_each(|row| packer.push(|column| row[column]).unwrap());
            State::from(Rc::new(packer))
        }
        Reading::Sum(mut partial) => {
            let summing = partial.filling().unwrap();
            rows.iter()
                .map(cells)
                .for_each(|row| summing.push(|column| row[column]).unwrap());
            State::from(partial)
        }
    }
}

fn scored_rows(kind: u8, rows: &[Row]) -> State {
    let classes = u32::from(kind);
    let mut scored = ScoredRows::new(classes, 0);
    for &(a, b, number) in rows {
        let (actual, scores) = match classes {
            0 => (Actual::Number(f64::from(a)), vec![number]),
            2 => (
                Actual::Class(u32::from(a % 2)),
                vec![1.0 - number / 100.0, number / 100.0],
            ),
            classes => (Actual::Class(u32::from(a) % classes), vec![number; classes as usize]),
        };
        let row = ScoredRow {
            classes,
            unseen: u32::from(b),
            actual: (b > 0).then_some(actual),
            scores,
            interval: (classes == 0).then_some([number - 1.0, number + 1.0]),
            compared: Some((b == 2).then_some(u32::from(a))),
            extra: vec![number.abs()],
        };
        assert_eq!(scored.push(&row), Ok(()));
    }
    State::from(scored)
}

fn bytes(state: &State) -> Vec<u8> {
    let bytes = state.to_bytes();
    assert!(bytes.is_ok());
    bytes.unwrap_or_default()
}

fn merged(left: &State, right: &State) -> State {
    let mut state = left.clone();
    assert_eq!(state.merge(right, &Unwatched), Ok(()));
    state
}

fn close(left: &State, right: &State) -> bool {
    if let (State::Gram(left), State::Gram(right)) = (left, right) {
        let (left, right) = (left.moments(), right.moments());
        let near = |l: f64, r: f64| (l - r).abs() <= 1e-9;
        return left.rows() == right.rows()
            && (0..3).all(|i| near(left.mean(i), right.mean(i)))
            && (0..3).all(|i| (0..=i).all(|j| near(left.product(i, j), right.product(i, j))));
    }
    if let (State::ScoredRows(left), State::ScoredRows(right)) = (left, right) {
        return (left.count(), left.unlabelled(), left.unseen()) == (right.count(), right.unlabelled(), right.unseen())
            && left.seen() == right.seen();
    }
    match (left.finish(&Unwatched), right.finish(&Unwatched)) {
        (Ok(Some(l)), Ok(Some(r))) => (l - r).abs() <= 1e-12 * l.abs().max(1e-3),
        (l, r) => l == r,
    }
}

fn is_damaged(bytes: &[u8]) -> bool {
    matches!(
        State::from_bytes(bytes, &Unwatched),
        Err(Error::Damaged { .. } | Error::Newer { .. })
    )
}

/// Writes the header that fits, so that a changed payload reaches the decoder.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.len() >= HEADER {
        let length = (bytes.len() - HEADER) as u32;
        let checksum = checksum(bytes[5], bytes[6], &bytes[HEADER..]);
        bytes[8..12].copy_from_slice(&length.to_le_bytes());
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
    }
    bytes
}

fn kinds() -> impl Strategy<Value = &'static Kind> {
    prop::sample::select(Kind::all().collect::<Vec<_>>())
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    vec((0..4_u8, 0..4_u8, -100.0..100.0_f64), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_hold_everything(of in kinds(), kind in 0..4_u8, rows in rows()) {
        let state = state(of, kind, &rows);
        let decoded = State::from_bytes(&bytes(&state), &Unwatched);
        prop_assert_eq!(decoded.as_ref().map(State::kind), Ok(of));
        prop_assert_eq!(decoded.as_ref().map(|state| state.finish(&Unwatched)), Ok(state.finish(&Unwatched)));
        // Sums of products are settled in bytes, and what comes from bytes takes no rows, so that only their answer is the same.
        let again = decoded.as_ref().map(bytes);
        prop_assert_eq!(again, Ok(bytes(&state)));
        if ![64, 68, 69].contains(&of.code) {
            prop_assert_eq!(decoded, Ok(state));
        }
    }

    #[test]
    fn merging_commutes_and_associates(of in kinds(), kind in 0..4_u8, a in rows(), b in rows(), c in rows()) {
        let all = state(of, kind, &[a.clone(), b.clone(), c.clone()].concat());
        let [a, b, c] = [a, b, c].map(|rows| state(of, kind, &rows));
        prop_assert!(close(&merged(&a, &b), &merged(&b, &a)));
        let (left, right) = (merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert!(close(&left, &right));
        prop_assert!(close(&left, &all));
        prop_assert!(State::from_bytes(&bytes(&left), &Unwatched).is_ok());
        let empty = state(of, kind, &[]);
        prop_assert!(close(&merged(&empty, &a), &a) && close(&merged(&a, &empty), &a));
    }

    #[test]
    fn damage_is_noticed(
        of in kinds(), kind in 0..4_u8, rows in rows(), at in any::<prop::sample::Index>(), change in 1..=255_u8,
    ) {
        let whole = bytes(&state(of, kind, &rows));
        let mut changed = whole.clone();
        changed[at.index(whole.len())] ^= change;
        prop_assert!(is_damaged(&changed));
        let cut = &whole[..at.index(whole.len())];
        prop_assert!(is_damaged(cut));
        prop_assert!(is_damaged(&[&whole[..], &[change]].concat()));
    }

    /// Bytes whose checksum is right, so that only validation stands between them and the rest: what is accepted works.
    #[test]
    fn hostile_payloads_do_no_harm(
        of in kinds(), kind in 0..4_u8, rows in rows(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut in any::<prop::sample::Index>(),
    ) {
        let good = state(of, kind, &rows);
        let mut bytes = bytes(&good);
        let payload = bytes.len() - HEADER;
        for (at, byte) in changes {
            if payload > 0 {
                bytes[HEADER + at.index(payload)] = byte;
            }
        }
        bytes.truncate(HEADER + 1 + cut.index(payload * 3 + 1));
        if let Ok(mut state) = State::from_bytes(&sealed(bytes.clone()), &Unwatched) {
            prop_assert!(state.finish(&Unwatched).is_ok());
            prop_assert!(state.memory() <= 4096 + 256 * bytes.len());
            let copy = state.clone();
            let _ = state.merge(&copy, &Unwatched);
            let _ = state.merge(&good, &Unwatched);
            prop_assert!(state.finish(&Unwatched).is_ok());
            prop_assert!(state.to_bytes().is_ok());
        }
    }

    #[test]
    fn noise_is_no_state(code in prop::sample::select((0..20).chain(60..75).collect::<Vec<u8>>()), payload in vec(any::<u8>(), 0..80)) {
        let header = [&MAGIC[..], &[FORMAT, code, 1], &[0; 9]].concat();
        if let Ok(state) = State::from_bytes(&sealed([&header[..], &payload].concat()), &Unwatched) {
            prop_assert!(state.finish(&Unwatched).is_ok());
        }
        prop_assert!(State::from_bytes(&payload, &Unwatched).is_err());
    }
}

#[test]
fn lengths_that_are_not_there_take_no_memory() {
    // A sequence that claims 2^63 elements, in the place of each kind's first sequence.
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    for kind in Kind::all() {
        for lead in 0..4 {
            let payload = [&vec![0; lead], &huge[..]].concat();
            let header = [&MAGIC[..], &[FORMAT, kind.code, kind.version], &[0; 9]].concat();
            let read = State::from_bytes(&sealed([&header[..], &payload].concat()), &Unwatched);
            assert!(
                matches!(read, Err(Error::Damaged { .. } | Error::Newer { .. })),
                "{kind}: {read:?}"
            );
        }
    }
}

#[test]
fn kinds_have_their_own_codes() {
    let mut codes: Vec<u8> = Kind::all().map(|kind| kind.code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Kind::all().count());
    for metric in Metric::ALL {
        assert_eq!(State::from(Tally::new(metric)).kind().name, metric.name());
    }
}

#[test]
fn what_a_newer_assay_made_is_named() {
    let newer = |place: usize, byte: u8| {
        let mut bytes = bytes(&gram(&[]));
        bytes[place] = byte;
        State::from_bytes(&sealed(bytes), &Unwatched).unwrap_err().to_string()
    };
    for (message, part) in [
        (newer(4, 2), "format 2"),
        (newer(5, 200), "kind 200"),
        (newer(6, 3), "linear statistics in version 3"),
    ] {
        assert!(message.contains(part) && message.contains("newer assay"), "{message}");
    }
}

#[test]
fn newer_versions_of_every_kind_are_named() {
    for kind in Kind::all() {
        let whole = bytes(&state(kind, 0, &[]));
        let read = |version: u8| {
            let mut bytes = whole.clone();
            bytes[6] = version;
            State::from_bytes(&sealed(bytes), &Unwatched)
        };
        assert!(read(kind.version).is_ok(), "{kind}");
        assert!(matches!(read(0), Err(Error::Damaged { .. })), "{kind}");
        let newer = kind.version + 1;
        let expected = format!(
            "state was made by a newer assay: it is of {kind} in version {newer}, and this assay reads up to {}",
            kind.version
        );
        assert_eq!(read(newer).unwrap_err().to_string(), expected);
    }
}

/// What a newer assay adds to an enum, to a list by an enum's variants and to a struct.
#[test]
fn newer_contents_of_a_state_are_named() {
    let loss = State::from(Tally::new(Metric::LogLoss));
    let mut newer = bytes(&loss);
    assert_eq!(newer[HEADER], 0);
    newer[HEADER] = 9;
    let problem = |bytes: Vec<u8>| State::from_bytes(&sealed(bytes), &Unwatched).unwrap_err().to_string();
    assert_eq!(
        problem(newer),
        "state was made by a newer assay: it has Loss 9, which this assay does not know"
    );
    // A field without a new version is a mistake, and is not read as something else.
    assert_eq!(
        problem([&bytes(&loss)[..], &[7]].concat()),
        "state is damaged: 1 bytes follow its end"
    );
}

#[test]
fn states_of_two_kinds_do_not_merge() {
    let mut left = State::from(Tally::new(Metric::RocAuc));
    for right in [State::from(Tally::new(Metric::AveragePrecision)), gram(&[])] {
        assert!(matches!(left.merge(&right, &Unwatched), Err(Error::Mismatch { .. })));
    }
}

/// Stored states are read for ever: these bytes were written by 0.1.0.
#[test]
fn the_format_does_not_change() {
    let mut tally = Tally::new(Metric::RocAuc);
    assert_eq!(tally.push_score(&Label::Text("no".into()), 0.5), Ok(()));
    assert_eq!(tally.push_score(&Label::Text("yes".into()), 2.0), Ok(()));
    let hex: String = bytes(&State::from(tally))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(
        hex,
        "41735374010101001d0000006c24a80e0203026e6f030379657301000000000000e03f01000000000000004000"
    );
}
