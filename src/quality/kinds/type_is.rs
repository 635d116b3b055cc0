//! `type_is`: the type of a column.

use serde::Deserialize;
use serde_json::Value as Json;

use super::assertion::{Assertion, CheckKind};
use super::plan::{FailingRows, Means, Plan, Planner, SEE_FIGURE};
use crate::pg::error::Result;
use crate::pg::query_row::OutputColumn;
use crate::pg::types;
use crate::quality::finding::Finding;
use crate::quality::spec::{Need, Needs};

pub static TYPE_IS: CheckKind = CheckKind {
    name: "type_is",
    needs: Needs {
        column: Need::Required,
        segments: Need::Refused,
        filter: Need::Refused,
        counts_rows: false,
    },
    parse: |arguments| Ok(Box::new(arguments.read_sound(TypeIs::problem)?)),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TypeIs {
    column_type: Option<String>,
    #[serde(default)]
    column_type_list: Vec<String>,
}

impl TypeIs {
    fn problem(&self) -> Option<&'static str> {
        (self.column_type.is_none() && self.column_type_list.is_empty())
            .then_some("column_type or column_type_list must name a type")
    }

    fn finding(&self, column: &OutputColumn) -> Finding {
        let wanted: Vec<&str> = self
            .column_type
            .iter()
            .chain(&self.column_type_list)
            .map(String::as_str)
            .collect();
        // Without its length, too: varchar(10) is a character varying.
        let holds = wanted.iter().any(|wanted| types::is_named(column.type_oid, wanted));
        let mut finding = Finding::figure("type", None, wanted.join(" or "), holds);
        finding.sample = Some(Json::String(column.type_name.clone()));
        finding
    }
}

impl Assertion for TypeIs {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        planner.source.require_rights()?;
        Ok(Plan {
            means: Means::Columns(self.finding(planner.column()?)),
            failing_rows: FailingRows::Unknown(SEE_FIGURE),
        })
    }
}
