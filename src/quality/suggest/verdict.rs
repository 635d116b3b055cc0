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
    /// What the check says of those that do not.
    message: Option<&'p str>,
}

impl Held<'_> {
    /// What looks faulty in the rows that do not pass.
    pub fn fault(&self) -> Option<String> {
        let faults = self.message.into_iter().chain(self.proposal.looks_faulty.as_deref());
        let faults: Vec<&str> = faults.filter(|_| self.mostly < 1.0).collect();
        (!faults.is_empty()).then(|| faults.join("; "))
    }
}

/// What the rows say of proposals.
pub struct Verdict<'p> {
    /// Those that hold.
    pub held: Vec<Held<'p>>,
    /// What looks faulty, and is not said by these.
    pub faults: Vec<Fault>,
}

impl<'p> Verdict<'p> {
    /// Of groups of which one each is wanted, with the outcomes of their checks in the same order, and what looks faulty by the profile.
    pub fn of(
        groups: &'p [Vec<Proposal>],
        mut outcomes: impl Iterator<Item = (&'p Check, &'p Outcome)>,
        mut faults: Vec<Fault>,
        table: Option<&Table>,
    ) -> Verdict<'p> {
        let (mut held, mut found) = (Vec::new(), Vec::new());
        for group in groups {
            let mut best: Option<Held<'_>> = None;
            let mut fault = None;
            for (proposal, (check, outcome)) in group.iter().zip(outcomes.by_ref()) {
                if is_demanded(proposal, table, outcome) {
                    continue;
                }
                match holding(proposal, check, outcome) {
                    Some(mostly) if best.as_ref().is_none_or(|best| mostly > best.mostly) => {
                        let message = outcome.findings.first().and_then(|finding| finding.message.as_deref());
                        best = Some(Held {
                            proposal,
                            mostly,
                            message,
                        });
                    }
                    None if proposal.finds_faults => fault = fault.or_else(|| fault_found(proposal, check, outcome)),
                    Some(_) | None => {}
                }
            }
            match best {
                Some(best) => held.push(best),
                None => found.extend(fault),
            }
        }
        let is_of = |fault: &Fault, held: &Held<'_>| held.proposal.column.as_ref() == Some(&fault.column);
        // The bounds of numbers in two units are a fault's.
        held.retain(|held| {
            let is_in_doubt = |fault: &Fault| fault.found_by == Some("scale_shift") && is_of(fault, held);
            held.proposal.kind != "accepted_range" || !found.iter().any(is_in_doubt)
        });
        faults.retain(|fault| !held.iter().any(|held| is_of(fault, held) && held.fault().is_some()));
        faults.extend(found);
        Verdict { held, faults }
    }
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
fn is_demanded(proposal: &Proposal, table: Option<&Table>, outcome: &Outcome) -> bool {
    let constraint = match (table, &proposal.column, &proposal.condition) {
        (Some(table), Some(column), Some(condition)) => table.demands(column, condition),
        (None, ..) | (_, None, _) | (.., None) => false,
    };
    constraint || outcome.proved
}
