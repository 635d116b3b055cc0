//! The hosts that may be reached at all: a list that a superuser keeps.

use super::base_url::{Host, port};

/// Hosts, each at one port or at any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hosts(Vec<(Host, Option<u16>)>);

impl Hosts {
    /// Reads a list such as `api.openai.com, 127.0.0.1:8080, [::1]`. The error is the entry that is none, and what is wrong with it.
    pub fn parse(list: &str) -> Result<Hosts, (String, &'static str)> {
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let hosts = entries.map(|entry| one(entry).map_err(|problem| (entry.to_owned(), problem)));
        hosts.collect::<Result<Vec<_>, _>>().map(Hosts)
    }

    /// Whether a host may be reached at a port. A name is not the addresses that it has, nor the other way round.
    pub fn allow(&self, host: &Host, port: u16) -> bool {
        let is_it = |(allowed, at): &(Host, Option<u16>)| allowed == host && at.is_none_or(|at| at == port);
        self.0.iter().any(is_it)
    }
}

fn one(entry: &str) -> Result<(Host, Option<u16>), &'static str> {
    match entry.rfind(':') {
        Some(colon) if !entry[colon..].contains(']') => {
            let port = port(&entry[colon + 1..]).ok_or("its port is no number from 1 to 65535")?;
            Ok((Host::parse(&entry[..colon])?, Some(port)))
        }
        _ => Ok((Host::parse(entry)?, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::base_url::BaseUrl;
    use super::*;

    fn allow(list: &str, url: &str) -> bool {
        let url = BaseUrl::parse(url).unwrap();
        Hosts::parse(list).unwrap().allow(&url.host, url.port)
    }

    #[test]
    fn a_host_is_allowed_at_any_port_or_at_one() {
        let list = " api.openai.com,127.0.0.1:8080 , [::1]:9000, LOCALHOST,";
        for url in [
            "https://api.openai.com",
            "https://API.openai.com:444/v1",
            "http://127.0.0.1:8080/x",
            "http://[::1]:9000",
            "http://localhost:1",
        ] {
            assert!(allow(list, url), "{url}");
        }
        for url in [
            "https://openai.com",
            "https://x.api.openai.com",
            "http://127.0.0.1:8081",
            "http://127.0.0.2:8080",
            "http://[::1]:9001",
            "https://b",
        ] {
            assert!(!allow(list, url), "{url}");
        }
    }

    #[test]
    fn an_empty_list_allows_none() {
        assert!(!allow("", "http://127.0.0.1"));
        assert!(!allow(" , ", "http://127.0.0.1"));
    }

    #[test]
    fn an_entry_that_is_no_host_is_named() {
        for (list, entry) in [
            ("a, *.b.com", "*.b.com"),
            ("https://a", "https://a"),
            ("a:b", "a:b"),
            ("*", "*"),
            ("10.0.0.0/8", "10.0.0.0/8"),
        ] {
            assert_eq!(Hosts::parse(list).unwrap_err().0, entry);
        }
    }
}
