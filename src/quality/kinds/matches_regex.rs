//! `matches_regex` and `not_matches_regex`: that a part of each text matches a regular expression, or none does.

use serde::Deserialize;

use super::assertion::{Arguments, Assertion, CheckKind};
use super::common::rows;
use super::plan::{Plan, Planner};
use crate::pg::error::{Error, INVALID_PARAMETER, INVALID_REGEX, Result};
use crate::quality::spec::Needs;
use algo::scan::{self, Test};

pub static MATCHES_REGEX: CheckKind = CheckKind {
    name: "matches_regex",
    needs: Needs::ROWS,
    parse: |arguments| MatchesRegex::parse(arguments, false),
};

pub static NOT_MATCHES_REGEX: CheckKind = CheckKind {
    name: "not_matches_regex",
    needs: Needs::ROWS,
    parse: |arguments| MatchesRegex::parse(arguments, true),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MatchesRegex {
    regex: String,
    /// Some of i, m, s, x, U, u: as within `(?...)` of the regex crate.
    #[serde(default)]
    flags: String,
    #[serde(skip)]
    negated: bool,
}

impl MatchesRegex {
    fn parse(arguments: Arguments<'_>, negated: bool) -> Result<Box<dyn Assertion>> {
        let regex = MatchesRegex {
            negated,
            ..arguments.read()?
        };
        regex.pattern()?;
        Ok(Box::new(regex))
    }

    /// The expression with its flags. Returns an error with 2201B and a message that points at the place.
    fn pattern(&self) -> Result<String> {
        if let Some(flag) = self.flags.chars().find(|flag| !"imsxUu".contains(*flag)) {
            return Err(Error::new(
                INVALID_PARAMETER,
                format!("unknown flag \"{flag}\" of a regular expression"),
            )
            .hint("The flags are i, m, s, x, U and u, as in (?i) of the Rust crate regex."));
        }
        let pattern = match self.flags.as_str() {
            "" => self.regex.clone(),
            flags => format!("(?{flags}){}", self.regex),
        };
        match scan::compile(&pattern) {
            Ok(_) => Ok(pattern),
            Err(problem) => Err(Error::new(INVALID_REGEX, "the regular expression is invalid")
                .detail(problem)
                .hint(
                    "The syntax is that of the Rust crate regex: like Perl's, without look-around and back-references.",
                )),
        }
    }
}

impl Assertion for MatchesRegex {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let column = planner.column_of(rows::is_text, "text")?;
        let test = Test::Matches {
            pattern: self.pattern()?,
            negated: self.negated,
        };
        rows::test(planner, column, test)
    }
}
