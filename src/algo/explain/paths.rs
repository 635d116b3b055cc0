//! Trees as sets of paths. The path to a leaf is a game: its players are the features that it asks, each once however often it asks; a player is
//! satisfied when the row's value passes all that the path asks of it, and the leaf is reached when all are.

use super::columns::{Codes, Columns};
use crate::error::Result;
use crate::monitor::{Monitor, Pace};
use crate::trees::tree::Trees;

/// What a path asks of one feature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Player {
    /// Its place among the [`Columns`].
    pub(super) column: usize,
    /// The codes that pass.
    pub(super) codes: Codes,
    /// The share of training rows that pass, each split counted among the rows that come to it.
    pub(super) ratio: f64,
}

/// Trees with what came to each node in training.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Covered {
    pub(super) trees: Trees,
    /// By node.
    pub(super) covers: Vec<f64>,
}

impl Covered {
    /// The share of what comes to `node` that goes on to `child`.
    pub(super) fn ratio(&self, node: usize, child: usize) -> f64 {
        match self.covers[node] > 0.0 {
            true => self.covers[child] / self.covers[node],
            // Nothing ever came here, so nothing speaks for either side.
            false => 0.5,
        }
    }

    /// Calls `visit` with each leaf of a tree, from left to right, and with the players of its path, in the order in which it asks them first.
    /// O(nodes x players).
    pub(super) fn walk(
        &self,
        columns: &Columns,
        tree: usize,
        monitor: &dyn Monitor,
        mut visit: impl FnMut(usize, &[Player]) -> Result<()>,
    ) -> Result<()> {
        let mut players: Vec<Player> = Vec::new();
        let mut pace = Pace::new(monitor);
        let mut steps = vec![Step::Enter(self.trees.tree(tree).start, None)];
        while let Some(step) = steps.pop() {
            let (node, asked) = match step {
                Step::Enter(node, asked) => (node, asked),
                Step::Leave(None) => {
                    players.pop();
                    continue;
                }
                Step::Leave(Some((place, before))) => {
                    players[place] = before;
                    continue;
                }
            };
            pace.spend(1 + players.len())?;
            if let Some(asked) = asked {
                let known = players.iter().position(|player| player.column == asked.column);
                steps.push(Step::Leave(known.map(|place| (place, players[place]))));
                match known.map(|place| &mut players[place]) {
                    Some(player) => {
                        player.codes = player.codes.and(asked.codes);
                        player.ratio *= asked.ratio;
                    }
                    None => players.push(asked),
                }
            }
            let (Some((left, right)), Some((column, sides))) =
                (self.trees.children(node), columns.sides(self.trees.decision(node)))
            else {
                visit(node, &players)?;
                continue;
            };
            for (child, codes) in [right, left].into_iter().zip([sides[1], sides[0]]) {
                let ratio = self.ratio(node, child);
                steps.push(Step::Enter(child, Some(Player { column, codes, ratio })));
            }
        }
        Ok(())
    }
}

/// What a walk has yet to do.
enum Step {
    /// Go to a node, of which so much is asked.
    Enter(usize, Option<Player>),
    /// Forget what the node asked: the last player, or what changed of one.
    Leave(Option<(usize, Player)>),
}
