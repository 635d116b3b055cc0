//! Assets by the names that people write: `public.orders`, `public.orders.amount`, `model:risk`, `dashboard:revenue`.

mod stored;

use pgrx::pg_extern;
use pgrx::pg_sys::Oid;

pub use stored::{Recording, by_id, record_all, remember, remember_all};

use super::recorded::{Recorded, Target};
use crate::models::registry::{self, Privilege};
use crate::pg::catalog::{self, Key};
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, Result, UNDEFINED_ASSET, or_raise};
use crate::pg::text::Text;
use crate::pg::{names, relation, role};

/// What kinds of assets there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A table, a view or a foreign table.
    Relation,
    Column,
    Schema,
    Model,
    /// A stored check, by its number.
    Check,
    /// What people look at outside of the database.
    Dashboard,
    /// Where data come from outside of the database.
    Source,
}

impl Kind {
    pub const ALL: [Kind; 7] = [
        Kind::Relation,
        Kind::Column,
        Kind::Schema,
        Kind::Model,
        Kind::Check,
        Kind::Dashboard,
        Kind::Source,
    ];

    /// As the table has it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Relation => "relation",
            Kind::Column => "column",
            Kind::Schema => "schema",
            Kind::Model => "model",
            Kind::Check => "check",
            Kind::Dashboard => "dashboard",
            Kind::Source => "source",
        }
    }

    pub fn of_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it is written before the name. Relations and their columns are written as SQL has them.
    fn is_written(self) -> bool {
        !matches!(self, Kind::Relation | Kind::Column)
    }
}

/// An asset, of which something may be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    pub kind: Kind,
    /// Without the kind: of a relation, and of a column behind that, qualified and quoted as SQL needs it.
    pub name: String,
    /// The relation, or that of the column or check; `None` where it is not there, and for other kinds.
    pub relation: Option<Oid>,
    /// The column as it is, not quoted.
    pub column: Option<String>,
}

impl Asset {
    /// The asset that a text names. Returns an error with ML022 for a relation, column, schema, model or check that is not there. Dashboards and
    /// sources are what people say there is.
    pub fn named(text: &str) -> Result<Asset> {
        let asset = Asset::parse(text)?;
        let is_there = match asset.kind {
            Kind::Relation | Kind::Column => asset.relation.is_some(),
            Kind::Schema => relation::schema_owner(&asset.name).is_some(),
            Kind::Model => registry::find(&asset.name)?.is_some(),
            Kind::Check => asset.relation.is_some(),
            Kind::Dashboard | Kind::Source => true,
        };
        if is_there { Ok(asset) } else { Err(unknown(text)) }
    }

    /// The asset that a text names, which need not be there: a relation then is named with its schema.
    pub fn parse(text: &str) -> Result<Asset> {
        names::check("asset's name", text)?;
        if let Some((kind, name)) = text.split_once(':')
            && let Some(kind) = Kind::of_name(kind.trim()).filter(|kind| kind.is_written())
        {
            let name = name.trim();
            names::check("asset's name", name)?;
            let relation = match kind {
                Kind::Check => name.parse().ok().map(checked_relation).transpose()?.flatten(),
                _ => None,
            };
            return Ok(Asset {
                kind,
                name: name.to_string(),
                relation,
                column: None,
            });
        }
        let parts = relation::name_parts(text).ok_or_else(|| unknown(text))?;
        let qualified = |parts: &[String]| {
            let parts: Vec<String> = parts.iter().map(|part| relation::quoted(part)).collect();
            parts.join(".")
        };
        match parts.as_slice() {
            [name] => match relation::by_search_path(name) {
                Some(oid) => Asset::of_relation(oid).ok_or_else(|| unknown(text)),
                None => Err(unknown(text)),
            },
            [first, second] => {
                if let Some(oid) = relation::of_name(&qualified(&parts)) {
                    return Asset::of_relation(oid).ok_or_else(|| unknown(text));
                }
                match relation::by_search_path(first) {
                    Some(oid) if relation::has_column(oid, second) => {
                        Asset::of_column(oid, second).ok_or_else(|| unknown(text))
                    }
                    _ => Ok(Asset {
                        kind: Kind::Relation,
                        name: qualified(&parts),
                        relation: None,
                        column: None,
                    }),
                }
            }
            [schema, name, column] => {
                let oid = relation::of_name(&qualified(&[schema.clone(), name.clone()]));
                match oid {
                    Some(oid) if relation::has_column(oid, column) => {
                        Asset::of_column(oid, column).ok_or_else(|| unknown(text))
                    }
                    _ => Ok(Asset {
                        kind: Kind::Column,
                        name: qualified(&parts),
                        relation: None,
                        column: Some(column.clone()),
                    }),
                }
            }
            _ => Err(unknown(text)),
        }
    }

    /// A relation as an asset; `None` for what has no rows, such as an index.
    pub fn of_relation(oid: Oid) -> Option<Asset> {
        Some(Asset {
            kind: Kind::Relation,
            name: relation::name_of(oid).filter(|_| relation::has_rows(oid))?,
            relation: Some(oid),
            column: None,
        })
    }

    /// A column as an asset.
    pub fn of_column(oid: Oid, column: &str) -> Option<Asset> {
        let table = Asset::of_relation(oid)?;
        Some(Asset {
            kind: Kind::Column,
            name: format!("{}.{}", table.name, relation::quoted(column)),
            relation: Some(oid),
            column: Some(column.to_string()),
        })
    }

    /// A model as an asset.
    pub fn of_model(name: &str) -> Asset {
        Asset {
            kind: Kind::Model,
            name: name.to_string(),
            relation: None,
            column: None,
        }
    }

    /// A stored check as an asset.
    pub fn of_check(id: i64) -> Result<Asset> {
        Ok(Asset {
            kind: Kind::Check,
            name: id.to_string(),
            relation: checked_relation(id)?,
            column: None,
        })
    }

    /// As people write it.
    pub fn label(&self) -> String {
        if self.kind.is_written() {
            [self.kind.name(), ":", &self.name].concat()
        } else {
            self.name.clone()
        }
    }

    /// The name of the relation, or of that of the column or check.
    fn relation_name(&self) -> Option<String> {
        match self.kind {
            Kind::Check => relation::name_of(self.relation?),
            Kind::Relation => Some(self.name.clone()),
            Kind::Column => {
                let parts = relation::name_parts(&self.name)?;
                let parts: Vec<String> = parts.iter().take(2).map(|part| relation::quoted(part)).collect();
                Some(parts.join("."))
            }
            Kind::Schema | Kind::Model | Kind::Dashboard | Kind::Source => None,
        }
    }

    /// Whether the caller may know of it.
    pub fn is_visible(&self) -> Result<bool> {
        match (self.kind, self.relation) {
            (Kind::Relation | Kind::Column | Kind::Check, Some(oid)) => {
                let is_own = relation::owner(oid).is_some_and(role::acts_for);
                Ok(is_own || relation::may_select_some(oid) || relation::may_set_triggers(oid))
            }
            (Kind::Relation | Kind::Column | Kind::Check, None) => Ok(role::is_steward()),
            (Kind::Model, _) => match registry::find(&self.name)? {
                Some(model) => registry::may(&model, Privilege::Predict),
                None => Ok(role::is_steward()),
            },
            // Its owner has the privilege, unless he took it from himself.
            (Kind::Schema, _) => Ok(role::is_steward()
                || relation::may_use_schema_named(&self.name)
                || relation::schema_owner(&self.name).is_some_and(role::acts_for)),
            (Kind::Dashboard | Kind::Source, _) => Ok(true),
        }
    }

    /// Returns an error with 42501 unless the caller may say things of it: who owns it, what is promised of it, what it is made of. The owner of a
    /// relation may, and whom it lets set triggers; the owner of a schema; who may manage a model; of what is outside of the database who
    /// recorded it first; and the owner of the database.
    pub fn require_control(&self) -> Result<()> {
        let may = match (self.kind, self.relation) {
            _ if role::is_steward() => true,
            (Kind::Relation | Kind::Column | Kind::Check, Some(oid)) => relation::may_set_triggers(oid),
            (Kind::Relation | Kind::Column | Kind::Check, None) => false,
            (Kind::Schema, _) => relation::schema_owner(&self.name).is_some_and(role::acts_for),
            (Kind::Model, _) => match registry::find(&self.name)? {
                Some(model) => registry::may(&model, Privilege::Manage)?,
                None => false,
            },
            (Kind::Dashboard | Kind::Source, _) => match self.find()? {
                Some(row) => role::acts_for(row.added_by),
                None => true,
            },
        };
        if may {
            return Ok(());
        }
        let needed = match self.kind {
            Kind::Relation | Kind::Column | Kind::Check => {
                "It takes the relation's owner, or the privilege TRIGGER on it."
            }
            Kind::Schema => "It takes the schema's owner.",
            Kind::Model => "It takes the privilege manage on the model.",
            Kind::Dashboard | Kind::Source => "It takes the role that first recorded it.",
        };
        Err(Error::new(
            INSUFFICIENT_PRIVILEGE,
            format!("permission denied for {}", self.label()),
        )
        .hint(needed))
    }
}

/// The error of an asset that is not there.
fn unknown(text: &str) -> Error {
    Error::new(UNDEFINED_ASSET, format!("asset \"{text}\" does not exist")).hint(
        "Name a table or view with its schema, a column behind that, or model:, check:, schema:, dashboard: or source: with a name; assay.assets lists them.",
    )
}

/// The relation that a stored check is about.
fn checked_relation(id: i64) -> Result<Option<Oid>> {
    let found = catalog::find(c"quality_check", c"quality_check_pkey", &[Key::BigInt(1, id)], |row| {
        let recorded = Recorded {
            relation: row.require(2)?,
            name: row.require(3)?,
            owner: row.get(18)?,
            added_by: row.require(16)?,
        };
        Ok(Some(recorded.target().object()))
    })?;
    Ok(found.flatten())
}

/// `asset_relation(relation, relation_name, relation_owner, added_by)`.
#[pg_extern(sql = false)]
fn asset_relation(
    relation: Option<Oid>,
    relation_name: Option<Text>,
    relation_owner: Option<Oid>,
    added_by: Option<Oid>,
) -> Option<Oid> {
    let recorded = Recorded {
        relation: relation.unwrap_or(Oid::INVALID),
        name: String::from(relation_name?),
        owner: relation_owner,
        added_by: added_by?,
    };
    match recorded.target() {
        Target::Found(oid) => Some(oid),
        Target::Stranger(_) | Target::Gone => None,
    }
}

/// `asset_label(kind, name, relation, column_name)`.
#[pg_extern(sql = false)]
fn asset_label(
    kind: Option<Text>,
    name: Option<Text>,
    relation: Option<Oid>,
    column_name: Option<Text>,
) -> Option<Text> {
    let (kind, name) = (Kind::of_name(&kind?)?, String::from(name?));
    let now = relation
        .filter(|_| !kind.is_written())
        .and_then(|oid| match &column_name {
            None => Asset::of_relation(oid),
            Some(column) => Asset::of_column(oid, column),
        });
    let asset = now.unwrap_or(Asset {
        kind,
        name,
        relation: None,
        column: None,
    });
    Some(Text::from(asset.label().as_str()))
}

/// `asset_schema(relation, relation_name)`.
#[pg_extern(sql = false)]
fn asset_schema(relation: Option<Oid>, relation_name: Option<Text>) -> Option<Text> {
    schema_of(relation, relation_name.as_deref()).map(Text::from)
}

/// The schema of a relation, or of the name of one that is not there.
fn schema_of(relation: Option<Oid>, name: Option<&str>) -> Option<String> {
    if let Some(schema) = relation.and_then(relation::schema_of) {
        return Some(schema);
    }
    let parts = relation::name_parts(name?);
    // A record whose name somebody else took ends with its number.
    let parts = parts.or_else(|| relation::name_parts(name?.rsplit_once(" #")?.0));
    parts?.into_iter().next()
}

/// `may_see_asset(kind, name, relation)`.
#[pg_extern(sql = false)]
fn may_see_asset(kind: Option<Text>, name: Option<Text>, relation: Option<Oid>) -> bool {
    let (Some(kind), Some(name)) = (kind.and_then(|kind| Kind::of_name(&kind)), name) else {
        return false;
    };
    or_raise((|| {
        let name = String::from(name);
        let relation = match kind {
            Kind::Check => name.parse().ok().map(checked_relation).transpose()?.flatten(),
            _ => relation,
        };
        Asset {
            kind,
            name,
            relation,
            column: None,
        }
        .is_visible()
    })())
}
