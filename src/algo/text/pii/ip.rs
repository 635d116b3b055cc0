//! Addresses of the internet.

use std::net::Ipv6Addr;

use super::context;
use super::run::{Run, begins, ends};
use algo::formats::Format;

/// The address of version 4 that a run begins with.
pub fn four(text: &str, run: &Run) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let groups = 4;
    if run.count() < groups || !run.is_parted_by(bytes, groups, b".") {
        return None;
    }
    let (start, end) = (run.start(), run.end(groups));
    // Numbers of versions look the same.
    let is_one = begins(bytes, start)
        && (ends(bytes, end) || is_port(bytes, end))
        && Format::Ipv4.matches(&text[start..end])
        && !context::is_before(text, start, 12, &["version", "release", "build", "v"]);
    is_one.then_some((start, end))
}

/// Whether a network's width or a port follows.
fn is_port(bytes: &[u8], end: usize) -> bool {
    matches!(bytes.get(end), Some(b'/' | b':')) && bytes.get(end + 1).is_some_and(u8::is_ascii_digit)
}

/// The longest text of an address of version 6.
const LONGEST: usize = 45;

/// The address of version 6 around a colon.
pub fn six_around(text: &str, colon: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let is_part = |byte: &&u8| byte.is_ascii_hexdigit() || matches!(byte, b':');
    let start = colon - bytes[..colon].iter().rev().take(LONGEST).take_while(is_part).count();
    let is_tail = |byte: &&u8| is_part(byte) || **byte == b'.';
    let mut end = colon + bytes[colon..].iter().take(LONGEST).take_while(is_tail).count();
    while end > colon && matches!(bytes[end - 1], b'.') {
        end -= 1;
    }
    // A colon that ends a clause is not the address's.
    if bytes[start..end].ends_with(b":") && !bytes[start..end].ends_with(b"::") {
        end -= 1;
    }
    let stands_alone = |byte: u8| !(byte.is_ascii_alphanumeric() || byte == b'_');
    let before = start.checked_sub(1).map(|place| bytes[place]);
    // Of a[::2] the brackets are no address's.
    let is_slice = before == Some(b'[') && start.checked_sub(2).is_some_and(|place| !stands_alone(bytes[place]));
    let found = text.get(start..end)?;
    let is_one = before.is_none_or(stands_alone)
        && bytes.get(end).is_none_or(|byte| stands_alone(*byte))
        && !is_slice
        && found.bytes().filter(|byte| *byte == b':').count() >= 2
        && found.bytes().any(|byte| byte.is_ascii_digit())
        && found.parse::<Ipv6Addr>().is_ok();
    is_one.then_some((start, end))
}
