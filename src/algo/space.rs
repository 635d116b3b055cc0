//! Rows as points: what distances, components and densities of encoded rows are computed in.
//!
//! A number is one coordinate; when standardised, it is less the mean of the training rows and in units of their deviation, as scikit-learn's
//! `StandardScaler` has it. A missing one is at the mean. Each level of a category is a coordinate of its own, 1 in the rows that have it and else 0:
//! two rows with different levels are as far apart as, in the mean, two rows in a standardised column. Coordinates of numbers come first, then those
//! of levels, each in the order of the features.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::coded::coded;
use crate::design::{Design, DesignColumn, Encoding, NO_COLUMN, blocks_of, levels_of};
use crate::error::{Error, Result};
use crate::frame::{Column, Frame};
use crate::monitor::Monitor;
use crate::room;
use crate::unsupervised::Part;

/// Rows that one task encodes.
const BLOCK_ROWS: usize = 1024;
/// The greatest coordinate: sums of its squares are still numbers.
pub(crate) const MOST: f64 = 1e100;

/// How encoded rows become points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Space {
    /// One per feature.
    axes: Vec<Axis>,
    numbers: usize,
    width: usize,
}

/// What becomes of a feature.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Axis {
    /// Coordinate `column` is `(x - centre) * factor`; that of a missing number is `missing`.
    Number {
        column: u32,
        centre: f64,
        factor: f64,
        missing: f64,
    },
    /// `columns[code]` is the coordinate of a level, the last entry that of a missing value; [`NO_COLUMN`] where there is none.
    Category { columns: Vec<u32> },
}

coded!(Axis {
    0 => Number { column, centre, factor, missing },
    1 => Category { columns },
});

/// In which units the coordinates of numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Units {
    /// Standard deviations from the mean.
    Standard,
    /// Their own, from the mean.
    Centred,
    /// Their own, from 0: differences are those of the numbers themselves, to the last digit.
    Raw,
}

impl Axis {
    /// The coordinate of an encoded number; 0 for a category.
    #[inline(always)]
    pub(crate) fn coordinate(&self, value: f64) -> f64 {
        match self {
            Axis::Number { centre, factor, .. } if value.is_finite() => ((value - centre) * factor).clamp(-MOST, MOST),
            Axis::Number { missing, .. } => *missing,
            Axis::Category { .. } => 0.0,
        }
    }

    /// Writes the coordinates of numbers; nothing for a category.
    pub(crate) fn write(&self, values: &[f64], out: &mut [f64]) {
        if let Axis::Number { .. } = self {
            let axis = self;
            Arch::new().dispatch(Write { axis, values, out });
        }
    }

    /// The same by the vectors of `simd`: what [`Axis::coordinate`] gives, to the bit.
    #[inline(always)]
    pub(crate) fn write_by<S: Simd>(&self, simd: S, values: &[f64], out: &mut [f64]) {
        let Axis::Number {
            centre,
            factor,
            missing,
            ..
        } = self
        else {
            return;
        };
        let (centre, factor, missing) = (
            simd.splat_f64s(*centre),
            simd.splat_f64s(*factor),
            simd.splat_f64s(*missing),
        );
        let (most, infinite) = (simd.splat_f64s(MOST), simd.splat_f64s(f64::INFINITY));
        // As many, or what is left of the values has no place in what is left of the room.
        let out = &mut out[..values.len()];
        let ((values, last), (out, last_out)) = (S::as_simd_f64s(values), S::as_mut_simd_f64s(out));
        for (out, &value) in out.iter_mut().zip(values) {
            let coordinate = simd.mul_f64s(simd.sub_f64s(value, centre), factor);
            let coordinate = simd.max_f64s(simd.min_f64s(coordinate, most), simd.neg_f64s(most));
            // A NaN is less than nothing.
            let is_there = simd.less_than_f64s(simd.abs_f64s(value), infinite);
            *out = simd.select_f64s(is_there, coordinate, missing);
        }
        for (out, &value) in last_out.iter_mut().zip(last) {
            *out = self.coordinate(value);
        }
    }

    /// The column of an encoded value's coordinate; [`NO_COLUMN`] for a level without one.
    #[inline(always)]
    pub(crate) fn place(&self, value: f64) -> u32 {
        match self {
            Axis::Number { column, .. } => *column,
            Axis::Category { columns } if value.is_nan() => columns.last().copied().unwrap_or(NO_COLUMN),
            // The cast saturates: what is no level has no coordinate.
            Axis::Category { columns } => match value as usize {
                code if code < columns.len().saturating_sub(1) => columns[code],
                _ => NO_COLUMN,
            },
        }
    }
}

/// Numbers of which coordinates are to be written.
struct Write<'a> {
    axis: &'a Axis,
    values: &'a [f64],
    out: &'a mut [f64],
}

impl WithSimd for Write<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.axis.write_by(simd, self.values, self.out);
    }
}

impl Space {
    /// The space of a frame that `design` was learned from, centred. Returns an error for numbers whose squares are none in these units.
    pub(crate) fn of(design: &Design, frame: &Frame, units: Units) -> Result<Space> {
        let standardize = units == Units::Standard;
        let axis = |(column, encoding): (&Column, &Encoding)| match (encoding, column) {
            (
                &Encoding::Number {
                    column: place,
                    centre,
                    inverse,
                    ..
                },
                column,
            ) => {
                let size = if inverse > 0.0 { 1.0 / inverse } else { 0.0 };
                let is_extreme = size != 0.0 && !(1.0 / MOST..=MOST).contains(&size) || centre.abs() > MOST;
                if !standardize && is_extreme {
                    return Err(Error::data(
                        "numbers are too large or too small to be squared",
                        "leave \"standardize\" true",
                    )
                    .detail(format!(
                        "The mean of a column is {centre:e}, its standard deviation {size:e}."
                    )));
                }
                let factor = match standardize && inverse > 0.0 {
                    true => inverse,
                    // A number of which nothing is known says nothing.
                    false if is_empty(column) => 0.0,
                    // As StandardScaler, which leaves a constant number in its unit: what differs from it later does differ.
                    false => 1.0,
                };
                let (centre, missing) = match units {
                    Units::Standard | Units::Centred => (centre, 0.0),
                    Units::Raw => (0.0, centre),
                };
                Ok(Axis::Number {
                    column: place as u32,
                    centre,
                    factor,
                    missing,
                })
            }
            (Encoding::Category { columns }, _) => Ok(Axis::Category {
                columns: columns.clone(),
            }),
        };
        let axes: Vec<Axis> = (frame.columns().iter().zip(design.encodings()))
            .map(axis)
            .collect::<Result<_>>()?;
        Ok(Space {
            axes,
            numbers: design.numbers(),
            width: design.width(),
        })
    }

    /// How many coordinates a point has.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// How many coordinates, the first, are numbers.
    pub(crate) fn numbers(&self) -> usize {
        self.numbers
    }

    /// How many features are categories.
    pub(crate) fn categories(&self) -> usize {
        self.axes.len() - self.numbers
    }

    /// How many features a row has.
    pub(crate) fn features(&self) -> usize {
        self.axes.len()
    }

    /// What becomes of each feature.
    pub(crate) fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// What each coordinate stands for.
    pub(crate) fn columns(&self) -> Vec<DesignColumn> {
        let nothing = DesignColumn {
            feature: 0,
            level: None,
        };
        let mut columns = vec![nothing; self.width];
        for (feature, axis) in self.axes.iter().enumerate() {
            match axis {
                Axis::Number { column, .. } => columns[*column as usize].feature = feature,
                Axis::Category { columns: places } => {
                    for (place, level) in levels_of(places) {
                        columns[place] = DesignColumn {
                            feature,
                            level: Some(level),
                        };
                    }
                }
            }
        }
        columns
    }

    /// The coordinates of each category.
    pub(crate) fn level_blocks(&self) -> Vec<Range<usize>> {
        let categories = self.axes.iter().filter_map(|axis| match axis {
            Axis::Number { .. } => None,
            Axis::Category { columns } => Some(&columns[..]),
        });
        blocks_of(self.numbers, categories).collect()
    }

    /// Whether a frame has the columns that this space was learned from.
    pub(crate) fn fits(&self, frame: &Frame) -> bool {
        let alike = |(column, axis): (&Column, &Axis)| match (column, axis) {
            (Column::Number(_), Axis::Number { .. }) => true,
            (Column::Category { levels, .. }, Axis::Category { columns }) => columns.len() == levels + 1,
            (Column::Number(_), Axis::Category { .. }) | (Column::Category { .. }, Axis::Number { .. }) => false,
        };
        frame.columns().len() == self.axes.len() && frame.columns().iter().zip(&self.axes).all(alike)
    }

    /// A point by features, its numbers in the columns' own units.
    pub(crate) fn raw(&self, point: &[f64]) -> Vec<Part> {
        let value = |column: &DesignColumn, coordinate: f64| match &self.axes[column.feature] {
            // A number that is nowhere but at one place.
            Axis::Number {
                centre,
                factor,
                missing,
                ..
            } if *factor == 0.0 => centre + missing,
            Axis::Number { centre, factor, .. } => centre + coordinate / factor,
            Axis::Category { .. } => coordinate,
        };
        let mut columns: Vec<(DesignColumn, f64)> = self.columns().into_iter().zip(point.iter().copied()).collect();
        // The sort is stable: levels stay in their order.
        columns.sort_by_key(|(column, _)| column.feature);
        let part = |(column, coordinate): &(DesignColumn, f64)| Part {
            feature: column.feature,
            level: column.level,
            value: value(column, *coordinate),
        };
        columns.iter().map(part).collect()
    }

    /// What a density of coordinates is multiplied by to be one of the columns' own units, as a logarithm. Numbers that nothing is known of are left out.
    pub(crate) fn log_scale(&self) -> f64 {
        let logs = self.axes.iter().map(|axis| match axis {
            Axis::Number { factor, .. } if *factor != 0.0 => factor.ln(),
            Axis::Number { .. } | Axis::Category { .. } => 0.0,
        });
        logs.sum()
    }

    /// Calls `each` with every coordinate of an encoded row, but for the levels that it has not. A level without a coordinate has none.
    #[inline]
    pub(crate) fn each(&self, row: &[f64], mut each: impl FnMut(usize, f64)) {
        for (axis, &value) in self.axes.iter().zip(row) {
            let place = axis.place(value);
            if place != NO_COLUMN {
                let value = match axis {
                    Axis::Number { .. } => axis.coordinate(value),
                    Axis::Category { .. } => 1.0,
                };
                each(place as usize, value);
            }
        }
    }

    /// Writes the point of an encoded row.
    #[inline]
    pub(crate) fn point(&self, row: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        self.each(row, |column, value| out[column] = value);
    }

    /// Writes for each feature the sum of what `of` gives for its coordinates.
    pub(crate) fn sums(&self, of: impl Fn(usize) -> f64, out: &mut [f64]) {
        for (axis, out) in self.axes.iter().zip(out) {
            *out = match axis {
                Axis::Number { column, .. } => of(*column as usize),
                Axis::Category { columns } => {
                    let columns = columns.iter().filter(|column| **column != NO_COLUMN);
                    columns.map(|&column| of(column as usize)).sum()
                }
            };
        }
    }

    /// Writes the points of some rows of a frame, one after the other.
    pub(crate) fn points_of(&self, frame: &Frame, rows: impl Iterator<Item = usize>, out: &mut [f64]) {
        let mut row = vec![f64::NAN; frame.width()];
        for (index, point) in rows.zip(out.chunks_exact_mut(self.width.max(1))) {
            frame.encode_row(index, &mut row);
            self.point(&row, point);
        }
    }

    /// The points of all rows, one after the other. Blocks in parallel.
    pub(crate) fn points(&self, frame: &Frame, monitor: &dyn Monitor) -> Result<Vec<f64>> {
        let mut points = room::zeros(frame.rows().saturating_mul(self.width))?;
        if self.width == 0 {
            return Ok(points);
        }
        points
            .par_chunks_mut(BLOCK_ROWS * self.width)
            .enumerate()
            .try_for_each(|(block, points)| {
                monitor.check()?;
                self.points_of(frame, block * BLOCK_ROWS.., points);
                Ok::<(), Error>(())
            })?;
        Ok(points)
    }

    /// Checks a decoded one: each coordinate belongs to one feature, in order. `features` as for [`crate::fitted::Fitted::validate`].
    pub(crate) fn validate(&self, features: &[usize]) -> Result<()> {
        let damaged = |problem: &str| Err(Error::damaged("space of points", problem));
        if self.axes.len() != features.len() {
            return damaged("its features are not the model's");
        }
        let is_number = |axis: &&Axis| matches!(axis, Axis::Number { .. });
        let numbers = self.axes.iter().filter(is_number).count();
        let (mut next_number, mut next_level) = (0_usize, numbers);
        let take = |next: &mut usize, place: u32| std::mem::replace(next, *next + 1) == place as usize;
        for (axis, &levels) in self.axes.iter().zip(features) {
            let is_sound = match axis {
                Axis::Number {
                    column,
                    centre,
                    factor,
                    missing,
                } => {
                    let is_scale = centre.is_finite() && factor.is_finite() && *factor >= 0.0;
                    levels == 0 && is_scale && missing.abs() <= MOST && take(&mut next_number, *column)
                }
                Axis::Category { columns } => {
                    let mut places = columns.iter().filter(|place| **place != NO_COLUMN);
                    levels > 0 && columns.len() == levels + 1 && places.all(|place| take(&mut next_level, *place))
                }
            };
            if !is_sound {
                return damaged("a feature has wrong coordinates");
            }
        }
        match numbers == self.numbers && next_level == self.width {
            true => Ok(()),
            false => damaged("the number of coordinates is wrong"),
        }
    }

    /// Bytes held on the heap.
    pub(crate) fn memory(&self) -> usize {
        let levels = self.axes.iter().map(|axis| match axis {
            Axis::Number { .. } => 0,
            Axis::Category { columns } => columns.capacity() * size_of::<u32>(),
        });
        self.axes.capacity() * size_of::<Axis>() + levels.sum::<usize>()
    }
}

fn is_empty(column: &Column) -> bool {
    match column {
        Column::Number(values) => !values.iter().any(|value| value.is_finite()),
        Column::Category { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{MISSING, UNSEEN};
    use crate::monitor::Unwatched;

    fn space(units: Units) -> (Space, Frame) {
        let frame = Frame::new(vec![
            Column::Number(vec![1.0, 3.0, f64::NAN, 5.0]),
            Column::Category {
                codes: vec![0, 2, MISSING, 0],
                levels: 3,
            },
            Column::Number(vec![7.0; 4]),
            Column::Number(vec![f64::NAN; 4]),
        ])
        .unwrap();
        let design = Design::learn(&frame, None, true, &Unwatched).unwrap();
        (Space::of(&design, &frame, units).unwrap(), frame)
    }

    #[test]
    fn rows_are_points() {
        let (space, frame) = space(Units::Centred);
        // Three numbers, then the levels 0 and 2 and that of a missing value.
        assert_eq!((space.width(), space.features()), (6, 4));
        let points = space.points(&frame, &Unwatched).unwrap();
        assert_eq!(points[..6], [-2.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
        assert_eq!(points[12..18], [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
        let mut point = [9.0; 6];
        // What differs from a constant differs; a number that nothing is known of, and levels that training did not see, say nothing.
        for unseen in [UNSEEN, 1.0, 99.0] {
            space.point(&[1e300, unseen, 8.0, 5.0], &mut point);
            assert_eq!(point, [MOST, 1.0, 0.0, 0.0, 0.0, 0.0]);
        }
        let (raw, _) = self::space(Units::Raw);
        raw.point(&[f64::NAN, 0.0, 8.0, 5.0], &mut point);
        assert_eq!(point, [3.0, 8.0, 0.0, 1.0, 0.0, 0.0]);
        let (standardised, _) = self::space(Units::Standard);
        standardised.point(&[5.0, 0.0, 7.0, 5.0], &mut point);
        // The missing value counts as the mean, 3: the deviation is the root of 8 / 4.
        assert!((point[0] - 2.0 / 2.0_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn vectors_write_what_numbers_are() {
        let values = [
            1.0,
            2.5,
            f64::NAN,
            f64::INFINITY,
            -1e300,
            1e300,
            0.1,
            -0.0,
            3.0,
            f64::NEG_INFINITY,
            7.25,
        ];
        for (centre, factor, missing) in [(1.5, 0.3, 0.0), (0.0, 1.0, 4.5), (2.0, 0.0, 0.0)] {
            let axis = Axis::Number {
                column: 0,
                centre,
                factor,
                missing,
            };
            for length in 0..=values.len() {
                let mut out = vec![9.0; length];
                axis.write(&values[..length], &mut out);
                let expected: Vec<f64> = values[..length].iter().map(|value| axis.coordinate(*value)).collect();
                assert_eq!(out, expected);
            }
        }
    }

    #[test]
    fn coordinates_that_are_not_one_of_each_feature_are_refused() {
        let (space, _) = space(Units::Standard);
        let features = [0, 3, 0, 0];
        space.validate(&features).unwrap();
        assert!(space.validate(&features[..3]).is_err());
        assert!(space.validate(&[0, 3, 3, 0]).is_err());
        assert!(space.validate(&[0, 2, 0, 0]).is_err());
        let wider = Space {
            width: 7,
            ..space.clone()
        };
        assert!(wider.validate(&features).is_err());
        let mut twice = space.clone();
        twice.axes[2] = twice.axes[0].clone();
        assert!(twice.validate(&features).is_err());
        let fewer = Space {
            numbers: 2,
            ..space.clone()
        };
        assert!(fewer.validate(&features).is_err());
        let mut far = space.clone();
        far.axes[1] = Axis::Category {
            columns: vec![3, 4, 5, 6],
        };
        assert!(far.validate(&features).is_err());
    }

    #[test]
    fn numbers_without_squares_are_refused_unless_standardised() {
        let frame = Frame::new(vec![Column::Number(vec![1e200, -1e200])]).unwrap();
        let design = Design::learn(&frame, None, true, &Unwatched).unwrap();
        for units in [Units::Centred, Units::Raw] {
            assert!(matches!(Space::of(&design, &frame, units), Err(Error::Data { .. })));
        }
        let space = Space::of(&design, &frame, Units::Standard).unwrap();
        assert_eq!(space.points(&frame, &Unwatched).unwrap(), [1.0, -1.0]);
    }
}
