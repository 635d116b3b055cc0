//! Whether a text is one SELECT and nothing else: by its grammar, before anything in it is looked up, and then by what views and policies make of it.

use std::ffi::{CStr, c_void};

use pgrx::pg_sys::NodeTag;
use pgrx::{PgList, is_a, pg_guard, pg_sys};

use super::allowed::Allowed;
use super::error::{Error, REFUSED_STATEMENT, Result};
use super::fence::refusal;

/// The longest text.
const LONGEST: usize = 100_000;

/// Columns of catalogs that hold what opens other doors. Who may read them does so otherwise.
const SECRETS: [(pg_sys::Oid, &CStr); 4] = [
    (pg_sys::AuthIdRelationId, c"rolpassword"),
    (pg_sys::UserMappingRelationId, c"umoptions"),
    // pg_subscription, and pg_largeobject.
    (pg_sys::Oid::from_u32(6100), c"subconninfo"),
    (pg_sys::Oid::from_u32(2613), c"data"),
];

pub(super) fn refused(problem: impl Into<String>) -> Error {
    Error::new(REFUSED_STATEMENT, problem).hint("Give one SELECT, WITH, VALUES or TABLE statement that only reads.")
}

/// Returns an error with ML039 unless a text is one SELECT by its grammar; PostgreSQL's own errors of syntax pass through.
pub(super) fn require_by_grammar(text: &CStr) -> Result<()> {
    if text.count_bytes() > LONGEST {
        return Err(refused("the query is too long")
            .detail(format!(
                "It has {} bytes; at most {LONGEST} are taken.",
                text.count_bytes()
            ))
            .hint("Give a shorter one."));
    }
    // SAFETY: `text` is a C string; nodes are read as what their tags say; the walker outlives the walk.
    unsafe {
        let statements = PgList::<pg_sys::RawStmt>::from_pg(pg_sys::raw_parser(
            text.as_ptr(),
            pg_sys::RawParseMode::RAW_PARSE_DEFAULT,
        ));
        let statement = match statements.len() {
            0 => return Err(refused("the query is empty")),
            1 => statements.get_ptr(0).map_or(std::ptr::null_mut(), |raw| (*raw).stmt),
            count => return Err(refused("the query is more than one statement").detail(format!("It has {count}."))),
        };
        if statement.is_null() || !is_a(statement, NodeTag::T_SelectStmt) {
            return Err(refused("the query is no SELECT"));
        }
        let mut problem: Option<&'static str> = None;
        look(statement, (&raw mut problem).cast());
        problem.map_or(Ok(()), |problem| Err(refused(problem)))
    }
}

/// Whether a statement says in which order its rows come.
pub(super) fn is_ordered(text: &CStr) -> Result<bool> {
    // SAFETY: `text` is a C string; a node is read as what its tag says.
    unsafe {
        let statements = PgList::<pg_sys::RawStmt>::from_pg(pg_sys::raw_parser(
            text.as_ptr(),
            pg_sys::RawParseMode::RAW_PARSE_DEFAULT,
        ));
        let statement = statements.get_ptr(0).map_or(std::ptr::null_mut(), |raw| (*raw).stmt);
        Ok(!statement.is_null()
            && is_a(statement, NodeTag::T_SelectStmt)
            && !(*statement.cast::<pg_sys::SelectStmt>()).sortClause.is_null())
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn look(node: *mut pg_sys::Node, problem: *mut c_void) -> bool {
    if node.is_null() {
        return false;
    }
    // SAFETY: PostgreSQL hands over nodes of the grammar's tree, and the context that was given; a node's tag says what it is.
    unsafe {
        let found = match (*node).type_ {
            NodeTag::T_SelectStmt => {
                let select = &*node.cast::<pg_sys::SelectStmt>();
                if !select.intoClause.is_null() {
                    Some("the query makes a table")
                } else if !select.lockingClause.is_null() {
                    Some("the query locks rows")
                } else {
                    None
                }
            }
            NodeTag::T_InsertStmt | NodeTag::T_UpdateStmt | NodeTag::T_DeleteStmt | NodeTag::T_MergeStmt => {
                Some("the query changes rows in a part of it")
            }
            _ => None,
        };
        if found.is_some() {
            *problem.cast::<Option<&'static str>>() = found;
            return true;
        }
        pg_sys::raw_expression_tree_walker(node, Some(look), problem)
    }
}

/// What a walk through an analysed and rewritten query looks for.
struct Walk<'a> {
    allowed: &'a Allowed,
    error: Option<Error>,
}

/// Returns an error with ML039 where a query, as analysis and rewriting give it, writes, locks, calls a function that is not allowed, or reads what is secret.
///
/// # Safety
/// The tree is valid.
pub(super) unsafe fn require_by_meaning(query: *mut pg_sys::Query, allowed: &Allowed) -> Result<()> {
    let mut walk = Walk { allowed, error: None };
    // SAFETY: as the caller promises; the walk outlives the call.
    unsafe { visit(query.cast(), (&raw mut walk).cast()) };
    walk.error.map_or(Ok(()), Err)
}

#[pg_guard]
unsafe extern "C-unwind" fn visit(node: *mut pg_sys::Node, context: *mut c_void) -> bool {
    if node.is_null() {
        return false;
    }
    // SAFETY: PostgreSQL hands over nodes of the tree, and the walk that was given; a node's tag says what it is.
    unsafe {
        let walk = &mut *context.cast::<Walk<'_>>();
        match (*node).type_ {
            NodeTag::T_Query => {
                let query = node.cast::<pg_sys::Query>();
                walk.error = problem_of(&*query);
                if walk.error.is_some() {
                    return true;
                }
                let flags = pg_sys::QTW_EXAMINE_SORTGROUP as i32;
                return pg_sys::query_tree_walker(query, Some(visit), context, flags);
            }
            NodeTag::T_SortGroupClause => {
                let clause = &*node.cast::<pg_sys::SortGroupClause>();
                for operator in [clause.eqop, clause.sortop] {
                    if operator != pg_sys::InvalidOid {
                        check(pg_sys::get_opcode(operator), context);
                    }
                }
            }
            NodeTag::T_List => {}
            _ => {
                pg_sys::check_functions_in_node(node, Some(check), context);
            }
        }
        if walk.error.is_some() {
            return true;
        }
        pg_sys::expression_tree_walker(node, Some(visit), context)
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn check(function: pg_sys::Oid, context: *mut c_void) -> bool {
    // SAFETY: the context is the walk.
    let walk = unsafe { &mut *context.cast::<Walk<'_>>() };
    if walk.error.is_none() && function != pg_sys::InvalidOid && !walk.allowed.permits(function) {
        walk.error = Some(refusal(function));
    }
    walk.error.is_some()
}

/// What is wrong with a query or a part of it, the functions aside.
///
/// # Safety
/// The tree is valid.
unsafe fn problem_of(query: &pg_sys::Query) -> Option<Error> {
    if query.commandType != pg_sys::CmdType::CMD_SELECT || query.hasModifyingCTE {
        return Some(refused("the query changes rows in a part of it"));
    }
    if !query.rowMarks.is_null() {
        return Some(refused("the query locks rows, or a view that it reads does"));
    }
    // SAFETY: as the caller promises; the lists are of the nodes that PostgreSQL says.
    unsafe {
        #[cfg(feature = "pg15")]
        let relations = PgList::<pg_sys::RangeTblEntry>::from_pg(query.rtable);
        #[cfg(not(feature = "pg15"))]
        let relations = PgList::<pg_sys::RTEPermissionInfo>::from_pg(query.rteperminfos);
        let entries = PgList::<pg_sys::RangeTblEntry>::from_pg(query.rtable);
        // The planner would ask the other server already.
        if entries
            .iter_ptr()
            .any(|entry| kind_of(entry) == pg_sys::RELKIND_FOREIGN_TABLE)
        {
            return Some(foreign_table());
        }
        relations.iter_ptr().find_map(|entry| {
            let (_, name) = SECRETS.iter().find(|(relation, column)| {
                (*entry).relid == *relation && reads((*entry).selectedCols, *relation, column)
            })?;
            let name = name.to_string_lossy();
            let problem = format!("the query reads column \"{name}\" of a catalog, which holds secrets");
            Some(Error::new(REFUSED_STATEMENT, problem).hint("Leave that column out."))
        })
    }
}

/// Whether a set of columns that are read has this one, or the whole row.
///
/// # Safety
/// The set is valid.
unsafe fn reads(columns: *mut pg_sys::Bitmapset, relation: pg_sys::Oid, column: &CStr) -> bool {
    // SAFETY: as the caller promises; a catalog look-up by a C string.
    unsafe {
        let number = i32::from(pg_sys::get_attnum(relation, column.as_ptr()));
        [0, number]
            .iter()
            .any(|number| pg_sys::bms_is_member(number - pg_sys::FirstLowInvalidHeapAttributeNumber, columns))
    }
}

fn foreign_table() -> Error {
    refused("the query reads a foreign table")
        .hint("Copy what it shows into a table of this server, such as a materialized view.")
}

/// The kind of an entry's relation; 0 for none.
///
/// # Safety
/// The entry is valid.
unsafe fn kind_of(entry: *mut pg_sys::RangeTblEntry) -> u8 {
    // SAFETY: as the caller promises; a catalog look-up by oid, which gives 0 for what is not there.
    unsafe {
        match (*entry).relid {
            pg_sys::InvalidOid => 0,
            relation => pg_sys::get_rel_relkind(relation) as u8,
        }
    }
}

/// Returns an error with ML039 where a plan asks another server, or reads what is stored beside a table.
///
/// # Safety
/// The plan is valid.
pub(super) unsafe fn require_own_tables(plan: *mut pg_sys::PlannedStmt) -> Result<()> {
    // SAFETY: as the caller promises; the list is one of entries.
    let entries = unsafe { PgList::<pg_sys::RangeTblEntry>::from_pg((*plan).rtable) };
    for entry in entries.iter_ptr() {
        // SAFETY: as above.
        match unsafe { kind_of(entry) } {
            pg_sys::RELKIND_FOREIGN_TABLE => return Err(foreign_table()),
            pg_sys::RELKIND_TOASTVALUE => return Err(refused("the query reads the storage of another table")),
            _ => {}
        }
    }
    Ok(())
}
