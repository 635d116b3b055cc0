//! The arguments of functions declared with `"any"`: their types are known per call site, their values read without a detour. Where PostgreSQL is not
//! told of a call site, as by an engine that calls the step of an aggregate itself, they are those of the declaration.

use std::ffi::CStr;

use pgrx::datum::Interval;
use pgrx::{FromDatum, pg_sys};

use super::json::Jsonb;
use super::text::Text;

/// The declared type of argument `index` at this call site; `None` when PostgreSQL cannot tell.
pub fn argument_type(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> Option<pg_sys::Oid> {
    let index = i32::try_from(index).ok()?;
    // SAFETY: PostgreSQL hands a valid call; the look-up gives InvalidOid for what it does not know.
    let oid = unsafe { pg_sys::get_fn_expr_argtype(site(fcinfo), index) };
    match oid {
        pg_sys::InvalidOid => declared_type(fcinfo, index),
        known => Some(known),
    }
}

/// Whether PostgreSQL knows the expression that the call is written as. An engine that calls the step of an aggregate itself does not.
#[inline]
pub fn has_site(fcinfo: pg_sys::FunctionCallInfo) -> bool {
    // SAFETY: PostgreSQL hands a valid call.
    unsafe { !(*site(fcinfo)).fn_expr.is_null() }
}

/// The function that is called.
#[inline]
pub fn function(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Oid {
    // SAFETY: PostgreSQL hands a valid call.
    unsafe { (*site(fcinfo)).fn_oid }
}

/// The type of an argument by the function's declaration, for a call without a call site; `None` for one that could be of several types.
fn declared_type(fcinfo: pg_sys::FunctionCallInfo, index: i32) -> Option<pg_sys::Oid> {
    // SAFETY: PostgreSQL hands a valid call. The look-up by oid gives null for what is no function; the tuple is read before it is released, its
    // fixed part is a pg_proc row, which ends with as many types as their vector says. Whoever calls hands over what is declared, which only a superuser
    // declares for a function in C.
    unsafe {
        if has_site(fcinfo) {
            return None;
        }
        let key = pg_sys::Datum::from(function(fcinfo));
        let tuple = pg_sys::SearchSysCache1(pg_sys::SysCacheIdentifier::PROCOID as i32, key);
        if tuple.is_null() {
            return None;
        }
        let types = &raw const (*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_proc>()).proargtypes;
        let count = usize::try_from((*types).dim1).unwrap_or(0);
        let place = usize::try_from(index).unwrap_or(usize::MAX);
        let found = (*types).values.as_slice(count).get(place).copied();
        pg_sys::ReleaseSysCache(tuple);
        // Those that aggregates declare are known: they are asked for with each row.
        const PLAIN: [pg_sys::Oid; 5] = [
            pg_sys::BOOLOID,
            pg_sys::FLOAT8OID,
            pg_sys::TEXTOID,
            pg_sys::INT4OID,
            pg_sys::BYTEAOID,
        ];
        let is_one =
            |oid: pg_sys::Oid| PLAIN.contains(&oid) || pg_sys::get_typtype(oid) as u8 != pg_sys::TYPTYPE_PSEUDO;
        found.filter(|&oid| is_one(oid))
    }
}

/// Whether the call was written with the keyword VARIADIC.
pub fn called_variadic(fcinfo: pg_sys::FunctionCallInfo) -> bool {
    // SAFETY: PostgreSQL hands a valid call.
    unsafe { pg_sys::get_fn_expr_variadic(site(fcinfo)) }
}

/// Whether argument `index` is written as a constant, so that it is the same whenever this call site is evaluated.
pub fn is_constant(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> bool {
    // SAFETY: PostgreSQL hands a valid call, whose expression, if it is known, is a tree of nodes; a FuncExpr is what its tag says, and its
    // list of arguments one of nodes.
    unsafe {
        let call = (*(*fcinfo).flinfo).fn_expr.cast::<pg_sys::Node>();
        if call.is_null() || !pgrx::is_a(call, pg_sys::NodeTag::T_FuncExpr) {
            return false;
        }
        let list = (*call.cast::<pg_sys::FuncExpr>()).args;
        pgrx::PgList::<pg_sys::Node>::from_pg(list)
            .get_ptr(index)
            .is_some_and(|argument| pgrx::is_a(argument, pg_sys::NodeTag::T_Const))
    }
}

/// What stands for the call site as long as it is there.
#[inline]
pub fn site(fcinfo: pg_sys::FunctionCallInfo) -> *mut pg_sys::FmgrInfo {
    // SAFETY: PostgreSQL hands a valid call.
    unsafe { (*fcinfo).flinfo }
}

/// How many arguments the call has.
#[inline]
pub fn count(fcinfo: pg_sys::FunctionCallInfo) -> usize {
    from(fcinfo, 0).len()
}

/// Argument `index`, or `None` when it is NULL or there is none.
#[inline]
pub fn datum(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> Option<pg_sys::Datum> {
    let argument = from(fcinfo, index).first()?;
    (!argument.isnull).then_some(argument.value)
}

/// Arguments `first` and following, as PostgreSQL hands them over.
#[inline]
pub fn from<'a>(fcinfo: pg_sys::FunctionCallInfo, first: usize) -> &'a [pg_sys::NullableDatum] {
    // SAFETY: PostgreSQL hands a valid call, which has `nargs` arguments behind its header, never less than 0; they live as long as the call.
    let all = unsafe { std::slice::from_raw_parts((*fcinfo).args.as_ptr(), (*fcinfo).nargs as usize) };
    all.get(first..).unwrap_or(&[])
}

/// Argument 0 of an input function.
pub fn input_text<'a>(fcinfo: pg_sys::FunctionCallInfo) -> Option<&'a CStr> {
    // SAFETY: an input function's argument 0 is a C string.
    datum(fcinfo, 0).map(|datum| unsafe { CStr::from_ptr(datum.cast_mut_ptr()) })
}

/// Argument `index` as a text; `None` when it is NULL, or is no text at this call site.
pub fn text(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> Option<String> {
    if argument_type(fcinfo, index) != Some(pg_sys::TEXTOID) {
        return None;
    }
    // SAFETY: the argument is a text that is not NULL.
    datum(fcinfo, index)
        .and_then(|datum| unsafe { Text::from_datum(datum, false) })
        .map(String::from)
}

/// Argument `index` as binary data, unpacked in the current memory context; `None` when it is NULL, or is no `bytea` at this call site.
pub fn bytes<'a>(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> Option<&'a [u8]> {
    if argument_type(fcinfo, index) != Some(pg_sys::BYTEAOID) {
        return None;
    }
    // SAFETY: the datum is not null, and a bytea, which lives as long as the call.
    unsafe { FromDatum::from_datum(datum(fcinfo, index)?, false) }
}

/// Argument `index` as texts; `None` when it is NULL or has a NULL element, or is no `text[]` at this call site.
pub fn texts(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> Option<Vec<String>> {
    let texts = nullable_texts(fcinfo, index)?.into_iter();
    texts.map(|text| text.map(String::from)).collect()
}

/// Argument `index` as texts, `None` for elements that are NULL; `None` when it is NULL itself, or is no `text[]` at this call site.
pub fn nullable_texts(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> Option<Vec<Option<Text>>> {
    if argument_type(fcinfo, index) != Some(pg_sys::TEXTARRAYOID) {
        return None;
    }
    // SAFETY: the datum is not null, and an array of texts.
    unsafe { FromDatum::from_datum(datum(fcinfo, index)?, false) }
}

/// Argument `index` as a whole number; `None` when it is NULL, or is no `bigint` at this call site.
pub fn integer(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> Option<i64> {
    if argument_type(fcinfo, index) != Some(pg_sys::INT8OID) {
        return None;
    }
    // SAFETY: the datum is not null, and a bigint.
    unsafe { FromDatum::from_datum(datum(fcinfo, index)?, false) }
}

/// Argument `index` as a whole number; `None` when it is NULL, or is no `integer` at this call site.
pub fn small_integer(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> Option<i32> {
    if argument_type(fcinfo, index) != Some(pg_sys::INT4OID) {
        return None;
    }
    // SAFETY: the datum is not null, and an integer.
    unsafe { FromDatum::from_datum(datum(fcinfo, index)?, false) }
}

/// Argument `index` as a number; `None` when it is NULL, or is no `double precision` at this call site.
pub fn double(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> Option<f64> {
    if argument_type(fcinfo, index) != Some(pg_sys::FLOAT8OID) {
        return None;
    }
    // SAFETY: the datum is not null, and a double precision.
    unsafe { FromDatum::from_datum(datum(fcinfo, index)?, false) }
}

/// Argument `index` as JSON; `None` when it is NULL, or is no `jsonb` at this call site.
pub fn json(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> Option<Jsonb> {
    if argument_type(fcinfo, index) != Some(pg_sys::JSONBOID) {
        return None;
    }
    // SAFETY: the datum is not null, and a jsonb.
    unsafe { FromDatum::from_datum(datum(fcinfo, index)?, false) }
}

/// Argument `index` as whole numbers, `None` for elements that are NULL; `None` when it is NULL itself, or is no `integer[]` at this call site.
pub fn integers(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> Option<Vec<Option<i32>>> {
    if argument_type(fcinfo, index) != Some(pg_sys::INT4ARRAYOID) {
        return None;
    }
    // SAFETY: the datum is not null, and an array of integers.
    unsafe { FromDatum::from_datum(datum(fcinfo, index)?, false) }
}

/// Argument `index` as an interval; `None` when it is NULL, or is no `interval` at this call site.
pub fn interval(fcinfo: pg_sys::FunctionCallInfo, index: usize) -> Option<Interval> {
    if argument_type(fcinfo, index) != Some(pg_sys::INTERVALOID) {
        return None;
    }
    // SAFETY: the datum is not null, and an interval.
    unsafe { FromDatum::from_datum(datum(fcinfo, index)?, false) }
}
