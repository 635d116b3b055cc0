//! What is embedded of a chunk: a template such as `$title: $chunk`, in which names stand for the chunk and for columns of its row.

use std::fmt;

use crate::template::{NoName, Template as Names};

/// The name that stands for the chunk.
const CHUNK: &str = "chunk";

/// A template that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    names: Names,
    /// Where in the template's list the chunk is.
    chunk: usize,
    columns: Vec<String>,
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A dollar sign that no name follows.
    NoName(NoName),
    /// The chunk is not in it, so that all chunks of a row would be embedded as the same text.
    NoChunk,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::NoName(problem) => write!(f, "{problem}"),
            Problem::NoChunk => write!(f, "$chunk is not in it"),
        }
    }
}

impl Template {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Template, Problem> {
        let names = Names::parse(text).map_err(Problem::NoName)?;
        let chunk = names.names().iter().position(|name| name == CHUNK);
        let chunk = chunk.ok_or(Problem::NoChunk)?;
        let columns = names.names().iter().filter(|name| *name != CHUNK).cloned().collect();
        Ok(Template { names, chunk, columns })
    }

    /// The columns that it names, each once, in the order in which they are met.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The text of a chunk. `values` are those of its columns; a value that is missing (NULL) is an empty text.
    pub fn fill(&self, chunk: &str, values: &[Option<String>]) -> String {
        let value = |column: usize| values.get(column).and_then(Option::as_deref).unwrap_or("");
        self.names.fill(|place| match place.cmp(&self.chunk) {
            std::cmp::Ordering::Less => value(place),
            std::cmp::Ordering::Equal => chunk,
            std::cmp::Ordering::Greater => value(place - 1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str, chunk: &str, values: &[Option<&str>]) -> String {
        let values: Vec<Option<String>> = values.iter().map(|value| value.map(String::from)).collect();
        Template::parse(template).unwrap().fill(chunk, &values)
    }

    #[test]
    fn names_stand_for_the_chunk_and_for_columns() {
        assert_eq!(filled("$title: $chunk", "text", &[Some("On tea")]), "On tea: text");
        assert_eq!(filled("$chunk", "text", &[]), "text");
        assert_eq!(filled("$a$chunk$b$a", "x", &[Some("1"), Some("2")]), "1x21");
    }

    #[test]
    fn a_column_is_listed_once_and_null_is_nothing() {
        let template = Template::parse("$a $b $a $chunk").unwrap();
        assert_eq!(template.columns(), ["a", "b"]);
        assert_eq!(template.fill("c", &[Some("x".into()), None]), "x  x c");
    }

    #[test]
    fn what_is_filled_in_is_not_read_as_a_template() {
        assert_eq!(filled("$title: $chunk", "$title", &[Some("$chunk")]), "$chunk: $title");
    }

    #[test]
    fn a_text_that_is_no_template_is_told_so() {
        assert_eq!(Template::parse("$title"), Err(Problem::NoChunk));
        assert_eq!(Template::parse(""), Err(Problem::NoChunk));
        assert_eq!(Template::parse("$chunk é $"), Err(Problem::NoName(NoName(10))));
    }
}
