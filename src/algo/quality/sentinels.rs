//! Values that stand for something else than themselves: -999 among temperatures, 9999-12-31 among dates, 2147483647 among counts.
//!
//! A value is one when it lies apart from all others and repeats. How far apart, and how often, depends on how much it looks like one: a number
//! made of nines and a limit of an integer type need little of both, any other number much. Among the others, only a value that looks like one
//! and is ten times as frequent as every other counts. Nothing is said of fewer than [`FEWEST`] values.

pub mod words;

use crate::block::Kind;
use crate::profile::{ColumnProfile, Point};

/// The fewest values of which something is said.
pub const FEWEST: u64 = 10;
/// The most different values that are looked at one by one.
const MOST: usize = 4096;
/// The most values of one side that are taken together.
const TOGETHER: usize = 3;
/// The most values that are found.
const MOST_FOUND: usize = 8;
/// The share of values at each end that a sketch of many leaves out of account.
const TAIL: f64 = 0.001;

/// Where a value lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Below all others.
    Below,
    /// Above all others.
    Above,
    /// Among them.
    Among,
}

/// A value that stands for something else.
#[derive(Debug, Clone, PartialEq)]
pub struct Sentinel {
    /// The value.
    pub value: Point,
    /// Its rows; about so many where the profile is a sketch.
    pub rows: u64,
    /// Where it lies.
    pub side: Side,
}

/// What was found in a column.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// The sentinels.
    pub sentinels: Vec<Sentinel>,
    /// The least and the greatest of the other values, on the scale of the kind's cells.
    pub others: Option<(f64, f64)>,
}

/// How much a value looks like a sentinel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// A limit of a type: no measurement gives it.
    Limit,
    /// Nines, or a date that stands for none.
    Strong,
    /// Two nines, other repeated digits, round numbers.
    Weak,
    /// Nines with a fraction, as prices have them.
    Price,
    /// A small negative number: -1, -9.
    Negative,
    /// Any other.
    None,
}

/// What is needed of a value that lies apart.
struct Demand {
    /// Rows.
    rows: u64,
    /// The share of all rows.
    share: f64,
    /// The distance to the nearest other value, as a multiple of the distance between the least and the greatest other value.
    gap: f64,
    /// Other values.
    others: usize,
    /// How many times as frequent as the nearest other value.
    times: u64,
}

impl Look {
    fn demand(self) -> Demand {
        let (rows, share, gap, others, times) = match self {
            Look::Limit => (1, 0.0, 1.0, 3, 0),
            Look::Strong => (2, 0.0, 0.1, 3, 0),
            Look::Weak => (3, 0.0, 0.5, 10, 1),
            Look::Price => (5, 0.005, 1.0, 10, 2),
            Look::Negative => (3, 0.0, 0.1, 10, 1),
            Look::None => (5, 0.002, 3.0, 10, 5),
        };
        Demand {
            rows,
            share,
            gap,
            others,
            times,
        }
    }

    /// Of a value of a kind, on the scale of the kind's cells.
    fn of(kind: Kind, value: f64) -> Look {
        match kind {
            Kind::Date => of_day(value),
            Kind::Timestamp | Kind::TimestampTz => of_moment(kind, value),
            _ => of_number(value),
        }
    }
}

/// Limits of integer types, and numbers that file formats fill up with.
const LIMITS: [f64; 11] = [
    32_767.0,
    -32_768.0,
    65_535.0,
    2_147_483_647.0,
    -2_147_483_648.0,
    4_294_967_295.0,
    9_223_372_036_854_775_807.0,
    -9_223_372_036_854_775_808.0,
    18_446_744_073_709_551_615.0,
    3.402_823_466_385_288_6e38,
    9.969_209_968_386_869e36,
];

fn of_number(value: f64) -> Look {
    let size = value.abs();
    if LIMITS.contains(&value) || LIMITS.contains(&size) && size > 1e19 || size == f64::MAX {
        return Look::Limit;
    }
    // -999.9 of a column of single precision is -999.9000244140625.
    let single = size as f32;
    let text = if f64::from(single) == size {
        single.to_string()
    } else {
        size.to_string()
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let digits = || whole.chars().chain(fraction.chars());
    let all = |digit: char| digits().all(|found| found == digit);
    match (digits().count(), fraction.is_empty()) {
        (1, true) if value == -1.0 || value == -9.0 => Look::Negative,
        (3.., true) if all('9') => Look::Strong,
        (3.., false) if all('9') && value < 0.0 => Look::Strong,
        (3.., false) if all('9') => Look::Price,
        (2, true) if all('9') => Look::Weak,
        (3..=6, true) if all('8') || all('7') => Look::Weak,
        (4.., true) if whole.starts_with('1') && whole[1..].chars().all(|digit| digit == '0') => Look::Weak,
        _ => Look::None,
    }
}

/// Days from 2000-01-01 of dates that stand for none: 0001-01-01, 1000-01-01, 1111-11-11, 1600 and 1601-01-01, 1753-01-01, 1800-01-01,
/// 1899-12-30 and 31, 1900-01-01, 1901-01-01, 1970-01-01, 2038-01-19, 2099-12-31, 2100-01-01, 2199-12-31, 2999-12-31, 3000-01-01, 4712-12-31,
/// 5999-12-31, 9999-01-01, 9999-12-31.
const DAYS: [i64; 22] = [
    -730_119, -365_242, -324_387, -146_097, -145_731, -90_214, -73_048, -36_526, -36_525, -36_524, -36_159, -10_957,
    13_898, 36_524, 36_525, 73_048, 365_242, 365_243, 990_902, 1_460_969, 2_921_575, 2_921_939,
];

fn of_day(day: f64) -> Look {
    let day = day as i64;
    if DAYS.contains(&day) { Look::Strong } else { Look::None }
}

const HOUR: i64 = 3_600_000_000;

/// Midnight of such a day, in whatever time zone; or its last second.
fn of_moment(kind: Kind, moment: f64) -> Look {
    let moment = moment as i64;
    let zones = if kind == Kind::TimestampTz { 14 } else { 0 };
    let is_day = |shift: i64| {
        let moment = moment + shift * HOUR;
        let (day, rest) = (moment.div_euclid(24 * HOUR), moment.rem_euclid(24 * HOUR));
        (rest == 0 || rest >= 24 * HOUR - 1_000_000) && of_day(day as f64) == Look::Strong
    };
    if (-zones..=zones).any(is_day) {
        Look::Strong
    } else {
        Look::None
    }
}

/// A value with its rows.
#[derive(Debug, Clone)]
struct Counted {
    point: Point,
    number: f64,
    rows: u64,
}

fn number(point: &Point) -> Option<f64> {
    match point {
        Point::Integer(integer) => Some(*integer as f64),
        Point::Number(number) => Some(*number),
        Point::Text(_) => None,
    }
}

fn counted(values: Vec<(Point, u64)>) -> Vec<Counted> {
    let values = values.into_iter().filter_map(|(point, rows)| {
        let number = number(&point)?;
        // The extreme integers are the infinities of times; those of integers stay.
        number.is_finite().then_some(Counted { point, number, rows })
    });
    let mut values: Vec<Counted> = values.collect();
    values.sort_by(|one, other| one.number.total_cmp(&other.number));
    values
}

/// The sentinels of a column of numbers or points in time; nothing of others. O(values held).
pub fn find(profile: &ColumnProfile) -> Found {
    let kind = profile.kind();
    if !(kind.is_number() || kind.is_time()) || profile.rows() - profile.nulls() < FEWEST {
        return Found::default();
    }
    match profile.values(MOST) {
        Some(values) => one_by_one(kind, counted(values)),
        None => by_sketch(kind, profile),
    }
}

/// Of values that are all known: takes them off both ends while they are sentinels, then looks among the rest.
fn one_by_one(kind: Kind, mut values: Vec<Counted>) -> Found {
    let rows: u64 = values.iter().map(|value| value.rows).sum();
    let mut sentinels: Vec<Sentinel> = Vec::new();
    if rows < FEWEST {
        return Found::default();
    }
    while sentinels.len() < MOST_FOUND {
        let below = end(kind, rows, &values, Side::Below);
        let above = end(kind, rows, &values, Side::Above);
        let taken: Vec<Counted> = match (below, above) {
            (0, 0) => break,
            (0, above) => values.split_off(values.len() - above),
            (below, _) => values.drain(..below).collect(),
        };
        let side = if below > 0 { Side::Below } else { Side::Above };
        sentinels.extend(taken.into_iter().map(|value| sentinel(value, side)));
    }
    let others = values
        .first()
        .zip(values.last())
        .map(|(first, last)| (first.number, last.number));
    let mut by_rows: Vec<&Counted> = values.iter().collect();
    by_rows.sort_by_key(|value| std::cmp::Reverse(value.rows));
    if let [first, second, ..] = by_rows.as_slice()
        && is_spike(kind, first, second.rows, by_rows.len())
    {
        sentinels.push(sentinel((*first).clone(), Side::Among));
    }
    Found { sentinels, others }
}

fn sentinel(value: Counted, side: Side) -> Sentinel {
    Sentinel {
        value: value.point,
        rows: value.rows,
        side,
    }
}

/// Whether a value among others is one: it looks like one, and is far more frequent than the next.
fn is_spike(kind: Kind, value: &Counted, next_rows: u64, different: usize) -> bool {
    let looks = matches!(Look::of(kind, value.number), Look::Limit | Look::Strong);
    looks && different > 20 && value.rows >= 10 && value.rows >= next_rows.saturating_mul(10)
}

/// How many values at an end are sentinels, which lie apart together; at most [`TOGETHER`].
fn end(kind: Kind, rows: u64, values: &[Counted], side: Side) -> usize {
    let at = |place: usize| match side {
        Side::Above => &values[values.len() - 1 - place],
        Side::Below | Side::Among => &values[place],
    };
    let apart = (1..=TOGETHER.min(values.len().saturating_sub(2))).find(|&count| {
        let (inner, nearest) = (at(count - 1), at(count));
        let span = (at(values.len() - 1).number - nearest.number).abs();
        let gap = (inner.number - nearest.number).abs();
        let others = values.len() - count;
        let is_apart = (0..count).all(|place| {
            let value = at(place);
            let look = Look::of(kind, value.number);
            // Several that look like nothing are a group of their own, and no sentinels.
            (count == 1 || look != Look::None) && is_apart(look, value.rows, rows, gap, span, others, nearest.rows)
        });
        // Below a number that is not negative.
        let negative = (0..count).any(|place| Look::of(kind, at(place).number) == Look::Negative);
        // 1 above shares is the answer yes, and what lies below was imputed.
        let is_flag = side == Side::Above && inner.number == 1.0 && at(values.len() - 1).number >= 0.0;
        is_apart && !is_flag && (!negative || (side == Side::Below && nearest.number >= 0.0))
    });
    apart.unwrap_or(0)
}

fn is_apart(look: Look, rows: u64, all_rows: u64, gap: f64, span: f64, others: usize, nearest_rows: u64) -> bool {
    let demand = look.demand();
    rows >= demand.rows
        && rows as f64 >= demand.share * all_rows as f64
        && others >= demand.others
        && span > 0.0
        && (gap >= demand.gap * span)
        && rows >= demand.times * nearest_rows
}

/// Of very many values: candidates are those most frequent, and the bulk is what lies between two quantiles.
fn by_sketch(kind: Kind, profile: &ColumnProfile) -> Found {
    let rows = profile.rows() - profile.nulls();
    let top = counted(profile.frequent_numbers());
    let Some(sorted) = profile.sorted() else {
        return Found::default();
    };
    let Some(median) = sorted.quantile(0.5) else {
        return Found::default();
    };
    let looks = |value: &&Counted| Look::of(kind, value.number) != Look::None;
    let share = |is_below: bool| {
        let side = top
            .iter()
            .filter(looks)
            .filter(|value| (value.number < median) == is_below);
        side.map(|value| value.rows).sum::<u64>() as f64 / rows as f64
    };
    let (low, high) = (share(true) + TAIL, 1.0 - share(false) - TAIL);
    let bulk = sorted.quantile(low.min(0.5)).zip(sorted.quantile(high.max(0.5)));
    let Some((low, high)) = bulk else {
        return Found::default();
    };
    let next_rows = |value: &Counted| {
        let others = top.iter().filter(|other| other.number != value.number);
        others.map(|other| other.rows).max().unwrap_or(1)
    };
    let sentinels = top.iter().filter_map(|value| {
        let look = Look::of(kind, value.number);
        let (side, gap) = match value.number {
            number if number < low => (Side::Below, low - number),
            number if number > high => (Side::Above, number - high),
            _ => {
                let is_spike = is_spike(kind, value, next_rows(value), MOST);
                return is_spike.then(|| sentinel(value.clone(), Side::Among));
            }
        };
        let found = is_apart(look, value.rows, rows, gap, high - low, MOST, 1)
            && (look != Look::Negative || (side == Side::Below && low >= 0.0));
        found.then(|| sentinel(value.clone(), side))
    });
    Found {
        sentinels: sentinels.take(MOST_FOUND).collect(),
        others: Some((low, high)),
    }
}

#[cfg(test)]
#[path = "sentinels/tests.rs"]
mod tests;
