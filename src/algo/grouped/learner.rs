//! A learner that fits one model for each group.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::model::{Group, GroupedModel, Own};
use super::table::Table;
use crate::error::{Error, Result};
use crate::fitted::Fitted;
use crate::learner::Configured;
use crate::monitor::{Monitor, Progress};
use crate::room;
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
    fn shortage(&self, rows: &Range<usize>, set: &TrainingSet) -> Option<Own> {
        if rows.len() < self.least_rows {
            return Some(Own::TooFewRows);
        }
        let Target::Classes { numbers, count } = &set.target else {
            return None;
        };
        let mut weights = vec![0.0; *count];
        for row in rows.clone() {
            let weight = set.weights.as_ref().map_or(1.0, |weights| weights[row]);
            weights[numbers[row] as usize] += weight;
        }
        (!weights.iter().all(|&weight| weight > 0.0)).then_some(Own::LacksClass)
    }

    /// Learns from one group's rows. What cannot be learned from has no model of its own; only what ends the statement is an error.
    fn fit_group(&self, rows: Range<usize>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<Own> {
        monitor.check()?;
        if let Some(shortage) = self.shortage(&rows, set) {
            return Ok(shortage);
        }
        let set = set.slice(rows);
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

/// A group's key, and where its rows are.
struct Part {
    key: Vec<f64>,
    rows: Range<usize>,
}

/// The groups in the order of their keys; and the rows one group after the other, those of one in their order.
fn divide(set: &TrainingSet, monitor: &dyn Monitor) -> Result<(Vec<Part>, TrainingSet)> {
    let keys = set.frame.keys();
    let mut table = Table::new(keys.len());
    // Each with its number, and how many rows it has.
    let mut groups: Vec<(Vec<f64>, usize, usize)> = Vec::new();
    let mut places = room::with_capacity(set.rows())?;
    let mut key = vec![0.0; keys.len()];
    for row in 0..set.rows() {
        if row.is_multiple_of(BLOCK) {
            monitor.check()?;
        }
        for (value, column) in key.iter_mut().zip(keys) {
            *value = column.encoded(row);
        }
        let group = table.find_or_add(&key);
        if group == groups.len() {
            groups.push((key.clone(), group, 0));
        }
        groups[group].2 += 1;
        places.push(group as u32);
    }
    groups.sort_by(|(a, ..), (b, ..)| {
        let orders = a.iter().zip(b).map(|(a, b)| a.total_cmp(b));
        orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
    let (mut next, mut start) = (vec![0_u32; groups.len()], 0);
    let mut divided = Vec::with_capacity(groups.len());
    for (key, group, rows) in groups {
        next[group] = start as u32;
        divided.push(Part {
            key,
            rows: start..start + rows,
        });
        start += rows;
    }
    for places in places.chunks_mut(BLOCK) {
        monitor.check()?;
        for place in places {
            let next = &mut next[*place as usize];
            *place = *next;
            *next += 1;
        }
    }
    let arranged = set.arranged(&places, monitor)?;
    Ok((divided, arranged))
}

impl Configured for Grouped {
    fn quantile(&self, alpha: f64) -> Result<Option<Box<dyn Configured>>> {
        let of_group = self.learner.quantile(alpha)?;
        Ok(of_group.map(|learner| Box::new(Grouped::new(learner, self.least_rows)) as Box<dyn Configured>))
    }

    fn cluster(&self) -> Option<&str> {
        self.learner.cluster()
    }

    fn memory(&self, shape: &Shape) -> usize {
        // The groups' models, and the rows once more, group by group.
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
        let (divided, arranged) = divide(set, monitor)?;
        let (all, history) = self.learner.fit(set, monitor)?;
        let count = Counting {
            monitor,
            done: AtomicUsize::new(0),
            groups: divided.len(),
            loss: history.last().map_or(f64::NAN, |last| last.loss),
        };
        let fit = |Part { key, rows }: &Part| {
            let own = self.fit_group(rows.clone(), &arranged, &count)?;
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
