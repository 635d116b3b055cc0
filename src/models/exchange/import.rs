//! `import_model(name, bytes, format, options)`.

use pgrx::pg_extern;

use super::{Incoming, format};
use crate::models::{carry_out, check_name};
use crate::pg::error::{Result, or_raise};
use crate::pg::json::Jsonb;
use crate::pg::options::{self, required};
use crate::pg::read_only;
use crate::pg::text::Text;

/// `import_model(name, bytes, format, options)`.
#[pg_extern(sql = false)]
fn import_model(name: Option<Text>, bytes: Option<&[u8]>, format: Option<Text>, options: Option<Jsonb>) -> i32 {
    read_only::require_writable(c"assay.import_model()");
    or_raise(imported(name, bytes, format, options))
}

fn imported(name: Option<Text>, bytes: Option<&[u8]>, wanted: Option<Text>, options: Option<Jsonb>) -> Result<i32> {
    let name = required("name", name)?;
    let bytes = required("bytes", bytes)?;
    let import = format(&required("format", wanted)?, "imported", |format| format.import)?;
    let options = options::object("options", options)?;
    check_name(&name)?;
    let incoming = Incoming {
        name: &name,
        bytes,
        options,
    };
    carry_out(|reporter, statement| import(&incoming, reporter, statement))
}
