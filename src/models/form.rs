//! How a value that comes without an SQL type becomes one that a model reads: as if it were cast to the type that its column had in training.

use std::borrow::Cow;

use crate::pg::encoding;
use crate::pg::error::Result;
use crate::pg::jsonb_value::{Container, Item};
use crate::pg::moment::Moment;
use crate::pg::reader::Value;
use algo::model::{Input, InputKind};

/// What a value is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Number,
    /// Numbers in single precision.
    Real,
    Boolean,
    Moment(Moment),
    Text,
    /// char(n): trailing blanks do not count.
    Padded,
    Uuid,
    Vector,
    /// Vectors of numbers in single precision.
    RealVector,
}

impl Form {
    /// That of an input, by its SQL type in training. Values of a domain are read as numbers, texts and vectors are.
    pub fn of(input: &Input) -> Form {
        match (&input.kind, input.type_name.as_str()) {
            (InputKind::Number, "real") => Form::Real,
            (InputKind::Number, "boolean") => Form::Boolean,
            (InputKind::Number, "date") => Form::Moment(Moment::Date),
            (InputKind::Number, "timestamp without time zone") => Form::Moment(Moment::Timestamp),
            (InputKind::Number, "timestamp with time zone") => Form::Moment(Moment::TimestampWithTimeZone),
            (InputKind::Number, _) => Form::Number,
            (InputKind::Category { .. } | InputKind::Text { .. }, "character") => Form::Padded,
            (InputKind::Category { .. } | InputKind::Text { .. }, "uuid") => Form::Uuid,
            (InputKind::Category { .. } | InputKind::Text { .. }, _) => Form::Text,
            (InputKind::Vector { .. }, "real[]") => Form::RealVector,
            (InputKind::Vector { .. }, _) => Form::Vector,
        }
    }

    /// The value of a text; `None` for one that cannot be cast.
    pub fn read_text(self, text: Cow<'_, str>) -> Result<Option<Value<'_>>> {
        Ok(match self {
            Form::Number => number(&text).map(Value::Number),
            Form::Real => real(&text).map(Value::Number),
            Form::Boolean => number(&text).or_else(|| boolean(&text)).map(Value::Number),
            Form::Moment(moment) => moment.parse(&text)?.map(Value::Number),
            Form::Text => Some(Value::Text(text)),
            Form::Padded => Some(Value::Text(match text {
                Cow::Borrowed(text) => text.trim_end_matches(' ').into(),
                Cow::Owned(text) => text.trim_end_matches(' ').to_string().into(),
            })),
            Form::Uuid => uuid(&text).map(|text| Value::Text(text.into())),
            Form::Vector => vector(&text, number).map(Value::Vector),
            Form::RealVector => vector(&text, real).map(Value::Vector),
        })
    }

    /// The value of JSON; `None` for one that cannot be cast. Numbers may be texts.
    pub fn read_json(self, item: Item<'_>) -> Result<Option<Value<'_>>> {
        let number = match item {
            Item::Null => return Ok(Some(Value::Missing)),
            Item::Text(text) => return self.read_text(encoding::decode(text)),
            Item::Object(_) => return Ok(None),
            Item::Array(array) => {
                return Ok(match self {
                    Form::Vector => elements(array, number, |element| element).map(Value::Vector),
                    Form::RealVector => elements(array, real, single).map(Value::Vector),
                    Form::Number
                    | Form::Real
                    | Form::Boolean
                    | Form::Moment(_)
                    | Form::Text
                    | Form::Padded
                    | Form::Uuid => None,
                });
            }
            Item::Number(number) => number,
            Item::Bool(value) => f64::from(u8::from(value)),
        };
        Ok(match self {
            Form::Number | Form::Boolean => Some(Value::Number(number)),
            Form::Real => Some(Value::Number(single(number))),
            Form::Moment(_) | Form::Text | Form::Padded | Form::Uuid | Form::Vector | Form::RealVector => None,
        })
    }
}

/// A number in single precision.
fn single(number: f64) -> f64 {
    f64::from(number as f32)
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

fn real(text: &str) -> Option<f64> {
    text.trim().parse::<f32>().ok().map(f64::from)
}

/// A truth value in PostgreSQL's words, or the beginning of one.
fn boolean(text: &str) -> Option<f64> {
    match text.trim().to_ascii_lowercase().as_str() {
        "t" | "tr" | "tru" | "true" | "y" | "ye" | "yes" | "on" => Some(1.0),
        "f" | "fa" | "fal" | "fals" | "false" | "n" | "no" | "of" | "off" => Some(0.0),
        _ => None,
    }
}

/// A UUID as PostgreSQL writes it.
fn uuid(text: &str) -> Option<String> {
    let text = text.trim();
    let inside = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let digits: String = inside.unwrap_or(text).chars().filter(|&c| c != '-').collect();
    if digits.len() != 32 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let digits = digits.to_ascii_lowercase();
    let parts = [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ];
    Some(parts.join("-"))
}

/// A vector as SQL writes it, `{1,2.5,NULL}`, or as JSON does.
fn vector(text: &str, number: fn(&str) -> Option<f64>) -> Option<Vec<f64>> {
    let text = text.trim();
    let inside = |open, close| text.strip_prefix(open)?.strip_suffix(close);
    let elements = inside('{', '}').or_else(|| inside('[', ']'))?;
    let element = |text: &str| match text.trim() {
        null if null.eq_ignore_ascii_case("null") => Some(f64::NAN),
        element => number(element),
    };
    elements.split(',').map(element).collect()
}

/// A vector of JSON's elements.
fn elements(array: Container<'_>, of_text: fn(&str) -> Option<f64>, of_number: fn(f64) -> f64) -> Option<Vec<f64>> {
    let element = |item| match item? {
        Item::Null => Some(f64::NAN),
        Item::Number(number) => Some(of_number(number)),
        Item::Text(text) => of_text(&encoding::decode(text)),
        Item::Bool(_) | Item::Array(_) | Item::Object(_) => None,
    };
    array.elements().map(element).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_truth_values_are_read_from_texts() {
        assert_eq!(number(" 1.5e3 "), Some(1500.0));
        assert_eq!(real("0.1"), Some(f64::from(0.1_f32)));
        for text in ["", "true", "1,5", "0x10"] {
            assert_eq!((number(text), real(text)), (None, None), "{text}");
        }
        assert_eq!(
            (boolean("Yes"), boolean("off"), boolean("o")),
            (Some(1.0), Some(0.0), None)
        );
    }

    #[test]
    fn a_uuid_is_read_as_postgresql_reads_it() {
        let uuid_text = "10111213-1415-1617-1819-1a1b1c1d1e1f";
        for text in [
            uuid_text,
            "{10111213-14151617-18191A1B-1C1D1E1F}",
            "101112131415161718191a1b1c1d1e1f",
        ] {
            assert_eq!(uuid(text).as_deref(), Some(uuid_text));
        }
        assert_eq!(uuid("10111213"), None);
        assert_eq!(uuid("é0111213-1415-1617-1819-1a1b1c1d1e1"), None);
    }

    #[test]
    fn vectors_are_read_as_sql_and_json_write_them() {
        for text in [" {1, -2.5e3} ", "[1.0, -2500]"] {
            assert_eq!(vector(text, number), Some(vec![1.0, -2500.0]));
        }
        assert!(vector("{NULL}", number).is_some_and(|vector| vector[0].is_nan()));
        assert_eq!(vector("{0.1}", real), Some(vec![f64::from(0.1_f32)]));
        for text in ["", "1,2", "{a}", "{1", "{1]", "{}"] {
            assert_eq!(vector(text, number), None, "{text}");
        }
    }
}
