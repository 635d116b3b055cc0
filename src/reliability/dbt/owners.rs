//! Who owns what, as manifests say it: the owner of a group, `meta.owner`, the owner of an exposure.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};

use super::fields::{Fields, kind_of};
use crate::pg::encoding;
use crate::pg::error::Result;
use crate::pg::jsonb_value::{self, Item};
use crate::pg::names;
use crate::reliability::owners::contacts::Contacts;

/// The most owners that one thing has.
const MOST: usize = 100;
/// The most that are told to be no owners.
const MOST_PROBLEMS: usize = 10_000;

/// A person or a team that owns something.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub is_team: bool,
    pub contacts: Json,
}

/// Whether an owner can be told by a contact.
fn reaches(contact: &str, value: &str) -> bool {
    Contacts::read(json!({contact: value})).is_ok()
}

/// All that a manifest names, by their names, and what could not be read.
#[derive(Default)]
pub struct Owners {
    pub named: HashMap<String, Said>,
    /// What says it, and why it is no owner.
    pub problems: Vec<(String, String)>,
    groups: HashMap<String, String>,
}

impl Owners {
    /// Learns of a group, whose owner owns what is in it.
    pub fn add_group(&mut self, group: &Fields<'_, '_>, unique_id: &str) -> Result<()> {
        let name = group.required_text("name")?;
        let owner = match group.object("owner")? {
            Some(owner) => self.object(&owner, true, unique_id)?,
            None => None,
        };
        let owner = match owner {
            Some(owner) => Some(owner),
            None => self.add(name.clone(), true, json!({}), unique_id),
        };
        if let Some(owner) = owner {
            self.groups.insert(name.into_owned(), owner);
        }
        Ok(())
    }

    /// The owner of a group, which may not be among the manifest's.
    pub fn of_group(&mut self, group: &str, unique_id: &str) -> Option<String> {
        match self.groups.get(group) {
            Some(owner) => Some(owner.clone()),
            None => self.add(group.into(), true, json!({}), unique_id),
        }
    }

    /// What `meta.owner` or `owner` says: a name or an address, an object with these, or a list of such.
    pub fn of_item(&mut self, item: Item<'_>, unique_id: &str) -> Result<Vec<String>> {
        let elements = match item {
            Item::Array(array) if array.count() > MOST => {
                self.refuse(unique_id, format!("it has {} owners, of at most {MOST}", array.count()));
                return Ok(Vec::new());
            }
            Item::Array(array) => {
                let elements: Option<Vec<Item>> = array.elements().collect();
                elements.ok_or_else(jsonb_value::damaged)?
            }
            one => vec![one],
        };
        let mut owners = Vec::new();
        for element in elements {
            let owner = match element {
                Item::Text(bytes) => {
                    let name = encoding::decode(bytes);
                    let contacts = match reaches("email", &name) {
                        true => json!({"email": name}),
                        false => json!({}),
                    };
                    self.add(name.clone(), !name.contains('@'), contacts, unique_id)
                }
                Item::Object(_) => self.object(&Fields::of(element, unique_id)?, false, unique_id)?,
                other => {
                    let problem = format!("an owner is {}, not a text or an object", kind_of(&other));
                    self.refuse(unique_id, problem);
                    None
                }
            };
            owners.extend(owner.filter(|owner| !owners.contains(owner)));
        }
        Ok(owners)
    }

    /// An owner with a name and contacts of its own.
    fn object(&mut self, owner: &Fields<'_, '_>, is_team: bool, unique_id: &str) -> Result<Option<String>> {
        let mut contacts = Map::new();
        let mut name = owner.text("name")?.filter(|name| !name.is_empty()).map(Cow::into_owned);
        for contact in ["email", "slack"] {
            // dbt takes lists of addresses, too.
            let value = match owner.item(contact)? {
                Some(Item::Array(_)) => owner.texts(contact)?.into_iter().next(),
                Some(_) => owner.text(contact)?.map(Cow::into_owned),
                None => None,
            };
            if contact == "email" && name.is_none() {
                name = value.clone();
            }
            // A channel's name, as dbt's users write it, reaches nobody.
            if let Some(value) = value.filter(|value| reaches(contact, value)) {
                contacts.insert(contact.into(), json!(value));
            }
        }
        Ok(name.and_then(|name| self.add(name.into(), is_team, Json::Object(contacts), unique_id)))
    }

    /// Notes why something is no owner.
    fn refuse(&mut self, unique_id: &str, problem: String) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push((unique_id.into(), problem));
        }
    }

    /// Notes an owner. What is said first of one stays, unless it gave no contacts.
    fn add(&mut self, name: Cow<'_, str>, is_team: bool, contacts: Json, unique_id: &str) -> Option<String> {
        let name = name.trim();
        if let Err(error) = names::check("owner's name", name) {
            self.refuse(unique_id, error.sentences());
            return None;
        }
        let said = Said { is_team, contacts };
        match self.named.get_mut(name) {
            None => {
                self.named.insert(name.into(), said);
            }
            Some(known) if known.contacts == json!({}) => known.contacts = said.contacts,
            Some(_) => {}
        }
        Some(name.into())
    }
}
