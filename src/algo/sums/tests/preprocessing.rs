//! Steps that are learned from sums over all rows.

use super::*;
use crate::packed::{PackPlan, Packer, SampleBins};
use crate::pipeline::{Spec, part_of};
use crate::prepare::{Slot, prepare_unchanged};

impl Case {
    /// How rows are prepared.
    fn preparing(&self, spec: &Json) -> Preparing {
        let Json::Object(spec) = spec else { panic!() };
        Preparing {
            spec: Spec::read(spec, &[]).unwrap(),
            ..preparing(self.task, self.weighted, self.apart)
        }
    }

    /// A sample with which nothing is done yet, divided as rows are.
    fn unchanged(&self, rows: &[u64], spec: &Json, fraction: f64) -> (Layout, Prepared, Vec<Slot>, Surveyed) {
        let mut surveyed = surveyed(rows, self);
        let plan = self.preparing(spec);
        let (mut prepared, slots) = prepare_unchanged(surveyed.take_sample(), &plan, &Unwatched).unwrap();
        let layout = self.layout(&prepared, &surveyed, fraction);
        if fraction > 0.0 {
            let (train, test) = layout.divide(&prepared.train);
            prepared.test = Some(prepared.train.take(&test, &Unwatched).unwrap());
            prepared.train = prepared.train.take(&train, &Unwatched).unwrap();
        }
        (layout, prepared, slots, surveyed)
    }

    /// The steps of a spec, whose form some rows teach and whose numbers all of them, in so many parts. Also gives how many passes there were.
    fn preprocessed(
        &self,
        (sampled, rows): (&[u64], &[u64]),
        spec: &Json,
        fraction: f64,
        parts: usize,
    ) -> (Layout, Prepared, usize) {
        let (layout, mut prepared, slots, _) = self.unchanged(sampled, spec, fraction);
        let plan = self.preparing(spec);
        let how = (&plan.spec, plan.max_categories);
        let mut steps = Preprocessing::new(&prepared, slots, how, &layout, &Unwatched)
            .unwrap()
            .unwrap();
        let mut passes = 0;
        while let Some(plan) = steps.next().unwrap() {
            steps.take(&self.sums(&plan, rows, parts)).unwrap();
            passes += 1;
        }
        let layout = steps.finish(&mut prepared, &Unwatched).unwrap();
        (layout, prepared, passes)
    }
}

fn specs() -> Vec<(Json, usize)> {
    let filled = |scale: &str, encode: Json| {
        json!({"types": {
            "number": {"impute": "mean", "scale": scale},
            "category": {"impute": {"method": "constant", "value": "none"}, "encode": encode},
        }})
    };
    vec![
        (filled("standard", json!("target")), 2),
        (
            filled("min_max", json!({"method": "target", "smoothing": 3, "folds": 3})),
            2,
        ),
        (filled("max_abs", json!("frequency")), 2),
        (
            filled("standard", json!({"method": "frequency", "normalize": false})),
            2,
        ),
        (filled("standard", json!("one_hot")), 2),
        (json!({"types": {"number": {"scale": "standard"}}}), 1),
        (
            json!({"types": {"category": {"impute": "most_frequent"}}, "clip": {"min": 0.1}}),
            1,
        ),
        (
            json!({"crosses": [["c", "d"]], "types": {"category": {"encode": "target"}}}),
            1,
        ),
        // What sums do not tell is the sample's.
        (json!({"types": {"number": {"scale": "robust"}}}), 0),
    ]
}

/// The sample is a part of the rows, so that what it teaches is something else.
#[test]
fn steps_learned_from_sums_are_those_of_all_rows() {
    let (sampled, rows): (Vec<u64>, Vec<u64>) = ((0..1000).collect(), (0..4000).collect());
    for learner in ["ridge", "logistic_regression"] {
        let case = Case::new(learner, json!({}), false);
        for (spec, expected) in specs() {
            let what = format!("{learner} {spec}");
            let (_, prepared, passes) = case.preprocessed((&sampled, &rows), &spec, 0.0, 3);
            assert_eq!(passes, expected, "{what}");
            let by_sums = prepared.pipeline.unwrap();
            let plan = case.preparing(&spec);
            let held = prepare(surveyed(&rows, &case).take_sample(), &plan, Split::None, &Unwatched).unwrap();
            let by_rows = held.pipeline.unwrap();
            if expected == 0 {
                continue;
            }
            let (_, raw, _, _) = case.unchanged(&rows, &spec, 0.0);
            let width = raw.train.frame.width();
            let mut slots = vec![0.0; by_rows.slots(width)];
            let mut others = vec![0.0; by_sums.slots(width)];
            for row in 0..raw.train.rows() {
                raw.train.frame.encode_row(row, &mut slots[..width]);
                others[..width].copy_from_slice(&slots[..width]);
                let (one, other) = (by_sums.apply(width, &mut others), by_rows.apply(width, &mut slots));
                assert_eq!(one.len(), other.len(), "{what}");
                for (one, other) in one.iter().zip(other) {
                    let is_like = (one.is_nan() && other.is_nan()) || agree(*one, *other, 1.0);
                    assert!(is_like, "{what}: row {row}: {one} {other}");
                }
            }
        }
    }
}

/// A row that trains is given what the rows of other parts taught, and one that tests what all that train did.
#[test]
fn rows_are_not_given_what_their_own_targets_taught() {
    let spec = json!({"columns": {"c": {"encode": {"method": "target", "smoothing": 10}}}});
    let rows: Vec<u64> = (0..2000).collect();
    let case = Case::new("ridge", json!({}), false);
    let (layout, prepared, _) = case.preprocessed((&rows, &rows), &spec, 0.25, 2);
    let place = prepared
        .train
        .features()
        .iter()
        .position(|feature| feature.name == "c")
        .unwrap();
    let mut reader = Reader::new(&layout).unwrap();
    let mut read = Vec::new();
    for &number in &rows {
        let cells = case.row(number);
        let text = match cells[3] {
            Cell::Text(text) => text,
            Cell::Missing | Cell::Number(_) => "",
        };
        let row = reader.read(|column| cells[column]).unwrap().unwrap();
        read.push((text, row.target, row.tests, part_of(row.draw, 5), row.values[place]));
    }
    assert!(read.iter().filter(|row| row.2).count() > 400);
    let encoded = |text: &str, left_out: Option<usize>| {
        let others = read.iter().filter(|row| !row.2 && Some(row.3) != left_out);
        let (mut all, mut own) = ((0.0, 0.0), (0.0, 0.0));
        for row in others {
            all = (all.0 + row.1, all.1 + 1.0);
            if row.0 == text {
                own = (own.0 + row.1, own.1 + 1.0);
            }
        }
        (own.0 + 10.0 * all.0 / all.1) / (own.1 + 10.0)
    };
    for (text, _, tests, part, given) in &read {
        let expected = encoded(text, (!tests).then_some(*part));
        assert!(agree(*given, expected, 1.0), "{text} {tests}: {given} {expected}");
    }
    // The sample is made of the same.
    let mut given: Vec<u64> = read.iter().filter(|row| !row.2).map(|row| row.4.to_bits()).collect();
    let mut sampled: Vec<u64> = (0..prepared.train.rows())
        .map(|row| prepared.train.frame.columns()[place].encoded(row).to_bits())
        .collect();
    given.sort_unstable();
    sampled.sort_unstable();
    assert_eq!(given, sampled);
}

#[test]
fn learners_of_sums_take_rows_that_were_preprocessed() {
    let rows: Vec<u64> = (0..4000).collect();
    for (name, spec) in [
        ("ridge", specs()[0].0.clone()),
        ("logistic_regression", specs()[1].0.clone()),
        ("naive_bayes", specs()[6].0.clone()),
        ("pca", specs()[2].0.clone()),
    ] {
        let case = Case::new(name, json!({}), false);
        let (layout, prepared, _) = case.preprocessed((&rows, &rows), &spec, 0.0, 3);
        let sample = prepared.train;
        let mut run = case.learner.course(&sample).unwrap().unwrap();
        let mut sums: Option<Sums> = None;
        let summed = loop {
            match run.next(sums.as_ref(), &sample, &Unwatched).unwrap() {
                Step::Fitted(fitted) => break fitted,
                Step::Pass(what) => {
                    let layout = layout.clone();
                    sums = Some(case.sums(&Plan { layout, what }, &rows, 3));
                }
            }
        };
        let (held, _) = case.learner.fit(&sample, &Unwatched).unwrap();
        assert_alike(name, &*summed, &*held, &sample);
    }
}

/// Rows that are packed as they are preprocessed: those that test are told as they come, wherever they are.
#[test]
fn packed_rows_are_preprocessed() {
    // Rows that are the same would be drawn one by one where they lie together.
    let case = Case::new("logistic_regression", json!({}), false);
    let is_whole = |number: &u64| matches!(case.row(*number), [Cell::Number(_), Cell::Number(_), ..]);
    let rows: Vec<u64> = (0..50_000).filter(is_whole).collect();
    let (spec, _) = &specs()[0];
    let (_, _, _, surveyed) = case.unchanged(&rows, spec, 0.25);
    let (layout, prepared, _) = case.preprocessed((&rows, &rows), spec, 0.25, 1);
    let bins = || SampleBins::learn(&prepared, 255, 7, &Unwatched).unwrap();
    let plan = PackPlan::new(&layout, &surveyed, &prepared, &bins()).unwrap();
    let packer = |plan: &PackPlan, rows: &[u64]| {
        let mut packer = Packer::new(plan, &Unwatched).unwrap();
        for &number in rows {
            let cells = case.row(number);
            packer.push(|column| cells[column]).unwrap();
        }
        packer
    };
    let one = packer(&plan, &rows)
        .finish(&surveyed, bins(), Some(0.25), &Unwatched)
        .unwrap();
    let test = prepared.test.as_ref().unwrap();
    assert_eq!(
        (one.train.rows(), one.test.rows()),
        (prepared.train.rows(), test.rows())
    );
    // In parts, each by two.
    let mut all = Packer::new(&plan, &Unwatched).unwrap();
    let (left, right) = rows.split_at(20_000);
    for part in plan.parts(surveyed.rows, 200_000) {
        let mut packed = packer(&part, right);
        packed.merge(&packer(&part, left), &Unwatched).unwrap();
        all.take(&part, packed, &Unwatched).unwrap();
    }
    let other = all.finish(&surveyed, bins(), Some(0.25), &Unwatched).unwrap();
    assert!(one.train == other.train && one.test == other.test);
}

#[test]
fn damaged_steps_are_an_error() {
    let rows: Vec<u64> = (0..300).collect();
    let case = Case::new("ridge", json!({}), false);
    let (spec, _) = &specs()[1];
    let (layout, prepared, slots, _) = case.unchanged(&rows, spec, 0.0);
    let preparing = case.preparing(spec);
    let how = (&preparing.spec, preparing.max_categories);
    let mut steps = Preprocessing::new(&prepared, slots, how, &layout, &Unwatched)
        .unwrap()
        .unwrap();
    while let Some(plan) = steps.next().unwrap() {
        let bytes = plan.to_bytes().unwrap();
        for length in 0..bytes.len() {
            assert!(Plan::from_bytes(&bytes[..length]).is_err(), "{length}");
        }
        for place in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[place] ^= 1 << (place % 8);
            if let Ok(plan) = Plan::from_bytes(&bytes)
                && let Ok(mut summing) = Summing::new(&plan)
            {
                for &number in &rows[..20] {
                    let cells = case.row(number);
                    let _ = summing.push(|column| cells.get(column).copied().unwrap_or(Cell::Missing));
                }
                let _ = summing.finish();
            }
        }
        let good = case.sums(&plan, &rows, 1);
        let sums = postcard::to_allocvec(&good).unwrap();
        for place in 0..sums.len() {
            let mut bytes = sums.clone();
            bytes[place] ^= 1 << (place % 8);
            if let Ok(sums) = postcard::from_bytes::<Sums>(&bytes)
                && sums.validate().is_ok()
            {
                let _ = good.clone().merge(&sums);
            }
        }
        steps.take(&good).unwrap();
    }
}
