//! The working hours of a week, as people write them.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::pg::error::{Error, INVALID_PARAMETER, Result};

/// The days of a week, from Monday, as they are kept.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// The most stretches of a day.
const MOST: usize = 24;

/// Hours from and until when there is work, in minutes of a day, by days from Monday.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Hours([Vec<(u32, u32)>; 7]);

impl Hours {
    /// Reads an object whose keys are days (mon, monday) or stretches of them (mon-fri), and whose values are hours (09:00-17:00) or arrays of these.
    /// Returns an error with 22023 for what is no such thing, hours that overlap, and a week without any.
    pub fn read(object: &Json) -> Result<Hours> {
        let mut hours = Hours::default();
        let Json::Object(entries) = object else {
            return Err(refused("is no JSON object".into(), object.to_string()));
        };
        for (key, value) in entries {
            let days = days(key).ok_or_else(|| refused("has a key that is no day of the week".into(), key.clone()))?;
            let texts: Vec<&Json> = match value {
                Json::Array(texts) => texts.iter().collect(),
                other => vec![other],
            };
            for text in texts {
                let stretch = text.as_str().and_then(stretch);
                let stretch = stretch.ok_or_else(|| refused(format!("has no hours at \"{key}\""), text.to_string()))?;
                for &day in &days {
                    hours.0[day].push(stretch);
                }
            }
        }
        for (day, stretches) in DAYS.iter().zip(&mut hours.0) {
            stretches.sort_unstable();
            if stretches.len() > MOST {
                return Err(refused(
                    format!("has more than {MOST} stretches on {day}"),
                    stretches.len().to_string(),
                ));
            }
            if let Some(pair) = stretches.windows(2).find(|pair| pair[1].0 < pair[0].1) {
                return Err(refused(
                    format!("has hours on {day} that overlap"),
                    format!("{} and {}", shown(pair[0]), shown(pair[1])),
                ));
            }
        }
        match hours.0.iter().all(Vec::is_empty) {
            true => Err(refused(
                "has no working hours: no time would ever pass".into(),
                object.to_string(),
            )),
            false => Ok(hours),
        }
    }

    /// As it is kept: an array of hours for each day that has some.
    pub fn kept(&self) -> Json {
        let days = DAYS.iter().zip(&self.0).filter(|(_, stretches)| !stretches.is_empty());
        let days: BTreeMap<&str, Vec<String>> = days
            .map(|(day, stretches)| (*day, stretches.iter().map(|stretch| shown(*stretch)).collect()))
            .collect();
        json!(days)
    }
}

/// The days that a key names.
fn days(key: &str) -> Option<Vec<usize>> {
    const NAMES: [&str; 7] = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let day = |name: &str| {
        let name = name.trim().to_ascii_lowercase();
        (0..7).find(|&day| name == DAYS[day] || name == NAMES[day])
    };
    match key.split_once('-') {
        None => day(key).map(|day| vec![day]),
        Some((first, last)) => {
            let (first, last) = (day(first)?, day(last)?);
            Some(
                (0..7)
                    .map(|step| (first + step) % 7)
                    .take((last + 7 - first) % 7 + 1)
                    .collect(),
            )
        }
    }
}

/// The minutes of `09:00-17:00`.
fn stretch(text: &str) -> Option<(u32, u32)> {
    let (begin, end) = text.split_once('-')?;
    let (begin, end) = (minute(begin)?, minute(end)?);
    (begin < end).then_some((begin, end))
}

/// The minute of a day that `09:00` is; 24:00 is the last one's end.
fn minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.trim().split_once(':')?;
    let digits = |text: &str| {
        (text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse::<u32>().ok())?
    };
    let (hour, minute) = (digits(hour)?, digits(minute)?);
    (minute < 60 && hour * 60 + minute <= 24 * 60).then_some(hour * 60 + minute)
}

fn shown((begin, end): (u32, u32)) -> String {
    format!("{:02}:{:02}-{:02}:{:02}", begin / 60, begin % 60, end / 60, end % 60)
}

fn refused(problem: String, found: String) -> Error {
    let found: String = found.chars().take(200).collect();
    Error::new(INVALID_PARAMETER, format!("argument \"hours\" {problem}"))
        .detail(format!("It is {found}."))
        .hint("Write it as {\"mon-thu\": \"09:00-17:00\", \"fri\": [\"09:00-12:00\", \"13:00-15:30\"]}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(object: Json) -> Json {
        Hours::read(&object).unwrap().kept()
    }

    #[test]
    fn days_are_written_alone_and_in_stretches() {
        assert_eq!(
            kept(json!({"mon-wed": "09:00-17:00", "Friday": ["13:00-24:00", "9:00-12:30"]})),
            json!({"mon": ["09:00-17:00"], "tue": ["09:00-17:00"], "wed": ["09:00-17:00"], "fri": ["09:00-12:30", "13:00-24:00"]})
        );
        assert_eq!(
            kept(json!({"sat-mon": "00:00-24:00"})),
            json!({"sat": ["00:00-24:00"], "sun": ["00:00-24:00"], "mon": ["00:00-24:00"]})
        );
    }

    #[test]
    fn what_is_kept_is_read_as_the_same() {
        let hours = Hours::read(&json!({"mon-fri": ["08:00-12:00", "12:00-16:00"]})).unwrap();
        assert_eq!(Hours::read(&hours.kept()).unwrap(), hours);
    }

    #[test]
    fn what_are_no_hours_is_refused() {
        for wrong in [
            json!({}),
            json!([]),
            json!({"mon": []}),
            json!({"someday": "09:00-17:00"}),
            json!({"mon": "17:00-09:00"}),
            json!({"mon": "09:00-09:00"}),
            json!({"mon": "09:00-24:01"}),
            json!({"mon": "09:60-10:00"}),
            json!({"mon": "+9:00-10:00"}),
            json!({"mon": 9}),
            json!({"mon": null}),
            json!({"mon": ["09:00-12:00", "11:59-13:00"]}),
            json!({"mon-": "09:00-12:00"}),
            json!({"mon-fri": "09:00-12:00", "tue": "11:00-14:00"}),
        ] {
            assert!(Hours::read(&wrong).is_err(), "{wrong}");
        }
    }
}
