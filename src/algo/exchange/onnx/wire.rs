//! The bytes of protocol buffers, as far as ONNX needs them: fields with their numbers, read where they lie.
//!
//! A reader of its own rather than a generated one: a generated message takes a hundred bytes and more of memory for two bytes of file, so that a small
//! file can ask for much, and nothing of it is counted. Here a message is a slice, its fields are walked on demand, and what is made of them is
//! reserved and counted by whoever makes it. Encoding: <https://protobuf.dev/programming-guides/encoding/>.

use crate::error::{Error, Result};
use crate::exchange::onnx::WHAT;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value<'a> {
    /// A whole number, as bits.
    Varint(u64),
    /// Eight bytes.
    Fixed64(u64),
    /// Texts, bytes, messages, and packed numbers.
    Bytes(&'a [u8]),
    /// Four bytes.
    Fixed32(u32),
}

/// A message.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Message<'a>(pub(super) &'a [u8]);

/// The fields of a message.
pub(super) struct Fields<'a> {
    left: &'a [u8],
}

fn damaged(problem: &'static str) -> Error {
    Error::damaged(WHAT, problem)
}

/// Takes a number of up to ten bytes.
fn varint(left: &mut &[u8]) -> Result<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = left.split_first().ok_or_else(|| damaged("a number ends too early"))?;
        *left = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(damaged("a number is too long"))
}

fn take<'a>(left: &mut &'a [u8], count: usize) -> Result<&'a [u8]> {
    let (taken, rest) = left
        .split_at_checked(count)
        .ok_or_else(|| damaged("a field ends too early"))?;
    *left = rest;
    Ok(taken)
}

fn fixed<const N: usize>(left: &mut &[u8]) -> Result<[u8; N]> {
    let taken = take(left, N)?;
    taken.try_into().map_err(|_| damaged("a field ends too early"))
}

impl<'a> Message<'a> {
    /// Its fields, in their order; those that no caller asks for are skipped by it.
    pub(super) fn fields(self) -> Fields<'a> {
        Fields { left: self.0 }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.left = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Result<(u32, Value<'a>)> {
        let key = varint(&mut self.left)?;
        let number = u32::try_from(key >> 3).map_err(|_| damaged("a field has no number"))?;
        let value = match key & 7 {
            0 => Value::Varint(varint(&mut self.left)?),
            1 => Value::Fixed64(u64::from_le_bytes(fixed(&mut self.left)?)),
            2 => {
                let length = varint(&mut self.left)?;
                let length = usize::try_from(length).map_err(|_| damaged("a field ends too early"))?;
                Value::Bytes(take(&mut self.left, length)?)
            }
            5 => Value::Fixed32(u32::from_le_bytes(fixed(&mut self.left)?)),
            _ => return Err(damaged("a field is of a kind that is no longer used")),
        };
        Ok((number, value))
    }
}

impl<'a> Value<'a> {
    /// A message, or bytes.
    pub(super) fn bytes(self) -> Result<&'a [u8]> {
        match self {
            Value::Bytes(bytes) => Ok(bytes),
            Value::Varint(_) | Value::Fixed64(_) | Value::Fixed32(_) => Err(damaged("a field is of the wrong kind")),
        }
    }

    /// A text.
    pub(super) fn text(self) -> Result<&'a str> {
        std::str::from_utf8(self.bytes()?).map_err(|_| damaged("a text is no UTF-8"))
    }

    /// A whole number with a sign.
    pub(super) fn int(self) -> Result<i64> {
        match self {
            Value::Varint(bits) => Ok(bits as i64),
            Value::Bytes(_) | Value::Fixed64(_) | Value::Fixed32(_) => Err(damaged("a field is of the wrong kind")),
        }
    }

    /// Calls `each` with whole numbers that stand alone or packed.
    pub(super) fn ints(self, mut each: impl FnMut(i64) -> Result<()>) -> Result<()> {
        match self {
            Value::Varint(bits) => each(bits as i64),
            Value::Bytes(mut left) => {
                while !left.is_empty() {
                    each(varint(&mut left)? as i64)?;
                }
                Ok(())
            }
            Value::Fixed64(_) | Value::Fixed32(_) => Err(damaged("a field is of the wrong kind")),
        }
    }

    /// The same for numbers of four bytes.
    pub(super) fn singles(self, mut each: impl FnMut(f32) -> Result<()>) -> Result<()> {
        match self {
            Value::Fixed32(bits) => each(f32::from_bits(bits)),
            Value::Bytes(bytes) => {
                let (numbers, rest) = bytes.as_chunks::<4>();
                if !rest.is_empty() {
                    return Err(damaged("a list of numbers ends too early"));
                }
                numbers.iter().try_for_each(|number| each(f32::from_le_bytes(*number)))
            }
            Value::Fixed64(_) | Value::Varint(_) => Err(damaged("a field is of the wrong kind")),
        }
    }

    /// The same for numbers of eight bytes.
    pub(super) fn doubles(self, mut each: impl FnMut(f64) -> Result<()>) -> Result<()> {
        match self {
            Value::Fixed64(bits) => each(f64::from_bits(bits)),
            Value::Bytes(bytes) => {
                let (numbers, rest) = bytes.as_chunks::<8>();
                if !rest.is_empty() {
                    return Err(damaged("a list of numbers ends too early"));
                }
                numbers.iter().try_for_each(|number| each(f64::from_le_bytes(*number)))
            }
            Value::Fixed32(_) | Value::Varint(_) => Err(damaged("a field is of the wrong kind")),
        }
    }
}

/// A message being written.
#[derive(Debug, Clone, Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// A whole number.
    pub(super) fn int(&mut self, number: u32, value: i64) {
        self.varint(u64::from(number) << 3);
        self.varint(value as u64);
    }

    /// Bytes, a text, or a message.
    pub(super) fn bytes(&mut self, number: u32, bytes: &[u8]) {
        self.varint(u64::from(number) << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
    }

    /// Packed whole numbers.
    pub(super) fn ints(&mut self, number: u32, values: &[i64]) {
        let mut packed = Writer::default();
        values.iter().for_each(|value| packed.varint(*value as u64));
        self.bytes(number, &packed.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut writer = Writer::default();
        writer.int(1, -3);
        writer.0.extend([0x15, 0, 0, 0, 0x3f]);
        writer.bytes(300, "text".as_bytes());
        writer.ints(4, &[1, 300, -1]);
        writer.bytes(5, &[0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0]);
        let fields: Vec<_> = Message(&writer.0).fields().collect::<Result<_>>().unwrap();
        assert_eq!(fields[0].1.int(), Ok(-3));
        assert_eq!(fields[1], (2, Value::Fixed32(0.5_f32.to_bits())));
        assert_eq!((fields[2].0, fields[2].1.text()), (300, Ok("text")));
        let mut ints = Vec::new();
        fields[3]
            .1
            .ints(|int| {
                ints.push(int);
                Ok(())
            })
            .unwrap();
        assert_eq!(ints, [1, 300, -1]);
        let mut singles = Vec::new();
        fields[4]
            .1
            .singles(|single| {
                singles.push(single);
                Ok(())
            })
            .unwrap();
        assert_eq!(singles, [1.5, -2.0]);
    }

    #[test]
    fn what_is_cut_or_too_long_is_an_error() {
        for bytes in [
            &[0x08][..],
            &[0x08, 0x80],
            &[0x12, 5, 1],
            &[0x0b],
            &[0x15, 1, 2],
            &[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        ] {
            assert!(Message(bytes).fields().any(|field| field.is_err()), "{bytes:?}");
        }
        let eleven = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert!(Message(&eleven).fields().any(|field| field.is_err()));
    }
}
