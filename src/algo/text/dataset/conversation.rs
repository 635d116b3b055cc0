//! A conversation that a model can learn from: at most one system message, then questions and answers in turn, an answer last.

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::room;

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// How the model is to behave.
    System,
    /// Who asks.
    User,
    /// The model.
    Assistant,
}

/// What one of them says. Other keys that a log has are not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who.
    pub role: Role,
    /// What.
    pub content: String,
}

/// Why messages are no conversation to learn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// No JSON array of objects with a role and a content that is a text.
    NoMessages,
    /// A question or an answer is NULL.
    Missing,
    /// A message says nothing.
    Empty,
    /// It does not begin with a question, after the system message that there may be.
    NoQuestion,
    /// Two of the same speak one after the other, or the system later.
    NotInTurn,
    /// It does not end with an answer.
    NoAnswer,
}

impl Problem {
    /// As manifests name it.
    pub const fn name(self) -> &'static str {
        match self {
            Problem::NoMessages => "no_messages",
            Problem::Missing => "missing",
            Problem::Empty => "empty",
            Problem::NoQuestion => "no_question",
            Problem::NotInTurn => "not_in_turn",
            Problem::NoAnswer => "no_answer",
        }
    }

    /// What is wrong, in words.
    pub const fn sentence(self) -> &'static str {
        match self {
            Problem::NoMessages => {
                "it is no array of objects with a role (system, user, assistant) and a content that is a text"
            }
            Problem::Missing => "its question or its answer is NULL",
            Problem::Empty => "a message of it is empty",
            Problem::NoQuestion => "it does not begin with a question",
            Problem::NotInTurn => "its messages do not take turns",
            Problem::NoAnswer => "it does not end with an answer",
        }
    }
}

/// A conversation that [`Problem`] finds nothing wrong with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation(Vec<Message>);

impl Conversation {
    /// The conversation of some messages.
    pub fn new(messages: Vec<Message>) -> std::result::Result<Conversation, Problem> {
        if messages.iter().any(|message| message.content.trim().is_empty()) {
            return Err(Problem::Empty);
        }
        let turns = match messages.first() {
            Some(first) if first.role == Role::System => &messages[1..],
            Some(_) | None => &messages[..],
        };
        if turns.first().is_none_or(|first| first.role != Role::User) {
            return Err(Problem::NoQuestion);
        }
        let speaks = |turn: usize| {
            if turn.is_multiple_of(2) {
                Role::User
            } else {
                Role::Assistant
            }
        };
        if turns
            .iter()
            .enumerate()
            .any(|(turn, message)| message.role != speaks(turn))
        {
            return Err(Problem::NotInTurn);
        }
        if turns.len() % 2 == 1 {
            return Err(Problem::NoAnswer);
        }
        Ok(Conversation(messages))
    }

    /// The conversation of a JSON array of messages.
    pub fn of_json(json: &str) -> std::result::Result<Conversation, Problem> {
        serde_json::from_str(json)
            .map_err(|_| Problem::NoMessages)
            .and_then(Conversation::new)
    }

    /// A question with its answer.
    pub fn of_pair(system: Option<&str>, question: &str, answer: &str) -> std::result::Result<Conversation, Problem> {
        let message = |role, content: &str| Message {
            role,
            content: content.to_string(),
        };
        let mut messages = Vec::with_capacity(3);
        // A system that says nothing is none.
        messages.extend(
            system
                .filter(|text| !text.trim().is_empty())
                .map(|text| message(Role::System, text)),
        );
        messages.push(message(Role::User, question));
        messages.push(message(Role::Assistant, answer));
        Conversation::new(messages)
    }

    /// The same with a system message before it, where it has none.
    pub fn with_system(mut self, system: &str) -> Conversation {
        if self.system().is_none() && !system.trim().is_empty() {
            let message = Message {
                role: Role::System,
                content: system.to_string(),
            };
            self.0.insert(0, message);
        }
        self
    }

    /// Its messages.
    pub fn messages(&self) -> &[Message] {
        &self.0
    }

    /// What the system says.
    pub fn system(&self) -> Option<&str> {
        self.0
            .first()
            .filter(|first| first.role == Role::System)
            .map(|first| first.content.as_str())
    }

    /// Questions and answers, without the system.
    pub fn turns(&self) -> &[Message] {
        match self.system() {
            Some(_) => &self.0[1..],
            None => &self.0,
        }
    }

    /// The first question.
    pub fn question(&self) -> &str {
        self.turns().first().map_or("", |message| &message.content)
    }

    /// The last answer.
    pub fn answer(&self) -> &str {
        self.0.last().map_or("", |message| &message.content)
    }

    /// Characters of all messages.
    pub fn chars(&self) -> usize {
        self.0.iter().map(|message| message.content.chars().count()).sum()
    }

    /// Replaces what messages say by what `change` gives of it; whether it gave anything. Returns [`None`] where a message says nothing then.
    pub fn change(&mut self, change: &mut dyn FnMut(&str) -> Result<Option<String>>) -> Result<Option<bool>> {
        let mut is_changed = false;
        for message in &mut self.0 {
            if let Some(content) = change(&message.content)? {
                if content.trim().is_empty() {
                    return Ok(None);
                }
                is_changed |= content != message.content;
                message.content = content;
            }
        }
        Ok(Some(is_changed))
    }

    /// Questions and answers, a line between them: what conversations are compared by.
    pub fn text(&self) -> Result<String> {
        let mut text = String::new();
        for message in self.turns() {
            room::reserve_text(&mut text, message.content.len() + 1)?;
            text.push_str(&message.content);
            text.push('\n');
        }
        Ok(text)
    }
}
