//! Rows in: one read-only query, planned and run as the caller (privileges, row-level security and search_path hold), streamed row by
//! row out of the executor. Parallel plans are allowed; nothing is collected in between.

use std::ffi::CString;

use pgrx::{PgList, PgMemoryContexts, pg_sys};

use super::codes;
use super::derivation::Derivation;
use super::encoding;
use super::error::Result;
use super::memory;
use super::one_select;
use super::position::Within;
use super::query_row::{OutputColumn, Row};
use super::query_tree::{QueryTree, statement};
use super::read_only::ReadOnly;
use super::reader::Reader;
use super::reads::Reads;
use super::receiver;
use super::types;

/// A query that is planned and checked, ready to run once.
pub struct Query {
    /// Where its plan is; it goes with this value.
    _memory: PgMemoryContexts,
    text: CString,
    statement: String,
    row_security: bool,
    plan: *mut pg_sys::PlannedStmt,
    columns: Vec<OutputColumn>,
}

impl Query {
    /// Parses, checks and plans `text`. Returns an error with `ML008` unless it is one statement that only reads; PostgreSQL's own errors
    /// (syntax, unknown columns) pass through. Functions that run meanwhile cannot write.
    pub fn new(text: &str) -> Result<Query> {
        Query::planned(text, pg_sys::CURSOR_OPT_PARALLEL_OK)
    }

    /// The same without parallel workers, whose rows come in another order each time: for what depends on the order.
    pub fn serial(text: &str) -> Result<Query> {
        Query::planned(text, 0)
    }

    /// A statement whose tree, analysed and rewritten, is looked at before it is planned: without parallel workers, and interpreted. A relation's name is none.
    pub(super) fn examined(text: &str, examine: &dyn Fn(*mut pg_sys::Query) -> Result<()>) -> Result<Query> {
        memory::prepare()?;
        let _read_only = ReadOnly::enter();
        codes::preserve(|| Query::plan(encoding::encode_c(text)?, 0, examine)).map(Query::interpreted)
    }

    fn planned(text: &str, options: u32) -> Result<Query> {
        memory::prepare()?;
        let _read_only = ReadOnly::enter();
        codes::preserve(|| Query::plan(statement(text)?, options, &|_| Ok(())))
    }

    /// What a query reads, without planning it. Returns errors as [`Query::new`] does.
    pub fn reads(text: &str) -> Result<Reads> {
        let _read_only = ReadOnly::enter();
        codes::preserve(|| {
            let text = statement(text)?;
            let _within = Within::enter(&text);
            let tree = QueryTree::new(&text)?;
            // SAFETY: the tree is as analysis and rewriting gave it.
            Ok(unsafe { Reads::of(tree.query) })
        })
    }

    /// The same, and which columns; `None` where that is not known.
    pub fn reads_columns(text: &str) -> Result<(Reads, Option<Derivation>)> {
        let _read_only = ReadOnly::enter();
        codes::preserve(|| {
            let text = statement(text)?;
            let _within = Within::enter(&text);
            let tree = QueryTree::new(&text)?;
            // SAFETY: the tree is as analysis and rewriting gave it.
            unsafe { Ok((Reads::of(tree.query), Derivation::of(tree.query, true))) }
        })
    }

    fn plan(text: CString, options: u32, examine: &dyn Fn(*mut pg_sys::Query) -> Result<()>) -> Result<Query> {
        let within = Within::enter(&text);
        let QueryTree {
            mut memory,
            statement,
            query,
        } = QueryTree::new(&text)?;
        examine(query)?;
        // SAFETY: the tree is as analysis and rewriting gave it; the plan lives beside it. The context that was current is put back as there.
        unsafe {
            let mut before = memory.set_as_current();
            // The planner changes the tree.
            let row_security = (*query).hasRowSecurity;
            let plan = pg_sys::pg_plan_query(query, text.as_ptr(), options as i32, std::ptr::null_mut());
            let columns = output_columns((*plan).planTree);
            before.set_as_current();
            drop(within);
            Ok(Query {
                _memory: memory,
                text,
                statement,
                row_security,
                plan,
                columns,
            })
        }
    }

    /// The same, its expressions interpreted: PostgreSQL's compiler takes seconds for thousands of them, in which nothing can be cancelled.
    pub fn interpreted(self) -> Query {
        // SAFETY: the plan was made in `new` and lives as long as this value.
        unsafe { (*self.plan).jitFlags = pg_sys::PGJIT_NONE as i32 };
        self
    }

    /// The statement itself, without what may follow it: fit to stand in parentheses, on lines of its own.
    pub fn statement(&self) -> &str {
        &self.statement
    }

    /// The columns of its result.
    pub fn columns(&self) -> &[OutputColumn] {
        &self.columns
    }

    /// Whether policies of row-level security choose which rows it sees.
    pub fn has_row_security(&self) -> bool {
        self.row_security
    }

    /// How many rows the planner expects.
    pub fn expected_rows(&self) -> f64 {
        // SAFETY: the plan was made in `new` and lives as long as this value.
        unsafe { (*(*self.plan).planTree).plan_rows }
    }

    /// What the planner expects it to cost.
    pub fn cost(&self) -> f64 {
        // SAFETY: the plan was made in `new` and lives as long as this value.
        unsafe { (*(*self.plan).planTree).total_cost }
    }

    /// How many of its parts another server computes as a whole, aggregates included, and not the rows for them only.
    pub fn parts_sent(&self) -> usize {
        // SAFETY: the plan was made in `new` and lives as long as this value.
        unsafe { parts_sent((*self.plan).planTree) }
    }

    /// Returns an error with ML039 where it asks another server.
    pub(super) fn require_own_tables(&self) -> Result<()> {
        // SAFETY: the plan was made in `new` and lives as long as this value.
        unsafe { one_select::require_own_tables(self.plan) }
    }

    /// Returns an error where the current role lacks a right that running it takes: on a relation, or on a function. Nothing is read.
    pub fn require_rights(&self) -> Result<()> {
        let _read_only = ReadOnly::enter();
        // SAFETY: plan and text outlive the call. What is started so is never run; starting it looks at rights.
        codes::preserve(|| unsafe {
            let _within = Within::enter(&self.text);
            let description = self.description(pg_sys::CreateDestReceiver(pg_sys::CommandDest::DestNone));
            pg_sys::ExecutorStart(description, pg_sys::EXEC_FLAG_EXPLAIN_ONLY as i32);
            pg_sys::ExecutorEnd(description);
            pg_sys::FreeQueryDesc(description);
        });
        Ok(())
    }

    /// What the executor needs to run it.
    ///
    /// # Safety
    /// The receiver is valid, and outlives the run as this value does.
    unsafe fn description(&self, receiver: *mut pg_sys::DestReceiver) -> *mut pg_sys::QueryDesc {
        // SAFETY: as the caller promises.
        unsafe {
            pg_sys::CreateQueryDesc(
                self.plan,
                self.text.as_ptr(),
                pg_sys::GetActiveSnapshot(),
                std::ptr::null_mut(),
                receiver,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                0,
            )
        }
    }

    /// Runs the query and hands each row to `receive`, until the first error. Nothing it runs may write.
    pub fn run(&self, receive: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
        let _read_only = ReadOnly::enter();
        codes::preserve(|| {
            let _within = Within::enter(&self.text);
            // SAFETY: plan and text live as long as this value.
            unsafe { receiver::run(&self.columns, receive, |receiver| self.description(receiver)) }
        })
    }
}

/// The scans below a plan's aggregates that are of no relation: what a foreign data wrapper has its server compute.
///
/// # Safety
/// `plan` is null or a valid plan node.
unsafe fn parts_sent(plan: *mut pg_sys::Plan) -> usize {
    if plan.is_null() {
        return 0;
    }
    // SAFETY: as the caller promises; a node's tag says what it is, and the nodes below a valid one are valid. Only nodes that stand above the parts of
    // a pass are gone through, of which a plan has a few.
    unsafe {
        match (*plan).type_ {
            pg_sys::NodeTag::T_ForeignScan => usize::from((*plan.cast::<pg_sys::ForeignScan>()).scan.scanrelid == 0),
            pg_sys::NodeTag::T_Agg
            | pg_sys::NodeTag::T_Result
            | pg_sys::NodeTag::T_Gather
            | pg_sys::NodeTag::T_Material => parts_sent((*plan).lefttree),
            pg_sys::NodeTag::T_SubqueryScan => parts_sent((*plan.cast::<pg_sys::SubqueryScan>()).subplan),
            pg_sys::NodeTag::T_Append => {
                let parts = PgList::<pg_sys::Plan>::from_pg((*plan.cast::<pg_sys::Append>()).appendplans);
                parts.iter_ptr().map(|part| parts_sent(part)).sum()
            }
            _ => 0,
        }
    }
}

/// Reads the visible columns off a plan's target list.
///
/// # Safety
/// `plan` is a valid plan node.
unsafe fn output_columns(plan: *mut pg_sys::Plan) -> Vec<OutputColumn> {
    // SAFETY: a plan's targetlist is a list of TargetEntry, each with an expression; names are C strings or null.
    unsafe {
        PgList::<pg_sys::TargetEntry>::from_pg((*plan).targetlist)
            .iter_ptr()
            .filter(|&entry| !(*entry).resjunk)
            .map(|entry| {
                let name = match (*entry).resname {
                    name if name.is_null() => String::from("?column?"),
                    name => encoding::decode_c(name),
                };
                let type_oid = pg_sys::exprType((*entry).expr.cast());
                OutputColumn {
                    name,
                    type_name: types::name_of(type_oid),
                    type_oid,
                    reader: Reader::of(type_oid),
                    is_deterministic: types::is_deterministic(pg_sys::exprCollation((*entry).expr.cast())),
                }
            })
            .collect()
    }
}
