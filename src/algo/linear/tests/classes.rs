//! More than two classes.

use super::*;

#[test]
fn softmax_agrees_with_scikit_learn() {
    let fixture = fixture();
    let (part, data) = (&fixture["mixed"], dataset(&fixture["mixed"], "three"));
    let model = fit(LogisticRegressionParams::default(), &data).unwrap();
    assert!(model.summary().converged);
    assert_agrees(&model, &data, &part["softmax"], 1e-6, "softmax");
    assert!(
        model
            .weights()
            .unwrap()
            .1
            .iter()
            .all(|w| w.standard_error.is_some() && w.p_value.is_some())
    );
    assert!(model.weights().unwrap().0.iter().all(|i| i.standard_error.is_some()));
    for row in predictions(&model, &data.frame).chunks(3) {
        assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-14);
    }
    let balanced = LogisticRegressionParams::default()
        .class_weight(ClassWeight::Balanced)
        .c(0.2);
    assert_agrees(
        &fit(balanced, &data).unwrap(),
        &data,
        &part["softmax_balanced"],
        1e-6,
        "balanced softmax",
    );
}

/// Without a penalty, a column more that depends on others changes no prediction and no other weight, and has no error.
#[test]
fn softmax_stands_dependent_columns_without_a_penalty() {
    let fixture = fixture();
    let data = dataset(&fixture["mixed"], "three");
    let free = || LogisticRegressionParams::default().penalty(Penalty::None);
    let plain = fit(free(), &data).unwrap();
    let mut columns = data.frame.columns().to_vec();
    columns.push(columns[1].clone());
    columns.push(Column::Number(vec![4.2; data.frame.rows()]));
    let more = numbers(Frame::new(columns).unwrap(), data.target.values().to_vec());
    let doubled = fit(free(), &more).unwrap();
    assert!(plain.summary().converged && doubled.summary().converged);
    let (ours, theirs) = (predictions(&doubled, &more.frame), predictions(&plain, &data.frame));
    assert_near(&ours, &theirs, 1e-6, "prediction");
    for class in 0..3 {
        let of = |model: &LinearModel, feature: usize| {
            let mut weights = model.weights().unwrap().1.iter().copied();
            weights.find(|w| w.output == class && w.feature == feature).unwrap()
        };
        // The weight of a column is shared by the two that are alike; others keep theirs, and their errors.
        let (whole, half, twin) = (of(&plain, 1), of(&doubled, 1), of(&doubled, 6));
        assert!((half.weight - whole.weight / 2.0).abs() < 1e-6 && (twin.weight - half.weight).abs() < 1e-9);
        assert!(half.standard_error.is_none() && whole.standard_error.is_some());
        assert_eq!((of(&doubled, 7).weight, of(&doubled, 7).standard_error), (0.0, None));
        for feature in [0, 2, 3, 4, 5] {
            let (before, after) = (of(&plain, feature), of(&doubled, feature));
            assert!((before.weight - after.weight).abs() < 1e-6 * (1.0 + before.weight.abs()));
            let (before, after) = (before.standard_error.unwrap(), after.standard_error.unwrap());
            assert!(
                (before / after - 1.0).abs() < 1e-5,
                "{class} {feature}: {before} {after}"
            );
        }
    }
}

/// Newton's method and the one without second derivatives end at the same probabilities; the latter takes more classes.
#[test]
fn many_classes_end_where_few_do() {
    let fixture = fixture();
    let data = dataset(&fixture["mixed"], "y");
    for classes in [16, 17] {
        let target = Vec::from_iter((0..300).map(|i| (i * 7 % classes) as f64));
        let data = numbers(data.frame.clone(), target);
        let model = fit(LogisticRegressionParams::default().max_iter(500), &data).unwrap();
        assert!(model.summary().converged);
        assert_eq!(model.weights().unwrap().1[0].standard_error.is_some(), classes == 16);
        // At the minimum the residuals of each class add up to nothing.
        let predicted = predictions(&model, &data.frame);
        for class in 0..classes {
            let sum: f64 = (predicted.chunks(classes).zip(data.target.values()))
                .map(|(row, target)| f64::from(u8::from(*target == class as f64)) - row[class])
                .sum();
            assert!(sum.abs() < 1e-5, "{classes} classes, {class}: {sum}");
            let total: f64 = (model.weights().unwrap().1.iter().filter(|w| w.feature == 1))
                .map(|w| w.weight)
                .sum();
            assert!(total.abs() < 1e-9);
        }
    }
}
