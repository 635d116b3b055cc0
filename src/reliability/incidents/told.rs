//! Who is told of what happens to incidents.

use pgrx::datum::TimestampWithTimeZone;

use crate::pg::error::Result;
use crate::reliability::outbox;
use crate::reliability::trail::Kind;

/// Hands an incident that has changed to the outbox.
pub fn incident_changed(incident: i64, kind: Kind, at: TimestampWithTimeZone) -> Result<()> {
    outbox::incident_changed(incident, kind.name(), at)
}
