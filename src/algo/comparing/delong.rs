//! The difference of two areas under the ROC curve on the same rows, by the method of DeLong, DeLong and Clarke-Pearson (Biometrics 44, 1988).
//!
//! An area is a mean over pairs of a positive and a negative row. What a row adds to it is its placement: the share of the rows of the other class
//! that it is on the right side of, ties counting half. The variance of the difference of two areas is that of the differences of placements, and
//! placements follow from ranks (Sun and Xu 2014), so that all takes O(n log n). Where the area is the mean over several classes, each against the
//! rest, the same holds for the mean of a row's placements.
//!
//! Rows of clusters are not independent: then the sums of clusters are what varies (Obuchowski, Biometrics 53, 1997).

use super::{ALONE, Evidence};
use crate::error::Result;
use crate::metrics::evaluation::Scored;
use crate::metrics::sum::Sum;
use crate::monitor::Monitor;
use crate::room;
use crate::sort;

/// Rows between two looks at the monitor.
const BLOCK: usize = 1 << 16;

/// Two areas and what is known of their difference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Areas {
    /// `None` where one class alone occurs.
    pub areas: Option<[f64; 2]>,
    /// `None` where a class has too few rows, or clusters, for a variance.
    pub evidence: Option<Evidence>,
}

/// A row of a side with its score, to be put in order.
type Ranked = (f64, u32);

/// Compares the areas of two models. Returns an error when stopped, and where there is no room.
pub fn compare(sides: [&Scored; 2], clusters: Option<&[u64]>, confidence: f64, monitor: &dyn Monitor) -> Result<Areas> {
    let none = Areas {
        areas: None,
        evidence: None,
    };
    let Some((actual, probabilities)) = sides[0].classes() else {
        return Ok(none);
    };
    let classes = probabilities.ncols();
    let mut rows = vec![0_u64; classes];
    for block in actual.chunks(BLOCK) {
        monitor.check()?;
        block.iter().for_each(|class| rows[*class as usize] += 1);
    }
    // Of two classes the second is positive; of more each one against the rest that occurs and is not alone.
    let all = actual.len() as u64;
    let compared: Vec<u32> = match classes {
        2 => vec![1],
        _ => (0..classes as u32).collect(),
    };
    let compared = compared
        .into_iter()
        .filter(|&class| (1..all).contains(&rows[class as usize]));
    let compared: Vec<u32> = compared.collect();
    if compared.is_empty() {
        return Ok(none);
    }
    let mut placements = room::filled(0_i64, actual.len())?;
    let mut influence = match compared.len() == 1 && clusters.is_none() {
        true => Vec::new(),
        false => room::zeros(actual.len())?,
    };
    let mut areas = [0.0; 2];
    let mut exact = None;
    for &class in &compared {
        placements.fill(0);
        let pairs = u128::from(rows[class as usize]) * u128::from(all - rows[class as usize]);
        for (side, (scored, sign)) in sides.into_iter().zip([1, -1]).enumerate() {
            let twice_won = place(scored, class, sign, &mut placements, monitor)?;
            areas[side] += twice_won as f64 / 2.0 / pairs as f64 / compared.len() as f64;
        }
        let moments = Moments::of(actual, class, &placements, monitor)?;
        if influence.is_empty() {
            exact = moments.variance();
        } else {
            let share = 1.0 / compared.len() as f64;
            moments.add_influence(actual, class, &placements, share, &mut influence, monitor)?;
        }
    }
    let variance = match influence.is_empty() {
        true => exact,
        false => variance(actual, classes, clusters, &influence, monitor)?,
    };
    Ok(Areas {
        areas: Some(areas),
        evidence: variance.map(|variance| Evidence::normal(areas[0] - areas[1], variance, confidence)),
    })
}

/// Adds to each row, `sign` times, twice the number of rows of the other side of `class` that it is on the right side of, ties counting half. Gives the
/// sum over the rows of the class: twice the pairs that are won.
fn place(scored: &Scored, class: u32, sign: i64, placements: &mut [i64], monitor: &dyn Monitor) -> Result<u128> {
    let Some((actual, probabilities)) = scored.classes() else {
        return Ok(0);
    };
    let mut ranked: Vec<Ranked> = room::with_capacity(actual.len())?;
    for (row, score) in (0_u32..).zip(probabilities.column(class as usize)) {
        if (row as usize).is_multiple_of(BLOCK) {
            monitor.check()?;
        }
        // Makes -0 the 0 that it equals.
        ranked.push((score + 0.0, row));
    }
    sort::sort_in_parallel_by(&mut ranked, &|a: &Ranked, b: &Ranked| a.0.total_cmp(&b.0), monitor)?;
    let positives = actual.iter().filter(|own| **own == class).count() as i64;
    let is_positive = |row: u32| actual[row as usize] == class;
    let (mut below, mut twice_won) = ([0_i64; 2], 0_u128);
    for (group, tie) in ranked.chunk_by(|a, b| a.0 == b.0).enumerate() {
        if group.is_multiple_of(BLOCK) || tie.len() > BLOCK {
            monitor.check()?;
        }
        let of_class = match tie {
            [(_, row)] => i64::from(is_positive(*row)),
            tie => tie.iter().filter(|(_, row)| is_positive(*row)).count() as i64,
        };
        let of_rest = tie.len() as i64 - of_class;
        let (won, lost_less) = (2 * below[0] + of_rest, 2 * (positives - below[1]) - of_class);
        for &(_, row) in tie {
            placements[row as usize] += sign * if is_positive(row) { won } else { lost_less };
        }
        twice_won += of_class as u128 * won as u128;
        below[0] += of_rest;
        below[1] += of_class;
    }
    Ok(twice_won)
}

/// Rows of one side of a class, with the sum of what they were given and of its squares: whole numbers, and so the same in any order.
#[derive(Debug, Clone, Copy, Default)]
struct Side {
    rows: i128,
    sum: i128,
    squares: i128,
}

/// Both sides of a class: those that are not of it, and those that are.
struct Moments([Side; 2]);

impl Moments {
    fn of(actual: &[u32], class: u32, placements: &[i64], monitor: &dyn Monitor) -> Result<Moments> {
        let mut sides = [Side::default(); 2];
        for (actual, placements) in actual.chunks(BLOCK).zip(placements.chunks(BLOCK)) {
            monitor.check()?;
            for (&own, &placement) in actual.iter().zip(placements) {
                let side = &mut sides[usize::from(own == class)];
                side.rows += 1;
                side.sum += i128::from(placement);
                side.squares += i128::from(placement) * i128::from(placement);
            }
        }
        Ok(Moments(sides))
    }

    /// The variance of the difference of the areas; `None` where a side has fewer than two rows.
    fn variance(&self) -> Option<f64> {
        let [rest, own] = &self.0;
        let of = |side: &Side, other: &Side| {
            let deviations = side.rows * side.squares - side.sum * side.sum;
            let twice = 2.0 * other.rows as f64;
            (side.rows > 1)
                .then(|| deviations as f64 / (side.rows * (side.rows - 1)) as f64 / (twice * twice) / side.rows as f64)
        };
        Some(of(rest, own)? + of(own, rest)?)
    }

    /// Adds what each row moves the difference of the areas by, `share` times.
    fn add_influence(
        &self,
        actual: &[u32],
        class: u32,
        placements: &[i64],
        share: f64,
        influence: &mut [f64],
        monitor: &dyn Monitor,
    ) -> Result<()> {
        let [rest, own] = &self.0;
        let difference = own.sum as f64 / 2.0 / own.rows as f64 / rest.rows as f64;
        let rows = actual.chunks(BLOCK).zip(placements.chunks(BLOCK));
        for ((actual, placements), influence) in rows.zip(influence.chunks_mut(BLOCK)) {
            monitor.check()?;
            for ((&of_row, &placement), influence) in actual.iter().zip(placements).zip(influence) {
                let (side, other) = if of_row == class { (own, rest) } else { (rest, own) };
                let placement = placement as f64 / 2.0 / other.rows as f64;
                *influence += share * (placement - difference) / side.rows as f64;
            }
        }
        Ok(())
    }
}

/// The variance of the sum of what rows move a difference by: of their clusters', where they have some. Each class has a correction of its own for the
/// few rows or clusters that it has. `None` where a class that occurs has only one.
fn variance(
    actual: &[u32],
    classes: usize,
    clusters: Option<&[u64]>,
    influence: &[f64],
    monitor: &dyn Monitor,
) -> Result<Option<f64>> {
    // Sums of clusters by class, one class after the other, and of whole clusters.
    let mut by_class = vec![(0_u64, Sum::default()); classes];
    let (mut count, mut whole, mut squares) = (0_u64, Sum::default(), Sum::default());
    let Some(clusters) = clusters else {
        for (row, (&class, &moves)) in actual.iter().zip(influence).enumerate() {
            if row.is_multiple_of(BLOCK) {
                monitor.check()?;
            }
            by_class[class as usize].0 += 1;
            by_class[class as usize].1.add_square(moves);
        }
        let corrected = by_class.iter().filter(|(rows, _)| *rows > 0);
        return Ok(corrected
            .map(|(rows, squares)| corrected_sum(*rows, squares.value()))
            .sum());
    };
    let mut order: Vec<(u64, u32, u32)> = room::with_capacity(actual.len())?;
    order.extend(
        clusters
            .iter()
            .zip(actual)
            .zip(0..)
            .map(|((&cluster, &class), row)| (cluster, class, row)),
    );
    sort::sort_in_parallel_by(&mut order, &Ord::cmp, monitor)?;
    for (place, cluster) in order.chunk_by(|a, b| a.0 == b.0 && a.0 != ALONE).enumerate() {
        if place.is_multiple_of(BLOCK) {
            monitor.check()?;
        }
        count += 1;
        let mut of_cluster = Sum::default();
        for of_class in cluster.chunk_by(|a, b| a.1 == b.1) {
            let mut sum = Sum::default();
            of_class
                .iter()
                .for_each(|(_, _, row)| sum.add(influence[*row as usize]));
            let class = &mut by_class[of_class[0].1 as usize];
            class.0 += 1;
            class.1.add_square(sum.value());
            squares.add_square(sum.value());
            of_cluster.merge(&sum);
        }
        whole.add_square(of_cluster.value());
    }
    // What the classes of a cluster have in common.
    let common = whole.value() - squares.value();
    let own: Option<f64> = (by_class.iter().filter(|(clusters, _)| *clusters > 0))
        .map(|(clusters, squares)| corrected_sum(*clusters, squares.value()))
        .sum();
    Ok(own.zip(corrected_sum(count, common)).map(|(own, common)| own + common))
}

/// A sum of squares of so many terms with a mean of 0, made unbiased.
fn corrected_sum(terms: u64, squares: f64) -> Option<f64> {
    (terms > 1).then(|| squares * terms as f64 / (terms - 1) as f64)
}
