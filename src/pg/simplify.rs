//! Calls that are given a whole row, rewritten by the planner into calls with its columns: an executor that has to form a row first, so that
//! the function can take it apart again, takes several times as long as one that hands over columns.
//!
//! `f(model, r)` becomes `f(model, '{a,b,...}', r.a, r.b, ...)` with all columns of the row, whatever the model needs: which version answers
//! is only known when the plan runs. A row of a table is NULL where an outer join finds no match, and the old row of an INSERT and the new one
//! of a DELETE are, which their columns do not tell; such rows stay whole.

use pgrx::pg_sys::{self, JoinType, Node, NodeTag};
use pgrx::{Internal, IntoDatum, PgList, PgTupleDesc, is_a, pg_extern};

use super::encoding;
use super::text::Text;

/// What a function takes, less the model and the names.
const MOST_COLUMNS: usize = 98;

/// A column of a row: its name, and what gives its value.
type Column = (String, *mut Node);

/// The planner's support function of the functions that take a whole row after a model's name.
#[pg_extern(sql = false)]
fn row_support(request: Internal) -> Internal {
    let request: *mut Node = request
        .unwrap()
        .map_or(std::ptr::null_mut(), |datum| datum.cast_mut_ptr());
    // SAFETY: PostgreSQL calls this with a node of a request, which says by its tag what it is; a null pointer is the answer to those that
    // the function does not know.
    let call = unsafe {
        if !request.is_null() && is_a(request, NodeTag::T_SupportRequestSimplify) {
            with_columns(&*request.cast::<pg_sys::SupportRequestSimplify>())
        } else {
            None
        }
    };
    Internal::from(Some(pg_sys::Datum::from(call.unwrap_or(std::ptr::null_mut()))))
}

/// The call with the row's columns instead of the row; `None` when the row has to stay.
///
/// # Safety
/// The request is the planner's own: all its nodes are what their tags say.
unsafe fn with_columns(request: &pg_sys::SupportRequestSimplify) -> Option<*mut pg_sys::FuncExpr> {
    // SAFETY: as the caller promises. The new nodes live in the planner's memory; nodes of the call are taken over unchanged.
    unsafe {
        let call = &*request.fcall;
        let given = PgList::<Node>::from_pg(call.args);
        if given.len() != 2 || call.funcvariadic {
            return None;
        }
        let (model, row) = (given.get_ptr(0)?, given.get_ptr(1)?);
        let columns = if is_a(row, NodeTag::T_Var) {
            columns_of_table(request.root, &*row.cast())?
        } else if is_a(row, NodeTag::T_RowExpr) {
            columns_of_row(&*row.cast())?
        } else {
            return None;
        };
        if columns.is_empty() || columns.len() > MOST_COLUMNS {
            return None;
        }
        let (names, values): (Vec<String>, Vec<*mut Node>) = columns.into_iter().unzip();
        let mut arguments = PgList::<Node>::new();
        arguments.push(model);
        arguments.push(texts(names)?);
        values.into_iter().for_each(|value| arguments.push(value));
        let new = pg_sys::makeFuncExpr(
            call.funcid,
            call.funcresulttype,
            arguments.into_pg(),
            call.funccollid,
            call.inputcollid,
            pg_sys::CoercionForm::COERCE_EXPLICIT_CALL,
        );
        (*new).location = call.location;
        (*new).funcretset = call.funcretset;
        Some(new)
    }
}

/// A constant of type `text[]`.
fn texts(names: Vec<String>) -> Option<*mut Node> {
    let names = names.into_iter().map(Text::from).collect::<Vec<_>>().into_datum()?;
    // SAFETY: makes a node of a datum of the type and length that are named.
    Some(unsafe {
        pg_sys::makeConst(
            pg_sys::TEXTARRAYOID,
            -1,
            pg_sys::DEFAULT_COLLATION_OID,
            -1,
            names,
            false,
            false,
        )
        .cast()
    })
}

/// The columns of a whole row of a table of the query at hand; `None` when it is none, or can be NULL.
///
/// # Safety
/// The planner's state is null or valid.
unsafe fn columns_of_table(root: *mut pg_sys::PlannerInfo, row: &pg_sys::Var) -> Option<Vec<Column>> {
    // SAFETY: as the caller promises; range tables hold entries, counted from 1.
    unsafe {
        let query = root.as_ref()?.parse.as_ref()?;
        // With several sets of grouping columns, a row that is one of them is NULL in the groups of the others.
        if row.varattno != 0 || row.varlevelsup != 0 || !query.groupingSets.is_null() || is_old_or_new(row) {
            return None;
        }
        let place = usize::try_from(row.varno).ok()?.checked_sub(1)?;
        let entry = PgList::<pg_sys::RangeTblEntry>::from_pg(query.rtable).get_ptr(place)?;
        let of_table = (*entry).rtekind == pg_sys::RTEKind::RTE_RELATION && row.vartype != pg_sys::RECORDOID;
        if !of_table || is_nullable(query.jointree.cast(), row.varno, false).unwrap_or(false) {
            return None;
        }
        let columns = descriptor(row.vartype);
        let columns = (1..).zip(columns.iter()).filter(|(_, column)| !column.attisdropped);
        Some(
            columns
                .map(|(number, column)| {
                    let var = pg_sys::makeVar(
                        row.varno,
                        number,
                        column.atttypid,
                        column.atttypmod,
                        column.attcollation,
                        0,
                    );
                    (encoding::decode_name(&column.attname), var.cast())
                })
                .collect(),
        )
    }
}

/// Whether a row is `old` or `new` of RETURNING, which PostgreSQL has from 18 on.
#[cfg(feature = "pg18")]
fn is_old_or_new(row: &pg_sys::Var) -> bool {
    row.varreturningtype != pg_sys::VarReturningType::VAR_RETURNING_DEFAULT
}

#[cfg(not(feature = "pg18"))]
fn is_old_or_new(_row: &pg_sys::Var) -> bool {
    false
}

/// Whether a join below `node` can put NULLs in the place of the table's rows, `nullable` being the answer for all of `node`; `None`
/// when the table is not there.
///
/// # Safety
/// `node` is null or a node of a query's join tree.
unsafe fn is_nullable(node: *mut Node, table: i32, nullable: bool) -> Option<bool> {
    if node.is_null() {
        return None;
    }
    // SAFETY: nodes are what their tags say, as the caller promises.
    unsafe {
        if is_a(node, NodeTag::T_RangeTblRef) {
            return ((*node.cast::<pg_sys::RangeTblRef>()).rtindex == table).then_some(nullable);
        }
        if is_a(node, NodeTag::T_FromExpr) {
            let items = PgList::<Node>::from_pg((*node.cast::<pg_sys::FromExpr>()).fromlist);
            return items.iter_ptr().find_map(|item| is_nullable(item, table, nullable));
        }
        let join = &*node.cast::<pg_sys::JoinExpr>();
        let (left, right) = match join.jointype {
            JoinType::JOIN_INNER => (nullable, nullable),
            JoinType::JOIN_LEFT | JoinType::JOIN_SEMI | JoinType::JOIN_ANTI => (nullable, true),
            JoinType::JOIN_RIGHT => (true, nullable),
            _ => (true, true),
        };
        is_nullable(join.larg, table, left).or_else(|| is_nullable(join.rarg, table, right))
    }
}

/// The columns of a row that is put together where it is used, as `ROW(...)` and rows of views are.
///
/// # Safety
/// The node is the planner's own.
unsafe fn columns_of_row(row: &pg_sys::RowExpr) -> Option<Vec<Column>> {
    // SAFETY: as the caller promises: an anonymous row's names are a list of String nodes.
    unsafe {
        let values = PgList::<Node>::from_pg(row.args);
        if row.row_typeid == pg_sys::RECORDOID {
            let names = PgList::<Node>::from_pg(row.colnames);
            return (names.len() == values.len()).then(|| {
                let name = |node: *mut Node| encoding::decode_c((*node.cast::<pg_sys::String>()).sval);
                names.iter_ptr().map(name).zip(values.iter_ptr()).collect()
            });
        }
        let columns = descriptor(row.row_typeid);
        (columns.len() == values.len()).then(|| {
            let there = columns.iter().zip(values.iter_ptr());
            there
                .filter(|(column, _)| !column.attisdropped)
                .map(|(column, value)| (encoding::decode_name(&column.attname), value))
                .collect()
        })
    }
}

/// The columns of a named row type.
fn descriptor(type_oid: pg_sys::Oid) -> PgTupleDesc<'static> {
    // SAFETY: gives the descriptor of a row type, or raises an error; it is released when dropped.
    unsafe { PgTupleDesc::from_pg(pg_sys::lookup_rowtype_tupdesc(type_oid, -1)) }
}
