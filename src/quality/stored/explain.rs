//! `explain_checks(relation)`: which pass answers which check, and the SQL that it runs. Nothing of the relation is read.

use pgrx::pg_extern;
use pgrx::pg_sys::Oid;

use super::table::{self, Selection, StoredCheck};
use crate::pg::attempt::attempt;
use crate::pg::error::{Result, or_raise};
use crate::pg::query::Query;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Prose;
use crate::pg::{role, snapshot};
use crate::quality::engine::rights;
use crate::quality::kinds::check::Check;
use crate::quality::kinds::plan::{Means, SHARED_SCAN};
use crate::quality::pass::Pass;
use crate::quality::source::Source;

result_row! {
    /// How a check, or the shared scan, is answered.
    struct ExplanationRow {
        check_id: Option<i64>,
        name: Option<String>,
        kind: Option<&'static str>,
        relation: String,
        answered_by: &'static str,
        sql: Option<String>,
        message: Option<Prose>,
        role: String,
    }
}

/// How something is answered.
struct Explanation {
    answered_by: &'static str,
    sql: Option<String>,
    message: Option<String>,
}

impl Explanation {
    fn by(answered_by: &'static str) -> Explanation {
        Explanation {
            answered_by,
            sql: None,
            message: None,
        }
    }

    fn error(message: String) -> Explanation {
        Explanation {
            message: Some(message),
            ..Explanation::by("error")
        }
    }

    /// Plans a check, adding what it asks to the shared pass.
    fn of(check: &Check, source: &Source, pass: &mut Pass) -> Result<Explanation> {
        if check.has_expression() {
            rights::require(check, source)?;
        }
        let means = check.plan(source, pass)?.means;
        let explanation = Explanation::by(means.name());
        Ok(match means {
            Means::Columns(_) | Means::SharedScan(_) => explanation,
            Means::Proof(finding) => Explanation {
                message: finding.message,
                ..explanation
            },
            Means::SharedScanOrMore(_, message) | Means::SecondPass(_, message) => Explanation {
                message: Some(message),
                ..explanation
            },
            Means::Statement(_, sql) => {
                Query::new(&sql)?.require_rights()?;
                Explanation {
                    sql: Some(sql),
                    message: Some(format!("the {SHARED_SCAN} counts the rows")),
                    ..explanation
                }
            }
        })
    }

    /// The row of a check, or of the shared pass. Names and how each is answered are for everybody, the SQL and messages for whom the results
    /// are for.
    fn row(self, check: Option<&Check>, relation: &str, role: &str, visible: bool) -> ExplanationRow {
        let spec = check.map(|check| &check.spec);
        ExplanationRow {
            check_id: spec.and_then(|spec| spec.id),
            name: spec.map(|spec| spec.name.clone()),
            kind: spec.map(|spec| spec.kind),
            relation: relation.into(),
            answered_by: self.answered_by,
            sql: self.sql.filter(|_| visible),
            message: self.message.filter(|_| visible).map(Prose::from),
            role: role.into(),
        }
    }
}

/// The rows of checks that share a scan: the shared pass first.
fn explain_together(group: &[StoredCheck]) -> Result<Vec<ExplanationRow>> {
    let caller = role::current();
    let (relation, role) = (&group[0].name, role::name_of(group[0].runs_as));
    let own: Vec<bool> = group.iter().map(StoredCheck::is_own).collect();
    let explain = || {
        let source = group[0].open()?;
        source.require_rights()?;
        let checks: Vec<&Check> = group.iter().map(|stored| &stored.check).collect();
        let reads = rights::reads(&checks, &source)?;
        let mut pass = Pass::default();
        let mut rows = Vec::with_capacity(group.len() + 1);
        let mut all_visible = true;
        for ((check, own), reads) in checks.into_iter().zip(&own).zip(reads) {
            let explanation = attempt(|| Explanation::of(check, &source, &mut pass))?;
            let visible = *own || reads.is_visible_to(caller);
            all_visible &= visible;
            let explanation = explanation.unwrap_or_else(Explanation::error);
            rows.push(explanation.row(Some(check), relation, &role, visible));
        }
        if let Some((sql, message)) = pass.explain(&source)? {
            let shared = Explanation {
                sql: Some(sql),
                message,
                ..Explanation::by(SHARED_SCAN)
            };
            rows.insert(0, shared.row(None, relation, &role, all_visible));
        }
        Ok(rows)
    };
    let rows = attempt(|| group[0].as_its_role(explain))?;
    Ok(rows.unwrap_or_else(|message| {
        let checks = group.iter().zip(&own);
        checks
            .map(|(stored, &own)| Explanation::error(message.clone()).row(Some(&stored.check), relation, &role, own))
            .collect()
    }))
}

/// `explain_checks(relation)`.
#[pg_extern(sql = false)]
fn explain_checks(relation: Option<Oid>) -> SetOf<ExplanationRow> {
    let selection = Selection {
        relation,
        ..Selection::default()
    };
    let rows = snapshot::with_own(|_| {
        let stored = table::select(&selection)?;
        let mut rows = Vec::with_capacity(stored.len());
        for group in stored.chunk_by(StoredCheck::shares_scan_with) {
            rows.extend(explain_together(group)?);
        }
        Ok(rows)
    });
    set_of(or_raise(rows))
}
