//! Sources: which tables can be one, their keys, and the columns that a vectorizer reads.

use pgrx::pg_sys::Oid;

use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, Result, UNDEFINED_COLUMN, UNDEFINED_TABLE};
use crate::pg::text::Text;
use crate::pg::{relation, role, statement, tables};

/// A column of a source's primary key.
#[derive(Debug, Clone)]
pub struct KeyColumn {
    /// Its name.
    pub name: String,
    /// Its type, qualified and without length, to cast texts to.
    pub type_name: String,
    /// Its type with length and collation, to declare a column like it.
    pub declaration: String,
    /// The operator by which the key tells its values apart.
    pub equals: String,
}

/// What a vectorizer reads of its source, by the names of now.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The primary key's columns.
    pub key: Vec<KeyColumn>,
    /// The column whose texts are chunked.
    pub loaded: String,
    /// The columns of the template, in its order.
    pub columns: Vec<String>,
}

/// What kind of a relation it is, and whether its rows may be written by way of another table.
struct Kind {
    relkind: String,
    persistence: String,
    has_children: bool,
    has_parent: bool,
    hides_from_owner: bool,
}

fn kind_of(source: Oid) -> Result<Option<Kind>> {
    let mut kind = None;
    tables::as_owner(|| {
        statement::read(
            "SELECT c.relkind::pg_catalog.text, c.relpersistence::pg_catalog.text,
    EXISTS (SELECT FROM pg_catalog.pg_inherits AS i WHERE i.inhparent OPERATOR(pg_catalog.=) c.oid),
    EXISTS (SELECT FROM pg_catalog.pg_inherits AS i WHERE i.inhrelid OPERATOR(pg_catalog.=) c.oid),
    c.relrowsecurity AND c.relforcerowsecurity
        AND NOT (SELECT r.rolsuper OR r.rolbypassrls FROM pg_catalog.pg_roles AS r WHERE r.oid OPERATOR(pg_catalog.=) c.relowner)
FROM pg_catalog.pg_class AS c WHERE c.oid OPERATOR(pg_catalog.=) $1",
            &[source.into()],
            &mut |row| {
                kind = Some(Kind {
                    relkind: row.require::<Text>(1)?.into(),
                    persistence: row.require::<Text>(2)?.into(),
                    has_children: row.require(3)?,
                    has_parent: row.require(4)?,
                    hides_from_owner: row.require(5)?,
                });
                Ok(())
            },
        )
    })?;
    Ok(kind)
}

fn unsuitable(source: Oid, problem: &str, hint: &str) -> Error {
    let name = relation::name_of(source).unwrap_or_else(|| source.to_u32().to_string());
    Error::new(INVALID_PARAMETER, format!("{name} {problem}")).hint(hint)
}

/// Returns an error unless the caller has the rights of the owner of `source`, which is what it gives.
pub fn require_owner(source: Oid) -> Result<Oid> {
    let (Some(owner), Some(name)) = (relation::owner(source), relation::name_of(source)) else {
        return Err(Error::new(UNDEFINED_TABLE, "argument \"source\" is no table")
            .detail(format!("There is no relation of number {}.", source.to_u32()))
            .hint("Name a table."));
    };
    match role::acts_for(owner) {
        true => Ok(owner),
        false => Err(
            Error::new(INSUFFICIENT_PRIVILEGE, format!("must be owner of table {name}"))
                .detail(format!("It belongs to role \"{}\".", role::name_of(owner)))
                .hint("Its owner, or a member of that role, creates and changes its vectorizers."),
        ),
    }
}

/// Returns an error unless rows of `source` are all seen by triggers on it, and have a key.
pub fn require_suitable(source: Oid, in_transaction: bool) -> Result<Vec<KeyColumn>> {
    let kind = kind_of(source)?.ok_or_else(|| unsuitable(source, "is not there", "Name a table."))?;
    let refusal = match kind.relkind.as_str() {
        "r" => None,
        "v" | "m" => Some((
            "is a view: no trigger sees its rows change",
            "Make a vectorizer of the table beneath it.",
        )),
        "f" => Some((
            "is a foreign table: its rows change where no trigger sees it",
            "Copy its rows to a table, and make a vectorizer of that.",
        )),
        "p" => Some((
            "is a partitioned table: rows come and go with its partitions, and no trigger sees it",
            "Make a vectorizer of each partition.",
        )),
        _ => Some(("is no table", "Name a table.")),
    };
    let refusal = refusal.or(match kind.persistence.as_str() {
        "t" => Some(("is a temporary table", "Name a table that stays.")),
        "u" => Some((
            "is unlogged: a crash empties it, and not what is kept of it",
            "ALTER TABLE ... SET LOGGED first.",
        )),
        _ if kind.has_children => Some((
            "has tables that inherit from it: its own triggers do not see their rows change",
            "Make a vectorizer of each of them.",
        )),
        _ if in_transaction && kind.has_parent => Some((
            "is a part of another table: what is written by way of that is not seen by triggers for statements",
            "Use consistency => 'queue'.",
        )),
        _ if kind.hides_from_owner => Some((
            "hides rows from its own owner: row-level security is forced on it",
            "ALTER TABLE ... NO FORCE ROW LEVEL SECURITY, or have it owned by a role with BYPASSRLS.",
        )),
        _ => None,
    });
    if let Some((problem, hint)) = refusal {
        return Err(unsuitable(source, problem, hint));
    }
    let key = key_of(source)?;
    match key.is_empty() {
        true => Err(unsuitable(
            source,
            "has no primary key",
            "ALTER TABLE ... ADD PRIMARY KEY (...) first.",
        )),
        false => Ok(key),
    }
}

/// The columns of its primary key, in its order; none without one.
pub fn key_of(source: Oid) -> Result<Vec<KeyColumn>> {
    let mut key = Vec::new();
    tables::as_owner(|| {
        statement::read(
            "SELECT a.attname::pg_catalog.text,
    pg_catalog.quote_ident(tn.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(t.typname),
    pg_catalog.format_type(a.atttypid, a.atttypmod) OPERATOR(pg_catalog.||) COALESCE((
        SELECT ' COLLATE ' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(cn.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(l.collname)
        FROM pg_catalog.pg_collation AS l JOIN pg_catalog.pg_namespace AS cn ON cn.oid OPERATOR(pg_catalog.=) l.collnamespace
        WHERE l.oid OPERATOR(pg_catalog.=) a.attcollation AND a.attcollation OPERATOR(pg_catalog.<>) t.typcollation), ''),
    'OPERATOR(' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(n.nspname) OPERATOR(pg_catalog.||) '.' OPERATOR(pg_catalog.||) o.oprname OPERATOR(pg_catalog.||) ')'
FROM pg_catalog.pg_index AS i
CROSS JOIN LATERAL pg_catalog.unnest(i.indkey) WITH ORDINALITY AS k(number, place)
JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) i.indrelid AND a.attnum OPERATOR(pg_catalog.=) k.number
JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) a.atttypid
JOIN pg_catalog.pg_namespace AS tn ON tn.oid OPERATOR(pg_catalog.=) t.typnamespace
JOIN pg_catalog.pg_opclass AS c ON c.oid OPERATOR(pg_catalog.=) i.indclass[(k.place OPERATOR(pg_catalog.-) 1)::pg_catalog.int4]
JOIN pg_catalog.pg_amop AS m ON m.amopfamily OPERATOR(pg_catalog.=) c.opcfamily AND m.amoplefttype OPERATOR(pg_catalog.=) c.opcintype
    AND m.amoprighttype OPERATOR(pg_catalog.=) c.opcintype AND m.amopstrategy OPERATOR(pg_catalog.=) 3
JOIN pg_catalog.pg_operator AS o ON o.oid OPERATOR(pg_catalog.=) m.amopopr
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) o.oprnamespace
WHERE i.indrelid OPERATOR(pg_catalog.=) $1 AND i.indisprimary AND k.place OPERATOR(pg_catalog.<=) i.indnkeyatts
ORDER BY k.place",
            &[source.into()],
            &mut |row| {
                key.push(KeyColumn {
                    name: row.require::<Text>(1)?.into(),
                    type_name: row.require::<Text>(2)?.into(),
                    declaration: row.require::<Text>(3)?.into(),
                    equals: row.require::<Text>(4)?.into(),
                });
                Ok(())
            },
        )
    })?;
    Ok(key)
}

/// The columns that the vectorizer's trigger names, by the names of now: the loaded one, then those of the template that are others.
pub fn columns_of(source: Oid, vectorizer: i64) -> Result<Vec<String>> {
    let mut columns = Vec::new();
    tables::as_owner(|| {
        statement::read(
            "SELECT a.attname::pg_catalog.text
FROM pg_catalog.pg_trigger AS t
CROSS JOIN LATERAL pg_catalog.unnest(t.tgattr) WITH ORDINALITY AS k(number, place)
JOIN pg_catalog.pg_attribute AS a ON a.attrelid OPERATOR(pg_catalog.=) t.tgrelid AND a.attnum OPERATOR(pg_catalog.=) k.number
WHERE t.tgrelid OPERATOR(pg_catalog.=) $1 AND t.tgfoid OPERATOR(pg_catalog.=) 'assay_internal.vectorizer_columns()'::pg_catalog.regprocedure
    AND t.tgargs OPERATOR(pg_catalog.=) (pg_catalog.convert_to($2::pg_catalog.text, 'UTF8') OPERATOR(pg_catalog.||) '\\x00'::pg_catalog.bytea)
ORDER BY k.place",
            &[source.into(), vectorizer.to_string().into()],
            &mut |row| {
                columns.push(row.require::<Text>(1)?.into());
                Ok(())
            },
        )
    })?;
    Ok(columns)
}

/// Returns an error unless `source` has all these columns.
pub fn require_columns(source: Oid, columns: &[String]) -> Result<()> {
    let missing = columns.iter().find(|column| !relation::has_column(source, column));
    match missing {
        None => Ok(()),
        Some(missing) => {
            let name = relation::name_of(source).unwrap_or_default();
            Err(Error::new(
                UNDEFINED_COLUMN,
                format!("column \"{missing}\" of {name} does not exist"),
            )
            .hint(
                "loading names a column of the source, as {\"column\": \"body\"}; formatting names others as $title.",
            ))
        }
    }
}
