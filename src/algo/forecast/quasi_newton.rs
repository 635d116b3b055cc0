//! The least value of a smooth function of some numbers: Broyden, Fletcher, Goldfarb and Shanno's method, with Armijo's rule for the step (J. Nocedal and
//! S. J. Wright, "Numerical Optimization", 2nd edition, algorithms 3.1 and 6.1).

use crate::error::Result;

/// How many steps are made at most, and when to stop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub steps: usize,
    /// A step that improves the value by less is the last but one.
    pub least_gain: f64,
}

/// Buffers, kept from one search to the next.
#[derive(Default)]
pub(super) struct QuasiNewton {
    inverse: Vec<f64>,
    gradient: Vec<f64>,
    next_gradient: Vec<f64>,
    direction: Vec<f64>,
    next: Vec<f64>,
    change: Vec<f64>,
    product: Vec<f64>,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl QuasiNewton {
    /// Moves `place` to where `value` is least nearby, and gives the value. `value` tells the value at a place; `slope` the gradient at the place where
    /// `value` was asked for last. `scale`: about how far each number may go in the first step.
    pub(super) fn minimise<S>(
        &mut self,
        place: &mut [f64],
        scale: &[f64],
        rule: Rule,
        shared: &mut S,
        value: impl Fn(&mut S, &[f64]) -> Result<f64>,
        slope: impl Fn(&mut S, &mut [f64]),
    ) -> Result<f64> {
        let count = place.len();
        for buffer in [
            &mut self.gradient,
            &mut self.next_gradient,
            &mut self.direction,
            &mut self.next,
            &mut self.change,
            &mut self.product,
        ] {
            buffer.clear();
            buffer.resize(count, 0.0);
        }
        let mut current = value(shared, place)?;
        if !current.is_finite() {
            return Ok(current);
        }
        slope(shared, &mut self.gradient);
        self.restart(scale);
        let mut stalls = 0;
        for _ in 0..rule.steps {
            let Some(descent) = self.aim(scale) else { break };
            let Some((length, tried)) = self.walk(place, scale, (current, descent), shared, &value)? else {
                break;
            };
            slope(shared, &mut self.next_gradient);
            for (change, direction) in self.change.iter_mut().zip(&self.direction) {
                *change = length * direction;
            }
            let gain = current - tried;
            current = tried;
            place.copy_from_slice(&self.next);
            self.learn();
            std::mem::swap(&mut self.gradient, &mut self.next_gradient);
            stalls = if gain < rule.least_gain { stalls + 1 } else { 0 };
            if stalls == 2 {
                break;
            }
        }
        Ok(current)
    }

    /// Chooses the direction, and gives how steep it goes down: `None` where it does not.
    fn aim(&mut self, scale: &[f64]) -> Option<f64> {
        let count = scale.len();
        for (row, direction) in self.inverse.chunks_exact(count).zip(&mut self.direction) {
            *direction = -dot(row, &self.gradient);
        }
        let descent = dot(&self.direction, &self.gradient);
        if descent < 0.0 {
            return Some(descent);
        }
        self.restart(scale);
        for ((direction, gradient), scale) in self.direction.iter_mut().zip(&self.gradient).zip(scale) {
            *direction = -gradient * scale * scale;
        }
        Some(dot(&self.direction, &self.gradient)).filter(|descent| *descent < 0.0)
    }

    /// Goes from a place along the direction, as far as the value falls enough: to `next`. Gives how far, and the value there.
    fn walk<S>(
        &mut self,
        place: &[f64],
        scale: &[f64],
        (current, descent): (f64, f64),
        shared: &mut S,
        value: &impl Fn(&mut S, &[f64]) -> Result<f64>,
    ) -> Result<Option<(f64, f64)>> {
        // No number goes further than a few times its scale.
        let steps = self.direction.iter().zip(scale);
        let reach = steps.map(|(step, scale)| (step / scale).abs()).fold(0.0, f64::max);
        let mut length = if reach > 3.0 { 3.0 / reach } else { 1.0 };
        for _ in 0..12 {
            for ((next, place), direction) in self.next.iter_mut().zip(place).zip(&self.direction) {
                *next = place + length * direction;
            }
            let tried = value(shared, &self.next)?;
            if tried <= current + 1e-4 * length * descent {
                return Ok(Some((length, tried)));
            }
            // The lowest point of the parabola through what is known; a quarter where there is none.
            let bend = tried - current - length * descent;
            let parabola = -descent * length * length / (2.0 * bend);
            length = if tried.is_finite() && bend > 0.0 {
                parabola.clamp(0.1 * length, 0.5 * length)
            } else {
                0.25 * length
            };
        }
        Ok(None)
    }

    /// The inverse of the second derivatives, as far as the scale says.
    fn restart(&mut self, scale: &[f64]) {
        let count = scale.len();
        let length = self
            .gradient
            .iter()
            .zip(scale)
            .map(|(by, scale)| (by * scale).powi(2))
            .sum::<f64>()
            .sqrt();
        let first = 1.0 / length.max(1.0);
        self.inverse.clear();
        self.inverse.resize(count * count, 0.0);
        for (index, scale) in scale.iter().enumerate() {
            self.inverse[index * count + index] = scale * scale * first;
        }
    }

    /// Takes in what the last step showed of the second derivatives.
    fn learn(&mut self) {
        let count = self.change.len();
        for (next, gradient) in self.next.iter_mut().zip(&self.next_gradient) {
            *next = *gradient;
        }
        for (difference, gradient) in self.next.iter_mut().zip(&self.gradient) {
            *difference -= gradient;
        }
        let difference = &self.next;
        let along = dot(&self.change, difference);
        for (row, product) in self.inverse.chunks_exact(count).zip(&mut self.product) {
            *product = dot(row, difference);
        }
        let bend = dot(difference, &self.product);
        if along.is_nan() || along <= 1e-12 * bend.max(0.0) {
            return;
        }
        let first = (along + bend) / (along * along);
        for (i, row) in self.inverse.chunks_exact_mut(count).enumerate() {
            let (change, product) = (self.change[i], self.product[i]);
            for (j, cell) in row.iter_mut().enumerate() {
                *cell +=
                    first * change * self.change[j] - (product * self.change[j] + change * self.product[j]) / along;
            }
        }
    }
}
