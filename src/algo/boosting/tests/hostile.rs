//! Bytes that are no model: decoding, checking and scoring never panic.

use super::super::NumberObjective;
use super::*;
use crate::explain::explained_anyhow;
use crate::trees::testing::mutated_bytes;

fn models() -> Vec<Boosting> {
    let (columns, targets) = mixed(300, 14);
    [
        Objective::Regression,
        Objective::Binary,
        Objective::Multiclass { classes: 3 },
    ]
    .into_iter()
    .map(|objective| {
        let targets = match objective {
            Objective::Regression => targets.clone(),
            _ => classes(&targets, objective.trees_per_round().max(2)),
        };
        let mut params = BoostingParams::new(objective);
        params.n_estimators = 3;
        params.num_leaves = 6;
        fit(params, &dataset(columns.clone(), targets)).unwrap()
    })
    .chain(NumberObjective::ALL.iter().map(|(_, objective)| {
        let mut params =
            BoostingParams::of_numbers(super::super::BoostingParams::default().objective(Some(*objective)));
        params.n_estimators = 2;
        fit(
            params,
            &dataset(columns.clone(), targets.iter().map(|y| y + 1.0).collect()),
        )
        .unwrap()
    }))
    .collect()
}

#[test]
fn bytes_round_trip() {
    for model in models() {
        let bytes = postcard::to_allocvec(&model).unwrap();
        let decoded: Boosting = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(decoded, model);
        decoded.validate(&MIXED, &Unwatched).unwrap();
        // Other columns than those it was made for.
        assert!(decoded.validate(&[0, 0, 0, 0], &Unwatched).is_err());
        assert!(decoded.validate(&[0, 0, 0], &Unwatched).is_err());
        assert!(decoded.validate(&[], &Unwatched).is_err());
    }
}

#[test]
fn mutated_bytes_never_panic() {
    let encoded: Vec<Vec<u8>> = models()
        .iter()
        .map(|model| postcard::to_allocvec(model).unwrap())
        .collect();
    mutated_bytes(&encoded, |bytes, row| match postcard::from_bytes::<Boosting>(bytes) {
        Ok(model) if model.outputs() < 1_000 && model.validate(&MIXED, &Unwatched).is_ok() => {
            score(&model, row);
            model.importance(4);
            explained_anyhow(&model, row);
            true
        }
        _ => false,
    });
}
