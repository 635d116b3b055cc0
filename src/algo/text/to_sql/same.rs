//! Whether two results are the same: rows as a multiset, in their order where the question asks for one; columns by their places, whatever they are called. Numbers are
//! the same where they agree to nine digits, for sums hang on the order of what is summed, and 2.50 is 2.5.

/// A value: a number, another text, or NULL.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Null,
    Number(String),
    Text(String),
}

/// Digits of a number that count.
const DIGITS: usize = 9;

impl Value {
    /// A value as its type writes it.
    pub fn of(text: Option<String>, is_number: bool) -> Value {
        match text {
            None => Value::Null,
            Some(text) if is_number => Value::Number(number(&text)),
            Some(text) => Value::Text(text),
        }
    }
}

/// A number in a form that is the same for all that count as one.
fn number(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(0.0) => "0".into(),
        Ok(value) if value.is_finite() => format!("{value:.*e}", DIGITS - 1),
        Ok(value) => value.to_string(),
        Err(_) => text.to_string(),
    }
}

/// Whether two results are the same.
pub fn same(expected: &[Vec<Value>], found: &[Vec<Value>], in_order: bool) -> bool {
    if expected.len() != found.len() {
        return false;
    }
    if in_order {
        return expected == found;
    }
    let sorted = |rows: &[Vec<Value>]| {
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        rows
    };
    sorted(expected) == sorted(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<Value>> {
        rows.iter()
            .map(|row| {
                row.iter()
                    .map(|value| Value::of(Some(value.to_string()), true))
                    .collect()
            })
            .collect()
    }

    #[test]
    fn rows_are_a_multiset_unless_their_order_counts() {
        let (a, b) = (rows(&[&["1"], &["2"], &["2"]]), rows(&[&["2"], &["1"], &["2"]]));
        assert!(same(&a, &b, false) && !same(&a, &b, true) && same(&a, &a, true));
        assert!(!same(&a, &rows(&[&["1"], &["1"], &["2"]]), false));
        assert!(!same(&a, &rows(&[&["1"], &["2"]]), false));
        assert!(!same(&rows(&[&["1", "2"]]), &rows(&[&["2", "1"]]), false));
        assert!(same(&[], &[], true));
    }

    #[test]
    fn numbers_agree_to_nine_digits() {
        for (a, b, equal) in [
            ("2.50", "2.5", true),
            ("0.30000000000000004", "0.3", true),
            ("-0", "0", true),
            ("100", "1e2", true),
            ("NaN", "nan", true),
            ("1.0000001", "1.0", false),
            ("123456789", "123456788", false),
        ] {
            assert_eq!(number(a) == number(b), equal, "{a} {b}");
        }
    }

    #[test]
    fn null_and_texts_are_no_numbers() {
        assert_ne!(Value::of(None, true), Value::of(Some(String::new()), false));
        assert_ne!(Value::of(Some("007".into()), false), Value::of(Some("7".into()), false));
        assert_ne!(Value::of(Some("7".into()), false), Value::of(Some("7".into()), true));
    }
}
