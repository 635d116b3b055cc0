//! The Shapley values of the game of one path with few players.
//!
//! Of a row only counts which players it satisfies: a pattern of bits. Let p be 1 for a satisfied player and 0 for another, and r the probability
//! that the baseline satisfies it. With a coalition that each player joins with probability t, the leaf is reached with the probability that is the
//! product of `r + (p - r) t` over the players, and a Shapley value is the mean over t of what joining changes (Owen, 1972):
//!
//! `value * (p_j - r_j) * integral over t of the product over the others of (r_i + (p_i - r_i) t)`
//!
//! a polynomial of a degree one less than there are players, which [`Rule`] integrates exactly, and as all its factors are positive, without
//! cancellation. Against a background the same holds for each of its rows, r being 0 or 1, and the integral is a factorial one.

use super::quadrature::Rule;

/// The most players whose patterns are counted: so many have 4,096.
pub(super) const MOST_PLAYERS: usize = 12;

/// What a path is played against.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Against {
    /// The ratios of the players.
    Ratios(Vec<f64>),
    /// How many background rows have each pattern, divided by how many rows there are. Only those of which there are some, ascending.
    Shares(Vec<(u16, f64)>),
}

/// A leaf of which not more than [`MOST_PLAYERS`] players decide.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Game {
    pub(super) players: usize,
    /// What the leaf adds.
    pub(super) value: f64,
    pub(super) against: Against,
}

/// What games of few players are computed by.
#[derive(Debug)]
pub(super) struct Referee {
    /// By the number of players.
    rules: Vec<Rule>,
    /// [`weight_of`], by a and b.
    weights: [[f64; MOST_PLAYERS + 1]; MOST_PLAYERS + 1],
}

/// What a player gets of a leaf that is reached when a players join, it among them, and b others do not: (a - 1)! b! / (a + b)!. O(b).
pub(super) fn weight_of(a: usize, b: usize) -> f64 {
    if a == 0 {
        return 0.0;
    }
    let factor = |i: usize| i as f64 / (a - 1 + i) as f64;
    (1..=b).map(factor).product::<f64>() / (a + b) as f64
}

impl Referee {
    pub(super) fn new() -> Referee {
        let mut weights = [[0.0; MOST_PLAYERS + 1]; MOST_PLAYERS + 1];
        for (a, weights) in weights.iter_mut().enumerate() {
            weights
                .iter_mut()
                .enumerate()
                .for_each(|(b, weight)| *weight = weight_of(a, b));
        }
        Referee {
            rules: (0..=MOST_PLAYERS).map(Rule::of_players).collect(),
            weights,
        }
    }

    /// The Shapley values of the players for a pattern: bit j for player j. O(players^2), and for a background O(its patterns x players).
    pub(super) fn values(&self, game: &Game, pattern: u16) -> [f64; MOST_PLAYERS] {
        let mut out = [0.0; MOST_PLAYERS];
        match &game.against {
            Against::Ratios(ratios) => self.against_ratios(ratios, pattern, &mut out[..game.players]),
            Against::Shares(shares) => self.against_shares(shares, game.players, pattern, &mut out[..game.players]),
        }
        out[..game.players].iter_mut().for_each(|value| *value *= game.value);
        out
    }

    fn against_ratios(&self, ratios: &[f64], pattern: u16, out: &mut [f64]) {
        let players = ratios.len();
        let satisfied = |player: usize| pattern >> player & 1 == 1;
        let rule = &self.rules[players];
        let mut factors = [0.0; MOST_PLAYERS];
        let mut after = [1.0; MOST_PLAYERS + 1];
        for (t, weight) in rule.points.iter().zip(&rule.weights) {
            for player in (0..players).rev() {
                let ratio = ratios[player] * (1.0 - t);
                factors[player] = if satisfied(player) { ratio + t } else { ratio };
                after[player] = after[player + 1] * factors[player];
            }
            let mut before = *weight;
            for player in 0..players {
                out[player] += before * after[player + 1];
                before *= factors[player];
            }
        }
        for (player, (out, ratio)) in out.iter_mut().zip(ratios).enumerate() {
            *out *= if satisfied(player) { 1.0 - ratio } else { -ratio };
        }
    }

    fn against_shares(&self, shares: &[(u16, f64)], players: usize, pattern: u16, out: &mut [f64]) {
        let full = (1_u32 << players) as u16 - 1;
        for &(other, share) in shares {
            // Where neither the row nor the background passes, no coalition does.
            if pattern | other != full || pattern == other {
                continue;
            }
            let (ours, theirs) = (full & !other, full & !pattern);
            let (a, b) = (ours.count_ones() as usize, theirs.count_ones() as usize);
            let (plus, minus) = (share * self.weights[a][b], share * self.weights[b][a]);
            for (player, out) in out.iter_mut().enumerate() {
                if ours >> player & 1 == 1 {
                    *out += plus;
                } else if theirs >> player & 1 == 1 {
                    *out -= minus;
                }
            }
        }
    }
}
