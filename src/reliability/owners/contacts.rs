//! How an owner is told.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::{options, time_zone};
use algo::formats::Format;

/// The most bytes of an address.
const LONGEST: usize = 2000;

/// As people write it, and as it is stored.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// Gets each notification as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<String>,
    /// Gets it in Slack's format.
    #[serde(skip_serializing_if = "Option::is_none")]
    slack: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// How long issues are gathered before they are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quiet_hours: Option<QuietHours>,
    /// In which it reads times.
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
}

/// When it is not to be disturbed, each day.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct QuietHours {
    from: String,
    /// On the next day where that is earlier.
    #[serde(alias = "to")]
    until: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_zone: Option<String>,
}

impl Contacts {
    /// Reads an argument. Returns an error with 22023 for what nobody could be reached by.
    pub fn read(json: Json) -> Result<Contacts> {
        let contacts: Contacts = options::parse("contacts", json)?;
        let quiet = contacts.quiet_hours.as_ref();
        let zones = [
            ("time_zone", contacts.time_zone.as_ref()),
            (
                "quiet_hours.time_zone",
                quiet.and_then(|hours| hours.time_zone.as_ref()),
            ),
        ];
        check(
            "email",
            contacts.email.as_ref(),
            is_of(Format::Email),
            "Write it as ann@example.org.",
        )?;
        check("webhook", contacts.webhook.as_ref(), is_address, WEB)?;
        check("slack", contacts.slack.as_ref(), is_address, WEB)?;
        check(
            "phone",
            contacts.phone.as_ref(),
            is_of(Format::PhoneE164),
            "Write it as +493012345678.",
        )?;
        check(
            "digest",
            contacts.digest.as_ref(),
            |text| minutes_of(text).is_some(),
            "Write it as 15 minutes: a number of seconds, minutes or hours, at most 24 hours; 0 minutes tells each at once.",
        )?;
        for (key, zone) in zones {
            check(
                key,
                zone,
                time_zone::exists,
                "Name a time zone as pg_timezone_names lists it, such as Europe/Berlin.",
            )?;
        }
        let times = quiet.map(|hours| [("quiet_hours.from", &hours.from), ("quiet_hours.until", &hours.until)]);
        for (key, time) in times.into_iter().flatten() {
            check(key, Some(time), is_time_of_day, "Write it as 22:00.")?;
        }
        if let Some(hours) = quiet.filter(|hours| hours.from == hours.until) {
            return Err(refused("quiet_hours", &hours.from)
                .hint("Quiet hours that end when they begin are none: leave them out, or say when they end."));
        }
        Ok(contacts)
    }

    /// As it is stored.
    pub fn to_json(&self) -> Result<Json> {
        serde_json::to_value(self).map_err(|error| options::invalid("contacts", &error))
    }
}

const WEB: &str = "Write an address that begins with https:// or http://.";

fn is_of(format: Format) -> impl Fn(&str) -> bool {
    move |text| format.matches(text)
}

fn is_address(text: &str) -> bool {
    (text.starts_with("https://") || text.starts_with("http://")) && Format::Url.matches(text)
}

/// A time of day as 22:00 or 22:00:30: nothing that PostgreSQL would not read, for what is stored is read whenever anybody is told anything.
fn is_time_of_day(text: &str) -> bool {
    text.len() <= 8 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':') && Format::Time.matches(text)
}

/// A text such as `15 minutes`, in minutes; `None` for another one, and for more than a day.
fn minutes_of(text: &str) -> Option<f64> {
    let (number, unit) = text.split_once(' ')?;
    let is_whole = number.len() <= 5 && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u32 = number.parse().ok().filter(|_| is_whole)?;
    let each = match unit {
        "second" | "seconds" => 1.0 / 60.0,
        "minute" | "minutes" => 1.0,
        "hour" | "hours" => 60.0,
        _ => return None,
    };
    Some(f64::from(number) * each).filter(|minutes| *minutes <= 1440.0)
}

fn refused(key: &str, value: &str) -> Error {
    Error::new(INVALID_PARAMETER, format!("contacts: \"{key}\" is not valid"))
        .detail(format!("It is \"{}\".", value.escape_debug()))
}

/// Returns an error unless a value that is there is as `is_right` says.
fn check(key: &str, value: Option<&String>, is_right: impl Fn(&str) -> bool, hint: &str) -> Result<()> {
    match value {
        Some(text) if text.len() > LONGEST => Err(Error::new(
            INVALID_PARAMETER,
            format!("contacts: \"{key}\" is longer than {LONGEST} bytes"),
        )
        .detail(format!("It has {}.", text.len()))
        .hint(hint)),
        Some(text) if !is_right(text) => Err(refused(key, text).hint(hint)),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_at_most_a_day() {
        assert_eq!(minutes_of("15 minutes"), Some(15.0));
        assert_eq!(minutes_of("0 minutes"), Some(0.0));
        assert_eq!(minutes_of("24 hours"), Some(1440.0));
        for text in [
            "25 hours",
            "86401 seconds",
            "-1 minutes",
            "1.5 hours",
            "15",
            "15 minutes ago",
            "",
            " minutes",
            "1e3 seconds",
        ] {
            assert_eq!(minutes_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_of_day_is_one_that_postgresql_reads() {
        for text in ["22:00", "07:30:15", "00:00", "23:59:60"] {
            assert!(is_time_of_day(text), "{text}");
        }
        for text in [
            "22:00:00,5",
            "22:00:00.123456789",
            "24:00",
            "22:00Z",
            "2200",
            "T22:00",
            "",
            "22:00:00+02",
        ] {
            assert!(!is_time_of_day(text), "{text}");
        }
    }

    #[test]
    fn an_address_is_of_the_web() {
        assert!(is_address("https://hooks.example.org/services/T0/B0?x=1"));
        assert!(is_address("http://localhost:8080/hook"));
        for text in [
            "file:///etc/passwd",
            "gopher://example.org",
            "https://",
            "https://a b",
            "javascript:alert(1)",
            "https://a\nb",
        ] {
            assert!(!is_address(text), "{text}");
        }
    }
}
