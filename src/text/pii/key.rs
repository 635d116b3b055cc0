//! The key of pseudonyms: a file that a superuser names. A setting that held the key itself would be shown to whoever asks for it before the library,
//! which hides it, is loaded.

use crate::pg::error::{Error, NO_PSEUDONYM_KEY, Result};
use crate::pg::settings;
use crate::text::endpoints::key::plain_file;
use algo_text::pii::Key;

/// The key. Returns ML041 where there is none that could be read.
pub fn key() -> Result<Key> {
    /// Of the file.
    const MOST: u64 = 64 * 1024;
    let path = settings::pseudonym_key_file();
    if path.is_empty() {
        return Err(Error::new(NO_PSEUDONYM_KEY, "pseudonyms have no key")
            .detail("assay.pseudonym_key_file is not set.")
            .hint("A superuser sets it to the path of a file with a secret of at least 16 bytes, such as 'openssl rand -hex 32' gives."));
    }
    // Who calls need not know where it is.
    let bytes = plain_file(&path, MOST).map_err(|_| {
        Error::new(NO_PSEUDONYM_KEY, "the key of pseudonyms cannot be read")
            .detail("assay.pseudonym_key_file names no plain file that the server's user may read.")
            .hint("A superuser corrects it.")
    })?;
    let secret = bytes.trim_ascii_end();
    Key::new(secret).ok_or_else(|| {
        Error::new(NO_PSEUDONYM_KEY, "the key of pseudonyms is too short")
            .detail(format!("It has {} bytes; at least {} are needed.", secret.len(), Key::SHORTEST))
            .hint("A superuser writes a longer one, such as 'openssl rand -hex 32' gives, into the file that assay.pseudonym_key_file names.")
    })
}
