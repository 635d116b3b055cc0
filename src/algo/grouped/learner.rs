//! A learner that fits one model for each group.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::model::{Group, GroupedModel, Own};
use super::table::Table;
use crate::error::{Error, Result};
use crate::fitted::Fitted;
use crate::learner::Configured;
use crate::monitor::{Monitor, Progress};
use crate::training_set::{Shape, Target, TrainingSet};

/// Rows between two looks at the monitor.
const BLOCK: usize = 1 << 16;

/// A learner of each group's rows, and of all rows for groups that are too small. Groups are what the frame's keys say.
pub struct Grouped {
    learner: Box<dyn Configured>,
    least_rows: usize,
}

impl Grouped {
    /// A group of fewer than `least_rows` rows has no model of its own.
    pub fn new(learner: Box<dyn Configured>, least_rows: usize) -> Grouped {
        Grouped { learner, least_rows }
    }

    /// Why a group's rows are not enough for a model of their own, if so.
    fn shortage(&self, rows: &[u32], set: &TrainingSet) -> Option<Own> {
        if rows.len() < self.least_rows {
            return Some(Own::TooFewRows);
        }
        let Target::Classes { numbers, count } = &set.target else {
            return None;
        };
        let mut weights = vec![0.0; *count];
        for &row in rows {
            let weight = set.weights.as_ref().map_or(1.0, |weights| weights[row as usize]);
            weights[numbers[row as usize] as usize] += weight;
        }
        (!weights.iter().all(|&weight| weight > 0.0)).then_some(Own::LacksClass)
    }

    /// Learns from one group's rows. What cannot be learned from has no model of its own; only what ends the statement is an error.
    fn fit_group(&self, rows: &[u32], set: &TrainingSet, monitor: &dyn Monitor) -> Result<Own> {
        monitor.check()?;
        if let Some(shortage) = self.shortage(rows, set) {
            return Ok(shortage);
        }
        let set = set.take(rows, monitor)?;
        let levels = set.frame.columns().iter().map(|column| column.levels().unwrap_or(0));
        let levels: Vec<usize> = levels.collect();
        let fit = self.learner.fit(&set, monitor);
        match fit.and_then(|(fitted, _)| fitted.validate(&levels, monitor).map(|()| fitted)) {
            Ok(fitted) => Ok(Own::Model(fitted.into())),
            Err(Error::Data { .. } | Error::Damaged { .. }) => Ok(Own::NotLearnable),
            Err(error) => Err(error),
        }
    }
}

/// The rows of each group, in their order, the groups in that of their keys.
fn divide(set: &TrainingSet, monitor: &dyn Monitor) -> Result<Vec<(Vec<f64>, Vec<u32>)>> {
    let keys = set.frame.keys();
    let mut table = Table::new(keys.len());
    let mut groups: Vec<(Vec<f64>, Vec<u32>)> = Vec::new();
    let mut key = vec![0.0; keys.len()];
    for row in 0..set.rows() {
        if row.is_multiple_of(BLOCK) {
            monitor.check()?;
        }
        for (value, column) in key.iter_mut().zip(keys) {
            *value = column.encoded(row);
        }
        let place = table.find_or_add(&key);
        if place == groups.len() {
            groups.push((key.clone(), Vec::new()));
        }
        groups[place].1.push(row as u32);
    }
    groups.sort_by(|(a, _), (b, _)| {
        let orders = a.iter().zip(b).map(|(a, b)| a.total_cmp(b));
        orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
    Ok(groups)
}

impl Configured for Grouped {
    fn quantile(&self, alpha: f64) -> Result<Option<Box<dyn Configured>>> {
        let of_group = self.learner.quantile(alpha)?;
        Ok(of_group.map(|learner| Box::new(Grouped::new(learner, self.least_rows)) as Box<dyn Configured>))
    }

    fn memory(&self, shape: &Shape) -> usize {
        // The groups' models, and copies of the rows of those that are being learned from.
        let copies = shape
            .rows
            .saturating_mul(shape.features)
            .saturating_mul(size_of::<f64>());
        self.learner.memory(shape).saturating_mul(2).saturating_add(copies)
    }

    fn design_memory(&self, shape: &Shape) -> usize {
        self.learner.design_memory(shape).saturating_mul(1 + shape.threads)
    }

    /// The losses are those of all rows' model.
    fn fit(&self, set: &TrainingSet, monitor: &dyn Monitor) -> Result<(Box<dyn Fitted>, Vec<Progress>)> {
        let divided = divide(set, monitor)?;
        let (all, history) = self.learner.fit(set, monitor)?;
        let count = Counting {
            monitor,
            done: AtomicUsize::new(0),
            groups: divided.len(),
            loss: history.last().map_or(f64::NAN, |last| last.loss),
        };
        let fit = |(key, rows): &(Vec<f64>, Vec<u32>)| {
            let own = self.fit_group(rows, set, &count)?;
            count.one_more();
            Ok(Group {
                key: key.clone(),
                rows: rows.len() as u64,
                own,
            })
        };
        let groups = divided.par_iter().map(fit).collect::<Result<Vec<Group>>>()?;
        let model = GroupedModel::new(set.frame.keys().len(), groups, all.into());
        Ok((Box::new(model), history))
    }
}

/// Passes on whether to stop, and tells how many groups are done instead of each one's iterations.
struct Counting<'m> {
    monitor: &'m dyn Monitor,
    done: AtomicUsize,
    groups: usize,
    loss: f64,
}

impl Counting<'_> {
    fn one_more(&self) {
        self.monitor.progress(Progress {
            iteration: self.done.fetch_add(1, Ordering::Relaxed) + 1,
            iterations: self.groups,
            loss: self.loss,
        });
    }
}

impl Monitor for Counting<'_> {
    fn check(&self) -> Result<()> {
        self.monitor.check()
    }

    fn progress(&self, _: Progress) {}
}
