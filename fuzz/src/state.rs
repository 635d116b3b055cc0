//! Bytes of states, as anyone may send them: in the text form, in binary, or as an aggregate's first state.

use std::rc::Rc;

use crate::bound;
use algo::accumulator::Accumulator;
use algo::block::{BlockColumn, Form, Kind as CellKind};
use algo::drift::{self, Distribution};
use algo::error::Result;
use algo::hash::hash_bytes;
use algo::judging::calibration::{self, Strategy};
use algo::judging::lift;
use algo::label::Label;
use algo::metrics::evaluation::Scored;
use algo::monitor::Unwatched;
use algo::quality::{mixed_formats, scale_shift};
use algo::scan::{Measure, Scan};
use algo::state::State;
use algo::task::Answer;

/// Bytes of memory for each byte of input, at most.
const EACH: usize = 256;
const FIXED: usize = 1 << 20;

/// What stands before the payload, as src/algo/state.rs documents it. An input lacks it, but for the kind, or no change would get past the
/// checksum.
const MAGIC: [u8; 4] = *b"AsSt";
const FORMAT: u8 = 1;
const VERSION: u8 = 1;
const HEADER: usize = 16;

/// The input that stands for a state's bytes.
pub fn input_of(bytes: &[u8]) -> Vec<u8> {
    [&bytes[5..6], &bytes[HEADER..]].concat()
}

fn sealed(input: &[u8]) -> Option<Vec<u8>> {
    let (&kind, payload) = input.split_first()?;
    let checksum = hash_bytes(u64::from_le_bytes([FORMAT, kind, VERSION, 0, 0, 0, 0, 0]), payload) as u32;
    let mut bytes = MAGIC.to_vec();
    bytes.extend([FORMAT, kind, VERSION, 0]);
    bytes.extend((payload.len() as u32).to_le_bytes());
    bytes.extend(checksum.to_le_bytes());
    bytes.extend(payload);
    Some(bytes)
}

pub fn run(input: &[u8]) {
    let Some(bytes) = sealed(input) else { return };
    let Ok(state) = bound::memory(bytes.len(), EACH, FIXED, || State::from_bytes(&bytes, &Unwatched)) else {
        return;
    };
    use_all(&state);
    let written = state.to_bytes().expect("what was read is written");
    let again = State::from_bytes(&written, &Unwatched).expect("what was read and written is read again");
    assert_eq!(
        again.to_bytes().expect("it is written"),
        written,
        "what is read again is the same"
    );
    let mut merged = state.clone();
    if merged.merge(&again, &Unwatched).is_ok() {
        use_all(&merged);
        if let Ok(bytes) = merged.to_bytes() {
            let _ = State::from_bytes(&bytes, &Unwatched);
        }
    }
    if let State::Scan(mut scan) = state {
        push_rows(Rc::make_mut(&mut scan));
        let _ = Scan::clone(&scan).merge(&scan);
        // A row that somebody else has written.
        let _ = Scan::clone(&scan).push_cells(input, &Unwatched);
        use_all(&State::Scan(scan));
    }
}

/// Asks a state everything that SQL does.
fn use_all(state: &State) {
    state.memory();
    match state {
        State::Metric(_) => drop(state.finish(&Unwatched)),
        State::Gram(gram) => {
            let moments = gram.moments();
            for column in 0..=moments.width().min(20) {
                moments.mean(column);
                moments.product(column, 0);
            }
        }
        State::Curves(curves) => {
            for class in curves.classes() {
                class.scores.points();
                class.scores.distribution(20);
                lift::table(&class.scores, 10);
                let bins = calibration::curve(&class.scores, 10, Strategy::Quantile);
                calibration::decompose(&class.scores, &bins);
            }
            if let Some(bins) = curves.numbers() {
                bins.in_bins(10).iter().for_each(|bin| _ = bin.interval());
            }
        }
        State::Survey(survey) => {
            survey.texts(1).count();
            (survey.rows(), survey.labelled(), survey.is_full());
        }
        State::Packed(packer) => drop((packer.rows(), packer.width())),
        State::Sums(partial) => drop(partial.sums()),
        State::ScoredRows(rows) => {
            // Whoever takes them knows how many classes there are.
            if rows.count() == 0 || rows.classes() > 50 {
                return;
            }
            let answer = match rows.classes() {
                0 => Answer::Number,
                classes => Answer::Classes((0..i64::from(classes)).map(Label::Number).collect()),
            };
            let (mut scored, mut extra) = (Scored::new(&answer), vec![Vec::new(); rows.extra()]);
            if rows.append_to(&mut scored, &mut extra, &Unwatched).is_ok() {
                let _ = scored.metrics(0.5, None, &Unwatched);
            }
        }
        State::Scan(scan) => {
            let Ok(scan) = scan.settled(&Unwatched) else { return };
            for profile in scan.profiles() {
                profile.report().details_json();
                profile.quantile(0.25);
                profile.values(10);
            }
            let plan = scan.plan();
            for (place, check) in plan.checks.iter().enumerate() {
                for tally in scan.tallies(place) {
                    tally.sample().count();
                    measure(tally.measure());
                }
                if let Some(grouping) = check.grouping {
                    scan.segments(grouping).values();
                }
            }
        }
    }
}

fn measure(measure: &Measure) {
    match measure {
        Measure::None | Measure::Latest(_) => {}
        Measure::Moments(moments, sum) => drop((moments.mean(), moments.stddev(), sum.value())),
        Measure::Profile(profile) => drop(profile.report()),
        Measure::Distribution(distribution) => compare(distribution),
        Measure::Formats(formats) => drop(mixed_formats::find_conflicts(
            &[formats],
            &mixed_formats::Params::default(),
        )),
        Measure::Extremes(extremes) => drop((extremes.least(), extremes.greatest())),
        Measure::Occurring(occurring) => drop(occurring.values().iter().map(|(_, rows)| rows).max()),
        Measure::Scale(scale) => drop(scale_shift::find_shifts(&[scale], &scale_shift::Params::default())),
    }
}

/// Compares a distribution with itself, as drift does with a baseline.
fn compare(distribution: &Distribution) {
    let settings = drift::Settings::default();
    match distribution.values() {
        drift::ValueDistribution::Numbers(numbers) => {
            let side = drift::NumberSide::of(numbers, 1, false);
            drift::compare_numbers(&side, &side, &settings);
        }
        drift::ValueDistribution::Categories(categories) => {
            let both = drift::Both::of(categories, categories);
            both.moved(10);
            drift::compare_categories(&both.counts(), &settings);
        }
    }
}

/// Goes on where the state stopped, as an aggregate does whose first state somebody has written.
pub fn push_rows(scan: &mut Scan) {
    for row in 0..40_i64 {
        let pushed = scan.push(
            |block| block.iter_mut().try_for_each(|column| push_cell(column, row)),
            &Unwatched,
        );
        if pushed.is_err() {
            return;
        }
    }
}

pub fn push_cell(column: &mut BlockColumn, row: i64) -> Result<()> {
    match column.kind().form() {
        _ if row % 7 == 3 => column.push_null(),
        Form::Integers if column.kind() == CellKind::Bool => column.push_integer(row % 2),
        Form::Integers => column.push_integer([row, i64::MAX, i64::MIN][(row % 3) as usize]),
        Form::Numbers => column.push_number([row as f64, f64::NAN, 1e308, -1e308, f64::INFINITY][(row % 5) as usize]),
        Form::Texts => column.push_text(["a", "", "[1, 2]", "2024-02-30", "ünï 7"][(row % 5) as usize])?,
    }
    Ok(())
}
