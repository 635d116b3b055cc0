//! Templates: texts in which names stand for other texts.
//!
//! Names are written as in Python's `string.Template`: `$name`, `${any name}`, and `$$` for a dollar sign.

use std::fmt;

/// A template that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
    names: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// The name of this place in the template's list.
    Name(usize),
}

/// Why a text is no template: a dollar sign, at this character from 1, that no name follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoName(pub usize);

impl fmt::Display for NoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no name follows the dollar sign at character {}", self.0)
    }
}

impl Template {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Template, NoName> {
        let mut template = Template {
            parts: Vec::new(),
            names: Vec::new(),
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
                return Err(NoName(text[..before].chars().count() + 1));
            };
            template.push_name(name);
            rest = more;
        }
        template.push_text(rest);
        Ok(template)
    }

    /// The names in it, each once, in the order in which they are met.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The text with values in place of the names, of which each is given by its place in the list. What is filled in is not read as a template.
    pub fn fill<'a>(&'a self, value: impl Fn(usize) -> &'a str) -> String {
        let pieces = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.as_str(),
            Part::Name(place) => value(*place),
        });
        pieces.collect()
    }

    /// How many bytes the filled text has.
    pub fn filled_length(&self, length: impl Fn(usize) -> usize) -> usize {
        let lengths = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.len(),
            Part::Name(place) => length(*place),
        });
        lengths.fold(0, usize::saturating_add)
    }

    fn push_text(&mut self, text: &str) {
        match self.parts.last_mut() {
            _ if text.is_empty() => {}
            Some(Part::Text(before)) => before.push_str(text),
            Some(Part::Name(_)) | None => self.parts.push(Part::Text(text.to_string())),
        }
    }

    fn push_name(&mut self, name: &str) {
        let known = self.names.iter().position(|known| known == name);
        let place = known.unwrap_or_else(|| {
            self.names.push(name.to_string());
            self.names.len() - 1
        });
        self.parts.push(Part::Name(place));
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

    fn filled(template: &str, values: &[&str]) -> String {
        Template::parse(template).unwrap().fill(|place| values[place])
    }

    #[test]
    fn names_stand_for_texts() {
        assert_eq!(filled("$title: $body", &["On tea", "text"]), "On tea: text");
        assert_eq!(filled("${the title}s", &["Tea"]), "Teas");
        assert_eq!(filled("$제목 $본문", &["차", "잎"]), "차 잎");
        assert_eq!(filled("$$5 {\"a\": $a}$$", &["1"]), "$5 {\"a\": 1}$");
        assert_eq!(filled("", &[]), "");
    }

    #[test]
    fn a_name_is_listed_once() {
        let template = Template::parse("$a $b $a").unwrap();
        assert_eq!(template.names(), ["a", "b"]);
        assert_eq!(template.fill(|place| ["x", "y"][place]), "x y x");
        assert_eq!(template.filled_length(|place| [10, 100][place]), 122);
    }

    #[test]
    fn a_text_that_is_no_template_is_told_so() {
        assert_eq!(Template::parse("$a é $"), Err(NoName(6)));
        for text in ["$5", "${}", "${a", "$ a"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_template_or_not(text in ".{0,40}") {
            let _ = Template::parse(&text);
        }

        #[test]
        fn what_is_filled_in_is_not_read_as_a_template(before in "[^$]{0,20}", value in ".{0,20}", after in "[^$]{0,20}") {
            let template = format!("{before}${{value}}{after}");
            prop_assert_eq!(filled(&template, &[&value]), format!("{before}{value}{after}"));
        }
    }
}
