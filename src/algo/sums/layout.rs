//! Where a row's values stand, and how they become what a learner sees.

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::division::{self, Division};
use crate::coded::coded;
use crate::error::{Error, Result};
use crate::frame::{Column, UNSEEN};
use crate::hash;
use crate::levels::Levels;
use crate::model::InputKind;
use crate::monitor::Monitor;
use crate::packed::{Cell, Surveyed, hash_of, is_labelled, key_of, key_of_label, other_rows};
use crate::pipeline::RowSteps;
use crate::prepare::Prepared;
use crate::room;
use crate::task::Answer;
use crate::training_set::TrainingSet;

/// More columns than this no query has.
const MOST_COLUMNS: usize = 1 << 14;
/// More classes than this are refused when a sample is prepared.
const MOST_CLASSES: usize = 1024;

/// What is read of a row, in the order of the features.
#[derive(Debug, Clone, PartialEq)]
pub enum Feature {
    /// A number, which stands in this column.
    Number(u32),
    /// A text, with the levels that are known.
    Category {
        /// Its column.
        place: u32,
        /// The texts of the codes.
        levels: Vec<String>,
        /// Whether all other texts have one code more.
        other: bool,
    },
}

coded!(Feature {
    0 => Number(place),
    1 => Category { place, levels, other },
});

impl Feature {
    fn place(&self) -> usize {
        match self {
            Feature::Number(place) | Feature::Category { place, .. } => *place as usize,
        }
    }

    /// How many codes a category has; `None` for a number.
    pub(crate) fn levels(&self) -> Option<usize> {
        match self {
            Feature::Number(_) => None,
            Feature::Category { levels, other, .. } => Some(levels.len() + usize::from(*other)),
        }
    }
}

/// What rows are read by. Nothing in it depends on the process: workers elsewhere read the same of the same rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// How many columns a row has.
    columns: u32,
    /// The seed of the hash of rows.
    seed: u64,
    target: Option<u32>,
    weight: Option<u32>,
    features: Vec<Feature>,
    /// The keys of the classes' values, in their order; none for numbers.
    classes: Vec<u64>,
    division: Division,
    /// What is done with the features before they are learned from.
    steps: Option<RowSteps>,
}

/// The places of what is read, among the columns of a survey.
pub struct Places<'a> {
    /// Those of the features.
    pub features: &'a [usize],
    /// That of what is to be predicted.
    pub target: Option<usize>,
    /// That of the rows' weights.
    pub weight: Option<usize>,
    /// How many columns there are.
    pub columns: usize,
}

impl Layout {
    /// Of rows as the sample taught, with which nothing is done; `fraction` of them test. Returns an error for features that are neither numbers nor
    /// categories.
    pub fn new(
        prepared: &Prepared,
        places: &Places<'_>,
        surveyed: &Surveyed,
        fraction: f64,
        seed: u64,
    ) -> Result<Layout> {
        if prepared.inputs.len() != places.features.len() || prepared.pipeline.is_some() {
            return Err(NOT_SUMMED);
        }
        let feature = |(input, &place): (&crate::model::Input, &usize)| match &input.kind {
            InputKind::Number => Ok(Feature::Number(place as u32)),
            InputKind::Category { levels, other } => Ok(Feature::Category {
                place: place as u32,
                levels: levels.clone(),
                other: *other,
            }),
            InputKind::Vector { .. } | InputKind::Text { .. } => Err(NOT_SUMMED),
        };
        let features = prepared.inputs.iter().zip(places.features).map(feature);
        let classes: Vec<u64> = match &prepared.answer {
            Some(Answer::Classes(labels)) => labels.iter().map(key_of_label).collect(),
            _ => Vec::new(),
        };
        let rows: Vec<u64> = classes.iter().map(|key| surveyed.rows_of(*key)).collect();
        let layout = Layout {
            columns: places.columns as u32,
            seed,
            target: places.target.map(|place| place as u32),
            weight: places.weight.map(|place| place as u32),
            features: features.collect::<Result<_>>()?,
            division: Division::of(&prepared.train, fraction, &rows, seed),
            classes,
            steps: None,
        };
        layout.validate()?;
        Ok(layout)
    }

    /// The same, with steps that are taken of each row.
    pub(super) fn with_steps(&self, steps: RowSteps) -> Layout {
        Layout {
            steps: Some(steps),
            ..self.clone()
        }
    }

    /// The rows of a sample as they are learned from, where steps are taken; they train, or test.
    pub(super) fn learned(&self, sample: &TrainingSet, tests: bool, monitor: &dyn Monitor) -> Result<Vec<Column>> {
        let mut reader = Reader::new(self)?;
        let mut learned: Vec<Column> = (reader.levels.iter())
            .map(|levels| Column::empty(levels.unwrap_or(0)))
            .collect();
        let columns = sample.frame.columns();
        // Without a target there is nothing to draw by but the features.
        let none: Vec<f64>;
        let targets = match sample.target.values() {
            [] => {
                none = room::zeros(sample.rows())?;
                &none
            }
            targets => targets,
        };
        for (row, target) in targets.iter().enumerate() {
            if row.is_multiple_of(LOOK) {
                monitor.check()?;
            }
            for (value, column) in reader.slots.iter_mut().zip(columns) {
                *value = column.encoded(row);
            }
            let (draw, _) = reader.drawn(*target);
            for (column, value) in learned.iter_mut().zip(reader.learned((!tests).then_some(draw))) {
                column.push(*value)?;
            }
        }
        Ok(learned)
    }

    /// Of rows of a number, a text and one of two classes, none of which test.
    #[cfg(test)]
    pub(crate) fn of_golden_files() -> Layout {
        let levels = ["a", "b", "c"].map(String::from).to_vec();
        Layout {
            columns: 3,
            seed: 1,
            target: Some(2),
            weight: None,
            features: vec![
                Feature::Number(0),
                Feature::Category {
                    place: 1,
                    levels,
                    other: true,
                },
            ],
            classes: [0.0, 1.0].map(|class| key_of(Cell::Number(class))).to_vec(),
            division: Division::default(),
            steps: None,
        }
    }

    /// How many columns a row has.
    pub(crate) fn width(&self) -> usize {
        self.columns as usize
    }

    /// The seed of the hash of rows.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// What is done with the features before they are learned from.
    pub(super) fn steps(&self) -> Option<&RowSteps> {
        self.steps.as_ref()
    }

    /// How many numbers a row is, with those before and after each step.
    pub(super) fn slots(&self) -> usize {
        let raw = self.features.len();
        self.steps.as_ref().map_or(raw, |steps| steps.stages().slots(raw))
    }

    /// How many codes each feature has as a column gives it; 0 for numbers.
    fn raw_codes(&self) -> Vec<usize> {
        self.features
            .iter()
            .map(|feature| feature.levels().unwrap_or(0))
            .collect()
    }

    /// How many codes each feature has that is learned from; `None` for numbers. Returns an error for steps that cannot be taken.
    pub(crate) fn levels(&self) -> Result<Vec<Option<usize>>> {
        match &self.steps {
            None => Ok(self.features.iter().map(Feature::levels).collect()),
            Some(steps) => {
                let codes = steps.validate(&self.raw_codes())?;
                Ok(codes.into_iter().map(|codes| (codes > 0).then_some(codes)).collect())
            }
        }
    }

    /// How many classes there are; 0 for numbers, and without a target.
    pub(crate) fn classes(&self) -> usize {
        self.classes.len()
    }

    /// The keys of the classes' values, in their order.
    pub(crate) fn class_keys(&self) -> &[u64] {
        &self.classes
    }

    /// Whether there is something to predict.
    pub(crate) fn has_target(&self) -> bool {
        self.target.is_some()
    }

    /// Whether rows have weights.
    pub(crate) fn has_weights(&self) -> bool {
        self.weight.is_some()
    }

    /// Whether some rows test.
    pub fn has_test(&self) -> bool {
        self.division.has_test()
    }

    /// The rows of the sample, divided as all rows are: those that train, and those that test.
    pub fn divide(&self, sample: &TrainingSet) -> (Vec<u32>, Vec<u32>) {
        self.division.divide(sample)
    }

    /// Returns an error for one that cannot be of any rows.
    pub(crate) fn validate(&self) -> Result<()> {
        let columns = self.columns as usize;
        let mut places = self
            .features
            .iter()
            .map(Feature::place)
            .chain(self.target.map(|p| p as usize));
        let weight = self.weight.is_none_or(|place| (place as usize) < columns);
        if columns > MOST_COLUMNS
            || !weight
            || !places.all(|place| place < columns)
            || self.classes.len() > MOST_CLASSES
        {
            return Err(Error::damaged("plan of sums", "its columns are not there"));
        }
        if self.target.is_none() && (!self.classes.is_empty() || self.division.has_test()) {
            return Err(Error::damaged("plan of sums", "its target is not there"));
        }
        self.levels()?;
        self.division.validate(self.classes.len())
    }
}

/// Columns without rows, as the rows are encoded, of features with so many codes.
pub(super) fn columns_of(levels: &[Option<usize>]) -> Vec<Column> {
    // A level of which the sample has none is one more.
    let column = |levels: &Option<usize>| Column::empty(levels.map_or(0, |levels| levels + 1));
    levels.iter().map(column).collect()
}

const NOT_SUMMED: Error = Error::Internal("features that cannot be summed up");

/// Rows between two looks at the monitor.
const LOOK: usize = 1 << 10;

/// A row as it is learned from.
pub(crate) struct Row<'r> {
    /// Numbers and codes as a frame's encoded row has them.
    pub values: &'r [f64],
    /// The same before and after each step; where none is taken, the values.
    pub slots: &'r [f64],
    /// The hash of its content.
    pub hash: u64,
    /// What is to be predicted; 0 where there is nothing.
    pub target: f64,
    pub weight: f64,
    /// Whether it tests.
    pub tests: bool,
    /// What was drawn for it.
    pub draw: u64,
}

/// Makes a value of what stands in a column.
#[derive(Debug, Clone, PartialEq)]
enum Coder {
    Number(usize),
    /// The codes of the levels, and what all others are.
    Category(usize, Levels, f64),
}

/// Reads rows by a layout.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reader {
    layout: Layout,
    coders: Vec<Coder>,
    classes: HashMap<u64, f64>,
    counters: HashMap<u64, u64>,
    /// How many codes each feature has that is learned from.
    pub levels: Vec<Option<usize>>,
    /// What the columns give, what steps make of it, and at the end what is learned from.
    slots: Vec<f64>,
    pub rows: u64,
    pub sum: u64,
}

impl Reader {
    /// Returns an error for steps that cannot be taken, and where there is no room.
    pub fn new(layout: &Layout) -> Result<Reader> {
        let coder = |feature: &Feature| match feature {
            Feature::Number(place) => Coder::Number(*place as usize),
            Feature::Category { place, levels, other } => {
                let rest = if *other { levels.len() as f64 } else { UNSEEN };
                Coder::Category(*place as usize, Levels::new(levels), rest)
            }
        };
        Ok(Reader {
            levels: layout.levels()?,
            coders: layout.features.iter().map(coder).collect(),
            classes: layout.classes.iter().copied().zip((0_u16..).map(f64::from)).collect(),
            counters: layout.division.counters(),
            slots: room::zeros(layout.slots())?,
            rows: 0,
            sum: 0,
            layout: layout.clone(),
        })
    }

    /// What is drawn for the row whose values the slots begin with, and whether it tests.
    #[inline]
    fn drawn(&mut self, target: f64) -> (u64, bool) {
        let division = &self.layout.division;
        let draw = division.draw(&self.slots[..self.coders.len()], target, &mut self.counters);
        (draw, division.tests(target, draw))
    }

    /// The row as it is learned from; `draw` is what was drawn for one that trains.
    #[inline]
    fn learned(&mut self, draw: Option<u64>) -> &[f64] {
        match &self.layout.steps {
            None => &self.slots,
            Some(steps) => steps.apply(self.coders.len(), &mut self.slots, draw),
        }
    }

    /// Reads a row; `None` for one without a target. Returns an error for one that the survey has not seen. O(row).
    #[inline]
    pub fn read<'c>(&mut self, cell: impl Fn(usize) -> Cell<'c>) -> Result<Option<Row<'_>>> {
        let layout = &self.layout;
        let target = match layout.target.map(|place| cell(place as usize)) {
            None => 0.0,
            Some(target) if !is_labelled(target) => return Ok(None),
            Some(target) if !layout.classes.is_empty() => *self.classes.get(&key_of(target)).ok_or_else(other_rows)?,
            Some(Cell::Number(number)) => number,
            Some(Cell::Missing | Cell::Text(_)) => return Err(other_rows()),
        };
        let weight = match layout.weight.map(|place| cell(place as usize)) {
            None => 1.0,
            // As they are held.
            Some(Cell::Number(weight)) => f64::from(weight as f32),
            Some(Cell::Missing | Cell::Text(_)) => f64::NAN,
        };
        if !weight.is_finite() || weight < 0.0 {
            return Err(Error::data(
                "a row's weight is missing or negative",
                "give each row a weight of 0 or more",
            ));
        }
        let hash = hash_of(layout.seed, layout.columns as usize, &cell);
        self.rows += 1;
        self.sum = self.sum.wrapping_add(hash);
        for (value, coder) in self.slots.iter_mut().zip(&self.coders) {
            *value = match coder {
                Coder::Number(place) => match cell(*place) {
                    Cell::Number(number) if number.is_finite() => number + 0.0,
                    Cell::Number(_) | Cell::Missing | Cell::Text(_) => f64::NAN,
                },
                Coder::Category(place, levels, rest) => match cell(*place) {
                    Cell::Text(text) => levels.code(text.as_bytes()).map_or(*rest, f64::from),
                    Cell::Number(_) | Cell::Missing => f64::NAN,
                },
            };
        }
        let (draw, tests) = self.drawn(target);
        let width = self.learned((!tests).then_some(draw)).len();
        Ok(Some(Row {
            values: &self.slots[self.slots.len() - width..],
            slots: &self.slots,
            hash,
            target,
            weight,
            tests,
            draw,
        }))
    }
}

/// Whether a row is among a share of the rows, whichever side it is on.
pub(super) fn is_among(draw: u64, share: f64) -> bool {
    share >= 1.0 || hash::hash_u64(1, draw) < division::bound_of(share)
}
