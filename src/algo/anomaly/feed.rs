//! Whether rows come in every bucket of time, so that none is a failure and not a figure to learn from.

use super::Season;

/// Fewest buckets with rows that make a feed.
const LEAST: usize = 3;
/// Of the buckets that should have rows, one in so many may lack them, in whatever places, and the feed is one still.
const RARE: usize = 10;

/// A bucket of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// The day of the week, 0 to 6.
    pub weekday: u8,
    /// The hour of the day, 0 to 23.
    pub hour: u8,
    /// Whether there were rows; `None` where that is not known, or not to be learned from.
    pub rows: Option<bool>,
}

/// When rows are to be expected.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Feed {
    season: Option<Season>,
    /// By their place in the season: buckets with rows, and without.
    places: Vec<(usize, usize)>,
    /// Whether rows come wherever they ever did, but for one pause or few.
    is_steady: bool,
}

impl Feed {
    /// Of buckets, the oldest first, whose season is `season`: a feed may rest on Sundays, or at night.
    ///
    /// The buckets without rows after the last one with rows are no evidence: they may be an outage that lasts. Neither is one pause before it,
    /// however long, for an outage that has ended was none the less. Where rows are missing again and again the feed is not steady, and
    /// none are to be expected. O(buckets).
    pub fn new(past: &[Arrival], season: Season) -> Feed {
        let has_rows = |arrival: &Arrival| arrival.rows == Some(true);
        let (Some(first), Some(last)) = (past.iter().position(has_rows), past.iter().rposition(has_rows)) else {
            return Feed::default();
        };
        let known: Vec<(usize, bool)> = past[first..=last]
            .iter()
            .filter_map(|arrival| Some((season.place_of(arrival.weekday, arrival.hour), arrival.rows?)))
            .collect();
        let width = known.iter().map(|&(place, _)| place + 1).max().unwrap_or(0);
        let mut places = vec![(0, 0); width];
        for &(place, rows) in &known {
            let (with, without) = &mut places[place];
            *(if rows { with } else { without }) += 1;
        }
        // A place that never has rows is a rest, and says nothing of the others.
        let busy: Vec<bool> = known
            .iter()
            .filter(|&&(place, _)| places[place].0 > 0)
            .map(|&(_, rows)| rows)
            .collect();
        let missing = busy.iter().filter(|&&rows| !rows).count();
        let pauses = busy
            .chunk_by(|a, b| a == b)
            .filter(|run| run.first() == Some(&false))
            .count();
        Feed {
            season: Some(season),
            places,
            is_steady: busy.len() - missing >= LEAST && (pauses <= 1 || RARE * missing <= busy.len()),
        }
    }

    /// Whether a bucket without rows is a failure. One at a place that was not seen yet is, where the feed never rests.
    pub fn expects_rows(&self, weekday: u8, hour: u8) -> bool {
        let Some(season) = self.season.filter(|_| self.is_steady) else {
            return false;
        };
        match self.places.get(season.place_of(weekday, hour)) {
            Some(&(with, without)) if with + without > 0 => with > 0,
            Some(_) | None => self.places.iter().all(|&(with, without)| with > 0 || without == 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days from a Monday on: `#` with rows, `.` without, `?` unknown.
    fn feed(days: &str) -> Feed {
        let arrivals: Vec<Arrival> = days
            .chars()
            .filter(|day| !day.is_whitespace())
            .enumerate()
            .map(|(day, mark)| Arrival {
                weekday: (day % 7) as u8,
                hour: 0,
                rows: match mark {
                    '#' => Some(true),
                    '.' => Some(false),
                    _ => None,
                },
            })
            .collect();
        Feed::new(&arrivals, Season::Weekday)
    }

    fn expected(days: &str) -> [bool; 7] {
        let feed = feed(days);
        std::array::from_fn(|weekday| feed.expects_rows(weekday as u8, 0))
    }

    #[test]
    fn a_dead_feed_never_becomes_usual() {
        for dead in ["", ".", "..", ".......", "....... ....... ......."] {
            assert_eq!(expected(&format!("####### ####### {dead}")), [true; 7], "{dead}");
        }
        // A pause that has ended does not make the next one usual, nor do single days off.
        assert_eq!(expected("####### ....... ..##### .."), [true; 7]);
        assert_eq!(expected("#.##### ####### ####### #####.#"), [true; 7]);
    }

    #[test]
    fn rests_are_no_failures() {
        let working = [true, true, true, true, true, false, false];
        assert_eq!(expected("#####.. #####.. #####.. ###"), working);
        // Also once the feed is dead.
        assert_eq!(expected("#####.. #####.. #####.. ....... .."), working);
        // A holiday is none.
        assert_eq!(expected("#####.. #.###.. #####.. #####.."), working);
    }

    #[test]
    fn what_comes_now_and_then_is_not_expected() {
        assert_eq!(expected("#..#.#. .#..#.. #.#..#. ..#.#.#"), [false; 7]);
        assert_eq!(expected(""), [false; 7]);
        assert_eq!(expected("......."), [false; 7]);
        assert_eq!(expected("##"), [false; 7]);
        assert_eq!(expected("###"), [true; 7]);
        assert_eq!(expected("#??#???#"), [true; 7]);
    }
}
