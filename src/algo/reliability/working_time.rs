//! Time that only passes during working hours: a deadline of four hours that begins on Friday at four may end on Monday at noon.
//!
//! Days, time zones and holidays are PostgreSQL's: here working hours are stretches between two instants. Instants and durations are whole numbers of
//! one unit, which is the caller's.

/// Stretches of working time, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkingTime {
    /// Begin and end of each, apart from each other.
    stretches: Vec<(i64, i64)>,
    /// How much working time there is before each.
    before: Vec<i64>,
}

impl WorkingTime {
    /// Of stretches in any order, which may overlap; what ends where it begins, or before, is none.
    pub fn new(mut stretches: Vec<(i64, i64)>) -> WorkingTime {
        stretches.retain(|(begin, end)| begin < end);
        stretches.sort_unstable();
        let mut joined: Vec<(i64, i64)> = Vec::with_capacity(stretches.len());
        for (begin, end) in stretches {
            match joined.last_mut() {
                Some(last) if begin <= last.1 => last.1 = last.1.max(end),
                Some(_) | None => joined.push((begin, end)),
            }
        }
        let mut before = Vec::with_capacity(joined.len());
        let mut total = 0_i64;
        for (begin, end) in &joined {
            before.push(total);
            total = total.saturating_add(end.saturating_sub(*begin));
        }
        WorkingTime {
            stretches: joined,
            before,
        }
    }

    /// How much working time there is before an instant.
    fn until(&self, at: i64) -> i64 {
        let begun = self.stretches.partition_point(|(begin, _)| *begin < at);
        match begun.checked_sub(1) {
            None => 0,
            Some(last) => {
                let (begin, end) = self.stretches[last];
                self.before[last].saturating_add(at.min(end).saturating_sub(begin))
            }
        }
    }

    /// How much working time passes from one instant to another; nothing where the second is not later.
    pub fn between(&self, since: i64, until: i64) -> i64 {
        self.until(until.max(since)).saturating_sub(self.until(since))
    }

    /// The first instant, not before `start`, by which a duration of working time has passed since. `None` where there is not as much.
    pub fn after(&self, start: i64, duration: i64) -> Option<i64> {
        if duration <= 0 {
            return Some(start);
        }
        let wanted = self.until(start).checked_add(duration)?;
        let last = self.before.partition_point(|before| *before < wanted).checked_sub(1)?;
        let (begin, end) = self.stretches[last];
        let at = begin.checked_add(wanted.saturating_sub(self.before[last]))?;
        (at <= end).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::super::wall_clock::{DAY, day_number, instant, offset, weekday};
    use super::*;
    use proptest::prelude::*;

    /// What stands in a grid of minutes: whether each is a working one.
    fn grid(stretches: &[(i64, i64)], from: i64, to: i64) -> Vec<bool> {
        (from..to)
            .map(|minute| stretches.iter().any(|(begin, end)| (*begin..*end).contains(&minute)))
            .collect()
    }

    fn counted(grid: &[bool], from: i64, since: i64, until: i64) -> i64 {
        (since.max(from)..until)
            .filter(|minute| grid.get((minute - from) as usize).copied().unwrap_or(false))
            .count() as i64
    }

    /// The first minute by which so many working ones have passed.
    fn walked(grid: &[bool], from: i64, start: i64, duration: i64) -> Option<i64> {
        let mut left = duration;
        let mut at = start;
        while left > 0 {
            let place = usize::try_from(at - from).ok()?;
            if *grid.get(place)? {
                left -= 1;
            }
            at += 1;
        }
        Some(at)
    }

    proptest! {
        #[test]
        fn it_is_what_a_grid_of_minutes_counts(
            stretches in prop::collection::vec((0_i64..3000, -5_i64..300), 0..20),
            since in 0_i64..3300, length in 0_i64..3300, duration in 0_i64..1500,
        ) {
            let stretches: Vec<(i64, i64)> = stretches.into_iter().map(|(begin, length)| (begin, begin + length)).collect();
            let grid = grid(&stretches, 0, 3400);
            let working = WorkingTime::new(stretches);
            prop_assert_eq!(working.between(since, since + length), counted(&grid, 0, since, since + length));
            prop_assert_eq!(working.after(since, duration), walked(&grid, 0, since, duration));
            if let Some(at) = working.after(since, duration) {
                prop_assert_eq!(working.between(since, at), duration);
            }
        }
    }

    #[test]
    fn clocks_that_change_leap_days_and_holidays_count_as_a_clock_on_the_wall_shows() {
        // The hours of each day of the week, in minutes. On Sundays, when clocks change, from one to five, and on Saturdays all day.
        const HOURS: [&[(i64, i64)]; 7] = [
            &[(540, 1020)],
            &[(540, 720), (780, 1020)],
            &[],
            &[(0, 1440)],
            &[(540, 960)],
            &[(0, 1440)],
            &[(60, 300)],
        ];
        for (year, first, last, holidays) in [
            (
                2026,
                day_number(2026, 3, 20),
                day_number(2026, 4, 10),
                vec![day_number(2026, 4, 3), day_number(2026, 4, 6)],
            ),
            (
                2026,
                day_number(2026, 10, 16),
                day_number(2026, 11, 2),
                vec![day_number(2026, 10, 31)],
            ),
            (
                2028,
                day_number(2028, 2, 20),
                day_number(2028, 3, 5),
                vec![day_number(2028, 2, 28)],
            ),
        ] {
            let hours = |day: i64| match holidays.contains(&day) {
                true => &[][..],
                false => HOURS[weekday(day) as usize],
            };
            let stretches = (first..=last).flat_map(|day| {
                let local = day * DAY;
                let instants = hours(day)
                    .iter()
                    .map(move |(begin, end)| (instant(local + begin, year), instant(local + end, year)));
                instants.collect::<Vec<_>>()
            });
            let working = WorkingTime::new(stretches.collect());
            // The wall clock, looked at each minute.
            let (from, to) = (first * DAY, last * DAY);
            let grid: Vec<bool> = (from..to)
                .map(|minute| {
                    let local = minute + offset(minute, year);
                    let (day, time) = (local.div_euclid(DAY), local.rem_euclid(DAY));
                    hours(day).iter().any(|(begin, end)| (*begin..*end).contains(&time))
                })
                .collect();
            for start in (from + DAY..to - DAY).step_by(97) {
                for duration in [0, 1, 59, 240, 480, 1440, 3000] {
                    if let Some(expected) = walked(&grid, from, start, duration) {
                        assert_eq!(
                            working.after(start, duration),
                            Some(expected),
                            "{year} {start} {duration}"
                        );
                    }
                    let until = (start + duration).min(to);
                    assert_eq!(
                        working.between(start, until),
                        counted(&grid, from, start, until),
                        "{year} {start}"
                    );
                }
            }
        }
    }

    #[test]
    fn without_working_hours_no_time_passes() {
        let never = WorkingTime::new(vec![(5, 5), (9, 3)]);
        assert_eq!(never.between(i64::MIN, i64::MAX), 0);
        assert_eq!(never.after(7, 1), None);
        assert_eq!(never.after(7, 0), Some(7));
        assert_eq!(never.after(7, -3), Some(7));
    }

    #[test]
    fn a_deadline_is_at_the_end_of_a_day_and_not_at_the_beginning_of_the_next() {
        let working = WorkingTime::new(vec![(100, 200), (300, 400)]);
        assert_eq!(working.after(100, 100), Some(200));
        assert_eq!(working.after(100, 101), Some(301));
        assert_eq!(working.after(250, 1), Some(301));
        assert_eq!(working.after(100, 201), None);
    }

    #[test]
    fn instants_at_the_ends_of_what_numbers_hold_do_not_overflow() {
        let always = WorkingTime::new(vec![(i64::MIN, i64::MAX)]);
        assert_eq!(always.after(i64::MAX, 1), None);
        assert_eq!(always.between(5, 3), 0);
        let _ = always.after(0, i64::MAX);
        let _ = always.between(i64::MIN, i64::MAX);
    }
}
