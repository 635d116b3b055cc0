//! Numbers of telephones: international ones by their +, national ones by how they are grouped, others by words around them.

use super::context;
use super::run::{Run, begins, ends};

/// Words before a number that make it one of a telephone.
const BEFORE: [&str; 38] = [
    "phone*",
    "call",
    "calls",
    "calling",
    "tel",
    "telephone*",
    "telefon*",
    "mobil*",
    "cell",
    "cellphone",
    "fax",
    "telefax",
    "handy",
    "handynummer",
    "whatsapp",
    "sms",
    "dial",
    "ring",
    "reach",
    "contact",
    "text me",
    "texts",
    "message",
    "messages",
    "desk",
    "rufnummer",
    "rufen",
    "anrufen",
    "hotline",
    "landline",
    "mob",
    "전화*",
    "휴대폰*",
    "핸드폰*",
    "연락처*",
    "téléphone*",
    "teléfono*",
    "móvil*",
];
/// And those behind it.
const BEHIND: [&str; 7] = ["fax", "mobile", "cell", "office", "phone", "home", "work"];
/// Words before a number that make it something else.
const NEVER: [&str; 10] = [
    "isbn",
    "iban",
    "order",
    "invoice",
    "tracking",
    "serial",
    "version",
    "licen*",
    "bestell*",
    "rechnung*",
];
/// How far words are looked for.
const NEAR: usize = 40;
const VERY_NEAR: usize = 9;

/// The number that a run begins with, together with a + or a parenthesis before it, and an extension behind it.
pub fn find(text: &str, run: &Run) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    if run.count() == 0 {
        return None;
    }
    let (start, lead) = lead(bytes, run);
    let is_placed = match lead {
        Lead::Plus => !start
            .checked_sub(1)
            .is_some_and(|before| bytes[before].is_ascii_alphanumeric()),
        Lead::Parenthesis | Lead::Nothing => begins(bytes, start) && !is_money(text, start),
    };
    if !is_placed {
        return None;
    }
    // Groups that follow another number are not its own, so that fewer may be right.
    let groups = (1..=run.count()).rev().find(|groups| {
        let shape = Shape {
            text,
            run,
            groups: *groups,
            lead,
        };
        shape.is_balanced() && shape.is_number() && ends_well(bytes, run.end(*groups))
    })?;
    Some((start, extended(bytes, run.end(groups))))
}

/// What stands before the first digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lead {
    Plus,
    Parenthesis,
    Nothing,
}

fn lead(bytes: &[u8], run: &Run) -> (usize, Lead) {
    let start = run.start();
    let before = |back: usize| start.checked_sub(back).map(|place| bytes[place]);
    // One that closes behind the number is around it.
    let mut between = run.between(bytes, run.count()).flatten();
    let closes = between.find(|byte| matches!(byte, b'(' | b')')) == Some(&b')');
    match (before(2), before(1)) {
        (Some(b'('), Some(b'+')) if closes => (start - 2, Lead::Plus),
        (_, Some(b'+')) => (start - 1, Lead::Plus),
        (_, Some(b'(')) if closes => (start - 1, Lead::Parenthesis),
        _ => (start, Lead::Nothing),
    }
}

/// Whether an amount begins here.
fn is_money(text: &str, start: usize) -> bool {
    text[..start]
        .trim_end_matches(' ')
        .ends_with(['$', '€', '£', '¥', '₩', '#'])
}

/// Whether a number ends here: an extension may follow.
fn ends_well(bytes: &[u8], end: usize) -> bool {
    (ends(bytes, end) || extended(bytes, end) > end) && bytes.get(end) != Some(&b'%')
}

/// Where the extension ends that begins here, such as x123 and ext. 12.
fn extended(bytes: &[u8], end: usize) -> usize {
    let rest = &bytes[end..];
    let blanks = rest.iter().take(2).take_while(|byte| **byte == b' ').count();
    let rest = &rest[blanks..];
    let word = [&b"ext."[..], b"ext", b"x"].into_iter().find(|word| {
        rest.get(..word.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(word))
    });
    let Some(word) = word else { return end };
    let rest = &rest[word.len()..];
    let blank = usize::from(rest.first() == Some(&b' ') && word.len() > 1);
    let digits = rest[blank..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    match digits {
        1..=5 if !rest.get(blank + digits).is_some_and(u8::is_ascii_alphanumeric) => {
            end + blanks + word.len() + blank + digits
        }
        _ => end,
    }
}

/// The first groups of a run, looked at as a number.
struct Shape<'a> {
    text: &'a str,
    run: &'a Run,
    groups: usize,
    lead: Lead,
}

impl Shape<'_> {
    fn is_number(&self) -> bool {
        let digits = self.run.digits(self.groups);
        let widths = || self.run.widths(self.groups);
        let first = widths().next().unwrap_or(0);
        let count = digits.len();
        if count < 7 {
            return false;
        }
        if self.lead == Lead::Plus {
            return digits[0] != b'0' && count <= 15 && (self.groups == 1 || first < 9);
        }
        let is_dialled = digits.starts_with(b"00") && digits.get(2).is_some_and(|digit| *digit != b'0');
        if is_dialled && (10..=17).contains(&count) && self.groups > 1 {
            return true;
        }
        self.is_national() || self.is_said()
    }

    /// Whether the way it is grouped is that of a number in its country.
    fn is_national(&self) -> bool {
        let (run, bytes) = (self.run, self.text.as_bytes());
        let digits = run.digits(self.groups);
        let count = digits.len();
        let is = |widths: &[usize]| run.widths(self.groups).eq(widths.iter().copied());
        let first = run.widths(self.groups).next().unwrap_or(0);
        // North America: (212) 555-0123, 212-555-0123, 1-212-555-0123.
        let parted = |separators: &[u8]| run.is_parted_by(bytes, self.groups, separators);
        if is(&[3, 3, 4]) && (self.lead == Lead::Parenthesis || parted(b"-. "))
            || is(&[1, 3, 3, 4]) && digits[0] == b'1'
            || is(&[3, 7]) && parted(b"-")
        {
            return !self.is_of_another_kind();
        }
        // In one piece only mobile numbers of Britain, Germany and Korea are told from others.
        if self.groups == 1 {
            let is_mobile = |prefix: &[u8], counts: &[usize]| digits.starts_with(prefix) && counts.contains(&count);
            let mobile = is_mobile(b"07", &[11])
                || is_mobile(b"010", &[11])
                || [b"015", b"016", b"017"]
                    .iter()
                    .any(|prefix| is_mobile(*prefix, &[11, 12]));
            return mobile && !self.is_of_another_kind();
        }
        // Where a zero comes first: 030 1234567, 0151/23456789, 02-123-4567, 01 23 45 67 89.
        let has_trunk = digits[0] == b'0' && digits.get(1).is_some_and(|digit| *digit != b'0');
        let least = if self.lead == Lead::Parenthesis { 7 } else { 9 };
        has_trunk
            && first >= 2
            && (least..=12).contains(&count)
            && run.widths(self.groups).skip(1).all(|width| width >= 2)
            && !self.is_date()
            && !self.is_of_another_kind()
    }

    /// Whether words around say that it is a number.
    fn is_said(&self) -> bool {
        let (start, end) = (self.run.start(), self.run.end(self.groups));
        let count = self.run.digits(self.groups).len();
        (7..=15).contains(&count)
            && self.run.widths(self.groups).skip(1).all(|width| width >= 2)
            && !self.is_date()
            && (context::is_before(self.text, start, NEAR, &BEFORE)
                || context::is_behind(self.text, end, VERY_NEAR, &BEHIND))
            && !self.is_of_another_kind()
    }

    /// Whether it begins like a date, or is a ZIP code in full.
    fn is_date(&self) -> bool {
        let is_zip =
            self.groups == 2 && self.run.is_shaped(&[5, 4]) && self.run.is_parted_by(self.text.as_bytes(), 2, b"-");
        let has_year =
            matches!(self.run.digits(1), [b'1', b'9', ..] | [b'2', b'0', ..]) && self.run.is_shaped(&[4, 2, 2]);
        is_zip || has_year || self.run.is_shaped(&[2, 2, 4]) || self.run.is_shaped(&[1, 2, 4])
    }

    fn is_of_another_kind(&self) -> bool {
        context::is_before(self.text, self.run.start(), VERY_NEAR + 5, &NEVER)
    }

    /// Whether parentheses open and close.
    fn is_balanced(&self) -> bool {
        let between = self.run.between(self.text.as_bytes(), self.groups).flatten();
        let opens = usize::from(self.lead == Lead::Parenthesis);
        let (mut depth, mut is_sound) = (opens, true);
        for byte in between {
            match byte {
                b'(' => depth += 1,
                b')' => {
                    is_sound &= depth > 0;
                    depth = depth.saturating_sub(1);
                }
                _ => {}
            }
        }
        // (+49) 30: the lead took the parenthesis in.
        let is_led = self.lead == Lead::Plus;
        (is_sound || is_led) && depth == 0
    }
}
