//! What people are told of what a walk reached: names, where they may see them.

use std::rc::Rc;

use hashbrown::HashMap;
use pgrx::pg_sys::Oid;

use super::node::Node;
use super::said::Recordings;
use crate::models::registry::{self, Privilege};
use crate::pg::error::Result;
use crate::pg::{relation, role};
use crate::reliability::asset::{self, Asset, Kind};

/// How something is written, and whether the caller may know of it.
#[derive(Debug, Clone)]
pub struct Told {
    pub label: Rc<str>,
    pub kind: Kind,
    pub visible: bool,
}

/// In a path, in place of what the caller may not know of.
pub const HIDDEN: &str = "(hidden)";

/// Tells what nodes are.
#[derive(Default)]
pub struct Teller {
    /// The roles for which the caller acts, and those for which it does not.
    acts_for: HashMap<u32, bool>,
    relations: HashMap<u32, Option<(Rc<str>, bool)>>,
    /// All recorded assets, where a walk has read them already.
    pub recordings: Option<Rc<Recordings>>,
}

impl Teller {
    /// `None` for what is gone.
    pub fn tell(&mut self, node: Node) -> Result<Option<Told>> {
        let of = |asset: &Asset| -> Result<Option<Told>> {
            Ok(Some(Told {
                visible: asset.is_visible()?,
                label: asset.label().into(),
                kind: asset.kind,
            }))
        };
        match node {
            Node::Relation(oid) => Ok(self.relation(oid).map(|(label, visible)| Told {
                label,
                visible,
                kind: Kind::Relation,
            })),
            Node::Column(oid, number) => {
                let Some((name, visible)) = self.relation(oid) else {
                    return Ok(None);
                };
                let column = relation::column_name(oid.into(), number);
                Ok(column.map(|column| Told {
                    label: format!("{name}.{}", relation::quoted(&column)).into(),
                    visible,
                    kind: Kind::Column,
                }))
            }
            Node::Model(id) => match registry::by_id(id)? {
                Some(model) => Ok(Some(Told {
                    visible: registry::may(&model, Privilege::Predict)?,
                    label: Asset::of_model(&model.name).label().into(),
                    kind: Kind::Model,
                })),
                None => Ok(None),
            },
            Node::Check(id) => of(&Asset::of_check(id)?),
            Node::Asset(id) => match self.recordings.as_ref().and_then(|all| all.asset(id)) {
                Some(asset) => of(asset.now().as_ref().unwrap_or(asset)),
                None => asset::by_id(id)?.as_ref().map_or(Ok(None), of),
            },
        }
    }

    /// The name of a relation, and whether the caller may know of it.
    fn relation(&mut self, oid: u32) -> Option<(Rc<str>, bool)> {
        if let Some(known) = self.relations.get(&oid) {
            return known.clone();
        }
        let object = Oid::from(oid);
        let told = relation::name_of(object).map(|name| {
            let owner = relation::owner(object).unwrap_or(role::NOBODY);
            let is_own = *self
                .acts_for
                .entry(owner.to_u32())
                .or_insert_with(|| role::acts_for(owner));
            let visible = is_own || relation::may_select_some(object) || relation::may_set_triggers(object);
            (name.into(), visible)
        });
        self.relations.insert(oid, told.clone());
        told
    }
}
