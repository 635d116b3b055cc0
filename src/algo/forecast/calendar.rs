//! Days, months and years of the proleptic Gregorian calendar, by Howard Hinnant's "chrono-compatible low-level date algorithms".

/// Microseconds of a day.
pub(super) const DAY: i64 = 86_400_000_000;

/// Days from the beginning of 1970 to that of 2000.
const EPOCH: i64 = 10_957;

/// Days since the beginning of 2000, and the microseconds of the day.
pub(super) fn split(time: i64) -> (i64, i64) {
    (time.div_euclid(DAY), time.rem_euclid(DAY))
}

/// The day of the week, 0 for Monday.
pub(super) fn weekday(day: i64) -> i64 {
    // The first day of 2000 was a Saturday.
    (day + 5).rem_euclid(7)
}

/// Months since the beginning of the year 0, and the day of the month from 1.
pub(super) fn month_of(day: i64) -> (i64, i64) {
    let shifted = day + EPOCH + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    // Years of the algorithm begin in March.
    ((year_of_era + era * 400) * 12 + month + 2, of_month)
}

/// The first day of a month.
pub(super) fn first_of(month: i64) -> i64 {
    let from_march = month - 2;
    let (year, month) = (from_march.div_euclid(12), from_march.rem_euclid(12));
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468 - EPOCH
}

/// How many days a month has.
pub(super) fn length_of(month: i64) -> i64 {
    first_of(month + 1) - first_of(month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_are_inverse() {
        for day in (-800_000..800_000).step_by(7) {
            let (month, of_month) = month_of(day);
            assert_eq!(first_of(month) + of_month - 1, day);
            assert!((1..=length_of(month)).contains(&of_month));
        }
        assert_eq!(month_of(0), (24_000, 1));
        assert_eq!(weekday(2), 0);
        // 29 February 2024.
        assert_eq!(month_of(8_825), (24_289, 29));
        assert_eq!(length_of(24_289), 29);
    }
}
