//! What holds of every line of the table; and a learner of a kind that there is none of yet.

mod linfa_oracle;

use std::collections::BTreeMap;

use linfa::traits::PredictInplace;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::*;
use crate::estimator::{Estimator, Predictor};
use crate::explain::{Baseline, Explainer, unexplained};
use crate::fitted::Form;
use crate::frame::{Column, Frame};
use crate::learner::{Checked, Learner, SEED};
use crate::monitor::Unwatched;
use crate::parameters::{Space, above, hyperparameters};
use crate::task::Task;
use crate::training_set::{Target, TrainingSet};

/// Stored models name the forms by number: none may ever change.
#[test]
fn forms_keep_their_numbers() {
    let forms: BTreeMap<&str, u16> = LEARNERS
        .iter()
        .map(|algorithm| (algorithm.name, algorithm.form))
        .collect();
    let pinned = [
        ("dbscan", 22),
        ("decision_tree", 4),
        ("elastic_net", 1),
        ("forecast", 40),
        ("gaussian_mixture", 21),
        ("gradient_boosting", 3),
        ("huber_regression", 1),
        ("isolation_forest", 24),
        ("k_means", 20),
        ("lasso", 1),
        ("linear_regression", 1),
        ("linear_svm", 1),
        ("logistic_regression", 1),
        ("naive_bayes", 2),
        ("pca", 23),
        ("poisson_regression", 1),
        ("quantile_regression", 1),
        ("random_forest", 4),
        ("ridge", 1),
    ];
    assert_eq!(forms, pinned.into());
    let imported: Vec<u16> = IMPORTED.iter().map(|(number, _)| *number).collect();
    assert_eq!(imported, [50, 52]);
}

#[test]
fn each_learner_is_found_and_refuses_what_it_does_not_know() {
    for algorithm in LEARNERS {
        assert!(named(algorithm.name).is_some_and(|found| std::ptr::eq(found, algorithm)));
        assert!(!algorithm.tasks.is_empty() && !algorithm.about.is_empty());
        let refused = |params: Json| algorithm.configure(params.as_object().unwrap(), 1).err();
        assert_eq!(refused(json!({})), None);
        let names = algorithm.parameters();
        let known: Vec<&str> = names.iter().flat_map(|parameter| parameter.names()).collect();
        let unknown = Error::UnknownParameter {
            name: "nothing".into(),
            known,
        };
        assert_eq!(refused(json!({"nothing": 1})), Some(unknown));
        for parameter in &names {
            let wrong = refused(json!({parameter.name: {}}));
            assert!(
                matches!(&wrong, Some(Error::Parameter { name, allowed, .. }) if *name == parameter.name && *allowed == parameter.allowed),
                "{}: {}: {wrong:?}",
                algorithm.name,
                parameter.name
            );
            assert!(!parameter.about.is_empty() && !parameter.source.is_empty());
        }
    }
    assert!(named("nothing").is_none());
}

/// What a search tries.
fn shown(space: Space) -> String {
    let Space { low, high, is_log } = space;
    format!("{low} to {high}{}", if is_log { ", by magnitude" } else { "" })
}

/// The page of hyperparameters.
fn page() -> String {
    let mut page = String::from(
        "# Hyperparameters\n\n\
         What `params` of `assay.train` may hold, by algorithm: [training.md](training.md#algorithms) says what each is. Names and defaults are those\n\
         of the library named, unless it is assay. An unknown key is an error that lists the known ones.\n\n\
         <!-- Written by `ASSAY_WRITE_PAGES=1 cargo test -p assay-algo page` from the table of learners. -->\n",
    );
    for algorithm in LEARNERS {
        let tasks: Vec<&str> = algorithm.tasks.iter().map(|task| task.name()).collect();
        page += &format!(
            "\n## {}\n\n{}: {}.\n\n| hyperparameter | default | values | tune tries | from | what it does |\n| --- | --- | --- | --- | --- | --- |\n",
            algorithm.name,
            tasks.join(", "),
            algorithm.about
        );
        for parameter in algorithm.parameters() {
            let names: Vec<String> = parameter.names().map(|name| format!("`{name}`")).collect();
            let default = match parameter.name {
                SEED => "the `seed` of `train`".to_string(),
                _ => parameter.default,
            };
            page += &format!(
                "| {} | {default} | {} | {} | {} | {} |\n",
                names.join(", "),
                parameter.allowed,
                parameter.search.map_or_else(String::new, shown),
                parameter.source,
                parameter.about
            );
        }
        let more = (algorithm.more_pages)();
        if !more.is_empty() {
            page += &format!("\n{more}");
        }
    }
    page
}

/// `ASSAY_WRITE_PAGES=1` in the environment writes the page instead of comparing it.
#[test]
fn the_page_of_hyperparameters_is_that_of_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/hyperparameters.md");
    if std::env::var_os("ASSAY_WRITE_PAGES").is_some() {
        std::fs::write(path, page()).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap(),
        page(),
        "write it with ASSAY_WRITE_PAGES=1"
    );
}

/// What is written by hand for people names every learner.
#[test]
fn pages_name_each_learner() {
    for page in ["docs/training.md", "sql/40-models.sql"] {
        let text = std::fs::read_to_string(format!("{}/../../{page}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        for algorithm in LEARNERS {
            assert!(
                text.contains(algorithm.name),
                "{page} does not say what {} is",
                algorithm.name
            );
        }
    }
}

/// The scores of all rows, one row after the other.
fn scores<E: Estimator + Sync + ?Sized>(estimator: &E, frame: &Frame, monitor: &dyn Monitor) -> Result<Vec<f64>> {
    let predictor = Predictor { estimator, monitor };
    let mut scores = predictor.default_target(frame);
    predictor.predict_inplace(frame, &mut scores);
    scores
}

/// The centre of rows, and how far from it others are: a learner without a target.
struct Centre;

hyperparameters! {
    struct CentreParams {
        /// What distances are multiplied by.
        scale: f64 = 1.0, above(0.0), from "assay";
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct FittedCentre {
    scale: f64,
    centre: Vec<f64>,
    base: [f64; 1],
}

impl Learner for Centre {
    const NAME: &'static str = "centre";
    const TASKS: &'static [Task] = &[];
    const ABOUT: &'static str = "the distance from the centre of the rows";
    type Parameters = CentreParams;
    type Fitted = FittedCentre;

    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<FittedCentre> {
        assert_eq!(set.target, Target::None);
        monitor.check()?;
        let mean = |column: &Column| (0..set.rows()).map(|row| column.encoded(row)).sum::<f64>() / set.rows() as f64;
        let mut fitted = FittedCentre {
            scale: params.scale,
            centre: set.frame.columns().iter().map(mean).collect(),
            base: [0.0],
        };
        let scores = scores(&fitted, &set.frame, monitor)?;
        fitted.base = [scores.iter().sum::<f64>() / scores.len() as f64];
        Ok(fitted)
    }
}

impl Form for FittedCentre {
    const CODE: u16 = u16::MAX;
}

impl Estimator for FittedCentre {
    fn outputs(&self) -> usize {
        1
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        let squares = row
            .iter()
            .zip(&self.centre)
            .map(|(value, centre)| (value - centre).powi(2));
        out[0] = self.scale * squares.sum::<f64>().sqrt();
    }
}

impl Fitted for FittedCentre {
    fn validate(&self, features: &[usize], _: &dyn Monitor) -> Result<()> {
        match self.centre.len() == features.len() {
            true => Ok(()),
            false => Err(Error::damaged("centre", "it has other columns")),
        }
    }

    fn memory(&self) -> usize {
        self.centre.capacity() * size_of::<f64>()
    }

    fn margin(&self, row: &[f64], out: &mut [f64]) {
        self.score(row, out);
    }

    fn base(&self) -> &[f64] {
        &self.base
    }

    fn explainer(&self, _: &[usize], _: Baseline<'_>, _: &dyn Monitor) -> Result<Box<dyn Explainer>> {
        Err(unexplained("a centre"))
    }
}

#[test]
fn a_learner_without_a_target_is_a_line_like_any_other() {
    let algorithm = Algorithm::of::<Centre>();
    let frame = Frame::new(vec![
        Column::Number(vec![0.0, 2.0, 4.0]),
        Column::Number(vec![1.0, 1.0, 1.0]),
    ]);
    let set = TrainingSet::new(frame.unwrap(), Target::None);
    let params = json!({"scale": 2});
    let learner = algorithm.configure(params.as_object().unwrap(), 1).unwrap();
    let (fitted, _) = learner.fit(&set, &Unwatched).unwrap();
    let bytes = fitted.encode(Vec::new(), &Unwatched).unwrap();
    let read = (algorithm.decode)(&bytes, &Unwatched).unwrap();
    read.validate(&[0, 0], &Unwatched).unwrap();
    let mut out = [0.0];
    read.score(&[5.0, 5.0], &mut out);
    assert_eq!((read.form(), out), (algorithm.form, [10.0]));
    assert!((read.base()[0] - 8.0 / 3.0).abs() < 1e-12);
}
