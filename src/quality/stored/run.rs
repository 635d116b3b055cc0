//! Running stored checks: `run_checks` and `assert_checks`. Each runs as its own role, whoever calls; what the caller is shown depends on
//! what it may read.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_extern;
use pgrx::pg_sys::Oid;
use serde_json::Value as Json;

use super::history::Journal;
use super::table::{self, Selection, StoredCheck};
use crate::pg::attempt::attempt;
use crate::pg::compute::Reporter;
use crate::pg::error::{CHECKS_FAILED, Error, NOTHING_ASSERTED, Result, or_raise};
use crate::pg::options::{required, texts};
use crate::pg::reads::Reads;
use crate::pg::result_row::{SetOf, set_of};
use crate::pg::text::Text;
use crate::pg::{processor, relation, role, snapshot};
use crate::quality::engine::result::CheckResult;
use crate::quality::engine::rights;
use crate::quality::engine::run::{self, Outcome};
use crate::quality::kinds::check::Check;
use crate::reliability::lineage::Start;
use crate::reliability::{gate, issues};

/// What a stored check found.
struct StoredResults<'a> {
    stored: &'a StoredCheck,
    results: Vec<CheckResult>,
    reads: Reads,
    /// What it took of the processor.
    cpu_seconds: f64,
}

impl StoredResults<'_> {
    /// Those that the caller may see.
    fn visible(self) -> Vec<CheckResult> {
        if self.stored.is_own() || self.reads.is_visible_to(role::current()) {
            self.results
        } else {
            CheckResult::without_figures(self.results).into_iter().collect()
        }
    }
}

/// Runs stored checks, relation by relation; one that is gone or cannot be read gives errors, and the others go on. What they found is kept as `end`
/// has it.
fn run_selection(selection: &Selection<'_>, end: End) -> Result<Vec<CheckResult>> {
    let (stored, results, journal, at) = snapshot::with_own(|at| {
        let stored = table::select(selection)?;
        let (results, journal) = run_at(&stored, at)?;
        Ok((stored, results, journal, at))
    })?;
    if end == End::Assertion && results.iter().any(CheckResult::is_failure) {
        journal.outlive(at)?;
    } else {
        table::remember(&stored)?;
        journal.write(at)?;
        issues::keep(journal.entries(), at)?;
    }
    Ok(results)
}

/// What becomes of the transaction after a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nothing.
    Results,
    /// A failure is an error, which rolls back what the run has written.
    Assertion,
}

/// The same under a snapshot of its own.
fn run_at(stored: &[StoredCheck], at: TimestampWithTimeZone) -> Result<(Vec<CheckResult>, Journal)> {
    let groups: Vec<&[StoredCheck]> = stored.chunk_by(StoredCheck::shares_scan_with).collect();
    let mut reporter = Reporter::new();
    let (mut results, mut journal) = (Vec::new(), Journal::default());
    for (index, group) in groups.iter().enumerate() {
        reporter.step(&format!("checking {}", group[0].name), index, groups.len());
        for found in run_together(group, at)? {
            journal.add(found.stored, &found.reads, &found.results, found.cpu_seconds);
            results.extend(found.visible());
        }
    }
    reporter.finish();
    results.sort_by(|a, b| (&a.relation, a.check_id).cmp(&(&b.relation, b.check_id)));
    Ok((results, journal))
}

/// Runs checks that share a scan.
fn run_together(group: &[StoredCheck], at: TimestampWithTimeZone) -> Result<Vec<StoredResults<'_>>> {
    let checks: Vec<&Check> = group.iter().map(|stored| &stored.check).collect();
    let began = processor::seconds();
    let run = attempt(|| {
        group[0].as_its_role(|| {
            let source = group[0].open()?;
            Ok((run::run(&checks, &source)?, rights::reads(&checks, &source)?))
        })
    })?;
    let (outcomes, reads) = run.unwrap_or_else(|message| {
        let outcomes = group.iter().map(|_| Outcome::error(&*message)).collect();
        (outcomes, vec![Reads::UNKNOWN; group.len()])
    });
    // What no check took by itself they share.
    let own: f64 = outcomes.iter().map(|outcome| outcome.cpu_seconds).sum();
    let shared = (processor::seconds() - began - own).max(0.0) / group.len().max(1) as f64;
    let found = group.iter().zip(outcomes).zip(reads);
    let results = found.map(|((stored, outcome), reads)| StoredResults {
        stored,
        cpu_seconds: outcome.cpu_seconds + shared,
        results: CheckResult::of(&stored.check, &stored.name, outcome, stored.runs_as, at),
        reads,
    });
    Ok(results.collect())
}

/// `run_checks(relation, tags)`.
#[pg_extern(sql = false)]
fn run_checks(relation: Option<Oid>, tags: Option<Vec<Option<Text>>>) -> SetOf<CheckResult> {
    set_of(or_raise(texts("tags", tags).and_then(|tags| {
        let selection = Selection {
            relation,
            tags: tags.as_deref(),
            ..Selection::default()
        };
        run_selection(&selection, End::Results)
    })))
}

/// `assert_checks(relation, tags)`.
#[pg_extern(sql = false)]
fn assert_checks(relation: Option<Oid>, tags: Option<Vec<Option<Text>>>) {
    or_raise((|| {
        let tags = texts("tags", tags)?;
        let oid = required("relation", relation)?;
        if let Some(name) = relation::name_of(oid) {
            gate::pass(Start::Relation(oid), &name)?;
        }
        let selection = Selection {
            relation: Some(oid),
            tags: tags.as_deref(),
            ..Selection::default()
        };
        match run_selection(&selection, End::Assertion)?.as_slice() {
            [] => Err(nothing_asserted(oid, selection.tags)),
            results => require_success(results),
        }
    })());
}

/// The error of an assertion that no check makes: a load that it lets pass would be guarded by nothing.
fn nothing_asserted(oid: Oid, tags: Option<&[String]>) -> Error {
    let name = relation::name_of(oid).unwrap_or_else(|| oid.to_u32().to_string());
    match tags {
        Some(tags) => Error::new(
            NOTHING_ASSERTED,
            format!("no check on {name} has one of the tags that were given"),
        )
        .detail(format!("They are {}.", Json::from(tags.to_vec()))),
        None => Error::new(NOTHING_ASSERTED, format!("there is no check on {name} to be asserted")),
    }
    .hint(format!(
        "SELECT name, tags FROM assay.checks WHERE relation = {}::regclass lists its checks; assay.add_check adds one.",
        pgrx::spi::quote_literal(&name)
    ))
}

/// Returns an error with ML015, which describes them, where checks failed: those are counted, not their segments.
fn require_success(results: &[CheckResult]) -> Result<()> {
    // The results of a check stand together.
    let checks = results.chunk_by(|a, b| a.check_id == b.check_id);
    let (failed, passed): (Vec<_>, Vec<_>) = checks.partition(|results| results.iter().any(CheckResult::is_failure));
    let Some(first) = failed.first().and_then(|results| results.first()) else {
        return Ok(());
    };
    /// Checks that are described one by one.
    const DESCRIBED: usize = 10;
    let descriptions: Vec<String> = failed.iter().take(DESCRIBED).map(|results| describe(results)).collect();
    let more = match failed.len().saturating_sub(DESCRIBED) {
        0 => String::new(),
        more => format!(" And {more} more."),
    };
    let checks = failed.len() + passed.len();
    Err(Error::new(
        CHECKS_FAILED,
        format!("{} of {checks} checks on {} failed", failed.len(), first.relation),
    )
    .detail(format!("{}{more}", descriptions.join(" ")))
    .hint(format!(
        "SELECT * FROM assay.run_checks({}) shows all; assay.failing_rows(check_id) gives the rows.",
        pgrx::spi::quote_literal(&first.relation)
    )))
}

/// What is wrong with a check, by its results: the first of its segments that fail, and how many there are.
fn describe(results: &[CheckResult]) -> String {
    /// Segments that are described one by one.
    const DESCRIBED: usize = 3;
    let failures: Vec<&CheckResult> = results.iter().filter(|result| result.is_failure()).collect();
    let described: Vec<String> = failures
        .iter()
        .take(DESCRIBED)
        .map(|result| result.describe())
        .collect();
    let more = match failures.len() {
        ..=DESCRIBED => String::new(),
        failures => format!(" In all, {failures} of its {} segments fail.", results.len()),
    };
    described.join(" ") + &more
}
