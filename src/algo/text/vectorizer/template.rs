//! What is embedded of a chunk: a template such as `$title: $chunk`, in which names stand for the chunk and for columns of its row.
//!
//! Names are written as in Python's `string.Template`: `$name`, `${any name}`, and `$$` for a dollar sign.

use std::fmt;

/// The name that stands for the chunk.
const CHUNK: &str = "chunk";

/// A template that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
    columns: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Chunk,
    /// The column of this place in the template's list.
    Column(usize),
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A dollar sign, at this character from 1, that no name follows.
    NoName(usize),
    /// The chunk is not in it, so that all chunks of a row would be embedded as the same text.
    NoChunk,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::NoName(place) => write!(f, "no name follows the dollar sign at character {place}"),
            Problem::NoChunk => write!(f, "$chunk is not in it"),
        }
    }
}

impl Template {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Template, Problem> {
        let mut template = Template {
            parts: Vec::new(),
            columns: Vec::new(),
        };
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            template.push_text(&rest[..dollar]);
            let after = &rest[dollar + 1..];
            if let Some(more) = after.strip_prefix('$') {
                template.push_text("$");
                rest = more;
                continue;
            }
            let Some((name, more)) = leading_name(after) else {
                let before = text.len() - rest.len() + dollar;
                return Err(Problem::NoName(text[..before].chars().count() + 1));
            };
            template.push_name(name);
            rest = more;
        }
        template.push_text(rest);
        match template.parts.contains(&Part::Chunk) {
            true => Ok(template),
            false => Err(Problem::NoChunk),
        }
    }

    /// The columns that it names, each once, in the order in which they are met.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The text of a chunk. `values` are those of its columns; a value that is missing (NULL) is an empty text.
    pub fn fill(&self, chunk: &str, values: &[Option<String>]) -> String {
        let value = |column: usize| values.get(column).and_then(Option::as_deref).unwrap_or("");
        let pieces = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.as_str(),
            Part::Chunk => chunk,
            Part::Column(column) => value(*column),
        });
        pieces.collect()
    }

    fn push_text(&mut self, text: &str) {
        match self.parts.last_mut() {
            _ if text.is_empty() => {}
            Some(Part::Text(before)) => before.push_str(text),
            Some(Part::Chunk | Part::Column(_)) | None => self.parts.push(Part::Text(text.to_string())),
        }
    }

    fn push_name(&mut self, name: &str) {
        if name == CHUNK {
            self.parts.push(Part::Chunk);
            return;
        }
        let known = self.columns.iter().position(|column| column == name);
        let column = known.unwrap_or_else(|| {
            self.columns.push(name.to_string());
            self.columns.len() - 1
        });
        self.parts.push(Part::Column(column));
    }
}

/// The name that a text begins with, and what follows it.
fn leading_name(text: &str) -> Option<(&str, &str)> {
    if let Some(braced) = text.strip_prefix('{') {
        let (name, rest) = braced.split_once('}')?;
        return (!name.is_empty()).then_some((name, rest));
    }
    let is_first = |letter: char| letter == '_' || letter.is_alphabetic();
    if !text.starts_with(is_first) {
        return None;
    }
    let end = text.find(|letter: char| letter != '_' && !letter.is_alphanumeric());
    Some(text.split_at(end.unwrap_or(text.len())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(template: &str, chunk: &str, values: &[Option<&str>]) -> String {
        let values: Vec<Option<String>> = values.iter().map(|value| value.map(String::from)).collect();
        Template::parse(template).unwrap().fill(chunk, &values)
    }

    #[test]
    fn names_stand_for_the_chunk_and_for_columns() {
        assert_eq!(filled("$title: $chunk", "text", &[Some("On tea")]), "On tea: text");
        assert_eq!(filled("$chunk", "text", &[]), "text");
        assert_eq!(filled("${the title}s$chunk", "x", &[Some("Tea")]), "Teasx");
        assert_eq!(filled("$제목 $chunk", "본문", &[Some("차")]), "차 본문");
        assert_eq!(filled("$$5 $chunk$$", "x", &[]), "$5 x$");
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
        assert_eq!(Template::parse("$chunk é $"), Err(Problem::NoName(10)));
        for text in ["$5 $chunk", "${} $chunk", "${chunk", "$ chunk"] {
            assert!(matches!(Template::parse(text), Err(Problem::NoName(_))), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_template_or_not(text in ".{0,40}") {
            let _ = Template::parse(&text);
        }

        #[test]
        fn texts_without_dollars_stay_as_they_are(before in "[^$]{0,20}", chunk in ".{0,20}", after in "[^$]{0,20}") {
            let template = format!("{before}${{chunk}}{after}");
            prop_assert_eq!(filled(&template, &chunk, &[]), format!("{before}{chunk}{after}"));
        }
    }
}
