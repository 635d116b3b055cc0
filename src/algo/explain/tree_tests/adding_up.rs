//! Attributions and base add up to the margin, and a row gets the same alone as among others.

use super::*;
use crate::frame::Column;
use crate::golden::models::models;
use crate::grouped::Grouped;
use crate::learner::Configured;
use crate::learners::named;

/// Every model of trees that others test with, explained against its training rows and against a background.
#[test]
fn every_model_adds_up() {
    let mut explained = 0;
    for (name, model) in models() {
        let features: Vec<usize> = model.features().iter().map(|feature| feature.kind.codes()).collect();
        let width = features.len();
        let mut rows = Vec::new();
        for value in [f64::NAN, 0.0, 1.0, 2.0, 3.5, -7.0, 12.0] {
            rows.extend(features.iter().map(|&levels| match levels {
                0 => value,
                levels if (0.0..levels as f64).contains(&value) => value.floor(),
                _ if value.is_nan() => value,
                _ => UNSEEN,
            }));
        }
        for baseline in [Baseline::Training, Baseline::Background(&rows)] {
            if !["tree", "forest", "boosting"].iter().any(|tree| name.contains(tree)) {
                continue;
            }
            let explainer = model.fitted.explainer(&features, baseline, &Unwatched).unwrap();
            adds_up(&name, &*model.fitted, &*explainer, &rows, width);
            explained += 1;
        }
    }
    assert!(explained > 20, "{explained}");
}

fn engines() -> [(&'static str, Limits); 4] {
    [
        ("tables", Limits::USUAL),
        ("walks", WALKED),
        ("both", SPLIT),
        ("rows", ROW_BY_ROW),
    ]
}

#[test]
fn trees_add_up_by_every_engine() {
    let (some, background) = (rows(700, 1), rows(40, 2));
    for classes in [0, 2, 4] {
        for weighted in [false, true] {
            let set = learned(2000, classes, weighted);
            let boosted = boosting(&set, |_| ());
            let grown = forest(&set, |_| ());
            let models: [(&dyn Fitted, Ensemble); 2] = [(&boosted, boosted.ensemble()), (&grown, grown.ensemble())];
            for (fitted, ensemble) in &models {
                for (engine, limits) in engines() {
                    for baseline in [Baseline::Training, Baseline::Background(&background)] {
                        // Forests against a background take long.
                        let some = &some[..if baseline == Baseline::Training {
                            some.len()
                        } else {
                            20 * 4
                        }];
                        let explainer = explainer(ensemble, baseline, limits);
                        adds_up(&format!("{engine}, {classes} classes"), *fitted, &explainer, some, 4);
                    }
                }
            }
        }
    }
}

#[test]
fn a_row_alone_gets_the_same_bits_as_among_others() {
    let (some, background) = (rows(1500, 3), rows(30, 4));
    for classes in [0, 3] {
        let set = learned(1500, classes, false);
        let boosted = boosting(&set, |_| ());
        let grown = forest(&set, |params| params.max_depth = Some(5));
        for ensemble in [boosted.ensemble(), grown.ensemble()] {
            for (_, limits) in engines() {
                for baseline in [Baseline::Training, Baseline::Background(&background)] {
                    let many = explainer(&ensemble, baseline, limits);
                    let all = explain(&many, &some, 4);
                    let alone = explainer(&ensemble, baseline, limits);
                    let each = all.len() / 1500;
                    for row in (0..1500).step_by(97) {
                        let of_row = explain(&alone, &some[row * 4..][..4], 4);
                        assert!(
                            of_row
                                .iter()
                                .zip(&all[row * each..])
                                .all(|(a, b)| a.to_bits() == b.to_bits())
                        );
                    }
                    let part = explain(&many, &some[4..4 * 10], 4);
                    assert_eq!(part, all[each..each * 10]);
                }
            }
        }
    }
}

/// Those that the releases left behind, too.
#[test]
fn models_of_every_release_add_up() {
    use crate::model::Model;
    let formats = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/format");
    let mut explained = 0;
    for release in std::fs::read_dir(formats)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
    {
        for entry in std::fs::read_dir(release.join("models")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !["tree", "forest", "boosting"].iter().any(|tree| name.contains(tree)) {
                continue;
            }
            let model = Model::from_bytes(&std::fs::read(&path).unwrap(), &Unwatched).unwrap();
            let features: Vec<usize> = model.features().iter().map(|feature| feature.kind.codes()).collect();
            let rows: Vec<f64> = [0.0, 1.0, 2.5, f64::NAN]
                .iter()
                .flat_map(|value| {
                    features
                        .iter()
                        .map(move |&levels| if levels == 0 { *value } else { value.floor() })
                })
                .collect();
            let explainer = model
                .fitted
                .explainer(&features, Baseline::Training, &Unwatched)
                .unwrap();
            adds_up(&name, &*model.fitted, &*explainer, &rows, features.len());
            explained += 1;
        }
    }
    assert!(explained >= 20, "{explained}");
}

/// By group the base is that of all rows, and the keys get what the group's differs by.
#[test]
fn models_by_group_add_up() {
    let columns = mixed(900, 7).0;
    let codes: Vec<u32> = (0..900).map(|row| row % 3).collect();
    let keys = vec![Column::Category { codes, levels: 3 }];
    let set = learned(900, 0, false);
    let frame = Frame::new(columns).unwrap().with_keys(keys).unwrap();
    let set = TrainingSet::new(frame, set.target);
    let learner = named("gradient_boosting")
        .unwrap()
        .configure(&Default::default(), 1)
        .unwrap();
    let (fitted, _) = Grouped::new(learner, 20).fit(&set, &Unwatched).unwrap();
    let with_key = |(row, values): (usize, &[f64])| [values, &[[0.0, 1.0, 2.0, UNSEEN][row % 4]]].concat();
    let some: Vec<f64> = rows(200, 3).chunks_exact(4).enumerate().flat_map(with_key).collect();
    let features = [&MIXED[..], &[3]].concat();
    for baseline in [Baseline::Training, Baseline::Background(&some[..50])] {
        let explainer = fitted.explainer(&features, baseline, &Unwatched).unwrap();
        adds_up("by group", &*fitted, &*explainer, &some, 5);
        let pairs = explainer.pairs(&Unwatched).unwrap();
        let mut numbers = vec![f64::NAN; 200 * pairs.len()];
        explainer.interactions(&some, 5, &mut numbers, &Unwatched).unwrap();
        let attributions = explain(&*explainer, &some, 5);
        for (numbers, parts) in numbers.chunks_exact(pairs.len()).zip(attributions.chunks_exact(5)) {
            let all: f64 = pairs
                .iter()
                .zip(numbers)
                .map(|((a, b), x)| if a == b { *x } else { 2.0 * x })
                .sum();
            assert!((all - parts[..4].iter().sum::<f64>()).abs() < 1e-9);
        }
    }
}
