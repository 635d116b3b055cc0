//! Rows that a file has to be tested with, and what the model says of them.

use serde_json::{Value as Json, json};

use crate::error::Result;
use crate::estimator::Estimator;
use crate::exchange::{Outline, TermOutline};
use crate::frame::UNSEEN;
use crate::model::{InputKind, Model};
use crate::trees::tree::Decision;

/// How many there are.
const ROWS: usize = 20;

/// Rows to test the file with, and what the model says of them. Numbers are around those at which it decides.
pub(super) fn test_rows(model: &Model, outline: &Outline<'_>) -> Result<(Vec<Json>, Vec<Json>)> {
    let mut around = vec![0.0, 1.0, -1.0, 0.5, 10.0, 100.0, -7.25];
    match outline {
        Outline::Linear(outline) => around.extend(outline.terms.iter().filter_map(|term| match term {
            TermOutline::Number { centre, .. } => Some(*centre),
            TermOutline::Category { .. } => None,
        })),
        Outline::Trees(outline) => {
            around.extend(
                (0..outline.trees.nodes().min(200)).filter_map(|node| match outline.trees.decision(node) {
                    Decision::Number { threshold, .. } => Some(threshold),
                    Decision::Leaf | Decision::Category { .. } => None,
                }),
            )
        }
    }
    around.retain(|number| number.abs() < 1e100);
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    let (mut rows, mut scores) = (Vec::new(), Vec::new());
    for _ in 0..ROWS {
        let (mut shown, mut slots) = (Vec::new(), vec![f64::NAN; model.slots()]);
        let mut at = 0;
        for input in &model.inputs {
            match &input.kind {
                InputKind::Number => {
                    let number = if next(8) == 0 {
                        f64::NAN
                    } else {
                        around[next(around.len())]
                    };
                    slots[at] = number;
                    shown.push(json!(Some(number).filter(|number| !number.is_nan())));
                }
                InputKind::Vector { width, used } => {
                    let vector: Vec<f64> = (0..*width).map(|_| around[next(around.len())]).collect();
                    slots[at..]
                        .iter_mut()
                        .zip(used)
                        .for_each(|(slot, element)| *slot = vector[*element as usize]);
                    shown.push(json!(vector));
                }
                InputKind::Category { levels, other } => {
                    let code = next(levels.len() + 2);
                    let rest = if *other { levels.len() as f64 } else { UNSEEN };
                    shown.push(match levels.get(code) {
                        Some(level) => {
                            slots[at] = code as f64;
                            json!(level)
                        }
                        None if code == levels.len() => {
                            slots[at] = rest;
                            json!("a level that no training row has")
                        }
                        None => {
                            slots[at] = f64::NAN;
                            Json::Null
                        }
                    });
                }
                InputKind::Text { .. } => {}
            }
            at += input.kind.width();
        }
        let row = model.apply(model.raw_width(), &mut slots).to_vec();
        let mut out = vec![0.0; model.outputs()];
        model.score(&row, &mut out);
        rows.push(Json::Array(shown));
        scores.push(json!(out));
    }
    Ok((rows, scores))
}
