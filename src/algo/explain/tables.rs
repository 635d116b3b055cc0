//! Tables of what groups of leaves attribute, and looking many rows up in them.
//!
//! Up to [`LANES`] groups of the same sum make a bundle, whose tables have the same columns: the features of all of them. For each code of each
//! column of a bundle stands ready what it adds to the places in the tables of all its groups, so that one vector addition per column finds a row's
//! places in all tables, and a few vector additions per table add up what they say.

use super::columns::{Column, Columns};
use super::game::{Against, Game, MOST_PLAYERS, Referee};
use super::partition::Group;
use crate::error::Result;
use crate::monitor::Monitor;
use crate::room;

/// The groups of one bundle.
const LANES: usize = 8;

/// The columns of one bundle.
const WIDTH: usize = 16;

/// Columns of a table are added in fours.
const FOUR: usize = 4;

/// Rows whose places are sought at a time.
const ROWS: usize = 4;

/// What a code adds to the places in the tables.
type Places = [u16; LANES];

/// The codes of some rows, one column after the other.
pub(super) struct CodedRows {
    codes: Vec<u16>,
    /// How many rows there can be, a multiple of [`ROWS`].
    most: usize,
    rows: usize,
}

impl CodedRows {
    /// Room for so many rows.
    pub(super) fn new(columns: &Columns, rows: usize) -> Result<CodedRows> {
        let most = rows.next_multiple_of(ROWS);
        Ok(CodedRows {
            codes: room::filled(0, most * columns.all().len())?,
            most,
            rows: 0,
        })
    }

    /// Codes encoded rows, as many as there is room for at most, in the place of those before.
    pub(super) fn code(&mut self, columns: &[Column], rows: &[f64], width: usize) {
        self.rows = rows.len() / width;
        for (column, codes) in columns.iter().zip(self.codes.chunks_exact_mut(self.most)) {
            for (code, row) in codes.iter_mut().zip(rows.chunks_exact(width)) {
                *code = column.code(row[column.feature]);
            }
        }
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// The codes of a column, those of [`CodedRows::rows`] rows at the beginning.
    #[inline]
    pub(super) fn column(&self, column: usize) -> &[u16] {
        &self.codes[column * self.most..][..self.most]
    }
}

/// A group, laid out.
#[derive(Debug)]
struct Lane {
    /// Where its table begins among the rows of the bundle's.
    start: usize,
    axes: Vec<LaneAxis>,
    games: Vec<LaneGame>,
}

#[derive(Debug)]
struct LaneAxis {
    /// Its column among those of the bundle.
    slot: usize,
    /// For each cell the leaves for which it passes.
    cells: Vec<u64>,
}

#[derive(Debug)]
struct LaneGame {
    game: Game,
    /// The axis of each player.
    axes: Vec<u8>,
}

/// Groups whose tables have the same columns.
#[derive(Debug)]
pub(super) struct Bundle {
    /// To what the groups add.
    pub(super) sum: usize,
    /// The columns, by their place among [`Columns`], and their features.
    columns: Vec<(usize, usize)>,
    lanes: Vec<Lane>,
    /// For each column what each code adds to the places.
    adds: Vec<Vec<Places>>,
    /// The rows of all tables.
    rows: usize,
}

/// The rows of a bundle's tables, each of as many fours as its columns take.
pub(super) type Table = Vec<[f64; FOUR]>;

/// Puts groups, each with the sum that it adds to, into bundles, in their order.
pub(super) fn bundle(groups: Vec<(usize, Group)>, columns: &Columns, against_rows: bool) -> Vec<Bundle> {
    let mut bundles = Vec::new();
    let mut waiting: Vec<Group> = Vec::new();
    let mut asked: Vec<usize> = Vec::new();
    let mut sum = 0;
    for (of_sum, group) in groups {
        let mut union = asked.clone();
        union.extend(group.axes.iter().map(|axis| axis.column));
        union.sort_unstable();
        union.dedup();
        if of_sum != sum || waiting.len() == LANES || union.len() > WIDTH {
            bundles.extend(Bundle::new(sum, std::mem::take(&mut waiting), columns, against_rows));
            union = group.axes.iter().map(|axis| axis.column).collect();
        }
        (sum, asked) = (of_sum, union);
        waiting.push(group);
    }
    bundles.extend(Bundle::new(sum, waiting, columns, against_rows));
    bundles
}

impl Bundle {
    /// `None` for no groups.
    fn new(sum: usize, groups: Vec<Group>, columns: &Columns, against_rows: bool) -> Option<Bundle> {
        let mut asked: Vec<usize> = groups
            .iter()
            .flat_map(|group| group.axes.iter().map(|axis| axis.column))
            .collect();
        asked.sort_unstable();
        asked.dedup();
        let mut bundle = Bundle {
            sum,
            columns: asked
                .iter()
                .map(|&column| (column, columns.all()[column].feature))
                .collect(),
            lanes: Vec::new(),
            adds: asked
                .iter()
                .map(|&column| vec![[0; LANES]; columns.all()[column].codes()])
                .collect(),
            rows: 0,
        };
        for group in groups {
            bundle.add(group, columns, against_rows);
        }
        (!bundle.lanes.is_empty()).then_some(bundle)
    }

    fn add(&mut self, group: Group, columns: &Columns, against_rows: bool) {
        let lane = self.lanes.len();
        let start = self.rows;
        self.rows += group.cells();
        let (mut stride, mut axes) = (1, Vec::new());
        for axis in &group.axes {
            let Some(slot) = self.columns.iter().position(|(column, _)| *column == axis.column) else {
                continue;
            };
            let column = &columns.all()[axis.column];
            for code in 0..=column.missing() {
                let passes = |(place, leaf): (usize, &super::partition::Leaf)| {
                    let player = leaf.players.iter().find(|player| player.column == axis.column);
                    u64::from(player.is_none_or(|player| player.codes.contains(column, code))) << place
                };
                let mask: u64 = group.leaves.iter().enumerate().map(passes).sum();
                let cell = axis.cells.iter().position(|cell| *cell == mask).unwrap_or(0);
                self.adds[slot][usize::from(code)][lane] = (cell * stride) as u16;
            }
            stride *= axis.cells.len();
            axes.push(LaneAxis {
                slot,
                cells: axis.cells.clone(),
            });
        }
        let games = group.leaves.into_iter().map(|leaf| {
            let axis = |column: usize| group.axes.iter().position(|axis| axis.column == column).unwrap_or(0) as u8;
            LaneGame {
                axes: leaf.players.iter().map(|player| axis(player.column)).collect(),
                game: Game {
                    players: leaf.players.len(),
                    value: leaf.value,
                    against: match against_rows {
                        true => Against::Shares(Vec::new()),
                        false => Against::Ratios(leaf.players.iter().map(|player| player.ratio).collect()),
                    },
                },
            }
        });
        let games = games.collect();
        self.lanes.push(Lane { start, axes, games });
    }

    /// How many fours a row of its tables has.
    fn fours(&self) -> usize {
        self.columns.len().div_ceil(FOUR)
    }

    /// Bytes of its tables.
    pub(super) fn table_bytes(&self) -> usize {
        self.rows * self.fours() * size_of::<[f64; FOUR]>()
    }

    /// Bytes held on the heap, without its tables.
    pub(super) fn memory(&self) -> usize {
        let adds: usize = self.adds.iter().map(|adds| adds.capacity() * size_of::<Places>()).sum();
        let games = self.lanes.iter().flat_map(|lane| &lane.games);
        let games = games.map(|game| {
            let against = match &game.game.against {
                Against::Ratios(ratios) => ratios.capacity() * size_of::<f64>(),
                Against::Shares(shares) => shares.capacity() * size_of::<(u16, f64)>(),
            };
            size_of::<LaneGame>() + game.axes.capacity() + against
        });
        adds + games.sum::<usize>()
    }

    /// A row's places in the tables.
    #[inline]
    fn places(&self, coded: &CodedRows, row: usize) -> Places {
        let mut places = [0; LANES];
        for ((column, _), adds) in self.columns.iter().zip(&self.adds) {
            let added = adds[usize::from(coded.column(*column)[row])];
            places = std::array::from_fn(|lane| places[lane] + added[lane]);
        }
        places
    }

    /// Counts rows of a background: `counts` has a number per row of the tables.
    pub(super) fn count(&self, coded: &CodedRows, counts: &mut [u32]) {
        for row in 0..coded.rows() {
            let places = self.places(coded, row);
            for (lane, place) in self.lanes.iter().zip(places) {
                counts[lane.start + usize::from(place)] += 1;
            }
        }
    }

    /// How many rows its tables have.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Learns against how many of `total` background rows each leaf is to be played, from the counts of all of them. Gives the mean of what the
    /// leaves add.
    pub(super) fn learn(&mut self, counts: &[u32], total: usize) -> f64 {
        let mut mean = 0.0;
        for lane in &mut self.lanes {
            for (place, game) in lane.games.iter_mut().enumerate() {
                let mut sums = vec![0_u64; 1 << game.game.players];
                let mut cell = Cell::new(&lane.axes);
                for &count in &counts[lane.start..][..cell.cells] {
                    if count > 0 {
                        sums[usize::from(cell.pattern(game, place))] += u64::from(count);
                    }
                    cell.next();
                }
                mean += game.game.value * (sums[sums.len() - 1] as f64 / total as f64);
                let shares = (0_u16..).zip(sums).filter(|(_, sum)| *sum > 0);
                game.game.against = Against::Shares(
                    shares
                        .map(|(pattern, sum)| (pattern, sum as f64 / total as f64))
                        .collect(),
                );
            }
        }
        mean
    }

    /// The tables. O(rows of the tables x leaves x players).
    pub(super) fn table(&self, referee: &Referee, monitor: &dyn Monitor) -> Result<Table> {
        let fours = self.fours();
        let mut table = room::filled([0.0; FOUR], self.rows * fours)?;
        for lane in &self.lanes {
            let mut all = Vec::new();
            for (place, game) in lane.games.iter().enumerate() {
                all.clear();
                for pattern in 0..1_u16 << game.game.players {
                    if pattern.is_multiple_of(64) {
                        monitor.check()?;
                    }
                    all.push(referee.values(&game.game, pattern));
                }
                let mut cell = Cell::new(&lane.axes);
                let own = &mut table[lane.start * fours..][..cell.cells * fours];
                for row in own.chunks_exact_mut(fours) {
                    let values = &all[usize::from(cell.pattern(game, place))];
                    let row = row.as_flattened_mut();
                    for (&axis, value) in game.axes.iter().zip(values) {
                        row[lane.axes[usize::from(axis)].slot] += value;
                    }
                    cell.next();
                }
            }
        }
        Ok(table)
    }

    /// Adds what the leaves attribute to the features of some rows: `stride` numbers lie between the
    /// first numbers of two rows.
    pub(super) fn look_up(&self, table: &Table, coded: &CodedRows, stride: usize, out: &mut [f64]) {
        match self.fours() {
            0 => {}
            _ if coded.rows() < ROWS => self.look_up_each(table, coded, stride, out),
            1 => self.look_up_fours(table.as_chunks::<1>().0, coded, stride, out),
            2 => self.look_up_fours(table.as_chunks::<2>().0, coded, stride, out),
            3 => self.look_up_fours(table.as_chunks::<3>().0, coded, stride, out),
            _ => self.look_up_fours(table.as_chunks::<4>().0, coded, stride, out),
        }
    }

    /// The same for so few rows that getting ready for more would take longer.
    fn look_up_each(&self, table: &Table, coded: &CodedRows, stride: usize, out: &mut [f64]) {
        let fours = self.fours();
        for (row, out) in out.chunks_mut(stride).enumerate() {
            let places = self.places(coded, row);
            let mut sums = [[0.0; FOUR]; WIDTH / FOUR];
            for (lane, place) in self.lanes.iter().zip(places) {
                let values = &table[(lane.start + usize::from(place)) * fours..][..fours];
                for (sums, values) in sums.iter_mut().zip(values) {
                    *sums = std::array::from_fn(|column| sums[column] + values[column]);
                }
            }
            for ((_, feature), sum) in self.columns.iter().zip(sums.as_flattened()) {
                out[*feature] += sum;
            }
        }
    }

    fn look_up_fours<const N: usize>(
        &self,
        table: &[[[f64; FOUR]; N]],
        coded: &CodedRows,
        stride: usize,
        out: &mut [f64],
    ) {
        let columns: Vec<(&[[u16; ROWS]], &[Places])> = self
            .columns
            .iter()
            .zip(&self.adds)
            .map(|((column, _), adds)| (coded.column(*column).as_chunks().0, &adds[..]))
            .collect();
        let starts: Vec<usize> = self.lanes.iter().map(|lane| lane.start).collect();
        for (some, out) in out.chunks_mut(ROWS * stride).enumerate() {
            let mut places = [[0_u16; LANES]; ROWS];
            for (codes, adds) in &columns {
                for (places, code) in places.iter_mut().zip(codes[some]) {
                    let added = &adds[usize::from(code)];
                    *places = std::array::from_fn(|lane| places[lane].wrapping_add(added[lane]));
                }
            }
            for (places, out) in places.iter().zip(out.chunks_mut(stride)) {
                let mut sums = [[0.0; FOUR]; N];
                for (start, place) in starts.iter().zip(places) {
                    let values = &table[start + usize::from(*place)];
                    for (sums, values) in sums.iter_mut().zip(values) {
                        *sums = std::array::from_fn(|column| sums[column] + values[column]);
                    }
                }
                for ((_, feature), sum) in self.columns.iter().zip(sums.as_flattened()) {
                    out[*feature] += sum;
                }
            }
        }
    }

    /// The same without tables, to the bit, for few rows.
    pub(super) fn compute(&self, referee: &Referee, coded: &CodedRows, stride: usize, out: &mut [f64]) {
        for (row, out) in out.chunks_mut(stride).enumerate() {
            let places = self.places(coded, row);
            let mut sums = [0.0; WIDTH];
            for (lane, place) in self.lanes.iter().zip(places) {
                let mut values = [0.0; WIDTH];
                let cell = Cell::at(&lane.axes, usize::from(place));
                for (place, game) in lane.games.iter().enumerate() {
                    let of_leaf = referee.values(&game.game, cell.pattern(game, place));
                    for (&axis, value) in game.axes.iter().zip(of_leaf) {
                        values[lane.axes[usize::from(axis)].slot] += value;
                    }
                }
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            }
            for ((_, feature), sum) in self.columns.iter().zip(sums) {
                out[*feature] += sum;
            }
        }
    }
}

/// A combination of cells of a group's axes.
struct Cell<'l> {
    axes: &'l [LaneAxis],
    digits: [usize; MOST_PLAYERS],
    /// For each axis the leaves for which its cell passes.
    masks: [u64; MOST_PLAYERS],
    /// How many combinations there are.
    cells: usize,
}

impl<'l> Cell<'l> {
    /// The first one.
    fn new(axes: &'l [LaneAxis]) -> Self {
        Cell::at(axes, 0)
    }

    /// The one with this place in the table.
    fn at(axes: &'l [LaneAxis], mut place: usize) -> Self {
        let mut cell = Cell {
            axes,
            digits: [0; MOST_PLAYERS],
            masks: [0; MOST_PLAYERS],
            cells: axes.iter().map(|axis| axis.cells.len()).product(),
        };
        for ((axis, digit), mask) in axes.iter().zip(&mut cell.digits).zip(&mut cell.masks) {
            *digit = place % axis.cells.len();
            *mask = axis.cells[*digit];
            place /= axis.cells.len();
        }
        cell
    }

    /// Goes on to the next place.
    fn next(&mut self) {
        for ((axis, digit), mask) in self.axes.iter().zip(&mut self.digits).zip(&mut self.masks) {
            *digit += 1;
            if *digit == axis.cells.len() {
                *digit = 0;
            }
            *mask = axis.cells[*digit];
            if *digit > 0 {
                break;
            }
        }
    }

    /// Which players of a game, that of leaf `leaf`, it satisfies.
    fn pattern(&self, game: &LaneGame, leaf: usize) -> u16 {
        let bit = |(player, axis): (usize, &u8)| ((self.masks[usize::from(*axis)] >> leaf & 1) as u16) << player;
        game.axes.iter().enumerate().map(bit).sum()
    }
}
