//! Labelled questions: a query of question, and the expected answer, the keys of rows that answer it, or both.

use std::collections::{BTreeMap, BTreeSet};

use crate::pg::error::{Error, NULL_ELEMENT, Result, UNDEFINED_COLUMN, UNSUITABLE_ROWS};
use crate::pg::query::Query;
use crate::text::retrieval::questions::{Key, parse};

/// A question, and what is expected.
pub struct Labelled {
    pub question: String,
    pub answer: Option<String>,
    /// The keys of rows that answer it.
    pub relevant: BTreeSet<Key>,
}

impl Labelled {
    /// Whether the documents are said not to answer it.
    pub fn is_unanswerable(&self) -> bool {
        self.answer.is_none() && self.relevant.is_empty()
    }
}

/// Reads questions, in the order in which they first come.
pub fn read(query: &str, key_columns: &[String]) -> Result<Vec<Labelled>> {
    let query = Query::new(query)?;
    let place = |name: &str| query.columns().iter().position(|column| column.name == name);
    let hint = "It is a query of question, and answer, key or both, such as SELECT question, answer, document_id AS key FROM expected.";
    let Some(question_at) = place("question") else {
        let problem = "the query of questions has no column \"question\"";
        return Err(Error::new(UNDEFINED_COLUMN, problem).hint(hint));
    };
    let (answer_at, key_at) = (place("answer"), place("key"));
    if answer_at.is_none() && key_at.is_none() {
        let problem = "the query of questions has neither column \"answer\" nor \"key\"";
        return Err(Error::new(UNDEFINED_COLUMN, problem).hint(hint));
    }
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut questions: Vec<Labelled> = Vec::new();
    query.run(&mut |row| {
        let question = row.shown(question_at).ok_or_else(|| {
            Error::new(NULL_ELEMENT, "column \"question\" of the questions is NULL").hint("Leave such rows out.")
        })?;
        let place = *places.entry(question.clone()).or_insert_with(|| {
            questions.push(Labelled {
                question,
                answer: None,
                relevant: BTreeSet::new(),
            });
            questions.len() - 1
        });
        let labelled = &mut questions[place];
        if let Some(answer) = answer_at.and_then(|column| row.shown(column)) {
            labelled.answer.get_or_insert(answer);
        }
        if let Some(key) = key_at.and_then(|column| row.shown(column)) {
            labelled.relevant.insert(parse(&key, key_columns)?);
        }
        Ok(())
    })?;
    match questions.is_empty() {
        true => Err(Error::new(UNSUITABLE_ROWS, "there are no questions").hint(hint)),
        false => Ok(questions),
    }
}
