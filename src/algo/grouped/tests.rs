//! Models by group against the same rows learned from one group at a time.

use serde_json::json;

use super::*;
use crate::error::Error;
use crate::estimator::Estimator;
use crate::fitted::Fitted;
use crate::frame::{Column, Frame};
use crate::hash::hash_u64;
use crate::learner::Configured;
use crate::learners;
use crate::monitor::{Monitor, Progress, Unwatched};
use crate::training_set::{Target, TrainingSet};

fn draw(row: u64, salt: u64) -> f64 {
    (hash_u64(salt, row) % 10_000) as f64 / 10_000.0
}

/// Rows of 4 groups: three large ones with a slope of their own each, and one of 5 rows; the missing key is a group as well.
fn rows(classes: bool) -> TrainingSet {
    let group = |row: u64| if row < 5 { 3 } else { row % 3 };
    let x = |row: u64| draw(row, 1);
    let signal = |row: u64| x(row) * (group(row) as f64 - 1.0) + 0.1 * draw(row, 2);
    let count = 600;
    let columns = vec![
        Column::Number((0..count).map(x).collect()),
        Column::Number((0..count).map(|row| draw(row, 3)).collect()),
    ];
    let key = Column::Category {
        codes: (0..count)
            .map(|row| match group(row) {
                2 => crate::frame::MISSING,
                code => code as u32,
            })
            .collect(),
        levels: 4,
    };
    let frame = Frame::new(columns).and_then(|frame| frame.with_keys(vec![key]));
    let target = if classes {
        Target::Classes {
            numbers: (0..count).map(|row| f64::from(u8::from(signal(row) > 0.05))).collect(),
            count: 2,
        }
    } else {
        Target::Numbers((0..count).map(signal).collect())
    };
    TrainingSet::new(frame.unwrap(), target)
}

fn learner(name: &str) -> Box<dyn Configured> {
    let algorithm = learners::named(name).unwrap();
    let params = match name {
        "gradient_boosting" => json!({"n_estimators": 5}),
        _ => json!({}),
    };
    algorithm.configure(params.as_object().unwrap(), 1).unwrap()
}

fn score(fitted: &dyn Fitted, row: &[f64]) -> Vec<u64> {
    let mut out = vec![0.0; fitted.outputs()];
    fitted.score(row, &mut out);
    out.iter().map(|score| score.to_bits()).collect()
}

#[test]
fn each_group_is_scored_by_what_its_own_rows_teach() {
    for (name, classes) in [
        ("linear_regression", false),
        ("gradient_boosting", true),
        ("naive_bayes", true),
    ] {
        let set = rows(classes);
        let (fitted, _) = Grouped::new(learner(name), 50).fit(&set, &Unwatched).unwrap();
        fitted.validate(&[0, 0, 4], &Unwatched).unwrap();
        let bytes = fitted.encode(Vec::new(), &Unwatched).unwrap();
        let read = learners::decode(fitted.form(), &bytes, &Unwatched).unwrap();
        read.validate(&[0, 0, 4], &Unwatched).unwrap();
        let linear = LinearScorers::new(&*read).map(|linear| Box::new(linear) as Box<dyn Estimator>);
        assert_eq!(linear.is_some(), name == "linear_regression");
        let scorers: Vec<Box<dyn Estimator>> = read.scorer().into_iter().chain(linear).collect();
        let of = |code: f64| {
            let is_of = |row: &u32| {
                let key = set.frame.keys()[0].encoded(*row as usize);
                key == code || (key.is_nan() && code.is_nan())
            };
            let own: Vec<u32> = (0..600).filter(is_of).collect();
            learner(name)
                .fit(&set.take(&own, &Unwatched).unwrap(), &Unwatched)
                .unwrap()
                .0
        };
        let all = || learner(name).fit(&set, &Unwatched).unwrap().0;
        // The fourth group is too small, and the fifth was not seen.
        for (code, expected) in [
            (0.0, of(0.0)),
            (1.0, of(1.0)),
            (f64::NAN, of(f64::NAN)),
            (3.0, all()),
            (f64::INFINITY, all()),
        ] {
            for features in [[0.2, 0.9], [0.8, f64::NAN]] {
                let row = [features[0], features[1], code];
                let answer = score(&*expected, &features);
                assert_eq!(score(&*fitted, &row), answer, "{name} {code}");
                assert_eq!(score(&*read, &row), answer, "{name} {code}");
                for scorer in &scorers {
                    let mut out = vec![0.0; scorer.outputs()];
                    scorer.score(&row, &mut out);
                    assert_eq!(
                        out.iter().map(|score| score.to_bits()).collect::<Vec<_>>(),
                        answer,
                        "{name} {code}"
                    );
                }
            }
        }
        let groups = read.grouped().unwrap().groups();
        let told: Vec<(u64, Option<&str>)> = groups.iter().map(|group| (group.rows, group.own.shortage())).collect();
        assert_eq!(told, [(198, None), (198, None), (5, Some("too few rows")), (199, None)]);
    }
}

#[test]
fn a_group_without_a_class_is_scored_by_all() {
    let mut set = rows(true);
    let Target::Classes { numbers, .. } = &mut set.target else {
        panic!()
    };
    for (row, number) in numbers.iter_mut().enumerate() {
        if set.frame.keys()[0].encoded(row) == 1.0 {
            *number = 0.0;
        }
    }
    let (fitted, _) = Grouped::new(learner("logistic_regression"), 50)
        .fit(&set, &Unwatched)
        .unwrap();
    let told: Vec<Option<&str>> = (fitted.grouped().unwrap().groups().iter())
        .map(|group| group.own.shortage())
        .collect();
    assert_eq!(told, [None, Some("a class is missing"), Some("too few rows"), None]);
}

#[test]
fn bytes_are_the_same_on_any_number_of_threads() {
    let set = rows(true);
    let bytes = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let fit = || {
            Grouped::new(learner("gradient_boosting"), 50)
                .fit(&set, &Unwatched)
                .unwrap()
                .0
        };
        pool.install(fit).encode(Vec::new(), &Unwatched).unwrap()
    };
    assert_eq!(bytes(1), bytes(3));
}

#[test]
fn damaged_bytes_are_an_error() {
    let set = rows(false);
    let (fitted, _) = Grouped::new(learner("ridge"), 50).fit(&set, &Unwatched).unwrap();
    let bytes = fitted.encode(Vec::new(), &Unwatched).unwrap();
    let read = |bytes: &[u8]| -> Result<(), Error> {
        let fitted = learners::decode(GroupedModel::FORM, bytes, &Unwatched)?;
        fitted.validate(&[0, 0, 4], &Unwatched)?;
        for row in [[0.5, 0.5, 0.0], [f64::NAN, 0.5, f64::NAN]] {
            score(&*fitted, &row);
        }
        Ok(())
    };
    read(&bytes).unwrap();
    for length in 0..bytes.len() {
        assert!(read(&bytes[..length]).is_err(), "{length}");
    }
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut other = bytes.clone();
            other[place] ^= 1 << bit;
            let _ = read(&other);
        }
    }
    // A model of groups within one would be read ever deeper.
    let mut nested = 2_u64.to_le_bytes().to_vec();
    nested.extend([0, 0]);
    nested.extend((bytes.len() as u64 + 2).to_le_bytes());
    nested.extend(GroupedModel::FORM.to_le_bytes());
    nested.extend(&bytes);
    assert!(matches!(read(&nested), Err(Error::Newer { .. })));
}

#[test]
fn groups_tell_how_many_are_done_and_can_be_stopped() {
    struct Stopping(std::sync::Mutex<Vec<usize>>, usize);
    impl Monitor for Stopping {
        fn check(&self) -> Result<(), Error> {
            match self.0.lock().unwrap().len() < self.1 {
                true => Ok(()),
                false => Err(Error::Stopped),
            }
        }
        fn progress(&self, progress: Progress) {
            if progress.iterations == 4 {
                self.0.lock().unwrap().push(progress.iteration);
            }
        }
    }
    let fit = |most: usize| {
        let monitor = Stopping(Default::default(), most);
        let result = Grouped::new(learner("naive_bayes"), 50).fit(&rows(true), &monitor);
        (result.map(|_| ()), monitor.0.into_inner().unwrap())
    };
    let (result, mut told) = fit(9);
    told.sort_unstable();
    assert_eq!((result, told), (Ok(()), vec![1, 2, 3, 4]));
    assert_eq!(fit(1).0, Err(Error::Stopped));
}
