//! The one place where all messages pass before they leave.

use crate::pg::error::{Error, LIMIT_EXCEEDED, Result, megabytes};
use crate::pg::foreground::Foreground;
use crate::text::endpoints::server::Server;
use algo_text::endpoint::chat::Message;

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
