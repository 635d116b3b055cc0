//! Lasso and elastic net.

use super::*;

#[test]
fn lasso_and_elastic_net_agree_with_scikit_learn() {
    let fixture = fixture();
    let lasso = |alpha: f64| ElasticNetParams::lasso().alpha(alpha);
    let net = |alpha: f64, ratio: f64| ElasticNetParams::default().alpha(alpha).l1_ratio(ratio);
    for (name, ratio) in [
        ("mixed", 0.3),
        ("scales", 0.3),
        ("collinear", 0.3),
        ("short", 0.3),
        ("chain", 0.9),
    ] {
        let (part, data) = (&fixture[name], dataset(&fixture[name], "y"));
        let alpha = if name == "chain" { 0.01 } else { 0.05 };
        let model = fit(lasso(alpha), &data).unwrap();
        assert!(model.summary().converged, "{name}");
        assert_agrees(&model, &data, &part["lasso"], 1e-6, &format!("{name}: lasso"));
        assert!(model.weights().unwrap().1.iter().any(|w| w.weight == 0.0) || name == "scales");
        assert!(model.weights().unwrap().1.iter().all(|w| w.standard_error.is_none()));
        let alpha = if name == "chain" { 0.01 } else { 0.1 };
        let model = fit(net(alpha, ratio), &data).unwrap();
        assert!(model.summary().converged, "{name}");
        assert_agrees(
            &model,
            &data,
            &part["elastic_net"],
            1e-6,
            &format!("{name}: elastic net"),
        );
    }
    let (part, data) = (&fixture["mixed"], dataset(&fixture["mixed"], "y"));
    let strong = fit(lasso(1.0), &data).unwrap();
    assert_agrees(&strong, &data, &part["lasso_strong"], 1e-6, "strong lasso");
    let raw = net(0.02, 0.5).standardize(false);
    assert_agrees(
        &fit(raw.clone(), &data).unwrap(),
        &data,
        &part["elastic_net_raw"],
        1e-6,
        "elastic net raw",
    );
    let origin = fit(raw.fit_intercept(false), &data).unwrap();
    assert_agrees(
        &origin,
        &data,
        &part["elastic_net_origin"],
        1e-6,
        "elastic net without intercept",
    );
    assert_eq!(origin.weights().unwrap().0[0].value, 0.0);
}

/// Without an L1 penalty the two are ridge and least squares; with one that is large enough nothing but the mean is left.
#[test]
fn lasso_and_elastic_net_end_where_their_relatives_are() {
    let fixture = fixture();
    let data = dataset(&fixture["mixed"], "y");
    let rows = data.rows() as f64;
    let net = ElasticNetParams::default().l1_ratio(0.0).alpha(1.0 / rows);
    assert_agrees(
        &fit(net, &data).unwrap(),
        &data,
        &fixture["mixed"]["ridge_1"],
        1e-6,
        "ridge",
    );
    let free = fit(ElasticNetParams::lasso().alpha(0.0), &data).unwrap();
    assert_agrees(&free, &data, &fixture["mixed"]["linear"], 1e-6, "linear");
    let none = fit(ElasticNetParams::lasso().alpha(1e3), &data).unwrap();
    assert!(none.summary().converged && none.summary().rank == 0);
    assert!(none.weights().unwrap().1.iter().all(|w| w.weight == 0.0));
    assert!(
        (none.weights().unwrap().0[0].value - data.target.values().iter().sum::<f64>() / data.rows() as f64).abs()
            < 1e-12
    );
}

/// Columns twice, nearly twice, of one value or of gaps only, and a target of one value.
#[test]
fn lasso_stands_degenerate_columns() {
    let x: Vec<f64> = (0..200).map(|i| f64::from(i * 37 % 101) / 50.0).collect();
    let nearly: Vec<f64> = x.iter().enumerate().map(|(i, x)| x + 1e-9 * (i % 7) as f64).collect();
    let target = Vec::from_iter(x.iter().enumerate().map(|(i, x)| 3.0 * x + (i % 5) as f64));
    let columns = [x.clone(), x.clone(), nearly, vec![4.2; 200], vec![f64::NAN; 200]];
    let columns: Vec<Column> = columns.into_iter().map(Column::Number).collect();
    for standardize in [true, false] {
        for ratio in [1.0, 0.5, 1e-6] {
            for alpha in [1e-9, 1e-3, 0.3] {
                let data = numbers(Frame::new(columns.clone()).unwrap(), target.clone());
                let params = ElasticNetParams::default().alpha(alpha).l1_ratio(ratio);
                let model = fit(params.standardize(standardize), &data).unwrap();
                assert!(model.summary().converged, "{standardize} {ratio} {alpha}");
                assert!(model.weights().unwrap().1[3..].iter().all(|w| w.weight == 0.0));
                let sum: f64 = model.weights().unwrap().1.iter().map(|w| w.weight).sum();
                assert!((0.0..3.1).contains(&sum), "{standardize} {ratio} {alpha}: {sum}");
            }
        }
    }
    let flat = numbers(Frame::new(columns).unwrap(), vec![7.5; 200]);
    let model = fit(ElasticNetParams::lasso().alpha(0.1), &flat).unwrap();
    assert!(model.summary().converged && model.summary().rank == 0);
    assert_eq!(model.weights().unwrap().0[0].value, 7.5);
}

/// A stop is obeyed wherever the descent is, also after the last pass over the rows.
#[test]
fn lasso_stops_when_asked() {
    let noise = |i: usize, j: usize| ((i * 7919 + j * 104_729 + i * j) % 1009) as f64;
    let columns = (0..150).map(|j| Column::Number((0..80).map(|i| noise(i, j)).collect()));
    let target = Vec::from_iter((0..80).map(|i| noise(i, 200) + noise(i, 3)));
    let data = numbers(Frame::new(columns.collect()).unwrap(), target);
    let params = || ElasticNetParams::lasso().alpha(1.0);
    let plenty = Stopper(AtomicUsize::new(usize::MAX));
    assert!(params().fit(&data, &plenty).unwrap().summary().converged);
    let asked = usize::MAX - plenty.0.load(Ordering::Relaxed);
    assert!(asked > 500);
    for questions in (0..asked).step_by(asked / 40) {
        let stopper = Stopper(AtomicUsize::new(questions));
        let error = params().fit(&data, &stopper).unwrap_err();
        assert_eq!(error, Error::Stopped, "after {questions} of {asked}");
    }
}
