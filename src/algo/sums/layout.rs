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
use crate::packed::{Cell, Surveyed, hash_of, is_labelled, key_of, key_of_label, other_rows};
use crate::prepare::Prepared;
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
    /// Of rows as the sample taught; `fraction` of them test. Returns an error for features that are neither numbers nor categories.
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
        };
        layout.validate()?;
        Ok(layout)
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
        }
    }

    /// How many columns a row has.
    pub(crate) fn width(&self) -> usize {
        self.columns as usize
    }

    /// What is read of a row.
    pub(crate) fn features(&self) -> &[Feature] {
        &self.features
    }

    /// How many classes there are; 0 for numbers, and without a target.
    pub(crate) fn classes(&self) -> usize {
        self.classes.len()
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
    pub(super) fn validate(&self) -> Result<()> {
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
        self.division.validate(self.classes.len())
    }

    /// Columns without rows, as the rows are encoded.
    pub(super) fn columns(&self) -> Vec<Column> {
        // A level of which the sample has none is one more.
        self.features
            .iter()
            .map(|feature| Column::empty(feature.levels().map_or(0, |levels| levels + 1)))
            .collect()
    }
}

const NOT_SUMMED: Error = Error::Internal("features that cannot be summed up");

/// A row as it is learned from.
pub(super) struct Row<'r> {
    /// Numbers and codes as a frame's encoded row has them.
    pub values: &'r [f64],
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
pub(super) struct Reader {
    layout: Layout,
    coders: Vec<Coder>,
    classes: HashMap<u64, f64>,
    counters: HashMap<u64, u64>,
    values: Vec<f64>,
    pub rows: u64,
    pub sum: u64,
}

impl Reader {
    pub fn new(layout: &Layout) -> Reader {
        let coder = |feature: &Feature| match feature {
            Feature::Number(place) => Coder::Number(*place as usize),
            Feature::Category { place, levels, other } => {
                let rest = if *other { levels.len() as f64 } else { UNSEEN };
                Coder::Category(*place as usize, Levels::new(levels), rest)
            }
        };
        Reader {
            coders: layout.features.iter().map(coder).collect(),
            classes: layout.classes.iter().copied().zip((0_u16..).map(f64::from)).collect(),
            counters: layout.division.counters(),
            values: vec![0.0; layout.features.len()],
            rows: 0,
            sum: 0,
            layout: layout.clone(),
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
        self.rows += 1;
        self.sum = (self.sum).wrapping_add(hash_of(layout.seed, layout.columns as usize, &cell));
        for (value, coder) in self.values.iter_mut().zip(&self.coders) {
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
        let division = &layout.division;
        let draw = division.draw(&self.values, target, &mut self.counters);
        Ok(Some(Row {
            tests: division.tests(target, draw),
            values: &self.values,
            target,
            weight,
            draw,
        }))
    }
}

/// Whether a row is among a share of the rows, whichever side it is on.
pub(super) fn is_among(draw: u64, share: f64) -> bool {
    share >= 1.0 || hash::hash_u64(1, draw) < division::bound_of(share)
}
