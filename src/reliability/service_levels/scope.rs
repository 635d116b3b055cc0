//! What targets are made of: a relation has columns and checks, a schema relations, a data product assets.

/// A target under a key of the caller's.
pub struct Scope {
    pub key: usize,
    pub asset: Option<i64>,
    pub product: Option<i64>,
}

/// The beginning of a query on assay's own tables, in which these can be read:
/// - `target (key, asset_id, product_id)`: the targets;
/// - `named (key, id, kind, name, relation, relation_name, column_name)`: assets that are targets, and those of products, but for their inputs, which
///   are others';
/// - `covered (key, asset_id)`: these, and the columns and checks of a relation, and what is in a schema.
pub fn with(scopes: &[Scope]) -> String {
    let list = |number: &dyn Fn(&Scope) -> Option<i64>| {
        let texts: Vec<String> = (scopes.iter())
            .map(|scope| number(scope).map_or("NULL".into(), |number| number.to_string()))
            .collect();
        format!("'{{{}}}'::bigint[]", texts.join(","))
    };
    let (keys, assets, products) = (
        list(&|scope| i64::try_from(scope.key).ok()),
        list(&|scope| scope.asset),
        list(&|scope| scope.product),
    );
    format!(
        "WITH target AS MATERIALIZED (
    SELECT t.key, t.asset_id, t.product_id
    FROM ROWS FROM (pg_catalog.unnest({keys}), pg_catalog.unnest({assets}), pg_catalog.unnest({products})) AS t(key, asset_id, product_id)),
named AS MATERIALIZED (
    SELECT n.key, a.id, a.kind, a.name, a.relation::pg_catalog.oid AS relation, a.relation_name, a.column_name
    FROM (SELECT t.key, t.asset_id FROM target AS t WHERE t.asset_id IS NOT NULL
          UNION
          SELECT t.key, p.asset_id
          FROM target AS t
          JOIN assay.product_asset AS p ON p.product_id OPERATOR(pg_catalog.=) t.product_id AND p.role OPERATOR(pg_catalog.<>) 'input') AS n
    JOIN assay.asset AS a ON a.id OPERATOR(pg_catalog.=) n.asset_id),
covered AS MATERIALIZED (
    SELECT n.key, n.id AS asset_id FROM named AS n
    UNION
    SELECT n.key, a.id FROM named AS n JOIN assay.asset AS a ON a.base_id OPERATOR(pg_catalog.=) n.id
    UNION
    SELECT n.key, a.id
    FROM named AS n
    JOIN assay.asset AS a ON pg_catalog.starts_with(a.relation_name, (pg_catalog.quote_ident(n.name) OPERATOR(pg_catalog.||) '.'))
    WHERE n.kind OPERATOR(pg_catalog.=) 'schema')"
    )
}

/// As the above, and `checks (key, id)`: the stored checks of the targets' assets. A relation is the same where the object or the name is.
pub fn with_checks(scopes: &[Scope]) -> String {
    format!(
        "{},
checks AS MATERIALIZED (
    SELECT n.key, c.id
    FROM named AS n
    JOIN assay.quality_check AS c ON c.relation::pg_catalog.oid OPERATOR(pg_catalog.=) n.relation
    WHERE n.kind OPERATOR(pg_catalog.=) 'relation' OR (n.kind OPERATOR(pg_catalog.=) 'column' AND c.column_name OPERATOR(pg_catalog.=) n.column_name)
    UNION
    SELECT n.key, c.id
    FROM named AS n
    JOIN assay.quality_check AS c ON c.relation_name OPERATOR(pg_catalog.=) n.relation_name
    WHERE n.kind OPERATOR(pg_catalog.=) 'relation' OR (n.kind OPERATOR(pg_catalog.=) 'column' AND c.column_name OPERATOR(pg_catalog.=) n.column_name)
    UNION
    SELECT n.key, c.id
    FROM named AS n
    JOIN assay.quality_check AS c ON c.id::pg_catalog.text OPERATOR(pg_catalog.=) n.name
    WHERE n.kind OPERATOR(pg_catalog.=) 'check'
    UNION
    SELECT n.key, c.id
    FROM named AS n
    JOIN assay.quality_check AS c ON pg_catalog.starts_with(c.relation_name, (pg_catalog.quote_ident(n.name) OPERATOR(pg_catalog.||) '.'))
    WHERE n.kind OPERATOR(pg_catalog.=) 'schema')",
        with(scopes)
    )
}

/// The query of the incidents of targets, after [`with`]: key, id, when each began and when its effect ended, severity. Cancelled ones are none, and
/// what was merged into another incident is told by that one.
pub const INCIDENTS: &str = "SELECT DISTINCT f.key, i.id, i.started_at, COALESCE(i.mitigated_at, i.ended_at), i.severity
FROM (SELECT c.key, s.incident_id FROM covered AS c JOIN assay.issue AS s ON s.asset_id OPERATOR(pg_catalog.=) c.asset_id
      WHERE s.incident_id IS NOT NULL
      UNION
      SELECT c.key, r.id FROM covered AS c JOIN assay.incident AS r ON r.root_id OPERATOR(pg_catalog.=) c.asset_id) AS f
JOIN assay.incident AS i ON i.id OPERATOR(pg_catalog.=) f.incident_id
WHERE i.status OPERATOR(pg_catalog.<>) 'cancelled' AND i.merged_into IS NULL";

/// The query of the maintenance of targets, after [`with`]: key, from when, until when. Of a data product that of one of its assets alone is none.
pub const MAINTENANCE: &str = "SELECT f.key, pg_catalog.lower(f.during), pg_catalog.upper(f.during)
FROM (SELECT t.key, m.during FROM target AS t JOIN assay.maintenance AS m ON m.product_id OPERATOR(pg_catalog.=) t.product_id
      UNION
      SELECT t.key, m.during FROM target AS t JOIN assay_internal.maintenance_of_asset AS m ON m.asset_id OPERATOR(pg_catalog.=) t.asset_id) AS f";
