//! To which segment each row of a pass belongs, by the values of columns.

use hashbrown::HashMap;
use serde_json::{Map, Value as Json, json};

use super::pass::LeftOut;
use crate::models::predict::column_named;
use crate::pg::error::{Error, FEATURE_TYPE, INVALID_PARAMETER, LIMIT_EXCEEDED, Result};
use crate::pg::intake;
use crate::pg::query_row::{OutputColumn, Row};
use crate::pg::reader::{Reader, Role, Value};
use crate::pg::types;
use algo::block::Kind;
use algo::room;
use algo::scan::Constant;

/// The most segments of a pass.
const MOST_SEGMENTS: usize = 10_000;

/// The most bytes of a text that names a segment: it stands in each row of the result.
const LONGEST: usize = 1000;

/// A column that rows are told apart by.
struct Column {
    name: String,
    place: usize,
    reader: Reader,
    kind: Kind,
    /// The code of each value that was met; codes count from 0.
    texts: HashMap<String, u32>,
    numbers: HashMap<u64, u32>,
    null: Option<u32>,
    /// By their codes.
    values: Vec<Json>,
}

/// The segments of rows, in the order they were met.
pub struct Segments {
    columns: Vec<Column>,
    /// Of segments of several columns, by the codes of their values.
    found: HashMap<Vec<u32>, u32>,
    keys: Vec<Vec<u32>>,
    key: Vec<u32>,
    /// The segment of each row that was kept.
    of_row: Vec<u32>,
    /// What was left out of each segment.
    left_out: Vec<LeftOut>,
}

impl Column {
    fn new(name: &str, columns: &[OutputColumn]) -> Result<Column> {
        let place = column_named(columns, name, "named in group_by")?;
        let OutputColumn {
            reader,
            type_oid,
            type_name,
            ..
        } = &columns[place];
        let reader = reader.filter(|reader| reader.role() != Role::Vector).ok_or_else(|| {
            Error::new(FEATURE_TYPE, format!("column \"{name}\" cannot be grouped by"))
                .detail(format!("Its type is {type_name}."))
                .hint("Cast it to text in the query.")
        })?;
        Ok(Column {
            name: name.to_string(),
            place,
            reader,
            kind: intake::kind_of(*type_oid),
            texts: HashMap::new(),
            numbers: HashMap::new(),
            null: None,
            values: Vec::new(),
        })
    }

    /// The code of a row's value. Returns 54000 for a text that is too long to name a segment.
    fn code(&mut self, value: &Value<'_>) -> Result<u32> {
        let next = self.values.len() as u32;
        let code = match value {
            Value::Missing | Value::Vector(_) => *self.null.get_or_insert(next),
            Value::Text(text) => match self.texts.get(text.as_ref()) {
                Some(&code) => code,
                None => {
                    if text.len() > LONGEST {
                        return Err(Error::new(
                            LIMIT_EXCEEDED,
                            format!("a text in column \"{}\" is too long to group by", self.name),
                        )
                        .detail(format!(
                            "It has {} bytes, and at most {LONGEST} are allowed.",
                            text.len()
                        ))
                        .hint("Group by a part of it, such as left(text, 100), or by a hash."));
                    }
                    self.texts.insert(text.to_string(), next);
                    next
                }
            },
            // -0 is the 0 that it equals, and there is one NaN.
            Value::Number(number) if number.is_nan() => *self.numbers.entry(f64::NAN.to_bits()).or_insert(next),
            Value::Number(number) => *self.numbers.entry((number + 0.0).to_bits()).or_insert(next),
            Value::Enum(oid) => *self.numbers.entry(u64::from(oid.to_u32())).or_insert(next),
        };
        if code == next {
            let value = self.json(value);
            self.values.push(value);
        }
        Ok(code)
    }

    /// A value as JSON has it.
    fn json(&self, value: &Value<'_>) -> Json {
        let written = |number: f64, units: f64| {
            json!(intake::written_in_json(
                self.kind,
                &Constant::Integer((number * units) as i64)
            ))
        };
        match value {
            Value::Missing | Value::Vector(_) => Json::Null,
            Value::Text(text) => json!(text),
            Value::Enum(oid) => json!(types::enum_label(*oid).0),
            Value::Number(number) if !number.is_finite() => json!(number.to_string()),
            Value::Number(number) => match self.reader {
                Reader::Bool => json!(*number != 0.0),
                Reader::Date => written(*number, 1.0),
                Reader::Timestamp => written(*number, 1e6),
                _ if number.fract() == 0.0 && number.abs() < 1e15 => json!(*number as i64),
                _ => json!(number),
            },
        }
    }
}

impl Segments {
    /// No rows yet. Returns 42703 for a column that the query lacks, 22023 for one that is named twice, ML004 for one that cannot be grouped by.
    pub fn new(names: &[String], columns: &[OutputColumn]) -> Result<Segments> {
        if names.is_empty() {
            return Err(Error::new(INVALID_PARAMETER, "group_by names no column").hint("Name one, or give NULL."));
        }
        if let Some((_, twice)) = names
            .iter()
            .enumerate()
            .find(|(place, name)| names[..*place].contains(name))
        {
            return Err(
                Error::new(INVALID_PARAMETER, format!("group_by names \"{twice}\" twice")).hint("Name it once."),
            );
        }
        let columns: Result<Vec<Column>> = names.iter().map(|name| Column::new(name, columns)).collect();
        Ok(Segments {
            columns: columns?,
            found: HashMap::new(),
            keys: Vec::new(),
            key: Vec::new(),
            of_row: Vec::new(),
            left_out: Vec::new(),
        })
    }

    /// The segment of a row. Returns 54000 when there are too many.
    #[inline]
    pub fn of(&mut self, row: &Row<'_>) -> Result<u32> {
        self.key.clear();
        for column in &mut self.columns {
            let code = column.code(&row.value(column.place))?;
            self.key.push(code);
        }
        // Of one column the codes are the segments.
        let known = match self.key[..] {
            [code] => (code < self.keys.len() as u32).then_some(code),
            _ => self.found.get(&self.key).copied(),
        };
        match known {
            Some(segment) => Ok(segment),
            None => self.admit(),
        }
    }

    #[cold]
    fn admit(&mut self) -> Result<u32> {
        let segment = self.keys.len();
        if segment == MOST_SEGMENTS {
            let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
            return Err(Error::new(
                LIMIT_EXCEEDED,
                format!("group_by makes more than {MOST_SEGMENTS} segments"),
            )
            .detail(format!("It names {}.", names.join(", ")))
            .hint("Group by fewer columns, or by ranges of them, such as assay.bucketize makes."));
        }
        self.keys.push(self.key.clone());
        self.left_out.push(LeftOut::default());
        if self.columns.len() > 1 {
            self.found.insert(self.key.clone(), segment as u32);
        }
        Ok(segment as u32)
    }

    /// Adds a row to a segment. One without a target only counts as left out.
    #[inline]
    pub fn push(&mut self, segment: u32, left_out: LeftOut) -> Result<()> {
        self.left_out[segment as usize].add(left_out);
        if left_out.unlabelled == 0 {
            room::push(&mut self.of_row, segment)?;
        }
        Ok(())
    }

    /// Adds so many rows to a segment that have a target, and what was left out beside them.
    pub fn push_rows(&mut self, segment: u32, left_out: LeftOut, rows: usize) -> Result<()> {
        self.left_out[segment as usize].add(left_out);
        room::reserve(&mut self.of_row, rows)?;
        self.of_row.resize(self.of_row.len() + rows, segment);
        Ok(())
    }

    /// What was left out of a segment.
    pub fn left_out(&self, segment: usize) -> LeftOut {
        self.left_out.get(segment).copied().unwrap_or_default()
    }

    /// How many segments there are.
    pub fn count(&self) -> usize {
        self.keys.len()
    }

    /// The kept rows of each segment.
    pub fn rows(&self) -> Result<Vec<Vec<u32>>> {
        let mut counts = vec![0_usize; self.count()];
        self.of_row.iter().for_each(|&segment| counts[segment as usize] += 1);
        let mut rows: Vec<Vec<u32>> = Vec::with_capacity(counts.len());
        for count in counts {
            rows.push(room::with_capacity(count)?);
        }
        for (row, &segment) in self.of_row.iter().enumerate() {
            rows[segment as usize].push(row as u32);
        }
        Ok(rows)
    }

    /// The values of a segment by the names of their columns.
    pub fn json(&self, segment: usize) -> Json {
        let values = self.columns.iter().zip(&self.keys[segment]);
        let object: Map<String, Json> = values
            .map(|(column, &code)| (column.name.clone(), column.values[code as usize].clone()))
            .collect();
        Json::Object(object)
    }

    /// The segments in the order of their values: numbers, texts by code points, NULL last.
    pub fn in_order(&self) -> Vec<usize> {
        let values = |segment: usize| {
            let codes = self.columns.iter().zip(&self.keys[segment]);
            codes.map(|(column, &code)| &column.values[code as usize])
        };
        let mut order: Vec<usize> = (0..self.count()).collect();
        order.sort_by(|&a, &b| {
            let pairs = values(a).zip(values(b));
            pairs
                .map(|(a, b)| rank(a).cmp(&rank(b)).then_with(|| compared(a, b)))
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        order
    }
}

fn rank(value: &Json) -> u8 {
    match value {
        Json::Bool(_) => 0,
        Json::Number(_) => 1,
        Json::String(_) | Json::Array(_) | Json::Object(_) => 2,
        Json::Null => 3,
    }
}

/// The order of two values of one kind.
fn compared(a: &Json, b: &Json) -> std::cmp::Ordering {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => match (a.as_bool(), b.as_bool()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.as_str().cmp(&b.as_str()),
        },
    }
}
