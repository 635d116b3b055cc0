//! Lines of JSON in which trainers read conversations. Each is read again before it is given: what cannot be read so is no line.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::conversation::{Conversation, Message, Problem, Role};

/// A format of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `{"messages": [{"role": "user", "content": ...}, ...]}`, as OpenAI's fine-tuning takes it, and most trainers beside.
    OpenAi,
    /// `{"conversations": [{"from": "human", "value": ...}, {"from": "gpt", ...}]}`.
    ShareGpt,
    /// `{"instruction": ..., "input": "", "output": ...}` of the last question and answer, as Alpaca's, with `system` and `history` where there are some.
    Instruction,
}

/// A line of OpenAI's format.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Chat {
    messages: Vec<Message>,
}

/// A line of ShareGPT's format.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shared {
    conversations: Vec<Said>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    from: Speaker,
    value: String,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Speaker {
    System,
    Human,
    Gpt,
}

/// A line of Alpaca's format.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Instructed {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    system: Option<String>,
    instruction: String,
    input: String,
    output: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    history: Vec<(String, String)>,
}

impl Format {
    /// All.
    pub const ALL: [Format; 3] = [Format::OpenAi, Format::ShareGpt, Format::Instruction];

    /// Its name in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Format::OpenAi => "openai",
            Format::ShareGpt => "sharegpt",
            Format::Instruction => "instruction",
        }
    }

    /// The format of a name.
    pub fn named(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The line of a conversation.
    pub fn line(self, conversation: &Conversation) -> serde_json::Result<String> {
        match self {
            Format::OpenAi => serde_json::to_string(&Chat {
                messages: conversation.messages().to_vec(),
            }),
            Format::ShareGpt => serde_json::to_string(&Shared {
                conversations: conversation.messages().iter().map(said).collect(),
            }),
            Format::Instruction => serde_json::to_string(&instructed(conversation)),
        }
    }

    /// The conversation of a line. Returns the problem of one that no trainer takes, or takes for something else: more or other keys, messages that do not
    /// take turns, nothing said.
    pub fn read(self, line: &str) -> Result<Conversation, Problem> {
        // A line is one line.
        if line.contains(['\n', '\r']) {
            return Err(Problem::NoMessages);
        }
        match self {
            Format::OpenAi => parsed::<Chat>(line).map(|chat| chat.messages),
            Format::ShareGpt => {
                parsed::<Shared>(line).map(|shared| shared.conversations.into_iter().map(message).collect())
            }
            Format::Instruction => parsed::<Instructed>(line).map(messages),
        }
        .and_then(Conversation::new)
    }
}

/// What a line holds; keys that come twice are refused, as which of them counts hangs on the reader.
fn parsed<T: for<'l> Deserialize<'l>>(line: &str) -> Result<T, Problem> {
    serde_json::from_str(line).map_err(|_| Problem::NoMessages)
}

fn said(message: &Message) -> Said {
    Said {
        from: match message.role {
            Role::System => Speaker::System,
            Role::User => Speaker::Human,
            Role::Assistant => Speaker::Gpt,
        },
        value: message.content.clone(),
    }
}

fn message(said: Said) -> Message {
    Message {
        role: match said.from {
            Speaker::System => Role::System,
            Speaker::Human => Role::User,
            Speaker::Gpt => Role::Assistant,
        },
        content: said.value,
    }
}

fn instructed(conversation: &Conversation) -> Instructed {
    let turns = conversation.turns();
    let (before, last) = turns.split_at(turns.len().saturating_sub(2));
    let pair = |turn: &[Message]| match turn {
        [question, answer] => (question.content.clone(), answer.content.clone()),
        _ => (String::new(), String::new()),
    };
    let (instruction, output) = pair(last);
    Instructed {
        system: conversation.system().map(str::to_string),
        instruction,
        input: String::new(),
        output,
        history: before.chunks(2).map(pair).collect(),
    }
}

fn messages(line: Instructed) -> Vec<Message> {
    let pair = |(question, answer)| {
        [(Role::User, question), (Role::Assistant, answer)].map(|(role, content)| Message { role, content })
    };
    let system = line.system.map(|content| Message {
        role: Role::System,
        content,
    });
    let turns = line
        .history
        .into_iter()
        .chain([(line.instruction, line.output)])
        .flat_map(pair);
    system.into_iter().chain(turns).collect()
}

/// The messages of a conversation as JSON.
impl From<&Conversation> for Json {
    fn from(conversation: &Conversation) -> Json {
        let message = |message: &Message| {
            serde_json::json!({"role": match message.role {
                Role::System => "system",
                Role::User => "user",
                Role::Assistant => "assistant",
            }, "content": message.content})
        };
        conversation.messages().iter().map(message).collect()
    }
}
