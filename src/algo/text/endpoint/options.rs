//! What a server and a user mapping say of an endpoint: options, which are texts.

use std::time::Duration;

use super::base_url::BaseUrl;
use super::budget::{Limits, Prices};
use super::columns::Columns;
use crate::pii::{Policy, Wrong as Wrongly};

/// The names of a server's options.
pub const SERVER: [&str; 13] = [
    "base_url",
    "api",
    "model",
    "timeout",
    "requests_per_minute",
    "tokens_per_day",
    "cost_per_day",
    "price_per_million_tokens",
    "price_per_million_answer_tokens",
    "batch_size",
    "ca_file",
    "columns",
    "redact",
];
/// The names of a user mapping's options, of which there is one at most: each says where the key is.
pub const USER: [&str; 3] = ["api_key", "api_key_file", "api_key_variable"];

/// The only protocol there is.
const OPENAI: &str = "openai";
/// Unless the server says otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(600);
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(1);
/// What every service takes; Cohere takes 96 texts, OpenAI 2048.
const BATCH: usize = 64;
const LARGEST_BATCH: usize = 2048;

/// What a server says.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerOptions {
    pub base_url: BaseUrl,
    /// The model where a registration names none.
    pub model: Option<String>,
    /// Of a whole call.
    pub timeout: Duration,
    pub limits: Limits,
    /// What tokens cost.
    pub prices: Prices,
    /// The most texts of a call.
    pub batch: usize,
    /// A file with the certificates of authorities, in place of the system's.
    pub ca_file: Option<String>,
    /// The columns whose texts may be sent without anybody selecting them; all where it is not said.
    pub columns: Option<Columns>,
    /// What is taken out of texts before they are sent.
    pub redact: Option<Policy>,
}

/// An option that is none, or has a value that it cannot have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// There is no such option.
    Unknown {
        name: String,
    },
    /// What is wrong with its value, which is not repeated.
    Value {
        name: &'static str,
        problem: String,
    },
    Missing {
        name: &'static str,
    },
}

/// Where the key of a user is.
#[derive(Clone, PartialEq, Eq)]
pub enum KeyPlace {
    Here(String),
    File(String),
    Variable(String),
}

impl ServerOptions {
    /// Reads options, each a name and a value.
    pub fn read<'a>(options: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<ServerOptions, Wrong> {
        let mut base_url = None;
        let mut rest = Rest::default();
        for (name, value) in options {
            let known = SERVER.iter().find(|known| **known == name);
            let name: &'static str = known.ok_or_else(|| Wrong::Unknown { name: name.to_owned() })?;
            let wrong = |problem: String| Wrong::Value { name, problem };
            match name {
                "base_url" => base_url = Some(BaseUrl::parse(value).map_err(|problem| wrong(problem.to_owned()))?),
                _ => rest.set(name, value).map_err(wrong)?,
            }
        }
        Ok(ServerOptions {
            base_url: base_url.ok_or(Wrong::Missing { name: "base_url" })?,
            model: rest.model,
            timeout: rest.timeout.unwrap_or(TIMEOUT),
            limits: rest.limits,
            prices: rest.prices,
            batch: rest.batch.unwrap_or(BATCH),
            ca_file: rest.ca_file,
            columns: rest.columns,
            redact: rest.redact,
        })
    }
}

/// What can be left out.
#[derive(Default)]
struct Rest {
    model: Option<String>,
    timeout: Option<Duration>,
    limits: Limits,
    prices: Prices,
    batch: Option<usize>,
    ca_file: Option<String>,
    columns: Option<Columns>,
    redact: Option<Policy>,
}

impl Rest {
    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "api" if value == OPENAI => {}
            "api" => return Err(format!("it can only be {OPENAI}")),
            "model" => self.model = Some(text(value)?),
            "timeout" => self.timeout = Some(timeout(value)?),
            "requests_per_minute" => self.limits.requests_per_minute = Some(whole(value)?),
            "tokens_per_day" => self.limits.tokens_per_day = Some(whole::<i64>(value)?.unsigned_abs()),
            "cost_per_day" => self.limits.cost_per_day = Some(amount(value)?),
            "price_per_million_tokens" => self.prices.sent = Some(amount(value)?),
            "price_per_million_answer_tokens" => self.prices.written = Some(amount(value)?),
            "batch_size" => {
                let batch = whole(value)?;
                if !(1..=LARGEST_BATCH).contains(&batch) {
                    return Err(format!("it must be between 1 and {LARGEST_BATCH}"));
                }
                self.batch = Some(batch);
            }
            "ca_file" => self.ca_file = Some(path(value)?),
            "columns" => self.columns = Some(Columns::parse(value)?),
            "redact" => self.redact = Some(policy(value)?),
            _ => return Err("it is not read".into()),
        }
        Ok(())
    }
}

impl KeyPlace {
    /// Reads the options of a user mapping; `None` where it has none.
    pub fn read<'a>(options: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Option<KeyPlace>, Wrong> {
        let mut place = None;
        for (name, value) in options {
            let known = USER.iter().find(|known| **known == name);
            let name: &'static str = known.ok_or_else(|| Wrong::Unknown { name: name.to_owned() })?;
            let wrong = |problem: &str| Wrong::Value {
                name,
                problem: problem.to_owned(),
            };
            let found = match name {
                "api_key" => KeyPlace::Here(value.to_owned()),
                "api_key_file" => KeyPlace::File(path(value).map_err(|problem| wrong(&problem))?),
                _ => KeyPlace::Variable(variable(value).map_err(wrong)?),
            };
            if place.replace(found).is_some() {
                return Err(wrong(
                    "a user mapping has one of api_key, api_key_file and api_key_variable",
                ));
            }
        }
        Ok(place)
    }
}

/// Reads a list of the files or environment variables that may be read.
pub fn allowed(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

fn text(value: &str) -> Result<String, String> {
    /// Names of models are shorter.
    const LONGEST: usize = 256;
    match value.trim() == value && (1..=LONGEST).contains(&value.len()) {
        true => Ok(value.to_owned()),
        false => Err(format!("it must have 1 to {LONGEST} bytes, and no space around it")),
    }
}

fn path(value: &str) -> Result<String, String> {
    match value.starts_with('/') && !value.contains(',') && !value.split('/').any(|part| part == "..") {
        true => Ok(value.to_owned()),
        false => Err("it must be the whole path of a file, without .. and commas".into()),
    }
}

fn variable(value: &str) -> Result<String, &'static str> {
    let is_name = |c: u8| c.is_ascii_alphanumeric() || c == b'_';
    match !value.is_empty() && value.bytes().all(is_name) {
        true => Ok(value.to_owned()),
        false => Err("it must be the name of an environment variable, of letters, digits and _"),
    }
}

/// An action, or a policy as JSON.
fn policy(value: &str) -> Result<Policy, String> {
    let json = match value.trim_start().starts_with('{') {
        true => serde_json::from_str(value).map_err(|problem| format!("it is no JSON: {problem}"))?,
        false => serde_json::Value::String(value.to_owned()),
    };
    Policy::parse(&json).map_err(|wrong| match wrong {
        // A key in the wrong place may be a secret.
        Wrongly::Shape => "it must be mask, hash, pseudonym, keep, or a JSON object of these by kind".into(),
        Wrongly::Key(_) => "it has a key that is no kind".into(),
        Wrongly::Value(..) => "the action of a kind must be mask, hash, pseudonym or keep".into(),
        Wrongly::Names => "its names must be an array of texts".into(),
    })
}

fn whole<T: std::str::FromStr>(value: &str) -> Result<T, String> {
    let is_plain = !value.is_empty() && value.bytes().all(|c| c.is_ascii_digit());
    let number = value.parse().ok().filter(|_| is_plain);
    number.ok_or_else(|| "it must be a whole number, not below 0".into())
}

fn amount(value: &str) -> Result<f64, String> {
    let is_plain = !value.is_empty() && value.bytes().all(|c| c.is_ascii_digit() || c == b'.');
    let number = value
        .parse::<f64>()
        .ok()
        .filter(|number| is_plain && number.is_finite());
    number.ok_or_else(|| "it must be a number, not below 0".into())
}

/// Seconds, or a number with the unit ms, s or min.
fn timeout(value: &str) -> Result<Duration, String> {
    let units = [("ms", 0.001), ("min", 60.0), ("s", 1.0)];
    let unit = units
        .into_iter()
        .find_map(|(unit, seconds)| Some((value.strip_suffix(unit)?, seconds)));
    let (number, unit) = unit.unwrap_or((value, 1.0));
    let seconds = amount(number.trim()).map(|number| number * unit).ok();
    let timeout = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let allowed = SHORTEST_TIMEOUT..=LONGEST_TIMEOUT;
    let timeout = timeout.filter(|timeout| allowed.contains(timeout));
    timeout.ok_or_else(|| "it must be a number of seconds up to 600, or one with the unit ms, s or min".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(options: &[(&str, &str)]) -> Result<ServerOptions, Wrong> {
        let base = [("base_url", "https://a/v1")];
        ServerOptions::read(base.iter().chain(options).copied())
    }

    #[test]
    fn every_option_of_a_server_is_read() {
        let options = server(&[
            ("api", "openai"),
            ("model", "text-embedding-3-small"),
            ("timeout", "1.5"),
            ("requests_per_minute", "60"),
            ("tokens_per_day", "1000000"),
            ("cost_per_day", "2.50"),
            ("price_per_million_tokens", "0.02"),
            ("price_per_million_answer_tokens", "0.08"),
            ("batch_size", "96"),
            ("ca_file", "/etc/ssl/own.pem"),
            ("columns", "kb.article.body"),
            ("redact", "{\"email\": \"hash\"}"),
        ]);
        let expected = ServerOptions {
            base_url: BaseUrl::parse("https://a/v1").unwrap(),
            model: Some("text-embedding-3-small".into()),
            timeout: Duration::from_millis(1500),
            limits: Limits {
                requests_per_minute: Some(60),
                tokens_per_day: Some(1_000_000),
                cost_per_day: Some(2.5),
            },
            prices: Prices {
                sent: Some(0.02),
                written: Some(0.08),
            },
            batch: 96,
            ca_file: Some("/etc/ssl/own.pem".into()),
            columns: Columns::parse("kb.article.body").ok(),
            redact: Policy::parse(&serde_json::json!({"email": "hash"})).ok(),
        };
        assert_eq!(options, Ok(expected));
    }

    #[test]
    fn each_option_changes_something() {
        let plain = server(&[]).unwrap();
        for name in SERVER {
            let value = match name {
                "base_url" => "https://b",
                "api" => continue,
                "ca_file" => "/a",
                "columns" => "a.b.c",
                "redact" => "mask",
                _ => "7",
            };
            assert_ne!(server(&[(name, value)]).unwrap(), plain, "{name}");
        }
    }

    #[test]
    fn values_that_are_none_are_refused_by_name() {
        for (name, value) in [
            ("base_url", "ftp://a"),
            ("api", "OpenAI"),
            ("api", ""),
            ("model", ""),
            ("model", " m"),
            ("timeout", "0"),
            ("timeout", "2000"),
            ("timeout", "-1"),
            ("timeout", "nan"),
            ("timeout", "1e9"),
            ("timeout", "s"),
            ("requests_per_minute", "-1"),
            ("requests_per_minute", "+1"),
            ("requests_per_minute", "1.5"),
            ("requests_per_minute", "99999999999"),
            ("tokens_per_day", "99999999999999999999"),
            ("cost_per_day", "inf"),
            ("price_per_million_tokens", "-0.1"),
            ("batch_size", "0"),
            ("batch_size", "2049"),
            ("ca_file", "own.pem"),
            ("ca_file", "/etc/../own.pem"),
            ("columns", "article.body"),
            ("redact", "hide"),
            ("redact", "{"),
            ("redact", "{\"mail\": \"mask\"}"),
        ] {
            assert!(
                matches!(server(&[(name, value)]), Err(Wrong::Value { name: found, .. }) if found == name),
                "{name} {value}"
            );
        }
        assert_eq!(
            server(&[("base_uri", "x")]),
            Err(Wrong::Unknown {
                name: "base_uri".into()
            })
        );
        assert_eq!(ServerOptions::read([]), Err(Wrong::Missing { name: "base_url" }));
    }

    #[test]
    fn a_timeout_has_a_unit_or_is_of_seconds() {
        for (value, milliseconds) in [
            ("2", 2000),
            ("500ms", 500),
            ("2 s", 2000),
            ("1.5min", 90_000),
            ("600", 600_000),
            ("0.25", 250),
        ] {
            assert_eq!(timeout(value), Ok(Duration::from_millis(milliseconds)), "{value}");
        }
    }

    #[test]
    fn a_user_has_one_key_at_most() {
        let read = |options: &[(&str, &str)]| KeyPlace::read(options.iter().copied());
        assert!(read(&[]) == Ok(None));
        assert!(read(&[("api_key", "k")]) == Ok(Some(KeyPlace::Here("k".into()))));
        assert!(read(&[("api_key_file", "/k")]) == Ok(Some(KeyPlace::File("/k".into()))));
        assert!(read(&[("api_key_variable", "K_1")]) == Ok(Some(KeyPlace::Variable("K_1".into()))));
        for wrong in [
            &[("api_key", "k"), ("api_key_file", "/k")][..],
            &[("api_key_file", "k")],
            &[("api_key_file", "/a/../k")],
            &[("api_key_variable", "A=B")],
            &[("api_key_variable", "")],
            &[("password", "k")],
        ] {
            assert!(read(wrong).is_err());
        }
    }

    #[test]
    fn a_list_has_commas_between_its_entries() {
        assert_eq!(allowed(" /a, /b/c ,,").collect::<Vec<_>>(), ["/a", "/b/c"]);
        assert_eq!(allowed("").count(), 0);
    }
}
