//! What a model is told, and what it answers: OpenAI's protocol for chats, as hosted and local servers speak it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use super::budget::Tokens;
use super::response::{Unreadable, read};

/// The end of an endpoint's address for chats.
pub const CHAT: &str = "/chat/completions";
/// Keys that a request has by itself.
pub const OWN_KEYS: [&str; 5] = ["model", "messages", "response_format", "stream", "n"];
/// The names by which servers take the most tokens of an answer; newer models of OpenAI's take the second one only.
pub const LIMITS: [&str; 2] = ["max_tokens", "max_completion_tokens"];
/// The name under which the schema of an answer is sent.
const SCHEMA: &str = "answer";

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Whoever says what the model is for.
    System,
    User,
    /// The model.
    Assistant,
}

/// What somebody says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    pub role: Role,
    pub content: String,
}

impl Message {
    /// What is said to a model of what it is for.
    pub fn system(content: impl Into<String>) -> Message {
        Message {
            role: Role::System,
            content: content.into(),
        }
    }

    /// What is asked.
    pub fn user(content: impl Into<String>) -> Message {
        Message {
            role: Role::User,
            content: content.into(),
        }
    }

    /// What the model has answered.
    pub fn assistant(content: impl Into<String>) -> Message {
        Message {
            role: Role::Assistant,
            content: content.into(),
        }
    }
}

/// How a model is to answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Manner<'a> {
    pub temperature: Option<f64>,
    pub seed: Option<i64>,
    /// Texts before which the answer ends.
    pub stop: &'a [String],
    /// The schema that it has, and whether it is strict enough for servers that hold the model to it.
    pub schema: Option<(&'a Json, bool)>,
    /// The most tokens.
    pub most: u64,
}

/// The name by which a registration's request says how long an answer may be, and what it says.
pub fn limit(request: &Map<String, Json>) -> Result<(&'static str, Option<u64>), &'static str> {
    let mut found = None;
    for name in LIMITS {
        if let Some(value) = request.get(name) {
            let most = value.as_u64().filter(|most| *most > 0);
            if most.is_none() || found.replace((name, most)).is_some() {
                return Err("it has one of max_tokens and max_completion_tokens, a whole number above 0");
            }
        }
    }
    Ok(found.unwrap_or((LIMITS[0], None)))
}

/// Asks for an answer. `more` is what the model's owner wants to be said beside; what a call says of itself replaces it.
pub fn request(model: &str, messages: &[Message], manner: &Manner<'_>, more: &Map<String, Json>) -> String {
    let mut body = more.clone();
    let limit = limit(more).map_or(LIMITS[0], |(name, _)| name);
    let mut put = |key: &str, value: Json| body.insert(key.to_owned(), value);
    put("model", json!(model));
    put("messages", json!(messages));
    put(limit, json!(manner.most));
    if let Some(temperature) = manner.temperature {
        put("temperature", json!(temperature));
    }
    if let Some(seed) = manner.seed {
        put("seed", json!(seed));
    }
    if !manner.stop.is_empty() {
        put("stop", json!(manner.stop));
    }
    if let Some((schema, strict)) = manner.schema {
        let format =
            json!({"type": "json_schema", "json_schema": {"name": SCHEMA, "strict": strict, "schema": schema}});
        put("response_format", format);
    }
    Json::Object(body).to_string()
}

/// Why an answer ends where it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// The model had no more to say, or came to one of the texts before which it stops.
    Stop,
    /// It may not have more tokens.
    Length,
    /// The server left some of it out, or all.
    Filtered,
}

impl Finish {
    /// Its name in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Finish::Stop => "stop",
            Finish::Length => "length",
            Finish::Filtered => "content_filter",
        }
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub text: String,
    pub finish: Finish,
    /// Why the model does not answer, in its words.
    pub refusal: Option<String>,
    /// What the server says that it took.
    pub tokens: Option<Tokens>,
}

#[derive(Deserialize)]
struct Chat {
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Json,
}

#[derive(Deserialize)]
struct Choice {
    message: Said,
    #[serde(default)]
    finish_reason: Json,
}

#[derive(Deserialize)]
struct Said {
    content: Option<String>,
    refusal: Option<String>,
}

/// Reads an answer.
pub fn reply(body: &[u8]) -> Result<Reply, Unreadable> {
    let chat: Chat = read(body)?;
    let tokens = tokens(&chat.usage);
    let Some(choice) = chat.choices.into_iter().next() else {
        return Err(Unreadable::Other("it has no choice".into()));
    };
    let finish = match choice.finish_reason.as_str() {
        Some("length") => Finish::Length,
        Some("content_filter") => Finish::Filtered,
        Some("tool_calls" | "function_call") => {
            return Err(Unreadable::Other("it calls a tool, and was told of none".into()));
        }
        // Servers have names of their own for an answer that is complete, or none.
        Some(_) | None => Finish::Stop,
    };
    let refusal = choice.message.refusal.filter(|refusal| !refusal.is_empty());
    let text = match (choice.message.content, &refusal, finish) {
        (Some(text), _, _) => text,
        (None, Some(_), _) | (None, None, Finish::Filtered | Finish::Length) => String::new(),
        (None, None, Finish::Stop) => return Err(Unreadable::Other("it has no text".into())),
    };
    // PostgreSQL's texts cannot hold it.
    if text.contains('\0') {
        return Err(Unreadable::Other("it has a character NUL".into()));
    }
    Ok(Reply {
        text,
        finish,
        refusal,
        tokens,
    })
}

/// What the server says that it took; `None` where it does not say, or says what it cannot have.
fn tokens(usage: &Json) -> Option<Tokens> {
    /// More than any model reads in a call.
    const MOST: u64 = 1 << 32;
    let number = |key: &str| usage.get(key).and_then(Json::as_u64).filter(|tokens| *tokens <= MOST);
    let sent = number("prompt_tokens")?;
    let written = number("completion_tokens").or_else(|| number("total_tokens")?.checked_sub(sent))?;
    Some(Tokens { sent, written })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn manner<'a>() -> Manner<'a> {
        Manner {
            most: 100,
            ..Manner::default()
        }
    }

    fn asked(manner: &Manner<'_>, more: Json) -> Json {
        let messages = [
            Message::system("Be short."),
            Message::user("Why \"now\"?"),
            Message::assistant("한"),
        ];
        serde_json::from_str(&request("m", &messages, manner, more.as_object().unwrap())).unwrap()
    }

    fn read(body: &str) -> Result<Reply, Unreadable> {
        reply(body.as_bytes())
    }

    #[test]
    fn a_request_is_as_openai_documents_it() {
        let messages = json!([
            {"role": "system", "content": "Be short."}, {"role": "user", "content": "Why \"now\"?"}, {"role": "assistant", "content": "한"}]);
        assert_eq!(
            asked(&manner(), json!({})),
            json!({"model": "m", "messages": messages, "max_tokens": 100})
        );
        let schema = json!({"type": "object"});
        let stop = ["\n".to_owned()];
        let full = Manner {
            temperature: Some(0.5),
            seed: Some(-7),
            stop: &stop,
            schema: Some((&schema, true)),
            most: 5,
        };
        assert_eq!(
            asked(&full, json!({"temperature": 2, "top_p": 0.5, "model": "other"})),
            json!({"model": "m", "messages": messages, "max_tokens": 5, "temperature": 0.5, "seed": -7, "stop": ["\n"], "top_p": 0.5,
                   "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "strict": true, "schema": schema}}})
        );
    }

    #[test]
    fn the_limit_is_sent_by_the_name_that_the_registration_says() {
        let sent = asked(&manner(), json!({"max_completion_tokens": 7}));
        assert_eq!(
            (sent.get("max_tokens"), &sent["max_completion_tokens"]),
            (None, &json!(100))
        );
        let said = |request: Json| limit(request.as_object().unwrap());
        assert_eq!(said(json!({})), Ok(("max_tokens", None)));
        assert_eq!(said(json!({"max_tokens": 7})), Ok(("max_tokens", Some(7))));
        assert_eq!(
            said(json!({"max_completion_tokens": 7})),
            Ok(("max_completion_tokens", Some(7)))
        );
        for wrong in [
            json!({"max_tokens": 0}),
            json!({"max_tokens": "7"}),
            json!({"max_completion_tokens": -1}),
            json!({"max_tokens": 1, "max_completion_tokens": 1}),
        ] {
            assert!(said(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_answer_has_a_text_an_end_and_its_tokens() {
        let body = r#"{"id": "x", "object": "chat.completion", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Yes.", "refusal": null},
                       "finish_reason": "stop", "logprobs": null}], "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}}"#;
        let expected = Reply {
            text: "Yes.".into(),
            finish: Finish::Stop,
            refusal: None,
            tokens: Some(Tokens { sent: 9, written: 2 }),
        };
        assert_eq!(read(body), Ok(expected));
        for (reason, finish) in [
            ("\"length\"", Finish::Length),
            ("\"content_filter\"", Finish::Filtered),
            ("\"eos\"", Finish::Stop),
            ("null", Finish::Stop),
            ("7", Finish::Stop),
        ] {
            let body = format!(r#"{{"choices": [{{"message": {{"content": ""}}, "finish_reason": {reason}}}]}}"#);
            let reply = read(&body).unwrap();
            assert_eq!((reply.finish, reply.tokens), (finish, None), "{reason}");
        }
    }

    #[test]
    fn a_refusal_is_told_apart_from_an_answer() {
        let reply = read(
            r#"{"choices": [{"message": {"content": null, "refusal": "I cannot help."}, "finish_reason": "stop"}]}"#,
        );
        assert_eq!(reply.unwrap().refusal.as_deref(), Some("I cannot help."));
        let filtered =
            read(r#"{"choices": [{"message": {"content": null}, "finish_reason": "content_filter"}]}"#).unwrap();
        assert_eq!((filtered.finish, filtered.text.as_str()), (Finish::Filtered, ""));
    }

    #[test]
    fn an_answer_of_another_shape_is_refused() {
        for body in [
            "",
            r#"{"choices": [{"mess"#,
            "<html>",
            "[]",
            "{}",
            r#"{"choices": {}}"#,
            r#"{"choices": []}"#,
            r#"{"choices": [{}]}"#,
            r#"{"choices": [{"message": {}}]}"#,
            r#"{"choices": [{"message": {"content": null}, "finish_reason": "stop"}]}"#,
            r#"{"choices": [{"message": {"content": ["sk-secret"]}}]}"#,
            r#"{"choices": [{"message": {"content": "a\u0000b"}}]}"#,
            r#"{"choices": [{"message": {"content": null}, "finish_reason": "tool_calls"}]}"#,
        ] {
            let problem = read(body).unwrap_err();
            assert!(!format!("{problem:?}").contains("secret"), "{body}");
        }
        assert_eq!(read(r#"{"choices": [{"mess"#), Err(Unreadable::Cut));
    }

    #[test]
    fn tokens_that_cannot_be_are_none() {
        let of = |usage: Json| tokens(&usage);
        assert_eq!(
            of(json!({"prompt_tokens": 3, "total_tokens": 5})),
            Some(Tokens { sent: 3, written: 2 })
        );
        for usage in [
            json!(null),
            json!({}),
            json!([]),
            json!({"prompt_tokens": 3}),
            json!({"prompt_tokens": 5, "total_tokens": 3}),
            json!({"prompt_tokens": -1, "completion_tokens": 1}),
            json!({"prompt_tokens": 1.5, "completion_tokens": 1}),
            json!({"prompt_tokens": u64::MAX, "completion_tokens": 1}),
        ] {
            assert_eq!(of(usage.clone()), None, "{usage}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body: Vec<u8>) {
            let _ = reply(&body);
        }

        #[test]
        fn any_text_comes_back_as_it_was_said(text in "[^\\x00]{0,40}") {
            let body = json!({"choices": [{"message": {"content": text}}]}).to_string();
            prop_assert_eq!(read(&body).unwrap().text, text);
        }

        #[test]
        fn deep_nesting_is_refused(depth in 200_usize..5000) {
            let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            prop_assert!(read(&deep).is_err());
            let usage = format!(r#"{{"choices": [{{"message": {{"content": "a"}}}}], "usage": {deep}}}"#);
            prop_assert!(read(&usage).is_err());
        }
    }
}
