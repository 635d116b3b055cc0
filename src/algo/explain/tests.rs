//! What must hold of every explanation, and sums against what defines Shapley values: the mean over all orders of the features.

use serde_json::Value as Json;

use super::{Baseline, Explainer, means_of_summaries};
use crate::frame::{Column, Frame, UNSEEN};
use crate::learners;
use crate::model::Model;
use crate::model::tests as models;
use crate::monitor::Unwatched;
use crate::training_set::{Target, TrainingSet};

/// What a model's explained margins of a row are.
fn margins(model: &Model, row: &[f64]) -> Vec<f64> {
    let mut margins = vec![0.0; model.fitted.base().len()];
    model.fitted.margin(row, &mut margins);
    model.fitted.explained(&margins)
}

/// For each explained margin one number per feature.
fn explained(explainer: &dyn Explainer, row: &[f64]) -> Vec<Vec<f64>> {
    let mut out = vec![f64::NAN; row.len() * explainer.base().len()];
    explainer.explain(row, row.len(), &mut out, &Unwatched).unwrap();
    out.chunks_exact(row.len()).map(<[f64]>::to_vec).collect()
}

/// Rows as a learner may see them, values that are missing and levels that training did not see among them.
fn rows_of(model: &Model) -> Vec<Vec<f64>> {
    let codes: Vec<usize> = model.features().iter().map(|feature| feature.kind.codes()).collect();
    let value = |row: usize, feature: usize| match (codes[feature], (row * 31 + feature * 7) % 23) {
        (_, 0) => f64::NAN,
        (0, draw) => draw as f64 / 3.0 - 1.0,
        (_, 1) => UNSEEN,
        (codes, draw) => ((draw * 5 + row) % codes) as f64,
    };
    (0..60)
        .map(|row| (0..codes.len()).map(|feature| value(row, feature)).collect())
        .collect()
}

fn all_models() -> Vec<(String, Model)> {
    let mut all = models::models();
    all.push(("by group".into(), models::grouped()));
    all
}

#[test]
fn attributions_and_base_are_the_margin_of_every_row() {
    for (name, model) in all_models() {
        let rows = rows_of(&model);
        let background: Vec<f64> = rows.concat();
        for baseline in [Baseline::Training, Baseline::Background(&background)] {
            let Ok(explainer) = model.explainer(baseline, &[], &Unwatched) else {
                assert!(model.fitted.additive().is_none(), "{name} has no explainer");
                continue;
            };
            for row in &rows {
                let attributions = explained(&*explainer, row);
                for ((of_margin, margin), base) in attributions.iter().zip(margins(&model, row)).zip(explainer.base()) {
                    let sum = base + of_margin.iter().sum::<f64>();
                    assert!((sum - margin).abs() <= 1e-9, "{name}: {sum}, not {margin}, of {row:?}");
                }
            }
        }
    }
}

#[test]
fn the_base_is_the_mean_margin_of_what_is_compared_with() {
    for (name, model) in all_models() {
        if model.fitted.additive().is_none() {
            continue;
        }
        let near = |found: &[f64], wanted: &[f64]| {
            for (found, wanted) in found.iter().zip(wanted) {
                assert!(
                    (found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0),
                    "{name}: {found}, not {wanted}"
                );
            }
        };
        let against_training = model.explainer(Baseline::Training, &[], &Unwatched).unwrap();
        near(against_training.base(), &model.fitted.explained(model.fitted.base()));
        let rows = rows_of(&model);
        let mut means = vec![0.0; against_training.base().len()];
        for row in &rows {
            let margins = margins(&model, row);
            means
                .iter_mut()
                .zip(margins)
                .for_each(|(mean, margin)| *mean += margin / rows.len() as f64);
        }
        let background = rows.concat();
        let against_rows = model
            .explainer(Baseline::Background(&background), &[], &Unwatched)
            .unwrap();
        near(against_rows.base(), &means);
    }
}

/// Rows of a background come in the order of the plan that read them.
#[test]
fn the_order_of_a_background_does_not_matter() {
    for (name, model) in all_models() {
        let rows = rows_of(&model);
        let backwards: Vec<f64> = rows.iter().rev().flatten().copied().collect();
        let bits = |background: &[f64]| {
            let explainer = model
                .explainer(Baseline::Background(background), &[], &Unwatched)
                .unwrap();
            let mut numbers = explainer.base().to_vec();
            numbers.extend(rows.iter().flat_map(|row| explained(&*explainer, row).concat()));
            numbers.into_iter().map(f64::to_bits).collect::<Vec<u64>>()
        };
        assert!(bits(&rows.concat()) == bits(&backwards), "{name}");
    }
}

/// The value of a coalition: the mean margin of background rows that have the row's values of its features.
fn value(model: &Model, row: &[f64], background: &[Vec<f64>], coalition: usize, margin: usize) -> f64 {
    let mixed = background.iter().map(|other| {
        let value = |feature: usize| {
            if coalition >> feature & 1 == 1 {
                row[feature]
            } else {
                other[feature]
            }
        };
        let mixed: Vec<f64> = (0..row.len()).map(value).collect();
        margins(model, &mixed)[margin]
    });
    mixed.sum::<f64>() / background.len() as f64
}

#[test]
fn attributions_are_shapley_values_by_their_definition() {
    for (name, model) in models::models() {
        if model.fitted.additive().is_none() || model.width() > 4 {
            continue;
        }
        let rows = rows_of(&model);
        let (background, width) = (rows[20..40].to_vec(), model.width());
        let flat = background.concat();
        let explainer = model.explainer(Baseline::Background(&flat), &[], &Unwatched).unwrap();
        for row in rows.iter().step_by(17) {
            for (margin, found) in explained(&*explainer, row).iter().enumerate() {
                for feature in 0..width {
                    let mut shapley = 0.0;
                    for coalition in (0..1 << width).filter(|coalition| coalition >> feature & 1 == 0) {
                        let factorial = |n: usize| (1..=n).product::<usize>() as f64;
                        let size = (coalition as u32).count_ones() as usize;
                        let share = factorial(size) * factorial(width - size - 1) / factorial(width);
                        let with = value(&model, row, &background, coalition | 1 << feature, margin);
                        shapley += share * (with - value(&model, row, &background, coalition, margin));
                    }
                    let found = found[feature];
                    assert!((found - shapley).abs() < 1e-10, "{name}: {found}, not {shapley}");
                }
            }
        }
    }
}

#[test]
fn what_says_nothing_has_no_part() {
    for (name, model) in models::models() {
        if !name.starts_with("naive_bayes") || model.pipeline.is_some() {
            continue;
        }
        let row = [f64::NAN, f64::NAN, UNSEEN];
        let (explainer, zero) = (
            model.explainer(Baseline::Background(&row), &[], &Unwatched).unwrap(),
            [0.0; 3],
        );
        assert!(
            explained(&*explainer, &row)
                .iter()
                .all(|attributions| attributions[..] == zero)
        );
    }
}

#[test]
fn the_distributions_of_the_training_rows_tell_what_features_add_in_the_mean() {
    let mut checked = 0;
    for (name, model) in models::models() {
        let (Some(means), Some(pipeline), Some(additive)) = (&model.means, &model.pipeline, model.fitted.additive())
        else {
            continue;
        };
        let found = means_of_summaries(&*additive, &model.features(), pipeline.statistics()).unwrap();
        for (found, wanted) in found.iter().zip(means) {
            assert!(
                (found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0),
                "{name}: {found}, not {wanted}"
            );
        }
        checked += 1;
    }
    assert!(checked >= 2);
}

/// Numbers of a golden file.
fn floats(value: &Json) -> Vec<f64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_f64().unwrap())
        .collect()
}

/// Explains rows of a learner's training rows against others of them, and compares with what another tool found.
fn compare(learner: &str, columns: Vec<Column>, target: Target, golden: &Json) {
    let frame = Frame::new(columns).unwrap();
    let levels: Vec<usize> = frame
        .columns()
        .iter()
        .map(|column| column.levels().unwrap_or(0))
        .collect();
    let rows = |range: &Json| {
        let (first, end) = (range[0].as_u64().unwrap() as usize, range[1].as_u64().unwrap() as usize);
        let mut rows = vec![0.0; (end - first) * levels.len()];
        (rows.chunks_exact_mut(levels.len()).zip(first..)).for_each(|(out, row)| frame.encode_row(row, out));
        rows
    };
    let (background, rows) = (rows(&golden["background"]), rows(&golden["rows"]));
    let set = TrainingSet::new(frame, target);
    let learner = learners::named(learner)
        .unwrap()
        .configure(&Default::default(), 1)
        .unwrap();
    let (fitted, _) = learner.fit(&set, &Unwatched).unwrap();
    let explainer = fitted
        .explainer(&levels, Baseline::Background(&background), &Unwatched)
        .unwrap();
    let mut found = vec![0.0; rows.len() * explainer.base().len()];
    explainer.explain(&rows, levels.len(), &mut found, &Unwatched).unwrap();
    for (found, wanted) in [(explainer.base(), &golden["base"]), (&found, &golden["attributions"])] {
        let wanted = floats(wanted);
        assert_eq!(found.len(), wanted.len());
        for (found, wanted) in found.iter().zip(wanted) {
            assert!(
                (found - wanted).abs() <= 1e-6 * wanted.abs().max(1.0),
                "{found}, not {wanted}"
            );
        }
    }
}

#[test]
fn sums_are_explained_as_other_tools_explain_them() {
    let golden: Json = serde_json::from_str(include_str!("../../../tests/oracle/explain_sums.json")).unwrap();
    let linear: Json = serde_json::from_str(include_str!("../../../tests/oracle/linear.json")).unwrap();
    let data = &linear["scales"]["data"];
    let numbers = |data: &Json| {
        data["numbers"]
            .as_array()
            .unwrap()
            .iter()
            .map(floats)
            .map(Column::Number)
            .collect::<Vec<_>>()
    };
    compare(
        "linear_regression",
        numbers(data),
        Target::Numbers(floats(&data["y"])),
        &golden["linear"],
    );
    let bayes: Json = serde_json::from_str(include_str!("../../../tests/oracle/naive_bayes.json")).unwrap();
    let codes = bayes["codes"].as_array().unwrap().iter().zip(floats(&bayes["levels"]));
    let codes = codes.map(|(codes, levels)| Column::Category {
        codes: floats(codes).into_iter().map(|code| code as u32).collect(),
        levels: levels as usize,
    });
    let columns = numbers(&bayes).into_iter().chain(codes).collect();
    let target = Target::Classes {
        numbers: floats(&bayes["targets"]),
        count: 3,
    };
    compare("naive_bayes", columns, target, &golden["naive_bayes"]);
}
