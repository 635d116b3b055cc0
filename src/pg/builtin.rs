//! Which functions and types tell no more than they are given: what is not PostgreSQL's own, or assay's, may read anything, and so do some of
//! PostgreSQL's own functions, which run queries, read files or settings.

use std::ffi::CStr;

use pgrx::pg_catalog::pg_proc::{PgProc, ProVolatile};
use pgrx::pg_sys;

use super::{relation, types};

/// Stable functions of PostgreSQL that compute from their arguments alone, but for settings such as the style of dates.
const OF_ARGUMENTS: &[&str] = &[
    "anytextcat",
    "array_in",
    "array_out",
    "array_to_json",
    "array_to_string",
    "concat",
    "concat_ws",
    "enum_in",
    "enum_out",
    "format",
    "json_agg",
    "json_build_array",
    "json_build_object",
    "json_object_agg",
    "jsonb_agg",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_object_agg",
    "quote_literal",
    "quote_nullable",
    "range_out",
    "record_out",
    "row_to_json",
    "textanycat",
    "to_char",
    "to_json",
    "to_jsonb",
    "to_number",
];

/// Internal functions of assay that compute from their arguments alone, without being immutable.
const OF_ARGUMENTS_OF_ASSAY: &[&str] = &["row_fails", "scan_step"];

/// Types of times and intervals: what a stable function takes or gives of them depends on the clock and the time zone.
const TIMES: &[pg_sys::Oid] = &[
    pg_sys::DATEOID,
    pg_sys::TIMEOID,
    pg_sys::TIMETZOID,
    pg_sys::TIMESTAMPOID,
    pg_sys::TIMESTAMPTZOID,
    pg_sys::INTERVALOID,
];

/// Whether it came with PostgreSQL. What is added later has a greater number, also in the schema pg_catalog.
pub(super) fn came_with_postgres(oid: pg_sys::Oid) -> bool {
    oid.to_u32() < pg_sys::FirstNormalObjectId
}

/// Whether a schema is one of assay's.
pub(super) fn is_assay(schema: pg_sys::Oid) -> bool {
    [c"assay", c"assay_internal"].into_iter().any(|name| {
        // SAFETY: a catalog look-up by a C string; nothing found is InvalidOid.
        let own = unsafe { pg_sys::get_namespace_oid(name.as_ptr(), true) };
        own != pg_sys::InvalidOid && own == schema
    })
}

/// Whether what a function gives depends on its arguments, the clock and PostgreSQL's own settings only.
pub fn is_function_of_arguments(oid: pg_sys::Oid) -> bool {
    let Some(function) = PgProc::new(oid) else { return false };
    // SAFETY: catalog look-ups by an oid that has just been found; the name is a C string.
    let (schema, name) = unsafe {
        let name = pg_sys::get_func_name(oid);
        if name.is_null() {
            return false;
        }
        (pg_sys::get_func_namespace(oid), CStr::from_ptr(name).to_string_lossy())
    };
    let is_listed = |names: &[&str]| names.contains(&name.as_ref());
    let (own, ours) = (came_with_postgres(oid), is_assay(schema));
    match function.provolatile() {
        ProVolatile::Immutable => own || ours,
        ProVolatile::Stable if own => {
            let of_times = || {
                let types = function.proargtypes();
                types
                    .iter()
                    .chain([&function.prorettype()])
                    .any(|kind| TIMES.contains(kind))
            };
            is_listed(OF_ARGUMENTS) || (of_times() && !name.starts_with("pg_"))
        }
        ProVolatile::Stable => ours && is_listed(OF_ARGUMENTS_OF_ASSAY),
        // Volatile ones: they may read what has changed meanwhile.
        _ => false,
    }
}

/// Whether PostgreSQL's own functions on values of a type run no code but its own.
pub fn is_type_of_postgres(oid: pg_sys::Oid) -> bool {
    if came_with_postgres(oid) {
        return true;
    }
    // SAFETY: catalog look-ups by oids; nothing found is InvalidOid or 0.
    let (kind, element, base, row) = unsafe {
        // JSON is made of values of other types by their casts.
        let has_cast = pg_sys::SearchSysCacheExists(
            pg_sys::SysCacheIdentifier::CASTSOURCETARGET as i32,
            pg_sys::Datum::from(oid),
            pg_sys::Datum::from(pg_sys::JSONOID),
            pg_sys::Datum::from(0),
            pg_sys::Datum::from(0),
        );
        if has_cast {
            return false;
        }
        (
            pg_sys::get_typtype(oid) as u8,
            pg_sys::get_element_type(oid),
            pg_sys::getBaseType(oid),
            pg_sys::get_typ_typrelid(oid),
        )
    };
    match kind {
        _ if types::is_state(oid) => true,
        b'e' => true,
        b'b' => element != pg_sys::InvalidOid && is_type_of_postgres(element),
        b'd' => is_type_of_postgres(base),
        b'c' => relation::column_types(row).into_iter().all(is_type_of_postgres),
        _ => false,
    }
}
