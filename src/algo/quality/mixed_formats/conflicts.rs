//! Which conventions conflict.

use super::casing_conflicts::{casing, words};
use super::convention::{Convention, Family};
use super::{EXAMPLES, FormatTally};
use crate::error::{Error, Result};

/// What counts as a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Params {
    /// The share of rows of other conventions than the main one that is no conflict, from 0 up to, but without, 1. By default 0: one row
    /// is one too many.
    pub tolerance: f64,
}

/// One convention in a conflict.
#[derive(Debug, Clone, PartialEq)]
pub struct ConventionRows {
    /// Which.
    pub convention: Convention,
    /// Rows that keep to it, and those that may and are taken for it.
    pub rows: u64,
    /// Some of them, shortened; the same whatever the order of the rows.
    pub examples: Vec<String>,
}

/// Conventions of one family that are used side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// What they are conventions of.
    pub family: Family,
    /// Those that occur, that of the most rows first; for defects the sound rows first.
    pub conventions: Vec<ConventionRows>,
    /// Rows that keep to some convention of the family.
    pub rows: u64,
    /// Of these, the rows that do not keep to the first.
    pub rows_failed: u64,
    /// Whether `rows_failed` was counted; else it is projected from a sample of the values.
    pub exact: bool,
    /// The segments, by their place, that have rows of other conventions than the first, with the number of these rows, which
    /// is counted or projected as `rows_failed` is.
    pub segments: Vec<(usize, u64)>,
    /// Whether some segment mixes conventions by itself; else the segments are at odds with each other only.
    pub within_segments: bool,
}

/// The share of a segment's values that a family must cover to be what the segment is about.
const COVERED: f64 = 0.5;
/// The same for words that are also used otherwise: y, n, 1, 0.
const COVERED_BY_BOOLEANS: f64 = 0.8;

/// The conflicts between the conventions of all segments, in the order of [`Family::ALL`].
///
/// A family is compared where most values of a segment belong to it, so that free text with a number in it is no column of numbers.
/// Texts that could be of two conventions, as 03/04/2024, count for the one that their segment shows, or else the one that all show.
/// Casing conflicts where the same value is written in several ways, or where phrases in UPPER or lower case stand among others that
/// are nearly all written in another: names such as "IBM" or "McDonald" are no conflict. O(segments).
pub fn find_conflicts(segments: &[&FormatTally], params: &Params) -> Result<Vec<Conflict>> {
    if !(0.0..1.0).contains(&params.tolerance) {
        return Err(Error::Parameter {
            name: "tolerance",
            value: params.tolerance.to_string(),
            allowed: "at least 0 and below 1".into(),
        });
    }
    let conflicts = Family::ALL.into_iter().filter_map(|family| match family {
        Family::Casing => casing(segments),
        _ => conflict_of(family, segments),
    });
    Ok(conflicts
        .filter(|conflict| conflict.rows_failed as f64 > params.tolerance * conflict.rows as f64)
        .collect())
}

/// The rows of the conventions of a family in one segment.
type Counts = Vec<(Convention, u64)>;

fn counts(family: Family, tally: &FormatTally) -> Counts {
    let conventions = Convention::of(family);
    conventions
        .map(|convention| (convention, tally.rows_of(convention)))
        .collect()
}

fn rows_of(counts: &Counts, wanted: Convention) -> u64 {
    let own = counts.iter().find(|(convention, _)| *convention == wanted);
    own.map_or(0, |&(_, rows)| rows)
}

fn sum(counts: &Counts) -> u64 {
    counts.iter().map(|(_, rows)| rows).sum()
}

/// Adds the counts of a segment to those of all.
fn add(all: &mut Counts, segment: &Counts) {
    for &(convention, rows) in segment {
        match all.iter_mut().find(|(known, _)| *known == convention) {
            Some((_, sum)) => *sum += rows,
            None => all.push((convention, rows)),
        }
    }
}

/// Moves the rows that may be of either of two conventions to the one of which there are more, here or else in all segments.
fn resolve(counts: &mut Counts, all: &Counts, either: Convention, [one, other]: [Convention; 2]) {
    let evidence = [&*counts, all]
        .into_iter()
        .map(|counts| (rows_of(counts, one), rows_of(counts, other)));
    // Without any evidence they stay what they are.
    let Some((ones, others)) = evidence.into_iter().find(|&(ones, others)| ones + others > 0) else {
        return;
    };
    let moved = rows_of(counts, either);
    let to = if ones >= others { one } else { other };
    for (convention, rows) in counts {
        if *convention == either {
            *rows = 0;
        } else if *convention == to {
            *rows += moved;
        }
    }
}

/// The counts of a segment in which every row has its one convention.
fn resolved(family: Family, tally: &FormatTally, all: &Counts) -> Counts {
    use Convention::*;
    let mut own = counts(family, tally);
    match family {
        Family::DateOrder => {
            resolve(
                &mut own,
                all,
                DayOrMonthDashed,
                [DayMonthYearDashed, MonthDayYearDashed],
            );
            resolve(
                &mut own,
                all,
                DayOrMonthSlashed,
                [DayMonthYearSlashed, MonthDayYearSlashed],
            );
        }
        Family::DecimalMark => {
            own.retain(|(convention, _)| matches!(convention, DecimalPoint | DecimalComma));
            let comma = has_decimal_comma(&own, all);
            // Three digits after a mark are a fraction if it is the decimal mark, and else show which one that is.
            let unclear = tally.rows_of(CommaThree) + tally.rows_of(PointThree);
            own.iter_mut()
                .filter(|(convention, _)| *convention == if comma { DecimalComma } else { DecimalPoint })
                .for_each(|(_, rows)| *rows += unclear);
        }
        Family::Thousands => {
            let comma = has_decimal_comma(&counts(Family::DecimalMark, tally), all);
            let separated = tally.rows_of(if comma { PointThree } else { CommaThree });
            own.iter_mut()
                .filter(|(convention, _)| *convention == Grouped)
                .for_each(|(_, rows)| *rows += separated);
        }
        _ => {}
    }
    own
}

/// Whether numbers have a decimal comma, here or else in all segments. The point is what databases write.
fn has_decimal_comma(own: &Counts, all: &Counts) -> bool {
    use Convention::{DecimalComma, DecimalPoint};
    let evidence = [own, all].map(|counts| (rows_of(counts, DecimalPoint), rows_of(counts, DecimalComma)));
    evidence
        .into_iter()
        .find(|&(point, comma)| point + comma > 0)
        .is_some_and(|(point, comma)| comma > point)
}

/// Whether a segment is about what a family is of.
pub(super) fn is_covered(family: Family, tally: &FormatTally) -> bool {
    let (of, share) = match family {
        Family::Encoding | Family::Blanks | Family::NormalForm => return tally.rows > 0,
        Family::DateOrder | Family::YearDigits => (Family::DateOrder, COVERED),
        Family::DecimalMark | Family::Thousands => (Family::DecimalMark, COVERED),
        Family::Booleans => (Family::Booleans, COVERED_BY_BOOLEANS),
        Family::Casing => {
            return is_share(words(tally), tally.rows - tally.blank, COVERED);
        }
    };
    is_share(sum(&counts(of, tally)), tally.rows - tally.blank, share)
}

fn is_share(part: u64, whole: u64, least: f64) -> bool {
    part > 0 && part as f64 >= least * whole as f64
}

/// A conflict of conventions that are counted row by row.
fn conflict_of(family: Family, segments: &[&FormatTally]) -> Option<Conflict> {
    let covered = || {
        segments
            .iter()
            .enumerate()
            .filter(|(_, tally)| is_covered(family, tally))
    };
    // Marks are evidence for separators, which are of another family.
    let evidence = if family == Family::Thousands {
        Family::DecimalMark
    } else {
        family
    };
    let mut raw = Counts::new();
    covered().for_each(|(_, tally)| add(&mut raw, &counts(evidence, tally)));
    let of_segments: Vec<(usize, Counts)> = covered()
        .map(|(place, tally)| (place, resolved(family, tally, &raw)))
        .collect();
    let mut all = Counts::new();
    of_segments.iter().for_each(|(_, counts)| add(&mut all, counts));
    all.retain(|&(_, rows)| rows > 0);
    // A stable sort: of equals the first in the list.
    all.sort_by_key(|&(_, rows)| std::cmp::Reverse(rows));
    if family == Family::Encoding {
        all.sort_by_key(|&(convention, _)| convention != Convention::SoundText);
        if all
            .first()
            .is_some_and(|&(convention, _)| convention != Convention::SoundText)
        {
            all.insert(0, (Convention::SoundText, 0));
        }
    }
    let &(main, kept) = all.first().filter(|_| all.len() > 1)?;
    let rows = sum(&all);
    let failed = |counts: &Counts| sum(counts) - rows_of(counts, main);
    let examples = |convention| examples(&[convention], segments);
    Some(Conflict {
        family,
        conventions: all
            .iter()
            .map(|&(convention, rows)| ConventionRows {
                convention,
                rows,
                examples: examples(convention),
            })
            .collect(),
        rows,
        rows_failed: rows - kept,
        exact: true,
        segments: of_segments
            .iter()
            .map(|(place, counts)| (*place, failed(counts)))
            .filter(|&(_, failed)| failed > 0)
            .collect(),
        within_segments: of_segments
            .iter()
            .any(|(_, counts)| counts.iter().filter(|&&(_, rows)| rows > 0).count() > 1),
    })
}

/// Examples of conventions from all segments: those with the least hashes.
pub(super) fn examples(conventions: &[Convention], segments: &[&FormatTally]) -> Vec<String> {
    let seen = segments.iter().flat_map(|tally| {
        conventions
            .iter()
            .flat_map(|&convention| &tally.seen[convention as usize].examples)
    });
    let mut all: Vec<&(u64, String)> = seen.collect();
    all.sort_unstable();
    all.dedup_by_key(|(hash, _)| *hash);
    all.into_iter().take(EXAMPLES).map(|(_, text)| text.clone()).collect()
}
