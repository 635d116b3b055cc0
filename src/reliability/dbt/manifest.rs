//! What a manifest of dbt says, of which most is left where it lies.

use std::collections::HashMap;

use serde_json::{Value as Json, json};

use super::fields::{self, Fields};
use super::owners::Owners;
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Error, INVALID_PARAMETER, LIMIT_EXCEEDED, Result};
use crate::pg::jsonb_value::Item;
use crate::pg::relation;

/// The most nodes of a manifest.
pub const MOST_NODES: usize = 200_000;
/// The most groups of a manifest.
const MOST_GROUPS: usize = 20_000;
/// The most dependencies between them.
pub const MOST_EDGES: usize = 1_000_000;
/// The most bytes of a unique_id, which is a key: dbt writes the arguments of a test into it.
const LONGEST_ID: usize = 2000;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Model,
    Seed,
    Snapshot,
    Source,
    Exposure,
    Test,
    UnitTest,
    /// Metrics, analyses and what else there is: what depends on it depends on what it is made of.
    Other,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Model => "model",
            Kind::Seed => "seed",
            Kind::Snapshot => "snapshot",
            Kind::Source => "source",
            Kind::Exposure => "exposure",
            Kind::Test => "test",
            Kind::UnitTest => "unit_test",
            Kind::Other => "other",
        }
    }

    /// As `resource_type` has it.
    pub fn named(resource_type: &str) -> Kind {
        let kinds = [
            Kind::Model,
            Kind::Seed,
            Kind::Snapshot,
            Kind::Source,
            Kind::Exposure,
            Kind::Test,
            Kind::UnitTest,
        ];
        let named = kinds.into_iter().find(|kind| kind.name() == resource_type);
        named.unwrap_or(Kind::Other)
    }

    pub fn is_test(self) -> bool {
        matches!(self, Kind::Test | Kind::UnitTest)
    }
}

/// A relation's place as dbt has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `None` where the name has only a schema.
    pub database: Option<String>,
    pub schema: String,
    pub name: String,
}

pub struct Node {
    pub unique_id: String,
    pub kind: Kind,
    /// Where the relation is that it is or builds; `None` for what builds none.
    pub place: Option<Place>,
    /// Of an exposure its name, of a source that and its own.
    pub outside: Option<String>,
    pub owners: Vec<String>,
    pub details: Json,
    /// The column that a test stands at.
    pub column: Option<String>,
    /// What a test says that it is of.
    attached: Option<String>,
    pub depends_on: Vec<usize>,
    /// By their names, until all nodes are known.
    upstream: Vec<String>,
}

impl Node {
    /// Its name without what it is.
    pub fn name(&self) -> &str {
        short_name(&self.unique_id)
    }
}

/// A unique_id without what it is of: shop.orders of model.shop.orders.
pub fn short_name(unique_id: &str) -> &str {
    unique_id.split_once('.').map_or(unique_id, |(_, name)| name)
}

pub struct Manifest {
    pub project: String,
    pub nodes: Vec<Node>,
    pub owners: Owners,
    /// Whether it speaks of unit tests: dbt's own macros do not see them.
    pub has_unit_tests: bool,
    /// Nodes that cannot be kept, and why.
    pub refused: Vec<(Kind, String, String)>,
    /// How many dependencies and owners have been read.
    said: usize,
}

impl Manifest {
    /// Reads a manifest. Returns an error with 22023 for what is none.
    pub fn read(item: Item<'_>) -> Result<Manifest> {
        let manifest = Fields::of(item, "the manifest")?;
        let metadata = manifest.required_object("metadata")?;
        fields::require_schema(&metadata, "manifest", "v12")?;
        let mut read = Manifest {
            project: metadata.required_text("project_name")?.into_owned(),
            nodes: Vec::new(),
            owners: Owners::default(),
            has_unit_tests: false,
            refused: Vec::new(),
            said: 0,
        };
        // What is a source or an exposure is told by where it stands.
        let mut parts = vec![
            (None, manifest.required_object("nodes")?),
            (Some(Kind::Source), manifest.required_object("sources")?),
            (Some(Kind::Exposure), manifest.required_object("exposures")?),
        ];
        let groups = manifest.required_object("groups")?;
        if groups.count() > MOST_GROUPS {
            return Err(too_large(&format!("{} groups", groups.count()), MOST_GROUPS));
        }
        for (number, group) in groups.each().enumerate() {
            if number % 64 == 0 {
                serve_interrupts();
            }
            let (unique_id, group) = group?;
            read.owners.add_group(&Fields::of(group, &unique_id)?, &unique_id)?;
        }
        let unit_tests = manifest.object("unit_tests")?;
        read.has_unit_tests = unit_tests.is_some();
        parts.extend(unit_tests.map(|part| (Some(Kind::UnitTest), part)));
        for key in ["metrics", "semantic_models", "saved_queries", "functions"] {
            parts.extend(manifest.object(key)?.map(|part| (Some(Kind::Other), part)));
        }
        let count: usize = parts.iter().map(|(_, part)| part.count()).sum();
        if count > MOST_NODES {
            return Err(too_large(&format!("{count} nodes"), MOST_NODES));
        }
        for (kind, part) in parts {
            for (number, node) in part.each().enumerate() {
                if number % 256 == 0 {
                    serve_interrupts();
                }
                let (unique_id, node) = node?;
                read.add(unique_id, node, kind)?;
            }
        }
        read.connect()?;
        Ok(read)
    }

    fn add(&mut self, unique_id: String, node: Item<'_>, kind: Option<Kind>) -> Result<()> {
        let node = Fields::of(node, &unique_id)?;
        let kind = match kind {
            Some(kind) => kind,
            None => Kind::named(&node.required_text("resource_type")?),
        };
        if unique_id.len() > LONGEST_ID || unique_id.trim().is_empty() {
            let reason = format!("its unique_id has more than {LONGEST_ID} bytes, or none");
            self.refused.push((kind, fields::cut(&unique_id, 100), reason));
            return Ok(());
        }
        let config = node.object("config")?;
        let depends_on = match node.object("depends_on")? {
            Some(depends_on) => depends_on.texts("nodes")?,
            None => Vec::new(),
        };
        let outside = match kind {
            Kind::Source => Some(format!(
                "{}.{}",
                node.required_text("source_name")?,
                node.required_text("name")?
            )),
            Kind::Exposure => Some(node.required_text("name")?.into_owned()),
            Kind::Model | Kind::Seed | Kind::Snapshot | Kind::Test | Kind::UnitTest | Kind::Other => None,
        };
        let place = match kind {
            Kind::Model | Kind::Seed | Kind::Snapshot | Kind::Source => place_of(&node)?,
            Kind::Exposure | Kind::Test | Kind::UnitTest | Kind::Other => None,
        };
        let owners = match kind {
            Kind::Model | Kind::Seed | Kind::Snapshot | Kind::Source | Kind::Exposure => {
                owners_of(&mut self.owners, &node, config.as_ref(), &unique_id)?
            }
            Kind::Test | Kind::UnitTest | Kind::Other => Vec::new(),
        };
        self.said += depends_on.len() + owners.len();
        if self.said > MOST_EDGES {
            return Err(too_large("more dependencies and owners", MOST_EDGES));
        }
        let details = details_of(kind, &node, config.as_ref())?;
        let column = if kind.is_test() {
            node.text("column_name")?.map(String::from)
        } else {
            None
        };
        let attached = if kind.is_test() {
            attached_to(&node, &depends_on)?
        } else {
            None
        };
        self.nodes.push(Node {
            kind,
            place,
            outside,
            owners,
            details,
            column,
            attached,
            depends_on: Vec::new(),
            upstream: depends_on,
            unique_id,
        });
        Ok(())
    }

    /// Finds the nodes that others name.
    fn connect(&mut self) -> Result<()> {
        let places = (self.nodes.iter().enumerate()).map(|(place, node)| (node.unique_id.clone(), place));
        let places: HashMap<String, usize> = places.collect();
        let mut edges = 0;
        for node in &mut self.nodes {
            let mut upstream = std::mem::take(&mut node.upstream);
            if let Some(attached) = node.attached.take() {
                // What a test says that it is of comes first.
                upstream.retain(|name| *name != attached);
                upstream.insert(0, attached);
            }
            // What is disabled is not in the manifest.
            let known = upstream.iter().enumerate().filter_map(|(place, name)| {
                fields::breathe(place);
                places.get(name).copied()
            });
            node.depends_on = known.collect();
            edges += node.depends_on.len();
            if edges > MOST_EDGES {
                return Err(too_large("more dependencies", MOST_EDGES));
            }
        }
        Ok(())
    }
}

fn too_large(found: &str, most: usize) -> Error {
    Error::new(LIMIT_EXCEEDED, format!("the manifest has {found}, of at most {most}"))
        .hint("Import the manifests of the projects that it is made of.")
}

/// Where a node's relation is: what dbt writes as SQL has it.
fn place_of(node: &Fields<'_, '_>) -> Result<Option<Place>> {
    let Some(name) = node.text("relation_name")? else {
        return Ok(None);
    };
    let wrong = || {
        Error::new(
            INVALID_PARAMETER,
            format!("relation_name \"{}\" is no name of a relation", fields::cut(&name, 200)),
        )
        .hint("Give the file as dbt writes it.")
    };
    let mut parts = relation::name_parts(&name).ok_or_else(wrong)?.into_iter();
    let place = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(database), Some(schema), Some(name), None) => Place {
            database: Some(database),
            schema,
            name,
        },
        (Some(schema), Some(name), None, None) => Place {
            database: None,
            schema,
            name,
        },
        _ => return Err(wrong()),
    };
    Ok(Some(place))
}

/// What a test is of, where it says so. A test of a source only does in its argument: `{{ get_where_subquery(source('crm', 'orders')) }}`.
fn attached_to(node: &Fields<'_, '_>, depends_on: &[String]) -> Result<Option<String>> {
    if let Some(attached) = node.text("attached_node")? {
        return Ok(Some(attached.into_owned()));
    }
    let Some(test) = node.object("test_metadata")? else {
        return Ok(None);
    };
    let arguments = test.object("kwargs")?;
    let Some(model) = arguments
        .map(|arguments| arguments.text("model"))
        .transpose()?
        .flatten()
    else {
        return Ok(None);
    };
    let is_meant = |name: &&String| {
        let mut parts = name.rsplitn(3, '.');
        let (table, source) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        name.starts_with("source.") && model.contains(&format!("'{source}', '{table}'"))
    };
    Ok(depends_on.iter().find(is_meant).cloned())
}

/// Who owns a node: the owner of its group, and those that it names itself.
fn owners_of(
    known: &mut Owners,
    node: &Fields<'_, '_>,
    config: Option<&Fields<'_, '_>>,
    unique_id: &str,
) -> Result<Vec<String>> {
    let mut owners = Vec::new();
    let group = match node.text("group")? {
        Some(group) => Some(group),
        None => config.map(|config| config.text("group")).transpose()?.flatten(),
    };
    if let Some(group) = group {
        owners.extend(known.of_group(&group, unique_id));
    }
    // A source's table has what the source says where it says nothing itself.
    let places = [
        config.map(|config| config.object("meta")).transpose()?.flatten(),
        node.object("meta")?,
        node.object("source_meta")?,
    ];
    let mut said = node.item("owner")?;
    for meta in places.into_iter().flatten() {
        said = match said {
            None => meta.item("owner")?,
            some => some,
        };
    }
    if let Some(said) = said {
        let more = known.of_item(said, unique_id)?;
        owners.extend(
            more.into_iter()
                .filter(|owner| !owners.contains(owner))
                .collect::<Vec<_>>(),
        );
    }
    Ok(owners)
}

/// What is kept of a node.
fn details_of(kind: Kind, node: &Fields<'_, '_>, config: Option<&Fields<'_, '_>>) -> Result<Json> {
    let mut details = match kind {
        Kind::Model | Kind::Seed | Kind::Snapshot => node.kept(&["description", "access"])?,
        Kind::Source => node.kept(&["description", "loader", "loaded_at_field", "loaded_at_query"])?,
        Kind::Exposure => node.kept(&["description", "type", "label", "maturity", "url"])?,
        Kind::Test | Kind::UnitTest => node.kept(&["name", "description"])?,
        Kind::Other => json!({}),
    };
    let mut put = |key: &str, value: Json| {
        details[key] = value;
    };
    if kind.is_test() {
        if let Some(test) = node.object("test_metadata")? {
            put("kind", json!(fields::cut(&test.required_text("name")?, 200)));
        }
        if let Some(severity) = config.map(|config| config.text("severity")).transpose()?.flatten() {
            put("severity", json!(fields::cut(&severity, 20).to_lowercase()));
        }
    }
    if let Some(config) = config
        && let Some(materialized) = config.text("materialized")?.filter(|_| !kind.is_test())
    {
        put("materialized", json!(fields::cut(&materialized, 200)));
    }
    let tags: Vec<String> = node
        .texts("tags")?
        .iter()
        .take(100)
        .map(|tag| fields::cut(tag, 200))
        .collect();
    if !tags.is_empty() {
        put("tags", json!(tags));
    }
    if kind == Kind::Source
        && let Some(freshness) = node.object("freshness")?
    {
        let mut kept = freshness.kept(&["filter"])?;
        for limit in ["warn_after", "error_after"] {
            if let Some(after) = freshness.object(limit)?
                && let (Some(count), Some(period)) = (after.number("count")?, after.text("period")?)
            {
                kept[limit] = json!({"count": count, "period": fields::cut(&period, 20)});
            }
        }
        if kept != json!({}) {
            put("freshness", kept);
        }
    }
    Ok(details)
}
