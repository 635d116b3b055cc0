//! Who is told of what happens to incidents.

use pgrx::datum::TimestampWithTimeZone;

use crate::pg::error::Result;
use crate::reliability::outbox;
use crate::reliability::trail::Kind;

/// Hands an incident that has changed to the outbox.
pub fn incident_changed(incident: i64, kind: Kind, at: TimestampWithTimeZone) -> Result<()> {
    outbox::incident_changed(incident, kind.name(), at)
}

/// The same for several, to which the same has happened.
pub fn incidents_changed(incidents: &[i64], kind: Kind, at: TimestampWithTimeZone) -> Result<()> {
    incidents
        .iter()
        .try_for_each(|incident| incident_changed(*incident, kind, at))
}
