//! Names that users give to models, aliases, baselines and checks.

use std::sync::LazyLock;

use regex::Regex;

use super::error::{Error, INVALID_NAME, Result};

/// The most bytes of a name.
const LONGEST: usize = 200;

/// What cannot be seen in a name, or changes how the rest of it is shown: controls, line and paragraph separators, and what Unicode calls format
/// characters (overrides of direction among them) or ignorable (spaces without width, joiners, fillers). Joiners belong to the spelling
/// of some words in some scripts; but a name that is typed and compared must not differ from another in nothing that is seen.
static UNSEEN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]").ok());

/// The first character of a text that cannot be seen.
pub fn unseen(text: &str) -> Option<char> {
    UNSEEN
        .as_ref()
        .and_then(|unseen| unseen.find(text))?
        .as_str()
        .chars()
        .next()
}

/// Returns an error with 42602 unless a name is short, not blank, and made of characters that can be seen. `what` names it.
pub fn check(what: &str, name: &str) -> Result<()> {
    if name.trim().is_empty() {
        return Err(invalid(what, "is empty", name));
    }
    if name.len() > LONGEST {
        return Err(invalid(what, &format!("is longer than {LONGEST} bytes"), name));
    }
    match unseen(name) {
        None => Ok(()),
        Some(unseen) => Err(invalid(
            what,
            &format!("contains the invisible character U+{:04X}", u32::from(unseen)),
            name,
        )),
    }
}

/// As [`check`], for names of which `model@version` is made.
pub fn check_reference(what: &str, name: &str) -> Result<()> {
    match name.contains('@') {
        true => Err(invalid(
            what,
            "contains @, which separates a model from its version",
            name,
        )),
        false => check(what, name),
    }
}

fn invalid(what: &str, problem: &str, name: &str) -> Error {
    // What cannot be seen is written so that it can.
    Error::new(INVALID_NAME, format!("the {what} {problem}"))
        .detail(format!("It is \"{}\".", name.escape_debug()))
        .hint("Use a short name of letters, digits and underscores.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_be_ambiguous_are_refused() {
        for name in ["", " ", "\u{3000}", "a@1", "a\nb", &"x".repeat(201)] {
            assert!(check_reference("model's name", name).is_err(), "{name:?}");
        }
        for unseen in [
            '\0',
            '\u{7f}',
            '\u{ad}',
            '\u{61c}',
            '\u{115f}',
            '\u{180e}',
            '\u{2028}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{e0001}',
        ]
        .into_iter()
        .chain('\u{200b}'..='\u{200f}')
        .chain('\u{202a}'..='\u{202e}')
        .chain('\u{2060}'..='\u{2064}')
        .chain('\u{2066}'..='\u{2069}')
        {
            assert!(check("model's name", &format!("a{unseen}b")).is_err(), "{unseen:?}");
        }
    }

    #[test]
    fn ordinary_names_of_every_script_are_accepted() {
        for name in [
            "risk",
            "고객 이탈",
            "نموذج المخاطر",
            "जोखिम मॉडल",
            "リスク",
            "ризик",
            "mô hình",
            "risk-2.1 (new)",
            "😀",
        ] {
            assert!(check_reference("model's name", name).is_ok(), "{name}");
        }
        assert!(check("check's name", "not_null@id").is_ok());
    }
}
