//! Hyperparameters read from JSON, and what is said of those that are wrong.

use serde_json::json;

use super::*;

choices! {
    /// Sides.
    pub enum Side {
        /// One.
        Left = "left",
        /// The other.
        Right = "right",
    }
    null Right
}

hyperparameters! {
    /// An example.
    pub struct Example {
        /// How much
        /// there is.
        amount named "Amount" or "amount": f64 = 1.0, above_to(0.0, 2.0), from "us";
        /// How often.
        times: Option<usize> = None, at_least(1.0), from "us";
        /// On which side.
        side: Side = Side::Left, any(), from "us";
    }
    together Example::check_side
}

impl Example {
    fn check_side(&self) -> Result<()> {
        match (self.side, self.times) {
            (Side::Right, Some(times)) => refuse("times", times, "null on the right"),
            _ => Ok(()),
        }
    }
}

fn read(json: Json) -> Result<Example> {
    let mut example = Example::default();
    example.read(json.as_object().unwrap(), &[])?;
    example.check()?;
    Ok(example)
}

#[test]
fn json_is_read_and_checked() {
    assert_eq!(read(json!({})), Ok(Example::default()));
    let both = Example::default().amount(0.5).times(Some(3));
    assert_eq!(read(json!({"Amount": 0.5, "times": 3})), Ok(both));
    assert_eq!(read(json!({"amount": 2, "side": null})).unwrap().side, Side::Right);
    let refused = |json, expected: (&str, &str, &str)| match read(json) {
        Err(Error::Parameter { name, value, allowed }) => assert_eq!((name, &*value, &*allowed), expected),
        other => panic!("{other:?}"),
    };
    refused(json!({"Amount": 0}), ("Amount", "0", "a number above 0 and at most 2"));
    refused(
        json!({"amount": "much"}),
        ("Amount", "\"much\"", "a number above 0 and at most 2"),
    );
    refused(
        json!({"times": 0}),
        ("times", "0", "null or a whole number of at least 1"),
    );
    refused(
        json!({"times": 1.5}),
        ("times", "1.5", "null or a whole number of at least 1"),
    );
    refused(json!({"side": "top"}), ("side", "\"top\"", "\"left\" or \"right\""));
    refused(
        json!({"side": "right", "times": 2}),
        ("times", "2", "null on the right"),
    );
}

#[test]
fn unknown_names_are_refused_with_those_that_are_known() {
    let unknown = |without: &[&str]| Example::default().read(json!({"size": 1}).as_object().unwrap(), without);
    let error = |known: &[&'static str]| {
        Err(Error::UnknownParameter {
            name: "size".into(),
            known: known.to_vec(),
        })
    };
    assert_eq!(unknown(&[]), error(&["Amount", "amount", "times", "side"]));
    assert_eq!(unknown(&["Amount", "side"]), error(&["times"]));
}

#[test]
fn comments_are_the_descriptions() {
    let [amount, times, _] = Example::PARAMETERS else {
        panic!()
    };
    assert_eq!(amount.about, " How much there is.");
    assert_eq!((times.show)(&Example::default()), "null");
}
