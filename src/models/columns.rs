//! Columns being read: values of any supported type become numbers, or codes into a list of levels.

use hashbrown::HashMap;

use crate::algo::frame::{Column, MISSING};
use crate::algo::label::Label;
use crate::pg::error::{COLUMN_TYPE, Error, LIMIT_EXCEEDED, Result};
use crate::pg::query::OutputColumn;
use crate::pg::types::{self, Reader, Role, Value};

/// One column of the query, growing row by row.
pub struct ColumnBuilder {
    /// The column's name.
    pub name: String,
    /// Its SQL type.
    pub type_name: String,
    /// Rows whose value was NaN or infinite; they count as missing too.
    pub non_finite: u64,
    reader: Reader,
    rows: usize,
    values: Values,
}

enum Values {
    Numbers(Vec<f64>),
    /// A vector is as many numbers as it has elements; their number is known from the first one that is not NULL.
    Vectors(Vec<Vec<f64>>),
    Texts {
        codes: Vec<u32>,
        dictionary: HashMap<Box<str>, u32>,
        bytes: usize,
    },
    Enums {
        codes: Vec<u32>,
        dictionary: HashMap<u32, u32>,
    },
}

/// A column that has been read.
pub struct ReadColumn {
    /// The column's name.
    pub name: String,
    /// Its SQL type.
    pub type_name: String,
    /// What it is to a model.
    pub role: Role,
    /// Rows whose value was NaN or infinite.
    pub non_finite: u64,
    /// One part; for a vector one an element.
    pub parts: Vec<Column>,
    /// The levels that a category's codes stand for, in no order.
    pub levels: Vec<Label>,
    reader: Reader,
}

impl ColumnBuilder {
    /// An empty column. Errs with `ML005` for a type that assay cannot read.
    pub fn new(column: &OutputColumn) -> Result<ColumnBuilder> {
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
        let values = match (reader.role(), reader) {
            (Role::Number, _) => Values::Numbers(Vec::new()),
            (Role::Vector, _) => Values::Vectors(Vec::new()),
            (Role::Category, Reader::Enum) => Values::Enums {
                codes: Vec::new(),
                dictionary: HashMap::new(),
            },
            (Role::Category, _) => Values::Texts {
                codes: Vec::new(),
                dictionary: HashMap::new(),
                bytes: 0,
            },
        };
        Ok(ColumnBuilder {
            name: column.name.clone(),
            type_name: column.type_name.clone(),
            non_finite: 0,
            reader,
            rows: 0,
            values,
        })
    }

    /// Appends a number, if this is a column of numbers; says whether it was.
    #[inline]
    pub fn push_number(&mut self, number: f64) -> bool {
        let Values::Numbers(numbers) = &mut self.values else {
            return false;
        };
        self.rows += 1;
        let finite = number.is_finite();
        self.non_finite += u64::from(!finite);
        numbers.push(if finite { number } else { f64::NAN });
        true
    }

    /// Appends a row's value. Errs when a vector is not as long as those before, or a category has more levels than codes.
    #[inline]
    pub fn push(&mut self, value: &Value<'_>) -> Result<()> {
        if let Value::Number(number) = value
            && self.push_number(*number)
        {
            return Ok(());
        }
        self.rows += 1;
        match (&mut self.values, value) {
            (
                Values::Texts {
                    codes,
                    dictionary,
                    bytes,
                },
                Value::Text(text),
            ) => {
                let code = match dictionary.get(text.as_ref()) {
                    Some(&code) => code,
                    None => {
                        let code = next_code(&self.name, dictionary.len())?;
                        *bytes += text.len();
                        dictionary.insert(text.as_ref().into(), code);
                        code
                    }
                };
                codes.push(code);
            }
            (Values::Enums { codes, dictionary }, Value::Enum(oid)) => {
                let next = next_code(&self.name, dictionary.len())?;
                codes.push(*dictionary.entry(oid.to_u32()).or_insert(next));
            }
            (Values::Vectors(parts), Value::Vector(vector)) => {
                if parts.is_empty() {
                    parts.resize_with(vector.len(), || vec![f64::NAN; self.rows - 1]);
                }
                if parts.len() != vector.len() {
                    return Err(Error::new(
                        COLUMN_TYPE,
                        format!("column \"{}\" holds vectors of different lengths", self.name),
                    )
                    .detail(format!(
                        "Row {} has {} elements, those before have {}.",
                        self.rows,
                        vector.len(),
                        parts.len()
                    ))
                    .hint("Every vector of a column must have as many elements as the others, or be NULL."));
                }
                for (part, &element) in parts.iter_mut().zip(vector) {
                    let finite = element.is_finite();
                    self.non_finite += u64::from(!finite);
                    part.push(if finite { element } else { f64::NAN });
                }
            }
            (values, _) => match values {
                Values::Numbers(numbers) => numbers.push(f64::NAN),
                Values::Vectors(parts) => parts.iter_mut().for_each(|part| part.push(f64::NAN)),
                Values::Texts { codes, .. } | Values::Enums { codes, .. } => codes.push(MISSING),
            },
        }
        Ok(())
    }

    /// Bytes that its rows take.
    pub fn memory(&self) -> usize {
        /// A dictionary entry: its key's pointer and length, its code, a control byte, and the load factor.
        const ENTRY: usize = 40;
        match &self.values {
            Values::Numbers(numbers) => numbers.len() * size_of::<f64>(),
            Values::Vectors(parts) => parts.iter().map(|part| part.len() * size_of::<f64>()).sum(),
            Values::Texts {
                codes,
                dictionary,
                bytes,
            } => codes.len() * size_of::<u32>() + bytes + dictionary.len() * ENTRY,
            Values::Enums { codes, dictionary } => codes.len() * size_of::<u32>() + dictionary.len() * ENTRY,
        }
    }

    /// The column as read.
    pub fn finish(self) -> ReadColumn {
        let (parts, levels) = match self.values {
            Values::Numbers(numbers) => (vec![Column::Number(numbers)], Vec::new()),
            Values::Vectors(parts) => (parts.into_iter().map(Column::Number).collect(), Vec::new()),
            Values::Texts { codes, dictionary, .. } => {
                let levels = dictionary
                    .into_iter()
                    .map(|(text, code)| (Label::Text(text.into()), code));
                category(codes, levels)
            }
            Values::Enums { codes, dictionary } => {
                let levels = dictionary.into_iter().map(|(oid, code)| (enum_level(oid.into()), code));
                category(codes, levels)
            }
        };
        ReadColumn {
            name: self.name,
            type_name: self.type_name,
            role: self.reader.role(),
            non_finite: self.non_finite,
            parts,
            levels,
            reader: self.reader,
        }
    }
}

/// The label of an enum value.
pub fn enum_level(oid: pgrx::pg_sys::Oid) -> Label {
    let (label, order) = types::enum_label(oid);
    Label::enumerated(order, label)
}

fn next_code(column: &str, levels: usize) -> Result<u32> {
    u32::try_from(levels)
        .ok()
        .filter(|&code| code != MISSING)
        .ok_or_else(|| {
            Error::new(
                LIMIT_EXCEEDED,
                format!("column \"{column}\" has too many distinct values"),
            )
            .hint("Leave it out with exclude.")
        })
}

fn category(codes: Vec<u32>, levels: impl Iterator<Item = (Label, u32)>) -> (Vec<Column>, Vec<Label>) {
    let mut levels: Vec<(Label, u32)> = levels.collect();
    levels.sort_unstable_by_key(|&(_, code)| code);
    let levels: Vec<Label> = levels.into_iter().map(|(level, _)| level).collect();
    (
        vec![Column::Category {
            codes,
            levels: levels.len(),
        }],
        levels,
    )
}

impl ReadColumn {
    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.parts.first().map_or(0, Column::len)
    }

    /// The rows as class labels: one distinct label list in label order, and a code a row ([`MISSING`] for NULL). `None` for a type that
    /// cannot be a class.
    pub fn labels(&self) -> Option<(Vec<Label>, Vec<u32>)> {
        let numbered: (Vec<Label>, Vec<u32>) = match (self.parts.first()?, self.reader) {
            (Column::Category { codes, .. }, _) => (self.levels.clone(), codes.clone()),
            (Column::Number(numbers), Reader::Bool | Reader::Int2 | Reader::Int4 | Reader::Int8 | Reader::Numeric) => {
                let mut dictionary = HashMap::<u64, u32>::new();
                let mut labels = Vec::new();
                let mut codes = Vec::with_capacity(numbers.len());
                for &number in numbers {
                    if number.is_nan() {
                        codes.push(MISSING);
                        continue;
                    }
                    let label = match self.reader {
                        Reader::Bool => Label::Bool(number != 0.0),
                        _ if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 => {
                            Label::Number(number as i64)
                        }
                        _ => return None,
                    };
                    // -0.0 is 0.
                    let code = *dictionary.entry((number + 0.0).to_bits()).or_insert_with(|| {
                        labels.push(label);
                        labels.len() as u32 - 1
                    });
                    codes.push(code);
                }
                (labels, codes)
            }
            _ => return None,
        };
        let (labels, codes) = numbered;
        let (labels, new_codes) = sorted(labels);
        Some((labels, recode(&codes, &new_codes)))
    }
}

/// Sorts levels; also gives each old code's new one.
pub fn sorted(levels: Vec<Label>) -> (Vec<Label>, Vec<u32>) {
    let mut order: Vec<u32> = (0..levels.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| levels[a as usize].cmp(&levels[b as usize]));
    let mut new_codes = vec![0; levels.len()];
    order
        .iter()
        .zip(0..)
        .for_each(|(&old, new)| new_codes[old as usize] = new);
    let mut levels: Vec<Option<Label>> = levels.into_iter().map(Some).collect();
    (
        order.iter().filter_map(|&old| levels[old as usize].take()).collect(),
        new_codes,
    )
}

/// Replaces codes; [`MISSING`] stays.
pub fn recode(codes: &[u32], new_codes: &[u32]) -> Vec<u32> {
    codes
        .iter()
        .map(|&code| {
            if code == MISSING {
                MISSING
            } else {
                new_codes[code as usize]
            }
        })
        .collect()
}
