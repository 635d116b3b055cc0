//! What the tests of clusters share.

use serde_json::Value as Json;

use crate::frame::{Column, Frame};

/// What scikit-learn says.
pub(super) fn fixture() -> Json {
    serde_json::from_str(include_str!("../../../tests/oracle/clustering.json")).unwrap()
}

/// The numbers of a list, of lists in it, too.
pub(super) fn floats(value: &Json) -> Vec<f64> {
    match value {
        Json::Array(values) => values.iter().flat_map(floats).collect(),
        value => vec![value.as_f64().unwrap()],
    }
}

/// The points of a list.
pub(super) fn points(value: &Json) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(floats).collect()
}

/// The rows of the fixture.
pub(super) fn fixture_frame(fixture: &Json) -> Frame {
    Frame::new(points(&fixture["columns"]).into_iter().map(Column::Number).collect()).unwrap()
}

/// Whether numbers are the same but for rounding.
pub(super) fn is_near(ours: &[f64], theirs: &[f64], tolerance: f64) -> bool {
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance * b.abs().max(1.0);
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(near)
}
