//! Which proposals hold on the rows, and what looks faulty in them.

use super::constraint::Table;
use super::proposal::Proposal;
use crate::quality::engine::run::Outcome;
use crate::quality::finding::{Finding, Status};
use crate::quality::kinds::check::Check;
use algo::quality::outlook;

/// Something that looks faulty in a column.
pub struct Fault {
    pub column: String,
    /// The kind of the proposal that failed; `None` for what the profile shows.
    pub found_by: Option<&'static str>,
    pub text: String,
}

/// A proposal that holds.
pub struct Held<'p> {
    pub proposal: &'p Proposal,
    /// The share of rows that must pass.
    pub mostly: f64,
    /// What looks faulty in its column, where this is the check to say it with.
    pub faults: Vec<String>,
}

impl Held<'_> {
    fn is_of(&self, fault: &Fault) -> bool {
        self.proposal.column.as_ref() == Some(&fault.column)
    }
}

/// The proposals that hold, of groups of which one each is wanted, with the outcomes of the checks of those that were not known to, in the same order. `faults` is what looks faulty
/// by the profile.
pub fn held<'p>(
    groups: &'p [Vec<Proposal>],
    mut outcomes: impl Iterator<Item = (&'p Check, &'p Outcome)>,
    faults: Vec<Fault>,
    table: Option<&Table>,
) -> Vec<Held<'p>> {
    let (mut held, mut found) = (Vec::new(), Vec::new());
    for group in groups {
        let mut best: Option<Held<'_>> = None;
        let mut fault = None;
        for proposal in group {
            let found = if proposal.holds { None } else { outcomes.next() };
            if is_demanded(proposal, table, found.is_some_and(|(_, outcome)| outcome.proved)) {
                continue;
            }
            let mostly = match found {
                Some((check, outcome)) => holding(proposal, check, outcome),
                None => proposal.holds.then_some(1.0),
            };
            match mostly {
                Some(mostly) if best.as_ref().is_none_or(|best| mostly > best.mostly) => {
                    let message = found.and_then(|(_, outcome)| message(proposal, mostly, outcome));
                    best = Some(Held {
                        proposal,
                        mostly,
                        faults: message.into_iter().collect(),
                    });
                }
                None if proposal.finds_faults => {
                    let found = found.and_then(|(check, outcome)| fault_found(proposal, check, outcome));
                    fault = fault.or(found);
                }
                Some(_) | None => {}
            }
        }
        match best {
            Some(best) => held.push(best),
            None => found.extend(fault),
        }
    }
    // The bounds of numbers in two units are a fault's.
    held.retain(|held| {
        let is_in_doubt = |fault: &Fault| fault.found_by == Some("scale_shift") && held.is_of(fault);
        held.proposal.kind != "accepted_range" || !found.iter().any(is_in_doubt)
    });
    for fault in faults.into_iter().chain(found) {
        let mut of_column = held.iter_mut().filter(|held| held.is_of(&fault));
        let first = of_column.next();
        let failing = of_column.find(|held| held.mostly < 1.0);
        if let Some(held) = first
            .filter(|first| first.mostly < 1.0 || failing.is_none())
            .or(failing)
        {
            held.faults.push(fault.text);
        }
    }
    held
}

/// What a check says of the rows that do not pass; those of sentinels are told by the profile, with their rows.
fn message(proposal: &Proposal, mostly: f64, outcome: &Outcome) -> Option<String> {
    let message = outcome.findings.first()?.message.clone();
    message.filter(|_| mostly < 1.0 && proposal.kind != "sentinel_values")
}

/// The share of rows that must pass, when so many do today; `None` when too few do, or it could not run.
fn holding(proposal: &Proposal, check: &Check, outcome: &Outcome) -> Option<f64> {
    let status = |finding: &Finding| finding.status(&check.spec);
    let is_judged = |finding: &Finding| !matches!(status(finding), Status::Error | Status::Skipped);
    if let [finding] = outcome.findings.as_slice()
        && let Some((failed, rows)) = finding.failed.zip(finding.rows)
        && check.counts_rows()
        && is_judged(finding)
    {
        return (failed as f64 <= proposal.tolerance * rows as f64).then(|| outlook::mostly(failed, rows));
    }
    let mut statuses = outcome.findings.iter().map(status);
    (!outcome.findings.is_empty() && statuses.all(|status| status == Status::Pass)).then_some(1.0)
}

/// What a proposal has found that looks faulty, in the first of its segments.
fn fault_found(proposal: &Proposal, check: &Check, outcome: &Outcome) -> Option<Fault> {
    const SHOWN: usize = 2;
    let is_failing = |finding: &&Finding| matches!(finding.status(&check.spec), Status::Fail | Status::Warn);
    let found = outcome
        .findings
        .iter()
        .filter(is_failing)
        .filter_map(Finding::described);
    let mut texts: Vec<String> = found.collect();
    if texts.len() > SHOWN {
        let more = texts.len() - SHOWN;
        texts.truncate(SHOWN);
        texts.push(format!("{more} more segments"));
    }
    Some(Fault {
        column: proposal.column.clone()?,
        found_by: Some(proposal.kind),
        text: (!texts.is_empty()).then(|| texts.join("; "))?,
    })
}

/// Whether the table demands it already, so that it need not be checked.
fn is_demanded(proposal: &Proposal, table: Option<&Table>, is_proved: bool) -> bool {
    let constraint = match (table, &proposal.column, &proposal.condition) {
        (Some(table), Some(column), Some(condition)) => table.demands(column, condition),
        (None, ..) | (_, None, _) | (.., None) => false,
    };
    constraint || is_proved
}
