//! `drop_vectorizer`.

use pgrx::pg_extern;

use super::{evidence, names, source, triggers};
use crate::pg::error::{Result, or_raise};
use crate::pg::options::required;
use crate::pg::text::Text;
use crate::pg::{identity, read_only, relation, statement, tables};

fn drop_one(vectorizer: Option<Text>, keep_chunks: bool) -> Result<()> {
    let vectorizer = names::argument(vectorizer)?;
    source::require_owner(vectorizer.source)?;
    evidence::withdraw(&vectorizer)?;
    identity::writing_as(vectorizer.owner, &vectorizer.settings, || {
        triggers::remove(vectorizer.source, vectorizer.id)?;
        let is_owned = relation::owner(vectorizer.store) == Some(vectorizer.owner);
        match relation::name_of(vectorizer.store) {
            Some(store) if is_owned && !keep_chunks => statement::run(&format!("DROP TABLE {store}"), &[]),
            Some(_) | None => Ok(()),
        }
    })?;
    tables::as_owner(|| {
        names::forget_rows(vectorizer.id)?;
        statement::run(
            "DELETE FROM assay.vectorizer WHERE id OPERATOR(pg_catalog.=) $1",
            &[vectorizer.id.into()],
        )
    })
}

/// `drop_vectorizer(vectorizer, keep_chunks)`.
#[pg_extern(sql = false)]
fn drop_vectorizer(vectorizer: Option<Text>, keep_chunks: Option<bool>) {
    read_only::require_writable(c"assay.drop_vectorizer()");
    or_raise(required("keep_chunks", keep_chunks).and_then(|keep_chunks| drop_one(vectorizer, keep_chunks)));
}
