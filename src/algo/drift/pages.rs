//! Counts of cells that lie beside each other, for a few nanoseconds a row: pages of 64 neighbours, and for each page that may be where it is.

/// Bits of a cell that its page has in common.
const BITS: u32 = 6;
/// Cells of a page.
const PAGE: usize = 1 << BITS;
/// Pages between the first and the last one: all that there are of doubles whose cells have 7 bits of the fraction.
const RANGE: usize = 1 << 13;

/// Counts of cells by pages.
#[derive(Debug, Clone)]
pub struct Pages {
    /// The number of the page that the directory begins with.
    first: i64,
    /// For each page its place counted from 1; 0 where it has no cell.
    directory: Vec<u16>,
    /// Small, so that the pages of many columns stay in the second cache.
    counts: Vec<u32>,
}

impl Pages {
    /// Of some cells in ascending order; `None` when they lie so far apart that they would take more than `most` pages, or too large a
    /// directory.
    pub fn of(cells: &[(i64, u64)], most: usize) -> Option<Pages> {
        let (first, last) = (cells.first()?.0 >> BITS, cells.last()?.0 >> BITS);
        let range = usize::try_from(last.checked_sub(first)?).ok()?.checked_add(1)?;
        let pages = cells.chunk_by(|a, b| a.0 >> BITS == b.0 >> BITS).count();
        if pages > most.min(usize::from(u16::MAX)) || range > RANGE {
            return None;
        }
        let mut all = Pages {
            first,
            directory: vec![0; range],
            counts: Vec::with_capacity(2 * pages * PAGE),
        };
        cells
            .iter()
            .try_for_each(|&(cell, rows)| all.add(cell, rows).map(drop))?;
        Some(all)
    }

    /// Counts rows of a cell; says whether the cell is new. `None`, and nothing is counted, when it lies too far from the others, or has too many
    /// rows for a small count. O(1).
    #[inline]
    pub fn add(&mut self, cell: i64, rows: u64) -> Option<bool> {
        let number = cell >> BITS;
        // Wraps to a place that is none for a page before the first.
        let page = match self.directory.get(number.wrapping_sub(self.first) as usize) {
            Some(&page) if page > 0 => usize::from(page) - 1,
            _ => self.turn(number)?,
        };
        let count = &mut self.counts[page * PAGE + (cell as usize & (PAGE - 1))];
        let new = *count == 0;
        *count = count.checked_add(u32::try_from(rows).ok()?)?;
        Some(new)
    }

    /// Counts a row for each of these keys, less their last `shift` bits, as long as their cells have rows already; gives how many were.
    #[inline]
    pub fn add_known(&mut self, keys: &[i64], shift: u8) -> usize {
        for (place, &key) in keys.iter().enumerate() {
            let cell = key >> shift;
            let number = (cell >> BITS).wrapping_sub(self.first) as usize;
            // Without a page the place is that of none.
            let page = self
                .directory
                .get(number)
                .map_or(0, |&page| usize::from(page))
                .wrapping_sub(1);
            match self
                .counts
                .get_mut(page.wrapping_mul(PAGE).wrapping_add(cell as usize & (PAGE - 1)))
            {
                Some(count) if *count > 0 && *count < u32::MAX => *count += 1,
                _ => return place,
            }
        }
        keys.len()
    }

    /// Adds an empty page; gives its place.
    #[cold]
    fn turn(&mut self, number: i64) -> Option<usize> {
        let last = self.first + self.directory.len() as i64 - 1;
        let (first, last) = (self.first.min(number), last.max(number));
        let range = usize::try_from(last.checked_sub(first)?).ok()?.checked_add(1)?;
        let page = self.len();
        if range > RANGE || page >= usize::from(u16::MAX) {
            return None;
        }
        let before = (self.first - first) as usize;
        self.directory.splice(0..0, std::iter::repeat_n(0, before));
        self.directory.resize(range, 0);
        self.first = first;
        self.counts.resize((page + 1) * PAGE, 0);
        self.directory[(number - first) as usize] = page as u16 + 1;
        Some(page)
    }

    /// How many pages there are.
    pub fn len(&self) -> usize {
        self.counts.len() / PAGE
    }

    /// The cells with their rows, in ascending order.
    pub fn cells(&self) -> impl Iterator<Item = (i64, u64)> {
        let pages = self.directory.iter().zip(self.first..).filter(|(page, _)| **page > 0);
        pages.flat_map(|(&page, number)| {
            let start = (usize::from(page) - 1) * PAGE;
            let counts = self.counts[start..start + PAGE].iter().map(|&rows| u64::from(rows));
            (number << BITS..).zip(counts).filter(|&(_, rows)| rows > 0)
        })
    }

    /// Bytes held on the heap.
    pub fn memory(&self) -> usize {
        self.directory.capacity() * size_of::<u16>() + self.counts.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_counted_wherever_they_lie() {
        let cells: Vec<(i64, u64)> = vec![(-70_000, 1), (-70, 2), (-1, 3), (0, 4), (63, 5), (64, 6), (90_000, 7)];
        assert!(Pages::of(&cells, 5).is_none());
        let mut pages = Pages::of(&cells, 6).unwrap_or_else(|| panic!("there are six pages"));
        assert_eq!(pages.len(), 6);
        assert_eq!(pages.cells().collect::<Vec<_>>(), cells);
        assert_eq!(
            (pages.add(63, 1), pages.add(-100_000, 1), pages.add(100_000, 1)),
            (Some(false), Some(true), Some(true))
        );
        assert_eq!(pages.cells().map(|cell| cell.1).sum::<u64>(), 28 + 3);
        for far in [i64::MIN, i64::MAX, 1 << 40] {
            assert_eq!(pages.add(far, 1), None);
            assert!(Pages::of(&[(0, 1), (far.saturating_abs(), 1)], 9).is_none());
        }
        assert_eq!(pages.cells().count(), 9);
        assert!(Pages::of(&[], 9).is_none());
        // More rows than a small count holds.
        assert_eq!(
            (
                pages.add(63, u64::from(u32::MAX)),
                pages.add(63, u64::MAX),
                pages.add(63, 1)
            ),
            (None, None, Some(false))
        );
        // Keys of known cells, up to the first of another.
        assert_eq!(pages.add_known(&[63 << 2, 64 << 2 | 3, -1, 1 << 2, 0], 2), 3);
        assert_eq!(pages.add_known(&[0, i64::MAX], 0), 1);
        assert_eq!(pages.cells().map(|cell| cell.1).sum::<u64>(), 28 + 3 + 1 + 3 + 1);
    }
}
