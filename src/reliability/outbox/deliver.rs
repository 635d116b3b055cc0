//! Taking notifications out of the box. A sender claims some for a while, delivers them, and says what became of each; where it dies meanwhile, the
//! claim runs out and they are given again, with the word that they may have been delivered before.

use std::collections::BTreeSet;

use pgrx::datum::{Interval, TimestampWithTimeZone};
use pgrx::pg_extern;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::message;
use crate::pg::error::{
    Error, INSUFFICIENT_PRIVILEGE, INTERNAL, INVALID_PARAMETER, Result, UNDEFINED_NOTIFICATION, or_raise,
};
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::settings::{self, Retention};
use crate::pg::text::{Prose, Text};
use crate::pg::{read_only, role, tables};
use crate::reliability::clock;
use crate::reliability::read::read_json;

/// The most that one call claims.
const CLAIMED: i32 = 1000;
/// How often delivery is tried.
const ATTEMPTS: i32 = 10;
/// The longest lease, in seconds: a day.
const LONGEST_LEASE: f64 = 86_400.0;
/// The most characters that are kept of what a sender says.
const DETAIL: usize = 1000;
/// The oldest that anything can be, in microseconds: 1,000 years.
const OLDEST: i128 = 1000 * 366 * 86_400 * 1_000_000;
/// The most that escalate forgets at a time.
const FORGOTTEN: i64 = 10_000;

/// Whether the caller may deliver to everybody: acts for the owner of the database, or may change rows of the table.
fn may_all() -> Result<bool> {
    if role::is_steward() {
        return Ok(true);
    }
    let caller = role::current();
    let granted: Option<bool> = tables::as_owner(|| {
        tables::write_returning(
            "SELECT pg_catalog.has_table_privilege($1::pg_catalog.oid, 'assay.notification', 'UPDATE')",
            &[caller.into()],
        )
    })?;
    Ok(granted == Some(true))
}

// Whom a role acts for: an owner with its role, or a team of which one has it. $1 is whether it acts for all, $2 the role.
const ACTS: &str = "($1 OR EXISTS (
    SELECT FROM assay.owner AS w
    LEFT JOIN assay.team_member AS m ON m.person_id OPERATOR(pg_catalog.=) w.id
    WHERE (w.id OPERATOR(pg_catalog.=) n.owner_id OR m.team_id OPERATOR(pg_catalog.=) n.owner_id)
      AND pg_catalog.pg_has_role($2::pg_catalog.oid, w.role::pg_catalog.oid, 'USAGE')))";

/// A claimed notification.
#[derive(Deserialize)]
struct Claimed {
    id: i64,
    owner: String,
    kind: String,
    incident: Option<i64>,
    subject: String,
    items: Vec<Json>,
    more: i64,
    contacts: Json,
    members: Vec<Json>,
    attempts: i32,
    repeated: bool,
}

/// Claims what is due at `at`: what was never tried, what is to be tried again, and what a sender did not come back with. Of what nobody has claimed yet,
/// what is about the same for the same owner is put together into the first.
fn claim(max: i32, at: TimestampWithTimeZone, lease: f64) -> Result<Vec<Claimed>> {
    let (all, caller) = (may_all()?, role::current());
    let give_up = format!(
        "UPDATE assay.notification AS n SET status = 'failed', claimed_until = NULL,
    detail = COALESCE(n.detail, 'no sender said what became of it')
WHERE n.status OPERATOR(pg_catalog.=) 'sending' AND n.claimed_until OPERATOR(pg_catalog.<=) $3
  AND n.attempts OPERATOR(pg_catalog.>=) {ATTEMPTS} AND {ACTS}"
    );
    let claim = format!(
        "WITH due AS MATERIALIZED (
    SELECT n.id, n.owner_id, n.items, n.more, n.status, n.attempts, pg_catalog.split_part(n.key, '#', 1) AS topic
    FROM assay.notification AS n
    WHERE n.status OPERATOR(pg_catalog.=) ANY ('{{pending,sending}}') AND n.due_at OPERATOR(pg_catalog.<=) $3
      AND (n.status OPERATOR(pg_catalog.=) 'pending' OR n.claimed_until OPERATOR(pg_catalog.<=) $3)
      AND {ACTS}
    ORDER BY n.due_at, n.id LIMIT $4 FOR UPDATE SKIP LOCKED),
led AS MATERIALIZED (
    SELECT d.*, CASE WHEN d.attempts OPERATOR(pg_catalog.=) 0
        THEN pg_catalog.min(d.id) OVER (PARTITION BY d.owner_id, d.topic, d.attempts OPERATOR(pg_catalog.=) 0) ELSE d.id END AS leader
    FROM due AS d),
joined AS MATERIALIZED (
    SELECT l.leader, l.more OPERATOR(pg_catalog.+) i.more AS more, i.items, l.parts
    FROM (SELECT leader, pg_catalog.sum(more)::bigint AS more, pg_catalog.count(*) AS parts FROM led GROUP BY leader) AS l
    CROSS JOIN LATERAL (
        SELECT pg_catalog.jsonb_agg(p.item ORDER BY p.place) FILTER (WHERE p.place OPERATOR(pg_catalog.<=) {items}) AS items,
               pg_catalog.count(*) FILTER (WHERE p.place OPERATOR(pg_catalog.>) {items}) AS more
        FROM (SELECT x.item, pg_catalog.row_number() OVER (ORDER BY d.id, x.place) AS place
              FROM led AS d
              CROSS JOIN LATERAL pg_catalog.jsonb_array_elements(d.items) WITH ORDINALITY AS x(item, place)
              WHERE d.leader OPERATOR(pg_catalog.=) l.leader) AS p) AS i),
gone AS (
    DELETE FROM assay.notification AS n
    WHERE n.id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT l.id FROM led AS l WHERE l.id OPERATOR(pg_catalog.<>) l.leader))),
claimed AS (
    UPDATE assay.notification AS n
    SET status = 'sending', attempts = n.attempts OPERATOR(pg_catalog.+) 1, repeated = n.repeated OR n.status OPERATOR(pg_catalog.=) 'sending',
        claimed_until = $3 OPERATOR(pg_catalog.+) pg_catalog.make_interval(secs => $5), items = j.items, more = j.more,
        subject = CASE WHEN j.parts OPERATOR(pg_catalog.>) 1 AND n.kind OPERATOR(pg_catalog.=) 'issues'
            THEN pg_catalog.concat(j.more OPERATOR(pg_catalog.+) pg_catalog.jsonb_array_length(j.items), ' issues') ELSE n.subject END
    FROM joined AS j WHERE n.id OPERATOR(pg_catalog.=) j.leader
    RETURNING n.*)
SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('id', c.id, 'owner', o.name, 'kind', c.kind, 'incident', c.incident_id,
    'subject', c.subject, 'items', c.items, 'more', c.more, 'contacts', o.contacts, 'attempts', c.attempts, 'repeated', c.repeated,
    'members', (SELECT COALESCE(pg_catalog.jsonb_agg(p.contacts ORDER BY p.name), '[]')
                FROM assay.team_member AS m JOIN assay.owner AS p ON p.id OPERATOR(pg_catalog.=) m.person_id
                WHERE m.team_id OPERATOR(pg_catalog.=) o.id
                  AND ($1 OR pg_catalog.pg_has_role($2::pg_catalog.oid, p.role::pg_catalog.oid, 'USAGE')))) ORDER BY c.due_at, c.id)::pg_catalog.text
FROM claimed AS c JOIN assay.owner AS o ON o.id OPERATOR(pg_catalog.=) c.owner_id",
        items = super::ITEMS,
    );
    let parameters = || vec![all.into(), caller.into(), at.into()];
    tables::as_owner(|| tables::write(&give_up, &parameters()))?;
    let mut all = parameters();
    all.extend([max.into(), lease.into()]);
    read_json(&claim, &all)
}

/// The addresses of one kind that contacts have: one, or an array of them.
fn addresses<'a>(contacts: &'a Json, kind: &str) -> Vec<&'a str> {
    match contacts.get(kind) {
        Some(Json::String(one)) => vec![one.as_str()],
        Some(Json::Array(many)) => many.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Where to deliver: the owner's own addresses; of a team without any, those of its members that the caller may see.
fn channels(contacts: &Json, members: &[Json]) -> Json {
    const KINDS: [&str; 3] = ["email", "webhook", "slack"];
    let has_own = KINDS.iter().any(|kind| !addresses(contacts, kind).is_empty());
    let from: Vec<&Json> = match has_own {
        true => vec![contacts],
        false => members.iter().collect(),
    };
    let of = |kind: &str| -> BTreeSet<&str> { from.iter().flat_map(|contacts| addresses(contacts, kind)).collect() };
    json!({"email": of("email"), "webhook": of("webhook"), "slack": of("slack")})
}

result_row! {
    /// A notification to be delivered.
    struct PendingRow {
        id: i64,
        owner: String,
        kind: String,
        incident: Option<i64>,
        subject: String,
        body: String,
        channels: Json,
        attempts: i32,
        repeated: bool,
    }
}

/// `pending_notifications(max, at, lease)`.
#[pg_extern(sql = false)]
fn pending_notifications(
    max: Option<i32>,
    at: Option<TimestampWithTimeZone>,
    lease: Option<Interval>,
) -> SetOf<PendingRow> {
    read_only::require_writable(c"assay.pending_notifications()");
    let rows = || -> Result<Vec<PendingRow>> {
        let max = required("max", max)?;
        let at = required("at", at)?;
        let lease = required("lease", lease)?;
        if !(1..=CLAIMED).contains(&max) {
            return Err(Error::new(INVALID_PARAMETER, "argument \"max\" is out of range")
                .detail(format!("The value is {max}."))
                .hint(format!("It is how many are claimed at once, 1 to {CLAIMED}.")));
        }
        let lease = lease.as_micros() as f64 / 1e6;
        clock::of("at", at)?;
        if !(1.0..=LONGEST_LEASE).contains(&lease) {
            return Err(Error::new(INVALID_PARAMETER, "argument \"lease\" is out of range")
                .hint("It is how long the caller takes to deliver them at most, a second to a day."));
        }
        let row = |claimed: Claimed| PendingRow {
            body: message::body(&claimed.kind, &claimed.items, claimed.more, claimed.repeated),
            channels: channels(&claimed.contacts, &claimed.members),
            id: claimed.id,
            owner: claimed.owner,
            kind: claimed.kind,
            incident: claimed.incident,
            subject: claimed.subject,
            attempts: claimed.attempts,
            repeated: claimed.repeated,
        };
        Ok(claim(max, at, lease)?.into_iter().map(row).collect())
    };
    set_of(or_raise(rows()))
}

/// `mark_notification(id, status, detail, at)`.
#[pg_extern(sql = false)]
fn mark_notification(
    id: Option<i64>,
    status: Option<Text>,
    detail: Option<Text>,
    at: Option<TimestampWithTimeZone>,
) -> Text {
    read_only::require_writable(c"assay.mark_notification()");
    or_raise((|| {
        let id = required("id", id)?;
        let status = required("status", status)?;
        let at = required("at", at)?;
        clock::of("at", at)?;
        if !["sent", "failed", "dropped"].contains(&&*status) {
            return Err(Error::new(INVALID_PARAMETER, format!("\"{status}\" is no outcome of a delivery"))
                .hint("It is sent, failed (it is tried again) or dropped (it is not). Where it is not known whether it got through, mark nothing: when the claim has run out it is given again as one that may be a repeat."));
        }
        let detail: Option<String> = detail.map(|detail| detail.chars().take(DETAIL).collect());
        let (all, caller) = (may_all()?, role::current());
        let mark = format!(
            "UPDATE assay.notification AS n SET
    status = CASE WHEN n.status OPERATOR(pg_catalog.=) ANY ('{{sent,dropped}}') THEN n.status
                  WHEN $5 OPERATOR(pg_catalog.<>) 'failed' THEN $5
                  WHEN n.attempts OPERATOR(pg_catalog.>=) {ATTEMPTS} THEN 'failed' ELSE 'pending' END,
    sent_at = CASE WHEN n.sent_at IS NULL AND $5 OPERATOR(pg_catalog.=) 'sent' THEN $3 ELSE n.sent_at END,
    due_at = CASE WHEN $5 OPERATOR(pg_catalog.=) 'failed' AND n.status OPERATOR(pg_catalog.=) 'sending'
        THEN $3 OPERATOR(pg_catalog.+) pg_catalog.make_interval(secs => LEAST(60 OPERATOR(pg_catalog.*) pg_catalog.power(2::pg_catalog.float8,
             (n.attempts OPERATOR(pg_catalog.-) 1)::pg_catalog.float8), 3600)) ELSE n.due_at END,
    claimed_until = NULL, detail = COALESCE($6, n.detail)
WHERE n.id OPERATOR(pg_catalog.=) $4 AND {ACTS}
RETURNING n.status"
        );
        let now: Option<Text> = tables::as_owner(|| {
            tables::write_returning(
                &mark,
                &[
                    all.into(),
                    caller.into(),
                    at.into(),
                    id.into(),
                    status.into(),
                    detail.map(Prose::from).into(),
                ],
            )
        })?;
        now.ok_or_else(|| {
            Error::new(UNDEFINED_NOTIFICATION, format!("notification {id} does not exist"))
                .hint("SELECT id, status FROM assay.notifications lists those of owners for whom you act.")
        })
    })())
}

/// Forgets notifications that came to an end so many seconds before `at`, the oldest first; gives how many.
fn forget(seconds: f64, most: i64, at: TimestampWithTimeZone) -> Result<i64> {
    let gone = tables::as_owner(|| {
        tables::write_returning(
            "WITH gone AS (
    DELETE FROM assay.notification WHERE ctid OPERATOR(pg_catalog.=) ANY (ARRAY(
        SELECT n.ctid FROM assay.notification AS n
        WHERE n.status OPERATOR(pg_catalog.=) ANY ('{sent,failed,dropped}')
          AND n.due_at OPERATOR(pg_catalog.<) ($3::pg_catalog.timestamptz OPERATOR(pg_catalog.-) pg_catalog.make_interval(secs => $1))
        ORDER BY n.due_at LIMIT $2 FOR UPDATE SKIP LOCKED))
    RETURNING 1)
SELECT pg_catalog.count(*) FROM gone",
            &[seconds.into(), most.into(), at.into()],
        )
    })?;
    Ok(gone.unwrap_or(0))
}

/// Forgets what is older than `assay.history_retention`.
pub fn forget_old(at: TimestampWithTimeZone) -> Result<()> {
    match settings::history_retention() {
        Retention::Seconds(seconds) => forget(f64::from(seconds), FORGOTTEN, at).map(drop),
        Retention::Forever | Retention::Nothing => Ok(()),
    }
}

/// `prune_notifications(older_than, most)`.
#[pg_extern(sql = false)]
fn prune_notifications(older_than: Option<Interval>, most: Option<i64>) -> i64 {
    read_only::require_writable(c"assay.prune_notifications()");
    or_raise((|| {
        let older_than = required("older_than", older_than)?;
        if older_than.is_negative() || older_than.as_micros() > OLDEST || most.is_some_and(|most| most < 1) {
            return Err(
                Error::new(INVALID_PARAMETER, "argument \"older_than\" or \"most\" is out of range").hint(
                    "older_than is an age such as '90 days'; most is how many are deleted at most, NULL for all.",
                ),
            );
        }
        if !may_all()? {
            return Err(
                Error::new(INSUFFICIENT_PRIVILEGE, "permission denied for notifications")
                    .hint("It takes the rights of the database's owner, or UPDATE on assay.notification."),
            );
        }
        let at = crate::pg::snapshot::time().map_err(|_| Error::new(INTERNAL, "the clock is wrong"))?;
        forget(older_than.as_micros() as f64 / 1e6, most.unwrap_or(i64::MAX), at)
    })())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_without_addresses_is_told_at_those_of_its_members() {
        let members = [
            json!({"email": "a@x.example"}),
            json!({"email": ["b@x.example", "a@x.example"], "webhook": 3}),
        ];
        assert_eq!(
            channels(&json!({}), &members),
            json!({"email": ["a@x.example", "b@x.example"], "webhook": [], "slack": []})
        );
        let own = json!({"webhook": "https://x.example/h"});
        assert_eq!(
            channels(&own, &members),
            json!({"email": [], "webhook": ["https://x.example/h"], "slack": []})
        );
        assert_eq!(
            channels(&json!(null), &[]),
            json!({"email": [], "webhook": [], "slack": []})
        );
    }
}
