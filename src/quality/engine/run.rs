//! Running checks: all that one pass can answer in one pass, the rest by itself, and no check lost when another one fails.

use std::time::Instant;

use super::rights;
use crate::pg::attempt::{attempt, undone};
use crate::pg::compute::Reporter;
use crate::pg::error::{Error, Result, WRONG_CALL};
use crate::pg::foreground::Foreground;
use crate::pg::identity::Settings;
use crate::pg::processor;
use crate::pg::role;
use crate::pg::sweep::Swept;
use crate::quality::finding::Finding;
use crate::quality::kinds::check::Check;
use crate::quality::kinds::plan::{Means, Plan};
use crate::quality::pass::{Answers, Pass};
use crate::quality::source::Source;
use algo::monitor::Monitor;

/// What a check found, and how long it took by itself; what the shared pass took counts for none of them.
pub struct Outcome {
    pub findings: Vec<Finding>,
    pub milliseconds: f64,
    /// Of the processor in this process.
    pub cpu_seconds: f64,
    /// Whether a constraint or index proved it, so that it cannot fail.
    pub proved: bool,
}

impl Outcome {
    /// That of a check that could not run.
    pub fn error(message: impl Into<String>) -> Outcome {
        Outcome {
            findings: vec![Finding::error(message)],
            milliseconds: 0.0,
            cpu_seconds: 0.0,
            proved: false,
        }
    }
}

/// Runs checks on the rows of a source. One that cannot run gives a finding that says why; only a cancel of the statement is an error.
pub fn run(checks: &[&Check], source: &Source) -> Result<Vec<Outcome>> {
    if let Ok(outcomes) = attempt(|| together(checks, source))? {
        return Ok(outcomes);
    }
    // Something raised an error in the shared pass, and only expressions in SQL can: first those go that PostgreSQL does not even
    // plan, then the rest run apart from the checks without expressions.
    let mut outcomes: Vec<Option<Outcome>> = checks.iter().map(|_| None).collect();
    let (mut plain, mut expressions) = (Vec::new(), Vec::new());
    for (place, check) in checks.iter().enumerate() {
        if !check.has_expression() {
            plain.push(place);
        } else if let Err(message) = attempt(|| rights::require(check, source))? {
            outcomes[place] = Some(Outcome::error(message));
        } else {
            expressions.push(place);
        }
    }
    for places in [plain, expressions] {
        let chosen: Vec<&Check> = places.iter().map(|&place| checks[place]).collect();
        for (place, outcome) in places.iter().zip(by_halves(&chosen, source)?) {
            outcomes[*place] = Some(outcome);
        }
    }
    Ok(outcomes
        .into_iter()
        .map(|outcome| outcome.unwrap_or_else(|| Outcome::error("it was not run")))
        .collect())
}

/// Runs checks together, and where that fails each half by itself, so that few passes find the culprits.
fn by_halves(checks: &[&Check], source: &Source) -> Result<Vec<Outcome>> {
    match attempt(|| together(checks, source))? {
        Ok(outcomes) => Ok(outcomes),
        Err(message) if checks.len() <= 1 => Ok(checks.iter().map(|_| Outcome::error(&*message)).collect()),
        Err(_) => {
            let (first, second) = checks.split_at(checks.len() / 2);
            let mut outcomes = by_halves(first, source)?;
            outcomes.extend(by_halves(second, source)?);
            Ok(outcomes)
        }
    }
}

/// Runs checks that share a pass.
fn together(checks: &[&Check], source: &Source) -> Result<Vec<Outcome>> {
    let mut pass = Swept::<Pass>::default();
    let mut plans = Vec::with_capacity(checks.len());
    let monitor = Foreground::new()?;
    for check in checks {
        monitor.check()?;
        plans.push(attempt(|| check.plan(source, &mut pass))?);
    }
    let answers = answers(checks, source, &pass)?;
    let mut outcomes = Vec::with_capacity(checks.len());
    let mut reporter = Reporter::new();
    for (index, (check, plan)) in checks.iter().zip(plans).enumerate() {
        let what = format!("checking {}: {}", source.label(), check.spec.name);
        reporter.step(&what, index, checks.len());
        monitor.check()?;
        outcomes.push(match plan {
            Ok(plan) => outcome(plan, source, &answers)?,
            Err(message) => Outcome::error(message),
        });
    }
    reporter.finish();
    Ok(outcomes)
}

/// Runs the shared pass. What functions set while the rows are read is undone before the checks that have statements of their own. Within the
/// pass it could change what another check's expression means: then they run apart.
fn answers(checks: &[&Check], source: &Source, pass: &Pass) -> Result<Answers> {
    let share = checks.len() > 1 && checks.iter().any(|check| check.has_expression());
    let settings = share.then(Settings::in_force);
    undone(|| {
        let answers = pass.run(source)?;
        match settings {
            Some(settings) if settings != Settings::in_force() => {
                Err(Error::new(WRONG_CALL, "a check changed settings while others ran"))
            }
            Some(_) | None => Ok(answers),
        }
    })
}

/// What the answers of the shared pass mean for a check.
fn outcome(plan: Plan<'_>, source: &Source, answers: &Answers) -> Result<Outcome> {
    let (started, spent) = (Instant::now(), processor::seconds());
    let proved = matches!(plan.means, Means::Proof(_));
    let findings = match (plan.means.outcome(), hidden(source, answers)) {
        (Ok(finding), _) => Ok(vec![finding]),
        (Err(_), Some(Hidden::All(message))) => Err(message),
        (Err(inquiry), hidden) => attempt(|| inquiry.findings(answers))?.map(|mut findings| {
            if findings.is_empty() {
                findings.push(Finding::no_segments());
            }
            if let Some(Hidden::Some(message)) = hidden {
                findings.iter_mut().for_each(|finding| finding.add_message(&message));
            }
            findings
        }),
    };
    Ok(Outcome {
        findings: findings.unwrap_or_else(|message| vec![Finding::error(message)]),
        milliseconds: started.elapsed().as_secs_f64() * 1e3,
        cpu_seconds: processor::seconds() - spent,
        proved,
    })
}

/// What row-level security keeps from being seen.
enum Hidden {
    /// Every row: nothing is known.
    All(String),
    /// Rows, maybe: what is found is about the others.
    Some(String),
}

fn hidden(source: &Source, answers: &Answers) -> Option<Hidden> {
    source.row_security().then(|| {
        let role = role::name_of(role::current());
        match answers.rows() {
            Some(0) => Hidden::All(format!(
                "row-level security shows role \"{role}\" no row, so nothing can be said about them"
            )),
            _ => Hidden::Some(format!("of the rows that row-level security shows role \"{role}\"")),
        }
    })
}
