//! Documents that searches leave out, whoever searches: `assay.exclude_document`.

use crate::pg::error::{Error, INTERNAL, Result};
use crate::pg::text::Text;
use crate::pg::{statement, tables};

/// The keys of a vectorizer's documents that are left out, as texts that their types read whatever the session's settings are.
pub fn of(vectorizer: i64) -> Result<Vec<Vec<String>>> {
    // Until ALTER EXTENSION UPDATE has run, there is no such table.
    if !tables::exists(c"document_exclusion") {
        return Ok(Vec::new());
    }
    let mut keys = Vec::new();
    tables::as_owner(|| {
        statement::read(
            "SELECT e.key_texts::pg_catalog.text FROM assay.document_exclusion AS e WHERE e.vectorizer_id OPERATOR(pg_catalog.=) $1",
            &[vectorizer.into()],
            &mut |row| {
                let texts: Text = row.require(1)?;
                let key = serde_json::from_str(&texts);
                keys.push(key.map_err(|_| Error::new(INTERNAL, "a stored key cannot be read"))?);
                Ok(())
            },
        )
    })?;
    Ok(keys)
}

/// Forgets those of a vectorizer. As the tables' owner.
pub fn forget(vectorizer: i64) -> Result<()> {
    if !tables::exists(c"document_exclusion") {
        return Ok(());
    }
    statement::run(
        "DELETE FROM assay.document_exclusion WHERE vectorizer_id OPERATOR(pg_catalog.=) $1",
        &[vectorizer.into()],
    )
}
