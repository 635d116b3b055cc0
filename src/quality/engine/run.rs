//! Running checks: all that one pass can answer in one pass, the rest beside it, and no check lost when another one fails.

use std::time::Instant;

use crate::pg::attempt::{attempt, undone};
use crate::pg::catalog;
use crate::pg::compute::Reporter;
use crate::pg::error::{Error, Result, WRONG_CALL};
use crate::pg::foreground::Foreground;
use crate::pg::identity::Settings;
use crate::pg::intake;
use crate::pg::query::Query;
use crate::quality::finding::{Finding, Verdict, short};
use crate::quality::grouping::Grouping;
use crate::quality::kinds::compile::{self, Spread, Work};
use crate::quality::kinds::condition;
use crate::quality::kinds::judge;
use crate::quality::kinds::near_duplicates;
use crate::quality::kinds::rule::Rule;
use crate::quality::kinds::segments;
use crate::quality::kinds::statement;
use crate::quality::pass::{Answers, Pass, Question};
use crate::quality::source::Source;
use crate::quality::spec::check::Check;
use algo::block::{Form, Kind};
use algo::monitor::Monitor;
use algo::scan::{Bound, Constant, Measure, Test};

/// What a check found, and how long it took by itself; what the shared pass took counts for none of them.
pub struct Outcome {
    pub findings: Vec<Finding>,
    pub milliseconds: f64,
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
        } else if let Err(message) = attempt(|| plan(check, source))? {
            outcomes[place] = Some(failed(&message));
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
        .map(|outcome| outcome.unwrap_or_else(|| failed("it was not run")))
        .collect())
}

/// Plans all that a check runs, reading nothing. Returns an error where PostgreSQL cannot plan it, or the role lacks a right that it takes.
pub fn plan(check: &Check, source: &Source) -> Result<()> {
    let mut pass = Pass::default();
    match compile::compile(check, source, &mut pass)? {
        Work::Statement(_) => Query::new(&statement::sql(check, source)?)?.require_rights()?,
        Work::NearDuplicates(_, similarity) => {
            Query::new(&near_duplicates::sql(check, source, &similarity)?)?.require_rights()?;
        }
        Work::Found(_)
        | Work::Rows(_)
        | Work::Figure(..)
        | Work::Segments(_)
        | Work::Bounds(..)
        | Work::Anomaly(..) => {}
    }
    pass.plan(source)
}

/// Runs checks together, and where that fails each half by itself, so that few passes find the culprits.
fn by_halves(checks: &[&Check], source: &Source) -> Result<Vec<Outcome>> {
    match attempt(|| together(checks, source))? {
        Ok(outcomes) => Ok(outcomes),
        Err(message) if checks.len() <= 1 => Ok(checks.iter().map(|_| failed(&message)).collect()),
        Err(_) => {
            let (first, second) = checks.split_at(checks.len() / 2);
            let mut outcomes = by_halves(first, source)?;
            outcomes.extend(by_halves(second, source)?);
            Ok(outcomes)
        }
    }
}

fn failed(message: &str) -> Outcome {
    Outcome {
        findings: vec![Finding::error(message)],
        milliseconds: 0.0,
    }
}

/// Runs checks that share a pass.
fn together(checks: &[&Check], source: &Source) -> Result<Vec<Outcome>> {
    let mut pass = Pass::default();
    let mut works = Vec::with_capacity(checks.len());
    let monitor = Foreground::new()?;
    for check in checks {
        monitor.check()?;
        works.push(attempt(|| compile::compile(check, source, &mut pass))?);
    }
    // What functions set while the rows are read is undone before the checks that have statements of their own. Within the pass it could
    // change what another check's expression means: then they run apart.
    let share = checks.len() > 1 && checks.iter().any(|check| check.has_expression());
    let settings = share.then(Settings::in_force);
    let answers = undone(|| {
        let answers = pass.run(source)?;
        match settings {
            Some(settings) if settings != Settings::in_force() => {
                Err(Error::new(WRONG_CALL, "a check changed settings while others ran"))
            }
            Some(_) | None => Ok(answers),
        }
    })?;
    let mut outcomes = Vec::with_capacity(checks.len());
    let mut reporter = Reporter::new();
    for (index, (check, work)) in checks.iter().zip(works).enumerate() {
        reporter.step(
            &format!("checking {}: {}", source.told(), check.name),
            index,
            checks.len(),
        );
        monitor.check()?;
        let started = Instant::now();
        let findings = match work {
            Ok(Work::Found(findings)) => Ok(findings),
            Ok(work) => match hidden(source, &answers) {
                Some(Hidden::All(message)) => Err(message),
                hidden => attempt(|| find(check, work, source, &answers))?.map(|mut findings| {
                    if let Some(Hidden::Some(message)) = hidden {
                        findings.iter_mut().for_each(|finding| finding.add_message(&message));
                    }
                    findings
                }),
            },
            Err(message) => Err(message),
        };
        outcomes.push(Outcome {
            findings: findings.unwrap_or_else(|message| vec![Finding::error(message)]),
            milliseconds: started.elapsed().as_secs_f64() * 1e3,
        });
    }
    reporter.finish();
    Ok(outcomes)
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
        let role = catalog::role_name(catalog::current_role());
        match answers.rows() {
            Some(0) => Hidden::All(format!(
                "row-level security shows role \"{role}\" no row, so nothing can be said about them"
            )),
            _ => Hidden::Some(format!("of the rows that row-level security shows role \"{role}\"")),
        }
    })
}

/// What a check found.
fn find(check: &Check, work: Work, source: &Source, answers: &Answers) -> Result<Vec<Finding>> {
    let kind_of = |name: &str| {
        source
            .column(name)
            .map_or(Kind::Other, |column| intake::kind_of(column.type_oid))
    };
    let grouping = Grouping::new(&check.group_by, source)?;
    let kind = check.column.as_deref().map_or(Kind::Other, kind_of);
    let question = match &work {
        Work::Found(_) => None,
        Work::Rows(question)
        | Work::Figure(question, _)
        | Work::Segments(question)
        | Work::Bounds(question, _)
        | Work::Statement(question)
        | Work::NearDuplicates(question, _)
        | Work::Anomaly(question, _) => Some(*question),
    };
    let counted = question.map(|question| judge::counted(answers, question)).transpose()?;
    let counted = counted.unwrap_or_default();
    match work {
        Work::Found(findings) => Ok(findings),
        Work::Rows(_) => {
            let column = check.column.as_deref().and_then(|name| source.column(name));
            let shown = condition::of(&check.rule, column).is_none().then_some(kind);
            Ok(judge::rows(check, &counted, &grouping, shown))
        }
        Work::Figure(_, figure) => counted
            .iter()
            .map(|counted| judge::figure(counted, &figure, &grouping, kind))
            .collect(),
        Work::Segments(_) => segments::judge(check, &counted, &grouping),
        Work::Bounds(_, spread) => second_pass(check, source, answers.measure(question.unwrap_or(0)), spread),
        Work::Anomaly(_, plan) => plan.judge(check, &counted, &grouping),
        Work::NearDuplicates(_, similarity) => {
            let mut findings = vec![near_duplicates::find(check, source, &similarity, &counted)?];
            judge::add_evidence(check, &mut findings);
            Ok(findings)
        }
        Work::Statement(_) => {
            let answer = statement::run(check, source)?;
            let by_rows = !matches!(check.rule, Rule::EqualRowcount(_));
            judge::statement(check, &counted, &answer, &grouping, by_rows)
        }
    }
}

/// A second pass, for the values outside of bounds that the first one gave.
fn second_pass(check: &Check, source: &Source, measure: &Measure, spread: Spread) -> Result<Vec<Finding>> {
    let mut pass = Pass::default();
    let Some((question, (low, high))) = outside(check, source, measure, spread, &mut pass)? else {
        return Ok(vec![Finding {
            verdict: Verdict::TooLittle,
            message: Some("there are too few values to tell what is usual".into()),
            ..Finding::default()
        }]);
    };
    let answers = pass.run(source)?;
    let kind = intake::kind_of(compile::column(check, source)?.type_oid);
    let counted = judge::counted(&answers, question)?;
    let mut findings = judge::rows(check, &counted, &Grouping::default(), Some(kind));
    for finding in &mut findings {
        finding.message = Some(format!("usual values are between {} and {}", short(low), short(high)));
    }
    Ok(findings)
}

/// Asks a pass for the values outside of what is usual. Gives the question and the bounds; `None` where there are too few values.
pub fn outside(
    check: &Check,
    source: &Source,
    measure: &Measure,
    spread: Spread,
    pass: &mut Pass,
) -> Result<Option<(usize, (f64, f64))>> {
    let bounds = match (measure, spread) {
        (Measure::Moments(moments, _), Spread::Deviations(sigma)) => moments
            .mean()
            .zip(moments.stddev())
            .map(|(mean, stddev)| (mean - sigma * stddev, mean + sigma * stddev)),
        (Measure::Profile(profile), Spread::Quartiles(multiplier)) => {
            profile.quantile(0.25).zip(profile.quantile(0.75)).map(|(low, high)| {
                let fence = multiplier * (high - low);
                (low - fence, high + fence)
            })
        }
        _ => None,
    };
    let Some((low, high)) = bounds else { return Ok(None) };
    let column = compile::column(check, source)?;
    let is_integer = matches!(intake::kind_of(column.type_oid).form(), Form::Integers);
    let end = |value: f64, whole: f64| {
        let value = if is_integer {
            Constant::Integer(whole as i64)
        } else {
            Constant::Number(value)
        };
        Some(Bound { value, strict: false })
    };
    let question = Question {
        column: Some(pass.column(column)),
        filter: check.filter.as_deref().map(|filter| pass.condition(filter)),
        grouping: Vec::new(),
        test: Test::Range {
            low: end(low, low.ceil()),
            high: end(high, high.floor()),
        },
    };
    Ok(Some((pass.ask(question), (low, high))))
}
