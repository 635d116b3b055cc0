//! All dependencies there are, for the view `assay.lineage`.

use std::rc::Rc;

use hashbrown::{HashMap, HashSet};
use pgrx::datum::TimestampWithTimeZone;
use pgrx::{pg_extern, pg_sys};

use super::catalogs::Catalogs;
use super::kept::{Checks, Readings};
use super::node::{Edge, Node};
use super::said::Recordings;
use super::told::{Teller, Told};
use crate::pg::catalog;
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Result, or_raise};
use crate::pg::relation;
use crate::pg::result_row::{SetOf, result_row, set_of};

result_row! {
    /// A dependency.
    struct EdgeRow {
        upstream: Rc<str>,
        upstream_kind: &'static str,
        downstream: Rc<str>,
        downstream_kind: &'static str,
        source: String,
        added_by: Option<String>,
        added_at: Option<TimestampWithTimeZone>,
    }
}

/// A dependency, and who says so.
struct Listed {
    upstream: Node,
    downstream: Node,
    source: String,
    added: Option<(String, TimestampWithTimeZone)>,
}

/// Whether it is a view of PostgreSQL's own, or of assay's.
fn is_built_in(node: Node) -> bool {
    let Node::Relation(oid) = node.container() else {
        return false;
    };
    let is_own =
        || relation::schema_of(oid.into()).is_some_and(|schema| schema == "assay" || schema == "assay_internal");
    oid < pg_sys::FirstNormalObjectId || is_own()
}

fn all(recordings: &Recordings) -> Result<Vec<Listed>> {
    let mut edges: Vec<Edge> = Catalogs.edges()?;
    edges.extend(Readings.edges()?);
    edges.extend(Checks::default().edges()?);
    let mut known = HashSet::new();
    edges.retain(|edge| {
        !is_built_in(edge.downstream) && known.insert((edge.upstream, edge.downstream, edge.origin.name()))
    });
    let derived = edges.into_iter().map(|edge| Listed {
        upstream: edge.upstream,
        downstream: edge.downstream,
        source: edge.origin.name().to_string(),
        added: None,
    });
    let mut listed: Vec<Listed> = derived.collect();
    catalog::visit::<()>(c"lineage_edge", |row| {
        if listed.len().is_multiple_of(1024) {
            serve_interrupts();
        }
        let ends = (recordings.node(row.require(1)?), recordings.node(row.require(2)?));
        if let (Some(upstream), Some(downstream)) = ends {
            listed.push(Listed {
                upstream,
                downstream,
                source: row.require(3)?,
                added: Some((row.require(4)?, row.require(5)?)),
            });
        }
        Ok(None)
    })?;
    Ok(listed)
}

fn visible() -> Result<Vec<EdgeRow>> {
    let recordings = Rc::new(Recordings::read()?);
    let mut teller = Teller::default();
    teller.recordings = Some(recordings.clone());
    let mut known: HashMap<Node, Option<Told>> = HashMap::new();
    let mut rows = Vec::new();
    for (place, edge) in all(&recordings)?.into_iter().enumerate() {
        if place % 256 == 0 {
            serve_interrupts();
        }
        let mut tell = |node| -> Result<Option<Told>> {
            if let Some(told) = known.get(&node) {
                return Ok(told.clone());
            }
            let told = teller.tell(node)?.filter(|told| told.visible);
            known.insert(node, told.clone());
            Ok(told)
        };
        let (Some(upstream), Some(downstream)) = (tell(edge.upstream)?, tell(edge.downstream)?) else {
            continue;
        };
        let (added_by, added_at) = edge.added.unzip();
        rows.push(EdgeRow {
            upstream: upstream.label,
            upstream_kind: upstream.kind.name(),
            downstream: downstream.label,
            downstream_kind: downstream.kind.name(),
            source: edge.source,
            added_by,
            added_at,
        });
    }
    Ok(rows)
}

/// `assay_internal.lineage()`.
#[pg_extern(sql = false)]
fn lineage() -> SetOf<EdgeRow> {
    set_of(or_raise(visible()))
}
