//! `acknowledge`, `mitigate`, `resolve`, `cancel`, `reopen_incident` and `annotate`: what people do about an incident.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_extern;
use serde_json::json;

use super::incident::{self, Moment, Want, check_note};
use super::state::{self, Act};
use crate::pg::error::{Result, or_raise};
use crate::pg::options::required;
use crate::pg::read_only;
use crate::pg::text::Text;
use crate::reliability::outbox;
use crate::reliability::trail::{self, Actor, Kind};

/// Changes an incident's state.
fn act(act: Act, id: Option<i64>, note: Option<Text>, at: Option<TimestampWithTimeZone>) -> Result<()> {
    let (id, moment) = (required("incident", id)?, Moment::of(at)?);
    check_note(note.as_deref())?;
    let want = match act {
        Act::Acknowledge | Act::Mitigate | Act::Reopen => Want::Act,
        Act::Resolve | Act::Cancel => Want::End,
    };
    incident::require(id, want)?;
    let incident = incident::lock(id)?;
    act.require(&incident)?;
    let at = moment.after(&incident)?;
    let to = act.to(incident.acknowledged_at.is_some());
    state::write(id, act, to, Actor::caller().name(), at)?;
    let mut details = json!({"from": incident.status.name(), "to": to.name()});
    moment.note_in(&mut details)?;
    trail::record(id, act.event(), note.as_deref(), details, at)?;
    outbox::incidents_changed(&[id], act.event(), at)
}

macro_rules! acts {
    ($($(#[$about:meta])* $function:ident $name:literal => $act:path),*) => {
        $($(#[$about])*
        #[pg_extern(sql = false)]
        fn $function(incident: Option<i64>, note: Option<Text>, at: Option<TimestampWithTimeZone>) {
            read_only::require_writable($name);
            or_raise(act($act, incident, note, at));
        })*
    };
}

acts!(
    /// `acknowledge(incident, note, at)`.
    acknowledge c"assay.acknowledge()" => Act::Acknowledge,
    /// `mitigate(incident, note, at)`.
    mitigate c"assay.mitigate()" => Act::Mitigate,
    /// `resolve(incident, note, at)`.
    resolve c"assay.resolve()" => Act::Resolve,
    /// `cancel(incident, note, at)`.
    cancel c"assay.cancel()" => Act::Cancel,
    /// `reopen_incident(incident, note, at)`.
    reopen_incident c"assay.reopen_incident()" => Act::Reopen
);

/// `annotate(incident, note, at)`.
#[pg_extern(sql = false)]
fn annotate(incident: Option<i64>, note: Option<Text>, at: Option<TimestampWithTimeZone>) {
    read_only::require_writable(c"assay.annotate()");
    or_raise((|| {
        let (id, note, moment) = (
            required("incident", incident)?,
            required("note", note)?,
            Moment::of(at)?,
        );
        check_note(Some(&note))?;
        incident::require(id, Want::Annotate)?;
        let mut details = json!({});
        moment.note_in(&mut details)?;
        trail::record(id, Kind::Annotated, Some(&note), details, moment.time()?)
    })());
}
