//! From the values that name a group to the place of what scores it.

use super::table::Table;

/// Whole numbers may leave so many places unused for each group that there is.
const SPARSE: usize = 4;
/// And so many in any case.
const FEW: usize = 1024;

/// For each group a place; place 0 for all others.
#[derive(Debug, Clone, Default)]
pub(super) struct Places {
    table: Table,
    /// By group.
    places: Vec<u32>,
    /// Where one whole number names a group, as the code of a level does: the least one, and the place of each from there on.
    whole: Option<(f64, Vec<u32>)>,
}

impl Places {
    /// `places` has one place for each group of the table.
    pub(super) fn new(table: Table, places: Vec<u32>) -> Places {
        let whole = by_whole_number(&table, &places);
        Places { table, places, whole }
    }

    /// How many values a key has.
    pub(super) fn width(&self) -> usize {
        self.table.width()
    }

    /// The place of a key's group. Expected O(width).
    #[inline]
    pub(super) fn find(&self, key: &[f64]) -> usize {
        if let (Some((least, places)), [value]) = (&self.whole, key) {
            let offset = value - least;
            // The cast saturates: what is no whole number from 0 on is not equal to it.
            let index = offset as usize;
            if let Some(&place) = places.get(index).filter(|_| index as f64 == offset) {
                return place as usize;
            }
        }
        self.table.find(key).map_or(0, |group| self.places[group] as usize)
    }
}

/// The places by whole numbers; `None` where they are too far from each other, and for keys that are none.
fn by_whole_number(table: &Table, places: &[u32]) -> Option<(f64, Vec<u32>)> {
    // A difference of whole numbers below this is exact.
    const MOST: f64 = (1_u64 << 52) as f64;
    let numbers = || table.single_keys().filter(|value| !value.is_nan());
    let (least, greatest) = numbers().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, greatest), value| {
        (least.min(value), greatest.max(value))
    });
    let is_whole = |value: f64| value.fract() == 0.0 && value.abs() < MOST;
    let range = greatest - least;
    if table.width() != 1 || !numbers().all(is_whole) || !(0.0..(SPARSE * places.len() + FEW) as f64).contains(&range) {
        return None;
    }
    let mut by_number = vec![0; range as usize + 1];
    for (value, &place) in table.single_keys().zip(places).filter(|(value, _)| !value.is_nan()) {
        by_number[(value - least) as usize] = place;
    }
    Some((least, by_number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(keys: &[f64]) -> Places {
        let mut table = Table::new(1);
        for &key in keys {
            table.find_or_add(&[key]);
        }
        let numbers = 1..=keys.len() as u32;
        Places::new(table, numbers.collect())
    }

    #[test]
    fn whole_numbers_are_places_of_their_own() {
        let keys = [-3.0, 0.0, 5.0, f64::NAN, 1000.0];
        let direct = places(&keys);
        assert!(direct.whole.is_some());
        for (key, place) in keys.into_iter().zip(1..) {
            assert_eq!(direct.find(&[key]), place, "{key}");
        }
        for other in [-4.0, -2.0, 0.5, 1001.0, 1e300, -1e300, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(direct.find(&[other]), 0, "{other}");
        }
        assert_eq!(direct.find(&[-0.0]), 2);
    }

    #[test]
    fn other_numbers_are_found_as_well() {
        for keys in [
            vec![0.5, 1.0],
            vec![0.0, 1e9],
            vec![f64::INFINITY, 1.0],
            vec![1e300, -1e300],
            vec![f64::NAN],
        ] {
            let hashed = places(&keys);
            assert!(hashed.whole.is_none(), "{keys:?}");
            for (&key, place) in keys.iter().zip(1..) {
                assert_eq!(hashed.find(&[key]), place, "{key}");
            }
            assert_eq!(hashed.find(&[7.0]), 0);
        }
    }
}
