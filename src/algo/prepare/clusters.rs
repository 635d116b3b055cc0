//! Rows that are not independent of each other: those with one value in a column set apart. A row without a value is a cluster of its own.

use std::collections::HashMap;

use super::column::Apart;
use crate::error::Result;
use crate::frame::MISSING;
use crate::monitor::Monitor;
use crate::room;

/// Rows between two looks at the monitor.
const BLOCK: usize = 1 << 16;

/// The cluster of each row of the query, numbered from 0 as they come in `order`; rows that are not in it have cluster 0.
pub(super) fn clusters(column: &Apart, order: &[u32], rows: usize, monitor: &dyn Monitor) -> Result<Vec<u32>> {
    let value = |row: usize| match column {
        Apart::Numbers(numbers) => (!numbers[row].is_nan()).then(|| (numbers[row] + 0.0).to_bits()),
        Apart::Codes { codes, .. } => (codes[row] != MISSING).then(|| u64::from(codes[row])),
    };
    let mut known: HashMap<u64, u32> = HashMap::new();
    let mut clusters = room::filled(0_u32, rows)?;
    let mut next = 0;
    for (place, &row) in order.iter().enumerate() {
        if place.is_multiple_of(BLOCK) {
            monitor.check()?;
        }
        let row = row as usize;
        let cluster = value(row).map_or(next, |value| *known.entry(value).or_insert(next));
        next = next.max(cluster + 1);
        clusters[row] = cluster;
    }
    Ok(clusters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    #[test]
    fn rows_of_one_value_are_a_cluster_and_rows_without_one_are_each() {
        let numbers = Apart::Numbers(vec![7.0, f64::NAN, -0.0, 7.0, f64::NAN, 0.0]);
        let found = clusters(&numbers, &[5, 4, 3, 2, 1, 0], 6, &Unwatched).unwrap();
        assert_eq!(found, [2, 3, 0, 2, 1, 0]);
        let codes = Apart::Codes {
            codes: vec![1, MISSING, 1, 0],
            levels: ["a", "b"].map(String::from).into_iter().collect(),
        };
        assert_eq!(clusters(&codes, &[0, 1, 2, 3], 4, &Unwatched).unwrap(), [0, 1, 0, 2]);
    }
}
