//! YAML 1.2 as far as it says what JSON can: no anchors, tags, or documents behind one another. Scalars are read by the core schema, so that
//! `no` is a text; a number with zeros before it, which is one thing to one reader and another to the next, is refused.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Number, Value as Json};

use super::{DEEPEST, Values, short};

/// A list or an object whose end has not come.
enum Open {
    List(Vec<Json>),
    /// With the key whose value comes next.
    Object(Map<String, Json>, Option<String>),
}

/// Reads YAML.
pub fn read(text: &str, monitor: &dyn Fn()) -> Result<Json, String> {
    let mut parser = Parser::new_from_str(text);
    let mut reader = Reader {
        open: Vec::new(),
        root: None,
        documents: 0,
        values: Values { count: 0, monitor },
    };
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|problem| problem.to_string())?;
        reader
            .take(event)
            .map_err(|problem| format!("{problem} at line {}", span.start.line()))?;
    }
    Ok(reader.root.unwrap_or(Json::Null))
}

struct Reader<'a> {
    open: Vec<Open>,
    root: Option<Json>,
    documents: usize,
    values: Values<'a>,
}

impl Reader<'_> {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => {
                self.documents += 1;
                match self.documents {
                    1 => Ok(()),
                    _ => Err("a second document begins".into()),
                }
            }
            Event::Alias(_) => Err("an alias stands for what is written elsewhere: write it out".into()),
            Event::Scalar(text, style, anchor, tag) => {
                plain(anchor, tag.is_some())?;
                self.values.add()?;
                match self.open.last_mut() {
                    // A key is a text, whatever it looks like.
                    Some(Open::Object(object, key @ None)) => set_key(object, key, &text),
                    _ => {
                        let value = scalar(&text, style)?;
                        self.push(value)
                    }
                }
            }
            Event::SequenceStart(anchor, tag) => {
                plain(anchor, tag.is_some())?;
                self.begin(Open::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                plain(anchor, tag.is_some())?;
                self.begin(Open::Object(Map::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List(list)) => self.push(Json::Array(list)),
                Some(Open::Object(object, _)) => self.push(Json::Object(object)),
                None => Err("something ends that has not begun".into()),
            },
        }
    }

    fn begin(&mut self, open: Open) -> Result<(), String> {
        self.values.add()?;
        if self.open.len() >= DEEPEST {
            return Err(format!("it nests more than {DEEPEST} deep"));
        }
        if matches!(self.open.last(), Some(Open::Object(_, None))) {
            return Err("a key is no text".into());
        }
        self.open.push(open);
        Ok(())
    }

    fn push(&mut self, value: Json) -> Result<(), String> {
        match self.open.last_mut() {
            None => self.root = Some(value),
            Some(Open::List(list)) => list.push(value),
            Some(Open::Object(object, key)) => match key.take() {
                Some(key) => {
                    object.insert(key, value);
                }
                None => return Err("a key is no text".into()),
            },
        }
        Ok(())
    }
}

fn set_key(object: &Map<String, Json>, key: &mut Option<String>, text: &str) -> Result<(), String> {
    if object.contains_key(text) {
        return Err(format!("key \"{}\" is given twice", short(text)));
    }
    *key = Some(text.to_string());
    Ok(())
}

/// Returns an error for what has an anchor or a tag.
fn plain(anchor: usize, tagged: bool) -> Result<(), String> {
    match (anchor, tagged) {
        (0, false) => Ok(()),
        (0, true) => Err("a tag gives a value a type: write the value alone".into()),
        _ => Err("an anchor lets a value be used again: write it out where it is used".into()),
    }
}

/// What a scalar is.
fn scalar(text: &str, style: ScalarStyle) -> Result<Json, String> {
    if style != ScalarStyle::Plain {
        return Ok(text.into());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Json::Null),
        "true" | "True" | "TRUE" => return Ok(true.into()),
        "false" | "False" | "FALSE" => return Ok(false.into()),
        _ => {}
    }
    let digits = text.trim_start_matches(['+', '-']);
    if !is_number(text, digits) {
        return Ok(text.into());
    }
    let mut characters = digits.chars();
    if characters.next() == Some('0') && characters.next().is_some_and(|next| next.is_ascii_digit()) {
        return Err(format!(
            "{text} begins with zero: write it in quotes, or without the zero"
        ));
    }
    let whole = text.trim_start_matches('+');
    if let Ok(number) = whole.parse::<i64>() {
        return Ok(number.into());
    }
    if let Ok(number) = whole.parse::<u64>() {
        return Ok(number.into());
    }
    let number = text.parse::<f64>().ok().and_then(Number::from_f64);
    number
        .map(Json::Number)
        .ok_or_else(|| format!("{} is no number of double precision: write it in quotes", short(text)))
}

/// Whether a scalar is a number of the core schema: a sign, digits with a point, an exponent.
fn is_number(text: &str, digits: &str) -> bool {
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    text.len() - digits.len() <= 1
        && are_digits(whole)
        && are_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && are_digits(exponent))
}

/// A value on one line.
pub fn flow(value: &Json) -> String {
    match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => value.to_string(),
        Json::String(text) => quoted(text),
        Json::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(flow).collect();
            format!("[{}]", elements.join(", "))
        }
        Json::Object(object) => {
            let pairs = object
                .iter()
                .map(|(key, value)| format!("{}: {}", quoted(key), flow(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A text as YAML writes it: without quotes where no reader can take it for anything else, else in double quotes, as JSON does.
pub fn quoted(text: &str) -> String {
    /// What readers of YAML 1.1 take for a boolean or for nothing.
    const WORDS: [&str; 11] = [
        "true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf",
    ];
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && !text.ends_with(' ')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.- ".contains(c))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if is_plain {
        return text.into();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            // What YAML does not let stand in a text, and what ends a line.
            '\u{0}'..='\u{1f}'
            | '\u{7f}'..='\u{a0}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => quoted.push_str(&format!("\\u{:04x}", u32::from(character))),
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
