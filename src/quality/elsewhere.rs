//! Aggregates over the rows of a source, run where the rows are: how the query is written, whether it does what it is meant to, and what people are told.

use pgrx::spi::quote_identifier;

use crate::pg::attempt::attempt;
use crate::pg::error::{Result, notice};
use crate::pg::query::Query;
use crate::quality::placement::Placement;
use crate::quality::source::Source;

/// The most bytes of a query that asks each partition by itself.
const MOST_SQL: usize = 32 << 20;

impl Placement {
    /// The query that gives the states of `outputs`, calls of aggregates over rows `q` of the source, read where the rows are. `None` for rows that come
    /// here, and where it would be too long.
    pub fn select(&self, source: &Source, outputs: &[String]) -> Option<String> {
        let named: Vec<String> = (outputs.iter().enumerate())
            .map(|(index, output)| format!("{output} AS s{index}"))
            .collect();
        let named = named.join(",\n");
        let (sent, others) = match self {
            Placement::Here | Placement::Fetched(_) => return None,
            Placement::Citus | Placement::Foreign => return Some(source.select(&named)),
            Placement::Partitions { sent, others } => (sent, others),
        };
        let names = source.columns().iter().map(|column| quote_identifier(&column.name));
        let columns = names.collect::<Vec<_>>().join(", ");
        let rows = |leaf: &String| format!("SELECT {columns} FROM ONLY {leaf}");
        // What is not sent is one part.
        let rest: Vec<String> = others.iter().map(rows).collect();
        let rest = (!rest.is_empty()).then(|| rest.join("\nUNION ALL\n"));
        let parts: Vec<String> = (sent.iter().map(rows).chain(rest))
            .map(|rows| format!("SELECT {named} FROM ({rows}) AS q"))
            .collect();
        if parts.len().saturating_mul(named.len()) > MOST_SQL {
            return None;
        }
        let merged = (0..outputs.len()).map(|index| format!("assay.merge_states(p.s{index})"));
        Some(format!(
            "SELECT {} FROM (\n{}\n) AS p",
            merged.collect::<Vec<_>>().join(", "),
            parts.join("\nUNION ALL\n")
        ))
    }

    /// Whether a query that was written for this placement has its rows read there: a foreign data wrapper decides for itself what it sends.
    pub fn is_kept_by(&self, query: &Query) -> bool {
        match self {
            Placement::Citus => true,
            Placement::Foreign | Placement::Partitions { .. } => query.parts_sent() > 0,
            Placement::Here | Placement::Fetched(_) => false,
        }
    }

    /// Runs a query that was written for this placement. `None` where its rows would be fetched, and where it fails, of which a NOTICE tells: then the rows
    /// are to be read here, and what fails here, too, is an error.
    pub fn read<T>(&self, source: &Source, sql: &str, read: impl FnOnce(&Query) -> Result<T>) -> Result<Option<T>> {
        let answer = attempt(|| {
            // Who may read the partitions of a table may not read the table by that.
            source.require_rights()?;
            let query = Query::new(sql)?.interpreted();
            match self.is_kept_by(&query) {
                true => read(&query).map(Some),
                false => Ok(None),
            }
        })?;
        answer.or_else(|why| {
            notice(
                format!("the rows of {} are fetched to be read here", source.label()),
                Some(why),
            );
            Ok(None)
        })
    }

    /// Says that the rows of a source were read where they are.
    pub fn announce(&self, source: &Source) {
        let place = self.describe().map(|place| sentence(&place));
        notice(format!("{} is read where its rows are", source.label()), place);
    }
}

/// A clause as a sentence.
fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}
