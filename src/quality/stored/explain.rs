//! `explain_checks(relation)`: which pass answers which check, and the SQL that it runs. Nothing of the relation is read.

use pgrx::iter::TableIterator;
use pgrx::pg_sys::Oid;
use pgrx::{name, pg_extern};

use crate::pg::attempt::attempt;
use crate::pg::catalog;
use crate::pg::error::{Result, or_raise};
use crate::pg::query::Query;
use crate::pg::text::{Prose, Text};
use crate::quality::engine::run as validate;
use crate::quality::kinds::compile::{self, Spread, Work};
use crate::quality::kinds::near_duplicates;
use crate::quality::kinds::rule::Rule;
use crate::quality::kinds::statement;
use crate::quality::pass::Pass;
use crate::quality::source::Source;
use crate::quality::spec::check::Check;
use crate::quality::stored::reads;
use crate::quality::stored::table::{self as stored, Stored, Wanted};

/// A line of the explanation.
type Line = (
    name!(check_id, Option<i64>),
    name!(name, Option<Text>),
    name!(kind, Option<Text>),
    name!(relation, Text),
    name!(answered_by, Text),
    name!(sql, Option<Text>),
    name!(message, Option<Prose>),
    name!(role, Text),
);

/// The explanation.
type Lines = TableIterator<'static, Line>;

/// How one check is answered.
struct Answered {
    by: &'static str,
    sql: Option<String>,
    message: Option<String>,
}

/// What the pass that all checks share is called.
const SHARED: &str = "shared scan";

impl Answered {
    fn by(by: &'static str) -> Answered {
        Answered {
            by,
            sql: None,
            message: None,
        }
    }

    /// Plans a check, adding what it asks to the shared pass.
    fn of(check: &Check, source: &Source, pass: &mut Pass) -> Result<Answered> {
        let own = |sql: String| -> Result<Answered> {
            Query::new(&sql)?.require_rights()?;
            Ok(Answered {
                sql: Some(sql),
                message: Some(format!("the {SHARED} counts the rows")),
                ..Answered::by("own statement")
            })
        };
        if check.has_expression() {
            validate::plan(check, source)?;
        }
        Ok(match compile::compile(check, source, pass)? {
            Work::Found(_) if matches!(check.rule, Rule::ColumnsMatch(_) | Rule::TypeIs(_)) => {
                Answered::by("the relation's columns")
            }
            Work::Found(findings) => Answered {
                message: findings.into_iter().find_map(|finding| finding.message),
                ..Answered::by("proof")
            },
            Work::Rows(_) | Work::Figure(..) | Work::Segments(_) | Work::Anomaly(..) => Answered::by(SHARED),
            Work::Bounds(_, spread) => Answered {
                message: Some(match spread {
                    Spread::Deviations(sigma) => {
                        format!(
                            "values further than {sigma} standard deviations from the mean, both of which the {SHARED} gives"
                        )
                    }
                    Spread::Quartiles(multiplier) => format!(
                        "values further than {multiplier} times the distance of the quartiles from them, which the {SHARED} gives"
                    ),
                }),
                ..Answered::by("second pass")
            },
            Work::Statement(_) => own(statement::sql(check, source)?)?,
            Work::NearDuplicates(_, similarity) => own(near_duplicates::sql(check, source, &similarity)?)?,
        })
    }
}

/// The lines of checks that share a scan: the shared pass first. Names and how each is answered are for everybody, the SQL and messages for
/// whom the results are for.
fn together(group: &[Stored]) -> Result<Vec<Line>> {
    let caller = catalog::current_role();
    let (relation, role) = (&group[0].name, catalog::role_name(group[0].runs_as));
    let own: Vec<bool> = group.iter().map(Stored::is_own).collect();
    let line = |check: Option<&Check>, answered: Answered, visible: bool| {
        (
            check.and_then(|check| check.id),
            check.map(|check| Text::from(check.name.as_str())),
            check.map(|check| Text::from(check.kind)),
            Text::from(relation.as_str()),
            Text::from(answered.by),
            answered.sql.filter(|_| visible).map(Text::from),
            answered.message.filter(|_| visible).map(Prose::from),
            Text::from(role.as_str()),
        )
    };
    let failed = |message: String| Answered {
        message: Some(message),
        ..Answered::by("error")
    };
    let work = || {
        let source = group[0].open()?;
        source.require_rights()?;
        let checks: Vec<&Check> = group.iter().map(|stored| &stored.check).collect();
        let reads = reads::of(&checks, &source)?;
        let mut pass = Pass::default();
        let mut lines = Vec::with_capacity(group.len() + 1);
        let mut all = true;
        for ((check, own), reads) in checks.into_iter().zip(&own).zip(reads) {
            let answered = attempt(|| Answered::of(check, &source, &mut pass))?.unwrap_or_else(failed);
            let visible = *own || reads.is_visible_to(caller);
            all &= visible;
            lines.push(line(Some(check), answered, visible));
        }
        if let Some(sql) = pass.told(&source)? {
            let shared = Answered {
                sql: Some(sql),
                ..Answered::by(SHARED)
            };
            lines.insert(0, line(None, shared, all));
        }
        Ok(lines)
    };
    let run = attempt(|| group[0].in_its_name(work))?;
    Ok(run.unwrap_or_else(|message| {
        let lines = group.iter().zip(&own);
        lines
            .map(|(stored, &own)| line(Some(&stored.check), failed(message.clone()), own))
            .collect()
    }))
}

/// `explain_checks(relation)`.
#[pg_extern(sql = false)]
fn explain_checks(relation: Option<Oid>) -> Lines {
    let wanted = Wanted {
        relation,
        ..Wanted::default()
    };
    let lines = catalog::with_own_snapshot(|_| {
        let stored = stored::find(&wanted)?;
        let mut lines = Vec::with_capacity(stored.len());
        for group in stored.chunk_by(Stored::together) {
            lines.extend(together(group)?);
        }
        Ok(lines)
    });
    TableIterator::new(or_raise(lines))
}
