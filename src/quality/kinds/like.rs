//! `like` and `not_like`: that each text matches a pattern of SQL's LIKE, or none does; expect_column_values_to_match_like_pattern of
//! dbt_expectations and Great Expectations, and its kin with a list. The shared pass matches the pattern as a regular expression.

use serde::Deserialize;

use super::assertion::{Arguments, Assertion, CheckKind};
use super::common::regex::{compiled, push_literal};
use super::common::rows;
use super::plan::{Plan, Planner};
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::quality::spec::Needs;
use algo::scan::Test;

pub static LIKE: CheckKind = CheckKind {
    name: "like",
    needs: Needs::ROWS,
    parse: |arguments| Like::parse(arguments, false),
};

pub static NOT_LIKE: CheckKind = CheckKind {
    name: "not_like",
    needs: Needs::ROWS,
    parse: |arguments| Like::parse(arguments, true),
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Like {
    like_pattern: Option<String>,
    /// A text has to match one of these, or none.
    #[serde(default)]
    like_pattern_list: Vec<String>,
    /// ILIKE.
    #[serde(default)]
    ignore_case: bool,
    #[serde(skip)]
    negated: bool,
}

impl Like {
    fn parse(arguments: Arguments<'_>, negated: bool) -> Result<Box<dyn Assertion>> {
        let like: Like = arguments.read_sound(|like: &Like| {
            (like.like_pattern.is_some() != like.like_pattern_list.is_empty())
                .then_some("either like_pattern or like_pattern_list must be given")
        })?;
        let like = Like { negated, ..like };
        like.regex()?;
        Ok(Box::new(like))
    }

    /// The patterns as one regular expression that the whole text has to match.
    fn regex(&self) -> Result<String> {
        let patterns = self.like_pattern.iter().chain(&self.like_pattern_list);
        let patterns = patterns.map(|pattern| regex_of(pattern)).collect::<Result<Vec<_>>>()?;
        let flags = if self.ignore_case { "si" } else { "s" };
        let regex = format!("(?{flags})^(?:{})$", patterns.join("|"));
        compiled(regex, "the patterns")
    }
}

/// A pattern of LIKE as a regular expression: `%` is any text, `_` any character, and what follows a backslash is itself. Returns an error with
/// 22023 where nothing follows it, as LIKE does.
fn regex_of(pattern: &str) -> Result<String> {
    let mut regex = String::with_capacity(pattern.len() + 8);
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        let literal = match character {
            '%' => {
                regex.push_str(".*");
                continue;
            }
            '_' => {
                regex.push('.');
                continue;
            }
            '\\' => characters.next().ok_or_else(|| {
                Error::new(INVALID_PARAMETER, "a pattern of LIKE ends with a backslash")
                    .detail(format!("It is {pattern}"))
                    .hint("A backslash makes the next character itself: write two for one.")
            })?,
            character => character,
        };
        push_literal(&mut regex, literal);
    }
    Ok(regex)
}

impl Assertion for Like {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let column = planner.column_of(rows::is_text, "text")?;
        let test = Test::Matches {
            pattern: self.regex()?,
            negated: self.negated,
        };
        rows::test(planner, column, test)
    }
}
