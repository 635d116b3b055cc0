//! Who owns what a walk has reached, also where nothing is recorded of it itself.

use std::collections::HashMap;

use super::node::Node;
use crate::pg::error::{Error, INTERNAL, Result};
use crate::pg::text::Text;
use crate::pg::{relation, tables};
use crate::reliability::asset::{Kind, Recording};

/// The owners of recorded assets, by what these are now, and of schemas by name: one text for each, with all names.
#[derive(Default)]
pub struct Owners {
    nodes: HashMap<Node, String>,
    schemas: HashMap<String, String>,
}

impl Owners {
    pub fn read() -> Result<Owners> {
        let owned: Option<Text> = tables::as_owner(|| {
            tables::read(
                "SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(o.asset_id, o.names))::pg_catalog.text
FROM (SELECT a.asset_id, pg_catalog.string_agg(DISTINCT w.name, ', ' ORDER BY w.name) AS names
      FROM assay_internal.asset_owner AS a JOIN assay.owner AS w ON w.id OPERATOR(pg_catalog.=) a.owner_id
      GROUP BY a.asset_id) AS o",
                &[],
            )
        })?;
        let owned: Vec<(i64, String)> = match &owned {
            None => Vec::new(),
            Some(text) => serde_json::from_str(text)
                .map_err(|problem| Error::new(INTERNAL, format!("owners cannot be read: {problem}")))?,
        };
        let mut owners = Owners::default();
        for (asset, names) in owned {
            let Some(recording) = Recording::by_id(asset)? else {
                continue;
            };
            if recording.kind == Kind::Schema {
                owners.schemas.insert(recording.name.clone(), names.clone());
            }
            owners.nodes.insert(Node::of_recording(&recording)?, names);
        }
        Ok(owners)
    }

    /// The names of the owners of something.
    pub fn of(&self, node: Node) -> Option<String> {
        let own = self.nodes.get(&node).or_else(|| self.nodes.get(&node.container()));
        own.cloned().or_else(|| match node.container() {
            Node::Relation(oid) => self.schemas.get(&relation::schema_of(oid.into())?).cloned(),
            Node::Column(..) | Node::Model(_) | Node::Check(_) | Node::Asset(_) => None,
        })
    }
}
