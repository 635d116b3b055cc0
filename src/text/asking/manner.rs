//! How is asked: the options of `ask`, prompts, and what a model is told beside the sources.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::sources::LEAST_ROOM;
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::json::Jsonb;
use crate::pg::options;
use crate::text::generation::Manner;
use crate::text::prompts::Prompt;
use algo_text::asking::Fence;

/// What a model is told of its work.
const RULES: &str = "You answer a question from sources, and from nothing else. Reply with JSON: \"supported\" says whether the sources answer the question; \"answer\" is the answer, in the language of the question, or an empty text where they do not answer it; \"quotes\" gives for each statement of the answer the number of a source and a few words that are copied from it exactly.";
/// What stands in place of a prompt.
const USUAL: &str = "Sources:\n\n$sources\n\nThe question:\n\n$question";

/// The options of `ask`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Whether the question is made to be understood without the conversation before it.
    pub rewrite: bool,
    /// The most tokens of sources.
    pub context_tokens: Option<usize>,
    /// From which likeness on chunks repeat each other.
    pub near_duplicate: f64,
    temperature: f64,
    seed: Option<i64>,
    /// The most tokens of an answer.
    pub max_tokens: u32,
    retries: u32,
    /// How many seconds are waited for a server that asks to come again later.
    pub patience: f64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            rewrite: true,
            context_tokens: None,
            near_duplicate: 0.8,
            temperature: 0.0,
            seed: None,
            max_tokens: 512,
            retries: 1,
            patience: 0.0,
        }
    }
}

impl Options {
    /// From the argument `options`. Returns an error with 22023.
    pub fn of_argument(value: Option<Jsonb>) -> Result<Options> {
        let options: Options = options::parse("options", options::object("options", value)?)?;
        if !(0.3..=1.0).contains(&options.near_duplicate) {
            let problem = "option \"near_duplicate\" is out of range";
            return Err(Error::new(INVALID_PARAMETER, problem)
                .detail(format!("The value is {}.", options.near_duplicate))
                .hint("It must be between 0.3 and 1."));
        }
        if let Some(tokens) = options.context_tokens.filter(|tokens| *tokens < LEAST_ROOM) {
            return Err(
                Error::new(INVALID_PARAMETER, "option \"context_tokens\" is out of range")
                    .detail(format!("The value is {tokens}."))
                    .hint(format!("It must be {LEAST_ROOM} or more.")),
            );
        }
        options.manner(None)?;
        Ok(options)
    }

    /// How the model is to answer, with a schema.
    pub fn manner(&self, schema: Option<Json>) -> Result<Manner> {
        let manner = json!({
            "temperature": self.temperature, "seed": self.seed, "max_tokens": self.max_tokens, "retries": self.retries,
            "patience": self.patience,
        });
        Manner::of_json(manner, schema)
    }
}

/// A prompt with names of its own, or assay's.
pub struct Wording {
    prompt: Option<Prompt>,
    usual: &'static str,
    names: [&'static str; 2],
}

impl Wording {
    /// Of a question with its sources.
    pub fn of_answer(prompt: Option<&str>) -> Result<Wording> {
        Wording::of(prompt, USUAL, ["sources", "question"])
    }

    /// Of a prompt that has to have two names, or of what stands in place of one.
    pub fn of(prompt: Option<&str>, usual: &'static str, names: [&'static str; 2]) -> Result<Wording> {
        let prompt = prompt.map(Prompt::open).transpose()?;
        if let Some(prompt) = &prompt
            && let Some(missing) = names.iter().find(|name| !prompt.names().iter().any(|own| own == *name))
        {
            let problem = format!("prompt \"{}\" has no place for \"{missing}\"", prompt.reference);
            return Err(Error::new(INVALID_PARAMETER, problem)
                .hint(format!("Write ${} and ${} where they belong.", names[0], names[1])));
        }
        Ok(Wording { prompt, usual, names })
    }

    /// How users write the prompt, with its version; `None` for assay's own.
    pub fn reference(&self) -> Option<&str> {
        self.prompt.as_ref().map(|prompt| prompt.reference.as_str())
    }

    /// The text with values in place of both names. What stands in a value is never taken for a name.
    pub fn fill(&self, values: [&str; 2]) -> Result<String> {
        match &self.prompt {
            Some(prompt) => prompt.fill(&[(self.names[0], values[0]), (self.names[1], values[1])]),
            None => {
                let place = |name: &str| self.usual.find(&format!("${name}")).unwrap_or(self.usual.len());
                let (first, second) = (place(self.names[0]), place(self.names[1]));
                let after = |start: usize, name: &str| self.usual.get(start + name.len() + 1..).unwrap_or("");
                let between = self.usual.get(first + self.names[0].len() + 1..second).unwrap_or("");
                let (before, end) = (&self.usual[..first], after(second, self.names[1]));
                Ok([before, values[0], between, values[1], end].concat())
            }
        }
    }
}

/// What a model is told of its work and of the marks of a call.
pub fn rules(fence: &Fence) -> String {
    format!("{RULES} {}", fence.rule())
}
