//! `pii`: that texts hold no personal data.

use serde::Deserialize;

use super::assertion::{Assertion, CheckKind};
use super::common::literal::value_of;
use super::common::rows;
use super::common::statement::array;
use super::plan::{Plan, Planner};
use crate::pg::error::Result;
use crate::quality::spec::Needs;
use crate::text;

pub static PII: CheckKind = CheckKind {
    name: "pii",
    needs: Needs::ROWS,
    parse: |arguments| {
        let pii: Pii = arguments.read()?;
        pii.kinds.as_deref().map(text::pii_kinds).transpose()?;
        Ok(Box::new(pii))
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pii {
    /// Those that are looked for, of assay.find_pii; all unless given.
    kinds: Option<Vec<String>>,
    /// Names of persons.
    #[serde(default)]
    names: Vec<String>,
}

impl Assertion for Pii {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let column = planner.column_of(rows::is_text, "text")?;
        let kinds = self.kinds.as_deref().map_or_else(|| "NULL".to_owned(), array);
        let condition = format!(
            "NOT EXISTS (SELECT FROM assay.find_pii({}::pg_catalog.text, {kinds}, {}))",
            value_of(column),
            array(&self.names)
        );
        rows::condition(planner, &condition)
    }
}
