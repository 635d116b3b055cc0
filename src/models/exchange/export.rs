//! `export_model(model, format)`.

use pgrx::pg_extern;

use super::format;
use crate::models::carry_out;
use crate::models::registry::{self, Privilege};
use crate::pg::error::{Result, or_raise};
use crate::pg::options::required;
use crate::pg::text::Text;

/// `export_model(model, format)`.
#[pg_extern(sql = false)]
fn export_model(model: Option<Text>, format: Option<Text>) -> Vec<u8> {
    or_raise(exported(model, format))
}

/// A file tells all that a model holds, of the training rows, too: whoever asks for it has to be allowed to manage the model.
fn exported(model: Option<Text>, wanted: Option<Text>) -> Result<Vec<u8>> {
    let model = required("model", model)?;
    let export = format(&required("format", wanted)?, "exported", |format| format.export)?;
    let version = registry::resolve(&model, Privilege::Manage)?;
    carry_out(|reporter, statement| export(&version, reporter, statement))
}
