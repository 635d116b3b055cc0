//! Functions of PostgreSQL that compare each part of one value with each part of another, and look for no cancel meanwhile: two arrays of a million elements keep a backend for a
//! quarter of an hour. In a query that somebody else wrote, functions of assay take their places, which call them where that does not take long.

use std::ffi::c_void;

use pgrx::pg_sys::NodeTag;
use pgrx::{is_a, pg_guard, pg_sys};

use super::entry::{self, Raw};
use super::error::{Error, INTERNAL, LIMIT_EXCEEDED, Result, or_raise};
use super::routine;

/// A function that is bounded.
struct Bounded {
    /// Its number, which PostgreSQL never changes.
    oid: u32,
    /// The function of assay that takes its place.
    own: &'static str,
    /// The most that the product of the sizes in bytes of its first two arguments may be: a second or two.
    most: f64,
}

const fn bounded(oid: u32, own: &'static str, most: f64) -> Bounded {
    Bounded { oid, own, most }
}

/// All of them.
const BOUNDED: [Bounded; 12] = [
    bounded(
        850,
        "assay_internal.bounded_textlike(pg_catalog.text, pg_catalog.text)",
        1e9,
    ),
    bounded(
        851,
        "assay_internal.bounded_textnlike(pg_catalog.text, pg_catalog.text)",
        1e9,
    ),
    bounded(
        1633,
        "assay_internal.bounded_texticlike(pg_catalog.text, pg_catalog.text)",
        1e9,
    ),
    bounded(
        1634,
        "assay_internal.bounded_texticnlike(pg_catalog.text, pg_catalog.text)",
        1e9,
    ),
    bounded(
        868,
        "assay_internal.bounded_strpos(pg_catalog.text, pg_catalog.text)",
        2e9,
    ),
    bounded(
        849,
        "assay_internal.bounded_position(pg_catalog.text, pg_catalog.text)",
        2e9,
    ),
    bounded(
        2087,
        "assay_internal.bounded_replace(pg_catalog.text, pg_catalog.text, pg_catalog.text)",
        2e9,
    ),
    bounded(
        2088,
        "assay_internal.bounded_split_part(pg_catalog.text, pg_catalog.text, pg_catalog.int4)",
        2e9,
    ),
    bounded(
        878,
        "assay_internal.bounded_translate(pg_catalog.text, pg_catalog.text, pg_catalog.text)",
        2e8,
    ),
    bounded(
        2747,
        "assay_internal.bounded_arrayoverlap(pg_catalog.anyarray, pg_catalog.anyarray)",
        4e9,
    ),
    bounded(
        2748,
        "assay_internal.bounded_arraycontains(pg_catalog.anyarray, pg_catalog.anyarray)",
        4e9,
    ),
    bounded(
        2749,
        "assay_internal.bounded_arraycontained(pg_catalog.anyarray, pg_catalog.anyarray)",
        4e9,
    ),
];

/// Of a constant with fewer bytes, or an array that is written out with fewer elements, nothing is looked at: the usual pattern keeps its index.
const SHORT: usize = 32;

fn place_of(oid: pg_sys::Oid) -> Option<&'static Bounded> {
    BOUNDED.iter().find(|one| one.oid == oid.to_u32())
}

/// Puts the bounded functions into a query, as analysis and rewriting give it, in the places of those that they bound.
///
/// # Safety
/// The tree is valid, and the caller's own.
pub(super) unsafe fn bound(query: *mut pg_sys::Query) {
    // SAFETY: as the caller promises.
    unsafe { visit(query.cast(), std::ptr::null_mut()) };
}

#[pg_guard]
unsafe extern "C-unwind" fn visit(node: *mut pg_sys::Node, context: *mut c_void) -> bool {
    // What is written into the place of an operator is no larger.
    const { assert!(size_of::<pg_sys::FuncExpr>() <= size_of::<pg_sys::OpExpr>()) };
    if node.is_null() {
        return false;
    }
    // SAFETY: PostgreSQL hands over nodes of the tree; a node's tag says what it is. Whoever points to an operator points to an expression, which a function is, too.
    unsafe {
        match (*node).type_ {
            NodeTag::T_Query => return pg_sys::query_tree_walker(node.cast(), Some(visit), context, 0),
            NodeTag::T_FuncExpr => {
                let call = node.cast::<pg_sys::FuncExpr>();
                if let Some(own) = replacement((*call).funcid, (*call).args) {
                    (*call).funcid = own;
                }
            }
            NodeTag::T_OpExpr => {
                let operator = node.cast::<pg_sys::OpExpr>();
                pg_sys::set_opfuncid(operator);
                if let Some(own) = replacement((*operator).opfuncid, (*operator).args) {
                    // A function, and no operator: the planner would negate that one by another function.
                    let found = &*operator;
                    let call = pg_sys::FuncExpr {
                        xpr: pg_sys::Expr {
                            type_: NodeTag::T_FuncExpr,
                        },
                        funcid: own,
                        funcresulttype: found.opresulttype,
                        funcretset: false,
                        funcvariadic: false,
                        funcformat: pg_sys::CoercionForm::COERCE_EXPLICIT_CALL,
                        funccollid: found.opcollid,
                        inputcollid: found.inputcollid,
                        args: found.args,
                        location: found.location,
                    };
                    node.cast::<pg_sys::FuncExpr>().write(call);
                }
            }
            _ => {}
        }
        pg_sys::expression_tree_walker(node, Some(visit), context)
    }
}

/// The function that takes the place of another for these arguments, if one does.
///
/// # Safety
/// The list is one of expressions.
unsafe fn replacement(function: pg_sys::Oid, arguments: *mut pg_sys::List) -> Option<pg_sys::Oid> {
    let bounded = place_of(function)?;
    // SAFETY: as the caller promises.
    let is_short = unsafe {
        let arguments = pgrx::PgList::<pg_sys::Node>::from_pg(arguments);
        arguments.iter_ptr().take(2).any(|argument| is_short(argument))
    };
    match is_short {
        true => None,
        false => routine::of_signature(bounded.own),
    }
}

/// Whether an expression is a value that is written out, and short.
///
/// # Safety
/// It is an expression.
unsafe fn is_short(argument: *mut pg_sys::Node) -> bool {
    // SAFETY: as the caller promises; a constant of a type of variable length has such a value, unless it is NULL.
    unsafe {
        if is_a(argument, NodeTag::T_Const) {
            let constant = &*argument.cast::<pg_sys::Const>();
            return constant.constisnull
                || constant.constlen == -1 && pg_sys::toast_raw_datum_size(constant.constvalue) <= SHORT;
        }
        if is_a(argument, NodeTag::T_ArrayExpr) {
            let elements = pgrx::PgList::<pg_sys::Node>::from_pg((*argument.cast::<pg_sys::ArrayExpr>()).elements);
            return elements.len() <= SHORT;
        }
        false
    }
}

/// What is known of a call site.
struct Site {
    target: pg_sys::FmgrInfo,
    most: f64,
}

/// The function that is called at a site.
fn site(fcinfo: pg_sys::FunctionCallInfo) -> Result<*mut Site> {
    // SAFETY: PostgreSQL hands a valid call; what is kept at its function lives as long as that, in the same memory, and is only ever made here.
    unsafe {
        let function = (*fcinfo).flinfo;
        if (*function).fn_extra.is_null() {
            let signature = routine::signature((*function).fn_oid);
            // With its schema or without, as the search path has it.
            let name = |signature: &str| -> Option<String> {
                Some(signature.split('(').next()?.rsplit('.').next()?.to_owned())
            };
            let is_own = |one: &&Bounded| name(one.own) == name(&signature);
            let found = BOUNDED
                .iter()
                .find(is_own)
                .ok_or_else(|| Error::new(INTERNAL, format!("{signature} bounds no function")))?;
            let made = pg_sys::MemoryContextAllocZero((*function).fn_mcxt, size_of::<Site>()).cast::<Site>();
            pg_sys::fmgr_info_cxt(found.oid.into(), &raw mut (*made).target, (*function).fn_mcxt);
            (*made).target.fn_expr = (*function).fn_expr;
            (*made).most = found.most;
            (*function).fn_extra = made.cast();
        }
        Ok((*function).fn_extra.cast())
    }
}

fn call(fcinfo: pg_sys::FunctionCallInfo) -> Result<Raw> {
    let site = site(fcinfo)?;
    // SAFETY: the functions are strict, and so have all their arguments, of which the first two are of variable length.
    unsafe {
        let arguments = (*fcinfo).args.as_slice((*fcinfo).nargs as usize);
        let values: Vec<pg_sys::Datum> = arguments.iter().map(|argument| argument.value).collect();
        let (one, other) = (
            pg_sys::toast_raw_datum_size(values[0]),
            pg_sys::toast_raw_datum_size(values[1]),
        );
        if one as f64 * other as f64 > (*site).most {
            let name = routine::signature((*site).target.fn_oid);
            return Err(
                Error::new(LIMIT_EXCEEDED, format!("function {name} would take too long here"))
                    .detail(format!(
                        "It would compare each part of a value of {one} bytes with each part of one of {other} bytes."
                    ))
                    .hint("Compare smaller values; arrays by their elements, in a join."),
            );
        }
        let (target, collation) = (&raw mut (*site).target, (*fcinfo).fncollation);
        Ok(Raw(match values[..] {
            [a, b] => pg_sys::FunctionCall2Coll(target, collation, a, b),
            [a, b, c] => pg_sys::FunctionCall3Coll(target, collation, a, b, c),
            _ => return Err(Error::new(INTERNAL, "a bounded function has two or three arguments")),
        }))
    }
}

/// `bounded_textlike` and its likes.
fn bounded_call(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    Some(or_raise(call(fcinfo)))
}

entry::per_row!(bounded_call, bounded_wrapper, pg_finfo_bounded_wrapper);
