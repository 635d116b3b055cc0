//! What is known of each service level: results of checks, incidents, issues, what was measured, and maintenance. Each table is read once, whatever
//! the number of service levels and the length of their windows.

use std::collections::HashMap;

use super::level::{self, Level, at_sql, text, time, whole};
use super::scope::{self, Scope};
use super::terms::Indicator;
use crate::pg::error::{Error, MEMORY_LIMIT, Result, megabytes};
use crate::pg::settings;
use algo::reliability::evidence::{Finding, Verdict, in_order};
use algo::reliability::intervals::{Span, Spans};
use algo::room;

/// Under which a load's duration is kept among what was measured.
pub const LOAD: &str = "load_seconds";

/// What is known of a service level.
#[derive(Default)]
pub struct Known {
    /// The results of each of its sources, in their order.
    pub sources: Vec<Vec<Finding>>,
    /// When an issue or an incident says that it was bad.
    pub bad: Vec<Span>,
    pub maintenance: Spans,
}

/// A result of a check, or of one of its segments.
#[derive(Clone, Copy, PartialEq)]
struct Outcome {
    check: i64,
    at: i64,
    status: u8,
    value: f64,
}

// As the query below writes them.
const PASS: u8 = 0;
const WARN: u8 = 1;
const FAIL: u8 = 2;

/// What is known of service levels by a point in time, in their order.
pub fn known(levels: &[Level], at: i64) -> Result<Vec<Known>> {
    let mut known: Vec<Known> = levels.iter().map(|_| Known::default()).collect();
    let Some(since) = levels.iter().map(|level| level.needed_since(at)).min() else {
        return Ok(known);
    };
    add_results(levels, &mut known, since, at)?;
    add_measurements(levels, &mut known, since, at)?;
    add_incidents(levels, &mut known, since, at)?;
    add_issues(levels, &mut known, since, at)?;
    add_maintenance(levels, &mut known, since)?;
    Ok(known)
}

/// The targets of those levels that `of` selects.
fn scopes(levels: &[Level], of: impl Fn(&Level) -> bool) -> Vec<Scope> {
    let levels = levels.iter().enumerate().filter(|(_, level)| of(level));
    levels
        .map(|(key, level)| Scope {
            key,
            asset: level.asset,
            product: level.product,
        })
        .collect()
}

fn place(key: Option<i64>) -> usize {
    key.and_then(|key| usize::try_from(key).ok()).unwrap_or(usize::MAX)
}

/// The checks that tell of each level.
fn checks(levels: &[Level]) -> Result<Vec<(usize, i64)>> {
    let scopes = scopes(levels, |level| level.indicator.is_told_by_checks());
    let mut found = Vec::new();
    if scopes.is_empty() {
        return Ok(found);
    }
    let query = format!(
        "{}
SELECT k.key, c.id, c.name, c.kind, pg_catalog.to_jsonb(c.tags)::pg_catalog.text
FROM checks AS k
JOIN assay.quality_check AS c ON c.id OPERATOR(pg_catalog.=) k.id",
        scope::with_checks(&scopes)
    );
    level::read(&query, &mut |row| {
        let key = place(whole(row, 0));
        let (Some(level), Some(id)) = (levels.get(key), whole(row, 1)) else {
            return Ok(());
        };
        let (name, kind) = (text(row, 2).unwrap_or_default(), text(row, 3).unwrap_or_default());
        let tags = text(row, 4).and_then(|tags| serde_json::from_str::<Vec<String>>(&tags).ok());
        let tags = tags.unwrap_or_default();
        let terms = &level.terms;
        let is_one = |list: &Option<Vec<String>>, value: &String| list.as_ref().is_none_or(|list| list.contains(value));
        let is_tagged = (terms.tags.as_ref()).is_none_or(|wanted| tags.iter().any(|tag| wanted.contains(tag)));
        if is_one(&terms.checks, &name) && is_one(&terms.kinds, &kind) && is_tagged {
            room::push(&mut found, (key, id))?;
        }
        Ok(())
    })?;
    Ok(found)
}

fn add_results(levels: &[Level], known: &mut [Known], since: i64, at: i64) -> Result<()> {
    let mut checks = checks(levels)?;
    if checks.is_empty() {
        return Ok(());
    }
    checks.sort_unstable();
    let outcomes = outcomes(&checks, since, at)?;
    let mut parts: HashMap<i64, &[Outcome]> = HashMap::new();
    for part in outcomes.chunk_by(|a, b| a.check == b.check) {
        parts.insert(part[0].check, part);
    }
    for (key, check) in checks {
        let (Some(level), Some(part)) = (levels.get(key), parts.get(&check)) else {
            continue;
        };
        let begin = level.needed_since(at);
        let part = &part[part.partition_point(|outcome| outcome.at < begin)..];
        let mut findings = room::with_capacity(part.len())?;
        findings.extend(part.iter().map(|outcome| Finding {
            at: outcome.at,
            verdict: verdict(level, outcome),
        }));
        known[key].sources.push(in_order(findings));
    }
    Ok(())
}

/// What a result says of a level.
fn verdict(level: &Level, outcome: &Outcome) -> Verdict {
    if let Some(most) = level.terms.max_age
        && outcome.value.is_finite()
    {
        return match outcome.value <= most {
            true => Verdict::Good,
            false => Verdict::Bad,
        };
    }
    match outcome.status {
        PASS => Verdict::Good,
        WARN if !level.terms.warnings_are_bad() => Verdict::Good,
        WARN | FAIL => Verdict::Bad,
        // It could not run, or had too little to judge.
        _ => Verdict::Unknown,
    }
}

/// The results of checks, by check and time.
fn outcomes(checks: &[(usize, i64)], since: i64, at: i64) -> Result<Vec<Outcome>> {
    let mut ids: Vec<i64> = checks.iter().map(|&(_, id)| id).collect();
    ids.sort_unstable();
    ids.dedup();
    let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
    let query = format!(
        "SELECT h.check_id, h.run_at,
    CASE WHEN h.status OPERATOR(pg_catalog.=) 'pass' THEN 0 WHEN h.status OPERATOR(pg_catalog.=) 'warn' THEN 1
         WHEN h.status OPERATOR(pg_catalog.=) 'fail' THEN 2 ELSE 3 END,
    CASE WHEN h.metric OPERATOR(pg_catalog.=) 'age_seconds' THEN h.value END
FROM assay.quality_history AS h
WHERE h.check_id OPERATOR(pg_catalog.=) ANY ('{{{}}}'::bigint[])
  AND h.run_at OPERATOR(pg_catalog.>=) {} AND h.run_at OPERATOR(pg_catalog.<) {}",
        ids.join(","),
        at_sql(since),
        at_sql(at)
    );
    // They are held twice: as they are read, and as what they say of a level.
    let most = settings::max_memory() / 4 / size_of::<Outcome>();
    let mut outcomes = Vec::new();
    level::read(&query, &mut |row| {
        if outcomes.len() >= most {
            return Err(Error::new(
                MEMORY_LIMIT,
                "the results that tell of service levels need more memory than assay.max_memory allows",
            )
            .detail(format!(
                "There are more than {most}, which are {}.",
                megabytes(most * size_of::<Outcome>())
            ))
            .hint("Raise assay.max_memory, run the checks less often, or shorten the periods."));
        }
        let (Some(check), Some(at)) = (whole(row, 0), time(row, 1)) else {
            return Ok(());
        };
        room::push(
            &mut outcomes,
            Outcome {
                check,
                at,
                status: row.number(2).unwrap_or(3.0) as u8,
                value: row.number(3).unwrap_or(f64::NAN),
            },
        )?;
        Ok(())
    })?;
    outcomes.sort_unstable_by_key(|outcome| (outcome.check, outcome.at));
    Ok(outcomes)
}

fn add_measurements(levels: &[Level], known: &mut [Known], since: i64, at: i64) -> Result<()> {
    let metric = |level: &Level| match level.indicator {
        Indicator::Latency => Some(LOAD.to_string()),
        Indicator::Performance => level.terms.metric.clone(),
        Indicator::Freshness | Indicator::ErrorRate | Indicator::Availability | Indicator::Completeness => None,
    };
    let scopes = scopes(levels, |level| metric(level).is_some());
    if scopes.is_empty() {
        return Ok(());
    }
    let query = format!(
        "{}
SELECT n.key, m.asset_id, m.metric, m.at, m.value
FROM named AS n
JOIN assay.measurement AS m ON m.asset_id OPERATOR(pg_catalog.=) n.id
WHERE m.at OPERATOR(pg_catalog.>=) {} AND m.at OPERATOR(pg_catalog.<) {}",
        scope::with(&scopes),
        at_sql(since),
        at_sql(at)
    );
    let mut found: HashMap<(usize, i64), Vec<Finding>> = HashMap::new();
    level::read(&query, &mut |row| {
        let (key, asset) = (place(whole(row, 0)), whole(row, 1).unwrap_or(0));
        let (Some(level), Some(at), Some(value)) = (levels.get(key), time(row, 3), row.number(4)) else {
            return Ok(());
        };
        if metric(level) != text(row, 2) {
            return Ok(());
        }
        let terms = &level.terms;
        let keeps = (terms.at_least.is_none_or(|least| value >= least)
            && terms.at_most.is_none_or(|most| value <= most))
            && terms.max_duration.is_none_or(|most| value <= most);
        let verdict = match keeps {
            _ if value.is_nan() => Verdict::Unknown,
            true => Verdict::Good,
            false => Verdict::Bad,
        };
        room::push(found.entry((key, asset)).or_default(), Finding { at, verdict })?;
        Ok(())
    })?;
    for ((key, _), findings) in found {
        known[key].sources.push(in_order(findings));
    }
    Ok(())
}

/// A span of a row, up to `at` where it has not ended.
fn span(from: Option<i64>, to: Option<i64>, at: i64) -> Span {
    Span::new(from.unwrap_or(at), to.map_or(at, |to| to.min(at)))
}

fn add_incidents(levels: &[Level], known: &mut [Known], since: i64, at: i64) -> Result<()> {
    let scopes = scopes(levels, |level| level.indicator == Indicator::Availability);
    if scopes.is_empty() {
        return Ok(());
    }
    let query = format!("{}\n{}", scope::with(&scopes), scope::INCIDENTS);
    level::read(&query, &mut |row| {
        let key = place(whole(row, 0));
        let Some(level) = levels.get(key) else { return Ok(()) };
        let (severity, span) = (text(row, 4), span(time(row, 2), time(row, 3), at));
        let is_grave = (level.terms.severities().iter()).any(|grade| Some(grade.name()) == severity.as_deref());
        if is_grave && span.to > since {
            room::push(&mut known[key].bad, span)?;
        }
        Ok(())
    })
}

fn add_issues(levels: &[Level], known: &mut [Known], since: i64, at: i64) -> Result<()> {
    let scopes = scopes(levels, |level| level.indicator.issues().is_some());
    if scopes.is_empty() {
        return Ok(());
    }
    let query = format!(
        "{}
SELECT c.key, s.kind, s.subject, s.started_at, s.ended_at
FROM covered AS c
JOIN assay.issue AS s ON s.asset_id OPERATOR(pg_catalog.=) c.asset_id
WHERE s.kind OPERATOR(pg_catalog.=) ANY ('{{freshness,performance}}')
  AND COALESCE(s.triage, '') OPERATOR(pg_catalog.<>) 'false_positive' AND s.started_at OPERATOR(pg_catalog.<) {}",
        scope::with(&scopes),
        at_sql(at)
    );
    level::read(&query, &mut |row| {
        let key = place(whole(row, 0));
        let Some(level) = levels.get(key) else { return Ok(()) };
        let is_meant = level.indicator.issues() == text(row, 1).as_deref()
            && (level.terms.metric.is_none() || level.terms.metric == text(row, 2));
        let span = span(time(row, 3), time(row, 4), at);
        if is_meant && span.to > since {
            room::push(&mut known[key].bad, span)?;
        }
        Ok(())
    })
}

fn add_maintenance(levels: &[Level], known: &mut [Known], since: i64) -> Result<()> {
    let query = format!("{}\n{}", scope::with(&scopes(levels, |_| true)), scope::MAINTENANCE);
    let mut found: Vec<Vec<Span>> = levels.iter().map(|_| Vec::new()).collect();
    level::read(&query, &mut |row| {
        if let (Some(spans), Some(from), Some(to)) = (found.get_mut(place(whole(row, 0))), time(row, 1), time(row, 2))
            && to > since
        {
            room::push(spans, Span::new(from, to))?;
        }
        Ok(())
    })?;
    for (known, spans) in known.iter_mut().zip(found) {
        known.maintenance = Spans::union_of(spans);
    }
    Ok(())
}
