//! What is decided of a scored row: two bands, or three when people look at those in the middle.

use crate::error::{Error, Result};

/// What becomes of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// It passes.
    Approve,
    /// A person looks at it.
    Review,
    /// It does not pass.
    Refuse,
}

impl Decision {
    /// Every decision, from the one that needs the lowest risk.
    pub const ALL: [Decision; 3] = [Decision::Approve, Decision::Review, Decision::Refuse];

    /// Its name in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Decision::Approve => "approve",
            Decision::Review => "review",
            Decision::Refuse => "refuse",
        }
    }
}

/// What the positive class means to whoever decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Positive {
    /// It is what is refused: fraud, a loan that is not paid back.
    #[default]
    Refuse,
    /// It is what is approved: a customer who will buy.
    Approve,
}

impl Positive {
    /// By its name in SQL.
    pub fn named(name: &str) -> Option<Positive> {
        match name {
            "refuse" => Some(Positive::Refuse),
            "approve" => Some(Positive::Approve),
            _ => None,
        }
    }

    /// Its name in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Positive::Refuse => "refuse",
            Positive::Approve => "approve",
        }
    }
}

/// From which probabilities of the positive class on which decision is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// From here on a row is given the positive label.
    pub threshold: f64,
    /// From here on, and below `review_to`, a person looks at the row. Without such rows both are the threshold.
    pub review_from: f64,
    /// From here on nobody needs to look.
    pub review_to: f64,
    /// What the positive class is.
    pub positive: Positive,
}

impl Rule {
    /// The rule of a threshold without a band of reviews.
    pub fn at(threshold: f64) -> Rule {
        Rule {
            threshold,
            review_from: threshold,
            review_to: threshold,
            positive: Positive::default(),
        }
    }

    /// A rule whose band of reviews is between the threshold and a bound, or between two bounds around it. Returns an error for what is no
    /// probability, and for bounds that are out of order.
    pub fn new(threshold: f64, review_from: Option<f64>, review_to: Option<f64>, positive: Positive) -> Result<Rule> {
        let rule = Rule {
            threshold,
            review_from: review_from.unwrap_or(threshold),
            review_to: review_to.unwrap_or(threshold),
            positive,
        };
        let bounds = [
            ("threshold", rule.threshold),
            ("review_from", rule.review_from),
            ("review_to", rule.review_to),
        ];
        for (name, value) in bounds {
            if !(0.0..=1.0).contains(&value) {
                return Err(Error::Parameter {
                    name,
                    value: value.to_string(),
                    allowed: "a probability, from 0 to 1".into(),
                });
            }
        }
        if rule.review_from > threshold {
            return Err(Error::Parameter {
                name: "review_from",
                value: rule.review_from.to_string(),
                allowed: format!("at most the threshold, {threshold}").into(),
            });
        }
        if rule.review_to < threshold {
            return Err(Error::Parameter {
                name: "review_to",
                value: rule.review_to.to_string(),
                allowed: format!("at least the threshold, {threshold}").into(),
            });
        }
        Ok(rule)
    }

    /// Whether some rows are looked at by a person.
    pub fn has_reviews(&self) -> bool {
        self.review_from < self.review_to
    }

    /// What is decided of a row whose positive class has this probability.
    #[inline]
    pub fn decide(&self, probability: f64) -> Decision {
        let (low, high) = match self.positive {
            Positive::Refuse => (Decision::Approve, Decision::Refuse),
            Positive::Approve => (Decision::Refuse, Decision::Approve),
        };
        if probability >= self.review_to {
            high
        } else if probability >= self.review_from {
            Decision::Review
        } else {
            low
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_band_begins_at_its_bound() {
        let rule = Rule::new(0.5, Some(0.3), Some(0.8), Positive::Refuse).unwrap();
        let decided = [0.0, 0.2999, 0.3, 0.5, 0.7999, 0.8, 1.0].map(|probability| rule.decide(probability).name());
        assert_eq!(
            decided,
            ["approve", "approve", "review", "review", "review", "refuse", "refuse"]
        );
        let rule = Rule {
            positive: Positive::Approve,
            ..rule
        };
        assert_eq!(rule.decide(0.1), Decision::Refuse);
        assert_eq!(rule.decide(0.9), Decision::Approve);
    }

    #[test]
    fn one_bound_makes_a_band_up_to_the_threshold_or_from_it() {
        let below = Rule::new(0.5, Some(0.3), None, Positive::Refuse).unwrap();
        assert_eq!(below.decide(0.4), Decision::Review);
        assert_eq!(below.decide(0.5), Decision::Refuse);
        let above = Rule::new(0.5, None, Some(0.7), Positive::Refuse).unwrap();
        assert_eq!(above.decide(0.4), Decision::Approve);
        assert_eq!(above.decide(0.5), Decision::Review);
        assert!(!Rule::at(0.5).has_reviews());
        assert_eq!(Rule::at(0.5).decide(0.5), Decision::Refuse);
    }

    #[test]
    fn bounds_out_of_order_are_errors() {
        let problem = |from, to| Rule::new(0.5, from, to, Positive::Refuse).unwrap_err().to_string();
        assert!(problem(Some(0.6), None).contains("review_from"));
        assert!(problem(None, Some(0.4)).contains("review_to"));
        assert!(problem(Some(f64::NAN), None).contains("from 0 to 1"));
        assert!(problem(None, Some(1.5)).contains("from 0 to 1"));
    }
}
