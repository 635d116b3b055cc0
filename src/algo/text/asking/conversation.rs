//! What was said before a question. It comes from whoever asks, who may have it from others: it is told to a model as a text between marks, never as
//! messages of their own, so that nothing in it speaks for anybody.

use serde_json::{Map, Value as Json};

use super::harmless::harmless;
use crate::error::{Error, Result};

/// The most messages of a conversation.
const MOST_MESSAGES: usize = 1_000;
/// The most bytes of all of them.
const MOST_BYTES: usize = 1 << 20;
/// The most bytes of a question.
const LONGEST_QUESTION: usize = 1 << 16;
/// The most characters of a question that was rewritten: what is longer is no question.
const LONGEST_REWRITTEN: usize = 1_000;

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// Who asks.
    User,
    /// Who answers.
    Assistant,
}

impl Speaker {
    /// Every one.
    pub const ALL: [Speaker; 2] = [Speaker::User, Speaker::Assistant];

    /// Its name in OpenAI's protocol.
    pub fn name(self) -> &'static str {
        match self {
            Speaker::User => "user",
            Speaker::Assistant => "assistant",
        }
    }
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// By whom.
    pub role: Speaker,
    /// It.
    pub content: String,
}

/// A question as it may be asked. Returns an error for one without a letter or a digit, and for one that is too long.
pub fn question(text: &str) -> Result<&str> {
    let refused = |value: String, allowed: &'static str| Error::Parameter {
        name: "question",
        value,
        allowed: allowed.into(),
    };
    if text.len() > LONGEST_QUESTION {
        return Err(refused(
            format!("a text of {} bytes", text.len()),
            "at most 65536 bytes long",
        ));
    }
    match text.contains(char::is_alphanumeric) {
        true => Ok(text.trim()),
        false => Err(refused("a text without a word".into(), "a question")),
    }
}

/// A conversation, as JSON has it: `[{"role": "user", "content": "..."}, ...]`. Returns an error for what is none, and for what is too large.
pub fn parse(history: &Json) -> Result<Vec<Message>> {
    let Json::Array(messages) = history else {
        return match history {
            Json::Null => Ok(Vec::new()),
            other => Err(refused(kind(other).into(), "an array of {\"role\", \"content\"}")),
        };
    };
    if messages.len() > MOST_MESSAGES {
        let found = format!("an array of {} messages", messages.len());
        return Err(refused(found, "at most 1000 messages; leave out the oldest"));
    }
    let mut bytes = 0;
    let mut parsed = Vec::new();
    for (message, number) in messages.iter().zip(1..) {
        let message = one(message, number)?;
        bytes += message.content.len();
        if bytes > MOST_BYTES {
            return Err(refused(
                "of more than a megabyte".into(),
                "at most 1 MB; leave out the oldest messages",
            ));
        }
        parsed.push(message);
    }
    Ok(parsed)
}

fn one(message: &Json, number: usize) -> Result<Message> {
    let Json::Object(object) = message else {
        let found = format!("one whose message {number} is {}", kind(message));
        return Err(refused(found, "an array of {\"role\", \"content\"}"));
    };
    if let Some(key) = object.keys().find(|key| !["role", "content"].contains(&key.as_str())) {
        let found = format!("one whose message {number} has the key \"{}\"", shown(key));
        return Err(refused(
            found,
            "an array of {\"role\", \"content\"}, without other keys",
        ));
    }
    let role = text(object, "role", number)?;
    let Some(role) = Speaker::ALL.into_iter().find(|speaker| speaker.name() == role) else {
        let found = format!("one whose message {number} is of role \"{}\"", shown(role));
        return Err(refused(
            found,
            "of the roles user and assistant: what a model is to do is said by a prompt",
        ));
    };
    Ok(Message {
        role,
        content: text(object, "content", number)?.into(),
    })
}

fn text<'m>(message: &'m Map<String, Json>, key: &str, number: usize) -> Result<&'m str> {
    match message.get(key) {
        Some(Json::String(text)) => Ok(text),
        Some(other) => {
            let found = format!("one whose message {number} has a {key} that is {}", kind(other));
            Err(refused(
                found,
                "an array of {\"role\", \"content\"}, both of them texts",
            ))
        }
        None => {
            let found = format!("one whose message {number} has no {key}");
            Err(refused(found, "an array of {\"role\", \"content\"}"))
        }
    }
}

fn refused(value: String, allowed: &'static str) -> Error {
    Error::Parameter {
        name: "history",
        value,
        allowed: allowed.into(),
    }
}

fn kind(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

fn shown(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(40).collect()
}

/// The last messages that `room` tokens hold as a [`transcript`], as `count` counts them; of one that they do not hold nothing.
pub fn recent<E>(
    messages: &[Message],
    room: usize,
    mut count: impl FnMut(&str) -> std::result::Result<usize, E>,
) -> std::result::Result<&[Message], E> {
    /// The end of a line.
    const EACH: usize = 1;
    let (mut taken, mut first) = (0_usize, messages.len());
    for (place, message) in messages.iter().enumerate().rev() {
        taken = taken.saturating_add(count(&said(message))?).saturating_add(EACH);
        if taken > room {
            break;
        }
        first = place;
    }
    Ok(&messages[first..])
}

/// A message as it is told.
fn said(message: &Message) -> String {
    format!("{}: {}", message.role.name(), harmless(&message.content))
}

/// A conversation as a text: one line says who speaks, the next ones what.
pub fn transcript(messages: &[Message]) -> String {
    messages.iter().map(said).collect::<Vec<_>>().join("\n")
}

/// The question that a model has made of the last one: its answer's key `question`, or else its answer. `None` for what is no question: then the one that
/// was asked stands.
pub fn rewritten(answer: &str, asked: &str) -> Option<String> {
    let answer = answer.trim();
    let said = match serde_json::from_str::<Json>(answer) {
        Ok(Json::Object(object)) => object.get("question")?.as_str()?.to_owned(),
        Ok(Json::String(text)) => text,
        Ok(Json::Array(_) | Json::Null) => return None,
        Ok(Json::Bool(_) | Json::Number(_)) | Err(_) => answer.to_owned(),
    };
    let said = harmless(&said);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = said
        .trim_matches(|letter| matches!(letter, '"' | '“' | '”' | '`'))
        .trim();
    let longest = LONGEST_REWRITTEN.max(asked.chars().count().saturating_mul(2));
    let is_question = said.contains(char::is_alphanumeric) && said.chars().count() <= longest;
    is_question.then(|| said.to_owned())
}
