//! Which of many comparisons are alarms.

use super::method::Rule;
use crate::stats::multiple::benjamini_hochberg;
use crate::stats::proportion::{Share, more_frequent};

/// What is known of a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// The size of the difference; `None` when it is infinite or nothing could be compared.
    pub statistic: Option<f64>,
    /// Whether a missing statistic is an infinite one.
    pub infinite: bool,
    /// How likely a difference as large is by chance.
    pub p_value: Option<f64>,
    /// What decides.
    pub rule: Rule,
}

/// The verdict on a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// Whether it is an alarm; `None` when nothing decides.
    pub drifted: Option<bool>,
    /// The p-value corrected by Benjamini and Hochberg over the comparisons that need evidence.
    pub adjusted: Option<f64>,
}

/// Judges all comparisons of a report together. When nothing drifted, the report has an alarm with a probability of at most `alpha`.
pub fn decide(all: &[Evidence], alpha: f64) -> Vec<Verdict> {
    let needed = |one: &Evidence| match one.rule {
        Rule::EffectAndEvidence(_) => one.p_value.unwrap_or(f64::NAN),
        _ => f64::NAN,
    };
    let adjusted = benjamini_hochberg(&all.iter().map(needed).collect::<Vec<_>>());
    let verdict = |(one, adjusted): (&Evidence, f64)| {
        let adjusted = Some(adjusted).filter(|p| !p.is_nan());
        let effect = one.statistic.or(one.infinite.then_some(f64::INFINITY));
        let drifted = match one.rule {
            Rule::EffectAndEvidence(threshold) => {
                effect.zip(adjusted).map(|(effect, p)| effect > threshold && p <= alpha)
            }
            Rule::Effect(threshold) => effect.map(|effect| effect >= threshold),
            Rule::PValue(threshold) => one.p_value.map(|p| p < threshold),
            Rule::Undecided => None,
        };
        Verdict { drifted, adjusted }
    };
    all.iter().zip(adjusted).map(verdict).collect()
}

/// The two-sided p-value of the hypothesis that two shares of rows are the same: twice the lesser one-sided one of Fisher's test.
pub fn shares_differ(reference: Share, current: Share) -> f64 {
    (2.0 * more_frequent(reference, current).min(more_frequent(current, reference))).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(statistic: f64, p_value: f64, rule: Rule) -> Evidence {
        Evidence {
            statistic: Some(statistic),
            infinite: false,
            p_value: Some(p_value),
            rule,
        }
    }

    #[test]
    fn an_alarm_needs_effect_and_evidence() {
        let rule = Rule::EffectAndEvidence(0.1);
        let all = [
            evidence(0.3, 0.001, rule),
            evidence(0.3, 0.2, rule),
            evidence(0.05, 1e-9, rule),
            evidence(0.05, 0.03, Rule::PValue(0.05)),
            evidence(0.1, 0.9, Rule::Effect(0.1)),
            evidence(0.9, 0.0, Rule::Undecided),
        ];
        let verdicts = decide(&all, 0.01);
        let drifted: Vec<Option<bool>> = verdicts.iter().map(|verdict| verdict.drifted).collect();
        assert_eq!(
            drifted,
            [Some(true), Some(false), Some(false), Some(true), Some(true), None]
        );
        // Of three tests the second least p-value is adjusted by three halves; those of other rules do not count.
        assert_eq!(verdicts[0].adjusted, Some(0.0015));
        assert_eq!(verdicts[3].adjusted, None);
        // Ten columns more without drift make the same p-value too weak.
        let many: Vec<Evidence> = std::iter::once(all[0])
            .chain(vec![evidence(0.0, 0.9, rule); 10])
            .collect();
        assert_eq!(decide(&many, 0.01)[0].drifted, Some(false));
    }

    #[test]
    fn an_infinite_effect_is_one() {
        let one = Evidence {
            statistic: None,
            infinite: true,
            p_value: Some(0.0),
            rule: Rule::EffectAndEvidence(0.1),
        };
        assert_eq!(decide(&[one], 0.01)[0].drifted, Some(true));
        let unknown = Evidence {
            infinite: false,
            p_value: None,
            ..one
        };
        assert_eq!(decide(&[unknown], 0.01)[0].drifted, None);
    }

    #[test]
    fn shares_of_null_are_compared_exactly() {
        let share = |part, rows| Share { part, rows };
        // As likely as 5 of 10 and 0 of 10 and no less are: 252 of 15504 ways, on either side.
        let p = shares_differ(share(0, 10), share(5, 10));
        assert!((p - 2.0 * 252.0 / 15504.0).abs() < 1e-12, "{p}");
        assert_eq!(shares_differ(share(3, 9), share(3, 9)), 1.0);
        assert_eq!(shares_differ(share(0, 0), share(3, 9)), 1.0);
    }
}
