//! `encoding_damage`: that texts were read in the encoding that they were written in, and lost nothing.

use super::assertion::{Assertion, CheckKind};
use super::common::literal::value_of;
use super::common::rows;
use super::plan::{Plan, Planner};
use crate::pg::error::Result;
use crate::quality::spec::Needs;

pub static ENCODING_DAMAGE: CheckKind = CheckKind {
    name: "encoding_damage",
    needs: Needs::ROWS,
    parse: |arguments| {
        arguments.none()?;
        Ok(Box::new(EncodingDamage))
    },
};

#[derive(Debug)]
struct EncodingDamage;

impl Assertion for EncodingDamage {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let column = planner.column_of(rows::is_text, "text")?;
        let condition = format!("assay.encoding_damage({}::pg_catalog.text) IS NULL", value_of(column));
        rows::condition(planner, &condition)
    }
}
