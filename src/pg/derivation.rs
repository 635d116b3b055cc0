//! Which columns of which relations each column of a query's result is made of, and which decide what rows it has: by its tree.
//!
//! Values go by the target list, through subqueries, joins, common table expressions, and views where those are expanded. What stands in WHERE, ON,
//! GROUP BY, ORDER BY, HAVING, LIMIT, in DISTINCT and in set operations decides the rows, and with them all columns.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::c_void;
use std::rc::Rc;

use pgrx::pg_sys::NodeTag;
use pgrx::{PgList, pg_guard, pg_sys};

use super::relation;

/// Columns by relation and number; with number 0 the relation is read, but none of its columns.
pub type Columns = BTreeSet<(u32, i16)>;

/// What a query's result is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Derivation {
    /// For each column, those whose values its values come from.
    pub values: Vec<Columns>,
    /// Those that decide what rows there are, and all relations that are read.
    pub rows: Columns,
    /// Functions that are called, but for PostgreSQL's own.
    pub functions: BTreeSet<u32>,
}

impl Derivation {
    /// That of a query; `None` where its tree has something of which it is not known what it reads.
    ///
    /// # Safety
    /// `query` is a valid tree, as analysis gives it, `is_rewritten` or not: in a rewritten one views are subqueries.
    pub unsafe fn of(query: *mut pg_sys::Query, is_rewritten: bool) -> Option<Derivation> {
        let mut tracing = Tracing {
            is_rewritten,
            ..Tracing::default()
        };
        // SAFETY: as the caller promises.
        let traced = unsafe { tracing.query(query, None) };
        let functions = std::mem::take(&mut tracing.functions);
        (!tracing.is_unclear).then(|| Derivation {
            values: traced.values.clone(),
            rows: traced.rows.clone(),
            functions,
        })
    }

    /// All columns that are read, and all relations with number 0.
    pub fn reads(&self) -> Columns {
        let mut all = self.rows.clone();
        all.extend(self.values.iter().flatten());
        all
    }
}

/// What a query, or a part of it, is made of.
#[derive(Default)]
struct Traced {
    values: Vec<Columns>,
    rows: Columns,
}

impl Traced {
    /// All of it.
    fn whole(&self) -> Columns {
        self.values.iter().flatten().chain(&self.rows).copied().collect()
    }
}

/// A query with those around it, in which its variables are looked up.
struct Scope<'s> {
    query: *mut pg_sys::Query,
    outer: Option<&'s Scope<'s>>,
}

impl<'s> Scope<'s> {
    /// That of so many levels further out.
    fn outward(&'s self, levels: u32) -> Option<&'s Scope<'s>> {
        (0..levels).try_fold(self, |scope, _| scope.outer)
    }

    /// An entry of its range table, counted from 1.
    ///
    /// # Safety
    /// The query is a valid tree.
    unsafe fn entry(&self, number: i32) -> Option<*mut pg_sys::RangeTblEntry> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        // SAFETY: as the caller promises, a query's range table is a list of such entries.
        unsafe { PgList::<pg_sys::RangeTblEntry>::from_pg((*self.query).rtable).get_ptr(place) }
    }
}

#[derive(Default)]
struct Tracing {
    is_rewritten: bool,
    /// By the place of the query: one that is named twice is looked at once.
    known: HashMap<usize, Rc<Traced>>,
    /// Queries that are being looked at.
    begun: HashSet<usize>,
    /// Those of them that read themselves: recursive ones.
    recursive: HashSet<usize>,
    functions: BTreeSet<u32>,
    is_unclear: bool,
}

/// What a walk through an expression needs.
struct Walk<'w> {
    tracing: &'w mut Tracing,
    scope: &'w Scope<'w>,
    columns: Columns,
}

impl Tracing {
    /// # Safety
    /// `query` is a valid tree, and `outer` are those around it.
    unsafe fn query(&mut self, query: *mut pg_sys::Query, outer: Option<&Scope<'_>>) -> Rc<Traced> {
        let place = query as usize;
        if let Some(known) = self.known.get(&place) {
            return Rc::clone(known);
        }
        if !self.begun.insert(place) {
            self.recursive.insert(place);
            return Rc::default();
        }
        let scope = Scope { query, outer };
        // SAFETY: as the caller promises; a query's fields are lists and nodes of the types that they are read as, or null.
        let mut traced = unsafe {
            pg_sys::check_stack_depth();
            let tree = &*query;
            self.is_unclear |= tree.commandType != pg_sys::CmdType::CMD_SELECT;
            let mut traced = Traced::default();
            self.from(tree.jointree.cast(), &scope, &mut traced.rows);
            for node in [
                tree.havingQual,
                tree.limitOffset,
                tree.limitCount,
                tree.windowClause.cast(),
            ] {
                traced.rows.extend(self.expression(node, &scope));
            }
            if tree.setOperations.is_null() {
                for entry in PgList::<pg_sys::TargetEntry>::from_pg(tree.targetList).iter_ptr() {
                    let columns = self.expression((*entry).expr.cast(), &scope);
                    if (*entry).resjunk || (*entry).ressortgroupref != 0 {
                        traced.rows.extend(columns.iter().copied());
                    }
                    if !(*entry).resjunk {
                        traced.values.push(columns);
                    }
                }
            } else if self.set_operation(tree.setOperations, &scope, &mut traced) {
                let all: Vec<_> = traced.values.iter().flatten().copied().collect();
                traced.rows.extend(all);
            }
            traced
        };
        if self.recursive.contains(&place) {
            // What one round makes of a column the next makes of another one.
            let all: Columns = traced.values.iter().flatten().copied().collect();
            traced.values.iter_mut().for_each(|columns| columns.clone_from(&all));
            traced.rows.extend(all);
        }
        self.begun.remove(&place);
        let traced = Rc::new(traced);
        self.known.insert(place, Rc::clone(&traced));
        traced
    }

    /// What the queries that are put together give; whether rows are compared, by all their columns.
    ///
    /// # Safety
    /// `node` is a tree of set operations of the scope's query.
    unsafe fn set_operation(&mut self, node: *mut pg_sys::Node, scope: &Scope<'_>, into: &mut Traced) -> bool {
        // SAFETY: as the caller promises; a tag says what a node is.
        unsafe {
            pg_sys::check_stack_depth();
            match (*node).type_ {
                NodeTag::T_SetOperationStmt => {
                    let operation = &*node.cast::<pg_sys::SetOperationStmt>();
                    let left = self.set_operation(operation.larg, scope, into);
                    let right = self.set_operation(operation.rarg, scope, into);
                    let keeps_all = operation.all && operation.op == pg_sys::SetOperation::SETOP_UNION;
                    left || right || !keeps_all
                }
                NodeTag::T_RangeTblRef => {
                    let number = (*node.cast::<pg_sys::RangeTblRef>()).rtindex;
                    let entry = scope.entry(number).filter(|&entry| !(*entry).subquery.is_null());
                    let Some(entry) = entry else {
                        self.is_unclear = true;
                        return false;
                    };
                    let part = self.query((*entry).subquery, Some(scope));
                    into.values
                        .resize_with(into.values.len().max(part.values.len()), Columns::new);
                    for (columns, more) in into.values.iter_mut().zip(&part.values) {
                        columns.extend(more);
                    }
                    into.rows.extend(&part.rows);
                    false
                }
                _ => {
                    self.is_unclear = true;
                    false
                }
            }
        }
    }

    /// What a part of FROM decides of the rows.
    ///
    /// # Safety
    /// `node` is a node of the scope's join tree, or null.
    unsafe fn from(&mut self, node: *mut pg_sys::Node, scope: &Scope<'_>, rows: &mut Columns) {
        if node.is_null() {
            return;
        }
        // SAFETY: as the caller promises; a tag says what a node is.
        unsafe {
            pg_sys::check_stack_depth();
            match (*node).type_ {
                NodeTag::T_FromExpr => {
                    let from = &*node.cast::<pg_sys::FromExpr>();
                    for part in PgList::<pg_sys::Node>::from_pg(from.fromlist).iter_ptr() {
                        self.from(part, scope, rows);
                    }
                    rows.extend(self.expression(from.quals, scope));
                }
                NodeTag::T_JoinExpr => {
                    let join = &*node.cast::<pg_sys::JoinExpr>();
                    self.from(join.larg, scope, rows);
                    self.from(join.rarg, scope, rows);
                    rows.extend(self.expression(join.quals, scope));
                }
                NodeTag::T_RangeTblRef => match scope.entry((*node.cast::<pg_sys::RangeTblRef>()).rtindex) {
                    Some(entry) => self.entry_rows(&*entry, scope, rows),
                    None => self.is_unclear = true,
                },
                _ => self.is_unclear = true,
            }
        }
    }

    /// # Safety
    /// `entry` is one of the scope's range table.
    unsafe fn entry_rows(&mut self, entry: &pg_sys::RangeTblEntry, scope: &Scope<'_>, rows: &mut Columns) {
        // SAFETY: as the caller promises; which fields an entry has goes by its kind.
        unsafe {
            rows.extend(self.expression(entry.securityQuals.cast(), scope));
            match entry.rtekind {
                pg_sys::RTEKind::RTE_RELATION => {
                    rows.insert((entry.relid.to_u32(), 0));
                    rows.extend(self.expression(entry.tablesample.cast(), scope));
                }
                pg_sys::RTEKind::RTE_SUBQUERY => {
                    rows.extend(self.view_of(entry).map(|view| (view, 0)));
                    rows.extend(&self.query(entry.subquery, Some(scope)).rows);
                }
                pg_sys::RTEKind::RTE_CTE => {
                    if let Some(part) = self.common(entry, scope) {
                        rows.extend(&part.rows);
                    }
                }
                _ => rows.extend(self.entry_expressions(entry, scope)),
            }
        }
    }

    /// What an entry that computes its rows computes them of.
    ///
    /// # Safety
    /// As of [`Tracing::entry_rows`].
    unsafe fn entry_expressions(&mut self, entry: &pg_sys::RangeTblEntry, scope: &Scope<'_>) -> Columns {
        let mut columns = Columns::new();
        let parts: [*mut pg_sys::Node; 3] = [
            entry.functions.cast(),
            entry.tablefunc.cast(),
            entry.values_lists.cast(),
        ];
        for part in parts {
            // SAFETY: as the caller promises.
            columns.extend(unsafe { self.expression(part, scope) });
        }
        columns
    }

    /// The view that a rewritten query has in place of a subquery.
    ///
    /// # Safety
    /// `entry` is a subquery of a valid tree.
    unsafe fn view_of(&self, entry: &pg_sys::RangeTblEntry) -> Option<u32> {
        if !self.is_rewritten {
            return None;
        }
        if entry.relid != pg_sys::InvalidOid {
            return Some(entry.relid.to_u32());
        }
        // Before PostgreSQL 16 the view is the first of the subquery's range table, where it stands for its rights; any other view there is a
        // subquery by now.
        // SAFETY: as the caller promises.
        unsafe {
            let first = PgList::<pg_sys::RangeTblEntry>::from_pg((*entry.subquery).rtable).get_ptr(0)?;
            let is_view =
                (*first).rtekind == pg_sys::RTEKind::RTE_RELATION && (*first).relkind as u8 == pg_sys::RELKIND_VIEW;
            is_view.then(|| (*first).relid.to_u32())
        }
    }

    /// The common table expression that an entry names.
    ///
    /// # Safety
    /// As of [`Tracing::entry_rows`].
    unsafe fn common(&mut self, entry: &pg_sys::RangeTblEntry, scope: &Scope<'_>) -> Option<Rc<Traced>> {
        // SAFETY: as the caller promises; names are C strings, and the list is one of such expressions.
        unsafe {
            let scope = scope.outward(entry.ctelevelsup);
            let found = scope.and_then(|scope| {
                let list = PgList::<pg_sys::CommonTableExpr>::from_pg((*scope.query).cteList);
                let name = std::ffi::CStr::from_ptr(entry.ctename);
                let mut named = list
                    .iter_ptr()
                    .filter(|&cte| std::ffi::CStr::from_ptr((*cte).ctename) == name);
                Some(((*named.next()?).ctequery, scope))
            });
            match found {
                Some((query, scope)) if pgrx::is_a(query, NodeTag::T_Query) => {
                    Some(self.query(query.cast(), Some(scope)))
                }
                _ => {
                    self.is_unclear = true;
                    None
                }
            }
        }
    }

    /// The columns whose values an expression is made of.
    ///
    /// # Safety
    /// `node` is an expression, or a list of such, of the scope's query, or null.
    unsafe fn expression(&mut self, node: *mut pg_sys::Node, scope: &Scope<'_>) -> Columns {
        let mut walk = Walk {
            tracing: self,
            scope,
            columns: Columns::new(),
        };
        // SAFETY: as the caller promises; the walk outlives the call.
        unsafe { visit(node, (&raw mut walk).cast()) };
        walk.columns
    }

    /// What a variable is made of.
    ///
    /// # Safety
    /// `variable` is one of the scope's query.
    unsafe fn variable(&mut self, variable: &pg_sys::Var, scope: &Scope<'_>) -> Columns {
        // SAFETY: as the caller promises; which fields an entry has goes by its kind.
        unsafe {
            let found = scope
                .outward(variable.varlevelsup)
                .and_then(|scope| Some((scope, scope.entry(variable.varno)?)));
            let Some((scope, entry)) = found else {
                self.is_unclear = true;
                return Columns::new();
            };
            let (entry, number) = (&*entry, variable.varattno);
            let part = match entry.rtekind {
                pg_sys::RTEKind::RTE_RELATION => return of_relation(entry.relid.to_u32(), number),
                pg_sys::RTEKind::RTE_JOIN => return self.listed(entry.joinaliasvars, number, scope),
                #[cfg(feature = "pg18")]
                pg_sys::RTEKind::RTE_GROUP => return self.listed(entry.groupexprs, number, scope),
                pg_sys::RTEKind::RTE_SUBQUERY => Some(self.query(entry.subquery, Some(scope))),
                pg_sys::RTEKind::RTE_CTE => self.common(entry, scope),
                _ => return self.entry_expressions(entry, scope),
            };
            let Some(part) = part else { return Columns::new() };
            let mut columns = match usize::try_from(number) {
                Ok(0) | Err(_) => part.values.iter().flatten().copied().collect(),
                Ok(number) => part.values.get(number - 1).cloned().unwrap_or_default(),
            };
            if entry.rtekind == pg_sys::RTEKind::RTE_SUBQUERY
                && let Some(view) = self.view_of(entry)
            {
                columns.extend(of_relation(view, number));
            }
            columns
        }
    }

    /// What the expression of a number, counted from 1, is made of, or with 0 all of them.
    ///
    /// # Safety
    /// The list is one of expressions of the scope's query.
    unsafe fn listed(&mut self, list: *mut pg_sys::List, number: i16, scope: &Scope<'_>) -> Columns {
        // SAFETY: as the caller promises.
        unsafe {
            match usize::try_from(number) {
                Ok(0) | Err(_) => self.expression(list.cast(), scope),
                Ok(number) => match PgList::<pg_sys::Node>::from_pg(list).get_ptr(number - 1) {
                    Some(node) => self.expression(node, scope),
                    None => Columns::new(),
                },
            }
        }
    }
}

/// A column of a relation; with number 0 all of them. What PostgreSQL has for itself are no columns.
fn of_relation(oid: u32, number: i16) -> Columns {
    match number {
        1.. => [(oid, number)].into(),
        0 => relation::column_numbers(oid.into())
            .into_iter()
            .map(|number| (oid, number))
            .collect(),
        ..=-1 => [(oid, 0)].into(),
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn visit(node: *mut pg_sys::Node, context: *mut c_void) -> bool {
    if node.is_null() {
        return false;
    }
    // SAFETY: PostgreSQL hands over nodes of the tree, and the context that `expression` gave; a node's tag says what it is.
    unsafe {
        pg_sys::check_stack_depth();
        let walk = &mut *context.cast::<Walk>();
        match (*node).type_ {
            NodeTag::T_Var => {
                let columns = walk.tracing.variable(&*node.cast(), walk.scope);
                walk.columns.extend(columns);
                return false;
            }
            NodeTag::T_Query => {
                let part = walk.tracing.query(node.cast(), Some(walk.scope));
                walk.columns.extend(part.whole());
                return false;
            }
            _ => {}
        }
        pg_sys::check_functions_in_node(node, Some(called), context);
        pg_sys::expression_tree_walker(node, Some(visit), context)
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn called(function: pg_sys::Oid, context: *mut c_void) -> bool {
    if function.to_u32() >= pg_sys::FirstNormalObjectId {
        // SAFETY: the context is the one that `visit` was given.
        unsafe { (*context.cast::<Walk>()).tracing.functions.insert(function.to_u32()) };
    }
    false
}
