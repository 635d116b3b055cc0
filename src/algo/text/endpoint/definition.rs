//! What is stored of a model that answers elsewhere: which server, which model there, and what is known of it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value as Json};

use crate::error::{Error, Result};
use crate::task::Task;

/// How such bytes begin; the number of the format follows.
const MAGIC: &[u8] = b"assayrem";
const FORMAT: u8 = 1;
const WHAT: &str = "a remote model";

/// A model that answers elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The name of the foreign server.
    pub server: String,
    /// The model's name there.
    pub model: String,
    #[serde(serialize_with = "write_task", deserialize_with = "read_task")]
    pub task: Task,
    /// How many numbers a vector has; `None` for what gives none.
    pub dimensions: Option<usize>,
    /// The most tokens of a text.
    pub max_tokens: Option<usize>,
    /// The version of a local embedder that cuts texts into the same tokens; without one a byte may be a token.
    pub tokenizer: Option<String>,
    /// What each request says beside.
    pub request: Map<String, Json>,
}

impl Definition {
    /// As they are stored.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let json = serde_json::to_vec(self).map_err(|_| Error::Internal("a remote model cannot be written"))?;
        Ok([MAGIC, &[FORMAT], &json].concat())
    }

    /// Reads what was stored.
    pub fn from_bytes(bytes: &[u8]) -> Result<Definition> {
        let damaged = |problem: &str| Error::damaged(WHAT, problem);
        let rest = bytes
            .strip_prefix(MAGIC)
            .ok_or_else(|| damaged("it begins otherwise"))?;
        let (format, json) = rest.split_first().ok_or_else(|| damaged("it ends too early"))?;
        if *format > FORMAT {
            return Err(Error::newer(WHAT, format!("format {format}")));
        }
        let definition: Definition = serde_json::from_slice(json)
            .map_err(|error| damaged(&format!("its JSON, line {}, column {}", error.line(), error.column())))?;
        let has_width = definition.dimensions.is_some_and(|dimensions| dimensions > 0);
        if has_width != (definition.task == Task::Embedding) {
            return Err(damaged("its dimensions do not go with its task"));
        }
        Ok(definition)
    }
}

fn write_task<S: Serializer>(task: &Task, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(task.name())
}

fn read_task<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Task, D::Error> {
    let name = String::deserialize(deserializer)?;
    Task::named(&name).ok_or_else(|| serde::de::Error::custom("unknown task"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn example() -> Definition {
        Definition {
            server: "llm".into(),
            model: "text-embedding-3-small".into(),
            task: Task::Embedding,
            dimensions: Some(256),
            max_tokens: Some(8191),
            tokenizer: None,
            request: json!({"dimensions": 256}).as_object().unwrap().clone(),
        }
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let bytes = example().to_bytes().unwrap();
        assert_eq!(Definition::from_bytes(&bytes), Ok(example()));
    }

    /// Bytes of the first format, as they were written then.
    #[test]
    fn the_first_format_stays_readable() {
        let bytes = b"assayrem\x01{\"server\":\"llm\",\"model\":\"text-embedding-3-small\",\"task\":\"embedding\",\"dimensions\":256,\"max_tokens\":8191,\"tokenizer\":null,\"request\":{\"dimensions\":256}}";
        assert_eq!(Definition::from_bytes(bytes), Ok(example()));
    }

    #[test]
    fn damaged_and_newer_bytes_are_told_apart() {
        let bytes = example().to_bytes().unwrap();
        let mut newer = bytes.clone();
        newer[MAGIC.len()] = 2;
        assert!(matches!(Definition::from_bytes(&newer), Err(Error::Newer { .. })));
        for end in 0..bytes.len() {
            assert!(
                matches!(Definition::from_bytes(&bytes[..end]), Err(Error::Damaged { .. })),
                "{end}"
            );
        }
        let mut without = example();
        without.dimensions = None;
        assert!(Definition::from_bytes(&without.to_bytes().unwrap()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = Definition::from_bytes(&[MAGIC, &bytes].concat());
        }
    }
}
