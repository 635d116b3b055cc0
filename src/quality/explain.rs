//! `explain_checks(relation)`: which pass answers which check, and the SQL that it runs. Nothing of the relation is read.

use pgrx::iter::TableIterator;
use pgrx::pg_sys::Oid;
use pgrx::{name, pg_extern};

use super::check::Check;
use super::compile::{self, Spread, Work};
use super::pass::Pass;
use super::rule::Rule;
use super::source::Source;
use super::stored::{self, Stored, Wanted};
use super::{near_duplicates, statement, validate};
use crate::pg::attempt::attempt;
use crate::pg::catalog;
use crate::pg::error::{Result, or_raise};
use crate::pg::identity::{self, Settings};
use crate::pg::text::Text;

/// A line of the explanation.
type Line = (
    name!(check_id, Option<i64>),
    name!(name, Option<Text>),
    name!(kind, Option<Text>),
    name!(relation, Text),
    name!(answered_by, Text),
    name!(sql, Option<Text>),
    name!(message, Option<Text>),
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
        let told = |by: &'static str, sql: String| Answered {
            by,
            sql: Some(sql),
            message: Some(format!("the {SHARED} counts the rows")),
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
            Work::Statement(_) => told("own statement", statement::sql(check, source)?),
            Work::NearDuplicates(_, similarity) => {
                told("own statement", near_duplicates::sql(check, source, &similarity)?)
            }
        })
    }
}

/// The lines of the checks that one role added to one relation: the shared pass first.
fn of_relation(group: &[Stored]) -> Result<Vec<Line>> {
    let (relation, added_by) = (&group[0].name, group[0].added_by);
    let own = catalog::acts_for(added_by);
    let work = || {
        let role = catalog::role_name(catalog::current_role());
        let source = Source::open(relation)?;
        let mut pass = Pass::default();
        let mut lines = Vec::with_capacity(group.len() + 1);
        for Stored { check, .. } in group {
            let answered = if own || !check.has_expression() {
                attempt(|| Answered::of(check, &source, &mut pass))?
            } else {
                Err(stored::not_yours(added_by))
            };
            let answered = answered.unwrap_or_else(|message| Answered {
                message: Some(message),
                ..Answered::by("error")
            });
            lines.push((
                check.id,
                Some(check.name.as_str().into()),
                Some(check.kind.into()),
                relation.as_str().into(),
                answered.by.into(),
                answered.sql.map(Text::from),
                answered.message.map(Text::from),
                role.as_str().into(),
            ));
        }
        if let Some(sql) = pass.told(&source)? {
            let shared = (
                None,
                None,
                None,
                relation.as_str().into(),
                SHARED.into(),
                Some(sql.into()),
                None,
                role.into(),
            );
            lines.insert(0, shared);
        }
        Ok(lines)
    };
    let run = attempt(|| {
        if own {
            identity::as_role(added_by, &Settings::default(), work)
        } else {
            work()
        }
    })?;
    Ok(run.unwrap_or_else(|message| {
        let role = catalog::role_name(catalog::current_role());
        let line = |Stored { check, .. }: &Stored| {
            (
                check.id,
                Some(check.name.as_str().into()),
                Some(check.kind.into()),
                relation.as_str().into(),
                "error".into(),
                None,
                Some(message.as_str().into()),
                role.as_str().into(),
            )
        };
        group.iter().map(line).collect()
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
            lines.extend(of_relation(group)?);
        }
        Ok(lines)
    });
    TableIterator::new(or_raise(lines))
}
