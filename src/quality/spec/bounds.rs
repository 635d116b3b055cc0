//! The bounds of a figure, both of which are within.

use serde::Deserialize;

/// What is wrong with bounds.
pub const NO_BOUND: &str = "min_value or max_value must be given";
pub const OUT_OF_ORDER: &str = "min_value must not be above max_value";

/// The least and the greatest that a figure may be.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    pub min_value: Option<f64>,
    pub max_value: Option<f64>,
}

impl Bounds {
    /// What is wrong with the bounds themselves.
    pub fn problem(&self) -> Option<&'static str> {
        match (self.min_value, self.max_value) {
            (None, None) => Some(NO_BOUND),
            (Some(low), Some(high)) if low > high => Some(OUT_OF_ORDER),
            (Some(_), _) | (_, Some(_)) => None,
        }
    }

    /// Whether a figure is within; NaN is not.
    pub fn contains(&self, figure: f64) -> bool {
        let above = self.min_value.is_none_or(|low| figure >= low);
        let below = self.max_value.is_none_or(|high| figure <= high);
        above && below && !figure.is_nan()
    }

    /// As the threshold of a result says it.
    pub fn describe(&self) -> String {
        match (self.min_value, self.max_value) {
            (Some(low), Some(high)) => format!("between {low} and {high}"),
            (Some(low), None) => format!(">= {low}"),
            (None, Some(high)) => format!("<= {high}"),
            (None, None) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_within_and_nan_is_not() {
        let bounds = Bounds {
            min_value: Some(1.0),
            max_value: Some(2.0),
        };
        assert!(bounds.contains(1.0) && bounds.contains(2.0));
        assert!(!bounds.contains(0.9) && !bounds.contains(2.1) && !bounds.contains(f64::NAN));
        assert_eq!(bounds.describe(), "between 1 and 2");
        assert_eq!(bounds.problem(), None);
    }

    #[test]
    fn bounds_that_say_nothing_are_a_problem() {
        let bounds = |min_value, max_value| Bounds { min_value, max_value };
        assert_eq!(bounds(None, None).problem(), Some(NO_BOUND));
        assert_eq!(bounds(Some(2.0), Some(1.0)).problem(), Some(OUT_OF_ORDER));
    }
}
