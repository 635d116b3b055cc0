//! `declare_incident`: a person says that something is wrong.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_extern;
use serde_json::{Value as Json, json};

use super::incident::{Moment, Severity, check_title};
use super::{issues, policy};
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INTERNAL, INVALID_PARAMETER, Result, or_raise};
use crate::pg::options::required;
use crate::pg::text::Text;
use crate::pg::{read_only, role, tables};
use crate::reliability::asset::Asset;
use crate::reliability::clock;
use crate::reliability::outbox;
use crate::reliability::owner;
use crate::reliability::trail::{self, Kind};

/// An incident as it is declared by a person.
pub struct Declaration<'a> {
    pub title: &'a str,
    pub severity: Severity,
    /// Issues that are locked, and free.
    pub issues: &'a [i64],
    pub owner: Option<i64>,
    pub lead: Option<i64>,
    /// The asset where its cause lies.
    pub root: Option<i64>,
    /// When what it is about began; `None` for when the first of its issues did, or now.
    pub started_at: Option<TimestampWithTimeZone>,
}

/// Who is to see to an incident where nobody is named: the owner of its root, else of the asset of the issue that is named first. Of several
/// the one who is told of such an incident, and of these the one who was added first.
const OWNER: &str = "(SELECT w.owner_id FROM assay_internal.asset_owner AS w
     WHERE w.asset_id OPERATOR(pg_catalog.=) COALESCE($6, (
         SELECT s.asset_id FROM pg_catalog.jsonb_array_elements_text($9::pg_catalog.jsonb) WITH ORDINALITY AS n(id, place)
         JOIN assay.issue AS s ON s.id OPERATOR(pg_catalog.=) n.id::bigint ORDER BY n.place LIMIT 1))
     ORDER BY COALESCE(w.min_severity OPERATOR(pg_catalog.~) '^sev' AND (w.min_severity OPERATOR(pg_catalog.<) $2), false), w.owner_id
     LIMIT 1)";

impl Declaration<'_> {
    /// Writes the incident, and gives its number.
    pub fn write(&self, at: TimestampWithTimeZone) -> Result<i64> {
        let by = role::current();
        tables::as_owner(|| {
            let id: Option<i64> = tables::write_returning(
                &format!(
                    "INSERT INTO assay.incident (title, severity, declared_by, owner_id, lead_id, root_id, declared_at, started_at)
SELECT $1, $2, $3::pg_catalog.oid, COALESCE($4, {OWNER}), $5, $6, $7, COALESCE($8, LEAST($7, (
    SELECT pg_catalog.min(s.started_at) FROM assay.issue AS s
    WHERE s.id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT n.id::bigint FROM pg_catalog.jsonb_array_elements_text($9::pg_catalog.jsonb) AS n(id))))))
RETURNING id"
                ),
                &[
                    self.title.into(),
                    self.severity.name().into(),
                    by.into(),
                    self.owner.into(),
                    self.lead.into(),
                    self.root.into(),
                    at.into(),
                    self.started_at.into(),
                    issues::numbers(self.issues),
                ],
            )?;
            let id = id.ok_or_else(|| Error::new(INTERNAL, "the incident could not be written"))?;
            issues::move_to(id, self.issues)?;
            Ok(id)
        })
    }

    /// What the trail says of it.
    pub fn details(&self) -> Json {
        json!({"severity": self.severity.name(), "issues": self.issues})
    }
}

/// The number of the owner of an argument.
pub fn owner_id(name: Option<Text>) -> Result<Option<i64>> {
    name.map(|name| owner::named(&name).map(|owner| owner.id)).transpose()
}

/// `declare_incident(title, severity, issues, owner, lead, root, started_at, at)`.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments, reason = "the arguments of the SQL function")]
fn declare_incident(
    title: Option<Text>,
    severity: Option<Text>,
    issues: Option<Vec<Option<i64>>>,
    owner: Option<Text>,
    lead: Option<Text>,
    root: Option<Text>,
    started_at: Option<TimestampWithTimeZone>,
    at: Option<TimestampWithTimeZone>,
) -> i64 {
    read_only::require_writable(c"assay.declare_incident()");
    or_raise((|| {
        let title = required("title", title)?;
        check_title(&title)?;
        let severity = Severity::named(&required("severity", severity)?)?;
        let named = issues::named(issues)?;
        let (owner, lead) = (owner_id(owner)?, owner_id(lead)?);
        let moment = Moment::of(at)?;
        let root = root.map(|name| visible(&name)).transpose()?;
        issues::require_visible(&named)?;
        issues::lock(&named)?;
        issues::require_free(&named)?;
        let at = moment.time()?;
        let start = started_at.map(|start| clock::of("started_at", start)).transpose()?;
        if start.is_some_and(|start| start > i64::from(at)) {
            return Err(Error::new(
                INVALID_PARAMETER,
                "argument \"started_at\" is after the incident was declared",
            )
            .hint("Give the moment when what it is about began."));
        }
        let root = match root {
            Some(root) => Some(root.record()?),
            None => policy::common_root(&named, at)?,
        };
        let declaration = Declaration {
            title: &title,
            severity,
            issues: &named,
            owner,
            lead,
            root,
            started_at,
        };
        let id = declaration.write(at)?;
        let mut details = declaration.details();
        moment.note_in(&mut details)?;
        trail::record(id, Kind::Declared, None, details, at)?;
        outbox::incidents_changed(&[id], Kind::Declared, at)?;
        Ok(id)
    })())
}

/// The asset of an argument, which the caller may see.
pub fn visible(name: &str) -> Result<Asset> {
    let asset = Asset::named(name)?;
    match asset.is_visible()? {
        true => Ok(asset),
        false => Err(Error::new(
            INSUFFICIENT_PRIVILEGE,
            format!("permission denied for {}", asset.label()),
        )
        .hint("It takes the right to read a column of it.")),
    }
}
