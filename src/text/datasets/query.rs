//! Rows of a query become conversations: which of its columns says what.

use serde_json::{Map, Value as Json};

use crate::pg::error::{COLUMN_TYPE, Error, INVALID_PARAMETER, Result, UNDEFINED_COLUMN};
use crate::pg::query::Query;
use crate::pg::query_row::{OutputColumn, Row};
use crate::pg::reader::{Reader, Role};
use algo::monitor::Monitor;
use algo_text::dataset::{Candidate, Columns, Conversation, Options, Problem};
use algo_text::language::detect;

/// Where a conversation stands.
enum Said {
    /// In a column of messages.
    Messages(usize),
    /// In columns of a question and its answer.
    Pair {
        system: Option<usize>,
        prompt: usize,
        answer: usize,
    },
}

/// A column that says where a row is from.
struct Id {
    name: String,
    place: usize,
    is_integer: bool,
}

impl Id {
    fn new(query: &Query, name: &str, place: usize) -> Id {
        let reader = query.columns()[place].reader;
        Id {
            name: name.to_string(),
            place,
            is_integer: matches!(reader, Some(Reader::Int2 | Reader::Int4 | Reader::Int8)),
        }
    }

    fn value(&self, row: &Row<'_>) -> Json {
        match (row.shown(self.place), self.is_integer) {
            (None, _) => Json::Null,
            (Some(text), false) => Json::String(text),
            (Some(text), true) => text.parse::<i64>().map_or(Json::String(text), Json::from),
        }
    }
}

/// Which columns of a query say what.
pub struct Layout {
    said: Said,
    group: Option<usize>,
    rating: Option<usize>,
    label: Option<usize>,
    weight: Option<usize>,
    language: Option<usize>,
    id: Vec<Id>,
}

impl Layout {
    /// Of a query. Returns an error with 42703 for a column that is named and not there, and with ML005 for one of another type than it needs.
    pub fn new(query: &Query, columns: &Columns) -> Result<Layout> {
        let found = |wanted: &Option<String>, usual: &[&str]| find(query.columns(), wanted, usual);
        let numbers = |place: Option<usize>| number(query.columns(), place);
        let messages = found(&columns.messages, &["messages"])?;
        let prompt = found(&columns.prompt, &["prompt", "question"])?;
        let answer = found(&columns.answer, &["answer"])?;
        let said = match (messages, prompt, answer) {
            (Some(messages), _, _) => {
                let column = &query.columns()[messages];
                if !column.is_text() && !matches!(column.type_name.as_str(), "jsonb" | "json") {
                    return Err(wrong_type(column, "jsonb"));
                }
                Said::Messages(messages)
            }
            (None, Some(prompt), Some(answer)) => Said::Pair {
                system: found(&columns.system, &["system"])?,
                prompt,
                answer,
            },
            (None, _, _) => return Err(no_conversation(query.columns())),
        };
        let id = match &columns.id {
            Some(names) => names
                .iter()
                .map(|name| Ok(Id::new(query, name, require(query.columns(), name)?)))
                .collect::<Result<_>>()?,
            None => found(&None, &["id"])?
                .map(|place| Id::new(query, "id", place))
                .into_iter()
                .collect(),
        };
        Ok(Layout {
            said,
            group: found(&columns.group, &["group"])?,
            rating: numbers(found(&columns.rating, &["rating"])?)?,
            label: found(&columns.label, &["label"])?,
            weight: numbers(found(&columns.weight, &["weight"])?)?,
            language: found(&columns.language, &["language"])?,
            id,
        })
    }

    /// The conversation of a row, and what goes with it; or why there is none.
    pub fn candidate(
        &self,
        row: &Row<'_>,
        options: &Options,
        monitor: &dyn Monitor,
    ) -> Result<std::result::Result<Candidate, Problem>> {
        let conversation = match self.conversation(row) {
            Ok(conversation) => conversation.with_system(options.system.as_deref().unwrap_or("")),
            Err(problem) => return Ok(Err(problem)),
        };
        let text = |place: Option<usize>| place.and_then(|place| row.shown(place));
        let number = |place: Option<usize>| {
            place
                .and_then(|place| row.number(place))
                .filter(|number| number.is_finite())
        };
        let language = match (self.language, &options.languages) {
            (None, Some(_)) => detect(&conversation.text()?, monitor)?.map(str::to_string),
            (Some(_), _) | (None, None) => text(self.language),
        };
        Ok(Ok(Candidate {
            conversation,
            rating: number(self.rating),
            label: text(self.label),
            weight: number(self.weight),
            group: text(self.group),
            source: self.source(row),
            language,
        }))
    }

    fn conversation(&self, row: &Row<'_>) -> std::result::Result<Conversation, Problem> {
        match self.said {
            Said::Messages(place) => {
                let messages = row.shown(place).ok_or(Problem::Missing)?;
                Conversation::of_json(&messages)
            }
            Said::Pair { system, prompt, answer } => {
                let (prompt, answer) = row.shown(prompt).zip(row.shown(answer)).ok_or(Problem::Missing)?;
                let system = system.and_then(|place| row.shown(place));
                Conversation::of_pair(system.as_deref(), &prompt, &answer)
            }
        }
    }

    /// Where a row is from, as JSON.
    fn source(&self, row: &Row<'_>) -> Option<String> {
        if self.id.is_empty() {
            return None;
        }
        let object: Map<String, Json> = self.id.iter().map(|id| (id.name.clone(), id.value(row))).collect();
        Some(Json::Object(object).to_string())
    }
}

/// The column that is wanted by name, else the first that has one of the usual names.
fn find(columns: &[OutputColumn], wanted: &Option<String>, usual: &[&str]) -> Result<Option<usize>> {
    match wanted {
        Some(name) => require(columns, name).map(Some),
        None => Ok(usual.iter().find_map(|name| place(columns, name))),
    }
}

fn place(columns: &[OutputColumn], name: &str) -> Option<usize> {
    columns.iter().position(|column| column.name == name)
}

fn require(columns: &[OutputColumn], name: &str) -> Result<usize> {
    place(columns, name).ok_or_else(|| {
        Error::new(UNDEFINED_COLUMN, format!("the query has no column \"{name}\""))
            .detail(format!("It has {}.", names(columns)))
            .hint("The option columns names columns of the query.")
    })
}

/// A column that holds numbers.
fn number(columns: &[OutputColumn], place: Option<usize>) -> Result<Option<usize>> {
    match place.map(|place| &columns[place]) {
        Some(column) if column.reader.is_none_or(|reader| reader.role() != Role::Number) => {
            Err(wrong_type(column, "a number"))
        }
        Some(_) | None => Ok(place),
    }
}

fn wrong_type(column: &OutputColumn, wanted: &str) -> Error {
    Error::new(
        COLUMN_TYPE,
        format!("column \"{}\" has the type {}", column.name, column.type_name),
    )
    .hint(format!("It has to be {wanted}; the option columns names another one."))
}

fn no_conversation(columns: &[OutputColumn]) -> Error {
    Error::new(INVALID_PARAMETER, "the query gives no conversations")
        .detail(format!("It has {}.", names(columns)))
        .hint("Select messages, or question and answer, or say by the option columns which are these.")
}

fn names(columns: &[OutputColumn]) -> String {
    let names: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    match names.is_empty() {
        true => "no columns".to_string(),
        false => format!("the columns {}", names.join(", ")),
    }
}
