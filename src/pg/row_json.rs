//! Rows of a query as JSON objects, as PostgreSQL itself makes them, so that numbers keep all their digits.

use std::collections::BTreeSet;

use pgrx::pg_sys;

use super::encoding;
use super::error::Result;
use super::query_row::{OutputColumn, Row};

/// Makes objects of rows with the same columns.
pub struct RowJson {
    description: pg_sys::TupleDesc,
    /// Bytes of a value of each column; less than 0 where each has its own.
    lengths: Vec<i16>,
    function: Box<pg_sys::FmgrInfo>,
}

/// The longest name that PostgreSQL has.
const LONGEST: usize = pg_sys::NAMEDATALEN as usize - 1;

/// Names that differ: of those that are the same, the second is called name_2.
fn distinct(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    names
        .map(|name| {
            let mut candidate = name.clone();
            let mut number = 2;
            while !taken.insert(candidate.clone()) {
                let end = format!("_{number}");
                candidate = format!("{}{end}", &name[..name.floor_char_boundary(LONGEST - end.len())]);
                number += 1;
            }
            candidate
        })
        .collect()
}

impl RowJson {
    /// For rows of these columns. It lives as long as the current memory context.
    pub fn of(columns: &[OutputColumn]) -> Result<RowJson> {
        let names = distinct(columns.iter().map(|column| column.name.clone()));
        // SAFETY: the description has an entry for each column; PostgreSQL copies the names. The call's expression says of which type the argument is.
        unsafe {
            let description = pg_sys::CreateTemplateTupleDesc(columns.len() as i32);
            for ((column, name), number) in columns.iter().zip(&names).zip(1..) {
                let name = encoding::encode_c(name)?;
                pg_sys::TupleDescInitEntry(description, number, name.as_ptr(), column.type_oid, -1, 0);
            }
            let mut function = Box::new(pg_sys::FmgrInfo::default());
            pg_sys::fmgr_info(pg_sys::Oid::from_u32(pg_sys::F_TO_JSONB), &mut *function);
            let mut arguments = pgrx::PgList::<pg_sys::Const>::new();
            arguments.push(pg_sys::makeNullConst(pg_sys::RECORDOID, -1, pg_sys::InvalidOid));
            let call = pg_sys::makeFuncExpr(
                pg_sys::Oid::from_u32(pg_sys::F_TO_JSONB),
                pg_sys::JSONBOID,
                arguments.into_pg(),
                pg_sys::InvalidOid,
                pg_sys::InvalidOid,
                pg_sys::CoercionForm::COERCE_EXPLICIT_CALL,
            );
            function.fn_expr = call.cast();
            Ok(RowJson {
                description: pg_sys::BlessTupleDesc(description),
                lengths: columns
                    .iter()
                    .map(|column| pg_sys::get_typlen(column.type_oid))
                    .collect(),
                function,
            })
        }
    }

    /// How many bytes the values of a row have, compressed or stored elsewhere as they may be.
    pub fn size(&self, row: &Row<'_>) -> usize {
        let (values, nulls) = row.datums();
        let columns = self.lengths.iter().zip(values).zip(nulls);
        let sizes = columns
            .filter(|(_, is_null)| !**is_null)
            .map(|((length, value), _)| match length {
                // SAFETY: values of such types are varlenas, and this one is not NULL.
                -1 => unsafe { pg_sys::toast_raw_datum_size(*value) },
                _ => usize::try_from(*length).unwrap_or(0),
            });
        sizes.sum()
    }

    /// The object of a row, in the current memory context, and how many bytes it has.
    pub fn object(&mut self, row: &Row<'_>) -> (pg_sys::Datum, usize) {
        let (values, nulls) = row.datums();
        // SAFETY: the row has a value and a flag for each column of the description, the value of its type.
        unsafe {
            let tuple =
                pg_sys::heap_form_tuple(self.description, values.as_ptr().cast_mut(), nulls.as_ptr().cast_mut());
            let record = pg_sys::heap_copy_tuple_as_datum(tuple, self.description);
            let object = pg_sys::FunctionCall1Coll(&mut *self.function, pg_sys::InvalidOid, record);
            (object, pgrx::varlena::varsize_any(object.cast_mut_ptr()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_one_name_are_numbered() {
        let names = |names: &[&str]| distinct(names.iter().map(ToString::to_string));
        assert_eq!(names(&["id", "id", "id_2", "id"]), ["id", "id_2", "id_2_2", "id_3"]);
        let long = "é".repeat(31) + "x";
        let twice = names(&[&long, &long]);
        assert_eq!(twice[1], "é".repeat(30) + "_2");
    }
}
