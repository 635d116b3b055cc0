//! What lies outside of the bounds of its segment: one statement joins the rows with the bounds, which the shared pass gave.

use super::{describe, too_little};
use crate::pg::error::Result;
use crate::pg::intake;
use crate::pg::query_row::OutputColumn;
use crate::quality::finding::{Finding, add_evidence};
use crate::quality::kinds::answer::Answer;
use crate::quality::kinds::common::literal::value_of;
use crate::quality::kinds::common::statement::{self, Parts};
use crate::quality::spec::Spec;
use algo::block::Kind;

/// The bounds of each segment of an answer, in its order; `None` of too few values.
type Bounds = [Option<(f64, f64)>];

/// The findings of all segments.
pub fn findings(
    spec: &Spec,
    column: &OutputColumn,
    parts: &Parts,
    answer: &Answer<'_>,
    bounds: &Bounds,
) -> Result<Vec<Finding>> {
    let mut findings = match usual(answer, bounds) {
        Some(usual) => {
            let sql = outside(parts, column, answer, &usual);
            statement::findings(spec, "rows_failed", &sql, answer)?
        }
        None => answer.segments.iter().map(|_| too_little()).collect(),
    };
    for ((finding, segment), bounds) in findings.iter_mut().zip(&answer.segments).zip(bounds) {
        match bounds {
            Some(bounds) => finding.message = Some(describe(*bounds)),
            None => *finding = too_little(),
        }
        finding.segment = answer.json(segment);
        finding.rows = Some(segment.tally.rows);
        finding.nulls = Some(segment.tally.nulls);
    }
    add_evidence(spec, &mut findings);
    Ok(findings)
}

/// The condition that a row q lies outside of the bounds of its segment.
pub fn condition(column: &OutputColumn, answer: &Answer<'_>, bounds: &Bounds) -> String {
    let Some(usual) = usual(answer, bounds) else {
        return "false".into();
    };
    let groups: Vec<&str> = answer.grouping.groups.iter().map(|group| group.sql.as_str()).collect();
    format!(
        "EXISTS (SELECT FROM {} WHERE {} AND NOT {} BETWEEN usual.low AND usual.high)",
        usual.table,
        usual.same(&groups),
        number(column, &value_of(column))
    )
}

/// The bounds as a table of SQL.
struct Usual {
    table: String,
    /// For each thing that rows are grouped by, a value of it if NULL is one, too.
    substitutes: Vec<Substitute>,
}

/// What stands for NULL where values are compared, so that rows are found by a hash.
enum Substitute {
    /// Nothing: no segment has NULL there.
    Needless,
    /// Another value; `None` where NULL is the only one.
    Value(Option<String>),
}

impl Usual {
    /// The condition that a row whose segment these expressions give is of a segment.
    fn same(&self, of_row: &[&str]) -> String {
        let same = of_row.iter().zip(&self.substitutes).zip(1..).map(|((row, substitute), i)| match substitute {
            Substitute::Needless => format!("{row} = usual.s{i}"),
            Substitute::Value(None) => format!("{row} IS NULL"),
            Substitute::Value(Some(value)) => format!(
                "({row} IS NULL) = (usual.s{i} IS NULL) AND COALESCE({row}, {value}) = COALESCE(usual.s{i}, {value})"
            ),
        });
        same.collect::<Vec<_>>().join(" AND ")
    }
}

/// `None` when no segment has bounds.
fn usual(answer: &Answer<'_>, bounds: &Bounds) -> Option<Usual> {
    let segments = answer.segments.iter().zip(bounds);
    let bounded =
        segments.filter_map(|(segment, bounds)| Some((answer.grouping.literals(segment.values?), (*bounds)?)));
    let rows: Vec<_> = bounded.collect();
    let width = rows.first()?.0.len();
    let values = rows.iter().map(|(segment, (low, high))| {
        let literals = segment.iter().map(|literal| literal.as_deref().unwrap_or("NULL"));
        let literals: String = literals.map(|literal| format!("{literal}, ")).collect();
        format!("({literals}'{low}'::pg_catalog.float8, '{high}'::pg_catalog.float8)")
    });
    let names: String = (1..=width).map(|i| format!("s{i}, ")).collect();
    let substitute = |place: usize| {
        let mut at_place = rows.iter().map(|(segment, _)| segment[place].as_ref());
        match at_place.clone().any(|literal| literal.is_none()) {
            true => Substitute::Value(at_place.find_map(|literal| literal.cloned())),
            false => Substitute::Needless,
        }
    };
    Some(Usual {
        table: format!(
            "(VALUES {}) AS usual ({names}low, high)",
            values.collect::<Vec<_>>().join(", ")
        ),
        substitutes: (0..width).map(substitute).collect(),
    })
}

/// A value as a number in SQL.
fn number(column: &OutputColumn, value: &str) -> String {
    match intake::kind_of(column.type_oid) {
        Kind::Bool => format!("{value}::pg_catalog.int4::pg_catalog.float8"),
        _ => format!("{value}::pg_catalog.float8"),
    }
}

/// The statement that finds the values outside of the bounds of their segment.
fn outside(parts: &Parts, column: &OutputColumn, answer: &Answer<'_>, usual: &Usual) -> String {
    let names: Vec<String> = (1..=answer.grouping.groups.len()).map(|i| format!("s{i}")).collect();
    let of_row: Vec<String> = names.iter().map(|name| format!("r.{name}")).collect();
    let of_row: Vec<&str> = of_row.iter().map(String::as_str).collect();
    format!(
        "SELECT {segment}, pg_catalog.count(*), pg_catalog.count(*)::pg_catalog.float8,
    pg_catalog.json_agg(value ORDER BY place) FILTER (WHERE place <= 5)::pg_catalog.text
FROM (SELECT *, pg_catalog.row_number() OVER ({partition} ORDER BY distance DESC, value) AS place
    FROM (SELECT {segments}, r.value, GREATEST(usual.low - {number}, {number} - usual.high) AS distance
        FROM (SELECT {named}{value} AS value FROM {rows} AS q WHERE {filter}{value} IS NOT NULL) AS r JOIN {table} ON {same}
        WHERE NOT {number} BETWEEN usual.low AND usual.high) AS outside) AS ranked
{group_by}",
        segment = parts.segment_json(),
        partition = parts.partition(),
        segments = of_row.join(", "),
        number = number(column, "r.value"),
        named = parts.segment_names(),
        value = value_of(column),
        rows = parts.rows,
        filter = parts.filter,
        table = usual.table,
        same = usual.same(&of_row),
        group_by = parts.group_by(),
    )
}
