//! `add_lineage(upstream, downstream, source)` and `drop_lineage(...)`: what people know of dependencies.

use pgrx::pg_extern;

use super::node::{Direction, Node};
use super::walk::Graph;
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, Result, notice, or_raise};
use crate::pg::options::required;
use crate::pg::text::Text;
use crate::pg::{names, read_only, role, tables};
use crate::reliability::asset::Asset;

/// Returns an error where one would depend on itself: a relation and a column of it are not two.
fn require_two(upstream: &Asset, downstream: &Asset) -> Result<()> {
    let is_same = match (Node::of_asset(upstream)?, Node::of_asset(downstream)?) {
        (Some(up), Some(down)) => up == down || up == down.container() || up.container() == down,
        _ => upstream.kind == downstream.kind && upstream.name == downstream.name,
    };
    if !is_same {
        return Ok(());
    }
    Err(Error::new(
        INVALID_PARAMETER,
        format!("{} cannot depend on itself", downstream.label()),
    )
    .detail(format!("What it is to depend on is {}.", upstream.label()))
    .hint("Name another asset, or another column of the same relation."))
}

/// Says so where the two depend on each other from now on.
fn tell_of_circle(upstream: &Asset, downstream: &Asset) -> Result<()> {
    let (Some(from), Some(to)) = (Node::of_asset(upstream)?, Node::of_asset(downstream)?) else {
        return Ok(());
    };
    let visits = Graph::new(Direction::Upstream)?.walk(&[from])?;
    if visits.iter().any(|visit| visit.node.container() == to.container()) {
        notice(
            format!("{} already depends on {}", upstream.label(), downstream.label()),
            Some(
                "Now they depend on each other in a circle, which walks go round once; each is upstream of the other."
                    .into(),
            ),
        );
    }
    Ok(())
}

fn add(upstream: Option<Text>, downstream: Option<Text>, source: Option<Text>) -> Result<()> {
    let upstream = Asset::named(&required("upstream", upstream)?)?;
    let downstream = Asset::named(&required("downstream", downstream)?)?;
    let source = required("source", source)?;
    names::check("source of a dependency", &source)?;
    downstream.require_control()?;
    if !upstream.is_visible()? {
        return Err(Error::new(
            INSUFFICIENT_PRIVILEGE,
            format!("permission denied for {}", upstream.label()),
        )
        .hint("It takes the right to read it, or a column of it."));
    }
    require_two(&upstream, &downstream)?;
    tell_of_circle(&upstream, &downstream)?;
    let (upstream, downstream) = (upstream.record()?, downstream.record()?);
    let by = role::name_of(role::current());
    tables::as_owner(|| {
        tables::write(
            "INSERT INTO assay.lineage_edge (upstream_id, downstream_id, source, added_by) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
            &[
                upstream.into(),
                downstream.into(),
                (&*source).into(),
                by.as_str().into(),
            ],
        )
    })
}

fn remove(upstream: Option<Text>, downstream: Option<Text>, source: Option<Text>) -> Result<bool> {
    let upstream = Asset::parse(&required("upstream", upstream)?)?;
    let downstream = Asset::parse(&required("downstream", downstream)?)?;
    let source = required("source", source)?;
    downstream.require_control()?;
    let (Some(upstream), Some(downstream)) = (upstream.id()?, downstream.id()?) else {
        return Ok(false);
    };
    let dropped: Option<i64> = tables::as_owner(|| {
        tables::write_returning(
            "DELETE FROM assay.lineage_edge
WHERE upstream_id OPERATOR(pg_catalog.=) $1 AND downstream_id OPERATOR(pg_catalog.=) $2 AND source OPERATOR(pg_catalog.=) $3 RETURNING upstream_id",
            &[upstream.into(), downstream.into(), (&*source).into()],
        )
    })?;
    Ok(dropped.is_some())
}

/// `add_lineage(upstream, downstream, source)`.
#[pg_extern(sql = false)]
fn add_lineage(upstream: Option<Text>, downstream: Option<Text>, source: Option<Text>) {
    read_only::require_writable(c"assay.add_lineage()");
    or_raise(add(upstream, downstream, source));
}

/// `drop_lineage(upstream, downstream, source)`.
#[pg_extern(sql = false)]
fn drop_lineage(upstream: Option<Text>, downstream: Option<Text>, source: Option<Text>) -> bool {
    read_only::require_writable(c"assay.drop_lineage()");
    or_raise(remove(upstream, downstream, source))
}
