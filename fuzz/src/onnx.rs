//! Files of ONNX, as anyone who may import a model gives them, and what models become when they are exported.

use crate::{bound, seeds};
use algo::estimator::Estimator;
use algo::exchange::{Given, onnx};
use algo::frame::UNSEEN;
use algo::model::Model;
use algo::monitor::Unwatched;

/// Bytes of memory for each byte of input, at most: numbers that are packed in few bytes take sixteen each, several times over.
const EACH: usize = 2048;
/// Constants may stand for many numbers, up to a bound.
const FIXED: usize = 512 << 20;

const CASES: &str = include_str!("../../tests/oracle/onnx.json");

/// The bytes of base 64.
fn decoded(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for digit in text
        .bytes()
        .filter_map(|byte| DIGITS.iter().position(|digit| *digit == byte))
    {
        bits = bits << 6 | digit as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}

/// Files of other tools, and of models of ours.
pub fn seeds() -> Vec<Vec<u8>> {
    let files = CASES
        .split("\"file\":\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    let own = seeds::models().into_iter().filter_map(|bytes| {
        let model = Model::from_bytes(&bytes, &Unwatched).expect("a seed can be read");
        onnx::write(&model, &Unwatched).ok()
    });
    files.map(decoded).chain(own).collect()
}

pub fn run(input: &[u8]) {
    let read = || onnx::read(input, &Given::default(), &Unwatched);
    let Ok(model) = bound::memory(input.len(), EACH, FIXED, read) else {
        return;
    };
    let bytes = model.to_bytes(&Unwatched).expect("nobody stops the writing");
    let again = Model::from_bytes(&bytes, &Unwatched).expect("what was imported is read again");
    let fast = model.fitted.scorer();
    for value in [f64::NAN, UNSEEN, -1.0, 0.0, 1.0, 2.5, 1e300, -1e300] {
        let row = vec![value; model.width()];
        let mut scores = [(); 3].map(|()| vec![0.0; model.outputs()]);
        let [own, other, prepared] = &mut scores;
        model.fitted.score(&row, own);
        again.fitted.score(&row, other);
        match &fast {
            Some(fast) => fast.score(&row, prepared),
            None => prepared.copy_from_slice(own),
        }
        let bits = |scores: &[f64]| scores.iter().map(|score| score.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(own), bits(other), "what is stored scores the same");
        assert!(
            own.iter()
                .zip(prepared)
                .all(|(a, b)| a == b || a.is_nan() && b.is_nan()),
            "what is prepared scores the same"
        );
    }
}
