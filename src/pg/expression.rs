//! What an expression is that stands within a query.

use pgrx::{PgList, is_a, pg_sys};

use super::attempt::attempt;
use super::encoding;
use super::error::{Error, INVALID_PARAMETER, Result};

/// Returns an error with 22023 unless `text` is one expression of SQL by itself, so that it can stand in parentheses within a query.
pub fn require_expression(text: &str) -> Result<()> {
    // Without parentheses, for else it might close them; and within them, for else it might be more than a condition.
    require_expression_in(text, text)?;
    require_expression_in(text, &format!("(\n{text}\n)"))
}

/// The same for the text as it is `selected`: as it stands behind SELECT.
fn require_expression_in(text: &str, selected: &str) -> Result<()> {
    let wrong = |problem: &str| {
        Error::new(INVALID_PARAMETER, format!("a condition is {problem}"))
            .detail(format!("It is: {text}"))
            .hint("Write it as after WHERE, without that word.")
    };
    let invalid = || wrong("not one expression");
    let statement = encoding::encode_c(&format!("SELECT {selected}"))?;
    // SAFETY: as in QueryTree::new; the fields that are read are lists and pointers of the node that the tag says.
    let single = attempt(|| unsafe {
        let parsed = PgList::<pg_sys::RawStmt>::from_pg(pg_sys::raw_parser(
            statement.as_ptr(),
            pg_sys::RawParseMode::RAW_PARSE_DEFAULT,
        ));
        Ok(match parsed.get_ptr(0) {
            Some(raw) if parsed.len() == 1 && is_a((*raw).stmt, pg_sys::NodeTag::T_SelectStmt) => {
                let select = &*(*raw).stmt.cast::<pg_sys::SelectStmt>();
                let others = [
                    select.distinctClause,
                    select.fromClause,
                    select.groupClause,
                    select.windowClause,
                    select.sortClause,
                    select.lockingClause,
                    select.valuesLists,
                ];
                let clauses = [
                    select.whereClause,
                    select.havingClause,
                    select.limitCount,
                    select.limitOffset,
                ];
                let targets = PgList::<pg_sys::ResTarget>::from_pg(select.targetList);
                let named = targets.get_ptr(0).is_some_and(|target| !(*target).name.is_null());
                targets.len() == 1
                    && !named
                    && others.iter().all(|list| list.is_null())
                    && clauses.iter().all(|clause| clause.is_null())
                    && select.intoClause.is_null()
                    && select.withClause.is_null()
                    && select.larg.is_null()
            }
            _ => false,
        })
    })?;
    match single {
        Ok(true) => Ok(()),
        Ok(false) => Err(invalid()),
        Err(problem) => Err(wrong(&format!("not SQL: {problem}"))),
    }
}
