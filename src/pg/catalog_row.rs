//! A row of a catalog or of one of assay's own tables, its columns read by number and checked for their types.

use std::borrow::Cow;

use pgrx::{FromDatum, pg_sys};

use super::cell::Column;
use super::datum_text;
use super::encoding;
use super::error::{Error, INTERNAL, Result};
use super::json::Jsonb;
use super::text::Text;
use super::types;
use algo::monitor::Monitor;
use algo::room;

/// A row of a catalog table. Columns are counted from 1, as PostgreSQL counts attributes.
pub struct CatalogRow {
    pub(super) values: Vec<pg_sys::Datum>,
    pub(super) nulls: Vec<bool>,
    pub(super) types: Vec<pg_sys::Oid>,
}

impl CatalogRow {
    /// Room for the columns of a table, or for so many, the first ones.
    ///
    /// # Safety
    /// The table is open.
    pub(super) unsafe fn of(table: pg_sys::Relation, most: usize) -> CatalogRow {
        // SAFETY: as the caller promises; columns are counted from 1.
        let types: Vec<pg_sys::Oid> = unsafe {
            let descriptor = (*table).rd_att;
            (1..=(*descriptor).natts)
                .take(most)
                .map(|attribute| pg_sys::SPI_gettypeid(descriptor, attribute))
                .collect()
        };
        CatalogRow {
            values: vec![pg_sys::Datum::from(0); types.len()],
            nulls: vec![true; types.len()],
            types,
        }
    }

    /// A column's datum, and whether it is NULL. Returns an error unless the table has the column, of a type that `reads` accepts.
    fn datum(&self, attribute: usize, reads: impl Fn(pg_sys::Oid) -> bool) -> Result<(pg_sys::Datum, bool)> {
        let place = attribute.wrapping_sub(1);
        match self.types.get(place) {
            Some(&type_oid) if reads(type_oid) => Ok((self.values[place], self.nulls[place])),
            found => {
                let found = found.map_or("missing".into(), |&type_oid| {
                    format!("of type {}", types::name_of(type_oid))
                });
                Err(
                    Error::new(INTERNAL, format!("column {attribute} of a catalog table is {found}"))
                        .hint("Install the extension's current version with ALTER EXTENSION assay UPDATE."),
                )
            }
        }
    }

    /// Whether a column is NULL, or not there.
    pub fn is_null(&self, attribute: usize) -> bool {
        self.nulls.get(attribute.wrapping_sub(1)).copied().unwrap_or(true)
    }

    /// A column's value, copied and unpacked; `None` for NULL. Returns an error unless the column is of a type that `T` reads.
    pub fn get<T: Column>(&self, attribute: usize) -> Result<Option<T>> {
        let (datum, is_null) = self.datum(attribute, T::reads)?;
        // SAFETY: the datum is of its column's type, which `T` reads.
        Ok(unsafe { T::read(datum, is_null) })
    }

    /// A `text` column's value, where it lies if that can be read as it is; `None` for NULL.
    pub fn text(&self, attribute: usize) -> Result<Option<Cow<'_, str>>> {
        let (datum, is_null) = self.datum(attribute, Text::reads)?;
        // SAFETY: the datum is a text, which is there as long as the row.
        Ok((!is_null).then(|| unsafe { datum_text::text(datum) }))
    }

    /// A `name` column that is declared NOT NULL.
    pub fn name(&self, attribute: usize) -> Result<String> {
        let (datum, is_null) = self.datum(attribute, |type_oid| type_oid == pg_sys::NAMEOID)?;
        if is_null {
            return Err(missing(attribute));
        }
        // SAFETY: a name is a zero-terminated array of 64 bytes, there as long as the row.
        Ok(unsafe { encoding::decode_c(datum.cast_mut_ptr()) })
    }

    /// A `bytea` column that is declared NOT NULL, fetched piece by piece, so that a large one is held once, and fetching it can be stopped.
    pub fn bytes(&self, attribute: usize, monitor: &dyn Monitor) -> Result<Vec<u8>> {
        let mut bytes = room::with_capacity(self.byte_length(attribute)?)?;
        self.byte_pieces(attribute, monitor, &mut |piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }

    /// A `bytea` column that is declared NOT NULL, not unpacked.
    fn bytea(&self, attribute: usize) -> Result<pg_sys::Datum> {
        let (datum, is_null) = self.datum(attribute, |type_oid| type_oid == pg_sys::BYTEAOID)?;
        if is_null { Err(missing(attribute)) } else { Ok(datum) }
    }

    /// How many bytes a `bytea` column has that is declared NOT NULL.
    pub fn byte_length(&self, attribute: usize) -> Result<usize> {
        let datum = self.bytea(attribute)?;
        // SAFETY: the datum is a bytea, whose values are varlenas.
        Ok(unsafe { pg_sys::toast_raw_datum_size(datum) }.saturating_sub(size_of::<u32>()))
    }

    /// Hands a `bytea` column that is declared NOT NULL over piece by piece, in order.
    pub fn byte_pieces(&self, attribute: usize, monitor: &dyn Monitor, take: &mut dyn FnMut(&[u8])) -> Result<()> {
        /// Bytes of a piece.
        const PIECE: usize = 4 << 20;
        let (datum, length) = (self.bytea(attribute)?, self.byte_length(attribute)?);
        // SAFETY: the datum is a bytea, whose values are varlenas; a slice is a plain one of its own, or the
        // value itself where that is plain and short enough, which is not freed.
        unsafe {
            // Of a compressed value, every slice would be unpacked from its beginning.
            let plain = pg_sys::toast_datum_size(datum) >= length;
            let piece = if plain { PIECE } else { length };
            let mut taken = 0;
            while taken < length {
                monitor.check()?;
                let slice = pg_sys::pg_detoast_datum_slice(datum.cast_mut_ptr(), taken as i32, piece as i32);
                let part = pgrx::varlena::varlena_to_byte_slice(slice);
                if part.is_empty() {
                    return Err(Error::new(
                        INTERNAL,
                        format!("column {attribute} of a catalog row ends too early"),
                    ));
                }
                take(part);
                taken += part.len();
                if slice != datum.cast_mut_ptr() {
                    pg_sys::pfree(slice.cast());
                }
            }
            Ok(())
        }
    }

    /// The elements of a `bytea[]` column, copied and unpacked; NULLs are left out, and NULL has none.
    pub fn byte_strings(&self, attribute: usize) -> Result<Vec<Vec<u8>>> {
        let (datum, is_null) = self.datum(attribute, |type_oid| type_oid == pg_sys::BYTEAARRAYOID)?;
        // SAFETY: the datum is an array of bytea.
        let array = unsafe { pgrx::Array::<&[u8]>::from_datum(datum, is_null) };
        Ok(array.map_or(Vec::new(), |array| array.iter().flatten().map(<[u8]>::to_vec).collect()))
    }

    /// The elements of a `text[]` column; NULLs are left out, and NULL has none.
    pub fn texts(&self, attribute: usize) -> Result<Vec<String>> {
        let (datum, is_null) = self.datum(attribute, |type_oid| type_oid == pg_sys::TEXTARRAYOID)?;
        // SAFETY: the datum is an array of text.
        let array = unsafe { pgrx::Array::<Text>::from_datum(datum, is_null) };
        Ok(array.map_or(Vec::new(), |array| array.iter().flatten().map(String::from).collect()))
    }

    /// The elements of an array of relations; NULLs are left out, and NULL has none.
    pub fn oids(&self, attribute: usize) -> Result<Vec<pg_sys::Oid>> {
        let (datum, is_null) = self.datum(attribute, |type_oid| type_oid == pg_sys::REGCLASSARRAYOID)?;
        // SAFETY: the datum is an array of regclass, which is an oid inside.
        let array = unsafe { pgrx::Array::<pg_sys::Oid>::from_datum(datum, is_null) };
        Ok(array.map_or(Vec::new(), |array| array.iter().flatten().collect()))
    }

    /// A list of queries that one of PostgreSQL's own catalogs has of a rule, as they were analysed; none for NULL. They live in the current memory
    /// context.
    pub(super) fn queries(&self, attribute: usize) -> Result<Vec<*mut pg_sys::Query>> {
        let (datum, is_null) = self.datum(attribute, |type_oid| type_oid == pg_sys::PG_NODE_TREEOID)?;
        if is_null {
            return Ok(Vec::new());
        }
        // SAFETY: the type's values are texts that PostgreSQL itself has written, inside the same as those of type text; reading one back gives
        // the node that was written, and each is looked at for its tag.
        unsafe {
            let text = pg_sys::text_to_cstring(datum.cast_mut_ptr());
            let node: *mut pg_sys::Node = pg_sys::stringToNode(text).cast();
            if node.is_null() || !pgrx::is_a(node, pg_sys::NodeTag::T_List) {
                return Ok(Vec::new());
            }
            let queries = pgrx::PgList::<pg_sys::Node>::from_pg(node.cast());
            let queries = queries
                .iter_ptr()
                .filter(|&query| pgrx::is_a(query, pg_sys::NodeTag::T_Query));
            Ok(queries.map(|query| query.cast()).collect())
        }
    }

    /// A `jsonb` column; null for NULL. `what` names it in the error of JSON that cannot be read.
    pub fn json(&self, attribute: usize, what: &str) -> Result<serde_json::Value> {
        let value = self.get::<Jsonb>(attribute)?;
        value.map_or(Ok(serde_json::Value::Null), |json| json.read(what))
    }

    /// A column that is declared NOT NULL.
    pub fn require<T: Column>(&self, attribute: usize) -> Result<T> {
        self.get(attribute)?.ok_or_else(|| missing(attribute))
    }
}

fn missing(attribute: usize) -> Error {
    Error::new(INTERNAL, format!("column {attribute} of a catalog row is missing"))
}
