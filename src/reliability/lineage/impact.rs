//! `incident_impact(incident)`: what depends on what an incident is about, the versions that were trained on it, and the decisions made since
//! it began.

use std::collections::BTreeMap;
use std::rc::Rc;

use hashbrown::HashSet;
use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_extern;
use pgrx::pg_sys::Oid;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::kept::Reading;
use super::node::{Direction, Edge, Node, Origin};
use super::owners::Owners;
use super::subject;
use super::trace::{Stop, Trace};
use crate::models::registry::{self, Privilege};
use crate::pg::catalog::{self, Key};
use crate::pg::error::{Error, INTERNAL, Result, UNDEFINED_INCIDENT, or_raise};
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::{Prose, Text};
use crate::pg::text_array::TextArray;
use crate::pg::{role, tables};
use crate::reliability::{asset, owner};

result_row! {
    /// Something that an incident touches.
    struct ImpactRow {
        asset: Rc<str>,
        kind: &'static str,
        depth: i32,
        version: Option<i32>,
        trained: Option<bool>,
        scored: Option<bool>,
        trained_at: Option<TimestampWithTimeZone>,
        decisions: Option<i64>,
        owner: Option<Rc<str>>,
        path: TextArray,
    }
}

/// An incident: when it began, and the assets that it is about.
struct Incident {
    began: TimestampWithTimeZone,
    assets: Vec<i64>,
}

/// The incident of a number. Returns an error with ML026 where there is none that the caller may know of: who declared it, leads it or owns it, and who
/// may know of an asset of its issues.
fn incident(id: i64) -> Result<Incident> {
    let mut assets = Vec::new();
    catalog::find::<()>(c"issue", c"issue_incident_idx", &[Key::BigInt(21, id)], |row| {
        assets.push(row.require::<i64>(2)?);
        Ok(None)
    })?;
    assets.sort_unstable();
    assets.dedup();
    let is_theirs = |id: Option<i64>| -> Result<bool> {
        let owner = id.map(owner::by_id).transpose()?.flatten();
        owner.map_or(Ok(false), |owner| owner.is_caller())
    };
    let found = catalog::find(c"incident", c"incident_pkey", &[Key::BigInt(1, id)], |row| {
        let declared_by: Option<Oid> = row.get(8)?;
        let takes_part = declared_by.is_some_and(role::acts_for) || is_theirs(row.get(5)?)? || is_theirs(row.get(6)?)?;
        Ok(Some((
            takes_part,
            row.require::<TimestampWithTimeZone>(10)?,
            row.get::<i64>(7)?,
        )))
    })?;
    let unknown = || {
        Error::new(UNDEFINED_INCIDENT, format!("incident {id} does not exist"))
            .hint("assay.incidents lists those that you may know of.")
    };
    let (takes_part, began, root) = found.ok_or_else(unknown)?;
    let mut may_know = takes_part;
    for &id in assets.iter().filter(|_| !takes_part) {
        may_know |= asset::by_id(id)?
            .map(|asset| asset.is_visible())
            .transpose()?
            .unwrap_or(false);
    }
    if !may_know {
        return Err(unknown());
    }
    assets.extend(root);
    Ok(Incident { began, assets })
}

/// How a version is touched.
#[derive(Default)]
struct Touched {
    trained: bool,
    /// The objects that were read to be scored.
    scored: Vec<u32>,
}

/// What a walk came by.
struct Reached {
    nodes: HashSet<Node>,
    /// The relations of columns.
    by_column: HashSet<Node>,
}

impl Reached {
    fn of(nodes: impl Iterator<Item = Node>) -> Reached {
        let nodes: HashSet<Node> = nodes.collect();
        let columns = nodes.iter().filter(|node| matches!(node, Node::Column(..)));
        Reached {
            by_column: columns.map(|column| column.container()).collect(),
            nodes,
        }
    }

    /// Whether it came by what an edge reads: the column, or its relation as a whole; where only the relation is known, also one of its columns.
    fn holds(&self, edge: &Edge) -> bool {
        let node = edge.upstream;
        self.nodes.contains(&node)
            || self.nodes.contains(&node.container())
            || !edge.rows_only && self.by_column.contains(&node)
    }

    /// The versions of a model that read something of it.
    fn versions(&self, model: i64) -> Result<BTreeMap<i32, Touched>> {
        let mut versions: BTreeMap<i32, Touched> = BTreeMap::new();
        for reading in Reading::of_model(model)? {
            let mut edges = Vec::new();
            reading.edges(&mut edges);
            if !edges.iter().any(|edge| self.holds(edge)) {
                continue;
            }
            let touched = versions.entry(reading.version).or_default();
            match reading.origin {
                Origin::Predictions => touched.scored.push(reading.object.to_u32()),
                _ => touched.trained = true,
            }
        }
        Ok(versions)
    }
}

/// What is told of a version, by a model's number and the version's.
#[derive(Deserialize)]
struct Counted {
    model: i64,
    version: Option<i32>,
    decisions: i64,
}

/// Counts decisions since a time: of a version that was trained on what is touched all, else those whose query read it.
fn count(versions: Vec<Json>, since: TimestampWithTimeZone) -> Result<Vec<Counted>> {
    if versions.is_empty() {
        return Ok(Vec::new());
    }
    let counted: Option<Text> = tables::as_owner(|| {
        tables::read(
            "SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('model', v.model, 'version', v.version, 'decisions', d.decisions))::pg_catalog.text
FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS v(model bigint, version integer, trained boolean, reads pg_catalog.regclass[])
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) AS decisions FROM assay.prediction AS p
    JOIN assay.prediction_batch AS b ON b.id OPERATOR(pg_catalog.=) p.batch_id
    WHERE p.model_id OPERATOR(pg_catalog.=) v.model AND p.at OPERATOR(pg_catalog.>=) $2::pg_catalog.timestamptz AND NOT b.challenger
      AND (v.version IS NULL OR b.version OPERATOR(pg_catalog.=) v.version)
      AND (v.trained OR b.reads OPERATOR(pg_catalog.&&) v.reads)) AS d",
            &[Prose::from(Json::Array(versions).to_string()).into(), since.into()],
        )
    })?;
    serde_json::from_str(counted.as_deref().unwrap_or("[]"))
        .map_err(|problem| Error::new(INTERNAL, format!("decisions cannot be counted: {problem}")))
}

/// A stop of the walk, or a version of the model that it is.
struct Line {
    stop: usize,
    version: Option<i32>,
    touched: Option<Touched>,
    counted: Option<Counted>,
}

/// The lines of the stops, and the versions whose decisions are to be counted: those of models that the caller may manage.
fn lines(stops: &[Stop], reached: &Reached) -> Result<(Vec<Line>, Vec<Json>)> {
    let (mut lines, mut wanted) = (Vec::new(), Vec::new());
    for (place, stop) in stops.iter().enumerate() {
        let mut line = |version, touched| {
            lines.push(Line {
                stop: place,
                version,
                touched,
                counted: None,
            });
        };
        let Node::Model(model) = stop.node else {
            line(None, None);
            continue;
        };
        let entry = registry::by_id(model)?;
        let manages = entry
            .map(|entry| registry::may(&entry, Privilege::Manage))
            .transpose()?
            == Some(true);
        let mut want = |version: Option<i32>, trained: bool, reads: &[u32]| {
            if manages {
                wanted.push(json!({"model": model, "version": version, "trained": trained, "reads": array_of(reads)}));
            }
        };
        let versions = reached.versions(model)?;
        if versions.is_empty() {
            // Somebody says that it depends on it: all its versions do.
            want(None, true, &[]);
            line(None, None);
        }
        for (version, touched) in versions {
            want(Some(version), touched.trained, &touched.scored);
            line(Some(version), Some(touched));
        }
    }
    Ok((lines, wanted))
}

/// When a version was trained.
fn trained_at(model: i64, version: i32) -> Result<Option<TimestampWithTimeZone>> {
    let keys = [Key::BigInt(1, model), Key::Int(2, version)];
    catalog::find(c"model_version", c"model_version_pkey", &keys, |row| row.get(14))
}

/// Numbers of relations as PostgreSQL writes an array: JSON's would be read as names.
fn array_of(oids: &[u32]) -> String {
    let oids: Vec<String> = oids.iter().map(u32::to_string).collect();
    format!("{{{}}}", oids.join(","))
}

fn impact(id: Option<i64>) -> Result<SetOf<ImpactRow>> {
    let incident = incident(required("incident", id)?)?;
    let mut starts = Vec::new();
    for asset in incident.assets {
        starts.extend(subject(asset)?);
    }
    let mut trace = Trace::walk(&starts, Direction::Downstream)?;
    let reached = Reached::of(trace.nodes());
    let stops = trace.stops();
    let (mut lines, wanted) = lines(&stops, &reached)?;
    let mut counted: BTreeMap<(i64, Option<i32>), Counted> = (count(wanted, incident.began)?.into_iter())
        .map(|counted| ((counted.model, counted.version), counted))
        .collect();
    for line in &mut lines {
        if let Some(Stop {
            node: Node::Model(model),
            ..
        }) = stops.get(line.stop)
        {
            line.counted = counted.remove(&(*model, line.version));
        }
    }
    let mut owners = Owners::read(trace.recordings.clone(), stops.len())?;
    let mut row = move |line: Line| -> Result<Option<ImpactRow>> {
        let Some(stop) = stops.get(line.stop) else {
            return Ok(None);
        };
        Ok(Some(ImpactRow {
            asset: stop.told.label.clone(),
            kind: stop.told.kind.name(),
            depth: i32::try_from(stop.depth).unwrap_or(i32::MAX),
            version: line.version,
            trained: line.touched.as_ref().map(|touched| touched.trained),
            scored: line.touched.as_ref().map(|touched| !touched.scored.is_empty()),
            decisions: line.counted.map(|counted| counted.decisions),
            trained_at: match (stop.node, line.version) {
                (Node::Model(model), Some(version)) => trained_at(model, version)?,
                _ => None,
            },
            owner: owners.of(stop.node)?,
            path: trace.path(stop),
        }))
    };
    Ok(set_of(lines.into_iter().filter_map(move |line| or_raise(row(line)))))
}

/// `incident_impact(incident)`.
#[pg_extern(sql = false)]
fn incident_impact(incident: Option<i64>) -> SetOf<ImpactRow> {
    or_raise(impact(incident))
}
