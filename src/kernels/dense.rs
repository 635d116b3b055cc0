//! Products of matrices of numbers in single precision.
//!
//! A tile of the product, sixteen columns of a few rows, is kept in registers while its terms are added (Goto and van de Geijn, "Anatomy of
//! high-performance matrix multiplication", 2008). The panel that it takes them from stays in the nearest cache for the tiles below it, and
//! the panel after that is on its way meanwhile.

use crate::vector::{Vector, prefetch};
use crate::{Begin, COLUMNS, Rows, RowsMut, Size};

/// Terms of sums that are added before the next columns are: a panel of so many rows stays in the nearest cache (24 of its 32 KiB).
const TERMS: usize = 384;

/// Rows whose terms stay in the second cache (144 of its 256 KiB and more).
const ROWS: usize = 96;

/// The most rows of a tile, in any instructions.
const MOST_ROWS: usize = 12;

/// How many numbers a packed matrix has.
pub fn packed_length(terms: usize, columns: usize) -> usize {
    columns.next_multiple_of(COLUMNS) * terms
}

/// Packs a matrix whose columns lie at a stride into panels: for each sixteen columns, their numbers of one row after those of the row
/// before; zeros fill up the last panel. Panics where `columns` are less than that, or `panels` are not [`packed_length`].
pub fn pack(terms: usize, columns: usize, matrix: Rows<'_, f32>, panels: &mut [f32]) {
    assert_eq!(panels.len(), packed_length(terms, columns));
    if terms == 0 {
        return;
    }
    for (first, panel) in (0..columns)
        .step_by(COLUMNS)
        .zip(panels.chunks_exact_mut(COLUMNS * terms))
    {
        let some = COLUMNS.min(columns - first);
        let lanes: [&[f32]; COLUMNS] = std::array::from_fn(|lane| match lane < some {
            true => &matrix.values[(first + lane) * matrix.stride..][..terms],
            false => &[],
        });
        // Row by row, as sixteen columns that are far from each other are then waited for together.
        for (term, row) in panel.chunks_exact_mut(COLUMNS).enumerate() {
            for (out, lane) in row.iter_mut().zip(lanes) {
                *out = lane.get(term).copied().unwrap_or(0.0);
            }
        }
    }
}

/// The same of a matrix whose rows lie at a stride.
pub fn pack_rows(terms: usize, columns: usize, matrix: Rows<'_, f32>, panels: &mut [f32]) {
    assert_eq!(panels.len(), packed_length(terms, columns));
    if terms == 0 {
        return;
    }
    for (first, panel) in (0..columns)
        .step_by(COLUMNS)
        .zip(panels.chunks_exact_mut(COLUMNS * terms))
    {
        let some = COLUMNS.min(columns - first);
        for (term, row) in panel.chunks_exact_mut(COLUMNS).enumerate() {
            row[..some].copy_from_slice(&matrix.values[term * matrix.stride + first..][..some]);
            row[some..].fill(0.0);
        }
    }
}

/// See [`crate::Kernels::product`]; sixteen columns are `N` vectors.
#[inline(always)]
pub fn product<V: Vector, const N: usize>(
    size: Size,
    a: Rows<'_, f32>,
    panels: &[f32],
    begin: Begin<'_>,
    out: RowsMut<'_>,
) {
    let Size { rows, terms, columns } = size;
    Size::assert_within(rows, terms, a.stride, a.values.len());
    Size::assert_within(rows, columns, out.stride, out.values.len());
    assert_eq!(panels.len(), packed_length(terms, columns));
    begin.assert_columns(columns);
    if terms == 0 {
        return begin.write(size, out);
    }
    for first_row in (0..rows).step_by(ROWS) {
        for first_term in (0..terms).step_by(TERMS) {
            let some_terms = TERMS.min(terms - first_term);
            for first_column in (0..columns).step_by(COLUMNS) {
                let panel = &panels[first_column * terms + first_term * COLUMNS..][..some_terms * COLUMNS];
                let mut tiles = Tiles {
                    a: &a.values[first_term..],
                    a_stride: a.stride,
                    panel,
                    ahead: ahead(size, panels, first_column, first_term),
                    begin: begin.of(first_column, first_term),
                    out: &mut out.values[first_column..],
                    out_stride: out.stride,
                    columns: COLUMNS.min(columns - first_column),
                };
                tiles.add::<V, N>(first_row, rows.min(first_row + ROWS));
            }
        }
    }
}

/// The panel that is read after this one.
fn ahead(size: Size, panels: &[f32], first_column: usize, first_term: usize) -> &[f32] {
    let Size { terms, columns, .. } = size;
    let (column, term) = if first_column + COLUMNS < columns {
        (first_column + COLUMNS, first_term)
    } else {
        (0, first_term + TERMS)
    };
    let rest = panels.get(column * terms + term * COLUMNS..).unwrap_or_default();
    &rest[..rest.len().min(TERMS.min(terms) * COLUMNS)]
}

/// What tiles of some columns and some terms are computed from.
struct Tiles<'a> {
    a: &'a [f32],
    a_stride: usize,
    panel: &'a [f32],
    ahead: &'a [f32],
    begin: Begin<'a>,
    out: &'a mut [f32],
    out_stride: usize,
    columns: usize,
}

impl Tiles<'_> {
    /// Adds to rows of the product.
    #[inline(always)]
    fn add<V: Vector, const N: usize>(&mut self, first: usize, end: usize) {
        let mut row = first;
        while row < end {
            let height = height(end - row, V::ROWS);
            if self.columns == COLUMNS {
                self.whole::<V, N>(row, height);
            } else {
                self.part::<V, N>(row, height);
            }
            row += height;
        }
    }

    /// Adds to a tile all of whose columns are there.
    #[inline(always)]
    fn whole<V: Vector, const N: usize>(&mut self, row: usize, height: usize) {
        let (a, ahead) = (&self.a[row * self.a_stride..], self.next_ahead());
        let out = &mut self.out[row * self.out_stride..];
        let (begin, begin_stride) = match self.begin {
            Begin::Out => (out.as_ptr(), self.out_stride),
            // The same for each row.
            Begin::At(biases) => (biases.as_ptr(), 0),
        };
        let tile = Tile {
            a: a.as_ptr(),
            a_stride: self.a_stride,
            panel: self.panel,
            ahead,
            begin,
            begin_stride,
            out: out.as_mut_ptr(),
            out_stride: self.out_stride,
        };
        // SAFETY: `product` has seen that the rows of both matrices are there, and this tile has all sixteen columns, as `begin` has; whoever
        // instantiates this with `V` has compiled it for instructions that the processor has.
        unsafe { tile.add_rows::<V, N>(height) };
    }

    /// Adds to a tile some of whose columns are not there, beside the product.
    #[inline(always)]
    fn part<V: Vector, const N: usize>(&mut self, row: usize, height: usize) {
        let mut sums = [0.0; MOST_ROWS * COLUMNS];
        for (place, sums) in sums.chunks_exact_mut(COLUMNS).take(height).enumerate() {
            let begin = match self.begin {
                Begin::Out => &self.out[(row + place) * self.out_stride..][..self.columns],
                Begin::At(biases) => &biases[..self.columns],
            };
            sums[..self.columns].copy_from_slice(begin);
        }
        let tile = Tile {
            a: self.a[row * self.a_stride..].as_ptr(),
            a_stride: self.a_stride,
            panel: self.panel,
            ahead: self.next_ahead(),
            begin: sums.as_ptr(),
            begin_stride: COLUMNS,
            out: sums.as_mut_ptr(),
            out_stride: COLUMNS,
        };
        // SAFETY: as above, and sums have all sixteen columns of as many rows as any tile has.
        unsafe { tile.add_rows::<V, N>(height) };
        for (place, sums) in sums.chunks_exact(COLUMNS).take(height).enumerate() {
            self.out[(row + place) * self.out_stride..][..self.columns].copy_from_slice(&sums[..self.columns]);
        }
    }

    /// What the next tile fetches of the panel that follows: one line for each four terms. When all is fetched, what is at hand anyway.
    #[inline(always)]
    fn next_ahead(&mut self) -> *const f32 {
        if self.ahead.is_empty() {
            return self.panel.as_ptr();
        }
        let (now, later) = self.ahead.split_at(self.ahead.len().min(self.panel.len() / 4));
        self.ahead = later;
        now.as_ptr()
    }
}

/// How many rows the next tile has: as many as it can, of heights up to six and twelve; but the last two about the same, as low tiles wait
/// for their own sums.
pub fn height(left: usize, most: usize) -> usize {
    const LOW: usize = 6;
    let low = most.min(LOW);
    if left >= most && most > LOW {
        most
    } else if left <= low {
        left
    } else if left < 2 * low {
        left.div_ceil(2)
    } else {
        low
    }
}

/// Sixteen columns of some rows of a product.
struct Tile<'a> {
    a: *const f32,
    a_stride: usize,
    panel: &'a [f32],
    ahead: *const f32,
    begin: *const f32,
    begin_stride: usize,
    out: *mut f32,
    out_stride: usize,
}

impl Tile<'_> {
    /// # Safety
    /// `height` is 1 to `V::ROWS`. At each stride, so many rows have as many numbers as the panel has terms, at `a`, and sixteen, at `begin`
    /// and `out`. The processor has the instructions of `V`.
    #[inline(always)]
    unsafe fn add_rows<V: Vector, const N: usize>(self, height: usize) {
        macro_rules! by_height {
            ($($rows:literal)+) => {
                match height {
                    // SAFETY: as the caller promises. Above the height of the instructions there is nothing to compile.
                    $($rows if $rows <= V::ROWS => unsafe { self.add::<V, N, $rows>() },)+
                    _ => unreachable!("a tile of {height} rows"),
                }
            };
        }
        by_height!(1 2 3 4 5 6 12);
    }

    /// The same of `R` rows.
    ///
    /// # Safety
    /// As above.
    #[inline(always)]
    unsafe fn add<V: Vector, const N: usize, const R: usize>(self) {
        const { assert!(N * V::WIDTH == COLUMNS && R <= MOST_ROWS) };
        // SAFETY: each place is in a row, as the caller promises, or in the panel; what is prefetched may be anywhere.
        unsafe {
            let mut sums = [[V::zero(); N]; R];
            for (row, sums) in sums.iter_mut().enumerate() {
                // The tile below is wanted next.
                prefetch::<true>(self.out.wrapping_add((row + R) * self.out_stride));
                for (part, sum) in sums.iter_mut().enumerate() {
                    *sum = V::load(self.begin.add(row * self.begin_stride + part * V::WIDTH));
                }
            }
            let terms = self.panel.len() / COLUMNS;
            for term in 0..terms {
                // Each line four times, which costs less than a loop over four terms.
                prefetch::<false>(self.ahead.wrapping_add(term * (COLUMNS / 4)));
                self.step(term, &mut sums);
            }
            for (row, sums) in sums.into_iter().enumerate() {
                for (part, sum) in sums.into_iter().enumerate() {
                    sum.store(self.out.add(row * self.out_stride + part * V::WIDTH));
                }
            }
        }
    }

    /// Adds the products of one term.
    ///
    /// # Safety
    /// As above, for a term of the panel.
    #[inline(always)]
    unsafe fn step<V: Vector, const N: usize, const R: usize>(&self, term: usize, sums: &mut [[V; N]; R]) {
        // SAFETY: as above.
        unsafe {
            let mut factors = [V::zero(); N];
            for (part, factor) in factors.iter_mut().enumerate() {
                *factor = V::load(self.panel.as_ptr().add(term * COLUMNS + part * V::WIDTH));
            }
            for (row, sums) in sums.iter_mut().enumerate() {
                let value = V::all(self.a.add(row * self.a_stride + term));
                for (sum, factor) in sums.iter_mut().zip(factors) {
                    *sum = value.times_plus(factor, *sum);
                }
            }
        }
    }
}
