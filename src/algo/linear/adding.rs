//! Rows on their way into the sums of a linear learner.

use std::ops::Range;

use super::block::{BLOCK_ROWS, Block};
use super::class_sums::ClassSums;
use super::gram::Moments;
use super::pass::{Data, Point};
use super::products::Products;
use super::summing::{LinearKind, LinearPass, LinearSums, RowsLoss};
use crate::accumulator::Accumulator;
use crate::design::Design;
use crate::error::{Error, Result};
use crate::frame::{Column, Frame};
use crate::monitor::Unwatched;
use crate::room;

/// Rows whose products are added up before they are centred and merged: often enough to lose no digits, seldom enough to cost nothing.
const SETTLED_ROWS: usize = 1 << 16;

/// Rows on their way into sums.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Adding {
    design: Design,
    pending: Pending,
    /// Rows whose sums are pending.
    rows: usize,
    bytes: usize,
}

/// What is not in the sums yet.
#[derive(Debug, Clone, PartialEq)]
struct Pending {
    block: Block,
    products: Products,
    classes: Option<ClassSums>,
}

impl Adding {
    /// No rows yet. Returns an error where there is no room.
    pub fn new(pass: &LinearPass) -> Result<Adding> {
        let design = pass.design();
        let classes = pass.kind.classes();
        let bytes = match classes {
            None => Products::bytes(design.width()),
            Some((classes, curved)) => ClassSums::bytes(design.width(), classes, curved),
        };
        room::ask(bytes)?;
        Ok(Adding {
            pending: Pending {
                block: Block::new(&design),
                products: no_products(pass, &design),
                classes: classes.map(|(classes, curved)| ClassSums::new(&design, classes, curved)),
            },
            design,
            rows: 0,
            bytes,
        })
    }

    /// Bytes held on the heap, about.
    pub fn memory(&self) -> usize {
        self.bytes
    }

    /// Adds rows. Returns an error where there is no room.
    pub fn add(
        &mut self,
        pass: &LinearPass,
        (frame, targets, weights): (Frame, &[f64], Option<&[f64]>),
        sums: &mut LinearSums,
    ) -> Result<()> {
        let (centre, unit) = pass.scale;
        let scaled: Vec<f64>;
        let targets = match pass.scale {
            (0.0, 1.0) => targets,
            _ => {
                scaled = targets.iter().map(|target| (target - centre) / unit).collect();
                &scaled
            }
        };
        let counted: Vec<f64>;
        let weights = match (&pass.class_weights[..], weights) {
            ([], weights) => weights,
            (factors, weights) => {
                let factor = |(row, class): (usize, &f64)| {
                    factors.get(*class as usize).copied().unwrap_or(1.0) * weights.map_or(1.0, |w| w[row])
                };
                counted = targets.iter().enumerate().map(factor).collect();
                Some(&counted[..])
            }
        };
        let frame = match pass.kind {
            LinearKind::Products => with_missing(frame)?,
            LinearKind::Slope(..)
            | LinearKind::Curvature(_)
            | LinearKind::CurvatureOf(..)
            | LinearKind::ClassSlopes(_)
            | LinearKind::ClassCurvatures(_) => frame,
        };
        let data = Data::new(&self.design, &frame, targets, weights, &Unwatched)?;
        self.pending.add(&pass.kind, &data, sums)?;
        self.rows += targets.len();
        if self.rows >= SETTLED_ROWS {
            self.settle(sums)
        } else {
            Ok(())
        }
    }

    /// Puts what is pending into the sums.
    pub fn settle(&mut self, sums: &mut LinearSums) -> Result<()> {
        self.pending.settle(std::mem::take(&mut self.rows), sums)
    }
}

impl Pending {
    fn add(&mut self, kind: &LinearKind, data: &Data, sums: &mut LinearSums) -> Result<()> {
        let rows = data.targets.len();
        let ranges = (0..rows)
            .step_by(BLOCK_ROWS)
            .map(|start| start..rows.min(start + BLOCK_ROWS));
        match (kind, sums, &mut self.classes) {
            (LinearKind::Products, LinearSums::Products(_), _) => {
                for range in ranges {
                    data.fill(&mut self.block, range, 0.0);
                    self.products.add(&self.block);
                }
            }
            (LinearKind::Slope(loss, point), LinearSums::Slope(slope), _) => {
                loss.check(data.targets)?;
                let scorer = data.scorer(point);
                ranges.for_each(|range| data.add_slope(&scorer, loss, range, slope));
            }
            (LinearKind::Curvature(point), LinearSums::Curvature(sum, _), _) => {
                *sum += self.add_curved(data, RowsLoss::Logistic, point, ranges);
            }
            (LinearKind::CurvatureOf(loss, point), LinearSums::Curvature(sum, _), _) => {
                loss.check(data.targets)?;
                *sum += self.add_curved(data, *loss, point, ranges);
            }
            (
                LinearKind::ClassSlopes(points) | LinearKind::ClassCurvatures(points),
                LinearSums::ClassSlopes(_) | LinearSums::ClassCurvatures(..),
                Some(classes),
            ) => {
                let scorers: Vec<_> = points.iter().map(|point| data.scorer(point)).collect();
                ranges.for_each(|range| classes.add(data, &scorers, range));
            }
            (
                LinearKind::Products
                | LinearKind::Slope(..)
                | LinearKind::Curvature(_)
                | LinearKind::CurvatureOf(..)
                | LinearKind::ClassSlopes(_)
                | LinearKind::ClassCurvatures(_),
                LinearSums::Products(_)
                | LinearSums::Slope(_)
                | LinearSums::Curvature(..)
                | LinearSums::ClassSlopes(_)
                | LinearSums::ClassCurvatures(..),
                _,
            ) => return Err(OTHER_PASS),
        }
        Ok(())
    }

    /// Adds rows with the second derivatives of their losses as weights; gives the sum of the losses.
    fn add_curved(
        &mut self,
        data: &Data,
        loss: RowsLoss,
        point: &Point,
        ranges: impl Iterator<Item = Range<usize>>,
    ) -> f64 {
        let scorer = data.scorer(point);
        let mut sum = 0.0;
        for range in ranges {
            sum += data.fill_curved(&scorer, &loss, &mut self.block, range);
            self.products.add(&self.block);
        }
        sum
    }

    /// Centres the products of so many rows, and merges them.
    fn settle(&mut self, rows: usize, sums: &mut LinearSums) -> Result<()> {
        match sums {
            LinearSums::Slope(_) => Ok(()),
            LinearSums::Products(moments) | LinearSums::Curvature(_, moments) => {
                let own = Moments::from_products(&self.products, rows, 0.0, &Unwatched)?;
                self.products.clear();
                moments.merge(&own)
            }
            LinearSums::ClassSlopes(_) | LinearSums::ClassCurvatures(..) => {
                let (slopes, pairs) = self.classes.as_mut().ok_or(OTHER_PASS)?.take(rows, &Unwatched)?;
                sums.merge(&match pairs.is_empty() {
                    true => LinearSums::ClassSlopes(slopes),
                    false => LinearSums::ClassCurvatures(slopes, pairs),
                })
            }
        }
    }
}

const OTHER_PASS: Error = Error::Internal("sums of another pass");

/// No products yet; of a pass that makes none, of no columns.
fn no_products(pass: &LinearPass, design: &Design) -> Products {
    match pass.kind {
        LinearKind::Products | LinearKind::Curvature(_) | LinearKind::CurvatureOf(..) => {
            Products::new(design.numbers(), design.width())
        }
        LinearKind::Slope(..) | LinearKind::ClassSlopes(_) | LinearKind::ClassCurvatures(_) => Products::new(0, 0),
    }
}

/// The same with a category for each number, which says where it is missing.
fn with_missing(frame: Frame) -> Result<Frame> {
    let mut columns = frame.columns().to_vec();
    for column in frame.columns() {
        if let Column::Number(values) = column {
            columns.push(Column::Category {
                codes: values.iter().map(|value| u32::from(!value.is_nan())).collect(),
                levels: 2,
            });
        }
    }
    Frame::new(columns).ok_or(Error::Internal("columns of different lengths"))
}
