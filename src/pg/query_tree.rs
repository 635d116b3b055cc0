//! A query's text, parsed and analysed: one statement that only reads.

use std::ffi::{CStr, CString};

use pgrx::{PgList, PgMemoryContexts, is_a, pg_sys};

use super::encoding;
use super::error::{Error, NOT_A_QUERY, Result};
use super::query_text::{Shape, shape};

/// A text that has been parsed, analysed and rewritten: one statement that only reads.
pub(super) struct QueryTree {
    /// Holds the tree.
    pub(super) memory: PgMemoryContexts,
    pub(super) statement: String,
    pub(super) query: *mut pg_sys::Query,
}

/// The statement that a text given as a query is.
pub(super) fn statement(text: &str) -> Result<CString> {
    match shape(text) {
        Shape::Statement => encoding::encode_c(text),
        Shape::Relation => encoding::encode_c(&format!("TABLE {}", text.trim())),
        Shape::Neither => Err(not_a_query("neither a query nor the name of a relation")),
    }
}

impl QueryTree {
    /// That of a statement.
    pub(super) fn new(text: &CStr) -> Result<QueryTree> {
        let mut memory = PgMemoryContexts::new("assay query");
        // SAFETY: `text` is a C string; each list is checked for its length and each node for its tag before it is read as that
        // node; all of them live in the query's memory, which goes with it. The context that was current is put back at the end; when
        // that is not reached, by the drop of the query's.
        unsafe {
            let mut before = memory.set_as_current();
            let parsed = PgList::<pg_sys::RawStmt>::from_pg(pg_sys::raw_parser(
                text.as_ptr(),
                pg_sys::RawParseMode::RAW_PARSE_DEFAULT,
            ));
            let raw = match parsed.len() {
                1 => parsed.get_ptr(0).ok_or_else(|| not_a_query("empty"))?,
                0 => return Err(not_a_query("empty")),
                _ => return Err(not_a_query("more than one statement")),
            };
            if !is_a((*raw).stmt, pg_sys::NodeTag::T_SelectStmt)
                || !(*(*raw).stmt.cast::<pg_sys::SelectStmt>()).intoClause.is_null()
            {
                return Err(not_a_query("not a query"));
            }
            let rewritten = PgList::<pg_sys::Query>::from_pg(pg_sys::pg_analyze_and_rewrite_fixedparams(
                raw,
                text.as_ptr(),
                std::ptr::null(),
                0,
                std::ptr::null_mut(),
            ));
            let query = match rewritten.len() {
                1 => rewritten.get_ptr(0).ok_or_else(|| not_a_query("empty"))?,
                _ => return Err(not_a_query("rewritten by a rule into several statements")),
            };
            if (*query).commandType != pg_sys::CmdType::CMD_SELECT
                || (*query).hasModifyingCTE
                || !(*query).rowMarks.is_null()
            {
                return Err(not_a_query("one that writes or locks rows"));
            }
            before.set_as_current();
            Ok(QueryTree {
                memory,
                statement: part(text, (*raw).stmt_location, (*raw).stmt_len),
                query,
            })
        }
    }
}

fn not_a_query(problem: &str) -> Error {
    Error::new(NOT_A_QUERY, format!("the query argument is {problem}"))
        .hint("Give one SELECT, WITH, VALUES or TABLE statement that only reads, or the name of a table or view.")
}

/// The part of a text that a statement takes: `length` bytes from `start`, or with 0 all that follows.
fn part(text: &CStr, start: i32, length: i32) -> String {
    let bytes = text.to_bytes();
    let start = usize::try_from(start).unwrap_or(0).min(bytes.len());
    let end = match usize::try_from(length) {
        Ok(length) if length > 0 => (start + length).min(bytes.len()),
        _ => bytes.len(),
    };
    encoding::decode(&bytes[start..end]).into_owned()
}
