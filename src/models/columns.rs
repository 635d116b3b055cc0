//! Columns being read: values of any supported type become numbers, or codes into a list of levels.

use hashbrown::HashMap;

use crate::pg::error::{COLUMN_TYPE, Error, LIMIT_EXCEEDED, Result};
use crate::pg::query::OutputColumn;
use crate::pg::types::{self, Reader, Role, Value};
use algo::dictionary::Dictionary;
use algo::frame::MISSING;
use algo::label::Label;
use algo::lines::Lines;
use algo::monitor::Monitor;
use algo::room;
use algo::texts::Texts;

/// Values between two looks for an interrupt.
const BLOCK: usize = 1 << 15;

/// How a column of the query is read.
#[derive(Debug, Clone)]
pub struct Heading {
    /// The column's name.
    pub name: String,
    /// Its SQL type.
    pub type_name: String,
    /// How its values are read.
    pub reader: Reader,
}

impl Heading {
    /// Errs with `ML005` for a type that assay cannot read.
    pub fn of(column: &OutputColumn) -> Result<Heading> {
        match column.reader {
            Some(reader) => Ok(Heading {
                name: column.name.clone(),
                type_name: column.type_name.clone(),
                reader,
            }),
            None => Err(Error::new(
                COLUMN_TYPE,
                format!(
                    "column \"{}\" has type {}, which a model cannot use",
                    column.name, column.type_name
                ),
            )
            .hint(format!(
                "Cast it in the query to a number, text, date or float8[], or leave it out with exclude => '{{{}}}'.",
                column.name
            ))),
        }
    }
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

/// A column that has been read.
pub struct ReadColumn {
    /// Its name and type.
    pub heading: Heading,
    /// Values that were NaN or infinite; they count as missing too.
    pub non_finite: u64,
    /// Its values.
    pub values: Values,
}

/// The values of a column that has been read.
pub enum Values {
    /// Those of one lane of the lines of that number.
    Lane { lines: usize, lane: usize },
    /// One lane an element; none when every vector was NULL.
    Vectors(Lines),
    /// A code a row, [`MISSING`] for NULL, and the levels that codes stand for, in no order; those of an enum type with the place that each
    /// has in the type's order.
    Codes {
        codes: Vec<u32>,
        levels: Texts,
        places: Option<Vec<f32>>,
    },
}

impl ColumnBuilder {
    /// An empty column of categories or vectors.
    pub fn new(heading: Heading) -> ColumnBuilder {
        let values = match (heading.reader.role(), heading.reader) {
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

    /// Appends a row's value. Errs when a vector is not as long as those before, or a category has more levels than codes.
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
            Growing::Vectors(lines) => Values::Vectors(lines.unwrap_or_else(|| Lines::new(0))),
            Growing::Texts { codes, dictionary } => Values::Codes {
                codes,
                levels: dictionary.into_texts(),
                places: None,
            },
            Growing::Enums { codes, dictionary } => {
                let mut values: Vec<(u32, u32)> = dictionary.into_iter().map(|(oid, code)| (code, oid)).collect();
                values.sort_unstable();
                let (levels, places): (Vec<String>, Vec<f32>) =
                    values.into_iter().map(|(_, oid)| types::enum_label(oid.into())).unzip();
                Values::Codes {
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

/// The rows as classes: the distinct labels in no order, and a code a row, [`MISSING`] for NULL.
pub struct Classes {
    pub labels: Vec<Label>,
    pub codes: Vec<u32>,
}

impl Classes {
    /// Of a category. `None` for a column of other values.
    pub fn of_category(values: Values) -> Option<Classes> {
        let Values::Codes { codes, levels, places } = values else {
            return None;
        };
        let text = |place: usize| levels.get(place).to_string();
        let labels = match places {
            None => (0..levels.len()).map(|place| Label::Text(text(place))).collect(),
            Some(places) => (0..)
                .zip(places)
                .map(|(place, order)| Label::enumerated(order, text(place)))
                .collect(),
        };
        Some(Classes { labels, codes })
    }

    /// Of numbers. `None` for a type, or a number, that cannot be a class. Errs only when stopped.
    pub fn of_numbers(reader: Reader, numbers: &[f64], monitor: &dyn Monitor) -> Result<Option<Classes>> {
        if !matches!(
            reader,
            Reader::Bool | Reader::Int2 | Reader::Int4 | Reader::Int8 | Reader::Numeric
        ) {
            return Ok(None);
        }
        let mut dictionary = HashMap::<u64, u32>::new();
        let mut labels = Vec::new();
        let mut codes = Vec::with_capacity(numbers.len());
        for (index, &number) in numbers.iter().enumerate() {
            if index % BLOCK == 0 {
                monitor.check()?;
            }
            if number.is_nan() {
                codes.push(MISSING);
                continue;
            }
            let label = match reader {
                Reader::Bool => Label::Bool(number != 0.0),
                _ if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 => Label::Number(number as i64),
                _ => return Ok(None),
            };
            // -0.0 is 0.
            let code = *dictionary.entry((number + 0.0).to_bits()).or_insert_with(|| {
                labels.push(label);
                labels.len() as u32 - 1
            });
            codes.push(code);
        }
        Ok(Some(Classes { labels, codes }))
    }

    /// The same with the labels in their order.
    pub fn sorted(self) -> Classes {
        let mut order: Vec<u32> = (0..self.labels.len() as u32).collect();
        order.sort_unstable_by(|&a, &b| self.labels[a as usize].cmp(&self.labels[b as usize]));
        let mut new_codes = vec![0; order.len()];
        order
            .iter()
            .zip(0..)
            .for_each(|(&old, new)| new_codes[old as usize] = new);
        // The code of a missing value is beyond all of them.
        let new_code = |&code: &u32| new_codes.get(code as usize).copied().unwrap_or(MISSING);
        let codes = self.codes.iter().map(new_code).collect();
        let mut labels: Vec<Option<Label>> = self.labels.into_iter().map(Some).collect();
        let labels = order.iter().filter_map(|&old| labels[old as usize].take()).collect();
        Classes { labels, codes }
    }
}
