//! Where the rows come from: a query, or a relation by its name.

use hashbrown::HashMap;

use crate::pg::error::{DUPLICATE_COLUMN, Error, Result, UNDEFINED_COLUMN};
use crate::pg::query::Query;
use crate::pg::query_row::OutputColumn;
use crate::pg::query_text;

/// A query whose rows are checked or profiled. It is parsed and planned once by itself, so that its own mistakes are reported as such.
pub struct Source {
    /// As it was given.
    pub text: String,
    statement: String,
    columns: Vec<OutputColumn>,
    /// The place of a column by its name; `None` for a name that two have.
    by_name: HashMap<String, Option<usize>>,
    is_relation: bool,
    row_security: bool,
    expected_rows: f64,
}

impl Source {
    /// Returns the errors of [`Query::new`].
    pub fn open(text: &str) -> Result<Source> {
        Ok(Source::of(&Query::new(text)?, text))
    }

    /// Of a query that was planned.
    pub fn of(query: &Query, text: &str) -> Source {
        let mut by_name = HashMap::with_capacity(query.columns().len());
        for (place, column) in query.columns().iter().enumerate() {
            let known = by_name.entry(column.name.clone()).and_modify(|place| *place = None);
            known.or_insert(Some(place));
        }
        Source {
            by_name,
            text: text.trim().to_string(),
            statement: query.statement().to_string(),
            columns: query.columns().to_vec(),
            row_security: query.has_row_security(),
            expected_rows: query.expected_rows(),
            is_relation: query_text::is_relation_name(text),
        }
    }

    /// Whether it was given as the name of a relation.
    pub fn is_relation(&self) -> bool {
        self.is_relation
    }

    /// What it is called in progress reports.
    pub fn label(&self) -> &str {
        if self.is_relation { &self.text } else { "the query" }
    }

    /// Whether policies of row-level security choose which rows the caller sees.
    pub fn row_security(&self) -> bool {
        self.row_security
    }

    /// How many rows the planner expects.
    pub fn expected_rows(&self) -> f64 {
        self.expected_rows
    }

    /// The columns of its rows.
    pub fn columns(&self) -> &[OutputColumn] {
        &self.columns
    }

    /// The column of a name; `None` when there is none, or more than one.
    pub fn column(&self, name: &str) -> Option<&OutputColumn> {
        self.by_name
            .get(name)
            .copied()
            .flatten()
            .map(|place| &self.columns[place])
    }

    /// The column of a name. Returns an error with 42703 when there is none, or more than one.
    pub fn require_column(&self, name: &str) -> Result<&OutputColumn> {
        self.column(name).ok_or_else(|| {
            let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
            Error::new(UNDEFINED_COLUMN, format!("column \"{name}\" does not exist")).hint(match names.as_slice() {
                [] => "There are no columns.".to_string(),
                names => format!("The columns are: {}.", names.join(", ")),
            })
        })
    }

    /// Returns an error with 42701 when two columns have one name.
    pub fn require_distinct_names(&self) -> Result<()> {
        let mut names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(Error::new(
                DUPLICATE_COLUMN,
                format!("the query has two columns named \"{}\"", pair[0]),
            )
            .hint("Give one of them another name with AS.")),
            None => Ok(()),
        }
    }

    /// Returns an error where the current role may not read it.
    pub fn require_rights(&self) -> Result<()> {
        Query::new(&self.select(""))?.require_rights()
    }

    /// A query over its rows, which go by the name `q`.
    pub fn select(&self, what: &str) -> String {
        format!("SELECT {what} FROM {} AS q", self.relation())
    }

    /// What stands in FROM, without a name.
    pub fn relation(&self) -> String {
        format!("(\n{}\n)", self.statement)
    }
}
