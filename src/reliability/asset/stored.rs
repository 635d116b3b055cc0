//! Assets in their table: what is recorded of which object.

use std::collections::{BTreeMap, HashMap};

use pgrx::pg_sys::Oid;
use serde_json::{Value as Json, json};

use super::{Asset, Kind, schema_of};
use crate::pg::attempt::attempt_to_write;
use crate::pg::catalog::{self, Key};
use crate::pg::catalog_row::CatalogRow;
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Error, INTERNAL, Result};
use crate::pg::text::Text;
use crate::pg::{relation, role, tables};
use crate::reliability::recorded::{Recorded, Target};

/// How many of the table's columns, the first ones, are read of an asset.
const COLUMNS: usize = 11;

/// What an asset's row has of its relation.
fn recorded(row: &CatalogRow) -> Result<Option<Recorded>> {
    Ok(match row.get(5)? {
        None => None,
        Some(name) => Some(Recorded {
            relation: row.get(4)?.unwrap_or(Oid::INVALID),
            name,
            owner: row.get(6)?,
            added_by: row.require(9)?,
        }),
    })
}

/// The relation that a recorded one is now.
fn object(recorded: &Recorded) -> Option<Oid> {
    match recorded.target() {
        Target::Found(oid) => Some(oid),
        Target::Stranger(_) | Target::Gone => None,
    }
}

/// A row of the table.
pub(super) struct Row {
    id: i64,
    kind: String,
    recorded: Option<Recorded>,
    /// Who owned the relation or the schema.
    owner: Option<Oid>,
    column: Option<String>,
    pub(super) added_by: Oid,
}

impl Row {
    fn read(row: &CatalogRow) -> Result<Option<Row>> {
        Ok(Some(Row {
            id: row.require(1)?,
            kind: row.require(2)?,
            recorded: recorded(row)?,
            owner: row.get(6)?,
            column: row.get(7)?,
            added_by: row.require(9)?,
        }))
    }

    /// The relation that it is now.
    fn object(&self) -> Option<Oid> {
        object(self.recorded.as_ref()?)
    }

    /// Whether the schema of this name is not one that somebody else made when the name had become free.
    fn is_of_schema(&self, name: &str) -> bool {
        relation::schema_owner(name)
            .is_none_or(|owner| self.owner == Some(owner) || role::has_rights_of(self.added_by, owner))
    }

    /// The object that bears its name now and is not remembered yet, with its owner.
    fn moved_to(&self) -> Option<(Oid, Oid)> {
        let recorded = self.recorded.as_ref()?;
        let bearer = relation::of_name(&recorded.name)?;
        let owner = relation::owner(bearer)?;
        let is_as_recorded = recorded.relation == bearer && recorded.owner == Some(owner);
        (!is_as_recorded && self.object() == Some(bearer)).then_some((bearer, owner))
    }
}

impl Asset {
    /// The row that has its name.
    fn by_name(&self) -> Result<Option<Row>> {
        let keys = [Key::Text(2, self.kind.name()), Key::Text(3, &self.name)];
        catalog::find(c"asset", c"asset_name_key", &keys, Row::read)
    }

    /// Whether a row that has its name is of it, and not of what somebody else had under the name.
    fn is_of(&self, row: &Row) -> bool {
        match (self.kind, self.relation) {
            (Kind::Relation | Kind::Column, Some(oid)) => row.object() == Some(oid),
            (Kind::Schema, _) => row.is_of_schema(&self.name),
            (Kind::Relation | Kind::Column, None) | (Kind::Model | Kind::Check | Kind::Dashboard | Kind::Source, _) => {
                true
            }
        }
    }

    /// What is recorded of it, if anything is.
    pub(super) fn find(&self) -> Result<Option<Row>> {
        let by_name = self.by_name()?.filter(|row| self.is_of(row));
        let Some(relation) = self.relation.filter(|_| by_name.is_none() && !self.kind.is_written()) else {
            return Ok(by_name);
        };
        // After a plain rename the row has the name as it was.
        catalog::find(c"asset", c"asset_relation_idx", &[Key::Oid(4, relation)], |row| {
            let row = Row::read(row)?;
            Ok(row.filter(|row| {
                row.kind == self.kind.name() && row.column == self.column && row.object() == Some(relation)
            }))
        })
    }

    /// Its number, if anything is recorded of it.
    pub fn id(&self) -> Result<Option<i64>> {
        Ok(self.find()?.map(|row| row.id))
    }

    /// Its number, once it has one.
    pub fn record(&self) -> Result<i64> {
        let ids = record_all(&[(self.clone(), role::current())])?;
        ids.first().copied().ok_or_else(|| self.not_recorded())
    }

    /// A recorded one with the name that it has now; `None` where its relation is not there, and for other kinds.
    pub fn now(&self) -> Option<Asset> {
        match (self.kind, self.relation) {
            (Kind::Relation, Some(oid)) => Asset::of_relation(oid),
            (Kind::Column, Some(oid)) => Asset::of_column(oid, self.column.as_deref()?),
            (Kind::Relation | Kind::Column, None)
            | (Kind::Schema | Kind::Model | Kind::Check | Kind::Dashboard | Kind::Source, _) => None,
        }
    }

    fn not_recorded(&self) -> Error {
        Error::new(INTERNAL, format!("{} could not be recorded", self.label()))
    }

    /// The asset that its relation is, of a column or a check.
    fn base(&self) -> Option<Asset> {
        match (self.kind, self.relation) {
            (Kind::Column | Kind::Check, Some(oid)) => Asset::of_relation(oid),
            (Kind::Column, None) => Some(Asset {
                kind: Kind::Relation,
                name: self.relation_name()?,
                relation: None,
                column: None,
            }),
            (Kind::Check, None) | (Kind::Relation | Kind::Schema | Kind::Model | Kind::Dashboard | Kind::Source, _) => {
                None
            }
        }
    }

    /// A row of the table, as JSON.
    fn row(&self, added_by: Oid, base: Option<i64>) -> Json {
        let owner = match self.kind {
            Kind::Schema => relation::schema_owner(&self.name),
            Kind::Relation | Kind::Column | Kind::Check | Kind::Model | Kind::Dashboard | Kind::Source => {
                self.relation.and_then(relation::owner)
            }
        };
        json!({
            "kind": self.kind.name(), "name": self.name, "relation": self.relation.map(Oid::to_u32),
            "relation_name": self.relation_name(), "column_name": self.column, "added_by": added_by.to_u32(),
            "relation_owner": owner.map(Oid::to_u32), "base_id": base,
        })
    }
}

/// The asset of a number, as it is now, if there is one yet. Where its relation or column is not there any more, it has the name as recorded.
pub fn by_id(id: i64) -> Result<Option<Asset>> {
    let recording = Recording::by_id(id)?;
    Ok(recording.map(|recording| recording.asset.now().unwrap_or(recording.asset)))
}

/// A recorded asset, and the relation that it is now, or is of.
pub struct Recording {
    pub id: i64,
    /// The asset that its relation is, of a column or a check.
    pub base: Option<i64>,
    /// The name that its relation had, where that is not there.
    gone: Option<String>,
    /// With its name as it was recorded.
    pub asset: Asset,
}

impl Recording {
    fn read(row: &CatalogRow) -> Result<Option<Recording>> {
        let Some(kind) = row.text(2)?.and_then(|kind| Kind::of_name(&kind)) else {
            return Ok(None);
        };
        let recorded = recorded(row)?;
        let relation = recorded.as_ref().and_then(object);
        Ok(Some(Recording {
            id: row.require(1)?,
            base: row.get(11)?,
            gone: recorded.filter(|_| relation.is_none()).map(|recorded| recorded.name),
            asset: Asset {
                kind,
                name: row.require(3)?,
                relation,
                column: row.get(7)?,
            },
        }))
    }

    /// The schema that its relation is in, or was in if it is gone.
    pub fn schema(&self) -> Option<String> {
        schema_of(self.asset.relation, self.gone.as_deref())
    }

    /// The numbers and names of schemas, without those that somebody else made when the name had become free.
    pub fn schemas() -> Result<Vec<(i64, String)>> {
        let (mut found, key) = (Vec::new(), Key::Text(2, Kind::Schema.name()));
        catalog::find::<()>(c"asset", c"asset_name_key", &[key], |row| {
            let name: String = row.require(3)?;
            let schema = Row::read(row)?.filter(|schema| schema.is_of_schema(&name));
            found.extend(schema.map(|schema| (schema.id, name)));
            Ok(None)
        })?;
        Ok(found)
    }

    /// That of a number.
    pub fn by_id(id: i64) -> Result<Option<Recording>> {
        catalog::find(c"asset", c"asset_pkey", &[Key::BigInt(1, id)], Recording::read)
    }

    /// Those that are a relation, or of it: that were so once, or have its name, and are so now.
    pub fn of_relation(relation: Oid) -> Result<Vec<Recording>> {
        let mut found: Vec<Recording> = Vec::new();
        let mut look = |row: &CatalogRow| -> Result<Option<()>> {
            let recording = Recording::read(row)?.filter(|recording| recording.asset.relation == Some(relation));
            if let Some(recording) = recording
                && !found.iter().any(|known| known.id == recording.id)
            {
                found.push(recording);
            }
            Ok(None)
        };
        catalog::find(c"asset", c"asset_relation_idx", &[Key::Oid(4, relation)], &mut look)?;
        if let Some(name) = relation::name_of(relation) {
            catalog::find(c"asset", c"asset_relation_name_idx", &[Key::Text(5, &name)], &mut look)?;
        }
        Ok(found)
    }

    /// All of them.
    pub fn all(mut visit: impl FnMut(Recording) -> Result<()>) -> Result<()> {
        catalog::visit_columns::<()>(c"asset", COLUMNS, |row| {
            if let Some(recording) = Recording::read(row)? {
                visit(recording)?;
            }
            Ok(None)
        })?;
        Ok(())
    }
}

/// The numbers of assets, once they have some: what is not recorded yet is from now on, as by the role beside it, with the relation of a column
/// or a check. Where another object had a name, of somebody whom the record does not trust, what is said of that is not said of this one.
pub fn record_all(assets: &[(Asset, Oid)]) -> Result<Vec<i64>> {
    let found = assets.iter().map(|(asset, _)| {
        serve_interrupts();
        asset.find()
    });
    let found = found.collect::<Result<Vec<_>>>()?;
    let moved = found.iter().flatten().filter_map(|row| {
        let (bearer, owner) = row.moved_to()?;
        Some(json!({"id": row.id, "relation": bearer.to_u32(), "owner": owner.to_u32()}))
    });
    let moved: Vec<Json> = moved.collect();
    if !moved.is_empty() {
        tables::as_owner(|| tables::write(REMEMBER, &[Text::from(Json::from(moved).to_string()).into()]))?;
    }
    let missing = assets.iter().zip(&found).filter(|(_, row)| row.is_none());
    let missing: BTreeMap<(&str, &str), &(Asset, Oid)> = missing
        .map(|(recorded, _)| ((recorded.0.kind.name(), recorded.0.name.as_str()), recorded))
        .collect();
    let made = record_missing(missing.into_values().collect())?;
    let numbered = assets.iter().zip(found).map(|((asset, _), row)| {
        let made = || made.get(&format!("{}:{}", asset.kind.name(), asset.name)).copied();
        row.map(|row| row.id).or_else(made).ok_or_else(|| asset.not_recorded())
    });
    numbered.collect()
}

/// Assets that one statement records: what it is given as JSON is read without a look at interrupts.
const TOGETHER: usize = 1000;

/// The numbers of assets that are recorded for the first time, by kind and name.
fn record_missing(missing: Vec<&(Asset, Oid)>) -> Result<HashMap<String, i64>> {
    if missing.is_empty() {
        return Ok(HashMap::new());
    }
    let with_base = missing.iter().filter_map(|(asset, role)| Some((asset.base()?, *role)));
    let with_base: Vec<(Asset, Oid)> = with_base.collect();
    let mut bases = record_all(&with_base)?.into_iter();
    let (mut rows, mut strangers) = (Vec::with_capacity(missing.len()), Vec::new());
    for (asset, role) in missing {
        serve_interrupts();
        let base = asset.base().and_then(|_| bases.next());
        rows.push(asset.row(*role, base));
        strangers.extend(asset.by_name()?.map(|row| row.id));
    }
    if !strangers.is_empty() {
        tables::as_owner(|| tables::write(FREE_NAMES, &[strangers.into()]))?;
    }
    let mut numbers = HashMap::new();
    for rows in rows.chunks(TOGETHER) {
        let rows = Text::from(Json::from(rows).to_string());
        let made: Option<Text> = tables::as_owner(|| tables::write_returning(RECORD, &[rows.into()]))?;
        let made: HashMap<String, i64> = serde_json::from_str(made.as_deref().unwrap_or("{}"))
            .map_err(|problem| Error::new(INTERNAL, format!("the numbers of assets cannot be read: {problem}")))?;
        numbers.extend(made);
    }
    Ok(numbers)
}

/// Remembers the objects that bear the names now, so that a later rename takes what is recorded along. What another session is at is left to
/// the next one: which object an asset is does not depend on it.
const REMEMBER: &str = "WITH free AS (
    SELECT a.ctid AS place, m.relation, m.owner
    FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS m(id pg_catalog.int8, relation pg_catalog.oid, owner pg_catalog.oid)
    JOIN assay.asset AS a ON a.id OPERATOR(pg_catalog.=) m.id
    FOR UPDATE OF a SKIP LOCKED)
UPDATE assay.asset AS a SET relation = free.relation, relation_owner = free.owner FROM free WHERE a.ctid OPERATOR(pg_catalog.=) free.place";

/// Remembers relations that bear names now, in what is recorded of these: of assets that trust them, as [`Recorded::target`] says.
pub fn remember(bearers: &[(Oid, &str)]) -> Result<()> {
    let rows = bearers.iter().filter_map(|(bearer, name)| {
        let owner = relation::owner(*bearer)?;
        Some(json!({"name": name, "relation": bearer.to_u32(), "owner": owner.to_u32()}))
    });
    let rows: Vec<Json> = rows.collect();
    if rows.is_empty() || !tables::exists(c"asset") {
        return Ok(());
    }
    tables::as_owner(|| tables::write(REMEMBER_NAMED, &[Text::from(Json::from(rows).to_string()).into()]))
}

const REMEMBER_NAMED: &str = "WITH free AS (
    SELECT a.ctid AS place, m.relation, m.owner
    FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS m(name pg_catalog.text, relation pg_catalog.oid, owner pg_catalog.oid)
    JOIN assay.asset AS a ON a.relation_name OPERATOR(pg_catalog.=) m.name
    WHERE (a.relation IS NULL OR a.relation::pg_catalog.oid OPERATOR(pg_catalog.<>) m.relation)
      AND assay_internal.asset_relation(a.relation::pg_catalog.oid, a.relation_name, a.relation_owner::pg_catalog.oid, a.added_by::pg_catalog.oid)
          OPERATOR(pg_catalog.=) m.relation
    FOR UPDATE OF a SKIP LOCKED)
UPDATE assay.asset AS a SET relation = free.relation, relation_owner = free.owner FROM free WHERE a.ctid OPERATOR(pg_catalog.=) free.place";

/// Remembers all objects that bear names now, or have another owner, in what is recorded of these: also of tables that nothing else looks at.
pub fn remember_all() -> Result<()> {
    if !tables::exists(c"asset") {
        return Ok(());
    }
    // What cannot be written now is left to the next time.
    let _left = attempt_to_write(|| tables::as_owner(|| tables::write(REMEMBER_ALL, &[])))?;
    Ok(())
}

/// Who bears a name is joined, as most of them are known already, and few of those that are gone have a successor. A plain rename leaves things as
/// they are: nothing bears the old name.
const REMEMBER_ALL: &str = "WITH free AS (
    SELECT a.ctid AS place, b.oid AS relation, b.relowner AS owner
    FROM assay.asset AS a
    JOIN (SELECT c.oid, c.relowner, (pg_catalog.quote_ident(n.nspname::pg_catalog.text) OPERATOR(pg_catalog.||) '.')
                OPERATOR(pg_catalog.||) pg_catalog.quote_ident(c.relname::pg_catalog.text) AS name
          FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace) AS b
        ON b.name OPERATOR(pg_catalog.=) a.relation_name
    WHERE CASE WHEN (b.oid OPERATOR(pg_catalog.=) a.relation::pg_catalog.oid) AND (b.relowner OPERATOR(pg_catalog.=) a.relation_owner::pg_catalog.oid)
               THEN false
               ELSE assay_internal.asset_relation(a.relation::pg_catalog.oid, a.relation_name, a.relation_owner::pg_catalog.oid, a.added_by::pg_catalog.oid)
                    OPERATOR(pg_catalog.=) b.oid END
    FOR UPDATE OF a SKIP LOCKED)
UPDATE assay.asset AS a SET relation = free.relation, relation_owner = free.owner FROM free WHERE a.ctid OPERATOR(pg_catalog.=) free.place";

/// Lets others have the names of assets, and of their columns.
const FREE_NAMES: &str =
    "UPDATE assay.asset SET name = name OPERATOR(pg_catalog.||) (' #' OPERATOR(pg_catalog.||) id::pg_catalog.text),
    relation_name = relation_name OPERATOR(pg_catalog.||) (' #' OPERATOR(pg_catalog.||) id::pg_catalog.text)
WHERE id OPERATOR(pg_catalog.=) ANY ($1)
    OR kind OPERATOR(pg_catalog.=) 'column' AND base_id OPERATOR(pg_catalog.=) ANY ($1)";

/// Records assets, in the order of their names, so that two sessions do not wait for each other. What another session has recorded meanwhile is
/// taken as it is.
const RECORD: &str = "WITH made AS (
    INSERT INTO assay.asset AS a (kind, name, relation, relation_name, relation_owner, column_name, added_by, base_id)
    SELECT r.kind, r.name, r.relation, r.relation_name, r.relation_owner, r.column_name, r.added_by, r.base_id
    FROM pg_catalog.jsonb_to_recordset($1::pg_catalog.jsonb) AS r(kind pg_catalog.text, name pg_catalog.text, relation pg_catalog.oid,
        relation_name pg_catalog.text, relation_owner pg_catalog.oid, column_name pg_catalog.text, added_by pg_catalog.oid,
        base_id pg_catalog.int8)
    ORDER BY r.kind COLLATE pg_catalog.\"C\", r.name COLLATE pg_catalog.\"C\"
    ON CONFLICT (kind, name) DO UPDATE SET name = excluded.name
    RETURNING id, kind, name)
SELECT pg_catalog.jsonb_object_agg((kind OPERATOR(pg_catalog.||) ':') OPERATOR(pg_catalog.||) name, id)::pg_catalog.text FROM made";
