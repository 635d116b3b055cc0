//! Texts without what was found in them.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::policy::{Action, Policy};
use super::pseudonym;
use super::{Finder, Found};
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::room;

/// The key of pseudonyms. It shows in no message.
#[derive(Clone)]
pub struct Key {
    inner: [u8; BLOCK],
    outer: [u8; BLOCK],
}

/// SHA-256 works on so many bytes at a time.
const BLOCK: usize = 64;

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// The fewest bytes of a secret: 128 bits.
    pub const SHORTEST: usize = 16;

    /// The key of a secret; `None` where it is too short.
    pub fn new(secret: &[u8]) -> Option<Key> {
        if secret.len() < Key::SHORTEST {
            return None;
        }
        let mut padded = [0; BLOCK];
        match secret.len() > BLOCK {
            true => padded[..32].copy_from_slice(&Sha256::digest(secret)),
            false => padded[..secret.len()].copy_from_slice(secret),
        }
        Some(Key {
            inner: padded.map(|byte| byte ^ 0x36),
            outer: padded.map(|byte| byte ^ 0x5c),
        })
    }

    /// HMAC-SHA-256 of a message in parts (RFC 2104).
    pub(super) fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut inner = Sha256::new_with_prefix(self.inner);
        parts.iter().for_each(|part| inner.update(part));
        let outer = Sha256::new_with_prefix(self.outer).chain_update(inner.finalize());
        outer.finalize().into()
    }
}

/// Takes out what a policy says.
#[derive(Debug)]
pub struct Redactor {
    finder: Finder,
    policy: Policy,
    key: Option<Key>,
}

impl Redactor {
    /// For a policy. Returns an error where it has pseudonyms and there is no key.
    pub fn new(policy: Policy, key: Option<Key>) -> Result<Redactor> {
        if policy.has_pseudonyms() && key.is_none() {
            return Err(Error::Internal("pseudonyms have no key"));
        }
        let finder = Finder::new(policy.kinds(), policy.names.iter().map(String::as_str))?;
        Ok(Redactor { finder, policy, key })
    }

    /// The text without what is found; itself where nothing is. O(length).
    pub fn redact<'t>(&self, text: &'t str, monitor: &dyn Monitor) -> Result<Cow<'t, str>> {
        let found = self.finder.find(text, monitor)?;
        if found.is_empty() {
            return Ok(Cow::Borrowed(text));
        }
        let mut redacted = String::new();
        room::reserve_text(&mut redacted, text.len())?;
        let mut from = 0;
        for Found { kind, start, end } in found {
            let value = &text[start..end];
            let stands = match (self.policy.action(kind), &self.key) {
                (Action::Mask, _) => format!("[{}]", kind.name()),
                (Action::Hash, _) => format!("[{}:{}]", kind.name(), pseudonym::hash(kind, value)),
                (Action::Pseudonym, Some(key)) => pseudonym::of(key, kind, value),
                (Action::Pseudonym, None) => return Err(Error::Internal("a pseudonym has no key")),
                (Action::Keep, _) => value.to_owned(),
            };
            room::reserve_text(&mut redacted, start - from + stands.len())?;
            redacted.push_str(&text[from..start]);
            redacted.push_str(&stands);
            from = end;
            monitor.check()?;
        }
        room::reserve_text(&mut redacted, text.len() - from)?;
        redacted.push_str(&text[from..]);
        Ok(Cow::Owned(redacted))
    }
}
