//! The import of a manifest: what it says replaces what the one before said.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use pgrx::pg_sys::Oid;
use pgrx::{pg_extern, pg_sys};
use serde_json::{Value as Json, json};

use super::manifest::{Kind, MOST_EDGES, Manifest, Node, short_name};
use super::place::{self, Places, Standing};
use super::{Done, file, graph, project, store};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Error, LIMIT_EXCEEDED, Result, or_raise};
use crate::pg::result_row::RowWriter;
use crate::pg::text::Text;
use crate::pg::{names, read_only, role};
use crate::reliability::asset::{self, Asset};
use algo::hash::hash_bytes;

/// `import_dbt_manifest(manifest, project)`.
#[pg_extern(sql = false)]
fn import_dbt_manifest(fcinfo: pg_sys::FunctionCallInfo) {
    read_only::require_writable(c"assay.import_dbt_manifest()");
    or_raise((|| {
        let rows = RowWriter::of(fcinfo)?;
        let given = project(fcinfo)?;
        let manifest = Manifest::read(file(&fcinfo, "manifest")?)?;
        let project = given.unwrap_or_else(|| manifest.project.clone());
        names::check("project's name", &project)?;
        Import::of(&manifest, &project)?.write(rows)
    })())
}

/// A manifest on its way into the tables.
struct Import<'m> {
    manifest: &'m Manifest,
    project: &'m str,
    role: String,
    places: Places,
    /// The numbers of assets, in the order of the places; those of which nothing is said have none.
    ids: Vec<Option<i64>>,
    /// What depends on what, by the numbers of assets.
    edges: BTreeSet<(i64, i64)>,
    /// What was known of the project.
    recorded: BTreeMap<String, (String, i64)>,
    /// Assets of which the caller may say something.
    controlled: BTreeSet<i64>,
}

impl<'m> Import<'m> {
    /// Finds what the manifest speaks of.
    fn of(manifest: &'m Manifest, project: &'m str) -> Result<Import<'m>> {
        store::lock()?;
        let places = Places::of(manifest)?;
        let pairs = pairs(manifest, &places)?;
        let mut used: BTreeSet<usize> = pairs
            .iter()
            .flat_map(|&(upstream, downstream)| [upstream, downstream])
            .collect();
        used.extend(places.standings.iter().filter_map(|standing| match standing {
            Standing::Asset(asset) => Some(*asset),
            Standing::Forbidden(..) | Standing::Refused(_) | Standing::Passed(_) => None,
        }));
        let caller = role::current();
        let recorded: Vec<(Asset, Oid)> = used
            .iter()
            .map(|&asset| (places.assets[asset].clone(), caller))
            .collect();
        let mut ids = vec![None; places.assets.len()];
        for (&asset, id) in used.iter().zip(asset::record_all(&recorded)?) {
            ids[asset] = Some(id);
        }
        let edges = pairs
            .into_iter()
            .filter_map(|(upstream, downstream)| ids[upstream].zip(ids[downstream]));
        Ok(Import {
            edges: edges.filter(|(upstream, downstream)| upstream != downstream).collect(),
            recorded: store::recorded(project)?,
            role: role::name_of(caller),
            controlled: BTreeSet::new(),
            manifest,
            project,
            places,
            ids,
        })
    }

    fn write(mut self, mut rows: RowWriter<Done>) -> Result<()> {
        let kept = self.nodes(&mut rows)?;
        let gone = self.gone(&kept, &mut rows)?;
        self.owners(&kept, &mut rows)?;
        let controlled: Vec<i64> = self.controlled.iter().copied().collect();
        let edges: Vec<(i64, i64)> = self.edges.iter().copied().collect();
        store::edges(self.project, &edges, &controlled, &self.role)?;
        let exposures = kept.iter().map(|&(node, id)| (&self.manifest.nodes[node], id));
        let exposures = exposures.filter(|(node, _)| node.kind == Kind::Exposure);
        let exposures: Vec<Json> = exposures
            .map(|(node, id)| json!({"id": id, "details": node.details}))
            .collect();
        store::describe(&exposures)?;
        store::forget(&gone)
    }

    /// The number of the asset of a node of which the caller may say something, or why there is none.
    fn id(&self, node: usize) -> std::result::Result<i64, String> {
        match &self.places.standings[node] {
            Standing::Asset(asset) => self.ids[*asset].ok_or_else(|| "it could not be recorded".into()),
            Standing::Forbidden(_, reason) | Standing::Refused(reason) | Standing::Passed(reason) => {
                Err(reason.clone())
            }
        }
    }

    /// Writes nodes, and tells what has become of each. Gives those that were kept, with their assets.
    fn nodes(&mut self, rows: &mut RowWriter<Done>) -> Result<Vec<(usize, i64)>> {
        let mut kept = Vec::new();
        let mut allowed: HashMap<i64, Option<String>> = HashMap::new();
        for (number, node) in self.manifest.nodes.iter().enumerate() {
            if node.kind == Kind::Other {
                continue;
            }
            let id = match self.id(number) {
                Ok(id) => id,
                Err(reason) => {
                    self.tell(rows, number, "skipped", Some(reason))?;
                    continue;
                }
            };
            // What the name stood for until now may be others'.
            let before = self.recorded.get(&node.unique_id).map(|(_, before)| *before);
            if let Some(before) = before.filter(|before| *before != id) {
                let reason = match allowed.get(&before) {
                    Some(reason) => reason.clone(),
                    None => allowed.entry(before).or_insert(denied(before)?).clone(),
                };
                if let Some(reason) = reason {
                    self.tell(
                        rows,
                        number,
                        "skipped",
                        Some(format!("it is known as something else: {reason}")),
                    )?;
                    continue;
                }
                self.controlled.insert(before);
            }
            self.controlled.insert(id);
            kept.push((number, id));
        }
        for kept in kept.chunks(10_000) {
            serve_interrupts();
            let nodes: Vec<Json> = kept
                .iter()
                .map(|&(number, id)| self.row(&self.manifest.nodes[number], id))
                .collect();
            let known = store::put(self.project, &nodes, &self.role)?;
            for &(number, _) in kept {
                let action = match known.get(&self.manifest.nodes[number].unique_id) {
                    None => "added",
                    Some(true) => "unchanged",
                    Some(false) => "changed",
                };
                self.tell(rows, number, action, None)?;
            }
        }
        for (kind, name, reason) in &self.manifest.refused {
            rows.write(|| Done {
                action: "skipped",
                kind: kind.name(),
                name: short_name(name).into(),
                asset: None,
                message: Some(reason.clone()),
            })?;
        }
        Ok(kept)
    }

    /// What is kept of a node. Its upstream ones are kept as dependencies: here it is only of interest whether they are the same.
    fn row(&self, node: &Node, id: i64) -> Json {
        let mut upstream: Vec<&str> = (node.depends_on.iter())
            .map(|&place| self.manifest.nodes[place].unique_id.as_str())
            .collect();
        upstream.sort_unstable();
        let mut said = json!({"details": node.details});
        if !upstream.is_empty() {
            said["upstream"] = json!(format!("{:016x}", hash_bytes(0, upstream.join("\n").as_bytes())));
        }
        if !node.owners.is_empty() {
            said["owners"] = json!(node.owners);
        }
        if let Some(column) = &node.column {
            said["column"] = json!(column);
        }
        if node.kind.is_test() {
            said["reads"] = json!(self.reads(node));
        }
        json!({"unique_id": node.unique_id, "kind": node.kind.name(), "asset_id": id, "said": said})
    }

    /// The assets that a test reads; none where it reads anything else, or is no generic test, which reads only what it names.
    fn reads(&self, node: &Node) -> Vec<i64> {
        let reads = node
            .depends_on
            .iter()
            .map(|&place| self.places.standings[place].asset().and_then(|asset| self.ids[asset]));
        let is_generic = node.kind == Kind::Test && node.details.get("kind").is_some();
        reads
            .collect::<Option<Vec<i64>>>()
            .filter(|_| is_generic)
            .unwrap_or_default()
    }

    fn tell(
        &self,
        rows: &mut RowWriter<Done>,
        number: usize,
        action: &'static str,
        message: Option<String>,
    ) -> Result<()> {
        let node = &self.manifest.nodes[number];
        let asset = self.places.standings[number]
            .asset()
            .map(|asset| self.places.assets[asset].label());
        rows.write(|| Done {
            action,
            kind: node.kind.name(),
            name: node.name().into(),
            asset,
            message,
        })
    }

    /// Forgets what the manifest no longer says. Gives the assets that this was about.
    fn gone(&mut self, kept: &[(usize, i64)], rows: &mut RowWriter<Done>) -> Result<Vec<i64>> {
        let kept = kept.iter().map(|&(number, _)| number);
        let forbidden = self
            .places
            .standings
            .iter()
            .enumerate()
            .filter(|(_, standing)| match standing {
                Standing::Forbidden(..) | Standing::Refused(_) => true,
                Standing::Asset(_) | Standing::Passed(_) => false,
            });
        let named: HashSet<&str> = (kept.chain(forbidden.map(|(number, _)| number)))
            .map(|number| self.manifest.nodes[number].unique_id.as_str())
            .collect();
        let (mut names, mut assets) = (Vec::new(), Vec::new());
        let unnamed = self
            .recorded
            .iter()
            .filter(|(unique_id, _)| !named.contains(unique_id.as_str()));
        for (unique_id, (kind, id)) in unnamed {
            if Kind::named(kind) == Kind::UnitTest && !self.manifest.has_unit_tests {
                continue;
            }
            let known = asset::by_id(*id)?;
            let reason = known.as_ref().map(place::denied).transpose()?.flatten();
            // Anybody may name a project: it is theirs to know what is in it who may know of the asset.
            if reason.is_some() && !known.as_ref().map_or(Ok(true), Asset::is_visible)? {
                continue;
            }
            let action = if reason.is_some() { "skipped" } else { "removed" };
            let kind = Kind::named(kind).name();
            rows.write(|| Done {
                action,
                kind,
                name: short_name(unique_id).into(),
                asset: known.map(|asset| asset.label()),
                message: reason.clone(),
            })?;
            if reason.is_none() {
                names.push(Text::from(unique_id.as_str()));
                assets.push(*id);
            }
        }
        self.controlled.extend(&assets);
        if !names.is_empty() {
            store::remove(self.project, names)?;
        }
        Ok(assets)
    }

    /// Adds owners, and makes them those of what they are said to own.
    fn owners(&self, kept: &[(usize, i64)], rows: &mut RowWriter<Done>) -> Result<()> {
        let nodes = kept.iter().map(|&(number, id)| (&self.manifest.nodes[number], id));
        let pairs = nodes.flat_map(|(node, id)| node.owners.iter().map(move |owner| (id, owner.as_str())));
        let pairs: Vec<(i64, &str)> = pairs.collect();
        let owners = &self.manifest.owners;
        let used: BTreeSet<&str> = pairs.iter().map(|(_, owner)| *owner).collect();
        let used: Vec<_> = used
            .iter()
            .filter_map(|owner| owners.named.get_key_value(*owner))
            .collect();
        let done = store::owners(&used, role::current())?;
        for (name, _) in used {
            let action = match done.get(name).map(String::as_str) {
                Some("added") => "added",
                Some(_) => "changed",
                None => "unchanged",
            };
            rows.write(|| Done {
                action,
                kind: "owner",
                name: name.clone(),
                asset: None,
                message: None,
            })?;
        }
        for (node, problem) in &owners.problems {
            rows.write(|| Done {
                action: "skipped",
                kind: "owner",
                name: short_name(node).into(),
                asset: None,
                message: Some(problem.clone()),
            })?;
        }
        let controlled: Vec<i64> = self.controlled.iter().copied().collect();
        store::ownerships(self.project, &pairs, &controlled, &self.role)
    }
}

/// Why the caller may say nothing of a recorded asset.
fn denied(id: i64) -> Result<Option<String>> {
    let Some(known) = asset::by_id(id)? else {
        return Ok(None);
    };
    match known.is_visible()? {
        true => place::denied(&known),
        false => Ok(Some("permission denied for that.".into())),
    }
}

/// What depends on what, as places of assets. Only who may say something of what is downstream says that it depends on something.
fn pairs(manifest: &Manifest, places: &Places) -> Result<Vec<(usize, usize)>> {
    let is_downstream =
        |node: usize| !manifest.nodes[node].kind.is_test() && matches!(places.standings[node], Standing::Asset(_));
    let is_asset = |node: usize| !manifest.nodes[node].kind.is_test() && places.standings[node].asset().is_some();
    let depends_on: Vec<Vec<usize>> = manifest.nodes.iter().map(|node| node.depends_on.clone()).collect();
    let too_many = || {
        Error::new(LIMIT_EXCEEDED, "what depends on what cannot be found in the manifest")
            .detail("Too many nodes that are no relations stand between those that are.")
            .hint("Materialize ephemeral models that others depend on.")
    };
    let pairs = graph::contracted(&depends_on, is_asset, serve_interrupts).ok_or_else(too_many)?;
    let pairs = pairs.into_iter().filter(|&(_, downstream)| is_downstream(downstream));
    let asset = |node: usize| places.standings[node].asset();
    let pairs: Vec<(usize, usize)> = pairs
        .filter_map(|(upstream, downstream)| asset(upstream).zip(asset(downstream)))
        .collect();
    match pairs.len() > MOST_EDGES {
        true => Err(too_many()),
        false => Ok(pairs),
    }
}
