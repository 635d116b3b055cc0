//! `retrieval_at_least`: that the search of a vectorizer is as good as it was when somebody looked at it. `ann_recall_at_least`: that an index of vectors
//! finds what is nearest.

use pgrx::spi::quote_literal;
use serde::Deserialize;

use super::assertion::{Assertion, CheckKind};
use super::common::statement;
use super::plan::{FailingRows, Means, Plan, Planner, SEE_FIGURE};
use crate::pg::error::Result;
use crate::quality::finding::Finding;
use crate::quality::spec::{Need, Needs};

/// Both are figures of a search, not of rows.
const NEEDS: Needs = Needs {
    column: Need::Refused,
    segments: Need::Refused,
    filter: Need::Refused,
    counts_rows: false,
};

pub static RETRIEVAL_AT_LEAST: CheckKind = CheckKind {
    name: "retrieval_at_least",
    needs: NEEDS,
    parse: |arguments| Ok(Box::new(arguments.read_sound(RetrievalAtLeast::problem)?)),
};

pub static ANN_RECALL_AT_LEAST: CheckKind = CheckKind {
    name: "ann_recall_at_least",
    needs: NEEDS,
    parse: |arguments| Ok(Box::new(arguments.read_sound(AnnRecallAtLeast::problem)?)),
};

fn ten() -> i32 {
    10
}

fn hundred() -> i32 {
    100
}

/// Why a share that is asked for is none.
fn no_share(value: f64) -> Option<&'static str> {
    (!(0.0..=1.0).contains(&value)).then_some("min_value must be between 0 and 1")
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RetrievalAtLeast {
    /// The vectorizer, as assay.search takes its name.
    vectorizer: String,
    /// A query of question, key and grade.
    questions: String,
    #[serde(default = "ndcg")]
    measure: String,
    #[serde(default = "ten")]
    k: i32,
    #[serde(default = "hybrid")]
    mode: String,
    min_value: f64,
}

fn ndcg() -> String {
    "ndcg".into()
}

fn hybrid() -> String {
    "hybrid".into()
}

impl RetrievalAtLeast {
    fn problem(&self) -> Option<&'static str> {
        let is_known = algo_text::retrieval::Measure::of(&self.measure).is_some();
        no_share(self.min_value).or((!is_known).then_some("measure must be recall, precision, ndcg or mrr"))
    }
}

impl Assertion for RetrievalAtLeast {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        planner.source.require_rights()?;
        let value = statement::one_number(&format!(
            "SELECT value FROM assay.evaluate_retrieval({}, {}, ARRAY[{}], {}) WHERE question IS NULL AND measure OPERATOR(pg_catalog.=) {}",
            quote_literal(&self.vectorizer),
            quote_literal(&self.questions),
            self.k,
            quote_literal(&self.mode),
            quote_literal(&self.measure),
        ))?;
        Ok(at_least(
            &format!("{} of the first {}", self.measure, self.k),
            "retrieval",
            value,
            self.min_value,
        ))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnnRecallAtLeast {
    /// The index.
    index: String,
    #[serde(default = "ten")]
    k: i32,
    #[serde(default = "hundred")]
    queries: i32,
    min_value: f64,
}

impl AnnRecallAtLeast {
    fn problem(&self) -> Option<&'static str> {
        no_share(self.min_value)
    }
}

impl Assertion for AnnRecallAtLeast {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        planner.source.require_rights()?;
        let value = statement::one_number(&format!(
            "SELECT recall FROM assay.ann_recall({}::pg_catalog.regclass, {}, {})",
            quote_literal(&self.index),
            self.k,
            self.queries,
        ))?;
        Ok(at_least("the index's recall", "recall", value, self.min_value))
    }
}

/// The plan of a figure that was found.
fn at_least<'a>(what: &str, metric: &'static str, value: Option<f64>, least: f64) -> Plan<'a> {
    let holds = value.is_some_and(|value| value >= least);
    let mut finding = Finding::figure(metric, value, format!("at least {least}"), holds);
    finding.message = value.map(|value| format!("{what} is {value:.4}"));
    Plan {
        means: Means::Columns(finding),
        failing_rows: FailingRows::Unknown(SEE_FIGURE),
    }
}
