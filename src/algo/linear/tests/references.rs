//! Weights as differences from a level that is named.

use super::*;
use crate::pipeline::{Feature, Kind, Levels};

/// A number, and a category in four of whose five rows there is a level; the level "blue" no row has.
fn data() -> Dataset {
    let x = (0..60).map(|i| f64::from(i * 7 % 11)).collect();
    let codes = (0..60_u32).map(|i| if i % 5 == 4 { MISSING } else { [0, 2, 3][i as usize % 3] });
    let frame = Frame::new(vec![
        Column::Number(x),
        Column::Category {
            codes: codes.collect(),
            levels: 4,
        },
    ]);
    let names = ["amber", "blue", "cyan", "red"].map(String::from).to_vec();
    let colour = Levels {
        names: names.into(),
        ..Levels::default()
    };
    let features = [
        Feature::number("x"),
        Feature {
            name: "colour".into(),
            kind: Kind::Category(colour),
        },
    ];
    let target = (0..60).map(|i| f64::from(i * 13 % 17) + f64::from(i % 3)).collect();
    TrainingSet {
        named: Some(features.to_vec().into()),
        ..numbers(frame.unwrap(), target)
    }
}

fn read(reference: Value) -> Result<RidgeParams> {
    let mut params = RidgeParams::least_squares();
    params.read(json!({ "reference": reference }).as_object().unwrap(), &[])?;
    params.check()?;
    Ok(params)
}

fn fitted(reference: Value) -> Result<LinearModel> {
    fit(read(reference)?, &data())
}

#[test]
fn a_named_level_is_the_one_that_others_differ_from() {
    let [plain, first, cyan, null] = [
        json!("none"),
        json!("first"),
        json!({"colour": "cyan"}),
        json!({"colour": "(null)"}),
    ]
    .map(|reference| fitted(reference).unwrap());
    let weight = |model: &LinearModel, index: usize| model.weights().unwrap().1[index].weight;
    let levels = 1..weights_of(&plain);
    assert_eq!(levels.len(), 4, "amber, cyan, red and what is missing");
    for (model, own) in [(&first, 1), (&cyan, 2), (&null, 4)] {
        assert_eq!(weight(model, own), 0.0);
        for level in levels.clone() {
            let difference = weight(&plain, level) - weight(&plain, own);
            assert!((weight(model, level) - difference).abs() < 1e-12);
            let error = model.weights().unwrap().1[level].standard_error;
            assert_eq!(error.is_some(), level != own, "level {level} beside {own}");
        }
        let frame = &data().frame;
        assert_eq!(predictions(model, frame), predictions(&plain, frame));
    }
}

fn weights_of(model: &LinearModel) -> usize {
    model.weights().unwrap().1.len()
}

#[test]
fn columns_and_levels_that_are_not_there_are_errors_that_list_those_that_are() {
    let said = |reference: Value| match fitted(reference) {
        Err(Error::Data { problem, detail, .. }) => (problem, detail.unwrap()),
        other => panic!("{other:?}"),
    };
    for level in ["blue", "green"] {
        let (problem, detail) = said(json!({ "colour": level }));
        let expected = format!("reference names level \"{level}\" of \"colour\", which no training row has");
        assert_eq!(
            (&*problem, &*detail),
            (&*expected, "Levels are: amber, cyan, red, (null).")
        );
    }
    for column in ["x", "shape"] {
        let (problem, detail) = said(json!({ column: "cyan" }));
        let expected = format!("reference names \"{column}\", which is no category among the features");
        assert_eq!((&*problem, &*detail), (&*expected, "Categories are: colour."));
    }
    for wrong in [
        json!("red"),
        json!({}),
        json!(["colour"]),
        json!({"colour": 3}),
        json!(true),
    ] {
        let Err(Error::Parameter { name, allowed, .. }) = read(wrong) else {
            panic!()
        };
        assert!(name == "reference" && allowed.contains("an object of columns and their levels"));
    }
    let without = read(json!({"colour": "cyan"})).unwrap().fit_intercept(false);
    assert!(format!("{:?}", without.check()).contains("holds the level of reference"));
}
