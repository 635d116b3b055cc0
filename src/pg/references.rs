//! What PostgreSQL's own catalogs say reads what: views, functions whose bodies are SQL, foreign keys, partitions.
//!
//! `pg_depend` has what the query of a view, and the body of a function that was written as SQL and not as a text, reads, down to columns.

use std::collections::{BTreeSet, HashMap};

use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, Oid};

use super::catalog::{self, Key};
use super::catalog_row::CatalogRow;
use super::compute::serve_interrupts;
use super::derivation::Derivation;
use super::error::Result;

/// Catalogs and their indexes, whose numbers PostgreSQL never changes.
const DEPENDENCIES: Oid = Oid::from_u32(2608);
const BY_DEPENDER: Oid = Oid::from_u32(2673);
const BY_REFERENCE: Oid = Oid::from_u32(2674);
const RULES: Oid = Oid::from_u32(2618);
const RULE_BY_NUMBER: Oid = Oid::from_u32(2692);
const RULE_BY_RELATION: Oid = Oid::from_u32(2693);
const CONSTRAINTS: Oid = Oid::from_u32(2606);
const CONSTRAINT_BY_RELATION: Oid = Oid::from_u32(2665);
const CONSTRAINT_BY_NUMBER: Oid = Oid::from_u32(2667);
const INHERITANCE: Oid = Oid::from_u32(2611);
const BY_CHILD: Oid = Oid::from_u32(2680);
const BY_PARENT: Oid = Oid::from_u32(2187);

/// What a rule for SELECT, that of a view, has as its event.
const SELECT: i8 = b'1' as i8;
/// How such a rule depends on its view.
const INTERNAL: i8 = b'i' as i8;
const FOREIGN_KEY: i8 = b'f' as i8;

/// A view, also a materialised one, that reads a column; with number 0 the relation without one, or all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    pub view: Oid,
    pub relation: Oid,
    pub column: i16,
}

/// A pair of columns of a foreign key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPair {
    pub referencing: (Oid, i16),
    pub referenced: (Oid, i16),
}

/// A partition, or a table that inherits, and what it is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub child: Oid,
    pub parent: Oid,
}

/// A row of `pg_depend`: one object that depends on another.
#[derive(Clone, Copy)]
struct Dependency {
    class: Oid,
    object: Oid,
    on_class: Oid,
    on_object: Oid,
    on_column: i16,
    kind: i8,
}

impl Dependency {
    fn read(row: &CatalogRow) -> Result<Dependency> {
        Ok(Dependency {
            class: row.require(1)?,
            object: row.require(2)?,
            on_class: row.require(4)?,
            on_object: row.require(5)?,
            on_column: i16::try_from(row.require::<i32>(6)?).unwrap_or(0).max(0),
            kind: row.require(7)?,
        })
    }
}

/// What an object depends on, or what depends on it.
fn dependencies(index: Oid, class: Oid, object: Oid) -> Result<Vec<Dependency>> {
    let keys = match index {
        BY_DEPENDER => [Key::Oid(1, class), Key::Oid(2, object)],
        _ => [Key::Oid(4, class), Key::Oid(5, object)],
    };
    let mut found = Vec::new();
    catalog::find_in_catalog::<()>(DEPENDENCIES, index, &keys, |row| {
        found.push(Dependency::read(row)?);
        Ok(None)
    })?;
    Ok(found)
}

/// What the bodies of functions read, those that they call included.
fn read_by_functions(functions: impl IntoIterator<Item = Oid>) -> Result<BTreeSet<(u32, i16)>> {
    let mut reads = BTreeSet::new();
    let mut known: BTreeSet<u32> = BTreeSet::new();
    let mut waiting: Vec<Oid> = functions.into_iter().collect();
    while let Some(function) = waiting.pop() {
        if !known.insert(function.to_u32()) {
            continue;
        }
        serve_interrupts();
        for on in dependencies(BY_DEPENDER, pg_sys::ProcedureRelationId, function)? {
            match on.on_class {
                pg_sys::RelationRelationId => {
                    reads.insert((on.on_object.to_u32(), on.on_column));
                }
                pg_sys::ProcedureRelationId => waiting.push(on.on_object),
                _ => {}
            }
        }
    }
    Ok(reads)
}

/// The relations and columns that the bodies of functions read, as far as they are written as SQL.
pub fn read_by(functions: &BTreeSet<u32>) -> Result<BTreeSet<(u32, i16)>> {
    read_by_functions(functions.iter().copied().map(Oid::from))
}

/// What a view reads; nothing of what is none.
pub fn of_view(view: Oid) -> Result<Vec<Reference>> {
    let mut rule = None;
    catalog::find_in_catalog(RULES, RULE_BY_RELATION, &[Key::Oid(3, view)], |row| {
        if row.require::<i8>(4)? == SELECT {
            rule = Some(row.require::<Oid>(1)?);
        }
        Ok(rule.map(|_| ()))
    })?;
    let Some(rule) = rule else { return Ok(Vec::new()) };
    let on = dependencies(BY_DEPENDER, RULES, rule)?;
    let of_class = |class| on.iter().filter(move |on| on.on_class == class);
    let mut reads: BTreeSet<(u32, i16)> = of_class(pg_sys::RelationRelationId)
        .map(|on| (on.on_object.to_u32(), on.on_column))
        .collect();
    reads.extend(read_by_functions(
        of_class(pg_sys::ProcedureRelationId).map(|on| on.on_object),
    )?);
    let reads = reads.into_iter().filter(|&(relation, _)| relation != view.to_u32());
    Ok(reads
        .map(|(relation, column)| Reference {
            view,
            relation: relation.into(),
            column,
        })
        .collect())
}

/// The view of a rule, if it is one.
fn view_of_rule(rule: Oid) -> Result<Option<Oid>> {
    catalog::find_in_catalog(RULES, RULE_BY_NUMBER, &[Key::Oid(1, rule)], |row| {
        let view = (row.require::<i8>(4)? == SELECT).then_some(row.require::<Oid>(3)?);
        Ok(Some(view))
    })
    .map(Option::flatten)
}

/// The views that read a relation, and its foreign keys that others have on it.
pub fn to_relation(relation: Oid) -> Result<(Vec<Reference>, Vec<KeyPair>)> {
    let (mut views, mut keys) = (BTreeSet::new(), Vec::new());
    let (mut known, mut constraints) = (BTreeSet::new(), BTreeSet::new());
    let on_relation = dependencies(BY_REFERENCE, pg_sys::RelationRelationId, relation)?;
    let mut waiting: Vec<(Dependency, i16)> = on_relation.into_iter().map(|by| (by, by.on_column)).collect();
    while let Some((by, column)) = waiting.pop() {
        match by.class {
            RULES => {
                if let Some(view) = view_of_rule(by.object)?.filter(|&view| view != relation) {
                    views.insert((view.to_u32(), column));
                }
            }
            pg_sys::ProcedureRelationId if known.insert((by.object.to_u32(), column)) => {
                serve_interrupts();
                let more = dependencies(BY_REFERENCE, pg_sys::ProcedureRelationId, by.object)?;
                waiting.extend(more.into_iter().map(|by| (by, column)));
            }
            CONSTRAINTS if by.on_class == pg_sys::RelationRelationId && constraints.insert(by.object.to_u32()) => {
                let on_relation = |pairs: Vec<KeyPair>| pairs.into_iter().filter(|pair| pair.referenced.0 == relation);
                keys.extend(on_relation(read_keys(CONSTRAINT_BY_NUMBER, Key::Oid(1, by.object))?));
            }
            _ => {}
        }
    }
    let reference = |(view, column): (u32, i16)| Reference {
        view: view.into(),
        relation,
        column,
    };
    Ok((views.into_iter().map(reference).collect(), keys))
}

/// How many pages of catalogs all of it is on.
pub fn pages() -> u32 {
    let catalogs = [DEPENDENCIES, CONSTRAINTS, INHERITANCE];
    catalogs.into_iter().map(catalog::pages_of_catalog).sum()
}

/// What all views read.
pub fn all_views() -> Result<Vec<Reference>> {
    let (mut views, mut rules, mut functions) = (HashMap::new(), Vec::new(), HashMap::<u32, Vec<Dependency>>::new());
    let mut seen = 0_u32;
    catalog::visit_catalog::<()>(DEPENDENCIES, |row| {
        seen += 1;
        if seen.is_multiple_of(1024) {
            serve_interrupts();
        }
        let class: Oid = row.require(1)?;
        if class != RULES && class != pg_sys::ProcedureRelationId {
            return Ok(None);
        }
        let on = Dependency::read(row)?;
        match (on.class, on.on_class) {
            (RULES, pg_sys::RelationRelationId) if on.kind == INTERNAL => {
                views.insert(on.object.to_u32(), on.on_object);
            }
            (RULES, pg_sys::RelationRelationId | pg_sys::ProcedureRelationId) => rules.push(on),
            (pg_sys::ProcedureRelationId, pg_sys::RelationRelationId | pg_sys::ProcedureRelationId) => {
                functions.entry(on.object.to_u32()).or_default().push(on);
            }
            _ => {}
        }
        Ok(None)
    })?;
    let mut found = Vec::with_capacity(rules.len());
    let mut add = |view: Oid, on: &Dependency| {
        if on.on_object != view {
            found.push(Reference {
                view,
                relation: on.on_object,
                column: on.on_column,
            });
        }
    };
    for rule in &rules {
        let Some(&view) = views.get(&rule.object.to_u32()) else {
            continue;
        };
        if rule.on_class == pg_sys::RelationRelationId {
            add(view, rule);
            continue;
        }
        let (mut known, mut waiting) = (BTreeSet::new(), vec![rule.on_object.to_u32()]);
        while let Some(function) = waiting.pop() {
            if !known.insert(function) {
                continue;
            }
            for on in functions.get(&function).into_iter().flatten() {
                match on.on_class {
                    pg_sys::RelationRelationId => add(view, on),
                    _ => waiting.push(on.on_object.to_u32()),
                }
            }
        }
    }
    Ok(found)
}

/// What the columns of a view are made of; `None` of what is no view, and where that is not known.
pub fn derivation_of(view: Oid) -> Result<Option<Derivation>> {
    let mut memory = PgMemoryContexts::new("assay view");
    catalog::find_in_catalog(RULES, RULE_BY_RELATION, &[Key::Oid(3, view)], |row| {
        if row.require::<i8>(4)? != SELECT {
            return Ok(None);
        }
        // SAFETY: the tree lives in this memory, of which nothing is kept.
        unsafe {
            memory.switch_to(|_| {
                let queries = row.queries(8)?;
                Ok(queries.first().map(|&query| Derivation::of(query, false)))
            })
        }
    })
    .map(Option::flatten)
}

/// The pairs of foreign keys among the constraints that a key finds.
fn read_keys(index: Oid, key: Key<'_>) -> Result<Vec<KeyPair>> {
    let (mut pairs, columns) = (Vec::new(), KeyColumns::new());
    catalog::find_in_catalog::<()>(CONSTRAINTS, index, &[key], |row| {
        columns.read(row, &mut pairs)?;
        Ok(None)
    })?;
    Ok(pairs)
}

/// Where the columns of `pg_constraint` stand, which differs between versions.
struct KeyColumns {
    kind: usize,
    referencing: usize,
    referenced: usize,
    columns: usize,
    referenced_columns: usize,
}

impl KeyColumns {
    fn new() -> KeyColumns {
        KeyColumns {
            kind: catalog::column_of(CONSTRAINTS, c"contype"),
            referencing: catalog::column_of(CONSTRAINTS, c"conrelid"),
            referenced: catalog::column_of(CONSTRAINTS, c"confrelid"),
            columns: catalog::column_of(CONSTRAINTS, c"conkey"),
            referenced_columns: catalog::column_of(CONSTRAINTS, c"confkey"),
        }
    }

    fn read(&self, row: &CatalogRow, pairs: &mut Vec<KeyPair>) -> Result<()> {
        if row.require::<i8>(self.kind)? != FOREIGN_KEY {
            return Ok(());
        }
        let (referencing, referenced) = (row.require(self.referencing)?, row.require(self.referenced)?);
        let columns: Vec<i16> = row.get(self.columns)?.unwrap_or_default();
        let referenced_columns: Vec<i16> = row.get(self.referenced_columns)?.unwrap_or_default();
        pairs.extend(
            columns
                .into_iter()
                .zip(referenced_columns)
                .map(|(column, other)| KeyPair {
                    referencing: (referencing, column),
                    referenced: (referenced, other),
                }),
        );
        Ok(())
    }
}

/// The foreign keys that a relation has.
pub fn keys_of(relation: Oid) -> Result<Vec<KeyPair>> {
    read_keys(
        CONSTRAINT_BY_RELATION,
        Key::Oid(catalog::column_of(CONSTRAINTS, c"conrelid") as i16, relation),
    )
}

/// All foreign keys.
pub fn all_keys() -> Result<Vec<KeyPair>> {
    let (mut pairs, columns) = (Vec::new(), KeyColumns::new());
    catalog::visit_catalog::<()>(CONSTRAINTS, |row| {
        columns.read(row, &mut pairs)?;
        Ok(None)
    })?;
    Ok(pairs)
}

fn part(row: &CatalogRow) -> Result<Part> {
    Ok(Part {
        child: row.require(1)?,
        parent: row.require(2)?,
    })
}

fn parts(index: Oid, key: Key<'_>) -> Result<Vec<Part>> {
    let mut found = Vec::new();
    catalog::find_in_catalog::<()>(INHERITANCE, index, &[key], |row| {
        found.push(part(row)?);
        Ok(None)
    })?;
    Ok(found)
}

/// What a relation is a part of.
pub fn parents_of(child: Oid) -> Result<Vec<Part>> {
    parts(BY_CHILD, Key::Oid(1, child))
}

/// The parts of a relation.
pub fn parts_of(parent: Oid) -> Result<Vec<Part>> {
    parts(BY_PARENT, Key::Oid(2, parent))
}

/// All parts. Indexes have some, too, which are no relations with rows.
pub fn all_parts() -> Result<Vec<Part>> {
    let mut found = Vec::new();
    catalog::visit_catalog::<()>(INHERITANCE, |row| {
        found.push(part(row)?);
        Ok(None)
    })?;
    Ok(found)
}
