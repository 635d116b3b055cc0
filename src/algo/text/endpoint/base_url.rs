//! The address of an endpoint as people write it: a scheme, a host, a port, a path, and nothing else. Parsers of addresses disagree about everything
//! beyond that, and what one takes for a host another takes for a password; so here nothing but that is an address.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// How an endpoint is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// In the open.
    Http,
    /// By TLS.
    Https,
}

/// The host of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A name, in lower case.
    Name(String),
    Address(IpAddr),
}

/// The address of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    pub scheme: Scheme,
    pub host: Host,
    pub port: u16,
    /// Begins with a slash where there is one, and does not end with one.
    path: String,
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

impl Host {
    /// Reads a host; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Host, &'static str> {
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner.strip_suffix(']').ok_or("the bracket of its host is not closed")?;
            let address: Ipv6Addr = inner.parse().map_err(|_| "what is in brackets is no IPv6 address")?;
            return Ok(Host::Address(IpAddr::V6(address)));
        }
        if let Ok(address) = text.parse() {
            return Ok(Host::Address(IpAddr::V4(address)));
        }
        let is_label = |label: &str| {
            let is_inside = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
            (1..=63).contains(&label.len())
                && label.bytes().all(is_inside)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.is_empty() || text.len() > 253 || !text.split('.').all(is_label) {
            return Err("its host is neither a name of letters, digits, hyphens and dots nor an address");
        }
        // The C library reads numbers as addresses, in forms that nobody means: 2130706433, 0x7f.1.
        let last = text.rsplit('.').next().unwrap_or(text);
        if last.bytes().all(|c| c.is_ascii_digit()) || last.starts_with("0x") || last.starts_with("0X") {
            return Err("its host is a number, but no address of four numbers");
        }
        Ok(Host::Name(text.to_ascii_lowercase()))
    }
}

/// Reads a port.
pub fn port(text: &str) -> Option<u16> {
    let is_plain = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|port| is_plain && *port != 0)
}

impl BaseUrl {
    /// Reads an address; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<BaseUrl, &'static str> {
        let (scheme, rest) = if let Some(rest) = strip_prefix_ignoring_case(text, "https://") {
            (Scheme::Https, rest)
        } else if let Some(rest) = strip_prefix_ignoring_case(text, "http://") {
            (Scheme::Http, rest)
        } else {
            return Err("it does not begin with https:// or http://");
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        if authority.contains('@') {
            return Err("it has a user or a password, which belong into a user mapping");
        }
        let (host, port_text) = match authority.rfind(':') {
            Some(colon) if !authority[colon..].contains(']') => (&authority[..colon], Some(&authority[colon + 1..])),
            _ => (authority, None),
        };
        let port = match port_text {
            Some(text) => port(text).ok_or("its port is no number from 1 to 65535")?,
            None => scheme.default_port(),
        };
        let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"-._~/:@!$&'()*+,;=".contains(&c);
        if !path.bytes().all(is_plain) {
            return Err("its path has a character other than letters, digits and -._~/:@!$&'()*+,;=");
        }
        if path.split('/').any(|part| part == "." || part == "..") {
            return Err("its path has a part . or ..");
        }
        Ok(BaseUrl {
            scheme,
            host: Host::parse(host)?,
            port,
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    /// The address of what lies behind it: `end` begins with a slash.
    pub fn join(&self, end: &str) -> String {
        format!("{self}{end}")
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port != self.scheme.default_port() {
            write!(f, ":{}", self.port)?;
        }
        f.write_str(&self.path)
    }
}

impl Scheme {
    fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_address_has_a_scheme_a_host_a_port_and_a_path() {
        for (text, again) in [
            ("https://api.openai.com/v1", "https://api.openai.com/v1"),
            ("HTTPS://API.OpenAI.com:443/v1/", "https://api.openai.com/v1"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080/a//", "http://[::1]:8080/a"),
            ("http://[::1]", "http://[::1]"),
            (
                "https://my-host_2.internal:8443/openai/deployments/x",
                "https://my-host_2.internal:8443/openai/deployments/x",
            ),
        ] {
            assert_eq!(BaseUrl::parse(text).unwrap().to_string(), again);
        }
        let url = BaseUrl::parse("https://api.openai.com/v1/").unwrap();
        assert_eq!(url.join("/embeddings"), "https://api.openai.com/v1/embeddings");
    }

    #[test]
    fn everything_else_is_none() {
        for text in [
            "",
            "api.openai.com",
            "ftp://a",
            "file:///etc/passwd",
            "gopher://a/",
            "https:/a",
            "https://",
            "https:///path",
            "https://a@b/",
            "https://a:b@c",
            "https://a#@b/",
            "https://a?b=c",
            "https://a/b?c",
            "https://a/b#c",
            "https://a\\b",
            "https://a/../b",
            "https://a/./b",
            "https://a b/",
            "https://a:0/",
            "https://a:65536",
            "https://a:+80",
            "https://a:80:80",
            "https://a:",
            "https://[::1",
            "https://[::1]x",
            "https://::1/",
            "https://[127.0.0.1]",
            "https://[fe80::1%25eth0]/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://127.1/",
            "https://0177.0.0.1x.0x7f/",
            "https://a..b/",
            "https://a./",
            "https://.a/",
            "https://-a/",
            "https://ä.de/",
            "https://a/%2e%2e/",
            "https://a\n/",
            "https://a/\r\nHost: b",
            "https://a\0",
            "http://1.2.3.4.5/",
        ] {
            assert!(BaseUrl::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        /// What is written out reads as the same, and nothing that is read carries what another parser would take for something else.
        #[test]
        fn no_text_is_read_in_two_ways(text in "(https?://)?[a-z0-9.:@/\\[\\]?#%\\\\ -]{0,40}") {
            if let Ok(url) = BaseUrl::parse(&text) {
                let again = url.to_string();
                prop_assert_eq!(BaseUrl::parse(&again), Ok(url));
                let end = again.split_once("://").unwrap().1;
                prop_assert!(!end.split('/').next().unwrap().contains('@'));
                prop_assert!(!again.contains(['?', '#', '\\', '%', ' ']));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = BaseUrl::parse(&text);
        }
    }
}
