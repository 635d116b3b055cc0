//! Where the nodes of a manifest stand in this database, and of which of them the caller may say something.

use super::manifest::{Kind, Manifest, Node};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Error, Result};
use crate::pg::{names, relation, role};
use crate::reliability::asset::{self, Asset};

/// Where a node stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is an asset, by its place among all.
    Asset(usize),
    /// It is an asset of which the caller may say nothing.
    Forbidden(usize, String),
    /// It is none that the caller could record.
    Refused(String),
    /// It is none by its nature; what depends on it depends on what it is made of.
    Passed(String),
}

impl Standing {
    /// The asset, whether or not the caller may say something of it.
    pub fn asset(&self) -> Option<usize> {
        match self {
            Standing::Asset(asset) | Standing::Forbidden(asset, _) => Some(*asset),
            Standing::Refused(_) | Standing::Passed(_) => None,
        }
    }
}

/// The nodes of a manifest in their order.
pub struct Places {
    pub standings: Vec<Standing>,
    pub assets: Vec<Asset>,
}

impl Places {
    /// Finds the nodes.
    pub fn of(manifest: &Manifest) -> Result<Places> {
        let is_steward = role::is_steward();
        let mut places = Places {
            standings: Vec::with_capacity(manifest.nodes.len()),
            assets: Vec::new(),
        };
        for (number, node) in manifest.nodes.iter().enumerate() {
            if number % 256 == 0 {
                serve_interrupts();
            }
            let standing = places.find(node, is_steward)?;
            places.standings.push(standing);
        }
        for (number, node) in manifest
            .nodes
            .iter()
            .enumerate()
            .filter(|(_, node)| node.kind.is_test())
        {
            let tested = node.depends_on.first().map(|&tested| &places.standings[tested]);
            places.standings[number] = match tested {
                None => Standing::Passed("it is of nothing that the manifest has".into()),
                Some(Standing::Passed(_)) => Standing::Passed("it is of what is no relation here".into()),
                Some(tested) => tested.clone(),
            };
        }
        Ok(places)
    }

    fn find(&mut self, node: &Node, is_steward: bool) -> Result<Standing> {
        let asset = match node.kind {
            Kind::Test | Kind::UnitTest | Kind::Other => return Ok(Standing::Passed("it is no relation".into())),
            Kind::Model | Kind::Seed | Kind::Snapshot => match relation_of(node, is_steward) {
                Ok(asset) => asset,
                Err(standing) => return Ok(standing),
            },
            Kind::Source => match relation_of(node, is_steward) {
                Ok(asset) if asset.relation.is_some() => asset,
                _ => match outside(asset::Kind::Source, node) {
                    Ok(asset) => asset,
                    Err(problem) => return Ok(Standing::Refused(problem.sentences())),
                },
            },
            Kind::Exposure => match outside(asset::Kind::Dashboard, node) {
                Ok(asset) => asset,
                Err(problem) => return Ok(Standing::Refused(problem.sentences())),
            },
        };
        // What is not built yet has been looked at.
        let is_new = asset.kind == asset::Kind::Relation && asset.relation.is_none();
        let forbidden = if is_new { None } else { denied(&asset)? };
        self.assets.push(asset);
        let place = self.assets.len() - 1;
        Ok(match forbidden {
            None => Standing::Asset(place),
            Some(problem) => Standing::Forbidden(place, problem),
        })
    }
}

/// Why the caller may say nothing of an asset.
pub fn denied(asset: &Asset) -> Result<Option<String>> {
    match asset.require_control() {
        Ok(()) => Ok(None),
        Err(error) if error.is_denial() => Ok(Some(error.sentences())),
        Err(error) => Err(error),
    }
}

/// The relation that a node is or builds.
fn relation_of(node: &Node, is_steward: bool) -> std::result::Result<Asset, Standing> {
    let Some(place) = &node.place else {
        return Err(Standing::Passed("it builds no relation".into()));
    };
    if let Some(database) = &place.database
        && !relation::is_this_database(database)
    {
        return Err(Standing::Passed(format!(
            "it is in database \"{database}\", not in this one"
        )));
    }
    let name = format!("{}.{}", relation::quoted(&place.schema), relation::quoted(&place.name));
    if let Some(oid) = relation::of_name(&name) {
        return Asset::of_relation(oid).ok_or_else(|| Standing::Refused(format!("{name} is no table or view")));
    }
    if !is_steward && !relation::may_create_in(&place.schema) {
        let problem = format!(
            "{name} is not there, and role \"{}\" may not create it",
            role::name_of(role::current())
        );
        return Err(Standing::Refused(problem));
    }
    if let Err(problem) = names::check("asset's name", &name) {
        return Err(Standing::Refused(problem.sentences()));
    }
    Ok(Asset {
        kind: asset::Kind::Relation,
        name,
        relation: None,
        column: None,
    })
}

/// What is outside of the database.
fn outside(kind: asset::Kind, node: &Node) -> std::result::Result<Asset, Error> {
    let name = node.outside.as_deref().unwrap_or("").trim();
    names::check("asset's name", name)?;
    Ok(Asset {
        kind,
        name: name.into(),
        relation: None,
        column: None,
    })
}
