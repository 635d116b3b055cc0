//! `relationships`: that values are among those of a column of another relation.

use pgrx::spi::{quote_identifier, quote_literal};
use serde::Deserialize;

use super::assertion::{Assertion, CheckKind};
use super::common::literal::value_of;
use super::common::statement::{self, Parts, array, one_text};
use super::plan::{FailingRows, Means, Plan, Planner, RowCondition};
use crate::pg::error::Result;
use crate::quality::source::Source;
use crate::quality::spec::Needs;

pub static RELATIONSHIPS: CheckKind = CheckKind {
    name: "relationships",
    needs: Needs::ROWS,
    parse: |arguments| Ok(Box::new(arguments.read::<Relationships>()?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Relationships {
    to: String,
    field: String,
}

const METRIC: &str = "rows_without_parent";

impl Assertion for Relationships {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let (spec, source) = (planner.spec, planner.source);
        let column = planner.column()?;
        let parent = planner.other()?;
        let child = value_of(column);
        let field = quote_identifier(&parent.require_column(&self.field)?.name);
        let orphan = format!(
            "{child} IS NOT NULL AND NOT EXISTS (SELECT FROM {} AS parent WHERE parent.{field} = {child})",
            parent.relation()
        );
        let parts = Parts::new(spec, source)?;
        let sql = orphans(&parts, &child, &orphan);
        let proof = if parts.segments.is_empty() {
            self.foreign_key(source, &column.name, &parent)?
        } else {
            None
        };
        let means = match proof {
            Some(proof) => Means::Proof(statement::proved(METRIC, &sql, &proof)?),
            None => {
                let statement = sql.clone();
                let inquiry = planner.ask_rows(move |answer| statement::findings(spec, METRIC, &statement, answer))?;
                Means::Statement(inquiry, sql)
            }
        };
        Ok(Plan {
            means,
            failing_rows: FailingRows::Condition(Box::new(move |_| Ok(RowCondition::Alone(orphan)))),
        })
    }

    fn other_relation(&self) -> Option<&str> {
        Some(&self.to)
    }
}

/// The statement that finds the rows whose value is no parent's, with some of the values.
fn orphans(parts: &Parts, value: &str, orphan: &str) -> String {
    format!(
        "SELECT {segment}, pg_catalog.sum(n)::pg_catalog.int8, pg_catalog.sum(n)::pg_catalog.float8,
    pg_catalog.json_agg(pg_catalog.json_build_object('value', value, 'rows', n) ORDER BY place) FILTER (WHERE place <= 5)::pg_catalog.text
FROM (SELECT *, pg_catalog.row_number() OVER ({partition} ORDER BY n DESC, value::pg_catalog.text) AS place
    FROM (SELECT {segments}{value} AS value, pg_catalog.count(*) AS n FROM {rows} AS q WHERE {filter}{orphan}
        GROUP BY {grouped}) AS failing) AS ranked
{group_by}",
        segment = parts.segment_json(),
        partition = parts.partition(),
        segments = parts.segment_names(),
        rows = parts.rows,
        filter = parts.filter,
        grouped = (1..=parts.segments.len() + 1)
            .map(|i| i.to_string())
            .collect::<Vec<_>>()
            .join(", "),
        group_by = parts.group_by(),
    )
}

impl Relationships {
    /// A foreign key, which proves that every value has a parent. It must be validated and hold at every moment, for all rows.
    fn foreign_key(&self, source: &Source, column: &str, parent: &Source) -> Result<Option<String>> {
        if !source.is_relation() || !parent.is_relation() {
            return Ok(None);
        }
        one_text(&format!(
            "SELECT 'foreign key ' || c.conname FROM pg_catalog.pg_constraint AS c
JOIN pg_catalog.pg_class AS r ON r.oid = c.conrelid
WHERE c.contype = 'f' AND c.convalidated AND NOT c.condeferrable AND NOT r.relhassubclass
    AND c.conrelid = {child}::pg_catalog.regclass AND c.confrelid = {parent}::pg_catalog.regclass
    AND {column} = (SELECT pg_catalog.array_agg(a.attname::pg_catalog.text) FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey))
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger AS t WHERE t.tgconstraint = c.oid AND t.tgenabled IN ('D', 'R'))
    AND {field} = (SELECT pg_catalog.array_agg(a.attname::pg_catalog.text) FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.confrelid AND a.attnum = ANY (c.confkey))
ORDER BY c.oid LIMIT 1",
            child = quote_literal(&source.text),
            parent = quote_literal(&parent.text),
            column = array(&[column.to_string()]),
            field = array(std::slice::from_ref(&self.field)),
        ))
    }
}
