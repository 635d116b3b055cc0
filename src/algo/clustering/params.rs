//! Types of hyperparameters that the learners of clusters share.

use serde_json::Value as Json;

use crate::parameters::{Range, Value};

/// How many clusters or components there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// As many as the rows suggest.
    Auto,
    /// So many.
    Of(usize),
}

impl Value for Count {
    const IS_WHOLE: bool = true;

    fn read(json: &Json) -> Option<Count> {
        match json {
            Json::Null => Some(Count::Auto),
            Json::String(text) => (text == "auto").then_some(Count::Auto),
            json => usize::read(json).map(Count::Of),
        }
    }

    fn is_in(&self, range: Range) -> bool {
        match self {
            Count::Auto => true,
            Count::Of(count) => count.is_in(range),
        }
    }

    fn allowed(range: Range) -> String {
        format!("\"auto\" or {}", usize::allowed(range))
    }

    fn show(&self) -> String {
        match self {
            Count::Auto => "\"auto\"".into(),
            Count::Of(count) => count.to_string(),
        }
    }
}

/// How first centres are drawn from the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draw {
    /// Far from each other.
    PlusPlus,
    /// Any rows.
    Random,
}

/// Where the centres of clusters begin.
#[derive(Debug, Clone, PartialEq)]
pub enum Init {
    /// At rows.
    Drawn(Draw),
    /// At these points: one number per feature.
    Given(Vec<Vec<f64>>),
}

const PLUS_PLUS: &str = "k-means++";
const RANDOM: &str = "random";

impl Value for Init {
    fn read(json: &Json) -> Option<Init> {
        match json {
            Json::String(text) if text == PLUS_PLUS => Some(Init::Drawn(Draw::PlusPlus)),
            Json::String(text) if text == RANDOM => Some(Init::Drawn(Draw::Random)),
            Json::Array(points) => {
                let points: Option<Vec<Vec<f64>>> = points.iter().map(Value::read).collect();
                points.filter(|points| !points.is_empty()).map(Init::Given)
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => None,
        }
    }

    fn is_in(&self, range: Range) -> bool {
        match self {
            Init::Drawn(_) => true,
            Init::Given(points) => points.iter().flatten().all(|number| range.holds(*number)),
        }
    }

    fn allowed(_: Range) -> String {
        format!("\"{PLUS_PLUS}\", \"{RANDOM}\" or a list of centres, each a list of one number per feature")
    }

    fn show(&self) -> String {
        match self {
            Init::Drawn(Draw::PlusPlus) => format!("\"{PLUS_PLUS}\""),
            Init::Drawn(Draw::Random) => format!("\"{RANDOM}\""),
            Init::Given(points) => format!("{points:?}"),
        }
    }
}
