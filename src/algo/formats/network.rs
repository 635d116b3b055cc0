//! Names and addresses on networks.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::chars::all;

pub(super) fn is_ipv4(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

pub(super) fn is_ipv6(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

pub(super) fn is_ip(text: &str) -> bool {
    is_ipv4(text) || is_ipv6(text)
}

/// An address, maybe with the bits of a network behind it.
pub(super) fn is_ip_or_network(text: &str) -> bool {
    let (address, bits) = text.split_once('/').unwrap_or((text, "0"));
    let bits = bits.parse::<u8>();
    // Most texts are neither, which their bytes say sooner.
    all(address, |byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':'))
        && (is_ipv4(address) && bits.as_ref().is_ok_and(|&bits| bits <= 32)
            || is_ipv6(address) && bits.is_ok_and(|bits| bits <= 128))
}

pub(super) fn is_hostname(text: &str) -> bool {
    let is_label = |label: &str| {
        label.len() <= 63
            && all(label, |byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or("");
    text.len() <= 253 && text.split('.').all(is_label) && !all(last, |byte| byte.is_ascii_digit())
}

pub(super) fn is_email(text: &str) -> bool {
    let is_atom = |atom: &str| {
        all(atom, |byte| {
            byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
        })
    };
    text.len() <= 254
        && text.rsplit_once('@').is_some_and(|(local, domain)| {
            local.len() <= 64 && local.split('.').all(is_atom) && domain.contains('.') && is_hostname(domain)
        })
}

pub(super) fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && all(scheme, |byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    is_scheme && is_authority(authority) && is_encoded(rest, b":@/?") && is_encoded(fragment, b":@/?")
}

/// `[user@]host[:port]`, the host not empty.
fn is_authority(text: &str) -> bool {
    let (user, place) = text.rsplit_once('@').unwrap_or(("", text));
    let (host, port) = match place.rsplit_once(':') {
        // The colons of an address in brackets are no separators.
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (place, ""),
    };
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => is_ipv6(address),
        None => !host.is_empty() && is_encoded(host, b""),
    };
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit()) && (port.is_empty() || port.parse::<u16>().is_ok());
    is_encoded(user, b":") && is_host && is_port
}

/// Whether all characters are unreserved ones, subordinate delimiters, among `more`, or escapes of two hexadecimal digits.
fn is_encoded(text: &str, more: &[u8]) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let right = if byte == b'%' {
            let mut is_digit = || bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit());
            is_digit() && is_digit()
        } else {
            byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte) || more.contains(&byte)
        };
        if !right {
            return false;
        }
    }
    true
}
