//! Shapley interaction values: what two features do together beyond what each does by itself.
//!
//! With the polynomials of [`super::game`] the interaction of two players of a path is the integral of the second derivative by both:
//!
//! `value * (p_i - r_i) * (p_j - r_j) * integral over t of the product over the others of (r_l + (p_l - r_l) t)`
//!
//! (Grabisch and Roubens, 1999), of which the shap package gives half to each of the two, and what is left of its attribution to a feature itself. Of a
//! background row, r being 0 or 1, the integral is a factorial one, see [`super::counting`]. Rows that satisfy the same players of a path share what is
//! computed of it.

use std::collections::HashMap;

use super::background::Background;
use super::coded::CodedRows;
use super::columns::Columns;
use super::game::weight_of;
use super::paths::{Covered, Player};
use super::quadrature::Rule;
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

    /// Adds the interactions for the players' probabilities and what a row satisfies.
    fn add(&mut self, ratios: &[f64], satisfied: &[bool], out: &mut [f64]) {
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
                let rest = share * change(second) * self.after[second + 1];
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

/// Adds `weight` times the interactions for what a background row and a row satisfy.
fn add_other(weight: f64, other: &[bool], satisfied: &[bool], out: &mut [f64]) {
    let count = |ours: bool| {
        other
            .iter()
            .zip(satisfied)
            .filter(|(other, own)| **own == ours && **other != ours)
            .count()
    };
    let (a, b) = (count(true), count(false));
    let of_pairs = out.len() - satisfied.len();
    let (gain, loss) = (weight * weight_of(a, b), weight * weight_of(b, a));
    // Of two of the row's players (a - 2)! b! / (a + b - 1)!, and of two of the background's so with a and b in each other's place.
    let both = |a: usize, b: usize| if a > 1 { weight * weight_of(a - 1, b) } else { 0.0 };
    let (both_ours, both_theirs) = (both(a, b), both(b, a));
    // Of one of each -(a - 1)! (b - 1)! / (a + b - 1)!.
    let one_each = if b > 0 { -gain * (a + b) as f64 / b as f64 } else { 0.0 };
    let mut pair = 0;
    for second in 0..satisfied.len() {
        if other[second] != satisfied[second] {
            out[of_pairs + second] += if satisfied[second] { gain } else { -loss };
            for first in 0..second {
                out[pair + first] += match (other[first] != satisfied[first], satisfied[first], satisfied[second]) {
                    (false, _, _) => 0.0,
                    (true, true, true) => both_ours,
                    (true, false, false) => both_theirs,
                    (true, _, _) => one_each,
                };
            }
        }
        pair += second;
    }
}

/// What a path is played against.
enum Opposed {
    /// The players' probabilities among the training rows.
    Ratios(Vec<f64>),
    /// The patterns of a background, and the share of each.
    Patterns(Vec<(Vec<bool>, f64)>),
}

/// What interactions are computed of.
pub(super) struct Interactions<'i> {
    pub(super) covered: &'i Covered,
    pub(super) columns: &'i Columns,
    pub(super) leaves: &'i LeafTable,
    /// The pairs of columns.
    pub(super) pairs: &'i [(usize, usize)],
    pub(super) background: Option<&'i Background>,
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
                let opposed = self.opposed(players, &mut pace)?;
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
                        match &opposed {
                            Opposed::Ratios(ratios) => {
                                pace.spend(size * players.len())?;
                                game.add(ratios, &satisfied, &mut numbers);
                            }
                            Opposed::Patterns(patterns) => {
                                // Where neither passes, no coalition does.
                                let meets = |other: &[bool]| other.iter().zip(&satisfied).all(|(a, b)| *a || *b);
                                for (other, share) in patterns {
                                    pace.spend(players.len())?;
                                    if meets(other) {
                                        pace.spend(size)?;
                                        add_other(*share, other, &satisfied, &mut numbers);
                                    }
                                }
                            }
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

    /// What a path is played against.
    fn opposed(&self, players: &[Player], pace: &mut Pace<'_>) -> Result<Opposed> {
        let Some(background) = self.background else {
            return Ok(Opposed::Ratios(players.iter().map(|player| player.ratio).collect()));
        };
        let columns = self.columns.all();
        let mut counts: HashMap<Vec<bool>, i32> = HashMap::new();
        let mut pattern = vec![false; players.len()];
        for (row, count) in background.counts().iter().enumerate() {
            pace.spend(players.len())?;
            for (passes, player) in pattern.iter_mut().zip(players) {
                let code = background.column(player.column)[row];
                *passes = player.codes.contains(&columns[player.column], code);
            }
            match counts.get_mut(&pattern) {
                Some(known) => *known += count,
                None => {
                    counts.insert(pattern.clone(), *count);
                }
            }
        }
        let share = |(pattern, count): (Vec<bool>, i32)| (pattern, f64::from(count) / background.total());
        let mut patterns: Vec<(Vec<bool>, f64)> = counts.into_iter().map(share).collect();
        // An order of their own, so that sums are the same in every run.
        patterns.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(Opposed::Patterns(patterns))
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
