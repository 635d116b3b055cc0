//! Queries of tables that Citus distributes. Workers are sent the query's text, in which a model's bare name would stand for what each of them knows by it: so the names of
//! models are replaced before Citus plans the query, in calls of assay's functions whose first argument is a constant.
//!
//! The hook is installed when the library is loaded, behind that of Citus, which asks to be loaded first. A session that has not loaded it yet does not replace the
//! names of its first query.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::OnceLock;

use pgrx::pg_catalog::pg_proc::PgProc;
use pgrx::pg_sys::{self, NodeTag};
use pgrx::{FromDatum, IntoDatum, PgList, pg_guard};

use super::catalog;
use super::error::{Result, or_raise};
use super::tables;
use super::text::Text;

/// What a model's name becomes; `None` leaves it as it is.
pub type Pin = fn(&str) -> Result<Option<String>>;

static PIN: OnceLock<Pin> = OnceLock::new();
/// What was hooked in before.
static mut NEXT: pg_sys::planner_hook_type = None;

/// The table in which Citus lists what it distributes; the tables' numbers are its first column.
const DISTRIBUTED: &CStr = c"pg_dist_partition";
/// What the first argument of functions is called that names a model.
const MODEL: &str = "model";

unsafe extern "C-unwind" {
    // pgrx's own declaration would carry each of its errors through Rust.
    fn standard_planner(
        query: *mut pg_sys::Query,
        text: *const c_char,
        options: c_int,
        parameters: pg_sys::ParamListInfo,
    ) -> *mut pg_sys::PlannedStmt;
}

/// Has names of models replaced by `pin` in queries of distributed tables.
pub fn install(pin: Pin) {
    if PIN.set(pin).is_err() {
        return;
    }
    // SAFETY: the hook is a variable of this backend, which only its one thread touches; whoever was hooked in before is called, too.
    unsafe {
        NEXT = pg_sys::planner_hook;
        pg_sys::planner_hook = Some(on_plan);
    }
}

/// Has plans made anew that were made when something else stood in `assay.<table>`.
pub fn forget_plans(table: &CStr) {
    // SAFETY: a message about a relation that exists, sent when the transaction commits.
    unsafe { pg_sys::CacheInvalidateRelcacheByRelid(tables::oid_of(table)) }
}

/// Whether Citus is in this database: a look into a cache.
pub fn has_citus() -> bool {
    // SAFETY: a catalog look-up by a C string.
    unsafe { own_catalog(DISTRIBUTED) != pg_sys::InvalidOid }
}

/// A relation of `pg_catalog`, where only superusers make any.
///
/// # Safety
/// In a transaction.
unsafe fn own_catalog(name: &CStr) -> pg_sys::Oid {
    // SAFETY: as the caller promises.
    unsafe { pg_sys::get_relname_relid(name.as_ptr(), pg_sys::PG_CATALOG_NAMESPACE.into()) }
}

/// PostgreSQL's hook. Nothing in it is dropped, so that an error of the planner may leave it as it leaves a function of C.
unsafe extern "C-unwind" fn on_plan(
    query: *mut pg_sys::Query,
    text: *const c_char,
    options: c_int,
    parameters: pg_sys::ParamListInfo,
) -> *mut pg_sys::PlannedStmt {
    // SAFETY: PostgreSQL hands over a query that the planner may change, in a transaction; a plan's list of relations is the plan's own.
    unsafe {
        let depends = pin_models(query);
        let plan = match NEXT {
            Some(next) => next(query, text, options, parameters),
            None => standard_planner(query, text, options, parameters),
        };
        if depends != pg_sys::InvalidOid {
            (*plan).relationOids = pg_sys::list_append_unique_oid((*plan).relationOids, depends);
        }
        plan
    }
}

/// Replaces the names of models where the query reads a distributed table. Gives the table that the plan depends on then.
#[pg_guard]
unsafe extern "C-unwind" fn pin_models(query: *mut pg_sys::Query) -> pg_sys::Oid {
    // SAFETY: as of the hook. Whoever plans has a snapshot, or else one is taken.
    unsafe {
        if !has_citus() {
            return pg_sys::InvalidOid;
        }
        let mut found = Found::default();
        visit(query.cast(), (&raw mut found).cast());
        if found.calls.is_empty() {
            return pg_sys::InvalidOid;
        }
        let pushed = !pg_sys::ActiveSnapshotSet();
        if pushed {
            pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
        }
        let depends = or_raise(found.pin());
        if pushed {
            pg_sys::PopActiveSnapshot();
        }
        match depends {
            true => tables::oid_of(c"model"),
            false => pg_sys::InvalidOid,
        }
    }
}

/// What a walk through a query has met.
#[derive(Default)]
struct Found {
    /// Calls that name a model by a constant.
    calls: Vec<*mut pg_sys::FuncExpr>,
    relations: Vec<pg_sys::Oid>,
}

impl Found {
    /// Replaces the names, if one of the relations is in Citus' list; gives whether it is.
    ///
    /// # Safety
    /// The calls are nodes of a query that may be changed, and there is an active snapshot.
    unsafe fn pin(self) -> Result<bool> {
        // SAFETY: as the caller promises; the list is open while it is read.
        unsafe {
            let listed = pg_sys::table_open(own_catalog(DISTRIBUTED), pg_sys::AccessShareLock as i32);
            let mut is_distributed = false;
            for &relation in &self.relations {
                is_distributed = is_distributed || catalog::has_row(listed, &[1], relation)?;
            }
            pg_sys::table_close(listed, pg_sys::AccessShareLock as i32);
            if is_distributed {
                self.calls.into_iter().try_for_each(|call| replace(call))?;
            }
            Ok(is_distributed)
        }
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn visit(node: *mut pg_sys::Node, context: *mut c_void) -> bool {
    if node.is_null() {
        return false;
    }
    // SAFETY: PostgreSQL hands over nodes of the tree, and the context that the walk began with; a node's tag says what it is.
    unsafe {
        match (*node).type_ {
            NodeTag::T_Query => {
                let found = &mut *context.cast::<Found>();
                let entries = PgList::<pg_sys::RangeTblEntry>::from_pg((*node.cast::<pg_sys::Query>()).rtable);
                let tables = entries.iter_ptr().map(|entry| &*entry);
                let tables = tables.filter(|entry| entry.rtekind == pg_sys::RTEKind::RTE_RELATION);
                found.relations.extend(tables.map(|entry| entry.relid));
                return pg_sys::query_tree_walker(node.cast(), Some(visit), context, 0);
            }
            NodeTag::T_FuncExpr => {
                let call = node.cast::<pg_sys::FuncExpr>();
                if constant(&*call).is_some() && takes_model((*call).funcid) {
                    (*context.cast::<Found>()).calls.push(call);
                }
            }
            _ => {}
        }
        pg_sys::expression_tree_walker(node, Some(visit), context)
    }
}

/// The text that is a call's first argument, where that is a constant.
///
/// # Safety
/// The call is a node of a query.
unsafe fn constant(call: &pg_sys::FuncExpr) -> Option<&pg_sys::Const> {
    // SAFETY: as the caller promises: its arguments are a list of nodes.
    unsafe {
        let first = PgList::<pg_sys::Node>::from_pg(call.args).get_ptr(0)?;
        if (*first).type_ != NodeTag::T_Const {
            return None;
        }
        let constant = &*first.cast::<pg_sys::Const>();
        (constant.consttype == pg_sys::TEXTOID && !constant.constisnull).then_some(constant)
    }
}

/// Whether a function is one of assay's that takes a model's name first, and changes nothing: what trains or deploys means the model and no version.
fn takes_model(function: pg_sys::Oid) -> bool {
    if function.to_u32() < pg_sys::FirstNormalObjectId {
        return false;
    }
    // SAFETY: catalog look-ups.
    unsafe {
        let schema = pg_sys::get_namespace_oid(c"assay".as_ptr(), true);
        if schema == pg_sys::InvalidOid || pg_sys::get_func_namespace(function) != schema {
            return false;
        }
        if pg_sys::func_volatile(function) as u8 == pg_sys::PROVOLATILE_VOLATILE {
            return false;
        }
    }
    let names = PgProc::new(function).and_then(|function| function.proargnames().into_iter().next());
    names.flatten().is_some_and(|name| name == MODEL)
}

/// Puts what a model's name becomes into its place.
///
/// # Safety
/// The call is a node of a query that may be changed, and its first argument a constant text.
unsafe fn replace(call: *mut pg_sys::FuncExpr) -> Result<()> {
    // SAFETY: as the caller promises: the list has a first cell. The new node is made in the memory of whoever plans; the old one stays as it is, for others may point to it.
    unsafe {
        let Some(old) = constant(&*call) else { return Ok(()) };
        let Some(name) = Text::from_polymorphic_datum(old.constvalue, false, pg_sys::TEXTOID) else {
            return Ok(());
        };
        let pinned = match PIN.get() {
            Some(pin) => pin(&name)?,
            None => None,
        };
        let Some(datum) = pinned.and_then(|name| Text::from(name).into_datum()) else {
            return Ok(());
        };
        let new = pg_sys::makeConst(
            pg_sys::TEXTOID,
            old.consttypmod,
            old.constcollid,
            -1,
            datum,
            false,
            false,
        );
        (*new).location = old.location;
        (*(*(*call).args).elements).ptr_value = new.cast();
        Ok(())
    }
}
