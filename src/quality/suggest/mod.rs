//! `suggest_checks(query)`: the checks that the rows of today suggest, each found to hold on them.

pub mod constraint;
pub mod proposal;

use pgrx::pg_extern;
use serde_json::{Value as Json, json};

use self::constraint::Table;
use self::proposal::{FEWEST_ROWS, Proposal, TOLERANCE};
use crate::pg::error::{Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::{Prose, Text};
use crate::quality::engine::run::{Outcome, run};
use crate::quality::finding::Status;
use crate::quality::kinds::check::Check;
use crate::quality::profile;
use crate::quality::source::Source;
use algo::monitor::Monitor;
use algo::quality::outlook;

result_row! {
    /// A suggested check.
    struct SuggestionRow {
        kind: &'static str,
        column_name: Option<String>,
        args: Json,
        mostly: f64,
        reason: Prose,
        as_constraint: Option<String>,
        definition: Json,
    }
}

/// The day of the transaction's start, from 2000-01-01.
fn today() -> i64 {
    const MICROSECONDS: i64 = 86_400_000_000;
    let now: pgrx::pg_sys::TimestampTz = pgrx::datum::datetime_support::transaction_timestamp().into();
    now.div_euclid(MICROSECONDS)
}

/// A proposal as a check is written.
fn definition(proposal: &Proposal, mostly: f64) -> Json {
    let mut definition = json!({ "kind": proposal.kind, "args": proposal.args });
    if let Some(column) = &proposal.column {
        definition["column_name"] = json!(column);
    }
    if mostly < 1.0 {
        definition["mostly"] = json!(mostly);
    }
    definition
}

/// The proposals of a source, in groups of which one each is wanted.
fn proposals(source: &Source) -> Result<Vec<Vec<Proposal>>> {
    let scan = profile::scan_of(source)?;
    if scan.rows() < FEWEST_ROWS {
        return Ok(Vec::new());
    }
    let today = today();
    let mut groups = vec![vec![Proposal {
        kind: "not_empty",
        column: None,
        args: json!({}),
        reason: format!(
            "there are {} rows; a load that brings none is the plainest fault",
            scan.rows()
        ),
        condition: None,
        tolerance: TOLERANCE,
    }]];
    let monitor = Foreground::new()?;
    for (column, profile) in profile::columns(&scan) {
        monitor.check()?;
        groups.extend(proposal::of_column(column, profile, today));
    }
    Ok(groups)
}

/// The share of rows that must pass, when so many do today; `None` when too few do, or it could not run.
fn holding(proposal: &Proposal, check: &Check, outcome: &Outcome) -> Option<f64> {
    let finding = outcome.findings.first().filter(|_| outcome.findings.len() == 1)?;
    match (finding.failed, finding.rows) {
        (Some(failed), Some(rows)) if check.counts_rows() && finding.status(&check.spec) != Status::Error => {
            (failed as f64 <= proposal.tolerance * rows as f64).then(|| outlook::mostly(failed, rows))
        }
        _ => (finding.status(&check.spec) == Status::Pass).then_some(1.0),
    }
}

fn suggestions(query: &str) -> Result<Vec<SuggestionRow>> {
    let source = Source::open(query)?;
    let table = Table::of(&source)?;
    let groups = proposals(&source)?;
    let mut checks = Vec::new();
    for proposal in groups.iter().flatten() {
        checks.push(Check::parse(definition(proposal, 1.0))?);
    }
    let outcomes = run(&checks.iter().collect::<Vec<_>>(), &source)?;
    let mut verdicts = checks.iter().zip(&outcomes);
    let mut rows = Vec::new();
    for group in &groups {
        let mut best: Option<(&Proposal, f64)> = None;
        for (proposal, (check, outcome)) in group.iter().zip(verdicts.by_ref()) {
            if is_demanded(proposal, table.as_ref(), outcome) {
                continue;
            }
            if let Some(mostly) = holding(proposal, check, outcome)
                && best.is_none_or(|(_, most)| mostly > most)
            {
                best = Some((proposal, mostly));
            }
        }
        rows.extend(best.map(|(proposal, mostly)| row(proposal, mostly, table.as_ref())));
    }
    Ok(rows)
}

/// Whether the table demands it already, so that it need not be checked.
fn is_demanded(proposal: &Proposal, table: Option<&Table>, outcome: &Outcome) -> bool {
    let constraint = match (table, &proposal.column, &proposal.condition) {
        (Some(table), Some(column), Some(condition)) => table.demands(column, condition),
        (None, ..) | (_, None, _) | (.., None) => false,
    };
    constraint || outcome.proved
}

fn row(proposal: &Proposal, mostly: f64, table: Option<&Table>) -> SuggestionRow {
    let constraint = match (table, &proposal.column, &proposal.condition) {
        (Some(table), Some(column), Some(condition)) if mostly >= 1.0 => table.constraint(column, condition),
        _ => None,
    };
    let reason = if mostly < 1.0 {
        format!(
            "{}, but for a few; the share that is may fall to {mostly} before this fails",
            proposal.reason
        )
    } else {
        proposal.reason.clone()
    };
    SuggestionRow {
        kind: proposal.kind,
        column_name: proposal.column.clone(),
        args: proposal.args.clone(),
        mostly,
        reason: reason.into(),
        as_constraint: constraint,
        definition: definition(proposal, mostly),
    }
}

/// `suggest_checks(query)`.
#[pg_extern(sql = false)]
fn suggest_checks(query: Option<Text>) -> SetOf<SuggestionRow> {
    set_of(or_raise(required("query", query.as_deref()).and_then(suggestions)))
}
