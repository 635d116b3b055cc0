//! Relations by their number: names and privileges.

use pgrx::pg_sys;

use super::{catalog, encoding};

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

#[allow(clippy::useless_conversion, reason = "from PostgreSQL 16 on the mode is wider")]
fn has(oid: pg_sys::Oid, privilege: u32) -> bool {
    // SAFETY: a catalog look-up; the relation is known to be there.
    let result = unsafe { pg_sys::pg_class_aclcheck(oid, catalog::current_role(), privilege.into()) };
    result == pg_sys::AclResult::ACLCHECK_OK
}

/// The columns of its primary key, in the key's order; none without one.
pub fn primary_key(oid: pg_sys::Oid) -> Vec<String> {
    // SAFETY: the relation is known to be there, and opened while its index list is read; the names are C strings, null for columns
    // that are none.
    unsafe {
        let relation = pg_sys::relation_open(oid, pg_sys::AccessShareLock as i32);
        let indexes = pg_sys::RelationGetIndexList(relation);
        let key = (*relation).rd_pkindex;
        pg_sys::list_free(indexes);
        let mut names = Vec::new();
        if key != pg_sys::InvalidOid {
            let index = pg_sys::index_open(key, pg_sys::AccessShareLock as i32);
            let form = (*index).rd_index;
            let columns = (*form)
                .indkey
                .values
                .as_slice(usize::try_from((*form).indnkeyatts).unwrap_or(0));
            for &column in columns {
                let name = pg_sys::get_attname(oid, column, true);
                if !name.is_null() {
                    names.push(encoding::decode_c(name));
                }
            }
            pg_sys::index_close(index, pg_sys::AccessShareLock as i32);
        }
        pg_sys::relation_close(relation, pg_sys::AccessShareLock as i32);
        names
    }
}

/// Whether the caller may read all its columns.
pub fn may_select(oid: pg_sys::Oid) -> bool {
    name_of(oid).is_some() && has(oid, pg_sys::ACL_SELECT)
}

/// Whether the caller may set triggers on it: its owner may, and whom it lets.
pub fn may_set_triggers(oid: pg_sys::Oid) -> bool {
    name_of(oid).is_some() && has(oid, pg_sys::ACL_TRIGGER)
}
