//! What in a text tells of a person: addresses, numbers of telephones, accounts, cards and identity, names; and how it is taken out.
//!
//! One pass looks for the bytes that such a thing cannot be without (a digit, `@`, `:`), another for names; what is found there is read by the rules of
//! its kind, check digits included. No rule looks further than a few dozen bytes, so that the time is linear in the length of the text.

mod card;
mod context;
mod email;
mod iban;
mod identity;
mod ip;
mod names;
mod overlap;
mod phone;
mod policy;
mod pseudonym;
mod redact;
mod run;

#[cfg(test)]
mod tests;

use crate::error::Result;
use crate::monitor::Monitor;
use names::Names;
use run::Run;

pub use policy::{Action, Policy, Wrong};
pub use redact::{Key, Redactor};

/// What is found, in the order of what wins where two lie over each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Email,
    Iban,
    Ip,
    /// The resident registration number of South Korea.
    KrRrn,
    /// The identification number of German taxes.
    DeTaxId,
    /// The social security number of the United States.
    UsSsn,
    /// The national insurance number of the United Kingdom.
    UkNino,
    Card,
    Phone,
    Person,
}

impl Kind {
    /// In the order of the documentation.
    pub const ALL: [Kind; 10] = [
        Kind::Email,
        Kind::Phone,
        Kind::Iban,
        Kind::Card,
        Kind::UsSsn,
        Kind::DeTaxId,
        Kind::KrRrn,
        Kind::UkNino,
        Kind::Ip,
        Kind::Person,
    ];
    /// What the four numbers of identity are called together.
    pub const NATIONAL_ID: &'static str = "national_id";

    /// As users write it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Email => "email",
            Kind::Phone => "phone",
            Kind::Iban => "iban",
            Kind::Card => "card",
            Kind::UsSsn => "us_ssn",
            Kind::DeTaxId => "de_tax_id",
            Kind::KrRrn => "kr_rrn",
            Kind::UkNino => "uk_nino",
            Kind::Ip => "ip",
            Kind::Person => "person",
        }
    }

    /// Whether it is one of the numbers of identity.
    pub fn is_national_id(self) -> bool {
        match self {
            Kind::UsSsn | Kind::DeTaxId | Kind::KrRrn | Kind::UkNino => true,
            Kind::Email | Kind::Phone | Kind::Iban | Kind::Card | Kind::Ip | Kind::Person => false,
        }
    }

    /// The kinds of a name: one, or those of [`Kind::NATIONAL_ID`]; none where nothing has that name.
    pub fn named(name: &str) -> impl Iterator<Item = Kind> {
        Kind::ALL
            .into_iter()
            .filter(move |kind| kind.name() == name || name == Kind::NATIONAL_ID && kind.is_national_id())
    }
}

/// Which kinds are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u16);

impl Kinds {
    pub const NONE: Kinds = Kinds(0);
    pub const ALL: Kinds = Kinds((1 << Kind::ALL.len()) - 1);

    #[must_use]
    pub fn with(self, kind: Kind) -> Kinds {
        Kinds(self.0 | 1 << kind as u16)
    }

    pub fn has(self, kind: Kind) -> bool {
        self.0 >> kind as u16 & 1 == 1
    }
}

/// Something found: the bytes from `start` to `end` of the text, both at borders of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

/// Looks for kinds, and for names that are given.
#[derive(Debug)]
pub struct Finder {
    kinds: Kinds,
    names: Option<Names>,
}

/// So many bytes are looked through between two looks at the monitor.
const BLOCK: usize = 32 * 1024;

/// The bytes that something may begin at, or lie around.
const TRIGGERS: [bool; 256] = {
    let mut triggers = [false; 256];
    let mut digit = b'0';
    while digit <= b'9' {
        triggers[digit as usize] = true;
        digit += 1;
    }
    triggers[b'@' as usize] = true;
    triggers[b':' as usize] = true;
    triggers
};

impl Finder {
    /// Looks for `kinds`; persons by these names, and by what stands before names. Returns an error where there is no room for the names.
    pub fn new<'a>(kinds: Kinds, names: impl IntoIterator<Item = &'a str>) -> Result<Finder> {
        let names = kinds.has(Kind::Person).then(|| Names::new(names)).transpose()?;
        Ok(Finder { kinds, names })
    }

    /// What is in a text, in its order. Nothing lies over another. O(length).
    pub fn find(&self, text: &str, monitor: &dyn Monitor) -> Result<Vec<Found>> {
        let mut found = Vec::new();
        self.find_marked(text, &mut found, monitor)?;
        let Some(names) = &self.names else {
            return Ok(found);
        };
        let mut persons = Vec::new();
        names.find(text, &mut persons, monitor)?;
        overlap::merge(found, persons, monitor)
    }

    /// What a digit, an at sign or a colon gives away.
    fn find_marked(&self, text: &str, found: &mut Vec<Found>, monitor: &dyn Monitor) -> Result<()> {
        let bytes = text.as_bytes();
        let (mut at, mut looked) = (0, 0);
        while at < bytes.len() {
            if at - looked >= BLOCK {
                monitor.check()?;
                looked = at;
            }
            let end = bytes.len().min(at + BLOCK);
            let Some(offset) = bytes[at..end].iter().position(|byte| TRIGGERS[usize::from(*byte)]) else {
                at = end;
                continue;
            };
            at += offset;
            let (one, next) = match bytes[at] {
                b'@' => (self.wanted(Kind::Email, || email::around(text, at)), at + 1),
                b':' => (self.wanted(Kind::Ip, || ip::six_around(text, at)), at + 1),
                _ => self.number(text, at),
            };
            at = next.max(at + 1);
            if let Some(one) = one {
                at = at.max(one.end);
                overlap::push(found, one)?;
            }
        }
        Ok(())
    }

    fn wanted(&self, kind: Kind, find: impl FnOnce() -> Option<(usize, usize)>) -> Option<Found> {
        let (start, end) = self.kinds.has(kind).then(find).flatten()?;
        Some(Found { kind, start, end })
    }

    /// What begins with the digit at `at`, which follows none; and where to go on.
    fn number(&self, text: &str, at: usize) -> (Option<Found>, usize) {
        let run = Run::read(text.as_bytes(), at);
        // The rules that can be mistaken least come first.
        let one = self
            .wanted(Kind::Iban, || iban::around(text, at))
            .or_else(|| self.wanted(Kind::UkNino, || identity::nino(text, at)))
            .or_else(|| self.wanted(Kind::Ip, || ip::four(text, &run)))
            .or_else(|| self.wanted(Kind::KrRrn, || identity::rrn(text, &run)))
            .or_else(|| self.wanted(Kind::Card, || card::find(text, &run)))
            .or_else(|| self.wanted(Kind::DeTaxId, || identity::tax_id(text, &run)))
            .or_else(|| self.wanted(Kind::UsSsn, || identity::ssn(text, &run)))
            .or_else(|| self.wanted(Kind::Phone, || phone::find(text, &run)));
        (one, run.first_end())
    }
}
