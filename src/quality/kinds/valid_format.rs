//! `valid_format`: that texts are of a format, such as that of e-mail addresses.

use serde::Deserialize;

use super::assertion::{Assertion, CheckKind};
use super::common::rows;
use super::plan::{Plan, Planner};
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::quality::spec::Needs;
use algo::formats::Format;
use algo::scan::Test;

pub static VALID_FORMAT: CheckKind = CheckKind {
    name: "valid_format",
    needs: Needs::ROWS,
    parse: |arguments| {
        let valid: ValidFormat = arguments.read()?;
        valid.format()?;
        Ok(Box::new(valid))
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ValidFormat {
    format: String,
}

impl ValidFormat {
    /// Returns an error with 22023, which lists all formats, when there is none of its name.
    fn format(&self) -> Result<Format> {
        Format::parse(&self.format).ok_or_else(|| {
            let names: Vec<&str> = Format::all().map(Format::name).collect();
            Error::new(INVALID_PARAMETER, format!("unknown format \"{}\"", self.format))
                .hint(format!("The formats are: {}.", names.join(", ")))
        })
    }
}

impl Assertion for ValidFormat {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let column = planner.column_of(rows::is_text, "text")?;
        let format = self.format()?.name().to_string();
        rows::test(planner, column, Test::Format { format })
    }
}
