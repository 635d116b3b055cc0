//! `fill_prompt`.

use pgrx::pg_extern;
use serde_json::Value as Json;

use super::prompt::Prompt;
use crate::pg::error::{Result, or_raise};
use crate::pg::json::Jsonb;
use crate::pg::options::{self, required};
use crate::pg::text::Text;

/// `fill_prompt(prompt, arguments)`.
#[pg_extern(sql = false)]
fn fill_prompt(prompt: Option<Text>, arguments: Option<Jsonb>) -> Text {
    let filled = || -> Result<String> {
        let prompt = Prompt::open(&required("prompt", prompt)?)?;
        let Json::Object(arguments) = options::object("arguments", arguments)? else {
            return prompt.fill(&[]);
        };
        let values: Vec<(String, String)> = arguments
            .into_iter()
            .map(|(name, value)| (name, text_of(value)))
            .collect();
        let values: Vec<(&str, &str)> = values
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        prompt.fill(&values)
    };
    Text::from(or_raise(filled()))
}

/// A value as a prompt has it: texts as they are, null as nothing, everything else as JSON.
fn text_of(value: Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text,
        value @ (Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_)) => value.to_string(),
    }
}
