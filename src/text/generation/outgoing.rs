//! The one place where all messages pass before they leave, and the schema and the stop words that go with them.

use serde_json::Value as Json;

use super::manner::Manner;
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, LIMIT_EXCEEDED, Result, megabytes};
use crate::pg::foreground::Foreground;
use crate::text::endpoints::server::Server;
use algo_text::endpoint::chat::Message;
use algo_text::json_schema::outgoing::{Stop, changed};

/// The most bytes of messages: models take a million tokens.
const MOST: usize = 8 * 1024 * 1024;

/// The messages as they leave for a server. Returns an error where they may not.
pub fn outgoing(server: &Server, messages: Vec<Message>) -> Result<Vec<Message>> {
    let bytes: usize = messages.iter().map(|message| message.content.len()).sum();
    if bytes > MOST {
        return Err(Error::new(
            LIMIT_EXCEEDED,
            format!("what server \"{}\" is to be told is too long", server.foreign.name),
        )
        .detail(format!(
            "It has {}, and may have {}.",
            megabytes(bytes),
            megabytes(MOST)
        ))
        .hint("Ask about less."));
    }
    let statement = Foreground::new()?;
    messages
        .into_iter()
        .map(|message| {
            let content = server.leaving(&message.content, &statement)?.into_owned();
            Ok(Message { content, ..message })
        })
        .collect()
}

/// The schema of an answer as it leaves for a server: its titles, descriptions, defaults and examples without what the server's option takes out. Returns an error where that stands in
/// names or values, or in stop words: an answer is held to them as they are.
pub fn outgoing_schema(server: &Server, manner: &Manner) -> Result<Option<Json>> {
    let statement = Foreground::new()?;
    let mut leaving = |text: &str| -> Result<String> { Ok(server.leaving(text, &statement)?.into_owned()) };
    for stop in &manner.stop {
        if leaving(stop)? != *stop {
            return Err(withheld(server, "option \"stop\"", "A stop word"));
        }
    }
    let Some(schema) = &manner.schema else { return Ok(None) };
    match changed(&schema.json, &mut leaving) {
        Ok(schema) => Ok(Some(schema)),
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Held(place)) => Err(withheld(
            server,
            "argument \"schema\"",
            &format!("A name or a value at {place}"),
        )),
    }
}

fn withheld(server: &Server, what: &str, found: &str) -> Error {
    let name = &server.foreign.name;
    Error::new(
        INSUFFICIENT_PRIVILEGE,
        format!("{what} has what may not be sent to server \"{name}\""),
    )
    .detail(format!(
        "{found} is personal data, which the server's option redact takes out."
    ))
    .hint("Leave it out; in a schema it may stand in titles, descriptions, defaults and examples, from which it is taken out.")
}
