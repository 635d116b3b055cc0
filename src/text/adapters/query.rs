//! Rows of a query become pairs of questions and texts.

use crate::pg::compute::Reporter;
use crate::pg::error::{COLUMN_TYPE, Error, INVALID_PARAMETER, Result, UNDEFINED_COLUMN};
use crate::pg::foreground::Foreground;
use crate::pg::query::Query;
use crate::pg::query_row::{OutputColumn, Row};
use crate::pg::reader::Role;
use algo::monitor::Monitor;
use algo::texts::Texts;
use algo_text::adapter::Pairs;

/// Which columns of a query say what.
struct Layout {
    question: usize,
    document: usize,
    /// A text that does not answer the question.
    negative: Option<usize>,
    /// How often the text was clicked, or how good it is.
    clicks: Option<usize>,
}

impl Layout {
    fn new(columns: &[OutputColumn]) -> Result<Layout> {
        let find = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| columns.iter().position(|column| column.name == *name))
        };
        let require = |names: &[&str]| {
            find(names).ok_or_else(|| {
                Error::new(UNDEFINED_COLUMN, format!("the query of pairs has no column \"{}\"", names[0])).hint(
                    "It is a query of question and document, and where there are some negative, clicks or grade: a row for each text that answers a question.",
                )
            })
        };
        let layout = Layout {
            question: require(&["question", "query"])?,
            document: require(&["document", "positive", "answer"])?,
            negative: find(&["negative"]),
            clicks: find(&["clicks", "grade"]),
        };
        if let Some(column) = layout.clicks.map(|place| &columns[place])
            && column.reader.is_none_or(|reader| reader.role() != Role::Number)
        {
            return Err(Error::new(
                COLUMN_TYPE,
                format!("column \"{}\" has the type {}", column.name, column.type_name),
            )
            .hint("It says by a number how often a text was clicked, or how good it is."));
        }
        Ok(layout)
    }

    /// Adds what a row says. One that lacks a question or a text says nothing.
    fn add(&self, row: &Row<'_>, pairs: &mut Pairs) -> Result<()> {
        let said = |place: usize| row.shown(place).filter(|text| !text.trim().is_empty());
        let Some(question) = said(self.question) else {
            return Ok(());
        };
        if let Some(document) = said(self.document) {
            match self.clicks {
                None => pairs.positive(&question, &document, 1.0)?,
                Some(clicks) => match row.number(clicks).filter(|clicks| clicks.is_finite()) {
                    // The hundredth click says less than the first.
                    Some(clicks) if clicks > 0.0 => pairs.positive(&question, &document, clicks.ln_1p())?,
                    Some(_) => pairs.negative(&question, &document)?,
                    None => {}
                },
            }
        }
        match self.negative.and_then(said) {
            Some(negative) => Ok(pairs.negative(&question, &negative)?),
            None => Ok(()),
        }
    }
}

/// The pairs of a query, and how many rows it gave.
pub fn pairs(text: &str, reporter: &mut Reporter, statement: &Foreground) -> Result<(Pairs, usize)> {
    let query = Query::new(text)?;
    let layout = Layout::new(query.columns())?;
    let (mut pairs, mut rows, expected) = (Pairs::default(), 0, query.expected_rows());
    query.run(&mut |row| {
        statement.check()?;
        rows += 1;
        reporter.rows("reading pairs", rows as u64, expected);
        layout.add(row, &mut pairs)
    })?;
    pairs.sort()?;
    Ok((pairs, rows))
}

/// The texts of a query that no pair has.
pub fn further(text: &str, pairs: &Pairs, reporter: &mut Reporter, statement: &Foreground) -> Result<Texts> {
    let query = Query::new(text)?;
    let [column] = query.columns() else {
        return Err(Error::new(
            INVALID_PARAMETER,
            format!("the query of documents has {} columns", query.columns().len()),
        )
        .hint("Select one column: texts."));
    };
    if !column.is_text() {
        return Err(Error::new(
            COLUMN_TYPE,
            format!("column \"{}\" has the type {}", column.name, column.type_name),
        )
        .hint("Select one column of type text."));
    }
    let (mut texts, mut rows, expected) = (Texts::default(), 0, query.expected_rows());
    query.run(&mut |row| {
        statement.check()?;
        rows += 1;
        reporter.rows("reading documents", rows, expected);
        if let Some(text) = row.shown(0).filter(|text| !pairs.documents.contains(text)) {
            texts.reserve(&text)?;
            texts.push(&text);
        }
        Ok(())
    })?;
    Ok(texts)
}
