//! Bytes of models, as a superuser or an edited dump may put them into the registry.

use crate::bound;
use algo::estimator::Estimator;
use algo::forecast::ForecastModel;
use algo::frame::UNSEEN;
use algo::grouped::LinearScorers;
use algo::hash::hash_bytes;
use algo::levels::Levels;
use algo::metrics::evaluation::decide;
use algo::model::{InputKind, Model};
use algo::monitor::Unwatched;
use algo::task::Answer;

/// Bytes of memory for each byte of input, at most.
const EACH: usize = 256;
const FIXED: usize = 1 << 16;

/// The form of imported trees.
const IMPORTED: u16 = 50;

/// What stands before the sections, and before the content of each, as src/algo/envelope.rs documents it.
const BEFORE: usize = 10;
const HEADER: usize = 22;

/// With the checksums that fit, or no change would get past them.
pub fn sealed(input: &[u8]) -> Vec<u8> {
    let mut bytes = input.to_vec();
    let mut start = BEFORE;
    while let Some((header, rest)) = bytes
        .get_mut(start..)
        .and_then(|section| section.split_first_chunk_mut::<HEADER>())
    {
        let [t0, t1, t2, t3, v0, v1, length @ ..] = *header;
        let [l0, l1, l2, l3, l4, l5, l6, l7, ..] = length;
        let length = u64::from_le_bytes([l0, l1, l2, l3, l4, l5, l6, l7]).min(rest.len() as u64) as usize;
        let checksum = hash_bytes(u64::from_le_bytes([t0, t1, t2, t3, v0, v1, 0, 0]), &rest[..length]);
        header[14..].copy_from_slice(&checksum.to_le_bytes());
        start += HEADER + length;
    }
    bytes
}

pub fn run(input: &[u8]) {
    let input = sealed(input);
    let Ok(model) = bound::memory(input.len(), EACH, FIXED, || Model::from_bytes(&input, &Unwatched)) else {
        return;
    };
    let bytes = bytes_of(&model);
    let again = Model::from_bytes(&bytes, &Unwatched).expect("what was read and written is read again");
    assert_eq!(bytes_of(&again), bytes, "what is read again is the same");
    score(&model);
    look_inside(&model);
}

fn bytes_of(model: &Model) -> Vec<u8> {
    model.to_bytes(&Unwatched).expect("nobody stops the writing")
}

/// Scores rows of everything that a value can be, by the model itself and by what scores it fast.
fn score(model: &Model) {
    let values = [f64::NAN, UNSEEN, -1.0, 0.0, 1.0, 2.0, 3.5, 1e300, -1e300];
    let linear = LinearScorers::new(&*model.fitted).map(|scorer| Box::new(scorer) as Box<dyn Estimator>);
    let fast = linear.or_else(|| model.fitted.scorer());
    let raw = model.raw_width();
    let mut all = vec![0.0; model.slots()];
    let mut scores = vec![0.0; model.fitted.outputs()];
    let mut of_fast = scores.clone();
    for start in 0..values.len() {
        for (feature, value) in all[..raw].iter_mut().enumerate() {
            *value = values[(start * (feature + 1) + feature) % values.len()];
        }
        let row = model.apply(raw, &mut all);
        model.fitted.score(row, &mut scores);
        // Weights and values near the end of double precision give sums that are none.
        let sum: f64 = scores.iter().sum();
        // Imported models of one class against the rest have probabilities that need not add up to 1.
        if matches!(model.answer, Answer::Classes(_)) && !sum.is_nan() && model.fitted.form() != IMPORTED {
            assert!(
                scores.iter().all(|share| (0.0..=1.0).contains(share)) && (sum - 1.0).abs() < 1e-9,
                "{scores:?}"
            );
        }
        decide(&scores, 0.5);
        beside(model, row, &scores);
        if let Some(fast) = &fast {
            fast.score(row, &mut of_fast);
            let bits = |scores: &[f64]| scores.iter().map(|score| score.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&of_fast), bits(&scores), "a fast score is the score");
        }
    }
}

/// What is learned beside a model, of a row and its scores.
fn beside(model: &Model, row: &[f64], scores: &[f64]) {
    if let Some(calibration) = &model.calibration {
        let mut calibrated = scores.to_vec();
        calibration.apply(&mut calibrated);
        let sum: f64 = calibrated.iter().sum();
        assert!(
            (sum - 1.0).abs() < 1e-9 || scores.iter().any(|score| score.is_nan()),
            "{scores:?} became {calibrated:?}"
        );
    }
    if let Some(intervals) = &model.intervals {
        let [lower, upper] = intervals.of(scores[0], row, None);
        assert!(
            lower <= upper || lower.is_nan() || upper.is_nan(),
            "from {lower} to {upper}"
        );
    }
}

/// What is forecast of the first series.
fn look_ahead(model: &ForecastModel) {
    let places: Vec<usize> = (0..model.series().len().min(20)).collect();
    let all = model.forecast_each(&places, 5, 0.9, &Unwatched).expect("there is room");
    for (&place, points) in places.iter().zip(&all) {
        let series = &model.series()[place];
        let _ = (series.method(), series.reason().text(), series.frequency().name());
        for (step, point) in (1..).zip(points) {
            assert!(
                point.lower <= point.upper || point.lower.is_nan() || point.upper.is_nan(),
                "{point:?}"
            );
            let strangeness = model
                .strangeness((place, step), (point, 0.9), 1.0, &Unwatched)
                .expect("there is such a series");
            assert!(
                strangeness.is_none_or(|share| (0.0..=1.0).contains(&share)),
                "{strangeness:?}"
            );
            let _ = series.ahead(point.at);
        }
        let _: Vec<String> = series.notes().iter().map(|note| note.text()).collect();
    }
}

/// What the functions that look inside a model ask it.
fn look_inside(model: &Model) {
    assert_eq!(model.features().len(), model.width());
    assert_eq!(model.sources().len(), model.width());
    assert_eq!(model.raw_slots().len(), model.raw_width());
    for input in &model.inputs {
        if let InputKind::Category { levels, .. } = &input.kind {
            let codes = Levels::new(levels);
            for (level, code) in levels.iter().zip(0..) {
                assert_eq!(codes.code(level.as_bytes()), Some(code), "a level has its code");
            }
        }
    }
    if let Some(importance) = model.fitted.importance(model.width()) {
        assert_eq!(importance.len(), model.width());
    }
    if let Some((intercepts, weights)) = model.fitted.weights() {
        for weight in weights {
            assert!(weight.feature < model.width() && weight.output < intercepts.len());
        }
    }
    if let Some(forecaster) = model.fitted.forecaster() {
        look_ahead(&forecaster.model);
    }
    let mut margin = model.fitted.base().to_vec();
    model.fitted.margin(&vec![1.0; model.width()], &mut margin);
}
