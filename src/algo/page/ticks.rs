//! Axes with round ticks.

use super::number;

/// How the values of an axis are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unit {
    /// As numbers.
    #[default]
    Number,
    /// As percentages; the values are shares.
    Share,
}

/// The range of an axis, and where it is marked.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticks {
    /// Where the axis begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
    /// The values that are marked, with their labels.
    pub marks: Vec<(f64, String)>,
}

impl Ticks {
    /// About `wanted` round steps (1, 2 or 5 times a power of ten) that cover a range. What is not finite is taken as 0, and a range of no width
    /// gets one. O(ticks).
    pub fn of(low: f64, high: f64, wanted: usize, unit: Unit) -> Ticks {
        let finite = |value: f64| {
            if value.is_finite() {
                value.clamp(-1e300, 1e300)
            } else {
                0.0
            }
        };
        let (mut low, mut high) = (finite(low.min(high)), finite(high.max(low)));
        if high - low <= (f64::EPSILON * high.abs().max(low.abs())).max(1e-290) {
            let half = if low.abs() < 1e-290 { 0.5 } else { low.abs() / 2.0 };
            (low, high) = (low - half, high + half);
        }
        let step = round_step((high - low) / wanted.max(1) as f64);
        // What stands on a tick but for rounding is not given one more.
        let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
        let count = (last - first).clamp(1.0, 100.0) as usize;
        let marks = (0..=count)
            .map(|place| {
                let value = (first + place as f64) * step;
                (value, label(value, step, unit))
            })
            .collect();
        Ticks {
            low: first * step,
            high: (first + count as f64) * step,
            marks,
        }
    }

    /// The axis of shares from 0 to 1.
    pub fn unit() -> Ticks {
        Ticks::of(0.0, 1.0, 5, Unit::Share)
    }

    /// Where a value lies, from 0 at the beginning to 1 at the end; what is outside is at the nearer end.
    pub fn place(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

/// The least of 1, 2, 5 and 10 times a power of ten that is not below a step.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powi(step.log10().floor() as i32);
    let factor = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|factor| factor * power >= step * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

/// The label of a tick, with the decimals that its step has.
fn label(value: f64, step: f64, unit: Unit) -> String {
    let (value, step) = match unit {
        Unit::Number => (value, step),
        Unit::Share => (value * 100.0, step * 100.0),
    };
    let value = if value.abs() < step / 2.0 { 0.0 } else { value };
    let decimals = (-(step * 1.000_001).log10().floor()).max(0.0) as usize;
    let text = match value.abs() {
        size if size >= 1e6 || size > 0.0 && decimals > 4 => scientific(value),
        _ => number::with_separators(&format!("{value:.decimals$}")),
    };
    match unit {
        Unit::Number => text,
        Unit::Share => text + "%",
    }
}

/// A number that is too large or too small for its digits: `2M`, `1.5e-7`.
fn scientific(value: f64) -> String {
    let trimmed = |value: f64| {
        format!("{value:.2}")
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned()
    };
    match value.abs() {
        size if (1e6..1e9).contains(&size) => trimmed(value / 1e6) + "M",
        size if (1e9..1e12).contains(&size) => trimmed(value / 1e9) + "G",
        _ => format!("{value:.1e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &Ticks) -> Vec<&str> {
        ticks.marks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn steps_are_round_and_cover_the_range() {
        let number = |low, high| Ticks::of(low, high, 5, Unit::Number);
        assert_eq!(labels(&number(0.0, 1.0)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(
            labels(&number(3.0, 18424.0)),
            ["0", "5,000", "10,000", "15,000", "20,000"]
        );
        assert_eq!(
            labels(&number(-0.37, 0.11)),
            ["-0.4", "-0.3", "-0.2", "-0.1", "0.0", "0.1", "0.2"]
        );
        assert_eq!(labels(&number(0.0, 4.2e6)), ["0", "1M", "2M", "3M", "4M", "5M"]);
        assert_eq!(labels(&Ticks::unit()), ["0%", "20%", "40%", "60%", "80%", "100%"]);
        assert_eq!(
            labels(&Ticks::of(0.0, 0.004, 4, Unit::Share)),
            ["0.0%", "0.1%", "0.2%", "0.3%", "0.4%"]
        );
    }

    #[test]
    fn every_range_has_an_axis() {
        let odd = [
            (5.0, 5.0),
            (0.0, 0.0),
            (f64::NAN, 1.0),
            (f64::NEG_INFINITY, f64::INFINITY),
            (-1e308, 1e308),
            (1.0, 1.0 + 1e-16),
            (1e-320, 2e-320),
            (7.0, -7.0),
        ];
        for (low, high) in odd {
            let ticks = Ticks::of(low, high, 5, Unit::Number);
            assert!(
                ticks.low < ticks.high && ticks.high.is_finite(),
                "{low} {high}: {ticks:?}"
            );
            assert!((2..=101).contains(&ticks.marks.len()), "{low} {high}: {ticks:?}");
            assert!((0.0..=1.0).contains(&ticks.place(low)) || low.is_nan());
        }
    }
}
