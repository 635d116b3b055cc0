//! Types by their number: names, and which are assay's own.

use std::ffi::CStr;

use pgrx::{IntoDatum, pg_sys};

use super::encoding;
use super::error::{Error, INTERNAL};
use super::text::Text;

/// A type's name, as SQL writes it.
pub fn name_of(type_oid: pg_sys::Oid) -> String {
    // SAFETY: format_type_be gives a palloc'd C string for any oid.
    unsafe { encoding::decode_c(pg_sys::format_type_be(type_oid)) }
}

/// Whether `name` is what SQL calls a type, with or without its length or precision.
pub fn is_named(type_oid: pg_sys::Oid, name: &str) -> bool {
    let type_of = |name| {
        // SAFETY: the function takes one text, and gives NULL for what is no type's name.
        unsafe { pgrx::direct_function_call_as_datum(pg_sys::to_regtype, &[Some(name)]) }
    };
    let named = Text::from(name).into_datum().and_then(type_of);
    named.is_some_and(|oid| oid.value() as u32 == type_oid.to_u32())
}

/// The name of a type, of a domain that of what it is made of, qualified and quoted as SQL needs it.
pub fn qualified_name(type_oid: pg_sys::Oid) -> String {
    // SAFETY: look-ups by an oid; the name is a C string in the current memory context.
    unsafe {
        let name = pg_sys::format_type_be_qualified(pg_sys::getBaseType(type_oid));
        encoding::decode_c(name)
    }
}

/// Whether a type is a timestamp with a time zone, or a domain over it.
pub fn has_time_zone(type_oid: pg_sys::Oid) -> bool {
    // SAFETY: a look-up by oid, which returns the oid itself when the type is no domain.
    unsafe { pg_sys::getBaseType(type_oid) == pg_sys::TIMESTAMPTZOID }
}

/// Whether a type is `assay.state`.
pub fn is_state(type_oid: pg_sys::Oid) -> bool {
    is_own(type_oid, c"state")
}

/// Whether values of a type can be grouped by and partitioned by: GROUP BY needs to know which are equal, a window needs an order, too.
pub fn is_sortable(type_oid: pg_sys::Oid) -> bool {
    // SAFETY: a look-up by oid, which raises an error for a type that is none; the entry lives as long as the backend.
    unsafe {
        let wanted = pg_sys::TYPECACHE_EQ_OPR | pg_sys::TYPECACHE_LT_OPR;
        let entry = pg_sys::lookup_type_cache(type_oid, wanted as i32);
        !entry.is_null() && (*entry).eq_opr != pg_sys::Oid::INVALID && (*entry).lt_opr != pg_sys::Oid::INVALID
    }
}

/// Whether a collation tells texts apart by their bytes; so does none.
pub fn is_deterministic(collation: pg_sys::Oid) -> bool {
    // SAFETY: a look-up by oid, which raises an error for a collation that is none.
    collation == pg_sys::Oid::INVALID || unsafe { pg_sys::get_collation_isdeterministic(collation) }
}

/// Whether a type is `assay.role`.
pub fn is_role(type_oid: pg_sys::Oid) -> bool {
    is_own(type_oid, c"role")
}

/// Whether a type is `assay.<name>`.
fn is_own(type_oid: pg_sys::Oid, name: &CStr) -> bool {
    // SAFETY: catalog look-ups by a C string, and by a C string and an oid, as the keys of that cache are; nothing found is
    // InvalidOid, which is no type.
    unsafe {
        let schema = pg_sys::get_namespace_oid(c"assay".as_ptr(), true);
        let own = pg_sys::GetSysCacheOid(
            pg_sys::SysCacheIdentifier::TYPENAMENSP as i32,
            pg_sys::Anum_pg_type_oid as i16,
            pg_sys::Datum::from(name.as_ptr()),
            pg_sys::Datum::from(schema),
            pg_sys::Datum::from(0),
            pg_sys::Datum::from(0),
        );
        own != pg_sys::InvalidOid && own == type_oid
    }
}

/// The place of a label in the order of an enum type, or of a domain over one; `None` where the type has no such label.
pub fn enum_order(type_oid: pg_sys::Oid, label: &str) -> Option<f32> {
    let label = encoding::encode_c(label).ok()?;
    // SAFETY: catalog look-ups by oid and a C string; the entry is read before it is released.
    unsafe {
        let entry = pg_sys::SearchSysCache2(
            pg_sys::SysCacheIdentifier::ENUMTYPOIDNAME as i32,
            pg_sys::Datum::from(pg_sys::getBaseType(type_oid)),
            pg_sys::Datum::from(label.as_ptr()),
        );
        if entry.is_null() {
            return None;
        }
        let order = (*pg_sys::GETSTRUCT(entry).cast::<pg_sys::FormData_pg_enum>()).enumsortorder;
        pg_sys::ReleaseSysCache(entry);
        Some(order)
    }
}

/// The label of an enum value, and its place in the order of its type. Raises an error when there is no such value.
pub fn enum_label(value: pg_sys::Oid) -> (String, f32) {
    // SAFETY: a catalog look-up by oid; the entry is read before it is released, its label a zero-terminated array of 64 bytes.
    unsafe {
        let entry = pg_sys::SearchSysCache1(pg_sys::SysCacheIdentifier::ENUMOID as i32, pg_sys::Datum::from(value));
        if entry.is_null() {
            Error::new(INTERNAL, format!("there is no enum value {value}")).raise();
        }
        let form = &*pg_sys::GETSTRUCT(entry).cast::<pg_sys::FormData_pg_enum>();
        let answer = (encoding::decode_c(form.enumlabel.data.as_ptr()), form.enumsortorder);
        pg_sys::ReleaseSysCache(entry);
        answer
    }
}
