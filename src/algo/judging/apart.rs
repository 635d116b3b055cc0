//! How far groups are apart in what a decision does to them, and how sure that is.
//!
//! Two shares of rows are compared by the method of variance estimates recovery ([`crate::stats::mover`]). The greatest difference of many groups
//! is at least the greatest of what is sure of each pair and at most the greatest of what may be: with intervals that all hold at once, each as
//! sure as Bonferroni's inequality asks, that holds it with 95 % at least, although the pair was sought out. A group and all rows share the
//! group's rows: compared is the group with the others, of which all rows are a mixture.

use rayon::prelude::*;

use super::calibration::LEVEL;
use super::costs::Amount;
use super::fairness::{Group, GroupMetric};
use crate::error::Result;
use crate::monitor::Monitor;
use crate::stats::mover::Estimate;
use crate::stats::proportion::Share;

/// A demand on decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criterion {
    /// Groups are called positive as often.
    DemographicParity,
    /// Positive rows of all groups are called so as often.
    EqualOpportunity,
    /// Positive rows are, and negative rows are.
    EqualizedOdds,
}

impl Criterion {
    /// Every demand.
    pub const ALL: [Criterion; 3] = [
        Criterion::DemographicParity,
        Criterion::EqualOpportunity,
        Criterion::EqualizedOdds,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Criterion::DemographicParity => "demographic_parity",
            Criterion::EqualOpportunity => "equal_opportunity",
            Criterion::EqualizedOdds => "equalized_odds",
        }
    }

    /// What has to be alike.
    const fn metrics(self) -> &'static [GroupMetric] {
        match self {
            Criterion::DemographicParity => &[GroupMetric::SelectionRate],
            Criterion::EqualOpportunity => &[GroupMetric::TruePositiveRate],
            Criterion::EqualizedOdds => &[GroupMetric::TruePositiveRate, GroupMetric::FalsePositiveRate],
        }
    }
}

/// With what a group is compared.
#[derive(Debug, Clone, Copy)]
pub enum With<'a> {
    /// With all rows, its own among them.
    All(&'a Group),
    /// With a group.
    One(&'a Group),
}

impl<'a> With<'a> {
    fn group(self) -> &'a Group {
        match self {
            With::All(group) | With::One(group) => group,
        }
    }
}

/// How far groups are apart, with what each may be.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Apart {
    /// The difference: 0 is alike.
    pub difference: Option<Amount>,
    /// The ratio: 1 is alike.
    pub ratio: Option<Amount>,
}

/// The ends of the intervals of a difference and a ratio.
#[derive(Debug, Clone, Copy)]
struct Ends {
    difference: (f64, f64),
    ratio: (f64, f64),
}

impl Ends {
    /// Of two estimates, neither of which is below 0.
    fn of(one: &Estimate, other: &Estimate) -> Ends {
        Ends {
            difference: one.less(other),
            ratio: one.over(other),
        }
    }

    /// Of a group's share and that of all rows. `None` where the group has no rows.
    fn within(group: Share, all: Share, confidence: f64) -> Option<Ends> {
        let ours = Estimate::of(group, confidence)?;
        let rest = Share {
            part: all.part.checked_sub(group.part)?,
            rows: all.rows.checked_sub(group.rows)?,
        };
        let Some(rest) = Estimate::of(rest, confidence) else {
            // The group is all rows.
            return Some(Ends {
                difference: (0.0, 0.0),
                ratio: (1.0, 1.0),
            });
        };
        let own = group.rows as f64 / all.rows as f64;
        let others = 1.0 - own;
        let ends = Ends::of(&ours, &rest);
        let of_all = |ratio: f64| match ratio.is_finite() {
            true => ratio / (own * ratio + others),
            false => 1.0 / own,
        };
        Some(Ends {
            difference: (others * ends.difference.0, others * ends.difference.1),
            ratio: (of_all(ends.ratio.0), of_all(ends.ratio.1)),
        })
    }

    /// The same whichever of the two is greater: the difference is not below 0, the ratio not above 1.
    fn either_way(self) -> Ends {
        let ((low, high), (least, most)) = (self.difference, self.ratio);
        Ends {
            difference: (low.max(-high).max(0.0), high.max(-low)),
            ratio: (least.min(1.0 / most), most.min(1.0 / least).min(1.0)),
        }
    }

    /// Those of the greatest difference and the least ratio, where both hold at once.
    fn farthest(self, other: Ends) -> Ends {
        let of = |a: (f64, f64), b: (f64, f64), choose: fn(f64, f64) -> f64| (choose(a.0, b.0), choose(a.1, b.1));
        Ends {
            difference: of(self.difference, other.difference, f64::max),
            ratio: of(self.ratio, other.ratio, f64::min),
        }
    }
}

/// A metric of a group less, and over, that of what it is compared with. Without intervals where one has none, where rows are compared with
/// themselves, and of what is no share of rows beside all rows; a gap has no ratio.
pub fn beside(metric: GroupMetric, group: &Group, with: With<'_>) -> Apart {
    let (Some(ours), Some(theirs)) = (group.measured(metric), with.group().measured(metric)) else {
        return Apart::default();
    };
    let (Some(value), Some(other)) = (ours.value, theirs.value) else {
        return Apart::default();
    };
    let ends = match with {
        With::All(_) => (ours.share().zip(theirs.share())).and_then(|(ours, all)| Ends::within(ours, all, LEVEL)),
        With::One(one) if std::ptr::eq(one, group) => None,
        With::One(_) => ours.interval.zip(theirs.interval).map(|(interval, of_other)| {
            let estimate = |value, interval| Estimate { value, interval };
            Ends::of(&estimate(value, interval), &estimate(other, of_other))
        }),
    };
    let has_ratio = other > 0.0 && metric != GroupMetric::CalibrationGap;
    Apart {
        difference: Some(Amount {
            value: value - other,
            interval: ends.map(|ends| ends.difference),
        }),
        ratio: has_ratio.then(|| Amount {
            value: value / other,
            interval: ends.map(|ends| ends.ratio),
        }),
    }
}

/// How far groups are apart by a demand, as fairlearn has it: the greatest difference and the least ratio, without `with` between any two of them, with it
/// between each and that. Groups in which a metric is not defined do not count. Returns an error when stopped. O(groups x groups) without `with`.
pub fn apart(criterion: Criterion, groups: &[&Group], with: Option<With<'_>>, monitor: &dyn Monitor) -> Result<Apart> {
    let shares: Vec<Shares> = (criterion.metrics().iter())
        .filter_map(|&metric| Shares::of(metric, groups, with))
        .collect();
    let pairs: u64 = shares.iter().map(Shares::pairs).sum();
    let confidence = 1.0 - (1.0 - LEVEL) / pairs.max(1) as f64;
    let mut all = Apart::default();
    for shares in &shares {
        let found = shares.apart(confidence, monitor)?;
        all = Apart {
            difference: farther(all.difference, found.difference, f64::max),
            ratio: farther(all.ratio, found.ratio, f64::min),
        };
    }
    Ok(all)
}

fn farther(a: Option<Amount>, b: Option<Amount>, choose: fn(f64, f64) -> f64) -> Option<Amount> {
    let (Some(a), Some(b)) = (a, b) else {
        return a.or(b);
    };
    let ends = |a: (f64, f64), b: (f64, f64)| (choose(a.0, b.0), choose(a.1, b.1));
    Some(Amount {
        value: choose(a.value, b.value),
        interval: match (a.interval, b.interval) {
            (Some(a), Some(b)) => Some(ends(a, b)),
            (a, b) => a.or(b),
        },
    })
}

/// The shares of groups that are to be alike, and what they are compared with.
struct Shares {
    /// Those of the groups, but for the one that they are compared with.
    groups: Vec<Share>,
    with: Beside,
}

enum Beside {
    EachOther,
    All(Share),
    One(Share),
}

fn value(share: &Share) -> f64 {
    share.part as f64 / share.rows as f64
}

impl Shares {
    /// `None` where there is nothing to compare.
    fn of(metric: GroupMetric, groups: &[&Group], with: Option<With<'_>>) -> Option<Shares> {
        let of = |group: &Group| group.measured(metric).and_then(|measured| measured.share());
        let beside = match with {
            None => Beside::EachOther,
            Some(With::All(all)) => Beside::All(of(all)?),
            Some(With::One(one)) => Beside::One(of(one)?),
        };
        let is_reference = |group: &Group| matches!(with, Some(With::One(one)) if std::ptr::eq(one, group));
        let defined: Vec<&&Group> = groups.iter().filter(|group| of(group).is_some()).collect();
        let others = defined.iter().filter(|group| !is_reference(group));
        (!defined.is_empty()).then(|| Shares {
            groups: others.filter_map(|group| of(group)).collect(),
            with: beside,
        })
    }

    /// How many comparisons there are.
    fn pairs(&self) -> u64 {
        let groups = self.groups.len() as u64;
        match self.with {
            Beside::EachOther => groups * groups.saturating_sub(1) / 2,
            Beside::All(_) | Beside::One(_) => groups,
        }
    }

    fn apart(&self, confidence: f64, monitor: &dyn Monitor) -> Result<Apart> {
        let ends = self.ends(confidence, monitor)?;
        let values: Vec<f64> = self.groups.iter().map(value).collect();
        let (mut least, mut greatest) = (f64::INFINITY, f64::NEG_INFINITY);
        for &value in &values {
            (least, greatest) = (least.min(value), greatest.max(value));
        }
        let ratio = |a: f64, b: f64| (a.max(b) > 0.0).then(|| a.min(b) / a.max(b));
        let (difference, ratio) = match self.with {
            Beside::EachOther => (greatest - least, ratio(least, greatest)),
            // The group that the others are compared with is as far from itself as anything is that is alike.
            Beside::One(_) if values.is_empty() => (0.0, Some(1.0)),
            Beside::All(with) | Beside::One(with) => {
                let with = value(&with);
                let ratios = values.iter().filter_map(|&value| ratio(value, with));
                (
                    (greatest - with).abs().max((least - with).abs()),
                    ratios.reduce(f64::min),
                )
            }
        };
        Ok(Apart {
            difference: Some(Amount {
                value: difference,
                interval: ends.map(|ends| ends.difference),
            }),
            ratio: ratio.map(|value| Amount {
                value,
                interval: ends.map(|ends| ends.ratio),
            }),
        })
    }

    /// `None` where no two are compared.
    fn ends(&self, confidence: f64, monitor: &dyn Monitor) -> Result<Option<Ends>> {
        let estimates: Vec<Estimate> = (self.groups.iter())
            .filter_map(|&share| Estimate::of(share, confidence))
            .collect();
        let farthest = |all: &mut dyn Iterator<Item = Ends>| all.map(Ends::either_way).reduce(Ends::farthest);
        match self.with {
            Beside::EachOther => {
                let rows = estimates.par_iter().enumerate().map(|(place, one)| {
                    monitor.check()?;
                    let mut others = estimates[place + 1..].iter().map(|other| Ends::of(one, other));
                    Ok(farthest(&mut others))
                });
                rows.try_reduce(
                    || None,
                    |a, b| {
                        Ok(match (a, b) {
                            (Some(a), Some(b)) => Some(a.farthest(b)),
                            (a, b) => a.or(b),
                        })
                    },
                )
            }
            Beside::All(all) => Ok(farthest(
                &mut (self.groups.iter()).filter_map(|&group| Ends::within(group, all, confidence)),
            )),
            Beside::One(one) => Ok(Estimate::of(one, confidence)
                .and_then(|one| farthest(&mut estimates.iter().map(|estimate| Ends::of(estimate, &one))))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judging::fairness::tests::group;
    use crate::monitor::Unwatched;
    use crate::stats::proportion::wilson;

    fn found(criterion: Criterion, groups: &[&Group], with: Option<With<'_>>) -> Apart {
        apart(criterion, groups, with, &Unwatched).unwrap()
    }

    fn values(apart: Apart) -> (Option<f64>, Option<f64>) {
        (
            apart.difference.map(|amount| amount.value),
            apart.ratio.map(|amount| amount.value),
        )
    }

    /// `called` of `rows` are called positive, all of which are.
    fn selected(called: usize, rows: usize) -> Group {
        let row = |place| if place < called { (true, 0.9) } else { (false, 0.1) };
        group(&(0..rows).map(row).collect::<Vec<_>>())
    }

    fn close(ours: (f64, f64), theirs: (f64, f64)) {
        assert!(
            (ours.0 - theirs.0).abs() < 1e-12 && (ours.1 - theirs.1).abs() < 1e-12,
            "{ours:?} {theirs:?}"
        );
    }

    #[test]
    fn groups_are_apart_as_fairlearn_has_it() {
        // Selection rates 0.75, 0.5 and 0.25; all true positive rates 1; false positive rates 0.5, 0.5 and 0.
        let groups = [
            group(&[(true, 0.9), (true, 0.9), (false, 0.9), (false, 0.1)]),
            group(&[
                (true, 0.9),
                (true, 0.6),
                (false, 0.9),
                (false, 0.1),
                (false, 0.6),
                (false, 0.1),
                (false, 0.1),
                (false, 0.1),
            ]),
            group(&[(true, 0.9), (false, 0.1), (false, 0.1), (false, 0.1)]),
        ];
        let all: Vec<&Group> = groups.iter().collect();
        let between = found(Criterion::DemographicParity, &all, None);
        assert_eq!(values(between), (Some(0.5), Some(0.25 / 0.75)));
        let to_second = found(Criterion::DemographicParity, &all, Some(With::One(&groups[1])));
        assert_eq!(values(to_second), (Some(0.25), Some(0.5)));
        let odds = found(Criterion::EqualizedOdds, &all, None);
        assert_eq!(values(odds), (Some(0.5), Some(0.0)));
        let opportunity = found(Criterion::EqualOpportunity, &all, None);
        assert_eq!(values(opportunity), (Some(0.0), Some(1.0)));
        for apart in [between, to_second, odds, opportunity] {
            for amount in [apart.difference, apart.ratio].into_iter().flatten() {
                let (low, high) = amount.interval.unwrap();
                assert!(0.0 <= low && low <= amount.value && amount.value <= high, "{amount:?}");
            }
        }
    }

    #[test]
    fn groups_without_positive_rows_do_not_count_for_what_needs_them() {
        let groups = [
            group(&[(true, 0.9), (false, 0.1)]),
            group(&[(false, 0.9), (false, 0.1)]),
        ];
        assert_eq!(groups[1].value(GroupMetric::TruePositiveRate), None);
        assert_eq!(groups[1].value(GroupMetric::RocAuc), None);
        let all: Vec<&Group> = groups.iter().collect();
        let alone = found(Criterion::EqualOpportunity, &all, None);
        assert_eq!(values(alone), (Some(0.0), Some(1.0)));
        assert_eq!(alone.difference.unwrap().interval, None);
        assert_eq!(found(Criterion::EqualOpportunity, &[], None), Apart::default());
        let reference = found(Criterion::EqualOpportunity, &all, Some(With::One(&groups[1])));
        assert_eq!(reference, Apart::default());
    }

    /// Of two groups it is the interval of the two shares, whichever is greater.
    #[test]
    fn two_groups_have_the_interval_of_their_shares() {
        let (few, many) = (selected(1, 34), selected(7, 34));
        for pair in [[&few, &many], [&many, &few]] {
            for with in [None, Some(With::One(pair[0]))] {
                let apart = found(Criterion::DemographicParity, &pair, with);
                let (difference, ratio) = (apart.difference.unwrap(), apart.ratio.unwrap());
                close(difference.interval.unwrap(), (0.018921443885772993, 0.3403686870327073));
                close(
                    ratio.interval.unwrap(),
                    (1.0 / 41.97626167251751, 1.0 / 1.1536686892336805),
                );
            }
        }
        let row = beside(GroupMetric::SelectionRate, &few, With::One(&many));
        assert!((row.difference.unwrap().value + 6.0 / 34.0).abs() < 1e-15);
        close(
            row.difference.unwrap().interval.unwrap(),
            (-0.3403686870327073, -0.018921443885772993),
        );
        close(
            row.ratio.unwrap().interval.unwrap(),
            (1.0 / 41.97626167251751, 1.0 / 1.1536686892336805),
        );
        let itself = beside(GroupMetric::SelectionRate, &few, With::One(&few));
        assert_eq!(
            itself.difference.unwrap(),
            Amount {
                value: 0.0,
                interval: None
            }
        );
    }

    /// A group's rows are among all: the interval beside these is that beside the others, as far as these make up the difference.
    #[test]
    fn beside_all_rows_a_group_is_compared_with_the_others() {
        let (group, all) = (selected(7, 34), selected(8, 68));
        let row = beside(GroupMetric::SelectionRate, &group, With::All(&all));
        assert_eq!(row.difference.unwrap().value, 7.0 / 34.0 - 8.0 / 68.0);
        close(
            row.difference.unwrap().interval.unwrap(),
            (0.018921443885772993 / 2.0, 0.3403686870327073 / 2.0),
        );
        // Of all rows half are the group's: with a ratio to the others of r, that to all is r / (r / 2 + 1 / 2).
        let of_all = |ratio: f64| ratio / (ratio / 2.0 + 0.5);
        close(
            row.ratio.unwrap().interval.unwrap(),
            (of_all(1.1536686892336805), of_all(41.97626167251751)),
        );
        let whole = beside(GroupMetric::SelectionRate, &all, With::All(&all));
        assert_eq!(whole.difference.unwrap().interval, Some((0.0, 0.0)));
        let area = beside(GroupMetric::RocAuc, &group, With::All(&all));
        assert_eq!(area.difference.unwrap().interval, None);
    }

    /// Whichever pair is the farthest apart, its interval holds how far the farthest really are.
    #[test]
    fn intervals_of_the_farthest_groups_hold_what_is_true() {
        let draw = |seed: u64, row: u64| crate::hash::hash_u64(seed, row) as f64 / u64::MAX as f64;
        for (rates, greatest, least_ratio) in [
            ([0.3, 0.3, 0.3, 0.3, 0.3], 0.0, 1.0),
            ([0.2, 0.3, 0.35, 0.4, 0.5], 0.3, 0.4),
        ] {
            let (mut differences, mut ratios) = (0, 0);
            for sample in 0..300_u64 {
                let of = |(side, rate): (u64, f64)| {
                    let rows = 60 + 20 * side;
                    let called = (0..rows).filter(|&row| draw(5 * sample + side, row) < rate).count();
                    selected(called, rows as usize)
                };
                let groups: Vec<Group> = (0..).zip(rates).map(of).collect();
                let apart = found(Criterion::DemographicParity, &groups.iter().collect::<Vec<_>>(), None);
                let holds = |amount: Option<Amount>, truth: f64| {
                    let (low, high) = amount.unwrap().interval.unwrap();
                    u32::from(low <= truth && truth <= high)
                };
                differences += holds(apart.difference, greatest);
                ratios += holds(apart.ratio, least_ratio);
            }
            assert!(differences >= 280 && ratios >= 280, "{rates:?}: {differences} {ratios}");
        }
    }

    #[test]
    fn nobody_selected_anywhere_is_alike_as_far_as_can_be_told() {
        let groups = [selected(0, 20), selected(0, 30)];
        let apart = found(Criterion::DemographicParity, &groups.iter().collect::<Vec<_>>(), None);
        let difference = apart.difference.unwrap();
        assert_eq!((difference.value, apart.ratio), (0.0, None));
        close(difference.interval.unwrap(), (0.0, wilson(0, 20, LEVEL).1));
    }
}
