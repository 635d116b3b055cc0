//! `language`: that texts are in one of some languages.

use serde::Deserialize;

use super::assertion::{Assertion, CheckKind};
use super::common::literal::value_of;
use super::common::rows;
use super::common::statement::array;
use super::plan::{Plan, Planner};
use crate::pg::error::Result;
use crate::quality::spec::Needs;

pub static LANGUAGE: CheckKind = CheckKind {
    name: "language",
    needs: Needs::ROWS,
    parse: |arguments| {
        let language: Language = arguments.read_sound(|language: &Language| {
            let is_code = |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase());
            let sound = !language.languages.is_empty() && language.languages.iter().all(is_code);
            (!sound).then_some("languages must name codes of ISO 639-1, such as en")
        })?;
        Ok(Box::new(language))
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Language {
    /// Codes of ISO 639-1.
    languages: Vec<String>,
}

impl Assertion for Language {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let column = planner.column_of(rows::is_text, "text")?;
        // A text whose language cannot be told passes, as NULL does.
        let condition = format!(
            "assay.detect_language({}::pg_catalog.text) = ANY ({})",
            value_of(column),
            array(&self.languages)
        );
        rows::condition(planner, &condition)
    }
}
