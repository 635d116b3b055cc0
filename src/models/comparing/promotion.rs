//! Whether a new version takes the place of the deployed one, and the record of why.

use crate::models::registry::Entry;
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::{role, tables};
use algo::comparing::Difference;
use algo::metrics::Metric;

/// By what it is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The challenger is deployed unless the evidence is against it.
    Auto,
    /// It is deployed where the evidence is for it.
    IfBetter,
}

impl Rule {
    /// By its name in SQL. Returns 22023.
    pub fn named(name: &str) -> Result<Rule> {
        match name {
            "auto" => Ok(Rule::Auto),
            "if_better" => Ok(Rule::IfBetter),
            _ => {
                Err(Error::new(INVALID_PARAMETER, format!("rule cannot be \"{name}\""))
                    .hint("It is if_better or auto."))
            }
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Rule::Auto => "auto",
            Rule::IfBetter => "if_better",
        }
    }

    /// What follows from a test against the deployed version.
    pub fn decide(self, test: &Test, champion: i32) -> Decision {
        let difference = &test.difference;
        let values = match (difference.a, difference.b) {
            (Some(a), Some(b)) => format!("{a:.4}, that of version {champion} {b:.4}"),
            _ => "not defined on these rows".to_string(),
        };
        let values = format!(
            "on {} rows that both scored its {} is {values}",
            test.rows, difference.metric
        );
        let (deployed, why) = match test.verdict(self) {
            Verdict::Better(p) => (true, format!("it is better (p = {})", shown(p))),
            Verdict::Worse(p) => (false, format!("it is worse (p = {})", shown(p))),
            Verdict::Same => (self == Rule::Auto, "it is the same".to_string()),
            Verdict::Chance(p) => (
                self == Rule::Auto,
                format!("the difference may be chance (p = {})", shown(p)),
            ),
            Verdict::Unknown => (
                self == Rule::Auto && !test.is_below(),
                "the rows do not tell whether the difference is chance".to_string(),
            ),
        };
        Decision {
            deployed,
            reason: format!("{values}: {why}"),
        }
    }
}

/// A p-value for people.
fn shown(p: f64) -> String {
    match p < 0.0001 {
        true => format!("{p:.0e}"),
        false => format!("{p:.4}"),
    }
}

/// A challenger beside a champion on the same rows.
pub struct Test {
    /// The challenger is the first.
    pub difference: Difference,
    pub rows: usize,
    pub confidence: f64,
}

enum Verdict {
    Better(f64),
    Worse(f64),
    Same,
    Chance(f64),
    Unknown,
}

impl Test {
    /// How much better the challenger is; `None` where the rows do not tell.
    fn gain(&self) -> Option<f64> {
        let metric: Option<Metric> = self.difference.metric.parse().ok();
        // A loss that a model was fitted by is none of the usual metrics, and better where it is lower.
        let higher_is_better = metric.is_some_and(Metric::higher_is_better);
        let difference = self.difference.difference()?;
        Some(if higher_is_better { difference } else { -difference })
    }

    fn is_below(&self) -> bool {
        self.gain().is_none_or(|gain| gain < 0.0)
    }

    fn verdict(&self, rule: Rule) -> Verdict {
        let (Some(gain), Some(p)) = (self.gain(), self.difference.p_value) else {
            return Verdict::Unknown;
        };
        // The rule that only asks whether the challenger is worse tests that one side, of which the p-value is half.
        let asked = if rule == Rule::Auto && gain < 0.0 { p / 2.0 } else { p };
        let is_evidence = asked < 1.0 - self.confidence;
        match (is_evidence, gain > 0.0) {
            _ if gain == 0.0 => Verdict::Same,
            (true, true) => Verdict::Better(p),
            (true, false) => Verdict::Worse(p),
            (false, _) => Verdict::Chance(p),
        }
    }
}

/// What was decided, and why.
pub struct Decision {
    pub deployed: bool,
    pub reason: String,
}

/// What is recorded of a decision.
pub struct Promotion<'a> {
    pub rule: Rule,
    pub champion: i32,
    pub challenger: i32,
    /// `None` where both were not judged on the same rows.
    pub test: Option<&'a Test>,
    pub confidence: f64,
    pub query: Option<&'a str>,
    pub decision: &'a Decision,
}

/// Records a decision. Until ALTER EXTENSION UPDATE has run there is nowhere to record it.
pub fn record(entry: &Entry, promotion: &Promotion<'_>) -> Result<()> {
    if !tables::exists(c"model_promotion") {
        return Ok(());
    }
    let decided_by = role::name_of(role::current());
    let test = promotion.test.map(|test| &test.difference);
    let interval = test.and_then(|test| test.interval);
    tables::as_owner(|| {
        tables::write(
            "INSERT INTO assay.model_promotion
                 (model_id, champion, challenger, rule, metric, champion_value, challenger_value, difference, low, high, p_value,
                  confidence, method, rows, deployed, reason, query, decided_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
            &[
                entry.id.into(),
                promotion.champion.into(),
                promotion.challenger.into(),
                promotion.rule.name().into(),
                test.map(|test| test.metric).into(),
                test.and_then(|test| test.b).into(),
                test.and_then(|test| test.a).into(),
                test.and_then(Difference::difference).into(),
                interval.map(|interval| interval[0]).into(),
                interval.map(|interval| interval[1]).into(),
                test.and_then(|test| test.p_value).into(),
                promotion.confidence.into(),
                test.map(|test| test.method).into(),
                promotion.test.map(|test| test.rows as i64).into(),
                promotion.decision.deployed.into(),
                promotion.decision.reason.as_str().into(),
                promotion.query.into(),
                decided_by.as_str().into(),
            ],
        )
    })
}
