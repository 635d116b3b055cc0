//! Checks that belong to a relation: adding, dropping, finding them.
//!
//! Whoever may set triggers on a relation may add checks to it, for the same reason: loads stand or fall with them.

use pgrx::pg_extern;
use pgrx::pg_sys::Oid;
use serde_json::{Map, Value as Json, json};

use super::check::Check;
use super::compile::compile;
use super::pass::Pass;
use super::source::Source;
use crate::pg::catalog;
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, Result, UNDEFINED_CHECK, or_raise};
use crate::pg::json::Jsonb;
use crate::pg::names;
use crate::pg::options::{object, required, texts};
use crate::pg::query::Query;
use crate::pg::relation;
use crate::pg::text::Text;
use crate::pg::types::Value;

/// A check of a relation, with who added it.
pub struct Stored {
    pub check: Check,
    pub relation: Oid,
    /// The relation's name, as it is now; as it was, when the relation is gone.
    pub name: String,
    pub added_by: Oid,
}

impl Stored {
    /// Whether two of them run together: those that one role added to one relation do.
    pub fn together(&self, other: &Stored) -> bool {
        (self.relation, self.added_by) == (other.relation, other.added_by)
    }
}

/// Why an expression in SQL does not run: nobody's runs with another's rights.
pub fn not_yours(added_by: Oid) -> String {
    let role = catalog::role_name(added_by);
    format!(
        "its expression in SQL is that of role \"{role}\", as which you may not act; ask \"{role}\" or a superuser to run it"
    )
}

/// Which stored checks are wanted.
#[derive(Default)]
pub struct Wanted<'a> {
    pub id: Option<i64>,
    pub relation: Option<Oid>,
    /// Any of these tags.
    pub tags: Option<&'a [String]>,
}

/// The stored checks that the caller may run, by relation and number: those it added itself or acts for the adder of, and those of
/// relations that it may read.
pub fn find(wanted: &Wanted<'_>) -> Result<Vec<Stored>> {
    let mut conditions = vec!["true".to_string()];
    conditions.extend(wanted.id.map(|id| format!("c.id OPERATOR(pg_catalog.=) {id}")));
    conditions.extend(wanted.relation.map(|oid| {
        format!(
            "c.relation::pg_catalog.oid OPERATOR(pg_catalog.=) {}::pg_catalog.oid",
            oid.to_u32()
        )
    }));
    let sql = format!(
        "SELECT c.id, c.relation::pg_catalog.oid::pg_catalog.int8, c.relation_name, c.added_by::pg_catalog.oid::pg_catalog.int8,
    pg_catalog.to_jsonb(c)::pg_catalog.text
FROM assay.quality_check AS c WHERE {} ORDER BY c.relation_name, c.id",
        conditions.join(" AND ")
    );
    let rows = catalog::as_owner(|| {
        let mut rows = Vec::new();
        Query::new(&sql)?.run(&mut |row| {
            let number = |column: usize| match row.value(column) {
                Value::Number(number) => number as i64,
                _ => 0,
            };
            let text = |column: usize| match row.value(column) {
                Value::Text(text) => text.into_owned(),
                _ => String::new(),
            };
            rows.push((
                number(0),
                Oid::from(number(1) as u32),
                text(2),
                Oid::from(number(3) as u32),
                text(4),
            ));
            Ok(())
        })?;
        Ok(rows)
    })?;
    let mut found = Vec::new();
    for (id, oid, name, added_by, row) in rows {
        let known = relation::name_of(oid);
        let may = catalog::acts_for(added_by) || (known.is_some() && relation::may_select(oid));
        if !may {
            continue;
        }
        let row: Json = serde_json::from_str(&row).unwrap_or_default();
        let mut check = Check::parse(written(&row)).map_err(|error| error.at(format!("stored check {id}")))?;
        let tagged = |tags: &[String]| tags.iter().any(|tag| check.tags.contains(tag));
        if !wanted.tags.is_none_or(tagged) {
            continue;
        }
        check.id = Some(id);
        found.push(Stored {
            check,
            relation: oid,
            name: known.unwrap_or(name),
            added_by,
        });
    }
    Ok(found)
}

/// A row of the table as a check is written.
fn written(row: &Json) -> Json {
    let keys = [
        "kind",
        "column_name",
        "args",
        "name",
        "where",
        "group_by",
        "mostly",
        "warn_if",
        "error_if",
        "severity",
        "tags",
    ];
    let given = keys
        .iter()
        .map(|key| (key.to_string(), row[*key].clone()))
        .filter(|(_, value)| !value.is_null());
    Json::Object(given.collect::<Map<_, _>>())
}

/// One stored check. Errs with ML014 when there is none that the caller may know of.
pub fn one(id: i64) -> Result<Stored> {
    let wanted = Wanted {
        id: Some(id),
        ..Wanted::default()
    };
    find(&wanted)?.pop().ok_or_else(|| {
        Error::new(UNDEFINED_CHECK, format!("check {id} does not exist"))
            .hint("SELECT check_id, name FROM assay.checks shows the checks of the relations you may read.")
    })
}

/// `add_check(relation, kind, ...)`.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments)]
fn add_check(
    relation: Option<Oid>,
    kind: Option<Text>,
    column_name: Option<Text>,
    args: Option<Jsonb>,
    name: Option<Text>,
    filter: Option<Text>,
    group_by: Option<Vec<Option<Text>>>,
    mostly: Option<f64>,
    warn_if: Option<Text>,
    error_if: Option<Text>,
    severity: Option<Text>,
    tags: Option<Vec<Option<Text>>>,
) -> i64 {
    catalog::prevent_read_only(c"assay.add_check()");
    or_raise((|| {
        let oid = required("relation", relation)?;
        let written = json!({
            "kind": required("kind", kind)?, "column_name": column_name, "args": object("args", args)?, "name": name,
            "where": filter, "group_by": texts("group_by", group_by)?, "mostly": mostly, "warn_if": warn_if, "error_if": error_if,
            "severity": severity, "tags": texts("tags", tags)?,
        });
        let row = Json::Object(
            written
                .as_object()
                .cloned()
                .unwrap_or_default()
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .collect(),
        );
        let mut check = Check::parse(row.clone())?;
        names::check("check's name", &check.name)?;
        let relation_name = relation::name_of(oid).ok_or_else(|| {
            Error::new(INVALID_PARAMETER, format!("there is no relation {}", oid.to_u32()))
                .hint("Name a table or view.")
        })?;
        if !relation::may_set_triggers(oid) {
            return Err(Error::new(
                INSUFFICIENT_PRIVILEGE,
                format!("permission denied to add a check to {relation_name}"),
            )
            .hint("It takes the relation's owner, or the privilege TRIGGER on it."));
        }
        // Now is the time to say that a column is missing.
        let source = Source::open(&relation_name)?;
        compile(&check, &source, &mut Pass::default())?;
        let added_by = catalog::current_role();
        let list = |names: &[String]| Json::from(names.to_vec()).to_string();
        let id: Option<i64> = catalog::as_owner(|| {
            catalog::write_returning(
                "INSERT INTO assay.quality_check (relation, relation_name, kind, column_name, args, name, \"where\", group_by, mostly,
                     warn_if, error_if, severity, tags, added_by)
                 VALUES ($1::pg_catalog.oid, $2, $3, $4, $5::pg_catalog.jsonb, $6, $7,
                     ARRAY(SELECT pg_catalog.jsonb_array_elements_text($8::pg_catalog.jsonb)), $9, $10, $11, $12,
                     ARRAY(SELECT pg_catalog.jsonb_array_elements_text($13::pg_catalog.jsonb)), $14::pg_catalog.oid)
                 RETURNING id",
                &[
                    oid.into(),
                    relation_name.as_str().into(),
                    check.kind.into(),
                    check.column.as_deref().into(),
                    row["args"].to_string().as_str().into(),
                    check.name.as_str().into(),
                    check.filter.as_deref().into(),
                    list(&check.group_by).as_str().into(),
                    check.mostly.into(),
                    warn_if.into(),
                    error_if.into(),
                    check.severity.name().into(),
                    list(&check.tags).as_str().into(),
                    added_by.into(),
                ],
            )
        })?;
        check.id = id;
        id.ok_or_else(|| Error::new(crate::pg::error::INTERNAL, "the check was not stored"))
    })())
}

/// `drop_check(check_id)`.
#[pg_extern(sql = false)]
fn drop_check(check_id: Option<i64>) {
    catalog::prevent_read_only(c"assay.drop_check()");
    or_raise((|| {
        let stored = one(required("check_id", check_id)?)?;
        if !catalog::acts_for(stored.added_by) && !relation::may_set_triggers(stored.relation) {
            return Err(Error::new(
                INSUFFICIENT_PRIVILEGE,
                format!("permission denied to drop check \"{}\"", stored.check.name),
            )
            .hint("It takes the role that added it, or the owner of its relation."));
        }
        catalog::as_owner(|| {
            catalog::write(
                "DELETE FROM assay.quality_check WHERE id OPERATOR(pg_catalog.=) $1",
                &[check_id.into()],
            )
        })
    })());
}
