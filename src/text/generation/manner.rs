//! How a model is to answer, as callers say it.

use serde::Deserialize;
use serde_json::Value as Json;

use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::json::Jsonb;
use crate::pg::options;
use algo_text::json_schema::{KEYWORDS, Schema};

/// The warmest that models take.
const WARMEST: f64 = 2.0;
/// The most texts before which an answer stops, and their most bytes, as OpenAI has it.
const MOST_STOPS: usize = 4;
const LONGEST_STOP: usize = 256;
/// How often a model is asked again at most.
const MOST_RETRIES: u32 = 5;
/// The most seconds that can be waited: as long as a call may take.
const LONGEST_PATIENCE: f64 = 600.0;
/// The most tokens that can be asked for.
const MOST_TOKENS: u32 = 1_000_000;
/// The most bytes of a schema.
const LARGEST_SCHEMA: usize = 128 * 1024;

/// How a model is to answer. By default: in its own words, at its own temperature, asked once more where it misses the schema.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Manner {
    /// What the model is told before everything else.
    pub system: Option<String>,
    pub temperature: Option<f64>,
    /// The most tokens of the answer.
    pub max_tokens: Option<u32>,
    pub seed: Option<i64>,
    /// Texts before which the answer stops.
    pub stop: Vec<String>,
    /// How often the model is asked again whose answer is not of the schema.
    pub retries: u32,
    /// How many seconds are waited at most, within the server's timeout, for a server that asks to come again later, fails or is not there; 0: none.
    pub patience: f64,
    /// Whether an answer that is cut off at the most tokens is taken as it is.
    pub partial: bool,
    /// What the answer has to be.
    #[serde(skip)]
    pub schema: Option<AnswerSchema>,
}

/// The schema of an answer, as it was given and as it is read.
#[derive(Debug, Clone)]
pub struct AnswerSchema {
    pub json: Json,
    pub schema: Schema,
}

impl Default for Manner {
    fn default() -> Manner {
        Manner {
            system: None,
            temperature: None,
            max_tokens: None,
            seed: None,
            stop: Vec::new(),
            retries: 1,
            patience: 0.0,
            partial: false,
            schema: None,
        }
    }
}

impl Manner {
    /// From the arguments `options` and `schema`. Returns an error with 22023.
    pub fn of_arguments(options: Option<Jsonb>, schema: Option<Jsonb>) -> Result<Manner> {
        let options = options::object("options", options)?;
        let schema = schema.map(|schema| schema.read("argument \"schema\"")).transpose()?;
        Manner::of_json(options, schema)
    }

    /// From JSON that was read. Returns an error with 22023.
    pub fn of_json(options: Json, schema: Option<Json>) -> Result<Manner> {
        let mut manner: Manner = options::parse("options", options)?;
        manner.require_sound()?;
        manner.schema = schema.map(AnswerSchema::parse).transpose()?;
        Ok(manner)
    }

    fn require_sound(&self) -> Result<()> {
        let wrong = |name: &str, found: String, allowed: String| {
            Err(
                Error::new(INVALID_PARAMETER, format!("option \"{name}\" is out of range"))
                    .detail(format!("The value is {found}."))
                    .hint(format!("It must be {allowed}.")),
            )
        };
        if let Some(temperature) = self.temperature.filter(|value| !(0.0..=WARMEST).contains(value)) {
            return wrong(
                "temperature",
                temperature.to_string(),
                format!("between 0 and {WARMEST}"),
            );
        }
        if let Some(tokens) = self.max_tokens.filter(|value| !(1..=MOST_TOKENS).contains(value)) {
            return wrong("max_tokens", tokens.to_string(), format!("between 1 and {MOST_TOKENS}"));
        }
        if self.retries > MOST_RETRIES {
            return wrong(
                "retries",
                self.retries.to_string(),
                format!("between 0 and {MOST_RETRIES}"),
            );
        }
        if !(0.0..=LONGEST_PATIENCE).contains(&self.patience) {
            let found = format!("{} seconds", self.patience);
            return wrong("patience", found, format!("between 0 and {LONGEST_PATIENCE} seconds"));
        }
        if self.stop.len() > MOST_STOPS {
            return wrong(
                "stop",
                format!("{} texts", self.stop.len()),
                format!("{MOST_STOPS} texts at most"),
            );
        }
        if let Some(stop) = self.stop.iter().find(|stop| !(1..=LONGEST_STOP).contains(&stop.len())) {
            let found = format!("a text of {} bytes", stop.len());
            return wrong("stop", found, format!("texts of 1 to {LONGEST_STOP} bytes"));
        }
        Ok(())
    }
}

impl AnswerSchema {
    /// Reads a schema. Returns an error with 22023.
    pub fn parse(json: Json) -> Result<AnswerSchema> {
        let wrong = |problem: String| {
            Error::new(
                INVALID_PARAMETER,
                "argument \"schema\" is no schema that an answer is held to",
            )
            .detail(format!("Of the schema: {problem}."))
            .hint(format!("Expected is one of: {}.", KEYWORDS.join(", ")))
        };
        if json.to_string().len() > LARGEST_SCHEMA {
            return Err(wrong(format!("it has more than {LARGEST_SCHEMA} bytes")));
        }
        let schema = Schema::parse(&json).map_err(|problem| wrong(problem.to_string()))?;
        Ok(AnswerSchema { json, schema })
    }
}
