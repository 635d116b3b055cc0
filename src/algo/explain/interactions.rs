//! Shapley interaction values: what two features do together beyond what each does by itself.
//!
//! With the polynomials of [`super::game`] the interaction of two players of a path is the integral of the second derivative by both:
//!
//! `value * (p_i - r_i) * (p_j - r_j) * integral over t of the product over the others of (r_l + (p_l - r_l) t)`
//!
//! (Grabisch and Roubens, 1999), of which the shap package gives half to each of the two, and what is left of its attribution to a feature itself. Rows
//! that satisfy the same players of a path share what is computed of it.

use std::collections::HashMap;

use super::columns::Columns;
use super::paths::{Covered, Player};
use super::quadrature::Rule;
use super::tables::CodedRows;
use super::values::LeafTable;
use crate::error::{Error, Result};
use crate::monitor::{Monitor, Pace};
use crate::room;

/// The most columns of which pairs are listed.
const MOST_COLUMNS: usize = 1 << 13;

/// Bytes of what is remembered of the patterns of one path.
const MEMORY: usize = 4 << 20;

/// The pairs of columns that are on one path, and each column with itself, in ascending order. O(nodes x players + leaves x players^2).
pub(super) fn pairs(covered: &Covered, columns: &Columns, monitor: &dyn Monitor) -> Result<Vec<(usize, usize)>> {
    let count = columns.all().len();
    if count > MOST_COLUMNS {
        return Err(Error::data(
            format!("interactions of {count} features are too many pairs"),
            "train with fewer columns: exclude those that do not matter",
        ));
    }
    let mut known = room::filled(0_u64, (count * count).div_ceil(64))?;
    let mut pace = Pace::new(monitor);
    for tree in 0..covered.trees.count() {
        covered.walk(columns, tree, monitor, |_, players| {
            pace.spend(players.len() * players.len())?;
            for (place, a) in players.iter().enumerate() {
                for b in &players[..=place] {
                    let pair = a.column.min(b.column) * count + a.column.max(b.column);
                    known[pair / 64] |= 1 << (pair % 64);
                }
            }
            Ok(())
        })?;
    }
    let is_known = |pair: &usize| known[pair / 64] >> (pair % 64) & 1 == 1;
    let pairs = (0..count * count).filter(is_known);
    Ok(pairs.map(|pair| (pair / count, pair % count)).collect())
}

/// The interactions of a path's players for one pattern: for each pair (i, j) with j < i, then for each i what it is attributed.
struct PathGame {
    players: usize,
    rule: Rule,
    factors: Vec<f64>,
    /// The products of the factors before each player, and of those from it on.
    before: Vec<f64>,
    after: Vec<f64>,
}

impl PathGame {
    fn new(players: usize) -> PathGame {
        PathGame {
            players,
            rule: Rule::of_players(players),
            factors: vec![0.0; players],
            before: vec![1.0; players + 1],
            after: vec![1.0; players + 1],
        }
    }

    /// How many numbers there are.
    fn size(players: usize) -> usize {
        players * (players + 1) / 2
    }

    /// Adds `weight` times the interactions for the players' probabilities `ratios` (0 or 1 for a background row) and what a row satisfies.
    fn add(&mut self, weight: f64, ratios: &[f64], satisfied: &[bool], out: &mut [f64]) {
        let of_pairs = PathGame::size(self.players) - self.players;
        let change = |player: usize| f64::from(u8::from(satisfied[player])) - ratios[player];
        for (t, share) in self.rule.points.iter().zip(&self.rule.weights) {
            for player in (0..self.players).rev() {
                let ratio = ratios[player] * (1.0 - t);
                self.factors[player] = if satisfied[player] { ratio + t } else { ratio };
                self.after[player] = self.after[player + 1] * self.factors[player];
            }
            for player in 0..self.players {
                self.before[player + 1] = self.before[player] * self.factors[player];
            }
            let mut pair = 0;
            for second in 0..self.players {
                let rest = weight * share * change(second) * self.after[second + 1];
                out[of_pairs + second] += rest * self.before[second];
                let mut between = rest;
                for first in (0..second).rev() {
                    out[pair + first] += change(first) * between * self.before[first];
                    between *= self.factors[first];
                }
                pair += second;
            }
        }
    }
}

/// What interactions are computed of.
pub(super) struct Interactions<'i> {
    pub(super) covered: &'i Covered,
    pub(super) columns: &'i Columns,
    pub(super) leaves: &'i LeafTable,
    /// The pairs of columns.
    pub(super) pairs: &'i [(usize, usize)],
    /// The coded rows of a background and the share of each.
    pub(super) background: Option<(&'i [u16], &'i [f64])>,
    pub(super) monitor: &'i dyn Monitor,
}

impl Interactions<'_> {
    /// Adds the interactions of coded rows: for each row `stride` numbers, for each sum from `of_sum` on one per pair.
    pub(super) fn add(
        &self,
        coded: &CodedRows,
        of_sum: impl Fn(usize) -> usize,
        stride: usize,
        out: &mut [f64],
    ) -> Result<()> {
        let mut pace = Pace::new(self.monitor);
        for tree in 0..self.covered.trees.count() {
            self.covered.walk(self.columns, tree, self.monitor, |node, players| {
                let entries = self.leaves.of_leaf(node);
                if entries.is_empty() || players.is_empty() {
                    return Ok(());
                }
                let places = self.places(players);
                let against = self.against(players);
                let mut game = PathGame::new(players.len());
                let size = PathGame::size(players.len());
                let most = MEMORY / (size * size_of::<f64>() + players.len());
                let mut known: HashMap<Vec<bool>, Vec<f64>> = HashMap::new();
                for (row, out) in out.chunks_exact_mut(stride).enumerate() {
                    let satisfied: Vec<bool> = players
                        .iter()
                        .map(|player| {
                            player
                                .codes
                                .contains(&self.columns.all()[player.column], coded.column(player.column)[row])
                        })
                        .collect();
                    pace.spend(players.len())?;
                    if known.len() >= most {
                        known.clear();
                    }
                    if !known.contains_key(&satisfied) {
                        let mut numbers = vec![0.0; size];
                        for (share, ratios) in &against {
                            pace.spend(size * players.len())?;
                            game.add(*share, ratios, &satisfied, &mut numbers);
                        }
                        known.insert(satisfied.clone(), numbers);
                    }
                    let numbers = &known[&satisfied];
                    for &(sum, value) in entries {
                        let out = &mut out[of_sum(sum as usize)..];
                        add_leaf(value, numbers, players.len(), &places, out);
                    }
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Where the numbers of a path's pairs belong, and then those of its players themselves.
    fn places(&self, players: &[Player]) -> Vec<usize> {
        let place = |a: usize, b: usize| self.pairs.binary_search(&(a.min(b), a.max(b))).unwrap_or(0);
        let mut places = Vec::with_capacity(PathGame::size(players.len()));
        for (second, player) in players.iter().enumerate() {
            places.extend(players[..second].iter().map(|first| place(first.column, player.column)));
        }
        places.extend(players.iter().map(|player| place(player.column, player.column)));
        places
    }

    /// The players' probabilities, with the share of each set of them: one set against the training rows, and one per pattern of the background's.
    fn against(&self, players: &[Player]) -> Vec<(f64, Vec<f64>)> {
        let Some((codes, shares)) = self.background else {
            return vec![(1.0, players.iter().map(|player| player.ratio).collect())];
        };
        let columns = self.columns.all();
        let mut patterns: Vec<(Vec<bool>, f64)> = codes
            .chunks_exact(columns.len())
            .zip(shares)
            .map(|(codes, share)| {
                let passes = |player: &Player| player.codes.contains(&columns[player.column], codes[player.column]);
                (players.iter().map(passes).collect(), *share)
            })
            .collect();
        patterns.sort_by(|a, b| a.0.cmp(&b.0));
        let alike = patterns.chunk_by(|a, b| a.0 == b.0);
        let share_of = |same: &[(Vec<bool>, f64)]| same.iter().map(|(_, share)| share).sum::<f64>();
        let ratios = |pattern: &[bool]| pattern.iter().map(|passes| f64::from(u8::from(*passes))).collect();
        alike.map(|same| (share_of(same), ratios(&same[0].0))).collect()
    }
}

/// Adds what a leaf of this value adds to the pairs: half of an interaction to the pair, and to a feature itself what its pairs leave of its
/// attribution.
fn add_leaf(value: f64, numbers: &[f64], players: usize, places: &[usize], out: &mut [f64]) {
    let of_pairs = numbers.len() - players;
    let own = &places[of_pairs..];
    let mut pair = 0;
    for second in 0..players {
        out[own[second]] += value * numbers[of_pairs + second];
        for first in 0..second {
            let half = 0.5 * value * numbers[pair];
            out[places[pair]] += half;
            out[own[first]] -= half;
            out[own[second]] -= half;
            pair += 1;
        }
    }
}
