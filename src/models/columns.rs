//! Columns being read: values of any supported type become numbers, or codes into a list of levels.

use hashbrown::HashMap;

use crate::pg::error::{COLUMN_TYPE, Error, LIMIT_EXCEEDED, Result};
use crate::pg::query_row::OutputColumn;
use crate::pg::reader::{Reader, Role, Value};
use crate::pg::types;
use algo::dictionary::Dictionary;
use algo::frame::MISSING;
use algo::lines::Lines;
use algo::prepare::{ColumnKind, ColumnValues, Heading, ReadColumn};
use algo::room;

/// A column's name and type, and how its values are read. Returns `ML005` for a type that assay cannot read.
pub fn heading_of(column: &OutputColumn) -> Result<(Heading, Reader)> {
    let Some(reader) = column.reader else {
        return Err(Error::new(
            COLUMN_TYPE,
            format!(
                "column \"{}\" has type {}, which a model cannot use",
                column.name, column.type_name
            ),
        )
        .hint(format!(
            "Cast it in the query to a number, text, date or float8[], or leave it out with exclude => '{{{}}}'.",
            column.name
        )));
    };
    let kind = match (reader.role(), reader) {
        (Role::Number, Reader::Bool) => ColumnKind::Boolean,
        (Role::Number, Reader::Int2 | Reader::Int4 | Reader::Int8 | Reader::Numeric) => ColumnKind::Whole,
        (Role::Number, Reader::Date) => ColumnKind::Date,
        (Role::Number, Reader::Timestamp) => ColumnKind::Timestamp,
        (Role::Number, _) => ColumnKind::Number,
        (Role::Category, _) => ColumnKind::Category,
        (Role::Vector, _) => ColumnKind::Vector,
    };
    let heading = Heading {
        name: column.name.clone(),
        type_name: column.type_name.clone(),
        kind,
    };
    Ok((heading, reader))
}

/// A column of categories or vectors, growing row by row.
pub struct ColumnBuilder {
    heading: Heading,
    /// Elements that were NaN or infinite.
    non_finite: u64,
    rows: usize,
    values: Growing,
}

enum Growing {
    /// As many numbers a row as vectors have elements, which is known from the first one that is not NULL.
    Vectors(Option<Lines>),
    Texts {
        codes: Vec<u32>,
        dictionary: Box<Dictionary>,
    },
    Enums {
        codes: Vec<u32>,
        dictionary: HashMap<u32, u32>,
    },
}

impl ColumnBuilder {
    /// An empty column of categories or vectors.
    pub fn new(heading: Heading, reader: Reader) -> ColumnBuilder {
        let values = match (reader.role(), reader) {
            (Role::Vector | Role::Number, _) => Growing::Vectors(None),
            (Role::Category, Reader::Enum) => Growing::Enums {
                codes: Vec::new(),
                dictionary: HashMap::new(),
            },
            (Role::Category, _) => Growing::Texts {
                codes: Vec::new(),
                dictionary: Box::default(),
            },
        };
        ColumnBuilder {
            heading,
            non_finite: 0,
            rows: 0,
            values,
        }
    }

    /// Appends a row's value. Returns an error when a vector is not as long as those before, or a category has more levels than codes.
    pub fn push(&mut self, value: &Value<'_>) -> Result<()> {
        self.rows += 1;
        match (&mut self.values, value) {
            (Growing::Texts { codes, dictionary }, Value::Text(text)) => {
                let code = dictionary.code(text, MISSING)?;
                room::push(codes, code.ok_or_else(|| too_many_values(&self.heading.name))?)?;
            }
            (Growing::Enums { codes, dictionary }, Value::Enum(oid)) => {
                let next = dictionary.len() as u32;
                room::push(codes, *dictionary.entry(oid.to_u32()).or_insert(next))?;
            }
            (Growing::Vectors(lines), Value::Vector(vector)) => {
                let lines = match lines {
                    Some(lines) => lines,
                    None => lines.insert(Lines::missing(vector.len(), self.rows - 1)?),
                };
                if lines.width() != vector.len() {
                    return Err(Error::new(
                        COLUMN_TYPE,
                        format!("column \"{}\" holds vectors of different lengths", self.heading.name),
                    )
                    .detail(format!(
                        "Row {} has {} elements, those before have {}.",
                        self.rows,
                        vector.len(),
                        lines.width()
                    ))
                    .hint("Every vector of a column must have as many elements as the others, or be NULL."));
                }
                self.non_finite += vector.iter().filter(|element| !element.is_finite()).count() as u64;
                let finite = |&element: &f64| if element.is_finite() { element } else { f64::NAN };
                lines.push(&vector.iter().map(finite).collect::<Vec<f64>>())?;
            }
            (values, _) => match values {
                Growing::Vectors(Some(lines)) => lines.push_missing()?,
                Growing::Vectors(None) => {}
                Growing::Texts { codes, .. } | Growing::Enums { codes, .. } => room::push(codes, MISSING)?,
            },
        }
        Ok(())
    }

    /// Bytes that its rows take.
    pub fn memory(&self) -> usize {
        match &self.values {
            Growing::Vectors(lines) => lines.as_ref().map_or(0, Lines::memory),
            Growing::Texts { codes, dictionary } => codes.len() * size_of::<u32>() + dictionary.memory(),
            Growing::Enums { codes, dictionary } => codes.len() * size_of::<u32>() + dictionary.allocation_size(),
        }
    }

    /// The column as read.
    pub fn finish(self) -> ReadColumn {
        let values = match self.values {
            Growing::Vectors(lines) => ColumnValues::Vectors(lines.unwrap_or_else(|| Lines::new(0))),
            Growing::Texts { codes, dictionary } => ColumnValues::Codes {
                codes,
                levels: dictionary.into_texts(),
                places: None,
            },
            Growing::Enums { codes, dictionary } => {
                let mut values: Vec<(u32, u32)> = dictionary.into_iter().map(|(oid, code)| (code, oid)).collect();
                values.sort_unstable();
                let (levels, places): (Vec<String>, Vec<f32>) =
                    values.into_iter().map(|(_, oid)| types::enum_label(oid.into())).unzip();
                ColumnValues::Codes {
                    codes,
                    levels: levels.into_iter().collect(),
                    places: Some(places),
                }
            }
        };
        ReadColumn {
            heading: self.heading,
            non_finite: self.non_finite,
            values,
        }
    }
}

fn too_many_values(column: &str) -> Error {
    Error::new(
        LIMIT_EXCEEDED,
        format!("column \"{column}\" has too many distinct values"),
    )
    .hint("Leave it out with exclude.")
}
