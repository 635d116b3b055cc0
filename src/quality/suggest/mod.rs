//! `suggest_checks(query)`: the checks that the rows of today suggest, each found to hold on them.

mod cleaned;
mod column;
mod constraint;
mod keys;
mod proposal;
mod segments;
mod series;
mod stand_ins;
mod stuck;
mod verdict;

use pgrx::pg_extern;
use serde_json::{Value as Json, json};

use self::cleaned::Cleaned;
use self::column::{Column, FEWEST_ROWS};
use self::constraint::Table;
use self::proposal::Proposal;
use self::verdict::{Fault, Held};
use crate::pg::error::{Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::{Prose, Text};
use crate::quality::engine::run::run;
use crate::quality::kinds::check::Check;
use crate::quality::profile;
use crate::quality::source::Source;
use algo::monitor::Monitor;

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
        group_by: Option<Vec<Text>>,
        looks_faulty: Option<Prose>,
    }
}

result_row! {
    /// The same as 0.1.0 declares it.
    struct SuggestionRow010 {
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

/// What the rows of a source suggest.
#[derive(Default)]
struct Outlook {
    /// Proposals in groups, of which one each is wanted.
    groups: Vec<Vec<Proposal>>,
    /// What looks faulty in which column.
    faults: Vec<Fault>,
}

fn outlook_of(source: &Source) -> Result<Outlook> {
    let scan = profile::scan_of(source)?;
    if scan.rows() < FEWEST_ROWS {
        return Ok(Outlook::default());
    }
    let reason = format!(
        "there are {} rows; a load that brings none is the plainest fault",
        scan.rows()
    );
    let not_empty = Proposal::new("not_empty", None, json!({}), reason);
    let mut groups = vec![vec![not_empty.known_to_hold(true)]];
    let cleaned = Cleaned::of(source, &scan)?;
    let (today, monitor) = (today(), Foreground::new()?);
    let mut columns = Vec::new();
    for (column, profile) in profile::columns(&scan) {
        monitor.check()?;
        let name = &column.name;
        let looks_faulty = cleaned.describe(name, column.kind);
        let column = Column::new(column, profile, cleaned.profile(name), looks_faulty);
        columns.push(Column {
            is_suspicious: cleaned.is_suspicious(name),
            is_first: columns.is_empty(),
            ..column
        });
    }
    for column in &columns {
        monitor.check()?;
        groups.extend(column.proposals(today));
    }
    let origin = segments::source_of_rows(&columns);
    groups.extend(segments::proposals(&columns, origin));
    groups.extend(keys::proposals(source, &columns)?);
    groups.extend(series::proposals(source, &columns, origin, today)?);
    let faults = columns.into_iter().filter_map(|column| {
        Some(Fault {
            column: column.name.to_owned(),
            found_by: None,
            text: column.looks_faulty?,
        })
    });
    Ok(Outlook {
        faults: faults.collect(),
        groups,
    })
}

fn suggestions(query: &str) -> Result<Vec<SuggestionRow>> {
    let source = Source::open(query)?;
    let table = Table::of(&source)?;
    let Outlook { groups, faults } = outlook_of(&source)?;
    let mut checks = Vec::new();
    for proposal in groups.iter().flatten().filter(|proposal| !proposal.holds) {
        checks.push(Check::parse(proposal.definition(1.0))?);
    }
    let outcomes = run(&checks.iter().collect::<Vec<_>>(), &source)?;
    let held = verdict::held(&groups, checks.iter().zip(&outcomes), faults, table.as_ref());
    Ok(held.iter().map(|held| row(held, table.as_ref())).collect())
}

fn row(held: &Held<'_>, table: Option<&Table>) -> SuggestionRow {
    let &Held { proposal, mostly, .. } = held;
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
    let names = proposal.group_by.iter().map(|name| Text::from(name.as_str()));
    SuggestionRow {
        kind: proposal.kind,
        column_name: proposal.column.clone(),
        args: proposal.args.clone(),
        mostly,
        reason: reason.into(),
        as_constraint: constraint,
        definition: proposal.definition(mostly),
        group_by: (!proposal.group_by.is_empty()).then(|| names.collect()),
        looks_faulty: (!held.faults.is_empty()).then(|| Prose::from(held.faults.join("; "))),
    }
}

/// `suggest_checks(query)`.
#[pg_extern(sql = false)]
fn suggested_checks(query: Option<Text>) -> SetOf<SuggestionRow> {
    set_of(or_raise(required("query", query.as_deref()).and_then(suggestions)))
}

/// The same as 0.1.0 declares it, which has no place for segments.
#[pg_extern(sql = false)]
fn suggest_checks(query: Option<Text>) -> SetOf<SuggestionRow010> {
    let rows = or_raise(required("query", query.as_deref()).and_then(suggestions));
    let rows = rows.into_iter().filter(|row| row.group_by.is_none());
    set_of(rows.map(|row| SuggestionRow010 {
        kind: row.kind,
        column_name: row.column_name,
        args: row.args,
        mostly: row.mostly,
        reason: row.reason,
        as_constraint: row.as_constraint,
        definition: row.definition,
    }))
}
