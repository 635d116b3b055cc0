//! Service levels and uptime against a grid of minutes that are looked at one by one, in weeks and months of a calendar with daylight saving, and in
//! leap years.

use proptest::prelude::*;

use super::budget::{Objective, Unknown};
use super::evidence::{Evidence, Finding, Verdict, in_order};
use super::intervals::{Span, Spans};
use super::slices::{Counts, Grid, Slices, count_occurrences};
use super::wall_clock::{DAY, day_number, instant};

/// Midnight in Berlin.
fn berlin(year: i64, month: usize, day: i64) -> i64 {
    instant(day_number(year, month, day) * DAY, year)
}

/// Windows of the calendar in Berlin: with the hour that is missing, the hour that comes twice, and 29 February.
fn windows() -> Vec<(Span, i64)> {
    let window = |a: (i64, usize, i64), b: (i64, usize, i64)| Span::new(berlin(a.0, a.1, a.2), berlin(b.0, b.1, b.2));
    vec![
        // The week in which clocks go forward, and the one in which they go back.
        (window((2026, 3, 23), (2026, 3, 30)), 7 * DAY - 60),
        (window((2026, 10, 19), (2026, 10, 26)), 7 * DAY + 60),
        (window((2026, 3, 1), (2026, 4, 1)), 31 * DAY - 60),
        (window((2028, 2, 1), (2028, 3, 1)), 29 * DAY),
        (window((2027, 2, 1), (2027, 3, 1)), 28 * DAY),
        (window((2028, 1, 1), (2028, 4, 1)), 91 * DAY - 60),
    ]
}

#[test]
fn days_of_the_calendar_are_as_long_as_their_clocks_say() {
    for (window, length) in windows() {
        assert_eq!(window.length(), length);
    }
}

/// Results of one source, and how long they speak.
type Source = (Vec<Finding>, i64);

/// What each minute of a window was, looked at by itself.
fn minute_is(sources: &[Source], at: i64) -> (bool, bool) {
    let mut is = (false, false);
    for (findings, valid_for) in sources {
        let newest = findings
            .iter()
            .map(|finding| finding.at)
            .filter(|&then| then <= at)
            .max();
        let Some(newest) = newest.filter(|then| at < then + valid_for) else {
            continue;
        };
        let worst = findings
            .iter()
            .filter(|finding| finding.at == newest)
            .map(|f| f.verdict);
        match worst.max() {
            Some(Verdict::Good) => is.0 = true,
            Some(Verdict::Bad) => is.1 = true,
            Some(Verdict::Unknown) | None => {}
        }
    }
    is
}

fn by_minutes(sources: &[Source], maintenance: &[Span], window: Span, slice: i64) -> Counts {
    let mut counts = Counts::default();
    let first = (window.from..).find(|at| at % slice == 0).unwrap();
    for from in (first..)
        .step_by(slice as usize)
        .take_while(|from| from + slice <= window.to)
    {
        let minutes = (from..from + slice).filter(|&at| !maintenance.iter().any(|span| span.contains(at)));
        let minutes: Vec<(bool, bool)> = minutes.map(|at| minute_is(sources, at)).collect();
        match () {
            () if minutes.is_empty() => counts.excluded += 1,
            () if minutes.iter().any(|is| is.1) => counts.bad += 1,
            () if minutes.iter().any(|is| is.0) => counts.good += 1,
            () => counts.unknown += 1,
        }
    }
    counts
}

fn by_spans(sources: &[Source], maintenance: &[Span], grid: Grid, numbers: Span) -> Counts {
    let mut evidence = Evidence::default();
    for (findings, valid_for) in sources {
        evidence.add(&in_order(findings.clone()), *valid_for);
    }
    Slices::new(grid, evidence, &Spans::union_of(maintenance.to_vec())).count(numbers)
}

prop_compose! {
    fn story()(which in 0_usize..6, slice in prop::sample::select(vec![1_i64, 5, 15, 60, 720]))(
        which in Just(which),
        slice in Just(slice),
        // Results as far as an hour apart, and gaps of days.
        sources in prop::collection::vec(
            (prop::collection::vec((0_i64..40 * DAY, 0..3_u8), 0..60), prop::sample::select(vec![7_i64, 60, DAY, 3 * DAY])), 1..4),
        maintenance in prop::collection::vec((0_i64..40 * DAY, 0_i64..2 * DAY), 0..4),
    ) -> (Span, i64, Vec<Source>, Vec<Span>) {
        let (window, _) = windows()[which];
        // Some of it is before the window.
        let begin = window.from - 5 * DAY;
        let verdict = |code| match code {
            0 => Verdict::Good,
            1 => Verdict::Bad,
            _ => Verdict::Unknown,
        };
        let sources = sources.into_iter().map(|(findings, valid_for)| {
            let findings = findings.into_iter().map(|(at, code)| Finding { at: begin + at, verdict: verdict(code) });
            (findings.collect(), valid_for)
        });
        let maintenance = maintenance.into_iter().map(|(at, length)| Span::new(begin + at, begin + at + length));
        (window, slice, sources.collect(), maintenance.collect())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn slices_are_what_their_minutes_were((window, slice, sources, maintenance) in story()) {
        let grid = Grid::new(slice);
        let expected = by_minutes(&sources, &maintenance, window, slice);
        let numbers = grid.within(window);
        let found = by_spans(&sources, &maintenance, grid, numbers);
        prop_assert_eq!(found, expected);
        prop_assert_eq!(found.total() + found.excluded, numbers.length());
        // A budget is what may be bad; what was spent of it, and what is left, are all of it.
        let objective = Objective::new(0.99).unwrap();
        let left = found.budget_left(found.total(), objective, Unknown::Bad);
        let spent = (expected.bad + expected.unknown) as f64;
        prop_assert!((left + spent - 0.01 * found.total() as f64).abs() < 1e-6);
    }

    #[test]
    fn the_last_slices_are_whole_and_enough((window, slice, sources, maintenance) in story(), at in 0_i64..20 * DAY, duration in 1_i64..800) {
        let (grid, at) = (Grid::new(slice), window.from + at);
        let numbers = grid.last(duration, at);
        let span = Span::new(numbers.from * slice, numbers.to * slice);
        prop_assert!(span.to <= at && at < span.to + slice);
        prop_assert!(span.length() >= duration && span.length() < duration + slice);
        let expected = by_minutes(&sources, &maintenance, span, slice);
        prop_assert_eq!(by_spans(&sources, &maintenance, grid, numbers), expected);
    }

    #[test]
    fn occurrences_are_counted_one_by_one((window, _, sources, maintenance) in story()) {
        let findings = in_order(sources[0].0.clone());
        let found = count_occurrences(&findings, window, &Spans::union_of(maintenance.clone()));
        let mut expected = Counts::default();
        for at in window.from..window.to {
            let worst = sources[0].0.iter().filter(|finding| finding.at == at).map(|finding| finding.verdict).max();
            let Some(worst) = worst else { continue };
            match worst {
                _ if maintenance.iter().any(|span| span.contains(at)) => expected.excluded += 1,
                Verdict::Good => expected.good += 1,
                Verdict::Bad => expected.bad += 1,
                Verdict::Unknown => expected.unknown += 1,
            }
        }
        prop_assert_eq!(found, expected);
    }

    /// Uptime is 1 minus the time in incidents, of which overlaps count once and maintenance does not.
    #[test]
    fn uptime_is_what_is_left_of_the_minutes(
        which in 0_usize..6,
        incidents in prop::collection::vec((-3 * DAY..40 * DAY, 0_i64..3 * DAY), 0..8),
        maintenance in prop::collection::vec((-DAY..35 * DAY, 0_i64..2 * DAY), 0..4),
    ) {
        let (window, _) = windows()[which];
        let spans = |list: &[(i64, i64)]| -> Vec<Span> {
            list.iter().map(|&(at, length)| Span::new(window.from + at, window.from + at + length)).collect()
        };
        let (incidents, maintenance) = (spans(&incidents), spans(&maintenance));
        let found = super::uptime(window, incidents.clone(), maintenance.clone());
        let is_in = |spans: &[Span], at| spans.iter().any(|span| span.contains(at));
        let counted: Vec<i64> = (window.from..window.to).filter(|&at| !is_in(&maintenance, at)).collect();
        let down = counted.iter().filter(|&&at| is_in(&incidents, at)).count() as i64;
        prop_assert_eq!(found.down, down);
        prop_assert_eq!(found.maintenance, window.length() - counted.len() as i64);
        match found.share() {
            None => prop_assert!(counted.is_empty()),
            Some(share) => prop_assert!((share - (1.0 - down as f64 / counted.len() as f64)).abs() < 1e-12),
        }
    }
}
