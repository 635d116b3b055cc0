//! What JSON and arrays consist of, read from their texts without building them.

use serde::{Deserialize, Serialize};

/// The least, the greatest and the mean of some counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Spread {
    /// How many counts there are.
    pub rows: u64,
    /// The least, 0 without any.
    pub least: u64,
    /// The greatest.
    pub greatest: u64,
    /// Of all.
    pub sum: u64,
}

impl Spread {
    /// Adds a count that `rows` rows have.
    #[inline]
    pub fn push(&mut self, count: u64, rows: u64) {
        self.merge(&Spread {
            rows,
            least: count,
            greatest: count,
            sum: count.saturating_mul(rows),
        });
    }

    /// Adds those of another.
    #[inline]
    pub fn merge(&mut self, other: &Spread) {
        if other.rows == 0 {
            return;
        }
        self.least = if self.rows == 0 {
            other.least
        } else {
            self.least.min(other.least)
        };
        self.greatest = self.greatest.max(other.greatest);
        self.rows = self.rows.saturating_add(other.rows);
        self.sum = self.sum.saturating_add(other.sum);
    }

    /// The mean. `None` without counts.
    pub fn mean(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.sum as f64 / self.rows as f64)
    }
}

/// Of JSON values: their types, and how much arrays and objects hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JsonDetails {
    /// Keys of objects; `rows` are the objects.
    pub objects: Spread,
    /// Elements of arrays; `rows` are the arrays.
    pub arrays: Spread,
    /// Strings.
    pub strings: u64,
    /// Numbers.
    pub numbers: u64,
    /// true and false.
    pub booleans: u64,
    /// JSON's null.
    pub nulls: u64,
}

impl JsonDetails {
    /// Adds a JSON text that `rows` rows have. O(bytes).
    pub fn push(&mut self, text: &str, rows: u64) {
        let text = text.trim_ascii();
        let count = match text.as_bytes().first() {
            Some(b'{') => return self.objects.push(elements(text), rows),
            Some(b'[') => return self.arrays.push(elements(text), rows),
            Some(b'"') => &mut self.strings,
            Some(b't' | b'f') => &mut self.booleans,
            Some(b'n') => &mut self.nulls,
            _ => &mut self.numbers,
        };
        *count = count.saturating_add(rows);
    }

    /// Adds those of another.
    pub fn merge(&mut self, other: &JsonDetails) {
        self.objects.merge(&other.objects);
        self.arrays.merge(&other.arrays);
        self.strings = self.strings.saturating_add(other.strings);
        self.numbers = self.numbers.saturating_add(other.numbers);
        self.booleans = self.booleans.saturating_add(other.booleans);
        self.nulls = self.nulls.saturating_add(other.nulls);
    }
}

/// Of arrays: how many elements they have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ArrayDetails {
    /// Elements of the outermost dimension.
    pub elements: Spread,
    /// Arrays without elements.
    pub empty: u64,
}

impl ArrayDetails {
    /// Adds an array as PostgreSQL writes it, which `rows` rows have. O(bytes).
    pub fn push(&mut self, text: &str, rows: u64) {
        // Bounds that do not begin at 1 are written before: [0:2]={…}.
        let count = text.find('{').map_or(0, |start| elements(&text[start..]));
        self.elements.push(count, rows);
        if count == 0 {
            self.empty = self.empty.saturating_add(rows);
        }
    }

    /// Adds those of another.
    pub fn merge(&mut self, other: &ArrayDetails) {
        self.elements.merge(&other.elements);
        self.empty = self.empty.saturating_add(other.empty);
    }
}

/// How many elements stand between the outermost brackets: commas on the first level and one more, outside of quotes.
fn elements(text: &str) -> u64 {
    let (mut depth, mut commas, mut quoted, mut escaped, mut any) = (0_u64, 0, false, false, false);
    for byte in text.bytes() {
        if escaped {
            escaped = false;
            continue;
        }
        match byte {
            b'\\' => escaped = true,
            b'"' => {
                quoted = !quoted;
                any = true;
            }
            _ if quoted => (),
            b'{' | b'[' => {
                any |= depth > 0;
                depth += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            b',' => commas += u64::from(depth == 1),
            _ => any |= !byte.is_ascii_whitespace(),
        }
    }
    if any { commas + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_the_first_level_count() {
        for (text, count) in [
            ("{}", 0),
            ("[ ]", 0),
            ("{1}", 1),
            ("{1,2,NULL}", 3),
            (r#"{"a,b","c\"}{"}"#, 2),
            ("{{1,2},{3,4},{5,6}}", 3),
            (r#"{"":1}"#, 1),
            (r#"{"a": [1,2,{"b":",,"}], "c\\": {}}"#, 2),
            ("[[],[]]", 2),
            ("", 0),
            ("{{{", 1),
        ] {
            assert_eq!(elements(text), count, "{text}");
        }
        let mut arrays = ArrayDetails::default();
        arrays.push("[0:1]={7,8}", 3);
        arrays.push("{}", 1);
        assert_eq!((arrays.elements.sum, arrays.elements.greatest, arrays.empty), (6, 2, 1));
    }

    #[test]
    fn types_of_json_are_told_by_their_first_byte() {
        let mut json = JsonDetails::default();
        for text in [
            r#"{"a":1}"#,
            "[1,2]",
            r#""x""#,
            "-1.5",
            "7",
            "true",
            "false",
            "null",
            " []",
        ] {
            json.push(text, 1);
        }
        let JsonDetails {
            objects,
            arrays,
            strings,
            numbers,
            booleans,
            nulls,
        } = json;
        assert_eq!(
            (objects.rows, objects.sum, arrays.rows, arrays.least, arrays.greatest),
            (1, 1, 2, 0, 2)
        );
        assert_eq!((strings, numbers, booleans, nulls), (1, 2, 2, 1));
    }
}
