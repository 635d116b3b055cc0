//! How a call's arguments become a model's inputs: found once per call site, read once per row.

use std::cell::RefCell;

use hashbrown::HashMap;
use pgrx::pg_sys;

use super::predict::quote_identifier;
use super::scorer::Scorer;
use crate::pg::error::{Error, FEATURE_TYPE, INVALID_PARAMETER, MISSING_FEATURE, Result};
use crate::pg::fields::{Arguments, Field, Fields, Types};
use crate::pg::reader::{Reader, Value};
use crate::pg::whole_row::{Given, RowReader, WholeRow};
use crate::pg::{arguments, site, types};
use algo::grouped::LinearScorers;
use algo::linear;
use algo::model::{Input, InputKind};

/// Where the features are.
pub enum Binding {
    /// Each is an argument.
    Arguments(Plan),
    /// Each is an argument, and what they are is looked at.
    Watched(Plan),
    /// They are columns of one row.
    Row { plan: Plan, reader: RowReader },
}

/// How fields become an encoded row.
#[derive(Default)]
pub struct Plan {
    numbers: Vec<Numbers>,
    /// Those that say to which group a row belongs.
    key_numbers: Vec<Numbers>,
    others: Vec<Other>,
    /// The codes of enum values met so far, by input.
    enums: RefCell<HashMap<(usize, pg_sys::Oid), f64>>,
}

/// Fields next to each other that are plain numbers, and are so in the encoded row.
struct Numbers {
    first: usize,
    count: usize,
    at: usize,
    reader: Reader,
}

impl Numbers {
    #[inline(always)]
    fn read(&self, fields: &impl Fields, row: &mut [f64]) {
        self.reader
            .numbers(fields.after(self.first), &mut row[self.at..self.at + self.count]);
    }
}

/// Any other field.
struct Other {
    input: usize,
    field: Field,
    how: How,
}

enum How {
    /// A level by its bytes.
    Level,
    /// A level by the enum's value.
    Enum,
    Value,
}

impl Plan {
    fn add(&mut self, scorer: &Scorer, input: usize, field: Field) {
        let (place, reader) = (field.place(), field.reader());
        if let Some(at) = scorer.number_place(input, reader) {
            let runs = if scorer.is_key(input) {
                &mut self.key_numbers
            } else {
                &mut self.numbers
            };
            return match runs.last_mut() {
                Some(last)
                    if last.reader == reader && (last.first + last.count, last.at + last.count) == (place, at) =>
                {
                    last.count += 1;
                }
                _ => runs.push(Numbers {
                    first: place,
                    count: 1,
                    at,
                    reader,
                }),
            };
        }
        let is_category = matches!(scorer.model().inputs[input].kind, InputKind::Category { .. });
        let how = match reader {
            Reader::Enum if is_category => How::Enum,
            _ if is_category && reader.has_bytes() => How::Level,
            _ => How::Value,
        };
        self.others.push(Other { input, field, how });
    }

    /// Encodes the fields into `row`. Returns ML004 for an untyped literal that is not what the model wants.
    #[inline(always)]
    pub fn read(&self, scorer: &Scorer, fields: &impl Fields, row: &mut [f64]) -> Result<()> {
        for run in &self.numbers {
            run.read(fields, row);
        }
        self.read_others(scorer, fields, row)
    }

    /// Scores arguments by a linear model; plain numbers are added where they are, without being encoded. Returns an error as [`Plan::read`].
    #[inline(always)]
    pub fn score(
        &self,
        scorer: &Scorer,
        scorers: &LinearScorers,
        arguments: &Arguments<'_>,
        row: &mut [f64],
        out: &mut [f64],
    ) -> Result<()> {
        // Look-ups first: the processor gets on with the numbers while it waits for them.
        self.read_others(scorer, arguments, row)?;
        let (linear, features) = scorers.of(row);
        let (mut sum, mut next) = (linear::Sum::default(), 0);
        for run in &self.numbers {
            if next < run.at {
                sum = linear.add(sum, next, &row[next..run.at], |value| *value);
            }
            let values = arguments.slice(run.first, run.count);
            sum = match run.reader {
                Reader::Float8 => linear.add(sum, run.at, values, |value| Reader::Float8.argument(value)),
                reader => linear.add(sum, run.at, values, |value| reader.argument(value)),
            };
            next = run.at + run.count;
        }
        if next < features {
            sum = linear.add(sum, next, &row[next..features], |value| *value);
        }
        linear.finish(sum, row, out);
        Ok(())
    }

    /// Encodes all but the features that are plain numbers.
    #[inline(always)]
    fn read_others(&self, scorer: &Scorer, fields: &impl Fields, row: &mut [f64]) -> Result<()> {
        for run in &self.key_numbers {
            run.read(fields, row);
        }
        for other in &self.others {
            match other.how {
                How::Level => {
                    scorer.encode_level(other.input, fields.bytes(&other.field), row);
                }
                How::Enum => self.read_enum(scorer, other, fields, row)?,
                How::Value => read_value(scorer, other, fields, row)?,
            }
        }
        Ok(())
    }

    /// The label of an enum's value is looked up once.
    fn read_enum(&self, scorer: &Scorer, other: &Other, fields: &impl Fields, row: &mut [f64]) -> Result<()> {
        let (value, at) = (fields.value(&other.field), scorer.place(other.input));
        let Value::Enum(oid) = value else {
            row[at] = f64::NAN;
            return Ok(());
        };
        let mut enums = self.enums.borrow_mut();
        if let Some(&code) = enums.get(&(other.input, oid)) {
            row[at] = code;
        } else {
            scorer.encode(other.input, &value, row)?;
            enums.insert((other.input, oid), row[at]);
        }
        Ok(())
    }
}

/// Reads a value of any type.
#[inline(never)]
fn read_value(scorer: &Scorer, other: &Other, fields: &impl Fields, row: &mut [f64]) -> Result<()> {
    let value = fields.value(&other.field);
    let known = scorer.encode(other.input, &value, row)?;
    if known || other.field.reader() != Reader::Literal {
        return Ok(());
    }
    check_literal(scorer, other.input, &value)
}

/// An untyped literal for a number or a vector has to be one.
fn check_literal(scorer: &Scorer, input: usize, value: &Value<'_>) -> Result<()> {
    let input = &scorer.model().inputs[input];
    match (&input.kind, value) {
        (InputKind::Category { .. } | InputKind::Text { .. }, _) => Ok(()),
        (_, Value::Text(text)) => Err(Error::new(
            FEATURE_TYPE,
            format!("feature \"{}\" cannot be '{text}'", input.name),
        )
        .detail(format!("It was {} in training.", input.type_name))
        .hint(format!("Give a value of type {}, or NULL.", input.type_name))),
        _ => Ok(()),
    }
}

/// The error of a feature whose values the model cannot take.
pub fn wrong_type(scorer: &Scorer, input: usize, found: &str, reference: &str) -> Error {
    let input = &scorer.model().inputs[input];
    Error::new(
        FEATURE_TYPE,
        format!(
            "feature \"{}\" of model \"{reference}\" cannot be of type {found}",
            input.name
        ),
    )
    .detail(format!("It was {} in training.", input.type_name))
    .hint(format!(
        "Cast it: {}::{}.",
        quote_identifier(&input.name),
        input.type_name
    ))
}

/// The field of an input. Returns an error with ML004 when the model cannot take values of its type.
fn field(scorer: &Scorer, input: usize, fields: &impl Types, place: usize, reference: &str) -> Result<Field> {
    let field = fields.field(place);
    field
        .filter(|field| scorer.accepts(input, field.reader()))
        .ok_or_else(|| {
            let type_oid = fields.type_of(place).unwrap_or(pg_sys::UNKNOWNOID);
            wrong_type(scorer, input, &types::name_of(type_oid), reference)
        })
}

/// Binds a call's arguments behind the model: one a feature; or an array of names, and one argument a name.
pub fn of_arguments(scorer: &Scorer, reference: &str, fcinfo: pg_sys::FunctionCallInfo) -> Result<Plan> {
    if arguments::called_variadic(fcinfo) {
        return Err(
            Error::new(INVALID_PARAMETER, "features cannot be passed as a VARIADIC array")
                .hint("Pass the features one by one, or a whole row."),
        );
    }
    let fields = Arguments::of(&fcinfo);
    if fields.type_of(1) == Some(pg_sys::TEXTARRAYOID) {
        return by_name(scorer, reference, &names(fcinfo)?, &fields, 2);
    }
    let inputs = &scorer.model().inputs;
    let given = arguments::count(fcinfo) - 1;
    if given != inputs.len() {
        let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
        return Err(Error::new(
            MISSING_FEATURE,
            format!(
                "model \"{reference}\" takes {} features as arguments, not {given}",
                inputs.len()
            ),
        )
        .detail(format!("The features are, in order: {}.", names.join(", ")))
        .hint("Pass one whole row, such as a table's alias, to have its columns bound by name."));
    }
    let mut plan = Plan::default();
    for input in 0..given {
        plan.add(scorer, input, field(scorer, input, &fields, input + 1, reference)?);
    }
    Ok(plan)
}

/// The names of the columns that a call gives behind an array of them.
fn names(fcinfo: pg_sys::FunctionCallInfo) -> Result<Vec<Option<String>>> {
    let given = arguments::count(fcinfo) - 2;
    let names = match arguments::is_constant(fcinfo, 1) {
        true => arguments::texts(fcinfo, 1),
        false => None,
    };
    let names = names.filter(|names| names.len() == given).ok_or_else(|| {
        Error::new(
            INVALID_PARAMETER,
            "the names of features have to be a constant array with one name an argument",
        )
        .detail(format!("{given} arguments follow the array."))
        .hint("Pass the features one by one in the model's order, or a whole row.")
    })?;
    Ok(names.into_iter().map(Some).collect())
}

/// The values of a call's features as their types write them, in the order of the model's inputs. The call is one that could be bound.
pub fn written(scorer: &Scorer, fcinfo: pg_sys::FunctionCallInfo) -> Result<Vec<Option<String>>> {
    let inputs = scorer.model().inputs.iter();
    if arguments::count(fcinfo) == 2
        && let Given::Row(row) = WholeRow::of(&fcinfo, 1)
    {
        let mut reader = RowReader::new(&row);
        let names = reader.names().to_vec();
        let places: Vec<Option<usize>> = (inputs.enumerate())
            .map(|(input, wanted)| place_of(&names, &wanted.name).or(Some(input)))
            .collect();
        let Some(values) = reader.read(&row) else {
            return Ok(vec![None; places.len()]);
        };
        return Ok((places.into_iter()).map(|place| values.written(place?)).collect());
    }
    let fields = Arguments::of(&fcinfo);
    if fields.type_of(1) == Some(pg_sys::TEXTARRAYOID) {
        let names = names(fcinfo)?;
        let place = |(input, wanted): (usize, &Input)| place_of(&names, &wanted.name).unwrap_or(input) + 2;
        return Ok((inputs.enumerate().map(place))
            .map(|place| fields.written(place))
            .collect());
    }
    Ok((0..inputs.len()).map(|input| fields.written(input + 1)).collect())
}

/// The place of a column among those there are; `None` where columns have no names of their own.
fn place_of(names: &[Option<String>], wanted: &str) -> Option<usize> {
    names.iter().position(|name| name.as_deref() == Some(wanted))
}

/// Binds a whole row.
pub fn of_row(
    scorer: &Scorer,
    reference: &str,
    fcinfo: pg_sys::FunctionCallInfo,
    row: &WholeRow<'_>,
) -> Result<Binding> {
    let reader = site::in_its_memory(fcinfo, || RowReader::new(row));
    let plan = by_name(scorer, reference, reader.names(), &reader, 0)?;
    Ok(Binding::Row { plan, reader })
}

/// Binds columns by their names; the first of them is field number `first`.
fn by_name(
    scorer: &Scorer,
    reference: &str,
    there: &[Option<String>],
    fields: &impl Types,
    first: usize,
) -> Result<Plan> {
    let inputs = &scorer.model().inputs;
    // ROW(a, b, ...) names its columns f1, f2, ...: such a row is bound by position.
    let unnamed = there.len() == inputs.len()
        && there
            .iter()
            .enumerate()
            .all(|(place, name)| name.as_deref() == Some(&format!("f{}", place + 1)));
    let mut plan = Plan::default();
    for (input, wanted) in inputs.iter().enumerate() {
        let place = if unnamed {
            Some(input)
        } else {
            there.iter().position(|name| name.as_deref() == Some(&wanted.name))
        };
        let Some(place) = place else {
            let names: Vec<&str> = there.iter().flatten().map(String::as_str).collect();
            return Err(Error::new(
                MISSING_FEATURE,
                format!(
                    "the row lacks column \"{}\", which model \"{reference}\" needs",
                    wanted.name
                ),
            )
            .detail(format!("The row's columns are: {}.", names.join(", ")))
            .hint("Give the row all columns that the model was trained on; their order does not matter."));
        };
        plan.add(scorer, input, field(scorer, input, fields, first + place, reference)?);
    }
    Ok(plan)
}
