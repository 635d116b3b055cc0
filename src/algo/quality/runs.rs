//! How many rows in a row have the same number. Rows come in the order of time, and one pass counts for several columns, each within parts, such as the
//! sensors that measure.

/// The longest runs of equal numbers, by column. Rows of one part and time count as if sorted by their values, and NULL is passed over.
#[derive(Debug, Clone)]
pub struct Runs {
    longest: Vec<u64>,
    parts: Vec<Part>,
    /// Cells that are held.
    cells: usize,
}

/// What is known of a part.
#[derive(Debug, Clone)]
struct Part {
    time: f64,
    /// The rows of its last time, one after the other.
    cells: Vec<Option<f64>>,
    /// Of each column the number that came last, and how often in a row.
    last: Vec<(Option<u64>, u64)>,
}

/// More cells are not held: 16 MB.
const MOST_CELLS: usize = 1 << 20;

impl Runs {
    /// Of so many columns.
    pub fn new(columns: usize) -> Runs {
        Runs {
            longest: vec![0; columns],
            parts: Vec::new(),
            cells: 0,
        }
    }

    /// A row of a part, by the number of the part. Says whether there was room: not where too many rows have one time, or there are too many parts.
    /// O(columns), amortised, but for sorting rows of one time.
    pub fn push(&mut self, part: usize, time: f64, row: &[Option<f64>]) -> bool {
        let columns = self.longest.len();
        if part >= self.parts.len() {
            self.cells += (part + 1 - self.parts.len()) * columns;
            if self.cells > MOST_CELLS {
                return false;
            }
            let empty = Part {
                time,
                cells: Vec::new(),
                last: vec![(None, 0); columns],
            };
            self.parts.resize(part + 1, empty);
        }
        let part = &mut self.parts[part];
        if part.time != time {
            self.cells -= part.cells.len();
            part.work_off(&mut self.longest);
            part.time = time;
        }
        self.cells += row.len();
        part.cells.extend_from_slice(row);
        self.cells <= MOST_CELLS
    }

    /// The longest run of each column.
    pub fn longest(mut self) -> Vec<u64> {
        for part in &mut self.parts {
            part.work_off(&mut self.longest);
        }
        self.longest
    }
}

/// Zeros are equal, and so is all that is no number.
fn normal(number: f64) -> f64 {
    if number.is_nan() { f64::NAN } else { number + 0.0 }
}

impl Part {
    /// Adds the rows of its last time to the runs.
    fn work_off(&mut self, longest: &mut [u64]) {
        let columns = longest.len();
        for (place, (longest, last)) in longest.iter_mut().zip(&mut self.last).enumerate() {
            let mut add = |number: f64| {
                let bits = normal(number).to_bits();
                *last = match *last {
                    (Some(before), rows) if before == bits => (Some(before), rows + 1),
                    _ => (Some(bits), 1),
                };
                *longest = (*longest).max(last.1);
            };
            let numbers = self.cells.iter().skip(place).step_by(columns).flatten();
            if self.cells.len() == columns {
                numbers.for_each(|&number| add(number));
            } else {
                let mut numbers: Vec<f64> = numbers.copied().map(normal).collect();
                numbers.sort_unstable_by(f64::total_cmp);
                numbers.into_iter().for_each(add);
            }
        }
        self.cells.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_those_of_rows_that_are_sorted() {
        let mut rows: Vec<(usize, f64, [Option<f64>; 2])> = (0..3000_u64)
            .map(|i| {
                let chance = i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
                let slow = (chance % 5 > 0).then_some((i / 40) as f64);
                (chance as usize % 3, (i / 7) as f64, [Some((chance % 4) as f64), slow])
            })
            .collect();
        let mut runs = Runs::new(2);
        assert!(rows.iter().all(|(part, time, row)| runs.push(*part, *time, row)));
        let longest = |column: usize, rows: &mut Vec<(usize, f64, [Option<f64>; 2])>| {
            rows.retain(|(.., row)| row[column].is_some());
            rows.sort_by(|a, b| (a.0, a.1, a.2[column]).partial_cmp(&(b.0, b.1, b.2[column])).unwrap());
            let runs = rows.chunk_by(|a, b| (a.0, a.2[column]) == (b.0, b.2[column]));
            runs.map(<[_]>::len).max().unwrap() as u64
        };
        let expected = [0, 1].map(|column| longest(column, &mut rows.clone()));
        rows.clear();
        assert_eq!(runs.longest(), expected);
    }

    #[test]
    fn no_number_is_as_stuck_as_any() {
        let mut runs = Runs::new(1);
        for (time, number) in [f64::NAN, f64::NAN, -f64::NAN, 0.0, -0.0].into_iter().enumerate() {
            assert!(runs.push(0, time as f64, &[Some(number)]));
            assert!(runs.push(0, time as f64, &[None]));
        }
        assert_eq!(runs.longest(), [3]);
        assert!(Runs::new(3).longest().iter().all(|&rows| rows == 0));
    }

    #[test]
    fn memory_is_bounded() {
        let mut runs = Runs::new(1);
        assert!(!(0..=MOST_CELLS).all(|_| runs.push(0, 1.0, &[Some(1.0)])));
        assert!(!Runs::new(2).push(MOST_CELLS, 1.0, &[None, None]));
    }
}
