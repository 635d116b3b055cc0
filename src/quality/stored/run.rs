//! Running stored checks: `run_checks` and `assert_checks`. Each runs as its own role, whoever calls; what the caller is shown depends on
//! what it may read.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::iter::TableIterator;
use pgrx::pg_extern;
use pgrx::pg_sys::Oid;

use crate::pg::attempt::attempt;
use crate::pg::catalog;
use crate::pg::compute::Reporter;
use crate::pg::error::{CHECKS_FAILED, Error, Result, or_raise};
use crate::pg::options::{required, texts};
use crate::pg::reads::Reads;
use crate::pg::text::Text;
use crate::quality::engine::results::{self, ResultRow, Results};
use crate::quality::engine::run::{self as validate, Outcome};
use crate::quality::finding::Finding;
use crate::quality::spec::check::Check;
use crate::quality::stored::history::Journal;
use crate::quality::stored::reads;
use crate::quality::stored::table::{self as stored, Stored, Wanted};

/// A check that has run.
struct Ran<'a> {
    stored: &'a Stored,
    rows: Vec<ResultRow>,
    reads: Reads,
}

impl Ran<'_> {
    /// The rows that the caller may see.
    fn shown(self) -> Vec<ResultRow> {
        if self.stored.is_own() || self.reads.is_visible_to(catalog::current_role()) {
            self.rows
        } else {
            results::without_figures(self.rows).into_iter().collect()
        }
    }
}

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
        for ran in together(group, at)? {
            journal.add(ran.stored, &ran.reads, &ran.rows);
            rows.extend(ran.shown());
        }
    }
    reporter.finish();
    rows.sort_by(|a, b| (&a.3, a.0).cmp(&(&b.3, b.0)));
    Ok((rows, journal))
}

/// Runs checks that share a scan.
fn together(group: &[Stored], at: TimestampWithTimeZone) -> Result<Vec<Ran<'_>>> {
    let checks: Vec<&Check> = group.iter().map(|stored| &stored.check).collect();
    let run = attempt(|| {
        group[0].in_its_name(|| {
            let source = group[0].open()?;
            Ok((validate::run(&checks, &source)?, reads::of(&checks, &source)?))
        })
    })?;
    let (outcomes, reads) = run.unwrap_or_else(|message| {
        let outcomes = group.iter().map(|_| failed(message.clone())).collect();
        (outcomes, vec![Reads::UNKNOWN; group.len()])
    });
    let ran = group
        .iter()
        .zip(outcomes)
        .zip(reads)
        .map(|((stored, outcome), reads)| Ran {
            stored,
            rows: results::rows(&stored.check, &stored.name, outcome, stored.runs_as, at),
            reads,
        });
    Ok(ran.collect())
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
