//! Tables of what groups of leaves attribute, and looking many rows up in them.
//!
//! Up to [`LANES`] groups of the same sum make a bundle, whose tables have the same columns: the features of all of them. For each code of each
//! column of a bundle stands ready what it adds to the places in the tables of all its groups, so that one vector addition per column finds a row's
//! places in all tables, and a few vector additions per table add up what they say.

use super::coded::{CodedRows, ROWS};
use super::columns::Columns;
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

/// What a code adds to the places in the tables.
type Places = [u16; LANES];

/// What the codes of a column add to the places in the tables of a bundle. Many codes add the same, so that what differs stays in a processor's nearest memory.
#[derive(Debug, Default)]
struct Adds {
    /// For each code the place of what it adds.
    kinds: Vec<u16>,
    /// What differs.
    places: Vec<Places>,
}

impl Adds {
    /// From what each code adds.
    fn new(of_codes: &[Places]) -> Adds {
        let mut adds = Adds::default();
        let mut last = 0;
        for of_code in of_codes {
            if adds.places.get(last) != Some(of_code) {
                last = adds
                    .places
                    .iter()
                    .position(|known| known == of_code)
                    .unwrap_or_else(|| {
                        adds.places.push(*of_code);
                        adds.places.len() - 1
                    });
            }
            // There are no more than there are codes.
            adds.kinds.push(last as u16);
        }
        adds
    }

    #[inline]
    fn of(&self, code: u16) -> &Places {
        &self.places[usize::from(self.kinds[usize::from(code)])]
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
    /// For each column.
    adds: Vec<Adds>,
    /// The rows of its tables.
    rows: usize,
    /// Where its tables begin among those of all bundles.
    start: usize,
}

/// The rows of the tables of all bundles, each of as many fours as its columns take. They are one piece, for which the system has large pages.
pub(super) type Tables = Vec<[f64; FOUR]>;

/// The tables of bundles, to which each learns where its own begin.
pub(super) fn tables(bundles: &[Bundle], referee: &Referee, monitor: &dyn Monitor) -> Result<Tables> {
    let size = bundles.last().map_or(0, |last| last.start + last.table_size());
    let mut tables = room::filled([0.0; FOUR], size)?;
    for bundle in bundles {
        bundle.fill(
            &mut tables[bundle.start..][..bundle.rows * bundle.fours()],
            referee,
            monitor,
        )?;
    }
    Ok(tables)
}

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
    let mut start = 0;
    for bundle in &mut bundles {
        bundle.start = start;
        start += bundle.table_size();
    }
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
            adds: Vec::new(),
            rows: 0,
            start: 0,
        };
        let mut of_codes: Vec<Vec<Places>> = asked
            .iter()
            .map(|&column| vec![[0; LANES]; columns.all()[column].codes()])
            .collect();
        for group in groups {
            bundle.add(group, columns, against_rows, &mut of_codes);
        }
        bundle.adds = of_codes.iter().map(|of_codes| Adds::new(of_codes)).collect();
        (!bundle.lanes.is_empty()).then_some(bundle)
    }

    fn add(&mut self, group: Group, columns: &Columns, against_rows: bool, of_codes: &mut [Vec<Places>]) {
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
                of_codes[slot][usize::from(code)][lane] = (cell * stride) as u16;
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

    /// How many fours its tables take; an even number, so that the next ones begin where a line of a processor's memory does.
    fn table_size(&self) -> usize {
        (self.rows * self.fours()).next_multiple_of(2)
    }

    /// Bytes of its tables.
    pub(super) fn table_bytes(&self) -> usize {
        self.table_size() * size_of::<[f64; FOUR]>()
    }

    /// Bytes held on the heap, without its tables.
    pub(super) fn memory(&self) -> usize {
        let of_column =
            |adds: &Adds| adds.kinds.capacity() * size_of::<u16>() + adds.places.capacity() * size_of::<Places>();
        let adds: usize = self.adds.iter().map(of_column).sum();
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
            let added = adds.of(coded.column(*column)[row]);
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

    /// Fills its tables. O(rows of the tables x leaves x players).
    fn fill(&self, table: &mut [[f64; FOUR]], referee: &Referee, monitor: &dyn Monitor) -> Result<()> {
        let fours = self.fours();
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
        Ok(())
    }

    /// Adds what the leaves attribute to the features of some rows: `stride` numbers lie between the
    /// first numbers of two rows.
    pub(super) fn look_up(&self, tables: &Tables, coded: &CodedRows, stride: usize, out: &mut [f64]) {
        let table = &tables[self.start..][..self.rows * self.fours()];
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
    fn look_up_each(&self, table: &[[f64; FOUR]], coded: &CodedRows, stride: usize, out: &mut [f64]) {
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
        let columns: Vec<(&[[u16; ROWS]], &Adds)> = self
            .columns
            .iter()
            .zip(&self.adds)
            .map(|((column, _), adds)| (coded.column(*column).as_chunks().0, adds))
            .collect();
        let starts: Vec<usize> = self.lanes.iter().map(|lane| lane.start).collect();
        for (some, out) in out.chunks_mut(ROWS * stride).enumerate() {
            let mut places = [[0_u16; LANES]; ROWS];
            for (codes, adds) in &columns {
                for (places, code) in places.iter_mut().zip(codes[some]) {
                    let added = adds.of(code);
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
