//! Rows that weigh differently, and penalties from weak to strong, against scikit-learn.

use super::*;

/// The rows of a part with the fixture's weights, some of which are 0.
fn weighted(part: &Value, target: &str) -> Dataset {
    let weights = floats(&part["data"]["row_weights"]);
    dataset(part, target).weighted(weights.iter().map(|weight| *weight as f32).collect())
}

#[test]
fn weighted_rows_agree_with_scikit_learn() {
    let fixture = fixture();
    let part = &fixture["mixed"];
    #[track_caller]
    fn check<P>(part: &Value, target: &str, params: P, name: &str)
    where
        P: Learns,
    {
        let data = weighted(part, target);
        let model = fit(params, &data).unwrap();
        assert_agrees(&model, &data, &part[format!("weighted_{name}")], 1e-6, name);
    }
    check(part, "y", RidgeParams::least_squares(), "linear");
    check(part, "y", RidgeParams::default().alpha(3.0), "ridge");
    check(part, "y", ElasticNetParams::lasso().alpha(0.05), "lasso");
    check(
        part,
        "y",
        ElasticNetParams::default().alpha(0.1).l1_ratio(0.3),
        "elastic_net",
    );
    let logistic = LogisticRegressionParams::default;
    check(part, "two", logistic(), "logistic");
    let balanced = logistic().class_weight(ClassWeight::Balanced).c(0.3);
    check(part, "two", balanced, "logistic_balanced");
    check(part, "three", logistic(), "softmax");
}

/// Weights all multiplied by one number are other weights to a penalty only.
#[test]
fn the_scale_of_weights_matters_to_penalties_alone() {
    let fixture = fixture();
    let data = weighted(&fixture["mixed"], "y");
    let tenfold = data.weights.iter().flatten().map(|weight| 10.0 * weight).collect();
    let scaled = dataset(&fixture["mixed"], "y").weighted(tenfold);
    let weights = |model: LinearModel| model.weights().unwrap().1.iter().map(|w| w.weight).collect::<Vec<_>>();
    let linear = |data| weights(fit(RidgeParams::least_squares(), data).unwrap());
    assert_near(&linear(&scaled), &linear(&data), 1e-9, "linear");
    let lasso = |data| weights(fit(ElasticNetParams::lasso().alpha(0.1), data).unwrap());
    assert_near(&lasso(&scaled), &lasso(&data), 1e-8, "lasso");
    let ridge = |data, alpha| weights(fit(RidgeParams::default().alpha(alpha), data).unwrap());
    assert_near(&ridge(&scaled, 10.0), &ridge(&data, 1.0), 1e-9, "ridge");
}

#[test]
fn rows_without_a_usable_weight_are_refused() {
    let fixture = fixture();
    for wrong in [-1.0, f32::NAN, f32::INFINITY] {
        let mut data = weighted(&fixture["mixed"], "y");
        data.weights.as_mut().unwrap()[7] = wrong;
        let refused = fit(RidgeParams::default(), &data);
        assert!(matches!(refused, Err(Error::Data { .. })), "{wrong}");
    }
    let data = weighted(&fixture["mixed"], "y");
    let nothing = vec![0.0; data.rows()];
    let data = dataset(&fixture["mixed"], "y").weighted(nothing);
    assert!(matches!(fit(RidgeParams::default(), &data), Err(Error::Data { .. })));
}

#[test]
fn paths_of_penalties_agree_with_scikit_learn() {
    let fixture = fixture();
    for part in ["mixed", "scales", "collinear"] {
        let oracle = &fixture[part]["paths"];
        let numbers = dataset(&fixture[part], "y");
        let classes = dataset(&fixture[part], "path_label");
        let mut steps = 0;
        for (name, data) in [
            ("ridge", &numbers),
            ("lasso", &numbers),
            ("elastic_net", &numbers),
            ("logistic", &classes),
        ] {
            for step in oracle[name].as_array().unwrap() {
                let strength = step["strength"].as_f64().unwrap();
                let model = match name {
                    "ridge" => fit(RidgeParams::default().alpha(strength), data),
                    "lasso" => fit(ElasticNetParams::lasso().alpha(strength), data),
                    "elastic_net" => fit(ElasticNetParams::default().alpha(strength), data),
                    _ => fit(LogisticRegressionParams::default().c(strength).tol(1e-6), data),
                };
                let model = model.unwrap();
                let what = format!("{part}, {name} {strength}");
                let weights: Vec<f64> = model.weights().unwrap().1.iter().map(|w| w.weight).collect();
                assert_near(&weights, &floats(&step["weights"]), 1e-6, &what);
                let intercept: Vec<f64> = model.weights().unwrap().0.iter().map(|i| i.value).collect();
                assert_near(&intercept, &floats(&step["intercept"]), 1e-6, &what);
                steps += 1;
            }
        }
        assert_eq!(steps, 31, "{part}");
    }
}
