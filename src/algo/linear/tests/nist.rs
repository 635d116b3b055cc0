//! The linear regressions of NIST's Statistical Reference Datasets (tests/oracle/nist.json), certified to 15 digits, and numbers at the ends of
//! the range of floats.

use super::*;

/// A reference set.
struct Reference {
    data: Dataset,
    intercept: bool,
    estimates: Vec<f64>,
    errors: Vec<f64>,
}

/// The sets by name. A polynomial's powers are columns.
fn references() -> Vec<(String, Reference)> {
    let file: Value = serde_json::from_str(include_str!("../../../../tests/oracle/nist.json")).unwrap();
    let sets = file["sets"].as_object().unwrap();
    let reference = |set: &Value| {
        let rows: Vec<Vec<f64>> = set["x"].as_array().unwrap().iter().map(floats).collect();
        let degree = set["degree"].as_u64().unwrap() as i32;
        let columns: Vec<Column> = (0..rows[0].len())
            .flat_map(|x| (1..=degree).map(move |power| (x, power)))
            .map(|(x, power)| Column::Number(rows.iter().map(|row| row[x].powi(power)).collect()))
            .collect();
        Reference {
            data: numbers(Frame::new(columns).unwrap(), floats(&set["y"])),
            intercept: set["intercept"].as_bool().unwrap(),
            estimates: floats(&set["estimates"]),
            errors: floats(&set["standard_errors"]),
        }
    };
    sets.iter().map(|(name, set)| (name.clone(), reference(set))).collect()
}

/// Right digits, of the worst number: the logarithm of the relative error, as NIST counts them.
fn digits(found: impl IntoIterator<Item = f64>, expected: &[f64]) -> f64 {
    let found: Vec<f64> = found.into_iter().collect();
    assert_eq!(found.len(), expected.len());
    let error = |(found, expected): (&f64, &f64)| {
        let scale = if *expected == 0.0 { 1.0 } else { expected.abs() };
        -((found - expected).abs() / scale).max(1e-15).log10()
    };
    found.iter().zip(expected).map(error).fold(15.0, f64::min)
}

/// Right digits of the estimates, and of the standard errors.
fn digits_of(model: &LinearModel, reference: &Reference) -> (f64, f64) {
    let (intercepts, weights) = model.weights().unwrap();
    let intercept = reference.intercept.then_some(&intercepts[0]);
    let estimates = intercept
        .map(|i| i.value)
        .into_iter()
        .chain(weights.iter().map(|w| w.weight));
    let error = |error: Option<f64>| error.unwrap_or(f64::NAN);
    let errors = intercept
        .map(|i| error(i.standard_error))
        .into_iter()
        .chain(weights.iter().map(|w| error(w.standard_error)));
    (
        digits(estimates, &reference.estimates),
        digits(errors, &reference.errors),
    )
}

#[test]
fn certified_digits_are_met() {
    let mut table = String::new();
    let mut short = Vec::new();
    for (name, reference) in references() {
        let params = RidgeParams::least_squares().fit_intercept(reference.intercept);
        let model = fit(params, &reference.data).unwrap();
        let (estimates, errors) = digits_of(&model, &reference);
        let condition = crate::fitted::Fitted::condition(&model).unwrap();
        table += &format!("{name}: {estimates:.1} digits, errors {errors:.1}, condition {condition:.1e}\n");
        let wanted = match name.as_str() {
            "Wampler4" | "Filip" => 7.0,
            "Wampler5" => 5.0,
            _ => 8.0,
        };
        // An error of 0 is certified where the fit is exact.
        let exact = reference.errors.iter().all(|error| *error == 0.0);
        if estimates.is_nan() || estimates < wanted || (!exact && errors < wanted.min(7.0)) {
            short.push(name);
        }
    }
    println!("{table}");
    assert!(short.is_empty(), "too few digits of {short:?}:\n{table}");
}

/// From sums of products, which have fewer digits, the condition says so.
#[test]
fn sums_of_products_tell_their_condition() {
    for (name, reference) in references() {
        let frame = &reference.data.frame;
        let mut gram = Gram::new(frame.nfeatures()).unwrap();
        let mut row = vec![0.0; frame.nfeatures()];
        for index in 0..frame.rows() {
            frame.encode_row(index, &mut row);
            gram.push(&row, reference.data.target.values()[index]).unwrap();
        }
        let params = RidgeParams::least_squares().fit_intercept(reference.intercept);
        let model = ridge_gram(&gram, &params).unwrap();
        let (estimates, _) = digits_of(&model, &reference);
        let dependent = model.summary().rank < frame.nfeatures();
        println!("{name}: {estimates:.1} digits from products, dependent: {dependent}");
        assert!(dependent == (name == "Filip"), "{name}");
        assert!(
            dependent || estimates >= if name == "Wampler5" { 4.0 } else { 5.0 },
            "{name}: {estimates}"
        );
    }
}

/// The same rows in other units have the same weights in other units, and the same p-values.
#[test]
fn units_of_any_size_give_the_same_model() {
    let rows = 400;
    let noise = |i: usize, k: usize| ((i * 7919 + k * 104_729) % 1009) as f64 / 1009.0 - 0.5;
    let model = |a: f64, b: f64, y: f64, from_products: bool| {
        let x: Vec<f64> = (0..rows).map(|i| noise(i, 1) * a).collect();
        let z: Vec<f64> = (0..rows).map(|i| (noise(i, 2) + 3.0) * b).collect();
        let target: Vec<f64> = (0..rows)
            .map(|i| (2.0 * noise(i, 1) - noise(i, 2) + 0.1 * noise(i, 3) + 1.0) * y)
            .collect();
        if from_products {
            let mut gram = Gram::new(2).unwrap();
            (0..rows).for_each(|i| gram.push(&[x[i], z[i]], target[i]).unwrap());
            let bytes = postcard::to_allocvec(&gram).unwrap();
            let gram: Gram = postcard::from_bytes(&bytes).unwrap();
            gram.validate().unwrap();
            return ridge_gram(&gram, &RidgeParams::least_squares()).unwrap();
        }
        let frame = Frame::new(vec![Column::Number(x), Column::Number(z)]).unwrap();
        fit(RidgeParams::least_squares(), &numbers(frame, target)).unwrap()
    };
    for from_products in [false, true] {
        let plain = model(1.0, 1.0, 1.0, from_products);
        let weights = |m: &LinearModel| m.weights().unwrap().1.to_vec();
        let huge = [1e155, 1e-200, 1e200, 1e300, 1e-280];
        for (a, b, y) in huge.iter().map(|&u| (u, 1.0, 1.0)).chain([
            (1.0, 1e200, 1.0),
            (1.0, 1.0, 1e200),
            (1.0, 1.0, 1e-200),
            (1e200, 1e200, 1e200),
        ]) {
            let model = model(a, b, y, from_products);
            for ((ours, theirs), unit) in weights(&model).iter().zip(&weights(&plain)).zip([a, b]) {
                let near = |ours: f64, theirs: f64, what: &str| {
                    assert!(
                        (ours - theirs).abs() <= 1e-7 * theirs.abs(),
                        "{from_products} {a} {b} {y} {what}: {ours}, not {theirs}"
                    );
                };
                near(ours.weight / y * unit, theirs.weight, "weight");
                near(
                    ours.standard_error.unwrap() / y * unit,
                    theirs.standard_error.unwrap(),
                    "error",
                );
                let p = |weight: &Weight| weight.p_value.unwrap();
                assert!((p(ours) - p(theirs)).abs() <= 1e-6 * p(theirs) + 1e-300);
            }
        }
    }
}

/// States of other units merge.
#[test]
fn states_of_any_size_merge() {
    let row = |i: usize, unit: f64| {
        (
            [(i % 17) as f64 * unit, (i % 5) as f64],
            (i % 17) as f64 * 2.0 + (i % 5) as f64 + (i % 3) as f64,
        )
    };
    let gram = |range: std::ops::Range<usize>, unit: f64| {
        let mut gram = Gram::new(2).unwrap();
        for i in range {
            let (features, target) = row(i, unit);
            gram.push(&features, target).unwrap();
        }
        gram
    };
    let weights = |gram: &Gram| -> Vec<f64> {
        let model = ridge_gram(gram, &RidgeParams::least_squares()).unwrap();
        model.weights().unwrap().1.iter().map(|w| w.weight).collect()
    };
    for unit in [1e200, 1e-200] {
        let whole = gram(0..500, unit);
        let mut merged = gram(0..130, unit);
        merged.merge(&gram(130..500, unit)).unwrap();
        assert_near(&weights(&merged), &weights(&whole), 1e-9, "merged");
        // Small numbers beside large ones are as good as 0.
        let (mut one, mut other) = (gram(0..200, unit), gram(0..200, 1.0));
        let copy = one.clone();
        one.merge(&other).unwrap();
        other.merge(&copy).unwrap();
        assert!(one.validate().is_ok());
        assert_near(&weights(&one), &weights(&other), 1e-9, "mixed");
        let mut empty = Gram::new(2).unwrap();
        empty.merge(&whole).unwrap();
        assert_near(&weights(&empty), &weights(&whole), 1e-12, "of none");
    }
}

/// Copies of a column are no reason for QR, and their weights stay the smallest.
#[test]
fn copies_share_a_weight() {
    let x: Vec<f64> = (0..500).map(|i| f64::from(i * 37 % 101)).collect();
    let target: Vec<f64> = x.iter().enumerate().map(|(i, x)| 3.0 * x + (i % 7) as f64).collect();
    let frame = Frame::new(vec![Column::Number(x.clone()), Column::Number(x)]).unwrap();
    let model = fit(RidgeParams::least_squares(), &numbers(frame, target)).unwrap();
    let weights = model.weights().unwrap().1;
    assert!((weights[0].weight - weights[1].weight).abs() < 1e-9 && (weights[0].weight - 1.5).abs() < 0.01);
    assert_eq!((model.summary().rank, weights[0].standard_error), (1, None));
}
