//! Where the rows of a source are, and so where a pass may read them: here; on the nodes of a Citus cluster; on foreign servers of postgres_fdw that have
//! assay, whole or in partitions. What is said here opens no way to rows: each query runs as the caller, with its user mappings, as any of its own does.

use pgrx::pg_sys::Oid;
use pgrx::spi::quote_identifier;

use crate::pg::catalog::{self, Key};
use crate::pg::error::Result;
use crate::pg::query::Query;
use crate::pg::{foreign_server, relation};
use crate::quality::source::Source;

/// Where the rows of a source are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placement {
    /// On this server.
    Here,
    /// In a distributed table of Citus.
    Citus,
    /// On foreign servers that have assay.
    Foreign,
    /// In the partitions of a table: the names of those that are on such servers, and of the others.
    Partitions { sent: Vec<String>, others: Vec<String> },
    /// On other servers, from which they have to be fetched: why.
    Fetched(String),
}

/// The catalog in which Citus keeps its tables, and its index by them; `None` without Citus.
fn citus() -> Option<(Oid, Oid)> {
    let catalog = relation::of_name("pg_catalog.pg_dist_partition")?;
    Some((
        catalog,
        relation::of_name("pg_catalog.pg_dist_partition_logical_relid_index")?,
    ))
}

/// Whether a table is distributed by Citus. Its tables without a column to distribute by are whole on each node that has them.
fn is_distributed((catalog, index): (Oid, Oid), table: Oid) -> Result<bool> {
    const TABLE: i16 = 1;
    const COLUMN: usize = 3;
    let keys = [Key::Oid(TABLE, table)];
    let found = catalog::find_in_catalog(catalog, index, &keys, |row| Ok(Some(!row.is_null(COLUMN))))?;
    Ok(found.unwrap_or(false))
}

/// The name of the server of a foreign table, and whether it takes assay's aggregates; `None` for any other relation.
fn server_of(table: Oid) -> Result<Option<(String, bool)>> {
    let Some(server) = foreign_server::of_table(table)? else {
        return Ok(None);
    };
    let takes = server.is_of("postgres_fdw") && server.options().any(lists_assay);
    Ok(Some((server.name.clone(), takes)))
}

/// Whether an option of a server of postgres_fdw says that assay is there.
fn lists_assay((name, value): (&str, &str)) -> bool {
    let is_assay = |extension: &str| extension.trim().trim_matches('"') == "assay";
    name == "extensions" && value.split(',').any(is_assay)
}

fn not_listed(server: &str) -> Placement {
    let name = quote_identifier(server);
    Placement::Fetched(format!(
        "server {name} is not known to have assay (ALTER SERVER {name} OPTIONS (ADD extensions 'assay') says that it has the same version)"
    ))
}

impl Placement {
    /// Where the rows of a source are.
    pub fn of(source: &Source) -> Result<Placement> {
        let tables: Vec<Oid> = (Query::reads(&source.text)?.relations.into_iter())
            .map(Oid::from)
            .collect();
        if let Some(citus) = citus() {
            for &table in &tables {
                if is_distributed(citus, table)? {
                    return Ok(Placement::Citus);
                }
            }
        }
        if let (true, [table]) = (source.is_relation(), tables.as_slice())
            && let Some(leaves) = relation::leaves(*table)
        {
            return Placement::of_leaves(source, *table, &leaves);
        }
        let mut unlisted = None;
        for table in tables {
            match server_of(table)? {
                Some((_, true)) => return Ok(Placement::Foreign),
                Some((server, false)) => unlisted = Some(server),
                None => {}
            }
        }
        Ok(unlisted.map_or(Placement::Here, |server| not_listed(&server)))
    }

    /// Where the rows of a partitioned table are.
    fn of_leaves(source: &Source, table: Oid, leaves: &[Oid]) -> Result<Placement> {
        let (mut sent, mut others, mut unlisted) = (Vec::new(), Vec::new(), None);
        for &leaf in leaves {
            let Some(name) = relation::name_of(leaf) else { continue };
            match server_of(leaf)? {
                Some((_, true)) => sent.push(name),
                Some((server, false)) => {
                    unlisted = Some(server);
                    others.push(name);
                }
                None => others.push(name),
            }
        }
        if sent.is_empty() {
            return Ok(unlisted.map_or(Placement::Here, |server| not_listed(&server)));
        }
        // A partition that is read by itself has other policies than the table that it belongs to.
        let has_policies = |&table: &Oid| relation::has_policies(table);
        if source.row_security() || has_policies(&table) || leaves.iter().any(has_policies) {
            return Ok(Placement::Fetched(
                "policies of row-level security choose the rows of the table or of a partition".into(),
            ));
        }
        Ok(Placement::Partitions { sent, others })
    }

    /// Whether the rows are elsewhere, and can be read there.
    pub fn is_elsewhere(&self) -> bool {
        match self {
            Placement::Citus | Placement::Foreign | Placement::Partitions { .. } => true,
            Placement::Here | Placement::Fetched(_) => false,
        }
    }

    /// Where a pass reads them, for people; `None` of rows that are here.
    pub fn describe(&self) -> Option<String> {
        match self {
            Placement::Here => None,
            Placement::Citus => {
                Some("each node of the Citus cluster reads its shards, and the states are merged".into())
            }
            Placement::Foreign => Some("the foreign server reads the rows and sends the state".into()),
            Placement::Partitions { sent, others } => Some(format!(
                "the servers of {} of {} partitions read them, and the states are merged",
                sent.len(),
                sent.len() + others.len()
            )),
            Placement::Fetched(why) => Some(format!("the rows are fetched from another server: {why}")),
        }
    }

    /// A row `q` of the source as JSON. Where rows come from the nodes of a Citus cluster they have lost the names of their columns.
    pub fn row_json(&self, row: &str, source: &Source) -> String {
        /// A function takes 100 arguments.
        const PAIRS: usize = 50;
        if *self != Placement::Citus || source.columns().is_empty() {
            return format!("pg_catalog.to_jsonb({row})");
        }
        let objects = source.columns().chunks(PAIRS).map(|columns| {
            let pairs = columns.iter().map(|column| {
                let (label, name) = (pgrx::spi::quote_literal(&column.name), quote_identifier(&column.name));
                format!("{label}, ({row}).{name}")
            });
            format!(
                "pg_catalog.jsonb_build_object({})",
                pairs.collect::<Vec<_>>().join(", ")
            )
        });
        objects.collect::<Vec<_>>().join(" OPERATOR(pg_catalog.||) ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_lists_the_extension_by_its_name() {
        for (option, lists) in [
            (("extensions", "assay"), true),
            (("extensions", "cube, assay"), true),
            (("extensions", "\"assay\",seg"), true),
            (("extensions", "assay_more"), false),
            (("extensions", ""), false),
            (("dbname", "assay"), false),
        ] {
            assert_eq!(lists_assay(option), lists, "{option:?}");
        }
    }
}
