//! Which functions a query that somebody else wrote may call: those that compute, and no others. PostgreSQL's own immutable ones do; of its stable and volatile
//! ones those that are listed here; of assay those that only read; and what a superuser has named.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::CStr;

use pgrx::pg_catalog::pg_proc::{PgProc, ProVolatile};
use pgrx::pg_sys;

use super::builtin::{came_with_postgres, is_assay};
use super::{routine, settings};

/// Stable functions of PostgreSQL that tell no more than their arguments, the clock, the catalog and the caller's own settings and rights. Not those that run
/// queries (table_to_xml), look at other sessions (pg_stat_get_activity), at the server's files and settings (pg_show_all_settings), or take a
/// transaction's number (pg_current_xact_id).
const STABLE: &[&str] = &[
    "age",
    "anyarray_out",
    "anycompatiblearray_out",
    "anycompatiblerange_out",
    "anyenum_out",
    "anymultirange_out",
    "anyrange_out",
    "anytextcat",
    "array_in",
    "array_out",
    "array_to_json",
    "array_to_string",
    "cash_in",
    "cash_out",
    "col_description",
    "concat",
    "concat_ws",
    "convert",
    "convert_from",
    "convert_to",
    "current_database",
    "current_schema",
    "current_schemas",
    "current_setting",
    "current_user",
    "date",
    "date_cmp_timestamptz",
    "date_eq_timestamptz",
    "date_ge_timestamptz",
    "date_gt_timestamptz",
    "date_in",
    "date_le_timestamptz",
    "date_lt_timestamptz",
    "date_ne_timestamptz",
    "date_out",
    "date_part",
    "date_trunc",
    "domain_in",
    "enum_first",
    "enum_in",
    "enum_last",
    "enum_out",
    "enum_range",
    "extract",
    "format",
    "format_type",
    "generate_series",
    "get_current_ts_config",
    "getdatabaseencoding",
    "has_any_column_privilege",
    "has_column_privilege",
    "has_database_privilege",
    "has_function_privilege",
    "has_language_privilege",
    "has_schema_privilege",
    "has_sequence_privilege",
    "has_table_privilege",
    "has_type_privilege",
    "in_range",
    "interval_in",
    "interval_out",
    "interval_pl_timestamptz",
    "json_agg",
    "json_agg_strict",
    "json_build_array",
    "json_build_object",
    "json_object_agg",
    "json_object_agg_strict",
    "json_object_agg_unique",
    "json_object_agg_unique_strict",
    "json_populate_record",
    "json_populate_recordset",
    "json_to_record",
    "json_to_recordset",
    "json_to_tsvector",
    "jsonb_agg",
    "jsonb_agg_strict",
    "jsonb_build_array",
    "jsonb_build_object",
    "jsonb_object_agg",
    "jsonb_object_agg_strict",
    "jsonb_object_agg_unique",
    "jsonb_object_agg_unique_strict",
    "jsonb_path_exists_tz",
    "jsonb_path_match_tz",
    "jsonb_path_query_array_tz",
    "jsonb_path_query_first_tz",
    "jsonb_path_query_tz",
    "jsonb_populate_record",
    "jsonb_populate_recordset",
    "jsonb_to_record",
    "jsonb_to_recordset",
    "jsonb_to_tsvector",
    "length",
    "make_timestamptz",
    "money",
    "multirange_in",
    "multirange_out",
    "now",
    "numeric",
    "obj_description",
    "overlaps",
    "pg_client_encoding",
    "pg_collation_for",
    "pg_column_is_updatable",
    "pg_encoding_to_char",
    "pg_char_to_encoding",
    "pg_function_is_visible",
    "pg_get_constraintdef",
    "pg_get_expr",
    "pg_get_function_arguments",
    "pg_get_function_identity_arguments",
    "pg_get_function_result",
    "pg_get_indexdef",
    "pg_get_partkeydef",
    "pg_get_serial_sequence",
    "pg_get_userbyid",
    "pg_get_viewdef",
    "pg_has_role",
    "pg_is_other_temp_schema",
    "pg_my_temp_schema",
    "pg_relation_is_updatable",
    "pg_table_is_visible",
    "pg_timezone_abbrevs",
    "pg_timezone_names",
    "pg_type_is_visible",
    "pg_typeof",
    "phraseto_tsquery",
    "plainto_tsquery",
    "quote_literal",
    "quote_nullable",
    "range_in",
    "range_out",
    "record_in",
    "record_out",
    "regclass",
    "regclassin",
    "regclassout",
    "regcollationin",
    "regcollationout",
    "regconfigin",
    "regconfigout",
    "regdictionaryin",
    "regdictionaryout",
    "regnamespacein",
    "regnamespaceout",
    "regoperatorin",
    "regoperatorout",
    "regoperin",
    "regoperout",
    "regprocedurein",
    "regprocedureout",
    "regprocin",
    "regprocout",
    "regrolein",
    "regroleout",
    "regtypein",
    "regtypeout",
    "row_security_active",
    "row_to_json",
    "session_user",
    "shobj_description",
    "statement_timestamp",
    "textanycat",
    "time",
    "time_in",
    "timestamp",
    "timestamp_cmp_timestamptz",
    "timestamp_eq_timestamptz",
    "timestamp_ge_timestamptz",
    "timestamp_gt_timestamptz",
    "timestamp_in",
    "timestamp_le_timestamptz",
    "timestamp_lt_timestamptz",
    "timestamp_ne_timestamptz",
    "timestamp_out",
    "timestamptz",
    "timestamptz_cmp_date",
    "timestamptz_cmp_timestamp",
    "timestamptz_eq_date",
    "timestamptz_eq_timestamp",
    "timestamptz_ge_date",
    "timestamptz_ge_timestamp",
    "timestamptz_gt_date",
    "timestamptz_gt_timestamp",
    "timestamptz_in",
    "timestamptz_le_date",
    "timestamptz_le_timestamp",
    "timestamptz_lt_date",
    "timestamptz_lt_timestamp",
    "timestamptz_mi_interval",
    "timestamptz_ne_date",
    "timestamptz_ne_timestamp",
    "timestamptz_out",
    "timestamptz_pl_interval",
    "date_add",
    "date_subtract",
    "timetz",
    "timetz_in",
    "timezone",
    "to_char",
    "to_date",
    "to_json",
    "to_jsonb",
    "to_number",
    "to_regclass",
    "to_regnamespace",
    "to_regproc",
    "to_regprocedure",
    "to_regrole",
    "to_regtype",
    "to_timestamp",
    "to_tsquery",
    "to_tsvector",
    "transaction_timestamp",
    "ts_headline",
    "ts_match_tq",
    "ts_match_tt",
    "unaccent",
    "websearch_to_tsquery",
    "xml",
    "xml_in",
    "xml_is_well_formed",
    "version",
];

/// Volatile functions of PostgreSQL that leave nothing behind, and wait for nothing.
const VOLATILE: &[&str] = &[
    "clock_timestamp",
    "gen_random_uuid",
    "random",
    "random_normal",
    "timeofday",
    "uuidv4",
    "uuidv7",
];

/// Immutable functions of PostgreSQL that compare each part of a shape with each part of another, and look for no cancel: two paths of 10,000 points keep a backend for half a minute.
const ENDLESS: &[&str] = &[
    "path_distance",
    "path_inter",
    "poly_contain",
    "poly_contained",
    "poly_distance",
    "poly_overlap",
];

/// Volatile functions of assay that only read: they are volatile for the endpoints that they may call, and within a query of somebody else's they call none.
const OF_ASSAY: &[&str] = &["search"];

/// What only PostgreSQL itself calls, and only a superuser makes: handlers of languages and of access methods.
const OF_MACHINERY: [pg_sys::Oid; 4] = [
    pg_sys::LANGUAGE_HANDLEROID,
    pg_sys::INDEX_AM_HANDLEROID,
    pg_sys::TABLE_AM_HANDLEROID,
    pg_sys::TSM_HANDLEROID,
];

/// The functions that may be called.
#[derive(Default)]
pub struct Allowed {
    functions: HashSet<pg_sys::Oid>,
    extensions: BTreeSet<String>,
    known: RefCell<HashMap<pg_sys::Oid, bool>>,
}

/// An entry of `assay.sql_functions`.
#[derive(Debug, PartialEq, Eq)]
enum Entry {
    /// A function with the types of its arguments, as `regprocedure` reads it.
    Function(String),
    /// The immutable functions of an extension.
    Extension(String),
}

/// The entries of a list, which commas separate that are not in parentheses or quotes.
fn entries(list: &str) -> Vec<Entry> {
    let (mut depth, mut quoted) = (0_i32, false);
    let parts = list.split(|c: char| {
        match c {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0 && !quoted
    });
    let parts = parts.map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| match part.strip_prefix("extension:") {
            Some(name) => Entry::Extension(name.trim().into()),
            None => Entry::Function(part.into()),
        })
        .collect()
}

impl Allowed {
    /// Those of now, with what `assay.sql_functions` names. Types of arguments are looked up in `pg_catalog` alone, and functions are named with their schema. An
    /// entry that names nothing here allows nothing: the setting may be for several databases.
    pub fn now() -> Allowed {
        let mut allowed = Allowed::default();
        settings::with_own_names(|| {
            for entry in entries(&settings::sql_functions()) {
                match entry {
                    Entry::Extension(name) => drop(allowed.extensions.insert(name)),
                    Entry::Function(signature) => allowed.functions.extend(routine::of_signature(&signature)),
                }
            }
        });
        allowed
    }

    /// Whether a function may be called.
    pub fn permits(&self, oid: pg_sys::Oid) -> bool {
        if let Some(&known) = self.known.borrow().get(&oid) {
            return known;
        }
        let answer = self.judge(oid);
        self.known.borrow_mut().insert(oid, answer);
        answer
    }

    fn judge(&self, oid: pg_sys::Oid) -> bool {
        let Some(function) = PgProc::new(oid) else { return false };
        let is_internal = function.proargtypes().contains(&pg_sys::INTERNALOID);
        if is_internal || OF_MACHINERY.contains(&function.prorettype()) || self.functions.contains(&oid) {
            return true;
        }
        let volatility = function.provolatile();
        if came_with_postgres(oid) {
            let Some(name) = name_of(oid) else { return false };
            return match volatility {
                ProVolatile::Immutable => !ENDLESS.contains(&name.as_str()),
                ProVolatile::Stable => STABLE.contains(&name.as_str()),
                ProVolatile::Volatile => VOLATILE.contains(&name.as_str()),
                _ => false,
            };
        }
        // SAFETY: a catalog look-up by an oid that has just been found.
        let schema = unsafe { pg_sys::get_func_namespace(oid) };
        if is_assay(schema) {
            return volatility != ProVolatile::Volatile || name_of(oid).is_some_and(|name| OF_ASSAY.contains(&&*name));
        }
        volatility == ProVolatile::Immutable && extension_of(oid).is_some_and(|name| self.extensions.contains(&name))
    }
}

fn name_of(oid: pg_sys::Oid) -> Option<String> {
    // SAFETY: a catalog look-up, which gives null for what is not there, else a C string.
    unsafe {
        let name = pg_sys::get_func_name(oid);
        (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
    }
}

/// The name of the extension that a function is part of.
fn extension_of(oid: pg_sys::Oid) -> Option<String> {
    // SAFETY: look-ups by oids give InvalidOid and null for what is not there, else a C string.
    unsafe {
        let extension = pg_sys::getExtensionOfObject(pg_sys::ProcedureRelationId, oid);
        if extension == pg_sys::InvalidOid {
            return None;
        }
        let name = pg_sys::get_extension_name(extension);
        (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_separated_by_commas_outside_of_parentheses() {
        let function = |text: &str| Entry::Function(text.into());
        assert_eq!(
            entries(" public.f(integer, text),extension:vector, s.\"a,b(\"(text) ,"),
            [
                function("public.f(integer, text)"),
                Entry::Extension("vector".into()),
                function("s.\"a,b(\"(text)")
            ]
        );
        assert_eq!(entries(" "), []);
    }

    #[test]
    fn what_acts_is_on_no_list() {
        for name in [
            "pg_sleep",
            "set_config",
            "nextval",
            "currval",
            "lo_get",
            "query_to_xml",
            "table_to_xml",
            "pg_show_all_settings",
            "ts_rewrite",
            "ts_stat",
        ] {
            assert!(!STABLE.contains(&name) && !VOLATILE.contains(&name), "{name}");
        }
    }
}
