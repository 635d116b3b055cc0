//! Statements that Citus runs on every worker, each in a transaction of its own that no rollback here undoes.

use crate::pg::error::{Error, NOT_IN_CLUSTER, Result};
use crate::pg::text::Text;
use crate::pg::{distributed, statement, tables};

/// So many characters of what a worker says are shown.
const SHOWN: usize = 500;

/// A text as a literal of SQL, whatever `standard_conforming_strings` says.
pub fn literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    match doubled.contains('\\') {
        true => format!("E'{}'", doubled.replace('\\', "\\\\")),
        false => format!("'{doubled}'"),
    }
}

/// Returns an error with 55000 unless this is the coordinator of a Citus cluster. `what` names what needs it.
fn require_coordinator(what: &str) -> Result<()> {
    if !distributed::has_citus() {
        return Err(Error::new(NOT_IN_CLUSTER, format!("{what} needs Citus"))
            .detail("This database does not have the extension citus, and so no workers.")
            .hint("Without workers every query runs where the model is. assay.export_model and assay.import_model bring a model to another database."));
    }
    let group: Option<i32> = tables::read("SELECT groupid FROM pg_catalog.pg_dist_local_group", &[])?;
    match group {
        Some(0) => Ok(()),
        Some(_) | None => Err(Error::new(NOT_IN_CLUSTER, format!("{what} needs the coordinator"))
            .detail("This node is a worker, whose models are copies of the coordinator's.")
            .hint("Call it on the coordinator.")),
    }
}

/// Runs a statement on all workers, as the caller, and gives their number. `what` names the work in errors. Returns 55000 on what is no coordinator, and where
/// one of them fails; the others have done it then.
pub fn run(command: &str, what: &str) -> Result<usize> {
    require_coordinator(what)?;
    let (mut workers, mut failed) = (0, Vec::new());
    statement::write(
        "SELECT nodename::pg_catalog.text, nodeport::pg_catalog.int4, success, COALESCE(result, '')::pg_catalog.text
         FROM pg_catalog.run_command_on_workers($1, true) ORDER BY 1, 2",
        &[command.into()],
        &mut |row| {
            let (name, port): (Text, i32) = (row.require(1)?, row.require(2)?);
            workers += 1;
            if !row.require::<bool>(3)? {
                let said: String = row.require::<Text>(4)?.chars().take(SHOWN).collect();
                failed.push(format!("{}:{port} says: {}", &*name, said.trim_end()));
            }
            Ok(())
        },
    )?;
    if !failed.is_empty() {
        return Err(Error::new(
            NOT_IN_CLUSTER,
            format!("{what} failed on {} of {workers} workers", failed.len()),
        )
        .detail(failed.join("\n"))
        .hint("Nothing has changed on the coordinator. Repeat it when the workers are as they should be."));
    }
    Ok(workers)
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn literals_hold_quotes_and_backslashes() {
        assert_eq!(literal("risk"), "'risk'");
        assert_eq!(literal("o'neil"), "'o''neil'");
        assert_eq!(literal("a\\'b"), "E'a\\\\''b'");
    }
}
