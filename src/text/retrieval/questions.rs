//! Questions with their relevant rows: a query of question, key and grade, one row for each judgement.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::pg::error::{Error, INVALID_PARAMETER, NULL_ELEMENT, Result, UNDEFINED_COLUMN, UNSUITABLE_ROWS};
use crate::pg::query::Query;
use crate::pg::query_row::Row;

/// The key of a row: the values of its columns as texts, in their order.
pub type Key = Vec<String>;

/// A question.
pub struct Question {
    /// It.
    pub text: String,
    /// The keys of the rows that are relevant.
    pub relevant: BTreeSet<Key>,
}

/// Reads questions, in the order in which they first come. Those without a relevant row are left out, and counted: nothing can be found for them.
pub fn read(query: &str, key_columns: &[String]) -> Result<(Vec<Question>, usize)> {
    let query = Query::new(query)?;
    let place = |name: &str| query.columns().iter().position(|column| column.name == name);
    let required = |name: &str| place(name).ok_or_else(|| no_column(name));
    let (question_at, key_at, grade_at) = (required("question")?, required("key")?, place("grade"));
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut questions: Vec<Question> = Vec::new();
    query.run(&mut |row| {
        let text = row.shown(question_at).ok_or_else(|| null("question"))?;
        let place = *places.entry(text.clone()).or_insert_with(|| {
            questions.push(Question {
                text,
                relevant: BTreeSet::new(),
            });
            questions.len() - 1
        });
        // A question of which nothing is relevant may stand there alone.
        if let Some(key) = row.shown(key_at)
            && is_relevant(row, grade_at)
        {
            questions[place].relevant.insert(parse(&key, key_columns)?);
        }
        Ok(())
    })?;
    let all = questions.len();
    questions.retain(|question| !question.relevant.is_empty());
    if questions.is_empty() {
        return Err(Error::new(UNSUITABLE_ROWS, "no question has a relevant row")
            .detail(format!("There are {all} questions."))
            .hint("A row is relevant to a question where its grade is above 0."));
    }
    let left_out = all - questions.len();
    Ok((questions, left_out))
}

/// A row is relevant where its grade is above 0, and where questions have no grades.
fn is_relevant(row: &Row<'_>, grade_at: Option<usize>) -> bool {
    grade_at.is_none_or(|column| row.number(column).is_some_and(|grade| grade > 0.0))
}

/// A key: a JSON object of its columns, or the value of the only one.
pub fn parse(text: &str, columns: &[String]) -> Result<Key> {
    if text.starts_with('{')
        && let Ok(json) = serde_json::from_str::<Json>(text)
        && let Some(key) = of_json(&json, columns)
    {
        return Ok(key);
    }
    match columns {
        [_] => Ok(vec![text.to_string()]),
        _ => Err(
            Error::new(INVALID_PARAMETER, format!("a key of the questions is {text}"))
                .hint(format!("Give it as a JSON object of {}.", columns.join(", "))),
        ),
    }
}

/// The key of a JSON object; `None` where it has not all of the columns.
pub fn of_json(json: &Json, columns: &[String]) -> Option<Key> {
    let value = |column: &String| {
        Some(match json.get(column)? {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        })
    };
    columns.iter().map(value).collect()
}

fn no_column(name: &str) -> Error {
    Error::new(
        UNDEFINED_COLUMN,
        format!("the query of questions has no column \"{name}\""),
    )
    .hint(
        "It is a query of question, key and grade, such as SELECT question, document_id AS key, grade FROM judgement.",
    )
}

fn null(column: &str) -> Error {
    Error::new(NULL_ELEMENT, format!("column \"{column}\" of the questions is NULL")).hint("Leave such rows out.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_value_or_an_object() {
        let one = ["id".to_string()];
        let two = ["a".to_string(), "b".to_string()];
        assert_eq!(parse("184", &one).unwrap(), ["184"]);
        assert_eq!(parse("{\"id\": 184}", &one).unwrap(), ["184"]);
        assert_eq!(parse("{curly", &one).unwrap(), ["{curly"]);
        assert_eq!(parse("{\"b\": \"x\", \"a\": 1}", &two).unwrap(), ["1", "x"]);
        assert!(parse("184", &two).is_err());
        assert!(parse("{\"a\": 1}", &two).is_err());
    }
}
