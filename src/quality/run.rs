//! Running stored checks: `run_checks` and `assert_checks`.
//!
//! A stored check runs as the role that added it, if the caller may act as that role; else as the caller, and then only if it has no
//! expression in SQL: nobody's expressions run with another's rights.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::iter::TableIterator;
use pgrx::pg_extern;
use pgrx::pg_sys::Oid;

use super::check::Check;
use super::finding::Finding;
use super::history::Journal;
use super::results::{self, ResultRow, Results};
use super::source::Source;
use super::stored::{self, Stored, Wanted};
use super::validate::{self, Outcome};
use crate::pg::attempt::attempt;
use crate::pg::catalog;
use crate::pg::compute::Reporter;
use crate::pg::error::{CHECKS_FAILED, Error, Result, or_raise};
use crate::pg::identity::{self, Settings};
use crate::pg::options::{required, texts};
use crate::pg::text::Text;

/// Runs stored checks, relation by relation; one that is gone or cannot be read gives errors, and the others go on.
fn all(wanted: &Wanted<'_>) -> Result<Vec<ResultRow>> {
    let (rows, journal, at) = catalog::with_own_snapshot(|at| {
        let (rows, journal) = all_at(wanted, at)?;
        Ok((rows, journal, at))
    })?;
    journal.keep(at)?;
    Ok(rows)
}

/// The same under a snapshot of its own.
fn all_at(wanted: &Wanted<'_>, at: TimestampWithTimeZone) -> Result<(Vec<ResultRow>, Journal)> {
    let stored = stored::find(wanted)?;
    let groups: Vec<&[Stored]> = stored.chunk_by(Stored::together).collect();
    let mut reporter = Reporter::new();
    let (mut rows, mut journal) = (Vec::new(), Journal::default());
    for (index, group) in groups.iter().enumerate() {
        reporter.step(&format!("checking {}", group[0].name), index, groups.len());
        let own = catalog::acts_for(group[0].added_by);
        let role = if own {
            group[0].added_by
        } else {
            catalog::current_role()
        };
        let found = of_relation(group, own, at)?;
        journal.add(group[0].relation, role, &found);
        rows.extend(found);
    }
    reporter.finish();
    rows.sort_by(|a, b| (&a.3, a.0).cmp(&(&b.3, b.0)));
    Ok((rows, journal))
}

/// Runs the checks that one role added to one relation: as that role when they are the caller's `own`.
fn of_relation(group: &[Stored], own: bool, at: TimestampWithTimeZone) -> Result<Vec<ResultRow>> {
    let (name, added_by) = (&group[0].name, group[0].added_by);
    let work = || {
        let (allowed, refused): (Vec<&Stored>, Vec<&Stored>) =
            group.iter().partition(|stored| own || !stored.check.has_expression());
        let checks: Vec<&Check> = allowed.iter().map(|stored| &stored.check).collect();
        let outcomes = if checks.is_empty() {
            Vec::new()
        } else {
            validate::run(&checks, &Source::open(name)?)?
        };
        let mut rows: Vec<ResultRow> = checks
            .iter()
            .zip(outcomes)
            .flat_map(|(check, outcome)| results::rows(check, name, outcome, at))
            .collect();
        for stored in refused {
            rows.extend(results::rows(
                &stored.check,
                name,
                failed(stored::not_yours(added_by)),
                at,
            ));
        }
        Ok(rows)
    };
    let run = attempt(|| {
        if own {
            identity::as_role(added_by, &Settings::default(), work)
        } else {
            work()
        }
    })?;
    Ok(run.unwrap_or_else(|message| {
        let rows = |stored: &Stored| results::rows(&stored.check, name, failed(message.clone()), at);
        group.iter().flat_map(rows).collect()
    }))
}

fn failed(message: String) -> Outcome {
    Outcome {
        findings: vec![Finding::error(message)],
        milliseconds: 0.0,
    }
}

/// `run_checks(relation, tags)`.
#[pg_extern(sql = false)]
fn run_checks(relation: Option<Oid>, tags: Option<Vec<Option<Text>>>) -> Results {
    TableIterator::new(or_raise(texts("tags", tags).and_then(|tags| {
        all(&Wanted {
            relation,
            tags: tags.as_deref(),
            ..Wanted::default()
        })
    })))
}

/// `assert_checks(relation, tags)`.
#[pg_extern(sql = false)]
fn assert_checks(relation: Option<Oid>, tags: Option<Vec<Option<Text>>>) {
    or_raise((|| {
        let tags = texts("tags", tags)?;
        let wanted = Wanted {
            relation: Some(required("relation", relation)?),
            tags: tags.as_deref(),
            ..Wanted::default()
        };
        let rows = all(&wanted)?;
        let failures: Vec<&ResultRow> = rows.iter().filter(|row| results::is_failure(&row.6)).collect();
        let Some(first) = failures.first() else { return Ok(()) };
        /// Failures that are told one by one.
        const TOLD: usize = 10;
        let told: Vec<String> = failures.iter().take(TOLD).map(|row| results::told(row)).collect();
        let more = match failures.len().saturating_sub(TOLD) {
            0 => String::new(),
            more => format!(" And {more} more."),
        };
        Err(Error::new(
            CHECKS_FAILED,
            format!("{} of {} checks on {} failed", failures.len(), rows.len(), first.3),
        )
        .detail(format!("{}{more}", told.join(" ")))
        .hint(format!(
            "SELECT * FROM assay.run_checks({}) shows all; assay.failing_rows(check_id) gives the rows.",
            pgrx::spi::quote_literal(&*first.3)
        )))
    })());
}
