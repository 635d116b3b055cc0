//! Relations by their number: names and privileges.

use std::ffi::{CStr, CString, c_char};

use pgrx::{PgList, pg_sys};

use super::encoding;
use super::error::{Error, Result, UNDEFINED_TABLE};
use super::role;

/// A relation's qualified name, quoted as SQL needs it; `None` when there is none of this number.
pub fn name_of(oid: pg_sys::Oid) -> Option<String> {
    // SAFETY: catalog look-ups by oid give null for what is not there; the names are C strings in the current memory context.
    unsafe {
        let name = pg_sys::get_rel_name(oid);
        let schema = pg_sys::get_namespace_name(pg_sys::get_rel_namespace(oid));
        if name.is_null() || schema.is_null() {
            return None;
        }
        let qualified = pg_sys::quote_qualified_identifier(schema, name);
        Some(encoding::decode_c(qualified))
    }
}

/// The schema and the name of a relation as they are, for comparison; how they are quoted depends on settings. `None` when it is gone.
pub fn place_of(oid: pg_sys::Oid) -> Option<(CString, CString)> {
    // SAFETY: as above.
    unsafe {
        let name = pg_sys::get_rel_name(oid);
        let schema = pg_sys::get_namespace_name(pg_sys::get_rel_namespace(oid));
        (!name.is_null() && !schema.is_null())
            .then(|| (CStr::from_ptr(schema).to_owned(), CStr::from_ptr(name).to_owned()))
    }
}

/// The schema of a relation, as it is; `None` when it is gone.
pub fn schema_of(oid: pg_sys::Oid) -> Option<String> {
    // SAFETY: as above.
    unsafe {
        let schema = pg_sys::get_namespace_name(pg_sys::get_rel_namespace(oid));
        (!schema.is_null()).then(|| encoding::decode_c(schema))
    }
}

/// The schema and the name of a relation as they are. Returns an error with 42P01 when it is gone.
pub fn place_names(oid: pg_sys::Oid) -> Result<(String, String)> {
    let decode = |name: &CStr| encoding::decode(name.to_bytes()).into_owned();
    place_of(oid)
        .map(|(schema, name)| (decode(&schema), decode(&name)))
        .ok_or_else(|| {
            Error::new(
                UNDEFINED_TABLE,
                format!("there is no relation of number {}", oid.to_u32()),
            )
            .hint("It was dropped meanwhile.")
        })
}

/// The parts of a name that dots separate, quoted as in SQL; `None` for a text that is no name.
pub fn name_parts(name: &str) -> Option<Vec<String>> {
    let name = encoding::encode_c(name).ok()?;
    // SAFETY: the copy is the function's to change; the list that it makes holds C strings inside the copy, which lives as long as the
    // current memory context.
    unsafe {
        let mut names = std::ptr::null_mut();
        let copy = pg_sys::pstrdup(name.as_ptr());
        if !pg_sys::SplitIdentifierString(copy, b'.' as c_char, &mut names) {
            return None;
        }
        let names = PgList::<c_char>::from_pg(names);
        Some(names.iter_ptr().map(|part| encoding::decode_c(part)).collect())
    }
}

/// The relation that bears a qualified name as [`name_of`] writes it. `None` where nothing bears it, and where the text is no such name.
pub fn of_name(qualified: &str) -> Option<pg_sys::Oid> {
    let parts = name_parts(qualified)?;
    let [schema, name] = parts.as_slice() else { return None };
    let (schema, name) = (encoding::encode_c(schema).ok()?, encoding::encode_c(name).ok()?);
    // SAFETY: look-ups by C strings give InvalidOid for what is not there.
    unsafe {
        let schema = pg_sys::get_namespace_oid(schema.as_ptr(), true);
        if schema == pg_sys::InvalidOid {
            return None;
        }
        let oid = pg_sys::get_relname_relid(name.as_ptr(), schema);
        (oid != pg_sys::InvalidOid).then_some(oid)
    }
}

/// The relation that a name without a schema means, by the search path.
pub fn by_search_path(name: &str) -> Option<pg_sys::Oid> {
    let name = encoding::encode_c(name).ok()?;
    // SAFETY: a look-up by a C string gives InvalidOid for what is not there.
    let oid = unsafe { pg_sys::RelnameGetRelid(name.as_ptr()) };
    (oid != pg_sys::InvalidOid).then_some(oid)
}

/// A name as SQL writes it, in quotes where it needs them.
pub fn quoted(name: &str) -> String {
    let Ok(name) = encoding::encode_c(name) else {
        return name.to_string();
    };
    // SAFETY: a C string, which is copied where it is quoted.
    unsafe { encoding::decode_c(pg_sys::quote_identifier(name.as_ptr())) }
}

/// Whether it has a column of this name.
pub fn has_column(oid: pg_sys::Oid, column: &str) -> bool {
    let column = encoding::encode_c(column);
    // SAFETY: a catalog look-up by a C string; 0 stands for none, less for what PostgreSQL has for itself.
    column.is_ok_and(|column| unsafe { pg_sys::get_attnum(oid, column.as_ptr()) > 0 })
}

/// The role that owns a schema; `None` when there is none of this name.
pub fn schema_owner(name: &str) -> Option<pg_sys::Oid> {
    let name = encoding::encode_c(name).ok()?;
    // SAFETY: a catalog look-up by a C string; the tuple is read before it is released, and its fixed part is a pg_namespace row.
    unsafe {
        let key = pg_sys::Datum::from(name.as_ptr());
        let tuple = pg_sys::SearchSysCache1(pg_sys::SysCacheIdentifier::NAMESPACENAME as i32, key);
        if tuple.is_null() {
            return None;
        }
        let owner = (*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_namespace>()).nspowner;
        pg_sys::ReleaseSysCache(tuple);
        Some(owner)
    }
}

/// Whether it holds rows, or shows some: a table, a view or a foreign table.
pub fn has_rows(oid: pg_sys::Oid) -> bool {
    const KINDS: [u8; 5] = [
        pg_sys::RELKIND_RELATION,
        pg_sys::RELKIND_PARTITIONED_TABLE,
        pg_sys::RELKIND_VIEW,
        pg_sys::RELKIND_MATVIEW,
        pg_sys::RELKIND_FOREIGN_TABLE,
    ];
    entry(oid).is_some_and(|entry| KINDS.contains(&entry.kind))
}

#[allow(clippy::useless_conversion, reason = "from PostgreSQL 16 on the mode is wider")]
fn has(role: pg_sys::Oid, oid: pg_sys::Oid, privilege: u32) -> bool {
    // SAFETY: a catalog look-up; the relation is known to be there.
    let result = unsafe { pg_sys::pg_class_aclcheck(oid, role, privilege.into()) };
    result == pg_sys::AclResult::ACLCHECK_OK
}

/// Keeps it from being renamed, dropped or given to another owner until the (sub)transaction is over, once nobody else is at that.
pub fn lock(oid: pg_sys::Oid) {
    // SAFETY: PostgreSQL's own lock, of a number that need not be there.
    unsafe { pg_sys::LockRelationOid(oid, pg_sys::AccessShareLock as i32) }
}

/// The columns of its primary key, in the key's order; none without one.
pub fn primary_key(oid: pg_sys::Oid) -> Vec<String> {
    let numbers = primary_key_numbers(oid).into_iter();
    numbers.filter_map(|number| column_name(oid, number)).collect()
}

/// The numbers of these columns.
pub fn primary_key_numbers(oid: pg_sys::Oid) -> Vec<i16> {
    // SAFETY: the relation is known to be there, and opened while its index list is read; so is the index while its columns are.
    unsafe {
        let relation = pg_sys::relation_open(oid, pg_sys::AccessShareLock as i32);
        let indexes = pg_sys::RelationGetIndexList(relation);
        let key = (*relation).rd_pkindex;
        pg_sys::list_free(indexes);
        let mut numbers = Vec::new();
        if key != pg_sys::InvalidOid {
            let index = pg_sys::index_open(key, pg_sys::AccessShareLock as i32);
            let form = (*index).rd_index;
            let count = usize::try_from((*form).indnkeyatts).unwrap_or(0);
            numbers.extend_from_slice((*form).indkey.values.as_slice(count));
            pg_sys::index_close(index, pg_sys::AccessShareLock as i32);
        }
        pg_sys::relation_close(relation, pg_sys::AccessShareLock as i32);
        numbers
    }
}

/// The schemas of the search path that are there, in its order.
pub fn search_path() -> Vec<String> {
    // SAFETY: the list is a fresh one of the oids of namespaces; a name is null for one that has gone, else a C string.
    unsafe {
        PgList::<pg_sys::Oid>::from_pg(pg_sys::fetch_search_path(false))
            .iter_oid()
            .map(|schema| pg_sys::get_namespace_name(schema))
            .filter(|name| !name.is_null())
            .map(|name| encoding::decode_c(name))
            .collect()
    }
}

/// Whether a role may read all its columns: it has SELECT, and gets into its schema.
pub fn may_select(role: pg_sys::Oid, oid: pg_sys::Oid) -> bool {
    name_of(oid).is_some() && has(role, oid, pg_sys::ACL_SELECT) && may_use_schema(role, oid)
}

/// Whether the caller may read one of its columns at least.
#[allow(clippy::useless_conversion, reason = "from PostgreSQL 16 on the mode is wider")]
pub fn may_select_some(oid: pg_sys::Oid) -> bool {
    let role = role::current();
    let some = || {
        // SAFETY: a catalog look-up; the relation is known to be there.
        let result = unsafe {
            pg_sys::pg_attribute_aclcheck_all(oid, role, pg_sys::ACL_SELECT.into(), pg_sys::AclMaskHow::ACLMASK_ANY)
        };
        result == pg_sys::AclResult::ACLCHECK_OK
    };
    name_of(oid).is_some() && (has(role, oid, pg_sys::ACL_SELECT) || some()) && may_use_schema(role, oid)
}

/// Whether the current role may use the schema of a name; not one that is not there.
pub fn may_use_schema_named(name: &str) -> bool {
    let Ok(name) = encoding::encode_c(name) else {
        return false;
    };
    // SAFETY: a catalog look-up by a C string, which gives InvalidOid for what is not there.
    match unsafe { pg_sys::get_namespace_oid(name.as_ptr(), true) } {
        pg_sys::InvalidOid => false,
        schema => may_use(role::current(), schema),
    }
}

fn may_use_schema(role: pg_sys::Oid, oid: pg_sys::Oid) -> bool {
    // SAFETY: a catalog look-up; the relation is known to be there.
    may_use(role, unsafe { pg_sys::get_rel_namespace(oid) })
}

#[allow(clippy::useless_conversion, reason = "from PostgreSQL 16 on the mode is wider")]
fn may_use(role: pg_sys::Oid, schema: pg_sys::Oid) -> bool {
    // SAFETY: a catalog look-up; the schema is known to be there.
    let result = unsafe {
        #[cfg(feature = "pg15")]
        let result = pg_sys::pg_namespace_aclcheck(schema, role, pg_sys::ACL_USAGE);
        #[cfg(not(feature = "pg15"))]
        let result = pg_sys::object_aclcheck(pg_sys::NamespaceRelationId, schema, role, pg_sys::ACL_USAGE.into());
        result
    };
    result == pg_sys::AclResult::ACLCHECK_OK
}

/// What the catalog says about a relation; `None` when there is none of this number.
struct Entry {
    owner: pg_sys::Oid,
    kind: u8,
    has_policies: bool,
    has_children: bool,
    columns: i16,
}

fn entry(oid: pg_sys::Oid) -> Option<Entry> {
    // SAFETY: a catalog look-up by oid; the tuple is read before it is released, and its fixed part is a pg_class row.
    unsafe {
        let tuple = pg_sys::SearchSysCache1(pg_sys::SysCacheIdentifier::RELOID as i32, pg_sys::Datum::from(oid));
        if tuple.is_null() {
            return None;
        }
        let row = &*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_class>();
        let entry = Entry {
            owner: row.relowner,
            kind: row.relkind as u8,
            has_policies: row.relrowsecurity,
            has_children: row.relhassubclass,
            columns: row.relnatts,
        };
        pg_sys::ReleaseSysCache(tuple);
        Some(entry)
    }
}

/// The role that owns it.
pub fn owner(oid: pg_sys::Oid) -> Option<pg_sys::Oid> {
    entry(oid).map(|entry| entry.owner)
}

/// The types of its columns.
pub fn column_types(oid: pg_sys::Oid) -> Vec<pg_sys::Oid> {
    let columns = entry(oid).map_or(0, |entry| entry.columns);
    // SAFETY: a catalog look-up by oid and number, which gives InvalidOid for what is dropped.
    let types = (1..=columns).map(|column| unsafe { pg_sys::get_atttype(oid, column) });
    types.filter(|&oid| oid != pg_sys::InvalidOid).collect()
}

/// The numbers of its columns.
pub fn column_numbers(oid: pg_sys::Oid) -> Vec<i16> {
    let columns = entry(oid).map_or(0, |entry| entry.columns);
    // SAFETY: as above.
    let is_there = |&column: &i16| unsafe { pg_sys::get_atttype(oid, column) } != pg_sys::InvalidOid;
    (1..=columns).filter(is_there).collect()
}

/// The number of a column; `None` where there is none of this name.
pub fn column_number(oid: pg_sys::Oid, column: &str) -> Option<i16> {
    let column = encoding::encode_c(column).ok()?;
    // SAFETY: a catalog look-up by a C string; 0 stands for none, less for what PostgreSQL has for itself.
    Some(unsafe { pg_sys::get_attnum(oid, column.as_ptr()) }).filter(|&number| number > 0)
}

/// The name of a column; `None` where there is none of this number.
pub fn column_name(oid: pg_sys::Oid, number: i16) -> Option<String> {
    // SAFETY: a catalog look-up, which gives null for what is not there, and a C string.
    unsafe {
        let name = pg_sys::get_attname(oid, number, true);
        (!name.is_null()).then(|| encoding::decode_c(name))
    }
}

unsafe extern "C-unwind" {
    fn find_all_inheritors(parent: pg_sys::Oid, lock: i32, parents: *mut *mut pg_sys::List) -> *mut pg_sys::List;
}

/// Whether whoever may read it reads the same rows: no policy chooses them, and no foreign server is asked, which knows roles of its own.
pub fn shows_all_alike(oid: pg_sys::Oid) -> bool {
    let is_foreign = |entry: &Entry| entry.kind == pg_sys::RELKIND_FOREIGN_TABLE;
    let Some(own) = entry(oid) else { return false };
    if own.has_policies || is_foreign(&own) {
        return false;
    }
    if !own.has_children {
        return true;
    }
    // SAFETY: the relation is there; the list is one of oids; the guard lets an error pass Rust frames as a panic. The children are not
    // locked: they are only looked at.
    let children = unsafe {
        let find = || find_all_inheritors(oid, pg_sys::NoLock as i32, std::ptr::null_mut());
        PgList::<pg_sys::Oid>::from_pg(pg_sys::ffi::pg_guard_ffi_boundary(find))
    };
    !children.iter_oid().filter_map(entry).any(|child| is_foreign(&child))
}

/// Whether policies of row-level security are on for it.
pub fn has_policies(oid: pg_sys::Oid) -> bool {
    entry(oid).is_some_and(|entry| entry.has_policies)
}

/// The partitions of a partitioned table that hold rows, of all levels; `None` for any other relation.
pub fn leaves(oid: pg_sys::Oid) -> Option<Vec<pg_sys::Oid>> {
    entry(oid).filter(|entry| entry.kind == pg_sys::RELKIND_PARTITIONED_TABLE)?;
    // SAFETY: as in `shows_all_alike`; the partitions are locked as a query of the table would lock them.
    let all = unsafe {
        let lock = pg_sys::AccessShareLock as i32;
        let find = || find_all_inheritors(oid, lock, std::ptr::null_mut());
        PgList::<pg_sys::Oid>::from_pg(pg_sys::ffi::pg_guard_ffi_boundary(find))
    };
    let holds_rows =
        |&oid: &pg_sys::Oid| entry(oid).is_some_and(|entry| entry.kind != pg_sys::RELKIND_PARTITIONED_TABLE);
    Some(all.iter_oid().filter(holds_rows).collect())
}

/// Whether the caller may set triggers on it: its owner may, and whom it lets.
pub fn may_set_triggers(oid: pg_sys::Oid) -> bool {
    name_of(oid).is_some() && has(role::current(), oid, pg_sys::ACL_TRIGGER)
}

/// Whether the caller may make relations in a schema: it has CREATE on it, or on the database where the schema is not there yet.
#[allow(clippy::useless_conversion, reason = "from PostgreSQL 16 on the mode is wider")]
pub fn may_create_in(schema: &str) -> bool {
    let Ok(schema) = encoding::encode_c(schema) else {
        return false;
    };
    let role = role::current();
    // SAFETY: catalog look-ups by a C string and by numbers of what is there.
    let result = unsafe {
        let schema = pg_sys::get_namespace_oid(schema.as_ptr(), true);
        let (class, object) = match schema {
            pg_sys::InvalidOid => (pg_sys::DatabaseRelationId, pg_sys::MyDatabaseId),
            schema => (pg_sys::NamespaceRelationId, schema),
        };
        #[cfg(feature = "pg15")]
        let result = match class {
            pg_sys::DatabaseRelationId => pg_sys::pg_database_aclcheck(object, role, pg_sys::ACL_CREATE),
            _ => pg_sys::pg_namespace_aclcheck(object, role, pg_sys::ACL_CREATE),
        };
        #[cfg(not(feature = "pg15"))]
        let result = pg_sys::object_aclcheck(class, object, role, pg_sys::ACL_CREATE.into());
        result
    };
    result == pg_sys::AclResult::ACLCHECK_OK
}

/// Whether a name is that of this database.
pub fn is_this_database(name: &str) -> bool {
    let Ok(name) = encoding::encode_c(name) else {
        return false;
    };
    // SAFETY: a catalog look-up by a C string, which gives InvalidOid for what is not there.
    unsafe { pg_sys::get_database_oid(name.as_ptr(), true) == pg_sys::MyDatabaseId }
}
