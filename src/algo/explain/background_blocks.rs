//! Trees too large for tables, against a background: one walk over a tree for a block of rows and all background rows.
//!
//! On the way down stands for each of both which players so far it satisfies, a pattern of bits; at a leaf [`super::counting`] finds what rows of each
//! pattern are attributed. Rows and background rows are left behind where an edge asks what they fail and all of the other side fails, too, for
//! no coalition of the two goes on from there: so a row alone takes only those along that it can go with. O((rows + background) x nodes), and what counting at the
//! leaves takes.

use super::background::BackgroundWalker;
use super::coded::CodedRows;
use super::columns::{Codes, Column};
use super::counting::{Counting, NOTHING};
use super::deep::Walk;
use crate::error::Result;
use crate::monitor::Pace;
use crate::room;

/// The rows of one side on their way down, those of each node behind those of the node above.
#[derive(Default)]
struct Side {
    /// Which rows; nodes where none was left behind share them with the node above.
    rows: Vec<u32>,
    /// What each satisfies.
    patterns: Vec<u32>,
}

/// The rows of one side at a node.
#[derive(Clone, Copy)]
struct Span {
    rows: usize,
    patterns: usize,
    count: usize,
}

/// What an edge asks.
#[derive(Clone, Copy)]
struct Asked<'a> {
    column: &'a Column,
    codes: Codes,
    /// The player's bit.
    bit: u32,
    /// The bit again where no edge above asked the player, else 0.
    new: u32,
}

impl Side {
    fn all(count: usize) -> Result<(Side, Span)> {
        let mut side = Side {
            rows: room::with_capacity(count)?,
            patterns: room::filled(0, count)?,
        };
        side.rows.extend(0..count as u32);
        let span = Span {
            rows: 0,
            patterns: 0,
            count,
        };
        Ok((side, span))
    }

    fn rows(&self, span: Span) -> &[u32] {
        &self.rows[span.rows..][..span.count]
    }

    fn patterns(&self, span: Span) -> &[u32] {
        &self.patterns[span.patterns..][..span.count]
    }

    /// Takes rows down an edge, and says whether any of them passes. `codes` are those of the column, by row.
    fn descend_block(&mut self, span: Span, asked: Asked<'_>, codes: &[u16]) -> Result<(Span, bool)> {
        room::reserve(&mut self.patterns, span.count)?;
        let start = self.patterns.len();
        self.patterns
            .extend_from_within(span.patterns..span.patterns + span.count);
        let rows = &self.rows[span.rows..][..span.count];
        let mut any = 0;
        let own = self.patterns[start..].iter_mut().zip(rows);
        asked.codes.each(
            asked.column,
            own,
            |row| codes[*row.1 as usize],
            |(pattern, _), passes| {
                *pattern = (*pattern | asked.new) & if passes { u32::MAX } else { !asked.bit };
                any |= *pattern;
            },
        );
        let span = Span {
            patterns: start,
            ..span
        };
        Ok((span, any & asked.bit != 0))
    }

    /// Leaves those behind that lack a player.
    fn keep(&mut self, span: Span, bit: u32) -> Result<Span> {
        room::reserve(&mut self.rows, span.count)?;
        let (start, mut count) = (self.rows.len(), 0);
        for place in 0..span.count {
            let pattern = self.patterns[span.patterns + place];
            if pattern & bit != 0 {
                self.rows.push(self.rows[span.rows + place]);
                self.patterns[span.patterns + count] = pattern;
                count += 1;
            }
        }
        self.patterns.truncate(span.patterns + count);
        Ok(Span {
            rows: start,
            count,
            ..span
        })
    }

    /// Forgets what nodes below one have that began when there was so much.
    fn forget(&mut self, (rows, patterns): (usize, usize)) {
        self.rows.truncate(rows);
        self.patterns.truncate(patterns);
    }

    fn held(&self) -> (usize, usize) {
        (self.rows.len(), self.patterns.len())
    }
}

/// A node on the way down.
struct Level {
    node: usize,
    gone: u8,
    ours: Span,
    theirs: Span,
    /// What the sides held before.
    before: [(usize, usize); 2],
    /// Whether a player came with the edge to the node.
    added: bool,
}

/// All that is known on the way down.
struct Way<'p> {
    ours: Side,
    theirs: Side,
    path: Vec<Level>,
    /// The columns of the players, in the order of their bits.
    players: Vec<usize>,
    pace: Pace<'p>,
}

impl BackgroundWalker<'_> {
    /// Adds what the walk's leaves attribute to the features of some rows, `stride` numbers lie between the first numbers of two rows. No leaf has more
    /// than [`super::counting::MOST_BITS`] players.
    pub(super) fn add_block(
        &self,
        walk: &Walk,
        counting: &mut Counting<'_>,
        coded: &CodedRows,
        stride: usize,
        out: &mut [f64],
    ) -> Result<()> {
        let root = self.covered.trees.tree(walk.tree).start;
        let (ours, own) = Side::all(out.len().div_ceil(stride))?;
        let (theirs, others) = Side::all(self.background.rows())?;
        let mut way = Way {
            path: vec![Level {
                node: root,
                gone: 0,
                ours: own,
                theirs: others,
                before: [ours.held(), theirs.held()],
                added: false,
            }],
            ours,
            theirs,
            players: Vec::new(),
            pace: Pace::new(self.monitor),
        };
        while let Some(level) = way.path.last_mut() {
            let (node, gone) = (level.node, level.gone);
            level.gone += 1;
            match self.covered.trees.children(node) {
                Some((left, right)) if gone < 2 => {
                    let child = [left, right][usize::from(gone)];
                    if walk.active.is_empty() || walk.active[child - root] {
                        self.descend_block(node, child, gone == 0, coded, &mut way)?;
                    }
                    continue;
                }
                Some(_) => {}
                None => self.leaf(self.leaves.value(node, walk.sum), &mut way, counting, stride, out)?,
            }
            let Some(level) = way.path.pop() else { break };
            way.ours.forget(level.before[0]);
            way.theirs.forget(level.before[1]);
            if level.added {
                way.players.pop();
            }
        }
        Ok(())
    }

    /// Goes down an edge, unless nobody can go along.
    fn descend_block(&self, node: usize, child: usize, left: bool, coded: &CodedRows, way: &mut Way<'_>) -> Result<()> {
        let Some(above) = way.path.last() else { return Ok(()) };
        let (ours, theirs) = (above.ours, above.theirs);
        let Some((column, sides)) = self.columns.sides(self.covered.trees.decision(node)) else {
            return Ok(());
        };
        way.pace.spend(8 + (ours.count + theirs.count) / 4)?;
        let known = way.players.iter().position(|player| *player == column);
        let bit = 1 << known.unwrap_or(way.players.len());
        let asked = Asked {
            column: &self.columns.all()[column],
            codes: sides[usize::from(!left)],
            bit,
            new: if known.is_none() { bit } else { 0 },
        };
        let before = [way.ours.held(), way.theirs.held()];
        let (mut ours, any) = way.ours.descend_block(ours, asked, coded.column(column))?;
        let (mut theirs, any_theirs) = way
            .theirs
            .descend_block(theirs, asked, self.background.column(column))?;
        if !any {
            theirs = way.theirs.keep(theirs, bit)?;
        }
        if !any_theirs {
            ours = way.ours.keep(ours, bit)?;
        }
        if ours.count == 0 || theirs.count == 0 {
            way.ours.forget(before[0]);
            way.theirs.forget(before[1]);
            return Ok(());
        }
        if known.is_none() {
            way.players.push(column);
        }
        way.path.push(Level {
            node: child,
            gone: 0,
            ours,
            theirs,
            before,
            added: known.is_none(),
        });
        Ok(())
    }

    /// Adds what a leaf attributes.
    fn leaf(
        &self,
        value: f64,
        way: &mut Way<'_>,
        counting: &mut Counting<'_>,
        stride: usize,
        out: &mut [f64],
    ) -> Result<()> {
        let Some(level) = way.path.last() else { return Ok(()) };
        if value == 0.0 || way.players.is_empty() {
            return Ok(());
        }
        way.pace.spend((level.ours.count + level.theirs.count) / 4)?;
        let counts = self.background.counts();
        let others = way
            .theirs
            .patterns(level.theirs)
            .iter()
            .zip(way.theirs.rows(level.theirs));
        let others = others.map(|(pattern, row)| (*pattern, counts[*row as usize]));
        let rows = way.ours.patterns(level.ours);
        let scale = value / self.background.total();
        counting.play(way.players.len(), rows, others, scale, &mut way.pace)?;
        let columns = self.columns.all();
        let features: Vec<usize> = way.players.iter().map(|column| columns[*column].feature).collect();
        for (slot, row) in counting.of_rows.iter().zip(way.ours.rows(level.ours)) {
            if *slot != NOTHING {
                let out = &mut out[*row as usize * stride..];
                let values = &counting.values[*slot as usize..][..features.len()];
                for (feature, value) in features.iter().zip(values) {
                    out[*feature] += value;
                }
            }
        }
        Ok(())
    }
}
