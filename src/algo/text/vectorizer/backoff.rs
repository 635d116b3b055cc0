//! When work that failed is tried again: after a wait that doubles with each failure (binary exponential backoff, Metcalfe and Boggs,
//! "Ethernet: Distributed Packet Switching for Local Computer Networks", 1976), up to an hour.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(3600);

/// How long to wait after so many failures.
pub fn wait(failures: u32) -> Duration {
    let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    FIRST.checked_mul(doubled).unwrap_or(LONGEST).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_an_hour() {
        let seconds: Vec<u64> = (1..=11).map(|failures| wait(failures).as_secs()).collect();
        assert_eq!(seconds, [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
    }

    #[test]
    fn every_number_of_failures_has_a_wait() {
        for failures in [0, 31, 32, 33, 64, u32::MAX] {
            let seconds = wait(failures).as_secs();
            assert!((10..=3600).contains(&seconds), "{failures} {seconds}");
        }
    }
}
