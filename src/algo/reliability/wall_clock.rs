//! The calendar and the clocks of Berlin, counted by hand: what tests hold hours and windows against.
//!
//! Times are minutes since 2000-01-01 00:00 UTC.

pub const DAY: i64 = 24 * 60;

/// Days since 2000-01-01 of a date of the Gregorian calendar, counted year by year and month by month.
pub fn day_number(year: i64, month: usize, day: i64) -> i64 {
    let is_leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let years: i64 = (2000..year).map(|year| 365 + i64::from(is_leap(year))).sum();
    let february = 28 + i64::from(is_leap(year));
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    years + lengths[..month - 1].iter().sum::<i64>() + day - 1
}

/// The day of the week; Monday is 0. 2000-01-01 was a Saturday.
pub fn weekday(day: i64) -> i64 {
    (day + 5).rem_euclid(7)
}

/// How far clocks in Berlin are ahead of UTC: an hour, two in summer, which lasts from the last Sunday in March, 01:00 UTC, to that in October.
pub fn offset(minute: i64, year: i64) -> i64 {
    let change = |month| {
        let last = day_number(year, month, 31);
        (last - (weekday(last) + 1).rem_euclid(7)) * DAY + 60
    };
    match (change(3)..change(10)).contains(&minute) {
        true => 120,
        false => 60,
    }
}

/// When clocks in Berlin show so many minutes since 2000-01-01 there; of a time that comes twice the second.
pub fn instant(local: i64, year: i64) -> i64 {
    let winter = local - 60;
    match offset(winter, year) {
        60 => winter,
        ahead => local - ahead,
    }
}

#[test]
fn days_are_where_they_are_in_other_calendars() {
    assert_eq!(day_number(2000, 1, 1), 0);
    assert_eq!(day_number(2026, 11, 27), 9827);
    assert_eq!(weekday(day_number(2026, 11, 27)), 4);
    assert_eq!(offset(day_number(2026, 3, 29) * DAY + 59, 2026), 60);
    assert_eq!(offset(day_number(2026, 3, 29) * DAY + 60, 2026), 120);
    assert_eq!(offset(day_number(2026, 10, 25) * DAY + 60, 2026), 60);
}
