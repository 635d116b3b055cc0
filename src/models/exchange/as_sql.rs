//! `model_as_sql(model, alias)`.

use pgrx::pg_extern;

use super::foreign::of_file;
use crate::models::cache;
use crate::models::carry_out;
use crate::models::registry::{self, Privilege};
use crate::pg::compute;
use crate::pg::error::{Result, or_raise};
use crate::pg::options::required;
use crate::pg::text::Text;
use algo::formula::{formula, sql};

/// `model_as_sql(model, alias)`.
#[pg_extern(sql = false)]
fn model_as_sql(model: Option<Text>, alias: Option<Text>) -> Text {
    or_raise(written(model, alias)).into()
}

/// A formula tells all that the model holds, as a file does.
fn written(model: Option<Text>, alias: Option<Text>) -> Result<String> {
    let version = registry::resolve(&required("model", model)?, Privilege::Manage)?;
    let scorer = cache::scorer(&version)?;
    let model = scorer.model();
    let alias = alias.as_deref();
    carry_out(|reporter, statement| {
        let writing = format!("writing {}", version.reference());
        compute::run(&writing, reporter, statement, |monitor| {
            let text = formula(model, monitor).and_then(|formula| sql(&formula, model, alias, monitor));
            text.map_err(of_file)
        })
    })
}
