//! `unique`, `unique_combination` and `duplicate_rows`: that no value, combination of values, or whole row occurs twice.

use pgrx::spi::quote_literal;
use serde::Deserialize;

use super::assertion::{Assertion, CheckKind, out_of_range};
use super::common::literal::{value_of, values_of};
use super::common::statement::{self, Parts, array, one_text};
use super::plan::{FailingRows, Means, Plan, Planner, RowCondition};
use crate::pg::error::Result;
use crate::pg::query_row::OutputColumn;
use crate::pg::types;
use crate::quality::finding::Finding;
use crate::quality::source::Source;
use crate::quality::spec::{Need, Needs};

pub static UNIQUE: CheckKind = CheckKind {
    name: "unique",
    needs: Needs::ROWS,
    parse: |arguments| {
        arguments.none()?;
        Ok(Box::new(Unique))
    },
};

pub static UNIQUE_COMBINATION: CheckKind = CheckKind {
    name: "unique_combination",
    needs: Needs {
        column: Need::Refused,
        ..Needs::ROWS
    },
    parse: |arguments| Ok(Box::new(arguments.read_sound(UniqueCombination::problem)?)),
};

/// What unique_combination is of all columns.
pub static DUPLICATE_ROWS: CheckKind = CheckKind {
    name: "duplicate_rows",
    needs: Needs {
        column: Need::Refused,
        ..Needs::ROWS
    },
    parse: |arguments| Ok(Box::new(arguments.read::<DuplicateRows>()?)),
};

#[derive(Debug)]
struct Unique;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DuplicateRows {
    /// Columns that differ between rows that are otherwise the same, such as when each was loaded.
    #[serde(default)]
    exclude_columns: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UniqueCombination {
    combination_of_columns: Vec<String>,
}

impl UniqueCombination {
    fn problem(&self) -> Option<&'static str> {
        self.combination_of_columns
            .is_empty()
            .then_some("combination_of_columns must name a column")
    }
}

impl Assertion for Unique {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let column = planner.column()?;
        let names = std::slice::from_ref(&column.name);
        plan(planner, names, vec![value_of(column)], Nulls::AreNoValues)
    }
}

impl Assertion for UniqueCombination {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let names = &self.combination_of_columns;
        plan(planner, names, values_of(planner.source, names)?, Nulls::AreEqual)
    }
}

impl Assertion for DuplicateRows {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let source = planner.source;
        source.require_distinct_names()?;
        for name in &self.exclude_columns {
            source.require_column(name)?;
        }
        let compared = source.columns().iter();
        let compared = compared.filter(|column| !self.exclude_columns.contains(&column.name));
        let (names, keys): (Vec<String>, Vec<String>) =
            compared.map(|column| (column.name.clone(), comparable(column))).unzip();
        if names.is_empty() {
            return Err(out_of_range(planner.spec.kind, "a column must be left to compare"));
        }
        plan(planner, &names, keys, Nulls::AreEqual)
    }
}

/// What NULLs are to a check.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nulls {
    /// A single one is no value, and repeats none.
    AreNoValues,
    /// In a combination they equal each other, as GROUP BY has it.
    AreEqual,
}

const METRIC: &str = "duplicated_values";

/// The plan of a check of these columns, whose values the keys are.
fn plan<'a>(planner: &mut Planner<'a, '_>, columns: &[String], keys: Vec<String>, nulls: Nulls) -> Result<Plan<'a>> {
    let (spec, source) = (planner.spec, planner.source);
    let parts = Parts::new(spec, source)?;
    let sql = duplicates(&parts, &keys, nulls);
    let proof = if parts.segments.is_empty() {
        index(source, columns, nulls)?
    } else {
        None
    };
    let means = match proof {
        Some(proof) => Means::Proof(statement::proved(METRIC, &sql, &proof)?),
        None => {
            let statement = sql.clone();
            let inquiry = planner.ask_rows(move |answer| {
                let mut findings = statement::findings(spec, METRIC, &statement, answer)?;
                findings
                    .iter_mut()
                    .for_each(|finding| finding.message = describe(finding));
                Ok(findings)
            })?;
            Means::Statement(inquiry, sql)
        }
    };
    Ok(Plan {
        means,
        failing_rows: FailingRows::Condition(Box::new(move |_| {
            let partition = [keys.as_slice(), parts.segments.as_slice()].concat().join(", ");
            let repeated = format!("pg_catalog.count(*) OVER (PARTITION BY {partition}) > 1");
            Ok(RowCondition::Windowed(match nulls {
                Nulls::AreNoValues => format!("{} IS NOT NULL AND {repeated}", keys[0]),
                Nulls::AreEqual => repeated,
            }))
        })),
    })
}

/// A column of a row q as it is compared where any column may come: one of a type without an order, such as json, by its text.
fn comparable(column: &OutputColumn) -> String {
    match types::is_sortable(column.type_oid) {
        true => value_of(column),
        false => format!("{}::pg_catalog.text", value_of(column)),
    }
}

/// The most arguments of a call.
const MOST_ARGUMENTS: usize = 100;

/// The values of a combination as a JSON array.
fn combination(keys: usize) -> String {
    let names: Vec<String> = (1..=keys).map(|i| format!("k{i}")).collect();
    let parts = names.chunks(MOST_ARGUMENTS);
    let parts: Vec<String> = parts
        .map(|names| format!("pg_catalog.jsonb_build_array({})", names.join(", ")))
        .collect();
    parts.join(" OPERATOR(pg_catalog.||) ")
}

/// The statement that finds the values that occur more than once.
fn duplicates(parts: &Parts, keys: &[String], nulls: Nulls) -> String {
    let numbered = |shape: fn(usize) -> String| (1..=keys.len()).map(shape).collect::<Vec<_>>().join(", ");
    let texts = numbered(|i| format!("k{i}::pg_catalog.text"));
    let (present, value) = match nulls {
        Nulls::AreNoValues => (
            format!("{} IS NOT NULL", keys[0]),
            "pg_catalog.to_jsonb(k1)".to_string(),
        ),
        Nulls::AreEqual => ("true".to_string(), combination(keys.len())),
    };
    let named_keys: String = keys
        .iter()
        .zip(1..)
        .map(|(sql, i)| format!("{sql} AS k{i}, "))
        .collect();
    format!(
        "SELECT {segment}, pg_catalog.sum(n)::pg_catalog.int8, pg_catalog.count(*)::pg_catalog.float8,
    pg_catalog.json_build_object('duplicated_values', pg_catalog.count(*), 'rows_involved', pg_catalog.sum(n), 'excess_rows', pg_catalog.sum(n - 1),
        'values', pg_catalog.json_agg(pg_catalog.json_build_object('value', value, 'rows', n) ORDER BY place) FILTER (WHERE place <= 5))::pg_catalog.text
FROM (SELECT *, {value} AS value, pg_catalog.row_number() OVER ({partition} ORDER BY n DESC, {texts}) AS place
    FROM (SELECT {segments}{named_keys}pg_catalog.count(*) AS n FROM {rows} AS q WHERE {filter}{present}
        GROUP BY {grouped} HAVING pg_catalog.count(*) > 1) AS duplicate) AS ranked
{group_by}",
        segment = parts.segment_json(),
        partition = parts.partition(),
        segments = parts.segment_names(),
        rows = parts.rows,
        filter = parts.filter,
        grouped = [parts.segments.as_slice(), keys].concat().join(", "),
        group_by = parts.group_by(),
    )
}

/// How many values repeat, in one sentence: the rows that share a value, which fail, and those of them that are too many, each number by its name
/// in the sample.
fn describe(finding: &Finding) -> Option<String> {
    let number = |name: &str| finding.sample.as_ref()?[name].as_u64();
    Some(format!(
        "{} values occur more than once (rows_involved: {}, excess_rows: {})",
        number("duplicated_values")?,
        number("rows_involved")?,
        number("excess_rows")?
    ))
}

/// Whether no row has NULL in column `a` of pg_attribute. From PostgreSQL 18 on a NOT NULL constraint may be NOT VALID.
pub const FORBIDS_NULL: &str = "(a.attnotnull AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS n
    WHERE n.conrelid = a.attrelid AND n.contype = 'n' AND n.conkey = ARRAY[a.attnum] AND NOT n.convalidated))";

/// A unique index over some of the columns, which proves that no row repeats another. It must hold at every moment, for all rows, and, where
/// NULL equals NULL, of columns that have none: from PostgreSQL 18 on a NOT NULL constraint may be NOT VALID, and a key WITHOUT OVERLAPS is
/// an exclusion.
fn index(source: &Source, columns: &[String], nulls: Nulls) -> Result<Option<String>> {
    if !source.is_relation() {
        return Ok(None);
    }
    one_text(&format!(
        "SELECT 'unique index ' || r.relname FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS r ON r.oid = i.indexrelid
JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
WHERE i.indrelid = {relation}::pg_catalog.regclass AND i.indisunique AND i.indisvalid AND i.indimmediate
    AND NOT i.indisexclusion AND i.indpred IS NULL AND i.indexprs IS NULL AND (t.relkind = 'p' OR NOT t.relhassubclass)
    AND (SELECT pg_catalog.bool_and(a.attname::pg_catalog.text = ANY ({columns}) AND ({FORBIDS_NULL} OR NOT {strict}))
        FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::pg_catalog.int2[])[0:i.indnkeyatts - 1]))
ORDER BY i.indexrelid LIMIT 1",
        relation = quote_literal(&source.text),
        columns = array(columns),
        strict = nulls == Nulls::AreEqual,
    ))
}
