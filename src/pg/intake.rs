//! How values of every SQL type become cells of a block.

use std::ffi::CStr;

use hashbrown::HashMap;
use pgrx::{PgMemoryContexts, pg_sys};

use super::arguments;
use super::datum_text;
use super::encoding;
use super::error::{Error, INTERNAL, Result};
use super::foreground::Foreground;
use super::reader::{Reader, Value};
use super::site;
use super::types;
use algo::block::{BlockColumn, Kind, TakesCells};
use algo::monitor::Monitor;
use algo::scan::cells::Row;
use algo::scan::{Constant, cell};

/// Bytes of a text that is long: a row may have a thousand of them.
const LONG: usize = 1 << 20;

/// Takes the values of one SQL type in.
struct Intake {
    way: Way,
}

enum Way {
    /// The datum is the integer, or holds it.
    Integer(fn(pg_sys::Datum) -> i64),
    /// An interval, by PostgreSQL's measure of its length.
    Interval,
    /// The datum is a double.
    Double,
    /// A number that a reader gives.
    Number(Reader),
    /// A text that a reader gives.
    Text(Reader),
    /// An enum's label, looked up once a value.
    Enum(HashMap<pg_sys::Oid, Box<str>>),
    /// Binary data in hexadecimal, whatever the setting bytea_output.
    Bytes,
    /// What the type's output function writes.
    Output(Box<pg_sys::FmgrInfo>),
}

/// What values of a type are to a scan; domains are what they are made of.
pub fn kind_of(type_oid: pg_sys::Oid) -> Kind {
    kind_and_reader(base_type(type_oid)).0
}

fn base_type(type_oid: pg_sys::Oid) -> pg_sys::Oid {
    // SAFETY: a catalog look-up by oid; it returns the oid itself when the type is no domain.
    unsafe { pg_sys::getBaseType(type_oid) }
}

fn kind_and_reader(base: pg_sys::Oid) -> (Kind, Option<Reader>) {
    let reader = Reader::of(base);
    let kind = match base {
        pg_sys::OIDOID => Kind::Integer,
        pg_sys::TIMESTAMPOID => Kind::Timestamp,
        pg_sys::TIMESTAMPTZOID => Kind::TimestampTz,
        pg_sys::TIMEOID => Kind::Time,
        pg_sys::INTERVALOID => Kind::Interval,
        pg_sys::JSONOID | pg_sys::JSONBOID => Kind::Json,
        pg_sys::BYTEAOID => Kind::Bytes,
        _ => match reader {
            Some(Reader::Bool) => Kind::Bool,
            Some(Reader::Int2 | Reader::Int4 | Reader::Int8) => Kind::Integer,
            Some(Reader::Float4 | Reader::Float8) => Kind::Float,
            Some(Reader::Numeric) => Kind::Numeric,
            Some(Reader::Date) => Kind::Date,
            Some(Reader::Text | Reader::Padded | Reader::Name | Reader::Literal) => Kind::Text,
            Some(Reader::Enum) => Kind::Enum,
            Some(Reader::Uuid) => Kind::Uuid,
            // SAFETY: a catalog look-up by oid.
            _ if unsafe { pg_sys::get_element_type(base) } != pg_sys::InvalidOid => Kind::Array,
            _ => Kind::Other,
        },
    };
    (kind, reader)
}

/// PostgreSQL's extreme dates and timestamps are its infinities; a block has the extreme integers for them.
fn days(datum: pg_sys::Datum) -> i64 {
    match datum.value() as i32 {
        i32::MIN => i64::MIN,
        i32::MAX => i64::MAX,
        days => i64::from(days),
    }
}

impl Intake {
    /// The intake of a type. What it remembers lives in the current memory context.
    fn of(type_oid: pg_sys::Oid) -> Intake {
        let base = base_type(type_oid);
        let (kind, reader) = kind_and_reader(base);
        let way = match (kind, reader) {
            (Kind::Bool, _) => Way::Integer(|datum| i64::from(datum.value() & 0xff != 0)),
            (Kind::Integer, Some(Reader::Int2)) => Way::Integer(|datum| i64::from(datum.value() as i16)),
            (Kind::Integer, Some(Reader::Int4)) => Way::Integer(|datum| i64::from(datum.value() as i32)),
            // An oid is 32 bits without a sign.
            (Kind::Integer, None) => Way::Integer(|datum| i64::from(datum.value() as u32)),
            (Kind::Integer | Kind::Timestamp | Kind::TimestampTz | Kind::Time, _) => {
                Way::Integer(|datum| datum.value() as i64)
            }
            (Kind::Date, _) => Way::Integer(days),
            (Kind::Interval, _) => Way::Interval,
            (Kind::Enum, _) => Way::Enum(HashMap::new()),
            (Kind::Bytes, _) => Way::Bytes,
            (Kind::Float, Some(Reader::Float8)) => Way::Double,
            (Kind::Float | Kind::Numeric, Some(reader)) => Way::Number(reader),
            (Kind::Text | Kind::Uuid, Some(reader)) => Way::Text(reader),
            _ => Way::Output(output_function(base)),
        };
        Intake { way }
    }

    /// Gives a value that stands in the datum itself to what takes cells of this intake's kind. Says whether it is such a value.
    #[inline(always)]
    fn push_plain(&mut self, datum: pg_sys::Datum, column: &mut impl TakesCells) -> bool {
        match &self.way {
            Way::Double => column.take_number(f64::from_bits(datum.value() as u64)),
            Way::Integer(integer) => column.take_integer(integer(datum)),
            Way::Interval | Way::Number(_) | Way::Text(_) | Way::Enum(_) | Way::Bytes | Way::Output(_) => return false,
        }
        true
    }

    /// Gives a value to what takes cells of this intake's kind. What has to be unpacked is allocated in the current memory context.
    ///
    /// # Safety
    /// `datum` is a non-null value of this intake's type.
    #[inline(always)]
    unsafe fn push(
        &mut self,
        datum: pg_sys::Datum,
        column: &mut impl TakesCells,
        monitor: &Foreground,
    ) -> algo::error::Result<()> {
        if self.push_plain(datum, column) {
            return Ok(());
        }
        // SAFETY: as the caller promises.
        unsafe { self.push_unpacked(datum, column, monitor) }
    }

    /// The same for a value that may be NULL.
    ///
    /// # Safety
    /// As for [`Intake::push`], unless it is NULL.
    #[inline(always)]
    unsafe fn push_nullable(
        &mut self,
        value: &pg_sys::NullableDatum,
        column: &mut impl TakesCells,
        monitor: &Foreground,
    ) -> algo::error::Result<()> {
        if value.isnull {
            column.take_null();
            return Ok(());
        }
        // SAFETY: as the caller promises.
        unsafe { self.push(value.value, column, monitor) }
    }

    /// The same for a value that has to be unpacked, or read by a function.
    ///
    /// # Safety
    /// As for [`Intake::push`].
    #[inline(never)]
    unsafe fn push_unpacked(
        &mut self,
        datum: pg_sys::Datum,
        column: &mut impl TakesCells,
        monitor: &Foreground,
    ) -> algo::error::Result<()> {
        let mut text = |text: &str| {
            if text.len() > LONG {
                monitor.check()?;
                monitor.allow(text.len())?;
            }
            column.take_text(text)
        };
        match &mut self.way {
            Way::Double | Way::Integer(_) => {}
            Way::Number(reader) if reader.is_plain_number() => column.take_number(reader.number(datum)),
            // SAFETY: the datum is of the reader's type, as the caller promises.
            Way::Number(reader) | Way::Text(reader) => match unsafe { reader.read(datum) } {
                Value::Number(number) => column.take_number(number),
                Value::Text(value) => return text(&value),
                _ => column.take_null(),
            },
            // SAFETY: as above.
            Way::Interval => column.take_integer(unsafe { microseconds(datum) }),
            Way::Enum(labels) => {
                let value = pg_sys::Oid::from(datum.value() as u32);
                return text(labels.entry(value).or_insert_with(|| types::enum_label(value).0.into()));
            }
            // SAFETY: as above.
            Way::Bytes => return text(&unsafe { datum_text::hexadecimal(datum) }),
            // SAFETY: as above: the function is that of the datum's type.
            Way::Output(function) => return text(&unsafe { datum_text::output(function, datum) }),
        }
        Ok(())
    }
}

/// An interval's length as PostgreSQL compares intervals: months of 30 days, days of 24 hours.
///
/// # Safety
/// `datum` is a non-null interval.
unsafe fn microseconds(datum: pg_sys::Datum) -> i64 {
    // SAFETY: an interval is passed by reference to this struct.
    let interval = unsafe { &*datum.cast_mut_ptr::<pg_sys::Interval>() };
    let days = i64::from(interval.month) * 30 + i64::from(interval.day);
    days.saturating_mul(86_400_000_000).saturating_add(interval.time)
}

fn output_function(type_oid: pg_sys::Oid) -> Box<pg_sys::FmgrInfo> {
    let mut function = pg_sys::Oid::INVALID;
    let mut is_varlena = false;
    let mut info = Box::<pg_sys::FmgrInfo>::default();
    // SAFETY: the look-ups raise an error for a type without an output function; the info is written by the second call, and what it
    // points to lives in the current memory context, as the caller knows.
    unsafe {
        pg_sys::getTypeOutputInfo(type_oid, &mut function, &mut is_varlena);
        pg_sys::fmgr_info_cxt(function, &mut *info, PgMemoryContexts::CurrentMemoryContext.value());
    }
    info
}

/// The intakes of a call site's arguments.
pub struct Intakes {
    site: *const pg_sys::FmgrInfo,
    first: usize,
    kinds: Vec<Kind>,
    intakes: Vec<Intake>,
}

impl Intakes {
    /// Those of arguments `first` and following. An argument whose type PostgreSQL cannot tell is taken in by none.
    pub fn of(fcinfo: pg_sys::FunctionCallInfo, first: usize) -> Intakes {
        let types = (first..arguments::count(fcinfo)).map_while(|index| arguments::argument_type(fcinfo, index));
        let (kinds, intakes) = site::in_its_memory(fcinfo, || {
            types.map(|type_oid| (kind_of(type_oid), Intake::of(type_oid))).unzip()
        });
        Intakes {
            site: arguments::site(fcinfo),
            first,
            kinds,
            intakes,
        }
    }

    /// What the arguments are to a scan.
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// Appends a call's arguments to the columns of a block. Returns an error where a long text finds no room; raises one for the call of
    /// another site.
    #[inline]
    pub fn push_row(
        &mut self,
        fcinfo: pg_sys::FunctionCallInfo,
        block: &mut [BlockColumn],
        monitor: &Foreground,
    ) -> algo::error::Result<()> {
        let mut columns = block.iter_mut();
        self.each(fcinfo, |intake, value| match columns.next() {
            // SAFETY: as `each` says.
            Some(column) => unsafe { intake.push_nullable(value, column, monitor) },
            None => Ok(()),
        })
    }

    /// Writes a call's arguments as the bytes of a row. Returns an error where there is no room for them; raises one for the call of another site.
    #[inline]
    pub fn write_row(
        &mut self,
        fcinfo: pg_sys::FunctionCallInfo,
        row: &mut Row,
        monitor: &Foreground,
    ) -> algo::error::Result<()> {
        row.begin(self.intakes.len())?;
        // SAFETY: as `each` says.
        self.each(fcinfo, |intake, value| unsafe {
            intake.push_nullable(value, row, monitor)
        })
    }

    /// Calls `work` with each argument, which is of the type that this call site has for it, and its intake, until the first error.
    #[inline(always)]
    fn each(
        &mut self,
        fcinfo: pg_sys::FunctionCallInfo,
        mut work: impl FnMut(&mut Intake, &pg_sys::NullableDatum) -> algo::error::Result<()>,
    ) -> algo::error::Result<()> {
        if self.site != arguments::site(fcinfo).cast_const() {
            Error::new(INTERNAL, "the arguments of another call are taken in").raise();
        }
        let values = arguments::from(fcinfo, self.first);
        self.intakes
            .iter_mut()
            .zip(values)
            .try_for_each(|(intake, value)| work(intake, value))
    }
}

/// A value that is written as text, as a cell of its type. Errors of the type's input function pass through; `None` when it gives NULL.
pub fn constant(type_oid: pg_sys::Oid, text: &str) -> Result<Option<Constant>> {
    let base = base_type(type_oid);
    let text = encoding::encode_c(text)?;
    let mut column = BlockColumn::new(kind_of(base));
    // SAFETY: the look-up raises an error for a type without an input function; the function is called with a C string in the
    // server's encoding and gives a value of the type, or NULL for none.
    unsafe {
        let (mut function, mut parameter) = (pg_sys::Oid::INVALID, pg_sys::Oid::INVALID);
        pg_sys::getTypeInputInfo(base, &mut function, &mut parameter);
        let datum = pg_sys::OidInputFunctionCall(function, text.as_ptr().cast_mut(), parameter, -1);
        Intake::of(base).push(datum, &mut column, &Foreground::new()?)?;
    }
    Ok(cell(&column, 0))
}

/// A cell's value as JSON has it: times as ISO 8601 writes them, whatever DateStyle says; others as [`written`].
pub fn written_in_json(kind: Kind, constant: &Constant) -> String {
    let type_oid = match kind {
        Kind::Date => pg_sys::DATEOID,
        Kind::Timestamp => pg_sys::TIMESTAMPOID,
        Kind::TimestampTz => pg_sys::TIMESTAMPTZOID,
        Kind::Time => pg_sys::TIMEOID,
        _ => return written(kind, constant),
    };
    let Constant::Integer(integer) = *constant else {
        return written(kind, constant);
    };
    let mut buffer = [0; pg_sys::MAXDATELEN as usize + 1];
    // SAFETY: the buffer is as long as the function wants it, which ends it with a zero; the datum is of the type, passed by value.
    unsafe {
        pg_sys::JsonEncodeDateTime(
            buffer.as_mut_ptr(),
            time_datum(kind, integer),
            type_oid,
            std::ptr::null(),
        );
        CStr::from_ptr(buffer.as_ptr()).to_string_lossy().into_owned()
    }
}

/// The datum of a point in time from its cell.
fn time_datum(kind: Kind, integer: i64) -> pg_sys::Datum {
    match kind {
        Kind::Date => pg_sys::Datum::from(match integer {
            i64::MIN => i32::MIN,
            i64::MAX => i32::MAX,
            days => days as i32,
        }),
        _ => pg_sys::Datum::from(integer),
    }
}

/// A cell's value as its type's output function writes it; for kinds whose cells are texts, that text.
pub fn written(kind: Kind, constant: &Constant) -> String {
    let write = |type_oid: pg_sys::Oid, datum: pg_sys::Datum| {
        // SAFETY: the datum is of the type: dates, times, timestamps and doubles are passed by value, an interval by reference to one that
        // lives until it is written. What is out of range is written as such or raises an error.
        unsafe { datum_text::output(&mut output_function(type_oid), datum).into_owned() }
    };
    match (kind, constant) {
        (Kind::Bool, Constant::Integer(value)) => (*value != 0).to_string(),
        (Kind::Date, Constant::Integer(days)) => write(pg_sys::DATEOID, time_datum(kind, *days)),
        (Kind::Timestamp, Constant::Integer(time)) => write(pg_sys::TIMESTAMPOID, time_datum(kind, *time)),
        (Kind::TimestampTz, Constant::Integer(time)) => write(pg_sys::TIMESTAMPTZOID, time_datum(kind, *time)),
        (Kind::Time, Constant::Integer(time)) => write(pg_sys::TIMEOID, time_datum(kind, *time)),
        (Kind::Interval, Constant::Integer(microseconds)) => {
            let mut interval = pg_sys::Interval {
                time: microseconds % 86_400_000_000,
                day: i32::try_from(microseconds / 86_400_000_000).unwrap_or(i32::MAX),
                month: 0,
            };
            write(pg_sys::INTERVALOID, pg_sys::Datum::from(&raw mut interval))
        }
        (_, Constant::Integer(integer)) => integer.to_string(),
        (_, Constant::Number(number)) => write(pg_sys::FLOAT8OID, pg_sys::Datum::from(number.to_bits() as usize)),
        (_, Constant::Text(text)) => text.clone(),
    }
}
