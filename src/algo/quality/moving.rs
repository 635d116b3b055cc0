//! How far a figure is from those before it, in a window that moves along with it: in standard deviations, of the figure itself, of its growth,
//! or of either in logarithms, as expect_column_values_to_be_within_n_moving_stdevs of dbt_expectations has it.

/// What is compared with what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Periods in the window, which ends before the one that is judged.
    pub trend: usize,
    /// How many periods before a figure stands the one that it is compared with to tell its growth; `None` for the figure itself.
    pub growth_over: Option<usize>,
    /// Whether figures are compared by their logarithms, that of zero being zero.
    pub logarithms: bool,
    /// How many standard deviations below the mean, as a negative number, and above it are usual.
    pub bounds: (f64, f64),
}

/// A figure beside those of its window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// The place of its period.
    pub place: usize,
    /// The figure.
    pub figure: f64,
    /// What would be usual.
    pub low: f64,
    /// What would be usual at the most.
    pub high: f64,
    /// Whether it is not.
    pub deviates: bool,
}

/// The fewest periods of a window that have a standard deviation.
const FEWEST: usize = 2;
/// Differences that are as small as this part of what is compared come from adding in another order.
const NOISE: f64 = 1e-9;

impl Window {
    /// Whether a figure has a logarithm here.
    pub fn takes(&self, figure: f64) -> bool {
        figure.is_finite() && (figure >= 0.0 || !self.logarithms)
    }

    fn level(&self, figure: f64) -> f64 {
        match self.logarithms {
            true if figure > 0.0 => figure.ln(),
            true => 0.0,
            false => figure,
        }
    }

    fn figure(&self, level: f64) -> f64 {
        if self.logarithms { level.exp() } else { level }
    }

    /// Judges the figures from a place on; `None` is a period without one. Those are left out whose window has fewer than two. O(figures x trend).
    pub fn judge(&self, figures: &[Option<f64>], from: usize) -> Vec<Judged> {
        let levels: Vec<Option<f64>> = figures
            .iter()
            .map(|figure| {
                figure
                    .filter(|&figure| self.takes(figure))
                    .map(|figure| self.level(figure))
            })
            .collect();
        let before = |place: usize| match self.growth_over {
            None => Some(0.0),
            Some(periods) => *levels.get(place.checked_sub(periods)?)?,
        };
        let compared: Vec<Option<f64>> = levels
            .iter()
            .enumerate()
            .map(|(place, level)| Some((*level)? - before(place)?))
            .collect();
        let judged = |place: usize| {
            let (figure, value) = (figures[place]?, compared[place]?);
            let window: Vec<f64> = compared[place.saturating_sub(self.trend)..place]
                .iter()
                .flatten()
                .copied()
                .collect();
            let (mean, deviation) = moments(&window)?;
            let scale = levels[place]?.abs().max(before(place)?.abs()).max(mean.abs());
            let noise = NOISE * if self.logarithms { scale.max(1.0) } else { scale };
            let (low, high) = (mean + self.bounds.0 * deviation, mean + self.bounds.1 * deviation);
            let base = before(place)?;
            Some(Judged {
                place,
                figure,
                low: self.figure(base + low),
                high: self.figure(base + high),
                deviates: !(low - noise..=high + noise).contains(&value),
            })
        };
        (from..figures.len()).filter_map(judged).collect()
    }
}

/// Mean and standard deviation of a sample; `None` of fewer than two.
fn moments(values: &[f64]) -> Option<(f64, f64)> {
    if values.len() < FEWEST {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().map(|value| value / n).sum::<f64>();
    let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    Some((mean, (squares / (n - 1.0)).sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Window = Window {
        trend: 4,
        growth_over: None,
        logarithms: false,
        bounds: (-2.0, 2.0),
    };

    fn present(figures: &[f64]) -> Vec<Option<f64>> {
        figures.iter().copied().map(Some).collect()
    }

    #[test]
    fn a_figure_is_compared_with_those_before_it() {
        let judged = PLAIN.judge(&present(&[10.0, 12.0, 11.0, 13.0, 20.0, 12.0]), 4);
        // The mean of 10, 12, 11, 13 is 11.5, their standard deviation the root of 5/3.
        let deviation = (5.0_f64 / 3.0).sqrt();
        assert_eq!((judged[0].place, judged[0].figure, judged[0].deviates), (4, 20.0, true));
        assert!((judged[0].low - (11.5 - 2.0 * deviation)).abs() < 1e-12);
        assert!((judged[0].high - (11.5 + 2.0 * deviation)).abs() < 1e-12);
        // What deviated is itself part of the next window.
        assert!(!judged[1].deviates);
    }

    #[test]
    fn growth_in_logarithms_is_a_factor() {
        let window = Window {
            growth_over: Some(1),
            logarithms: true,
            ..PLAIN
        };
        // It doubles, now with a little more, now with a little less.
        let figures = present(&[1.0, 2.0, 4.1, 8.1, 16.3, 32.5, 130.0]);
        let judged = window.judge(&figures, 5);
        assert_eq!(judged.iter().map(|one| one.deviates).collect::<Vec<_>>(), [false, true]);
        assert!(judged[1].low > 60.0 && judged[1].high < 70.0, "{judged:?}");
    }

    #[test]
    fn periods_without_a_figure_are_left_out() {
        let figures = [Some(10.0), None, Some(12.0), None, Some(11.0), None];
        let judged = PLAIN.judge(&figures, 0);
        // The first has nothing before it, the second one figure alone.
        assert_eq!(judged.iter().map(|one| one.place).collect::<Vec<_>>(), [4]);
        assert!(PLAIN.judge(&[], 0).is_empty());
        assert!(
            PLAIN
                .judge(&[Some(f64::NAN), Some(1.0), Some(f64::INFINITY)], 0)
                .is_empty()
        );
    }

    #[test]
    fn what_was_always_the_same_may_not_change() {
        let constant = |last: f64| PLAIN.judge(&present(&[0.3, 0.1 + 0.2, 0.3, 0.3, last]), 4)[0].deviates;
        assert!(!constant(0.1 + 0.2));
        assert!(constant(0.31));
    }

    #[test]
    fn zero_has_a_logarithm_here_and_a_negative_figure_has_none() {
        let window = Window {
            logarithms: true,
            ..PLAIN
        };
        assert!(window.takes(0.0) && !window.takes(-1.0) && PLAIN.takes(-1.0));
        assert!(window.judge(&present(&[90.0, 110.0, 100.0, 105.0, 0.0]), 4)[0].deviates);
    }
}
