//! What a query reads, views and the tables below them included, and whether its result tells no more than what they hold: then whoever may
//! read them all may see it.

use std::collections::BTreeSet;
use std::ffi::c_void;

use pgrx::pg_sys::NodeTag;
use pgrx::{pg_guard, pg_sys};

use super::builtin::{is_function_of_arguments, is_type_of_postgres};
use super::relation;

/// What queries read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reads {
    /// The numbers of the relations.
    pub relations: BTreeSet<u32>,
    /// Whether the result depends on these relations and the clock only: no function of a user is called, no policy hides rows, no
    /// other server is asked as one role or another.
    pub shareable: bool,
}

impl Default for Reads {
    /// Nothing is read.
    fn default() -> Self {
        Reads {
            relations: BTreeSet::new(),
            shareable: true,
        }
    }
}

impl Reads {
    /// Nobody can say what is read.
    pub const UNKNOWN: Reads = Reads {
        relations: BTreeSet::new(),
        shareable: false,
    };

    /// Both together.
    pub fn and(mut self, other: Reads) -> Reads {
        self.relations.extend(other.relations);
        self.shareable &= other.shareable;
        self
    }

    /// What a rewritten query reads.
    ///
    /// # Safety
    /// `query` is a valid tree, as analysis and rewriting give it.
    pub unsafe fn of(query: *mut pg_sys::Query) -> Reads {
        let mut walk = Walk::default();
        // SAFETY: as the caller promises; the walk outlives the call.
        unsafe { visit(query.cast(), (&raw mut walk).cast()) };
        let runs_code = walk.runs_code || (walk.whole_row && walk.has_type_of_user);
        Reads {
            shareable: !runs_code && walk.relations.iter().all(|&oid| relation::shows_all_alike(oid.into())),
            relations: walk.relations,
        }
    }

    /// Whether a role may see what was found by reading this.
    pub fn is_visible_to(&self, role: pg_sys::Oid) -> bool {
        self.shareable && self.relations.iter().all(|&oid| relation::may_select(role, oid.into()))
    }
}

/// What a walk through a query's tree has met.
#[derive(Default)]
struct Walk {
    relations: BTreeSet<u32>,
    /// A function, operator or type that may run a user's code.
    runs_code: bool,
    /// A row is used as a value.
    whole_row: bool,
    /// A column of a type that may run a user's code.
    has_type_of_user: bool,
}

#[pg_guard]
unsafe extern "C-unwind" fn visit(node: *mut pg_sys::Node, context: *mut c_void) -> bool {
    if node.is_null() {
        return false;
    }
    // SAFETY: PostgreSQL hands over nodes of the tree, and the context that `Reads::of` gave; a node's tag says what it is.
    unsafe {
        let walk = &mut *context.cast::<Walk>();
        match (*node).type_ {
            NodeTag::T_Query => {
                let flags =
                    pg_sys::QTW_EXAMINE_RTES_BEFORE | pg_sys::QTW_EXAMINE_SORTGROUP | pg_sys::QTW_IGNORE_JOINALIASES;
                return pg_sys::query_tree_walker(node.cast(), Some(visit), context, flags as i32);
            }
            NodeTag::T_RangeTblEntry => {
                visit_range(&*node.cast(), context);
                // The walker goes on into the entry by itself.
                return false;
            }
            NodeTag::T_TargetEntry => {
                let entry = &*node.cast::<pg_sys::TargetEntry>();
                // A column that is only handed on runs no code; one that is sorted or grouped by does.
                if entry.ressortgroupref == 0 && pgrx::is_a(entry.expr.cast(), NodeTag::T_Var) {
                    walk.column(&*entry.expr.cast());
                    return false;
                }
            }
            NodeTag::T_SortGroupClause => {
                let clause = &*node.cast::<pg_sys::SortGroupClause>();
                walk.operator(clause.eqop);
                walk.operator(clause.sortop);
            }
            NodeTag::T_SetOperationStmt => {
                let types = (*node.cast::<pg_sys::SetOperationStmt>()).colTypes;
                for oid in pgrx::PgList::<pg_sys::Oid>::from_pg(types).iter_oid() {
                    walk.value(oid);
                }
            }
            NodeTag::T_Var => {
                walk.column(&*node.cast());
                walk.value(pg_sys::exprType(node));
            }
            tag if is_expression(tag) => {
                pg_sys::check_functions_in_node(node, Some(check), context);
                let oid = pg_sys::exprType(node);
                walk.whole_row |= oid == pg_sys::RECORDOID;
                walk.value(oid);
            }
            tag if is_clause(tag) => {}
            // Domains, whose conditions are a user's; XML; what later versions of PostgreSQL bring.
            _ => walk.runs_code = true,
        }
        pg_sys::expression_tree_walker(node, Some(visit), context)
    }
}

/// Notes the relation of an entry of a range table, how it is sampled, and what its join computes.
///
/// # Safety
/// The entry is one of the tree, and the context a [`Walk`].
unsafe fn visit_range(entry: &pg_sys::RangeTblEntry, context: *mut c_void) {
    // SAFETY: as the caller promises; the lists and pointers of an entry are its tree's.
    unsafe {
        let walk = &mut *context.cast::<Walk>();
        if entry.relid != pg_sys::InvalidOid {
            walk.relations.insert(entry.relid.to_u32());
        }
        if !entry.tablesample.is_null() {
            walk.function((*entry.tablesample).tsmhandler);
        }
        // Columns of both sides are handed on; what USING makes of two runs casts.
        for column in pgrx::PgList::<pg_sys::Node>::from_pg(entry.joinaliasvars).iter_ptr() {
            if !column.is_null() && !pgrx::is_a(column, NodeTag::T_Var) {
                visit(column, context);
            }
        }
    }
}

/// Whether a node computes a value of a type, with functions that its fields name.
fn is_expression(tag: NodeTag) -> bool {
    matches!(
        tag,
        NodeTag::T_Aggref
            | NodeTag::T_ArrayCoerceExpr
            | NodeTag::T_ArrayExpr
            | NodeTag::T_BoolExpr
            | NodeTag::T_BooleanTest
            | NodeTag::T_CaseExpr
            | NodeTag::T_CaseTestExpr
            | NodeTag::T_CoalesceExpr
            | NodeTag::T_CoerceViaIO
            | NodeTag::T_CollateExpr
            | NodeTag::T_Const
            | NodeTag::T_ConvertRowtypeExpr
            | NodeTag::T_DistinctExpr
            | NodeTag::T_FieldSelect
            | NodeTag::T_FuncExpr
            | NodeTag::T_GroupingFunc
            | NodeTag::T_MinMaxExpr
            | NodeTag::T_NamedArgExpr
            | NodeTag::T_NullIfExpr
            | NodeTag::T_NullTest
            | NodeTag::T_OpExpr
            | NodeTag::T_Param
            | NodeTag::T_RelabelType
            | NodeTag::T_RowCompareExpr
            | NodeTag::T_RowExpr
            | NodeTag::T_SQLValueFunction
            | NodeTag::T_ScalarArrayOpExpr
            | NodeTag::T_SubLink
            | NodeTag::T_SubscriptingRef
            | NodeTag::T_WindowFunc
    )
}

/// Whether a node runs nothing itself: the expressions below it are visited.
fn is_clause(tag: NodeTag) -> bool {
    matches!(
        tag,
        NodeTag::T_CaseWhen
            | NodeTag::T_CommonTableExpr
            | NodeTag::T_FromExpr
            | NodeTag::T_GroupingSet
            | NodeTag::T_JoinExpr
            | NodeTag::T_List
            | NodeTag::T_RangeTblFunction
            | NodeTag::T_RangeTblRef
            | NodeTag::T_TableSampleClause
            | NodeTag::T_WindowClause
    )
}

#[pg_guard]
unsafe extern "C-unwind" fn check(function: pg_sys::Oid, context: *mut c_void) -> bool {
    // SAFETY: the context is the one that `visit` was given.
    unsafe { (*context.cast::<Walk>()).function(function) };
    false
}

impl Walk {
    fn function(&mut self, oid: pg_sys::Oid) {
        self.runs_code |= !is_function_of_arguments(oid);
    }

    fn operator(&mut self, oid: pg_sys::Oid) {
        if oid != pg_sys::InvalidOid {
            // SAFETY: a catalog look-up by oid.
            self.function(unsafe { pg_sys::get_opcode(oid) });
        }
    }

    /// A value that something is done with.
    fn value(&mut self, oid: pg_sys::Oid) {
        self.runs_code |= !is_type_of_postgres(oid);
    }

    fn column(&mut self, variable: &pg_sys::Var) {
        self.whole_row |= variable.varattno == 0;
        self.has_type_of_user |= !is_type_of_postgres(variable.vartype);
    }
}
