//! `contradictions`: documents whose sentences say nearly the same, but for a number, a date or a negation.

use pgrx::spi::quote_literal;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::assertion::{Assertion, CheckKind};
use super::common::literal::value_of;
use super::common::rows::is_text;
use super::common::statement::array;
use super::plan::{FailingRows, Means, Plan, Planner, RowCondition};
use crate::pg::compute::{self, Reporter};
use crate::pg::error::Result;
use crate::pg::foreground::Foreground;
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::pg::settings;
use crate::quality::finding::{Finding, add_evidence};
use crate::quality::spec::{Need, Needs, Spec};
use algo::scan::Tally;
use algo_text::contradiction::{Contradictions as Found, Finder, Pair};

pub static CONTRADICTIONS: CheckKind = CheckKind {
    name: "contradictions",
    needs: Needs {
        segments: Need::Refused,
        ..Needs::ROWS
    },
    parse: |arguments| {
        let contradictions: Contradictions = arguments.read_sound(|contradictions: &Contradictions| {
            let sound = (0.3..=1.0).contains(&contradictions.similarity);
            (!sound).then_some("similarity must be from 0.3 to 1")
        })?;
        Ok(Box::new(contradictions))
    },
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contradictions {
    /// A local embedder, as assay.embed takes its name.
    embedder: String,
    /// The least cosine of two sentences' vectors.
    #[serde(default = "near")]
    similarity: f64,
}

fn near() -> f64 {
    0.85
}

/// Shorter sentences say too little.
const SHORTEST: usize = 15;
/// Pairs that are shown.
const SHOWN: usize = 5;

impl Contradictions {
    /// The sentences of all documents with their vectors, and the number of their document.
    fn sentences(&self, planner: &Planner<'_, '_>, text: &str) -> String {
        format!(
            "SELECT d.number, c.chunk, assay.embed({}, c.chunk)
FROM (SELECT pg_catalog.row_number() OVER ()::pg_catalog.int4 AS number, {text} AS body FROM {} AS q WHERE {}true) AS d
CROSS JOIN LATERAL assay.chunk_text(d.body, 1, 0, 'sentences') AS c WHERE pg_catalog.length(c.chunk) >= {SHORTEST}",
            quote_literal(&self.embedder),
            planner.source.relation(),
            planner.spec.filter_and(),
        )
    }
}

impl Assertion for Contradictions {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let spec = planner.spec;
        let column = planner.column()?;
        planner.require(column, is_text, "text")?;
        let text = format!("{}::pg_catalog.text", value_of(column));
        let sql = self.sentences(planner, &text);
        let (statement, again) = (sql.clone(), sql.clone());
        let inquiry = planner.ask_rows(move |answer| {
            let tally = answer.segments.first().map(|segment| segment.tally);
            let mut findings = vec![finding(spec, &find(&statement, self.similarity)?, tally)];
            add_evidence(spec, &mut findings);
            Ok(findings)
        })?;
        Ok(Plan {
            means: Means::Statement(inquiry, sql),
            failing_rows: FailingRows::Condition(Box::new(move |_| {
                let found = find(&again, self.similarity)?;
                let sentences = array(&found.sentences);
                Ok(RowCondition::Alone(format!(
                    "EXISTS (SELECT FROM assay.chunk_text({text}, 1, 0, 'sentences') AS c WHERE c.chunk = ANY ({sentences}))"
                )))
            })),
        })
    }
}

/// Reads the sentences, and compares them. Returns an error with 53400 where they take too much memory.
fn find(sql: &str, similarity: f64) -> Result<Found> {
    let mut finder = Finder::new(similarity, settings::max_memory());
    let mut reporter = Reporter::new();
    let query = Query::new(sql)?;
    let expected = query.expected_rows();
    let mut rows = 0;
    query.run(&mut |row| {
        if let (Value::Number(document), Value::Text(text), Value::Vector(vector)) =
            (row.value(0), row.value(1), row.value(2))
        {
            finder.push(document as u32, &text, &vector)?;
        }
        rows += 1;
        reporter.rows("looking for contradictions", rows, expected);
        Ok(())
    })?;
    let found = compute::run("comparing sentences", &mut reporter, &Foreground::new()?, |monitor| {
        finder.finish(monitor)
    })?;
    reporter.finish();
    Ok(found)
}

fn finding(spec: &Spec, found: &Found, tally: Option<&Tally>) -> Finding {
    let shown = |pair: &Pair| -> Json {
        json!({ "one": pair.one, "other": pair.other, "differ_in": pair.difference, "similarity": (f64::from(pair.similarity) * 1000.0).round() / 1000.0 })
    };
    Finding {
        metric: "pairs",
        value: Some(found.pairs as f64),
        rows: tally.map(|tally| tally.rows),
        failed: Some(found.documents),
        nulls: spec.column.as_ref().and(tally).map(|tally| tally.failed),
        sample: (found.pairs > 0).then(|| found.nearest.iter().take(SHOWN).map(shown).collect()),
        ..Finding::default()
    }
}
