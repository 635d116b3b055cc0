//! Where keys are: in a user mapping, or in a file or an environment variable that a superuser allowed and a user mapping names.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::validator::{not_a_key, wrong};
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, Result};
use crate::pg::foreign_server::{ForeignServer, pair};
use crate::pg::settings;
use algo_text::endpoint::options::{KeyPlace, USER, allowed};
use algo_text::endpoint::secret::Secret;

/// The key that the current role calls a server with; `None` where it has none.
pub fn key_of(server: &ForeignServer) -> Result<Option<Secret>> {
    /// Of a file with a key.
    const MOST: u64 = 64 * 1024;
    let options = server.user_options()?;
    let place = KeyPlace::read(options.iter().map(|option| pair(option))).map_err(|problem| wrong(problem, &USER))?;
    let (key, place) = match place {
        None => return Ok(None),
        Some(KeyPlace::Here(key)) => (key, "option \"api_key\"".to_owned()),
        Some(KeyPlace::File(path)) => {
            let bytes = file(&path, MOST)?;
            let text = String::from_utf8(bytes).unwrap_or_default();
            (text, format!("file \"{path}\""))
        }
        Some(KeyPlace::Variable(name)) => {
            let list = settings::endpoint_variables();
            if !allowed(&list).any(|allowed| allowed == name) {
                return Err(Error::new(
                    INSUFFICIENT_PRIVILEGE,
                    format!("environment variable \"{name}\" may not be read"),
                )
                .hint("A superuser adds it to assay.endpoint_variables."));
            }
            let key = std::env::var(&name).map_err(|_| {
                Error::new(
                    INVALID_PARAMETER,
                    format!("the server has no environment variable \"{name}\""),
                )
                .hint("It has what the server was started with.")
            })?;
            (key, format!("environment variable \"{name}\""))
        }
    };
    Secret::new(key.trim_end_matches(['\r', '\n']))
        .map(Some)
        .ok_or_else(|| not_a_key(&place))
}

/// The content of a file that a superuser allowed.
pub fn file(path: &str, most: u64) -> Result<Vec<u8>> {
    let list = settings::endpoint_files();
    if !allowed(&list).any(|allowed| allowed == path) {
        return Err(
            Error::new(INSUFFICIENT_PRIVILEGE, format!("file \"{path}\" may not be read"))
                .hint("A superuser adds it to assay.endpoint_files."),
        );
    }
    plain_file(path, most).map_err(|problem| {
        Error::new(INVALID_PARAMETER, format!("file \"{path}\" cannot be read"))
            .detail(problem)
            .hint("The server's user has to be able to read it.")
    })
}

/// The content of a plain file of at most so many bytes, or why it cannot be read, as a sentence.
pub fn plain_file(path: &str, most: u64) -> std::result::Result<Vec<u8>, String> {
    let found = std::fs::metadata(Path::new(path)).map_err(|problem| format!("{problem}."))?;
    // A pipe would make the backend wait.
    if !found.is_file() || found.len() > most {
        return Err(format!("It is no plain file of at most {most} bytes."));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(most).read_to_end(&mut bytes))
        .map_err(|problem| format!("{problem}."))?;
    Ok(bytes)
}
