//! Who owns what a walk has reached, also where nothing is recorded of it itself. Of recorded assets it is what the view
//! `assay_internal.asset_owner` says, found out for those that were reached.

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::rc::Rc;

use hashbrown::HashMap;

use super::edges::few;
use super::node::Node;
use super::said::{Recordings, recorded_at};
use crate::pg::catalog;
use crate::pg::catalog_row::CatalogRow;
use crate::pg::compute::serve_interrupts;
use crate::pg::error::Result;
use crate::pg::relation;
use crate::reliability::asset::{Kind, Recording};

/// Rows between two looks at interrupts.
const LOOK: u32 = 1024;

/// Owners by their numbers, several of one thing.
type Team = BTreeSet<i64>;

/// Who was said to own what.
#[derive(Default)]
pub struct Owners {
    of_assets: HashMap<i64, Team>,
    /// Of assets that are in products: the owners of these.
    of_products: HashMap<i64, Team>,
    of_schemas: HashMap<String, Team>,
    names: HashMap<i64, Rc<str>>,
    /// Names of several owners as one text, where they were asked for.
    joined: HashMap<Team, Rc<str>>,
    /// The owners of all recorded assets, where many are asked for.
    of_nodes: Option<HashMap<Node, Team>>,
}

impl Owners {
    /// For so many things to be asked for, with all recorded assets where they were read already.
    pub fn read(recordings: Option<Rc<Recordings>>, asked: usize) -> Result<Owners> {
        let mut owners = Owners::default();
        owners.read_assets()?;
        owners.read_products()?;
        if owners.is_empty() {
            return Ok(owners);
        }
        visit(c"owner", 2, |row| {
            owners.names.insert(row.require(1)?, row.require::<String>(2)?.into());
            Ok(())
        })?;
        let recordings = match recordings {
            Some(recordings) => Some(recordings),
            None if asked > few(catalog::pages(c"asset")?) as usize => Some(Rc::new(Recordings::read()?)),
            None => None,
        };
        if let Some(recordings) = recordings {
            let owned = recordings.iter().filter_map(|(node, recording)| {
                let team = owners.of_recording(recording)?;
                Some((recording.id, node, team))
            });
            let mut owned: Vec<(i64, Node, Team)> = owned.collect();
            // Where several records are of one thing by now, the newest of them counts.
            owned.sort_unstable_by_key(|(id, ..)| *id);
            owners.of_nodes = Some(owned.into_iter().map(|(_, node, team)| (node, team)).collect());
        }
        Ok(owners)
    }

    fn is_empty(&self) -> bool {
        self.of_assets.is_empty() && self.of_products.is_empty()
    }

    fn read_assets(&mut self) -> Result<()> {
        visit(c"ownership", 3, |row| {
            if let Some(asset) = row.get(3)? {
                self.of_assets.entry(asset).or_default().insert(row.require(2)?);
            }
            Ok(())
        })?;
        if !self.of_assets.is_empty() {
            for (id, name) in Recording::schemas()? {
                let team = self.of_assets.get(&id).cloned();
                self.of_schemas.extend(team.map(|team| (name, team)));
            }
        }
        Ok(())
    }

    /// Who makes a product answers for what is in it and what comes out of it, not for what goes in.
    fn read_products(&mut self) -> Result<()> {
        let mut products: HashMap<i64, Team> = HashMap::new();
        visit(c"ownership", 4, |row| {
            if let Some(product) = row.get(4)? {
                products.entry(product).or_default().insert(row.require(2)?);
            }
            Ok(())
        })?;
        visit(c"data_product", 4, |row| {
            if let Some(owner) = row.get(4)? {
                products.entry(row.require(1)?).or_default().insert(owner);
            }
            Ok(())
        })?;
        if products.is_empty() {
            return Ok(());
        }
        visit(c"product_asset", 3, |row| {
            let team = products.get(&row.require::<i64>(1)?);
            if let Some(team) = team
                && row.text(3)?.as_deref() != Some("input")
            {
                self.of_products.entry(row.require(2)?).or_default().extend(team);
            }
            Ok(())
        })
    }

    /// The owners of a recorded asset: those that were named of it; else of the relation that it is of; else of the products that either is in;
    /// else of the schema.
    fn of_recording(&self, recording: &Recording) -> Option<Team> {
        let records = || [Some(recording.id), recording.base].into_iter().flatten();
        let named = records().find_map(|id| self.of_assets.get(&id));
        let of_products = || {
            let teams = records().filter_map(|id| self.of_products.get(&id)).flatten();
            Some(teams.copied().collect::<Team>()).filter(|team| !team.is_empty())
        };
        let of_schema = || match recording.asset.kind {
            Kind::Relation | Kind::Column | Kind::Check if !self.of_schemas.is_empty() => {
                self.of_schemas.get(&recording.schema()?).cloned()
            }
            Kind::Relation
            | Kind::Column
            | Kind::Check
            | Kind::Schema
            | Kind::Model
            | Kind::Dashboard
            | Kind::Source => None,
        };
        named.cloned().or_else(of_products).or_else(of_schema)
    }

    /// Of what is recorded as this.
    fn of_recorded(&self, node: Node) -> Result<Option<Team>> {
        if let Some(known) = &self.of_nodes {
            return Ok(known.get(&node).cloned());
        }
        let mut found = recorded_at(node.container())?;
        found.retain(|(_, other)| *other == node);
        found.sort_unstable_by_key(|(id, _)| *id);
        for (id, _) in found.into_iter().rev() {
            let team = Recording::by_id(id)?.and_then(|recording| self.of_recording(&recording));
            if team.is_some() {
                return Ok(team);
            }
        }
        Ok(None)
    }

    /// The names of the owners of something, as one text.
    pub fn of(&mut self, node: Node) -> Result<Option<Rc<str>>> {
        if self.is_empty() {
            return Ok(None);
        }
        let container = node.container();
        let mut team = self.of_recorded(node)?;
        if team.is_none() && container != node {
            team = self.of_recorded(container)?;
        }
        if team.is_none()
            && !self.of_schemas.is_empty()
            && let Node::Relation(oid) = container
        {
            team = relation::schema_of(oid.into()).and_then(|schema| self.of_schemas.get(&schema).cloned());
        }
        Ok(team.map(|team| self.joined(team)))
    }

    fn joined(&mut self, team: Team) -> Rc<str> {
        let names = &self.names;
        let join = |team: &Team| {
            let names: BTreeSet<&str> = team.iter().filter_map(|id| names.get(id)).map(Rc::as_ref).collect();
            let names: Vec<&str> = names.into_iter().collect();
            Rc::from(names.join(", "))
        };
        self.joined.entry(team).or_insert_with_key(join).clone()
    }
}

/// Visits the first columns of all rows of one of assay's tables.
fn visit(table: &CStr, columns: usize, mut visit: impl FnMut(&CatalogRow) -> Result<()>) -> Result<()> {
    let mut seen = 0_u32;
    catalog::visit_columns::<()>(table, columns, |row| {
        seen += 1;
        if seen.is_multiple_of(LOOK) {
            serve_interrupts();
        }
        visit(row)?;
        Ok(None)
    })?;
    Ok(())
}
