//! Rows to bytes.

use hashbrown::HashMap;

use super::order::{self, Division};
use super::plan::{PackPlan, ValueBins};
use super::{Block, CHUNK, Cell, PAD, Packed, Surveyed};
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::prepare::Prepared;
use crate::room;
use crate::sums::Reader;
use crate::training_set::{TargetKind, TrainingSet};
use crate::trees::bins::{Bins, Finder};

/// Makes a byte of a value.
#[derive(Debug, Clone, PartialEq)]
enum Coder {
    Number(Finder, u8),
    /// The bin of missing values, and of levels that the sample does not have: it comes after those of the codes.
    Category(u8),
}

impl Coder {
    fn of(bins: &ValueBins) -> Coder {
        let missing = (bins.len() - 1) as u8;
        match bins {
            ValueBins::Number(bounds) => Coder::Number(Finder::new(bounds), missing),
            ValueBins::Category(_) => Coder::Category(missing),
        }
    }

    /// The byte of a value. O(log bins).
    #[inline]
    fn byte(&self, value: f64) -> u8 {
        match self {
            Coder::Number(finder, _) if value.is_finite() => finder.find(value),
            Coder::Number(_, missing) => *missing,
            // What is no code compares with none.
            Coder::Category(missing) if value < f64::from(*missing) => value as u8,
            Coder::Category(missing) => *missing,
        }
    }
}

/// How rows become bytes.
#[derive(Debug, Clone, PartialEq)]
struct Coding {
    plan: PackPlan,
    reader: Reader,
    coders: Vec<Coder>,
    record: Vec<u8>,
}

/// The rows read so far, in buckets by the first bits of their hash; behind those that train are, if the plan's layout tells them, those that test.
#[derive(Debug, Clone, PartialEq)]
pub struct Packer {
    /// `None` for one that comes from bytes: it takes no rows.
    coding: Option<Box<Coding>>,
    /// That of the plan.
    pub(super) key: u64,
    pub(super) columns: usize,
    pub(super) buckets: Vec<Block>,
    pub(super) rows: u64,
    pub(super) sum: u64,
}

impl Packer {
    /// No rows yet. Returns an error where there is no room.
    pub fn new(plan: &PackPlan, monitor: &dyn Monitor) -> Result<Packer> {
        let features = plan.features.len();
        Ok(Packer {
            key: plan.key(monitor)?,
            columns: features,
            buckets: room::filled(Block::default(), plan.part.len() * plan.sides())?,
            rows: 0,
            sum: 0,
            coding: Some(Box::new(Coding {
                reader: Reader::new(&plan.layout)?,
                coders: plan.features.iter().map(Coder::of).collect(),
                record: vec![0; features],
                plan: plan.clone(),
            })),
        })
    }

    /// Rows that came from elsewhere.
    pub(super) fn of_blocks(key: u64, columns: usize, buckets: Vec<Block>, (rows, sum): (u64, u64)) -> Packer {
        Packer {
            coding: None,
            key,
            columns,
            buckets,
            rows,
            sum,
        }
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many columns a row has that it takes; `None` where it takes none.
    pub fn width(&self) -> Option<usize> {
        self.coding.as_ref().map(|coding| coding.plan.layout.width())
    }

    /// Packs a row, if it is of the plan's part. Returns an error where there is no room, and for a row that the survey has not seen. O(row log bins).
    #[inline]
    pub fn push<'c>(&mut self, cell: impl Fn(usize) -> Cell<'c>) -> Result<()> {
        let Some(coding) = &mut self.coding else {
            return Err(Error::Internal("rows that were packed elsewhere take no more"));
        };
        let Coding {
            plan,
            reader,
            coders,
            record,
        } = &mut **coding;
        let Some(row) = reader.read(cell)? else {
            return Ok(());
        };
        let target = (row.target - plan.offset) as f32;
        for ((byte, coder), value) in record.iter_mut().zip(coders).zip(row.values) {
            *byte = coder.byte(*value);
        }
        let hash = order::hash_of(plan.layout.seed(), record, target);
        let bucket = hash.checked_shr(u64::BITS - plan.bits).unwrap_or(0) as usize;
        if !plan.part.contains(&bucket) {
            return Ok(());
        }
        self.rows += 1;
        self.sum = self.sum.wrapping_add(row.hash);
        let side = usize::from(row.tests) * plan.part.len();
        match self.buckets.get_mut(side + bucket - plan.part.start) {
            Some(bucket) => bucket.push(record, target),
            None => Err(Error::Internal("a row of a side that is not there")),
        }
    }

    /// Takes the rows of another part over, or of the same part elsewhere. Returns an error for rows that are not what `part` makes. O(rows).
    pub fn take(&mut self, part: &PackPlan, other: Packer, monitor: &dyn Monitor) -> Result<()> {
        if other.key != part.key(monitor)? || other.buckets.len() != part.part.len() * part.sides() {
            return Err(Error::Mismatch {
                left: "packed rows".into(),
                right: "rows that were packed otherwise".into(),
            });
        }
        for block in &other.buckets {
            monitor.check()?;
            if !block.fits(part) {
                return Err(Error::damaged(
                    "packed rows",
                    "a value or a target is none of its column",
                ));
            }
        }
        let all = self.buckets.len() / part.sides();
        for (place, block) in other.buckets.into_iter().enumerate() {
            let (side, bucket) = (place / part.part.len(), place % part.part.len());
            let own = self.buckets.get_mut(side * all + part.part.start + bucket);
            own.ok_or(Error::Internal("a part of another plan"))?
                .append(block, monitor)?;
        }
        self.rows += other.rows;
        self.sum = self.sum.wrapping_add(other.sum);
        Ok(())
    }

    /// Adds the rows that another packed by the same plan. Returns an error for one of another plan. O(rows).
    pub(crate) fn merge(&mut self, other: &Packer, monitor: &dyn Monitor) -> Result<()> {
        let shape = |p: &Packer| (p.key, p.columns, p.buckets.len());
        let rows = self
            .rows
            .checked_add(other.rows)
            .filter(|_| shape(self) == shape(other));
        self.rows = rows.ok_or_else(|| Error::Mismatch {
            left: "packed rows".into(),
            right: "rows that were packed otherwise".into(),
        })?;
        self.sum = self.sum.wrapping_add(other.sum);
        for (own, block) in self.buckets.iter_mut().zip(&other.buckets) {
            own.append_copy(block, monitor)?;
        }
        Ok(())
    }

    /// Bytes held on the heap, about.
    pub(crate) fn memory(&self) -> usize {
        self.buckets
            .iter()
            .map(|block| size_of::<Block>() + block.memory())
            .sum()
    }

    /// All rows in their order, `fraction` of them set aside to test. Returns an error for rows that are not those of the survey. O(n log n).
    pub fn finish(
        self,
        surveyed: &Surveyed,
        bins: SampleBins,
        fraction: Option<f64>,
        monitor: &dyn Monitor,
    ) -> Result<Packed> {
        let Some(coding) = self.coding else {
            return Err(Error::Internal("rows that were packed elsewhere are a part"));
        };
        surveyed.check_rows(self.rows, self.sum)?;
        let plan = &coding.plan;
        let rows_of = |(class, key): (usize, &u64)| Some((class, *surveyed.classes.get(key)?));
        let mut division = Division {
            seed: plan.layout.seed(),
            fraction: fraction.filter(|_| plan.sides() == 1).unwrap_or(0.0),
            classes: plan
                .layout
                .class_keys()
                .iter()
                .enumerate()
                .filter_map(rows_of)
                .collect(),
            bounds: HashMap::new(),
        };
        let mut buckets = self.buckets;
        // Where rows were divided as they came, there is no more to do than to order them.
        let tests = buckets.split_off(buckets.len() / plan.sides());
        let (train, mut test) = division.of(buckets, monitor)?;
        if plan.sides() > 1 {
            (test, _) = division.of(tests, monitor)?;
        }
        Ok(Packed {
            bins: bins.0,
            kind: plan.kind,
            offset: plan.offset,
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
            if row.is_multiple_of(CHUNK) {
                monitor.check()?;
            }
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
    /// Whether each value has a bin, and each target is one, of a plan.
    fn fits(&self, plan: &PackPlan) -> bool {
        let is_target = |target: f32| match plan.kind {
            TargetKind::Classes(classes) => target >= 0.0 && target.fract() == 0.0 && target < classes as f32,
            TargetKind::None | TargetKind::Numbers => target.is_finite(),
        };
        let is_row = |row: usize| {
            let values = self.from(row, 0).iter().zip(&plan.features);
            let mut values = values.map(|(byte, bins)| usize::from(*byte) < bins.len());
            values.all(|has_bin| has_bin) && is_target(self.target(row))
        };
        (0..self.rows).all(is_row)
    }

    /// Appends the rows of another block.
    fn append(&mut self, other: Block, monitor: &dyn Monitor) -> Result<()> {
        match self.rows {
            0 => *self = other,
            _ => self.append_copy(&other, monitor)?,
        }
        Ok(())
    }

    /// Appends copies of the rows of another block.
    fn append_copy(&mut self, other: &Block, monitor: &dyn Monitor) -> Result<()> {
        for row in 0..other.rows {
            if row.is_multiple_of(CHUNK) {
                monitor.check()?;
            }
            self.push(&other.from(row, 0)[..other.columns], other.target(row))?;
        }
        Ok(())
    }

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

pub(crate) fn other_rows() -> Error {
    Error::data(
        "the query gave other rows when it was read again",
        "leave random(), clock_timestamp() and other volatile functions, and LIMIT without ORDER BY, out of the query, or materialise it in a table; read a cluster that others write to in a transaction of isolation level REPEATABLE READ; or raise assay.pack_rows so that the rows are read once",
    )
    .detail("Many rows are read more than once: first to learn what their columns hold, then to learn from them.".to_string())
}
