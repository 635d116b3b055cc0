//! `triage(issue, status, note)`: somebody has looked at an issue.

use pgrx::pg_extern;

use crate::pg::catalog::{self, Key};
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, Result, UNDEFINED_ISSUE, or_raise};
use crate::pg::options::required;
use crate::pg::query::Query;
use crate::pg::text::{Prose, Text};
use crate::pg::{read_only, relation, role, tables};
use crate::reliability::asset::{self, Kind};

/// What can be said of an issue.
const STATUSES: [&str; 4] = ["investigating", "expected", "fixed", "false_positive"];
/// The most bytes of a note.
const LONGEST_NOTE: usize = 2000;

/// The asset of an issue that the caller may know of. Returns an error with ML025 where there is none.
fn asset_of(issue: i64) -> Result<i64> {
    let mut is_visible = false;
    // As the caller: the view asks who that is.
    let sql = format!("SELECT FROM assay.issues AS i WHERE i.id OPERATOR(pg_catalog.=) {issue}");
    Query::new(&sql)?.run(&mut |_| {
        is_visible = true;
        Ok(())
    })?;
    let found = catalog::find(c"issue", c"issue_pkey", &[Key::BigInt(1, issue)], |row| {
        row.require(2).map(Some)
    })?;
    found.filter(|_| is_visible).ok_or_else(|| {
        Error::new(UNDEFINED_ISSUE, format!("issue {issue} does not exist"))
            .hint("SELECT id, asset, subject FROM assay.issues lists those that you may see.")
    })
}

/// Whether the caller acts for an owner of an asset: by its role, or as a member of a team.
fn owns(asset: i64) -> Result<bool> {
    let caller = role::current();
    let owns: Option<bool> = tables::as_owner(|| {
        tables::write_returning(
            "SELECT EXISTS (
    SELECT FROM assay_internal.asset_owner AS o
    JOIN (SELECT w.id, w.role FROM assay.owner AS w
          UNION ALL
          SELECT m.team_id, w.role FROM assay.team_member AS m JOIN assay.owner AS w ON w.id OPERATOR(pg_catalog.=) m.person_id) AS r
        ON r.id OPERATOR(pg_catalog.=) o.owner_id
    WHERE (o.asset_id OPERATOR(pg_catalog.=) $1) AND pg_catalog.pg_has_role($2, r.role::pg_catalog.oid, 'USAGE'))",
            &[asset.into(), caller.into()],
        )
    })?;
    Ok(owns == Some(true))
}

/// Returns an error with 42501 unless the caller may say what becomes of issues of an asset.
fn require_owner(id: i64) -> Result<()> {
    if role::is_steward() || owns(id)? {
        return Ok(());
    }
    let asset = asset::by_id(id)?;
    let may = match &asset {
        None => false,
        Some(asset) => match asset.kind {
            Kind::Relation | Kind::Column | Kind::Check => {
                asset.relation.and_then(relation::owner).is_some_and(role::acts_for)
            }
            Kind::Schema | Kind::Model | Kind::Dashboard | Kind::Source => asset.require_control().is_ok(),
        },
    };
    if may {
        return Ok(());
    }
    let name = asset.map_or_else(|| id.to_string(), |asset| asset.label());
    Err(Error::new(
        INSUFFICIENT_PRIVILEGE,
        format!("permission denied for issues of {name}"),
    )
    .hint("It takes a role that acts for an owner of it (assay.issues names them), or its owner in the database."))
}

/// `triage(issue, status, note)`.
#[pg_extern(sql = false)]
fn triage(issue: Option<i64>, status: Option<Text>, note: Option<Text>) {
    read_only::require_writable(c"assay.triage()");
    or_raise((|| {
        let issue = required("issue", issue)?;
        let status = required("status", status)?;
        let Some(status) = STATUSES.into_iter().find(|known| *known == &*status) else {
            return Err(
                Error::new(INVALID_PARAMETER, format!("status cannot be \"{}\"", &*status))
                    .hint(format!("It is one of {}.", STATUSES.join(", "))),
            );
        };
        if let Some(note) = note.as_deref().filter(|note| note.len() > LONGEST_NOTE) {
            return Err(Error::new(
                INVALID_PARAMETER,
                format!("argument \"note\" is longer than {LONGEST_NOTE} bytes"),
            )
            .detail(format!("It has {}.", note.len()))
            .hint("Say it in fewer words, or where it is written down."));
        }
        require_owner(asset_of(issue)?)?;
        let by = role::name_of(role::current());
        tables::as_owner(|| {
            tables::write(
                "UPDATE assay.issue SET triage = $2, triage_note = $3, triaged_by = $4, triaged_at = pg_catalog.clock_timestamp()
                 WHERE id OPERATOR(pg_catalog.=) $1",
                &[
                    issue.into(),
                    status.into(),
                    note.map(String::from).map(Prose::from).into(),
                    by.into(),
                ],
            )
        })
    })());
}
