//! A model for each group, and one of all rows.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::explainer::GroupedExplainer;
use super::scorer::{GroupedScorer, places_and_models};
use super::table::Table;
use crate::bytes;
use crate::calibration::Scale;
use crate::coded::coded;
use crate::error::{Error, Result};
use crate::estimator::{Criterion, Estimator};
use crate::explain::{Baseline, Explainer};
use crate::fitted::{Fitted, Stored, WHAT, is_base};
use crate::learners;
use crate::monitor::Monitor;
use crate::training_set::TrainingSet;
use crate::trees::Importance;

/// Rows between two looks at the monitor.
const BLOCK: usize = 1 << 16;

/// What a group is scored by.
#[derive(Debug, Clone)]
pub enum Own {
    /// A model of its own.
    Model(Arc<dyn Fitted>),
    /// The model of all rows: the group has fewer rows than a model of its own needs.
    TooFewRows,
    /// The model of all rows: the group has no row of some class.
    LacksClass,
    /// The model of all rows: the learner could not learn from the group's rows.
    NotLearnable,
}

/// A group of rows.
#[derive(Debug, Clone)]
pub struct Group {
    /// The values that name it, as an encoded row has them.
    pub key: Vec<f64>,
    /// Its training rows.
    pub rows: u64,
    /// What it is scored by.
    pub own: Own,
}

/// A model for each group, and one of all rows for those that have none. A row is one of the group that the values at its end name.
#[derive(Debug)]
pub struct GroupedModel {
    table: Table,
    groups: Vec<Group>,
    all: Arc<dyn Fitted>,
    base: Vec<f64>,
}

/// A group as it is stored; its model follows.
#[derive(Serialize, Deserialize)]
struct StoredGroup {
    key: Vec<f64>,
    rows: u64,
    own: OwnKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OwnKind {
    Model,
    TooFewRows,
    LacksClass,
    NotLearnable,
}

coded!(OwnKind {
    0 => Model,
    1 => TooFewRows,
    2 => LacksClass,
    3 => NotLearnable,
});

impl Own {
    fn kind(&self) -> OwnKind {
        match self {
            Own::Model(_) => OwnKind::Model,
            Own::TooFewRows => OwnKind::TooFewRows,
            Own::LacksClass => OwnKind::LacksClass,
            Own::NotLearnable => OwnKind::NotLearnable,
        }
    }

    /// Why the group has no model of its own, in words.
    pub fn shortage(&self) -> Option<&'static str> {
        match self {
            Own::Model(_) => None,
            Own::TooFewRows => Some("too few rows"),
            Own::LacksClass => Some("a class is missing"),
            Own::NotLearnable => Some("nothing could be learned from its rows"),
        }
    }
}

impl GroupedModel {
    /// The number of its form in stored models.
    pub(crate) const FORM: u16 = 5;

    /// Models of groups in the order of their keys, which have `keys` values each and differ.
    pub(super) fn new(keys: usize, groups: Vec<Group>, all: Arc<dyn Fitted>) -> GroupedModel {
        let mut table = Table::new(keys);
        for group in &groups {
            table.find_or_add(&group.key);
        }
        let mut model = GroupedModel {
            table,
            groups,
            all,
            base: Vec::new(),
        };
        model.base = model.mean_base();
        model
    }

    /// The means of the margins over all training rows.
    fn mean_base(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.all.base().len()];
        let rows: u64 = self.groups.iter().map(|group| group.rows).sum();
        for group in &self.groups {
            let share = group.rows as f64 / rows.max(1) as f64;
            for (sum, mean) in sums.iter_mut().zip(self.of(group).base()) {
                *sum += share * mean;
            }
        }
        sums
    }

    /// The groups, in the order of their keys.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// What scores a group.
    pub fn of<'a>(&'a self, group: &'a Group) -> &'a dyn Fitted {
        match &group.own {
            Own::Model(model) => &**model,
            Own::TooFewRows | Own::LacksClass | Own::NotLearnable => &*self.all,
        }
    }

    /// What scores groups without a model of their own.
    pub fn all(&self) -> &Arc<dyn Fitted> {
        &self.all
    }

    /// The place of each group by its key.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The rows of each group, in the order of the groups; rows of other groups are left out. O(rows).
    pub fn divide(&self, set: &TrainingSet, monitor: &dyn Monitor) -> Result<Vec<Vec<u32>>> {
        let mut rows = vec![Vec::new(); self.groups.len()];
        let keys = set.frame.keys();
        let mut key = vec![0.0; keys.len()];
        for row in 0..set.rows() {
            if row.is_multiple_of(BLOCK) {
                monitor.check()?;
            }
            for (value, column) in key.iter_mut().zip(keys) {
                *value = column.encoded(row);
            }
            if let Some(place) = self.table.find(&key) {
                rows[place].push(row as u32);
            }
        }
        Ok(rows)
    }

    /// What scores an encoded row, and the row's features.
    fn fitted<'a, 'r>(&'a self, row: &'r [f64]) -> (&'a dyn Fitted, &'r [f64]) {
        let (features, key) = row.split_at(row.len() - self.table.width());
        let fitted = self
            .table
            .find(key)
            .map_or(&*self.all, |place| self.of(&self.groups[place]));
        (fitted, features)
    }

    /// The models there are.
    fn models(&self) -> impl Iterator<Item = &Arc<dyn Fitted>> {
        let own = self.groups.iter().filter_map(|group| match &group.own {
            Own::Model(model) => Some(model),
            Own::TooFewRows | Own::LacksClass | Own::NotLearnable => None,
        });
        own.chain([&self.all])
    }

    /// Reads what [`Stored::encode`] wrote. What it holds is not checked yet; see [`Fitted::validate`].
    pub(crate) fn decode(bytes: &[u8], monitor: &dyn Monitor) -> Result<GroupedModel> {
        let mut rest = bytes;
        let (keys, stored): (u32, Vec<StoredGroup>) = bytes::decode(WHAT, piece(&mut rest)?, monitor)?;
        let keys = keys as usize;
        if stored.iter().any(|group| group.key.len() != keys) {
            return Err(Error::damaged(WHAT, "a group is named by other values"));
        }
        let mut groups = Vec::new();
        for StoredGroup { key, rows, own } in stored {
            let own = match own {
                OwnKind::Model => Own::Model(model(&mut rest, monitor)?),
                OwnKind::TooFewRows => Own::TooFewRows,
                OwnKind::LacksClass => Own::LacksClass,
                OwnKind::NotLearnable => Own::NotLearnable,
            };
            groups.push(Group { key, rows, own });
        }
        let all = model(&mut rest, monitor)?;
        if !rest.is_empty() {
            return Err(Error::damaged(WHAT, format!("{} bytes follow its end", rest.len())));
        }
        Ok(GroupedModel::new(keys, groups, all))
    }
}

/// Takes the next piece of bytes, before which its length stands.
fn piece<'b>(rest: &mut &'b [u8]) -> Result<&'b [u8]> {
    let short = || Error::damaged(WHAT, "its groups end too early");
    let (length, after) = rest.split_first_chunk().ok_or_else(short)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| short())?;
    let (piece, after) = after.split_at_checked(length).ok_or_else(short)?;
    *rest = after;
    Ok(piece)
}

/// Takes the next model.
fn model(rest: &mut &[u8], monitor: &dyn Monitor) -> Result<Arc<dyn Fitted>> {
    monitor.check()?;
    let short = || Error::damaged(WHAT, "a group's model ends too early");
    let (form, content) = piece(rest)?.split_first_chunk().ok_or_else(short)?;
    Ok(learners::decode_single(u16::from_le_bytes(*form), content, monitor)?.into())
}

/// Appends a piece, its length before it.
fn append(mut bytes: Vec<u8>, write: impl FnOnce(Vec<u8>) -> Result<Vec<u8>>) -> Result<Vec<u8>> {
    let start = bytes.len();
    bytes.extend(0_u64.to_le_bytes());
    let mut bytes = write(bytes)?;
    let content = start + size_of::<u64>();
    let length = (bytes.len() - content) as u64;
    bytes[start..content].copy_from_slice(&length.to_le_bytes());
    Ok(bytes)
}

impl Stored for GroupedModel {
    fn form(&self) -> u16 {
        GroupedModel::FORM
    }

    fn encode(&self, bytes: Vec<u8>, monitor: &dyn Monitor) -> Result<Vec<u8>> {
        let stored = self.groups.iter().map(|group| StoredGroup {
            key: group.key.clone(),
            rows: group.rows,
            own: group.own.kind(),
        });
        let head: (u32, Vec<StoredGroup>) = (self.table.width() as u32, stored.collect());
        let mut bytes = append(bytes, |bytes| bytes::encode(WHAT, &head, bytes, monitor))?;
        for model in self.models() {
            monitor.check()?;
            bytes = append(bytes, |mut bytes| {
                bytes.extend(model.form().to_le_bytes());
                model.encode(bytes, monitor)
            })?;
        }
        Ok(bytes)
    }
}

impl Estimator for GroupedModel {
    fn outputs(&self) -> usize {
        self.all.outputs()
    }

    fn score(&self, row: &[f64], out: &mut [f64]) {
        let (fitted, features) = self.fitted(row);
        fitted.score(features, out);
    }

    fn criterion(&self) -> Option<&dyn Criterion> {
        self.all.criterion()
    }
}

impl Fitted for GroupedModel {
    fn validate(&self, features: &[usize], monitor: &dyn Monitor) -> Result<()> {
        let damaged = |problem: &str| Err(Error::damaged(WHAT, problem));
        let Some(own) = features.len().checked_sub(self.table.width()) else {
            return damaged("its groups are named by more columns than it has");
        };
        let ordered = |pair: &[Group]| {
            let orders = pair[0].key.iter().zip(&pair[1].key).map(|(a, b)| a.total_cmp(b));
            orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then).is_lt()
        };
        // Two keys may differ in bits that do not count.
        let distinct = (0..)
            .zip(&self.groups)
            .all(|(place, group)| self.table.find(&group.key) == Some(place));
        if !self.groups.windows(2).all(ordered) || !distinct {
            return damaged("its groups are out of order");
        }
        for model in self.models() {
            model.validate(&features[..own], monitor)?;
            if model.outputs() != self.all.outputs() || model.base().len() != self.all.base().len() {
                return damaged("the models of its groups do not answer alike");
            }
        }
        if !is_base(&self.base, self.all.base().len()) {
            return damaged("its means are not finite");
        }
        Ok(())
    }

    fn memory(&self) -> usize {
        let models: usize = self.models().map(|model| model.memory()).sum();
        let keys: usize = self
            .groups
            .iter()
            .map(|group| group.key.capacity() * size_of::<f64>())
            .sum();
        models + keys + self.groups.capacity() * size_of::<Group>() + self.table.memory()
    }

    fn margin(&self, row: &[f64], out: &mut [f64]) {
        let (fitted, features) = self.fitted(row);
        fitted.margin(features, out);
    }

    fn base(&self) -> &[f64] {
        &self.base
    }

    fn explainer(
        &self,
        features: &[usize],
        baseline: Baseline<'_>,
        monitor: &dyn Monitor,
    ) -> Result<Box<dyn Explainer>> {
        Ok(Box::new(GroupedExplainer::new(self, features, baseline, monitor)?))
    }

    fn explained(&self, margins: &[f64]) -> Vec<f64> {
        self.all.explained(margins)
    }

    fn means(&self) -> Option<Vec<f64>> {
        let (_, models) = places_and_models(self);
        let means = models.into_iter().map(|model| model.means());
        Some(means.collect::<Option<Vec<_>>>()?.concat())
    }

    /// The sum over the groups' models; that of all rows counts where some group is scored by it.
    fn importance(&self, columns: usize) -> Option<Vec<Importance>> {
        let own = columns.checked_sub(self.table.width())?;
        let mut sums = vec![Importance::default(); columns];
        let all_serves = self.groups.iter().any(|group| group.own.kind() != OwnKind::Model);
        let idle = |model: &Arc<dyn Fitted>| Arc::ptr_eq(model, &self.all) && !all_serves;
        for model in self.models().filter(|model| !idle(model)) {
            for (sum, part) in sums.iter_mut().zip(model.importance(own)?) {
                sum.splits += part.splits;
                sum.gain += part.gain;
                sum.cover += part.cover;
            }
        }
        Some(sums)
    }

    fn keys(&self) -> usize {
        self.table.width()
    }

    fn grouped(&self) -> Option<&GroupedModel> {
        Some(self)
    }

    fn condition(&self) -> Option<f64> {
        self.all.condition()
    }

    fn calibration_scale(&self) -> Scale {
        self.all.calibration_scale()
    }

    fn eval_losses(&self) -> &[f64] {
        self.all.eval_losses()
    }

    fn scorer(&self) -> Option<Box<dyn Estimator>> {
        Some(Box::new(GroupedScorer::new(self)))
    }
}
