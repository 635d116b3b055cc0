//! `columns_match`: which columns a relation has.

use serde::Deserialize;
use serde_json::json;

use super::assertion::{Assertion, CheckKind};
use super::plan::{FailingRows, Means, Plan, Planner, SEE_FIGURE};
use crate::pg::error::Result;
use crate::quality::finding::Finding;
use crate::quality::source::Source;
use crate::quality::spec::{Need, Needs};

pub static COLUMNS_MATCH: CheckKind = CheckKind {
    name: "columns_match",
    needs: Needs {
        column: Need::Refused,
        segments: Need::Refused,
        filter: Need::Refused,
        counts_rows: false,
    },
    parse: |arguments| Ok(Box::new(arguments.read::<ColumnsMatch>()?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnsMatch {
    column_list: Vec<String>,
    #[serde(default, rename = "match")]
    comparison: Comparison,
}

/// How a list of columns is compared.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Comparison {
    /// The same columns, in any order.
    #[default]
    Set,
    /// The same columns in the same order.
    OrderedList,
    /// At least these.
    ContainSet,
}

impl ColumnsMatch {
    fn finding(&self, source: &Source) -> Finding {
        let there: Vec<&str> = source.columns().iter().map(|column| column.name.as_str()).collect();
        let wanted: Vec<&str> = self.column_list.iter().map(String::as_str).collect();
        let missing: Vec<&str> = wanted.iter().copied().filter(|name| !there.contains(name)).collect();
        let further: Vec<&str> = there.iter().copied().filter(|name| !wanted.contains(name)).collect();
        let holds = missing.is_empty()
            && match self.comparison {
                Comparison::ContainSet => true,
                Comparison::Set => further.is_empty(),
                Comparison::OrderedList => there == wanted,
            };
        let threshold = format!("{} columns", wanted.len());
        let mut finding = Finding::figure("columns", Some(there.len() as f64), threshold, holds);
        finding.sample = Some(json!({ "missing": missing, "further": further, "columns": there }));
        finding
    }
}

impl Assertion for ColumnsMatch {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        planner.source.require_rights()?;
        Ok(Plan {
            means: Means::Columns(self.finding(planner.source)),
            failing_rows: FailingRows::Unknown(SEE_FIGURE),
        })
    }
}
