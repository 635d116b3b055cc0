//! Losses of linear models as functions of the linear score, over blocks of rows.

/// A loss, differentiated twice.
pub(crate) trait Loss: Sync {
    /// For each row of a block replaces the score by the negative derivative of its weighted loss, and returns the sum of the
    /// losses. `roots`, when asked for, receives the square roots of the second derivatives.
    fn residuals(&self, scores: &mut [f64], targets: &[f64], weights: Option<&[f64]>, roots: Option<&mut [f64]>)
    -> f64;
}

/// Half the squared error.
pub(crate) struct Squared;

impl Loss for Squared {
    fn residuals(
        &self,
        scores: &mut [f64],
        targets: &[f64],
        weights: Option<&[f64]>,
        roots: Option<&mut [f64]>,
    ) -> f64 {
        let mut loss = 0.0;
        for (row, (score, target)) in scores.iter_mut().zip(targets).enumerate() {
            let weight = weights.map_or(1.0, |w| w[row]);
            let residual = target - *score;
            *score = weight * residual;
            loss += 0.5 * *score * residual;
        }
        if let Some(roots) = roots {
            for (row, root) in roots.iter_mut().enumerate().take(scores.len()) {
                *root = weights.map_or(1.0, |w| w[row].sqrt());
            }
        }
        loss
    }
}

/// The negative log likelihood of two classes, 0 and 1.
pub(crate) struct Logistic;

/// Beyond this score a probability is 0 or 1 to more than all digits; keeps `exp` and its inverse finite.
const MOST: f64 = 500.0;

impl Loss for Logistic {
    fn residuals(
        &self,
        scores: &mut [f64],
        targets: &[f64],
        weights: Option<&[f64]>,
        roots: Option<&mut [f64]>,
    ) -> f64 {
        let mut loss = 0.0;
        let mut product = 1.0;
        let mut roots = roots;
        let mut tails = [0.0; super::block::BLOCK_ROWS];
        for (chunk, block) in scores.chunks_mut(tails.len()).enumerate() {
            let start = chunk * super::block::BLOCK_ROWS;
            tails
                .iter_mut()
                .zip(&*block)
                .for_each(|(tail, score)| *tail = exp(-score.abs()));
            for (row, (score, &tail)) in block.iter_mut().zip(&tails).enumerate() {
                let row = start + row;
                // The smaller and the larger of the two classes' probabilities, each to full relative precision.
                let large = 1.0 / (1.0 + tail);
                let small = tail * large;
                let positive = targets[row] > 0.5;
                let right = (*score >= 0.0) == positive;
                let miss = if right { small } else { large };
                let excess = if right { 0.0 } else { score.abs() };
                let weight = weights.map_or(1.0, |w| w[row]);
                *score = weight * if positive { miss } else { -miss };
                if let Some(roots) = roots.as_deref_mut() {
                    roots[row] = (weight * small * large).sqrt();
                }
                if weights.is_some() {
                    loss += weight * (excess + tail.ln_1p());
                } else {
                    // A block's product of factors between 1 and 2 stays below 2^256, and costs one logarithm.
                    loss += excess;
                    product *= 1.0 + tail;
                }
            }
            loss += f64::ln(product);
            product = 1.0;
        }
        loss
    }
}

/// The probabilities of classes 0 and 1 at a score: `1 / (1 + exp(score))` and `1 / (1 + exp(-score))`, both to full relative
/// precision.
#[inline]
pub(crate) fn probabilities(score: f64) -> [f64; 2] {
    // For one number the library's is faster than ours, which is made for many.
    let tail = (-score.abs()).exp();
    let large = 1.0 / (1.0 + tail);
    let small = tail * large;
    if score >= 0.0 { [small, large] } else { [large, small] }
}

/// e^x to about one unit in the last place, x being cut to +-500; NaN stays NaN. Without branches or calls, so that loops over it
/// become vector instructions.
///
/// x = k ln 2 + r with |r| <= ln 2 / 2; e^r by its Taylor series, whose first term left out is below 2^-55.
#[inline]
pub(crate) fn exp(x: f64) -> f64 {
    // Adding it leaves the rounded number in the low bits of the significand.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    let x = x.clamp(-MOST, MOST);
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = (x - k * LN2_HIGH) - k * LN2_LOW;
    const TERMS: [f64; 12] = [
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
    ];
    let mut sum = 1.0 / 6_227_020_800.0;
    for term in TERMS {
        sum = sum * r + term;
    }
    let power = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1023 << 52));
    (sum * r + 1.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_agrees_with_the_standard_library() {
        for step in -60_000..60_000 {
            let x = f64::from(step) * 0.0061;
            let (ours, theirs) = (exp(x), x.exp());
            assert!(
                (ours - theirs).abs() <= 4.0 * f64::EPSILON * theirs,
                "exp({x}) = {ours}, not {theirs}"
            );
        }
        assert!(exp(f64::NAN).is_nan());
        assert_eq!(exp(0.0), 1.0);
    }

    /// Central differences of the loss are the residuals, and those of the residuals the second derivatives.
    #[test]
    fn logistic_derivatives_agree_with_differences() {
        let step = 1e-5;
        for weights in [None, Some([0.7])] {
            let weights = weights.as_ref().map(|w| &w[..]);
            for (score, target) in (-40..40).flat_map(|s| [(f64::from(s) * 0.3, 0.0), (f64::from(s) * 0.3, 1.0)]) {
                let at = |score: f64| {
                    let (mut scores, mut roots) = ([score], [0.0]);
                    let loss = Logistic.residuals(&mut scores, &[target], weights, Some(&mut roots));
                    (loss, scores[0], roots[0] * roots[0])
                };
                let ((low, low_slope, _), (_, slope, curve), (high, high_slope, _)) =
                    (at(score - step), at(score), at(score + step));
                assert!(
                    ((high - low) / (2.0 * step) + slope).abs() < 1e-8,
                    "slope at {score}, {target}"
                );
                assert!(
                    ((high_slope - low_slope) / (2.0 * step) + curve).abs() < 1e-8,
                    "curve at {score}, {target}"
                );
            }
        }
    }
}
