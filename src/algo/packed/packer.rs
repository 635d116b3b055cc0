//! Rows to bytes.

use hashbrown::HashMap;

use super::order::{self, Division};
use super::survey::{hash_of, is_labelled, key_of};
use super::{Block, CHUNK, Cell, PAD, Packed, Surveyed};
use crate::error::{Error, Result};
use crate::label::Label;
use crate::model::InputKind;
use crate::monitor::Monitor;
use crate::prepare::Prepared;
use crate::room;
use crate::task::Answer;
use crate::training_set::{Target, TargetKind, TrainingSet};
use crate::trees::bins::{Bins, Finder};

/// Rows of a bucket, on average at most.
const OF_BUCKET: u64 = 40_000;

/// What rows are packed by.
pub struct Source<'a> {
    /// What the sample taught.
    pub prepared: &'a Prepared,
    /// The place of each feature among the columns of the survey.
    pub places: &'a [usize],
    /// The place of the target.
    pub target: usize,
    /// How many columns the survey had.
    pub columns: usize,
    /// The seed of the order.
    pub seed: u64,
}

/// Makes a byte of a value.
enum Coder<'a> {
    Number(Finder<'a>, u8),
    /// The bin of each level, that of all others, and that of missing values.
    Category(HashMap<&'a str, u8>, u8, u8),
}

/// The rows read so far, in buckets by the first bits of their hash.
pub struct Packer<'a> {
    source: Source<'a>,
    surveyed: &'a Surveyed,
    bins: &'a [Bins],
    coders: Vec<Coder<'a>>,
    kind: TargetKind,
    offset: f64,
    classes: HashMap<u64, f32>,
    record: Vec<u8>,
    buckets: Vec<Block>,
    bits: u32,
    rows: u64,
    sum: u64,
}

impl<'a> Packer<'a> {
    /// No rows yet. `surveyed` is what the first reading told, `bins` those of the sample's features. Returns an error for features that are no bytes.
    pub fn new(source: Source<'a>, surveyed: &'a Surveyed, bins: &'a SampleBins) -> Result<Packer<'a>> {
        let SampleBins(bins) = bins;
        let inputs = &source.prepared.inputs;
        if inputs.len() != bins.len() || inputs.len() != source.places.len() {
            return Err(Error::Internal("features that cannot be packed"));
        }
        let coder = |(input, bins): (&'a crate::model::Input, &'a Bins)| match (&input.kind, bins) {
            (InputKind::Number, Bins::Number { bounds }) => {
                Ok(Coder::Number(Finder::new(bounds), bins.missing() as u8))
            }
            (InputKind::Category { levels, other }, Bins::Category { .. }) => {
                let missing = bins.missing() as u8;
                let rest = if *other { levels.len() as u8 } else { missing };
                let codes = levels.iter().map(String::as_str).zip(0..).collect();
                Ok(Coder::Category(codes, rest, missing))
            }
            _ => Err(Error::Internal("features that cannot be packed")),
        };
        let coders = inputs.iter().zip(bins).map(coder).collect::<Result<Vec<_>>>()?;
        let classes = match &source.prepared.answer {
            Some(Answer::Classes(labels)) => labels.iter().map(key_of_label).zip((0_u16..).map(f32::from)).collect(),
            _ => HashMap::new(),
        };
        let kind = source.prepared.train.target.kind();
        let buckets = surveyed.rows.div_ceil(OF_BUCKET).next_power_of_two() as usize;
        Ok(Packer {
            offset: offset(&source.prepared.train.target),
            surveyed,
            coders,
            kind,
            classes,
            record: vec![0; bins.len()],
            buckets: vec![Block::default(); buckets],
            bits: buckets.trailing_zeros(),
            rows: 0,
            sum: 0,
            bins,
            source,
        })
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Packs a row. Returns an error where there is no room, and for a row that the survey has not seen. O(row log bins).
    #[inline]
    pub fn push<'c>(&mut self, cell: impl Fn(usize) -> Cell<'c>) -> Result<()> {
        let target = cell(self.source.target);
        if !is_labelled(target) {
            return Ok(());
        }
        self.rows += 1;
        self.sum = self
            .sum
            .wrapping_add(hash_of(self.source.seed, self.source.columns, &cell));
        let target = match (self.kind, target) {
            (TargetKind::Classes(_), _) => *self.classes.get(&key_of(target)).ok_or_else(other_rows)?,
            (TargetKind::None | TargetKind::Numbers, Cell::Number(number)) => (number - self.offset) as f32,
            (TargetKind::None | TargetKind::Numbers, Cell::Missing | Cell::Text(_)) => return Err(other_rows()),
        };
        for ((byte, coder), &place) in self.record.iter_mut().zip(&self.coders).zip(self.source.places) {
            *byte = match (coder, cell(place)) {
                (Coder::Number(finder, _), Cell::Number(number)) if number.is_finite() => finder.find(number + 0.0),
                (Coder::Category(codes, rest, _), Cell::Text(text)) => codes.get(text).copied().unwrap_or(*rest),
                (Coder::Number(_, missing) | Coder::Category(_, _, missing), _) => *missing,
            };
        }
        let hash = order::hash_of(self.source.seed, &self.record, target);
        let bucket = hash.checked_shr(u64::BITS - self.bits).unwrap_or(0) as usize;
        self.buckets[bucket].push(&self.record, target)
    }

    /// All rows in their order, `fraction` of them set aside to test. Returns an error for rows that are not those of the survey. O(n log n).
    pub fn finish(self, fraction: Option<f64>, monitor: &dyn Monitor) -> Result<Packed> {
        if (self.rows, self.sum) != (self.surveyed.rows, self.surveyed.sum) {
            return Err(other_rows());
        }
        let rows_of = |(key, class): (&u64, &f32)| Some((*class as usize, *self.surveyed.classes.get(key)?));
        let mut division = Division {
            seed: self.source.seed,
            fraction: fraction.unwrap_or(0.0),
            classes: self.classes.iter().filter_map(rows_of).collect(),
            bounds: HashMap::new(),
        };
        let (train, test) = division.of(self.buckets, monitor)?;
        Ok(Packed {
            bins: self.bins.to_vec(),
            kind: self.kind,
            offset: self.offset,
            division,
            train,
            test,
        })
    }
}

impl Packed {
    /// The rows of the sample as values, divided as the packed rows are: those that train, and those that test. Returns an error when stopped, and for
    /// another sample.
    pub fn divide(&self, sample: &TrainingSet, monitor: &dyn Monitor) -> Result<(TrainingSet, TrainingSet)> {
        let columns = sample.frame.columns();
        if columns.len() != self.bins.len() {
            return Err(Error::Internal("another sample than that of the packed rows"));
        }
        let (mut train, mut test) = (Vec::new(), Vec::new());
        let (mut record, mut codes) = (vec![0; columns.len()], Vec::new());
        for (bins, column) in self.bins.iter().zip(columns) {
            monitor.check()?;
            let missing = bins.missing() as u8;
            let finder = match bins {
                Bins::Number { bounds } => Some(Finder::new(bounds)),
                Bins::Category { .. } => None,
            };
            let code = |row: usize| match (&finder, column.encoded(row)) {
                (_, value) if !value.is_finite() => missing,
                (Some(finder), value) => finder.find(value + 0.0),
                (None, code) => code as u8,
            };
            codes.push((0..sample.rows()).map(code).collect::<Vec<u8>>());
        }
        for (row, value) in sample.target.values().iter().enumerate() {
            record
                .iter_mut()
                .zip(&codes)
                .for_each(|(byte, codes)| *byte = codes[row]);
            let side = match self.division.first_tests(&record, (value - self.offset) as f32) {
                true => &mut test,
                false => &mut train,
            };
            side.push(row as u32);
        }
        Ok((sample.take(&train, monitor)?, sample.take(&test, monitor)?))
    }
}

/// The bins of a sample's features.
pub struct SampleBins(pub(crate) Vec<Bins>);

impl SampleBins {
    /// Learns at most `max_bin` bins of each feature of the sample. Returns an error for a category of too many levels. O(n log n).
    pub fn learn(prepared: &Prepared, max_bin: usize, seed: u64, monitor: &dyn Monitor) -> Result<SampleBins> {
        Bins::of_frame(&prepared.train.frame, max_bin, seed, monitor).map(SampleBins)
    }
}

impl Block {
    /// Appends a row.
    #[inline]
    pub(super) fn push(&mut self, record: &[u8], target: f32) -> Result<()> {
        if self.rows.is_multiple_of(CHUNK) {
            self.columns = record.len();
            let chunk = room::filled(0, CHUNK * record.len() + PAD)?;
            room::push(&mut self.codes, chunk)?;
            room::push(&mut self.targets, room::filled(0.0, CHUNK)?)?;
        }
        let (chunk, row) = (self.rows / CHUNK, self.rows % CHUNK);
        self.codes[chunk][row * record.len()..][..record.len()].copy_from_slice(record);
        self.targets[chunk][row] = target;
        self.rows += 1;
        Ok(())
    }
}

/// The key of a value that stands for a class.
fn key_of_label(label: &Label) -> u64 {
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

fn other_rows() -> Error {
    Error::data(
        "the query gave other rows when it was read again",
        "leave random(), clock_timestamp() and other volatile functions out of the query, or materialise it in a table; or raise assay.pack_rows so that the rows are read once",
    )
    .detail("Many rows are read twice: first to learn what their columns hold, then to pack them.".to_string())
}
