//! `embedding_lag`: that the vectors of a vectorizer do not lag behind the rows of its source.

use pgrx::spi::quote_literal;
use serde::Deserialize;
use serde_json::Value as Json;

use super::assertion::{Assertion, CheckKind};
use super::common::{interval, statement};
use super::plan::{FailingRows, Means, Plan, Planner, SEE_FIGURE};
use crate::pg::error::Result;
use crate::quality::finding::{Finding, age};
use crate::quality::spec::{Need, Needs};

pub static EMBEDDING_LAG: CheckKind = CheckKind {
    name: "embedding_lag",
    needs: Needs {
        column: Need::Refused,
        segments: Need::Refused,
        filter: Need::Refused,
        counts_rows: false,
    },
    parse: |arguments| {
        let lag: EmbeddingLag = arguments.read()?;
        interval::text(lag.datepart.as_deref(), &lag.max_lag)?;
        Ok(Box::new(lag))
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EmbeddingLag {
    /// The vectorizer, as assay.search takes its name.
    vectorizer: String,
    datepart: Option<String>,
    /// A number of dateparts, or an interval of PostgreSQL.
    max_lag: Json,
}

impl Assertion for EmbeddingLag {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        planner.source.require_rights()?;
        let max_lag = interval::text(self.datepart.as_deref(), &self.max_lag)?;
        let lag = statement::one_number(&format!(
            "SELECT assay_internal.embedding_lag({})",
            quote_literal(&self.vectorizer)
        ))?
        .unwrap_or(0.0);
        let most = statement::one_number(&format!(
            "SELECT EXTRACT(epoch FROM {}::pg_catalog.interval)::pg_catalog.float8",
            quote_literal(&max_lag)
        ))?;
        let holds = most.is_some_and(|most| lag <= most);
        let mut finding = Finding::figure("age_seconds", Some(lag), format!("within {max_lag}"), holds);
        finding.message = Some(format!("the oldest change has waited for {}", age(lag)));
        Ok(Plan {
            means: Means::Columns(finding),
            failing_rows: FailingRows::Unknown(SEE_FIGURE),
        })
    }
}
