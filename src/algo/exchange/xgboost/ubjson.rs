//! Universal Binary JSON (<https://ubjson.org>), as far as XGBoost writes it. Numbers are big-endian.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::monitor::{Monitor, Pace};

/// Containers within containers at most.
const DEPTH: usize = 64;

/// Reads values from the front of bytes.
pub(super) struct Reader<'b> {
    rest: &'b [u8],
    depth: usize,
    pace: Pace<'b>,
}

/// What is wrong with the bytes.
#[derive(Debug)]
pub(super) struct Problem(String);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

impl de::Error for Problem {
    fn custom<T: fmt::Display>(problem: T) -> Problem {
        Problem(problem.to_string())
    }
}

fn problem<T>(text: &str) -> Result<T, Problem> {
    Err(Problem(text.to_string()))
}

/// Of a number, by its marker: how many bytes it takes.
fn width(marker: u8) -> Option<usize> {
    match marker {
        b'i' | b'U' => Some(1),
        b'I' => Some(2),
        b'l' | b'd' => Some(4),
        b'L' | b'D' => Some(8),
        _ => None,
    }
}

enum Number {
    Whole(i64),
    Single(f32),
    Double(f64),
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8], monitor: &'b dyn Monitor) -> Reader<'b> {
        Reader {
            rest: bytes,
            depth: 0,
            pace: Pace::new(monitor),
        }
    }

    fn take(&mut self, count: usize) -> Result<&'b [u8], Problem> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return problem("it ends too early");
        };
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Problem> {
        Ok(self.take(1)?[0])
    }

    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// A number behind its marker.
    fn number(&mut self, marker: u8) -> Result<Number, Problem> {
        let Some(width) = width(marker) else {
            return problem("a marker is not that of a number");
        };
        let bytes = self.take(width)?;
        let mut low = [0; 8];
        low[8 - width..].copy_from_slice(bytes);
        let bits = u64::from_be_bytes(low);
        Ok(match marker {
            b'i' => Number::Whole(i64::from(bits as i8)),
            b'I' => Number::Whole(i64::from(bits as i16)),
            b'l' => Number::Whole(i64::from(bits as i32)),
            b'd' => Number::Single(f32::from_bits(bits as u32)),
            b'D' => Number::Double(f64::from_bits(bits)),
            _ => Number::Whole(bits as i64),
        })
    }

    /// A length, with its marker.
    fn length(&mut self) -> Result<usize, Problem> {
        let marker = self.byte()?;
        match self.number(marker)? {
            Number::Whole(length) => usize::try_from(length).or_else(|_| problem("a length is below 0")),
            Number::Single(_) | Number::Double(_) => problem("a length is no whole number"),
        }
    }

    /// A text behind its marker.
    fn text(&mut self) -> Result<&'b str, Problem> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).or_else(|_| problem("a text is no UTF-8"))
    }

    fn value<'de, V: Visitor<'de>>(&mut self, marker: u8, visitor: V) -> Result<V::Value, Problem> {
        if self.pace.spend(1).is_err() {
            return problem("it was stopped");
        }
        match marker {
            b'Z' => visitor.visit_unit(),
            b'T' => visitor.visit_bool(true),
            b'F' => visitor.visit_bool(false),
            b'S' | b'H' => visitor.visit_str(self.text()?),
            b'[' | b'{' => {
                self.depth += 1;
                if self.depth > DEPTH {
                    return problem("it is nested too deep");
                }
                let value = match marker {
                    b'{' => visitor.visit_map(Object(self)),
                    _ => self.array(visitor),
                }?;
                self.depth -= 1;
                Ok(value)
            }
            _ => match self.number(marker)? {
                Number::Whole(number) => visitor.visit_i64(number),
                Number::Single(number) => visitor.visit_f32(number),
                Number::Double(number) => visitor.visit_f64(number),
            },
        }
    }

    fn array<'de, V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Problem> {
        let mut kind = None;
        if self.peek() == Some(b'$') {
            self.byte()?;
            kind = Some(self.byte()?);
        }
        let mut left = None;
        if self.peek() == Some(b'#') {
            self.byte()?;
            left = Some(self.length()?);
        }
        if let Some(kind) = kind {
            // What takes no byte could be there any number of times.
            let Some(bytes) = width(kind).and_then(|width| width.checked_mul(left?)) else {
                return problem("an array of a type is not of numbers, or has no length");
            };
            if bytes > self.rest.len() {
                return problem("it ends too early");
            }
        }
        let mut elements = Array {
            reader: self,
            kind,
            left,
        };
        let value = visitor.visit_seq(&mut elements)?;
        // What was not asked for is passed over.
        while elements.next_element::<de::IgnoredAny>()?.is_some() {}
        Ok(value)
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'_> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let marker = self.byte()?;
        self.value(marker, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.peek() {
            Some(b'Z') => {
                self.byte()?;
                visitor.visit_none()
            }
            _ => visitor.visit_some(self),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

/// An element whose marker stands before all of them.
struct Marked<'r, 'b>(&'r mut Reader<'b>, u8);

impl<'de> Deserializer<'de> for Marked<'_, '_> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.0.value(self.1, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

struct Array<'r, 'b> {
    reader: &'r mut Reader<'b>,
    kind: Option<u8>,
    left: Option<usize>,
}

impl<'de> SeqAccess<'de> for Array<'_, '_> {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problem> {
        match &mut self.left {
            Some(0) => return Ok(None),
            Some(left) => *left -= 1,
            None if self.reader.peek() == Some(b']') => {
                self.reader.byte()?;
                // Whoever asks again is told again.
                self.left = Some(0);
                return Ok(None);
            }
            None => {}
        }
        match self.kind {
            Some(kind) => seed.deserialize(Marked(self.reader, kind)).map(Some),
            None => seed.deserialize(&mut *self.reader).map(Some),
        }
    }
}

struct Object<'r, 'b>(&'r mut Reader<'b>);

impl<'de> MapAccess<'de> for Object<'_, '_> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        if self.0.peek() == Some(b'}') {
            self.0.byte()?;
            return Ok(None);
        }
        let key = self.0.text()?;
        seed.deserialize(de::value::StrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Problem> {
        seed.deserialize(&mut *self.0)
    }
}
