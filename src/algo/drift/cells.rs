//! How many rows have each value: exactly while the different ones are few, afterwards in cells of one value's width, twice that, four
//! times …, the narrowest of which there are few enough.
//!
//! A value is an integer key; a cell is a key without its last bits. Cells of one width are unions of those of any smaller width, so
//! counts of two sides, of two workers or of two days meet exactly in the wider of theirs. Which width it is depends on the values
//! only, not on their order nor on how they were divided: more values never need a smaller one.

use serde::{Deserialize, Serialize};

use super::pages::Pages;

/// How many values and cells are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Different values that are counted exactly.
    pub values: u32,
    /// Cells, when there are more values than that.
    pub cells: u32,
}

/// Bytes that the counts of one side take.
const BUDGET: usize = 40 << 20;
/// Bytes of a counted value: two slots of a table.
const SLOT_BYTES: usize = 2 * size_of::<(i64, u64)>();

impl Limits {
    /// Fewer cells say nothing.
    const LEAST: u32 = 8;
    const MOST_VALUES: u32 = 1 << 14;
    const MOST_CELLS: u32 = 1 << 11;

    /// For each of so many columns, so that all of them together stay below 40 MB: 16,384 values and 2,048 cells for up to 80.
    pub fn for_columns(columns: usize) -> Limits {
        let most = u32::try_from(BUDGET / SLOT_BYTES / columns.max(1)).unwrap_or(u32::MAX);
        Limits {
            values: Limits::MOST_VALUES,
            cells: Limits::MOST_CELLS,
        }
        .at_most(most)
    }

    /// For each of so many segments together.
    pub fn shared_by(self, segments: usize) -> Limits {
        let parts = u32::try_from(segments.max(1).next_power_of_two()).unwrap_or(u32::MAX);
        self.at_most(self.values / parts)
    }

    fn at_most(self, most: u32) -> Limits {
        let most = most.max(Limits::LEAST);
        Limits {
            values: self.values.min(1 << most.ilog2()),
            cells: self.cells.min(1 << most.ilog2()),
        }
    }

    /// The lesser of both.
    pub fn min(self, other: Limits) -> Limits {
        Limits {
            values: self.values.min(other.values),
            cells: self.cells.min(other.cells),
        }
    }

    /// Whether [`Limits::for_columns`] and [`Limits::shared_by`] can give them.
    pub fn is_sound(self) -> bool {
        (Limits::LEAST..=Limits::MOST_VALUES).contains(&self.values)
            && (Limits::LEAST..=Limits::MOST_CELLS).contains(&self.cells)
    }

    fn of(self, shift: u8) -> usize {
        if shift == 0 {
            self.values as usize
        } else {
            self.cells as usize
        }
    }
}

/// Counts of values, or of cells.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(into = "Flat", try_from = "Flat")]
pub struct Cells {
    /// Bits that a cell lacks of its keys; 0 while values are exact.
    shift: u8,
    store: Store,
    len: usize,
}

#[derive(Debug, Clone)]
enum Store {
    /// An open-addressing table; a count of 0 is an empty slot. At most half of them are filled.
    Slots(Vec<(i64, u64)>),
    /// Of wider cells, which mostly lie beside each other.
    Pages(Pages),
}

/// Cells in order, each as the distance to the one before.
#[derive(Clone, Serialize, Deserialize)]
struct Flat {
    shift: u8,
    cells: Vec<(u64, u64)>,
}

impl From<Cells> for Flat {
    fn from(cells: Cells) -> Flat {
        let mut before = i64::MIN;
        let distance = |(cell, rows): (i64, u64)| {
            let distance = cell.wrapping_sub(before) as u64;
            before = cell;
            (distance, rows)
        };
        Flat {
            shift: cells.shift,
            cells: cells.sorted().into_iter().map(distance).collect(),
        }
    }
}

impl TryFrom<Flat> for Cells {
    type Error = &'static str;

    fn try_from(flat: Flat) -> Result<Cells, &'static str> {
        if flat.shift >= 64 {
            return Err("a cell is wider than all values");
        }
        let mut cells = Cells::with_room(flat.cells.len());
        cells.shift = flat.shift;
        let (mut before, mut total) = (i64::MIN, 0_u64);
        for (place, (distance, rows)) in flat.cells.into_iter().enumerate() {
            let cell = before.checked_add_unsigned(distance).ok_or("a cell is out of range")?;
            let possible = (i64::MIN >> flat.shift..=i64::MAX >> flat.shift).contains(&cell);
            total = total.checked_add(rows).ok_or("there are too many rows")?;
            if rows == 0 || (place > 0 && distance == 0) || !possible {
                return Err("cells are out of order");
            }
            cells.insert(cell, rows);
            before = cell;
        }
        Ok(cells)
    }
}

impl PartialEq for Cells {
    fn eq(&self, other: &Cells) -> bool {
        self.shift == other.shift && self.sorted() == other.sorted()
    }
}

impl Default for Cells {
    fn default() -> Cells {
        Cells::with_room(0)
    }
}

impl Cells {
    fn with_room(cells: usize) -> Cells {
        Cells {
            shift: 0,
            store: Store::Slots(slots_for(cells)),
            len: 0,
        }
    }

    /// Whether values are counted exactly.
    pub fn is_exact(&self) -> bool {
        self.shift == 0
    }

    /// Bits that a cell lacks of its keys.
    pub fn shift(&self) -> u8 {
        self.shift
    }

    /// How many different values there are, or cells.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Counts `rows` more rows of a key; says whether its cell is new. O(1), amortised.
    #[inline]
    pub fn add(&mut self, key: i64, rows: u64, limits: Limits) -> bool {
        let new = self.insert(key >> self.shift, rows);
        if new {
            self.make_room(limits);
        }
        new
    }

    /// Counts a row for each of some keys.
    pub fn add_all(&mut self, keys: &[i64], limits: Limits) {
        let mut rest = keys;
        loop {
            if let Store::Pages(pages) = &mut self.store {
                rest = &rest[pages.add_known(rest, self.shift)..];
            }
            let Some((&key, after)) = rest.split_first() else {
                return;
            };
            self.add(key, 1, limits);
            rest = after;
        }
    }

    #[inline]
    fn insert(&mut self, cell: i64, rows: u64) -> bool {
        if let Store::Pages(pages) = &mut self.store {
            match pages.add(cell, rows) {
                Some(new) => {
                    self.len += usize::from(new);
                    return new;
                }
                // The cells lie apart after all.
                None => self.store = Store::Slots(slots_of(self.iter(), self.len + 1)),
            }
        }
        let Store::Slots(slots) = &mut self.store else {
            return false;
        };
        let new = insert(slots, cell, rows);
        self.len += usize::from(new);
        new
    }

    /// Widens the cells when there are too many for the limits.
    pub fn make_room(&mut self, limits: Limits) {
        if self.len > limits.of(self.shift) {
            self.widen(self.fitting(limits.cells as usize));
            return;
        }
        match &self.store {
            Store::Slots(slots) if 2 * self.len > slots.len() => self.widen(0),
            // The cells lie apart after all.
            Store::Pages(pages) if pages.len() > 2 * most_pages(self.len) => self.widen(0),
            _ => {}
        }
    }

    /// How many bits more have to go so that there are `most` cells at most: one at least.
    fn fitting(&self, most: usize) -> u8 {
        // Neighbours become one cell once their highest different bit is gone.
        let mut apart = [0_usize; 65];
        for pair in self.sorted().windows(2) {
            apart[64 - (pair[0].0 ^ pair[1].0).leading_zeros() as usize] += 1;
        }
        let mut cells = 1 + apart[2..].iter().sum::<usize>();
        let mut bits = 1;
        while cells > most && u32::from(self.shift + bits) < 63 {
            bits += 1;
            cells -= apart[usize::from(bits)];
        }
        bits
    }

    /// Takes more bits off the cells, or with 0 makes the table larger.
    fn widen(&mut self, bits: u8) {
        let slots = slots_of(self.iter().map(|(cell, rows)| (cell >> bits, rows)), self.len);
        let len = slots.iter().filter(|slot| slot.1 > 0).count();
        *self = Cells {
            shift: self.shift + bits,
            store: Store::Slots(slots),
            len,
        };
        if self.shift > 0 {
            if let Some(pages) = Pages::of(&self.sorted(), most_pages(len)) {
                self.store = Store::Pages(pages);
            } else if bits > 0 {
                self.widen(0);
            }
        }
    }

    /// The same in cells of another width, which is not smaller.
    pub fn widened(&self, shift: u8) -> Cells {
        let mut cells = self.clone();
        if shift > self.shift {
            cells.widen(shift - self.shift);
        }
        cells
    }

    /// Adds the rows of another.
    pub fn merge(&mut self, other: &Cells, limits: Limits) {
        if other.shift > self.shift {
            self.widen(other.shift - self.shift);
        }
        for (cell, rows) in other.iter() {
            if self.insert(cell >> (self.shift - other.shift), rows) {
                self.make_room(limits);
            }
        }
    }

    /// The cells with their rows, in no order.
    fn iter(&self) -> impl Iterator<Item = (i64, u64)> {
        let (slots, pages) = match &self.store {
            Store::Slots(slots) => (&slots[..], None),
            Store::Pages(pages) => (&[][..], Some(pages)),
        };
        let filled = slots.iter().copied().filter(|&(_, rows)| rows > 0);
        filled.chain(pages.into_iter().flat_map(Pages::cells))
    }

    /// The cells in order with their rows. O(n log n).
    pub fn sorted(&self) -> Vec<(i64, u64)> {
        let mut cells: Vec<(i64, u64)> = self.iter().collect();
        cells.sort_unstable();
        cells
    }

    /// All rows.
    pub fn rows(&self) -> u64 {
        self.iter().fold(0, |sum, (_, rows)| sum.saturating_add(rows))
    }

    /// Whether there are no more cells than the limits allow.
    pub fn is_within(&self, limits: Limits) -> bool {
        self.len <= limits.of(self.shift)
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        match &self.store {
            Store::Slots(slots) => slots.capacity() * size_of::<(i64, u64)>(),
            Store::Pages(pages) => pages.memory(),
        }
    }
}

/// Pages that so many cells may take: as much memory as a table of slots.
fn most_pages(cells: usize) -> usize {
    (cells / 16).max(8)
}

fn slots_for(cells: usize) -> Vec<(i64, u64)> {
    /// Slots of a small table.
    const FEW: usize = 16;
    vec![(0, 0); (2 * cells + 2).next_power_of_two().max(FEW)]
}

/// A table of cells, with room for so many.
fn slots_of(cells: impl Iterator<Item = (i64, u64)>, room: usize) -> Vec<(i64, u64)> {
    let mut slots = slots_for(room);
    cells.for_each(|(cell, rows)| {
        insert(&mut slots, cell, rows);
    });
    slots
}

/// A well-mixed number, of which any bits choose a slot.
#[inline]
fn spread(cell: i64) -> usize {
    let product = (cell as u64 ^ 0x6a09_e667_f3bc_c909) as u128 * 0x9e37_79b9_7f4a_7c15_u128;
    ((product >> 64) as u64 ^ product as u64) as usize
}

/// Counts rows of a cell; says whether it is new. There is an empty slot.
#[inline]
fn insert(slots: &mut [(i64, u64)], cell: i64, rows: u64) -> bool {
    let mask = slots.len() - 1;
    let mut place = spread(cell) & mask;
    loop {
        let slot = &mut slots[place];
        if slot.1 == 0 {
            *slot = (cell, rows);
            return true;
        }
        if slot.0 == cell {
            slot.1 = slot.1.saturating_add(rows);
            return false;
        }
        place = (place + 1) & mask;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FEW: Limits = Limits { values: 32, cells: 16 };

    fn count(keys: &[i64]) -> Cells {
        let mut cells = Cells::default();
        keys.iter().for_each(|&key| {
            cells.add(key, 1, FEW);
        });
        cells
    }

    #[test]
    fn few_values_are_exact() {
        let cells = count(&[5, -3, 5, i64::MAX, i64::MIN, 5]);
        assert!(cells.is_exact());
        assert_eq!(cells.sorted(), [(i64::MIN, 1), (-3, 1), (5, 3), (i64::MAX, 1)]);
    }

    #[test]
    fn many_values_are_in_the_narrowest_cells_that_are_few_enough() {
        let cells = count(&(0..33).collect::<Vec<_>>());
        assert_eq!((cells.shift(), cells.len()), (2, 9));
        assert_eq!(cells.sorted()[0], (0, 4));
    }

    #[test]
    fn limits_keep_the_budget() {
        for columns in [1, 22, 80, 100, 1600, 1 << 20] {
            let limits = Limits::for_columns(columns);
            assert!(limits.is_sound());
            assert!(limits.values as usize * SLOT_BYTES * columns <= BUDGET || limits.values == 8);
            for segments in [1, 3, 1000] {
                assert!(limits.shared_by(segments).is_sound());
            }
        }
        assert_eq!(Limits::for_columns(22).values, 16_384);
    }

    proptest! {
        /// Neither the order nor the division of the rows matters, and nothing is lost.
        #[test]
        fn parts_give_the_whole(keys in prop::collection::vec(any::<i64>(), 0..200), narrow in 0_u32..60, at in 0_usize..200) {
            let keys: Vec<i64> = keys.into_iter().map(|key| key >> narrow).collect();
            let whole = count(&keys);
            let mut backwards = keys.clone();
            backwards.reverse();
            prop_assert_eq!(&count(&backwards), &whole);
            let mut at_once = Cells::default();
            keys.chunks(50).for_each(|keys| at_once.add_all(keys, FEW));
            prop_assert_eq!(&at_once, &whole);
            let (left, right) = keys.split_at(at.min(keys.len()));
            let mut merged = count(left);
            merged.merge(&count(right), FEW);
            prop_assert_eq!(&merged, &whole);
            prop_assert_eq!(whole.rows(), keys.len() as u64);
            prop_assert!(whole.is_within(FEW));
            let exact = keys.iter().collect::<std::collections::BTreeSet<_>>().len();
            prop_assert_eq!(whole.is_exact(), exact <= 32);
            let bytes = postcard::to_allocvec(&whole).map_err(|e| TestCaseError::fail(e.to_string()))?;
            let read: Cells = postcard::from_bytes(&bytes).map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert_eq!(&read, &whole);
        }

        #[test]
        fn damaged_bytes_are_refused_or_sound(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(cells) = postcard::from_bytes::<Cells>(&bytes) {
                prop_assert_eq!(cells.sorted().len(), cells.len());
            }
        }
    }
}
