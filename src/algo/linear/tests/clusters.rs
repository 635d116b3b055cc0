//! Errors of clusters, where there are more than are held at once.

use super::*;

/// As many rows as clusters, and more than are held at once, some of weight 0; clusters come in another order than rows.
fn data(own: impl Fn(u32) -> u32) -> Dataset {
    const ROWS: u32 = 3_001;
    let column = |by: u32| Column::Number((0..ROWS).map(|i| f64::from(i * by % 101)).collect());
    let levels = Column::Category {
        codes: (0..ROWS).map(|i| i / 7 % 5).collect(),
        levels: 5,
    };
    let target = (0..ROWS)
        .map(|i| f64::from(i * 31 % 67) * f64::from(1 + i % 4))
        .collect();
    TrainingSet {
        groups: Some((0..ROWS).map(own).collect()),
        ..numbers(Frame::new(vec![column(37), levels, column(59)]).unwrap(), target)
    }
    .weighted((0..ROWS).map(|i| (i % 6) as f32).collect())
}

fn errors(params: RidgeParams, data: &Dataset) -> Vec<f64> {
    let model = fit(params, data).unwrap();
    let (intercepts, weights) = Fitted::weights(&model).unwrap();
    let errors = (intercepts.iter().map(|i| i.standard_error)).chain(weights.iter().map(|w| w.standard_error));
    errors.map(Option::unwrap).collect()
}

fn clustered() -> RidgeParams {
    RidgeParams::least_squares().cluster(Some("shop".into()))
}

/// Where each row is a cluster of its own, clusters say what rows say: statsmodels' corrections are then those of HC1.
#[test]
fn a_row_a_cluster_is_white_with_hc1() {
    let alone = data(|row| row * 1_000 % 3_001);
    let rows = errors(
        RidgeParams::least_squares().standard_errors(StandardErrors::Hc1),
        &alone,
    );
    assert_near(&errors(clustered(), &alone), &rows, 1e-9, "a row a cluster");
}

/// What clusters are called, and whether numbers are left out, changes nothing.
#[test]
fn names_of_clusters_do_not_matter() {
    let plain = errors(clustered(), &data(|row| row / 2));
    let spread = errors(clustered(), &data(|row| 3 * (row / 2 * 7 % 1_501) + 1));
    assert_near(&spread, &plain, 1e-9, "other numbers");
}
