//! What is done with rows where they are: it is sent there, and may come from anybody.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::survey::{Survey, key_of};
use super::{Cell, Packer, SampleBins, Surveyed};
use crate::bytes;
use crate::coded::coded;
use crate::error::{Error, Result};
use crate::hash;
use crate::label::Label;
use crate::monitor::Monitor;
use crate::prepare::Prepared;
use crate::sums::{self, Layout, Partial};
use crate::training_set::{Target, TargetKind};
use crate::trees::bins::{Bins, MAX_LEVELS};

/// What errors call it.
const WHAT: &str = "plan of a reading";

/// Rows of a bucket, on average at most.
const OF_BUCKET: u64 = 40_000;
/// The most bits of a hash by which buckets are told apart.
const MOST_BITS: u32 = 16;
/// The most columns of a row.
const MOST_COLUMNS: usize = 10_000;

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum ReadingPlan {
    /// It is surveyed.
    Survey(SurveyPlan),
    /// It is packed.
    Pack(PackPlan),
    /// It is added to sums.
    Sum(sums::Plan),
}

coded!(ReadingPlan {
    0 => Survey(plan),
    1 => Pack(plan),
    2 => Sum(plan),
});

impl ReadingPlan {
    /// As bytes.
    pub fn to_bytes(&self, monitor: &dyn Monitor) -> Result<Vec<u8>> {
        bytes::encode(WHAT, self, Vec::new(), monitor)
    }

    /// The plan that bytes are. Returns an error for one that contradicts itself.
    pub fn from_bytes(from: &[u8], monitor: &dyn Monitor) -> Result<ReadingPlan> {
        let plan: ReadingPlan = bytes::decode(WHAT, from, monitor)?;
        let is_sound = match &plan {
            ReadingPlan::Survey(plan) => plan.is_sound(),
            ReadingPlan::Pack(plan) => plan.is_sound(),
            ReadingPlan::Sum(plan) => plan.validate().is_ok(),
        };
        match is_sound {
            true => Ok(plan),
            false => Err(Error::damaged(WHAT, "its parts do not agree")),
        }
    }
}

/// How rows are surveyed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SurveyPlan {
    pub(super) seed: u64,
    /// Whether a column holds texts.
    pub(super) texts: Vec<bool>,
    /// The place of what is to be predicted, and of which kind it is.
    pub(super) target: usize,
    pub(super) kind: TargetKind,
    /// The most contents of the sample.
    pub(super) most: usize,
    /// Only contents with no greater hash are of it, but for the few of each class.
    pub(super) threshold: u64,
}

impl SurveyPlan {
    /// Of rows whose columns hold texts or numbers, as `texts` says. `target` is the place of what is to be predicted.
    pub fn new(seed: u64, texts: &[bool], (target, kind): (usize, TargetKind)) -> SurveyPlan {
        SurveyPlan {
            seed,
            most: Survey::most(texts.len()),
            texts: texts.to_vec(),
            target,
            kind,
            threshold: u64::MAX,
        }
    }

    /// The place of what is to be predicted.
    pub fn target(&self) -> usize {
        self.target
    }

    /// The same, where so many rows are known to have a target: with hashes so small that the sample is likely to be full, and little more is sent.
    pub fn of_rows(mut self, rows: u64) -> SurveyPlan {
        let most = self.most as f64;
        // Six standard deviations more than are wanted.
        let share = (most + 6.0 * most.sqrt()) / rows.max(1) as f64;
        self.threshold = match share < 1.0 {
            true => (share * 2.0_f64.powi(64)) as u64,
            false => u64::MAX,
        };
        self
    }

    /// One that counts rows, of which it is shown the target only; and where that is in this plan's rows.
    pub fn counting(&self) -> (SurveyPlan, usize) {
        let texts = self.texts.get(self.target).copied().unwrap_or(false);
        let plan = SurveyPlan::new(self.seed, &[texts], (0, self.kind));
        (SurveyPlan { threshold: 0, ..plan }, self.target)
    }

    fn is_sound(&self) -> bool {
        self.texts.len() <= MOST_COLUMNS
            && self.target < self.texts.len()
            && self.most == Survey::most(self.texts.len())
    }
}

/// What makes a byte of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ValueBins {
    /// The bounds of a number's bins.
    Number(Vec<f64>),
    /// How many codes a category has: each is its own bin.
    Category(u16),
}

coded!(ValueBins {
    0 => Number(bounds),
    1 => Category(codes),
});

impl ValueBins {
    fn is_sound(&self) -> bool {
        match self {
            ValueBins::Number(bounds) => {
                let is_sorted = bounds.windows(2).all(|pair| pair[0] < pair[1]);
                (1..256).contains(&bounds.len()) && is_sorted && bounds.last() == Some(&f64::MAX)
            }
            ValueBins::Category(codes) => usize::from(*codes) <= MAX_LEVELS,
        }
    }

    /// Whether they are those of a feature with so many codes, or of numbers.
    fn fits(&self, levels: Option<usize>) -> bool {
        match (self, levels) {
            (ValueBins::Number(_), None) => true,
            (ValueBins::Category(codes), Some(levels)) => usize::from(*codes) == levels,
            (ValueBins::Number(_), Some(_)) | (ValueBins::Category(_), None) => false,
        }
    }

    /// How many bins there are.
    pub(super) fn len(&self) -> usize {
        match self {
            ValueBins::Number(bounds) => bounds.len() + 1,
            ValueBins::Category(codes) => usize::from(*codes) + 1,
        }
    }
}

/// How rows are packed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PackPlan {
    /// How rows are read.
    pub(super) layout: Layout,
    /// Of which kind is what is to be predicted.
    pub(super) kind: TargetKind,
    /// What is taken away from numbers that are to be predicted.
    pub(super) offset: f64,
    /// What makes bytes of each feature's values.
    pub(super) features: Vec<ValueBins>,
    /// How many bits of a row's hash say to which bucket it belongs.
    pub(super) bits: u32,
    /// The buckets of this part.
    pub(super) part: Range<usize>,
}

impl PackPlan {
    /// Of all rows, which are read by `layout`. `prepared` is what the sample taught, `bins` those of its features, `surveyed` what the first reading told.
    /// Returns an error for features that are no bytes.
    pub fn new(layout: &Layout, surveyed: &Surveyed, prepared: &Prepared, bins: &SampleBins) -> Result<PackPlan> {
        let SampleBins(bins) = bins;
        let value_bins = |bins: &Bins| match bins {
            Bins::Number { bounds } => ValueBins::Number(bounds.clone()),
            Bins::Category { levels } => ValueBins::Category(u16::try_from(*levels).unwrap_or(u16::MAX)),
        };
        let buckets = surveyed.rows.div_ceil(OF_BUCKET).next_power_of_two();
        let bits = buckets.trailing_zeros().min(MOST_BITS);
        let plan = PackPlan {
            layout: layout.clone(),
            kind: prepared.train.target.kind(),
            offset: offset(&prepared.train.target),
            features: bins.iter().map(value_bins).collect(),
            bits,
            part: 0..1 << bits,
        };
        match plan.is_sound() {
            true => Ok(plan),
            false => Err(Error::Internal("features that cannot be packed")),
        }
    }

    /// In how many sides the buckets are: rows that train, and where their layout tells it rows that test.
    pub(super) fn sides(&self) -> usize {
        1 + usize::from(self.layout.has_test())
    }

    /// Of rows of a number, a text and one of two classes.
    #[cfg(test)]
    pub(crate) fn of_golden_files() -> PackPlan {
        PackPlan {
            layout: Layout::of_golden_files(),
            kind: TargetKind::Classes(2),
            offset: 0.0,
            features: vec![
                ValueBins::Number(vec![10.0, 50.0, 100.0, f64::MAX]),
                ValueBins::Category(4),
            ],
            bits: 2,
            part: 0..4,
        }
    }

    /// The plan in parts, each for rows of no more bytes than `most`, where there are `rows` in all.
    pub fn parts(&self, rows: u64, most: u64) -> Vec<PackPlan> {
        let bytes = rows.saturating_mul((self.features.len() + size_of::<f32>()) as u64);
        let buckets = self.part.len();
        let parts = (bytes.div_ceil(most.max(1)) as usize).clamp(1, buckets);
        let size = buckets.div_ceil(parts);
        let part = |start: usize| PackPlan {
            part: start..(start + size).min(buckets),
            ..self.clone()
        };
        (0..buckets).step_by(size).map(part).collect()
    }

    /// What tells rows that were packed so from others.
    pub(super) fn key(&self, monitor: &dyn Monitor) -> Result<u64> {
        let bytes = bytes::encode(WHAT, self, Vec::new(), monitor)?;
        Ok(hash::hash_bytes(self.layout.seed(), &bytes))
    }

    fn is_sound(&self) -> bool {
        let classes = match self.kind {
            TargetKind::Classes(classes) => classes,
            TargetKind::None | TargetKind::Numbers => 0,
        };
        let is_feature = |(bins, levels): (&ValueBins, &Option<usize>)| bins.is_sound() && bins.fits(*levels);
        let are_features = |levels: Vec<Option<usize>>| {
            levels.len() == self.features.len() && self.features.iter().zip(&levels).all(is_feature)
        };
        self.layout.validate().is_ok()
            && self.layout.has_target()
            && self.kind != TargetKind::None
            && self.offset.is_finite()
            && self.layout.classes() == classes
            && (1..=MOST_COLUMNS).contains(&self.features.len())
            && self.layout.levels().is_ok_and(are_features)
            && self.bits <= MOST_BITS
            && self.part.start < self.part.end
            && self.part.end <= 1 << self.bits
    }
}

/// Rows as a plan says, none yet.
pub enum Reading {
    /// They are surveyed.
    Survey(Survey),
    /// They are packed.
    Pack(Packer),
    /// They are summed up.
    Sum(Partial),
}

impl ReadingPlan {
    /// Begins to read rows. Returns an error where there is no room.
    pub fn begin(self, monitor: &dyn Monitor) -> Result<Reading> {
        Ok(match self {
            ReadingPlan::Survey(plan) => Reading::Survey(Survey::new(&plan)),
            ReadingPlan::Pack(plan) => Reading::Pack(Packer::new(&plan, monitor)?),
            ReadingPlan::Sum(plan) => Reading::Sum(Partial::new(&plan)?),
        })
    }
}

/// The key of a value that stands for a class.
pub(crate) fn key_of_label(label: &Label) -> u64 {
    match label {
        Label::Bool(value) => key_of(Cell::Number(f64::from(u8::from(*value)))),
        Label::Number(value) => key_of(Cell::Number(*value as f64)),
        Label::Enum(_, text) | Label::Text(text) => key_of(Cell::Text(text)),
    }
}

/// What is taken away from numbers: the middle one of the sample, rounded so that whole numbers stay whole.
fn offset(target: &Target) -> f64 {
    let Target::Numbers(values) = target else {
        return 0.0;
    };
    let mut values = values.clone();
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    values.select_nth_unstable_by(middle, f64::total_cmp).1.round()
}
