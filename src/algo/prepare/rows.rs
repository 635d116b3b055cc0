//! Rows with what there is to predict, in an order of their own; and what their columns teach those who learn from some of them.

use std::sync::Arc;

use super::clusters::clusters;
use super::column::{Apart, ReadColumn, ReadRows};
use super::division::Division;
use super::feature::{Feature, Slot};
use super::gather::gather;
use super::keys::{KeyColumn, Part};
use super::order::Order;
use super::target::{NOT_READ, TargetColumn, check_trained_classes, read_target, read_weights};
use super::{Note, Plan, Prepared, Statistic};
use crate::error::{Error, Result};
use crate::frame::{Column, Frame};
use crate::leakage::{self, Leak, Source};
use crate::lines::Lines;
use crate::model::Input;
use crate::monitor::Monitor;
use crate::pipeline::{self, Raw};
use crate::row_sample::RowSample;
use crate::task::Answer;
use crate::training_set::{Target, TrainingSet};

/// The rows of a query: their features as read, their target, weights and columns set apart, and the order in which learners see them.
///
/// What a division of them teaches is learned by [`Rows::learn`], as often as there are divisions; [`Rows::into_prepared`] does it for the
/// last one, and gives the memory of the rows up meanwhile.
pub struct Rows {
    /// Shared with those who gather them: the last one to let go frees them.
    pub(super) columns: Vec<Arc<ReadColumn>>,
    pub(super) lines: Vec<Arc<Lines>>,
    count: usize,
    pub(super) target: Option<TargetColumn>,
    weights: Option<Vec<f32>>,
    /// The cluster of each row, where rows are not independent.
    clusters: Option<Vec<u32>>,
    /// Columns set apart, and those by which rows are grouped.
    apart: Vec<(usize, Apart)>,
    keys: Vec<KeyColumn>,
    /// The names of the columns set apart.
    apart_names: Vec<String>,
    /// The rows that have a target, in canonical order.
    order: Vec<u32>,
}

impl Rows {
    /// Takes target, weights and columns set apart out of the rows of a query, and orders them. Returns an error for rows whose target or
    /// weights cannot be learned.
    pub fn new(mut read: ReadRows, plan: &Plan, monitor: &dyn Monitor) -> Result<Rows> {
        let target = plan
            .target
            .map(|place| read_target(&mut read, place, plan.task, monitor))
            .transpose()?;
        let weights = plan
            .weight
            .map(|place| read_weights(&mut read, place, target.as_ref()))
            .transpose()?;
        let name = |place: usize| {
            let column = read.columns.get(place).and_then(Option::as_ref);
            Ok::<_, Error>(column.ok_or(NOT_READ)?.heading.clone())
        };
        let keys = (plan.keys.iter())
            .map(|&place| {
                Ok(KeyColumn {
                    heading: name(place)?,
                    place,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let apart: Vec<usize> = (plan.apart.iter().filter(|place| !plan.keys.contains(place)))
            .chain(&plan.keys)
            .copied()
            .collect();
        let apart_names = apart
            .iter()
            .map(|&place| Ok(name(place)?.name))
            .collect::<Result<_>>()?;
        let apart = (apart.iter())
            .map(|&place| Ok((place, read.take_apart(place).ok_or(NOT_READ)?)))
            .collect::<Result<Vec<_>>>()?;
        monitor.check()?;
        let ReadRows { columns, lines, rows } = read;
        let columns: Vec<ReadColumn> = columns.into_iter().flatten().collect();
        let order = Order {
            columns: &columns,
            lines: &lines,
            target: target.as_ref(),
            weights: weights.as_deref(),
            apart: &apart,
            rows,
        };
        let order = order.of_labelled(plan.seed, monitor)?;
        let clusters = match plan.cluster {
            Some(place) => {
                let (_, column) = apart.iter().find(|(own, _)| *own == place).ok_or(NOT_READ)?;
                Some(clusters(column, &order, rows, monitor)?)
            }
            None => None,
        };
        Ok(Rows {
            columns: columns.into_iter().map(Arc::new).collect(),
            lines: lines.into_iter().map(Arc::new).collect(),
            count: rows,
            target,
            weights,
            clusters,
            apart,
            keys,
            apart_names,
            order,
        })
    }

    /// How many rows the query gave, those without a target among them.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The rows that have a target, in canonical order: by a hash of their content and the seed, so that the first of them are a draw that does
    /// not depend on how the query gave them.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// The stratum of each row of the query when rows are drawn: its class; one for all where the target is no class. `None` without a target.
    pub fn strata(&self) -> Option<Vec<u32>> {
        self.target.as_ref().map(TargetColumn::strata)
    }

    /// A class by its number, for people.
    pub fn class_name(&self, class: usize) -> String {
        let labels = self.target.as_ref().and_then(|target| target.labels.as_ref());
        labels
            .and_then(|labels| labels.get(class))
            .map_or_else(|| class.to_string(), ToString::to_string)
    }

    /// What there is to predict of some rows of the query, and how much each counts.
    pub fn labels(&self, rows: &[u32]) -> (Target, Option<Vec<f32>>) {
        let weights = self.weights.as_ref();
        (
            self.target.as_ref().map_or(Target::None, |target| target.take(rows)),
            weights.map(|weights| rows.iter().map(|&row| weights[row as usize]).collect()),
        )
    }

    /// The values of a column set apart, by its place in the query, one for each row of the query.
    pub fn apart(&self, place: usize) -> Option<&Apart> {
        self.apart
            .iter()
            .find(|(own, _)| *own == place)
            .map(|(_, values)| values)
    }

    /// The values of a column set apart, by its name.
    pub(super) fn apart_named(&self, name: &str) -> Option<&Apart> {
        let place = self.apart_names.iter().position(|own| own == name)?;
        self.apart.get(place).map(|(_, values)| values)
    }

    /// The name of a column set apart.
    pub(super) fn apart_name(&self, place: usize) -> &str {
        let found = self.apart.iter().position(|(own, _)| *own == place);
        found.map_or("", |found| &self.apart_names[found])
    }

    /// Learns what the columns teach on a division's training rows, and gives its rows as the learner takes them. The rows stay, for other
    /// divisions. Returns an error for a division that cannot be learned from.
    pub fn learn(&self, division: &Division, plan: &Plan, monitor: &dyn Monitor) -> Result<Prepared> {
        self.check(division)?;
        let features = gather(self.columns.clone(), self.lines.clone(), division, plan, monitor)?;
        let keys = self.learn_keys(division, monitor)?;
        let labels = Labels {
            target: self.target.as_ref(),
            weights: self.weights.as_deref(),
            clusters: self.clusters.as_deref(),
        };
        labels.raw(features, keys, division)?.prepared(plan, monitor)
    }

    /// The same for the last division: rows are given up as they are gathered, so that few numbers are held twice. Also notes what looks wrong
    /// with the rows.
    pub fn into_prepared(self, division: Division, plan: &Plan, monitor: &dyn Monitor) -> Result<Prepared> {
        self.into_raw(division, plan, monitor)?.prepared(plan, monitor)
    }

    /// The rows of the last division before anything is done with them.
    pub(super) fn into_raw(self, division: Division, plan: &Plan, monitor: &dyn Monitor) -> Result<RawRows> {
        self.check(&division)?;
        let mut notes: Vec<Note> = self.target.iter().filter_map(unlabelled_note).collect();
        let keys = self.learn_keys(&division, monitor)?;
        drop((self.order, self.apart));
        let features = gather(self.columns, self.lines, &division, plan, monitor)?;
        let labels = Labels {
            target: self.target.as_ref(),
            weights: self.weights.as_deref(),
            clusters: self.clusters.as_deref(),
        };
        let mut raw = labels.raw(features, keys, &division)?;
        drop(division);
        notes.append(&mut raw.notes);
        let mut leaks = labels.leaks(&raw, monitor)?;
        leaks.append(&mut raw.leaks);
        let sample = RowSample::of(&raw.train, raw.test.as_ref());
        Ok(RawRows {
            notes,
            leaks,
            sample,
            ..raw
        })
    }

    /// What the columns are by which rows are grouped.
    fn learn_keys(&self, division: &Division, monitor: &dyn Monitor) -> Result<Vec<(Input, Part)>> {
        let learn = |key: &KeyColumn| key.learn(self.apart(key.place).ok_or(NOT_READ)?, division, monitor);
        self.keys.iter().map(learn).collect()
    }

    /// Returns an error for a division without anything to train on.
    fn check(&self, division: &Division) -> Result<()> {
        if division.train.is_empty() {
            return Err(Error::data(
                "there are no rows to train on",
                "the query must give rows with a target, and not all of them may be test rows",
            ));
        }
        match &self.target {
            Some(target) => check_trained_classes(division, target, self.weights.as_deref()),
            None => Ok(()),
        }
    }
}

/// What rows are to teach.
struct Labels<'a> {
    target: Option<&'a TargetColumn>,
    weights: Option<&'a [f32]>,
    clusters: Option<&'a [u32]>,
}

/// Rows as the columns give them.
pub(super) struct RawRows {
    inputs: Vec<Input>,
    answer: Option<Answer>,
    slots: Vec<Slot>,
    train: TrainingSet,
    test: Option<TrainingSet>,
    statistics: Vec<Statistic>,
    sample: Option<RowSample>,
    notes: Vec<Note>,
    leaks: Vec<Leak>,
}

impl Labels<'_> {
    /// The features with what is to be learned from them. Returns an error where none is left.
    fn raw(&self, features: Vec<Feature>, keys: Vec<(Input, Part)>, division: &Division) -> Result<RawRows> {
        let (mut inputs, mut slots, mut statistics, mut notes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut train, mut test, mut leaks) = (Vec::new(), Vec::new(), Vec::new());
        for feature in features {
            notes.extend(feature.notes);
            leaks.extend(feature.leak);
            inputs.extend(feature.input);
            statistics.extend(feature.statistics);
            for (slot, of_train, of_test) in feature.slots {
                slots.push(slot);
                train.push(of_train);
                test.push(of_test);
            }
        }
        if inputs.is_empty() {
            notes.extend(leaks.iter().map(|leak: &Leak| Note::from(leak.message.clone())));
            return Err(nothing_left(&notes));
        }
        let (mut train_keys, mut test_keys) = (Vec::new(), Vec::new());
        for (input, part) in keys {
            inputs.push(input);
            statistics.push(Statistic {
                name: part.name,
                summary: part.summary,
                unseen: 0,
            });
            train_keys.push(part.train);
            test_keys.push(part.test);
        }
        Ok(RawRows {
            inputs,
            answer: self.target.map(TargetColumn::answer),
            slots,
            train: self.set(train, train_keys, &division.train)?,
            test: (!division.test.is_empty())
                .then(|| self.set(test, test_keys, &division.test))
                .transpose()?,
            statistics,
            sample: None,
            notes,
            leaks,
        })
    }

    /// The features that look as if they were made of the target, or known only after it.
    fn leaks(&self, raw: &RawRows, monitor: &dyn Monitor) -> Result<Vec<Leak>> {
        let Some(target) = self.target else {
            return Ok(Vec::new());
        };
        let names: Vec<String> = raw.slots.iter().map(|slot| slot.feature.name.clone()).collect();
        let source = Source {
            names: &names,
            inputs: &raw.inputs,
            target: &target.name,
            labels: target.labels.as_deref(),
        };
        leakage::find(&source, &raw.train, raw.test.as_ref(), monitor)
    }

    /// The gathered columns of some rows, with their targets and weights.
    fn set(&self, columns: Vec<Column>, keys: Vec<Column>, rows: &[u32]) -> Result<TrainingSet> {
        let frame = Frame::new(columns).and_then(|frame| frame.with_keys(keys));
        let weights = |weights: &[f32]| rows.iter().map(|&row| weights[row as usize]).collect();
        Ok(TrainingSet {
            frame: frame.ok_or(Error::Internal("columns of different lengths"))?,
            target: self.target.map_or(Target::None, |target| target.take(rows)),
            weights: self.weights.map(weights),
            groups: (self.clusters).map(|clusters| rows.iter().map(|&row| clusters[row as usize]).collect()),
            named: None,
        })
    }
}

impl RawRows {
    /// The rows for learners that take them as they are, and what the columns give.
    pub(super) fn into_unchanged(self) -> (Prepared, Vec<Slot>) {
        let features: Vec<pipeline::Feature> = self.slots.iter().map(|slot| slot.feature.clone()).collect();
        let mut prepared = Prepared {
            inputs: self.inputs,
            answer: self.answer,
            pipeline: None,
            train: self.train,
            test: self.test,
            statistics: self.statistics,
            sample: self.sample,
            notes: self.notes,
            leaks: self.leaks,
        };
        prepared.train.named = Some(features.into());
        (prepared, self.slots)
    }

    /// The rows as the learner takes them.
    fn prepared(self, plan: &Plan, monitor: &dyn Monitor) -> Result<Prepared> {
        let (mut prepared, slots) = self.into_unchanged();
        if plan.spec.is_empty() {
            return Ok(prepared);
        }
        let raw_features: Vec<pipeline::Feature> = slots.iter().map(|slot| slot.feature.clone()).collect();
        let (train, train_keys) = std::mem::take(&mut prepared.train.frame).into_columns();
        let (test, test_keys) = match &mut prepared.test {
            Some(test) => std::mem::take(&mut test.frame).into_columns(),
            None => (slots.iter().map(|_| Column::Number(Vec::new())).collect(), Vec::new()),
        };
        let of_keys = prepared.statistics.len() - train_keys.len();
        let of_keys = prepared.statistics[of_keys..]
            .iter()
            .map(|key| key.summary.clone())
            .collect();
        let raws = (slots.into_iter().zip(train).zip(test)).map(|((slot, train), test)| Raw {
            column: slot.column,
            feature: slot.feature,
            train,
            test,
            steps: slot.steps,
        });
        let classes = prepared.answer.as_ref().and_then(Answer::classes);
        let target = (&prepared.train.target, classes.unwrap_or_default());
        let learned = pipeline::learn(
            &plan.spec,
            raws.collect(),
            of_keys,
            target,
            plan.max_categories,
            monitor,
        )?;
        let frame = |columns, keys| {
            let frame = Frame::new(columns).and_then(|frame| frame.with_keys(keys));
            frame.ok_or(Error::Internal("columns of different lengths"))
        };
        prepared.train.frame = frame(learned.train, train_keys)?;
        if let Some(test) = &mut prepared.test {
            test.frame = frame(learned.test, test_keys)?;
        }
        prepared.train.named = Some(learned.pipeline.features(raw_features).into());
        prepared.pipeline = Some(learned.pipeline);
        Ok(prepared)
    }
}

/// How many rows have no target, if any.
fn unlabelled_note(target: &TargetColumn) -> Option<Note> {
    let unlabelled = target.values.iter().filter(|value| value.is_nan()).count();
    left_out(unlabelled as u64, &target.name)
}

/// How many rows are left out since they have no target, if any.
pub(crate) fn left_out(rows: u64, target: &str) -> Option<Note> {
    (rows > 0).then(|| {
        Note::from(format!(
            "{rows} rows have no value in target \"{target}\" and are left out"
        ))
    })
}

/// The error of rows whose columns teach nothing.
fn nothing_left(notes: &[Note]) -> Error {
    let error = Error::data(
        "no feature is left to learn from",
        "the query must give at least one column beside the target that varies",
    );
    match notes {
        [] => error,
        notes => {
            let messages: Vec<&str> = notes.iter().map(|note| note.message.as_str()).collect();
            error.detail(messages.join("\n"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash;
    use crate::monitor::Unwatched;
    use crate::pipeline::Spec;
    use crate::prepare::{ColumnKind, ColumnValues, Heading, Split, prepare};
    use crate::task::Task;
    use crate::texts::Texts;

    const TARGET: usize = 2;
    const MARK: usize = 3;

    /// A number, a category, a target and a mark of test rows; the rows in the order of `rows`, every row twice.
    fn read(rows: &[u64]) -> ReadRows {
        let draw = |row: u64, salt: u64| hash::hash_u64(salt, row / 2);
        let column = |name: &str, kind, values| {
            Some(ReadColumn {
                heading: Heading {
                    name: name.into(),
                    type_name: "double precision".into(),
                    kind,
                },
                non_finite: 0,
                values,
            })
        };
        let lines = |of: &dyn Fn(u64) -> f64| {
            let mut lines = Lines::new(1);
            for &row in rows {
                lines.push(&[of(row)]).unwrap();
            }
            lines
        };
        let levels: Texts = ["b", "a", "c"].map(String::from).into_iter().collect();
        let codes = rows.iter().map(|&row| (draw(row, 1) % 3) as u32).collect();
        let places = None;
        ReadRows {
            rows: rows.len(),
            columns: vec![
                column("x", ColumnKind::Number, ColumnValues::Lane { lines: 0, lane: 0 }),
                column("c", ColumnKind::Category, ColumnValues::Codes { codes, levels, places }),
                column("y", ColumnKind::Number, ColumnValues::Lane { lines: 1, lane: 0 }),
                column("m", ColumnKind::Boolean, ColumnValues::Lane { lines: 2, lane: 0 }),
            ],
            lines: vec![
                lines(&|row| (draw(row, 2) % 100) as f64),
                lines(&|row| {
                    if row % 11 == 0 {
                        f64::NAN
                    } else {
                        (draw(row, 3) % 1000) as f64
                    }
                }),
                lines(&|row| (row % 2) as f64),
            ],
        }
    }

    fn plan() -> Plan {
        Plan {
            target: Some(TARGET),
            weight: None,
            apart: vec![MARK],
            keys: Vec::new(),
            cluster: None,
            task: Task::Regression,
            seed: 7,
            max_categories: 10,
            spec: Spec::default(),
        }
    }

    #[test]
    fn rows_that_stay_teach_what_rows_given_up_do() {
        let rows: Vec<u64> = (0..3000).collect();
        let (plan, given_up) = (
            plan(),
            prepare(read(&rows), &plan(), Split::Fraction(0.25), &Unwatched).unwrap(),
        );
        let rows = Rows::new(read(&rows), &plan, &Unwatched).unwrap();
        assert!(rows.order().len() < rows.count());
        let division = rows.divide(Split::Fraction(0.25), 7, &Unwatched).unwrap();
        for _ in 0..2 {
            let learned = rows.learn(&division, &plan, &Unwatched).unwrap();
            assert_eq!((&learned.inputs, &learned.train), (&given_up.inputs, &given_up.train));
            assert_eq!(
                (&learned.test, &learned.statistics),
                (&given_up.test, &given_up.statistics)
            );
        }
        let half = Division {
            train: rows.order().iter().copied().step_by(2).collect(),
            test: rows.order().iter().copied().skip(1).step_by(2).collect(),
        };
        let learned = rows.learn(&half, &plan, &Unwatched).unwrap();
        assert_eq!(learned.train.rows(), half.train.len());
        assert!(
            rows.learn(&Division::default(), &plan, &Unwatched).is_err(),
            "no training rows"
        );
    }

    /// Rows that are equal but for the mark: which of them trains must not depend on which came first.
    #[test]
    fn the_order_of_equal_rows_goes_by_what_divides_them() {
        let straight: Vec<u64> = (0..3000).collect();
        let turned: Vec<u64> = straight.iter().map(|row| row * 1237 % 3000).collect();
        let sets = [straight, turned].map(|rows| {
            let prepared = prepare(read(&rows), &plan(), Split::Column(MARK), &Unwatched).unwrap();
            (prepared.train, prepared.test)
        });
        assert_eq!(sets[0], sets[1]);
    }
}
