//! The tables, views and functions that a question is confined to.

use std::collections::BTreeSet;

use pgrx::pg_sys::Oid;

use super::object::{Object, relation_of, resolve};
use super::run::planning;
use crate::pg::error::{Error, Result, UNDEFINED_TABLE};
use crate::pg::{guarded, relation, role};

/// What was named.
pub struct Objects {
    /// Tables and views, as they were named.
    pub named: Vec<i64>,
    /// Functions, each with the name by which it was called.
    pub functions: Vec<(Oid, String)>,
    /// Tables and views with what they read.
    relations: BTreeSet<u32>,
}

impl Objects {
    /// The objects of an argument. Returns an error where one is not there.
    pub fn named(names: &[String]) -> Result<Objects> {
        let mut objects = Objects {
            named: Vec::new(),
            functions: Vec::new(),
            relations: BTreeSet::new(),
        };
        for name in names {
            if name.contains('(') {
                if let Object::Routine(oid) = resolve(name)? {
                    objects.functions.push((oid, name.clone()));
                }
                continue;
            }
            let oid = relation_of(name).ok_or_else(|| {
                Error::new(UNDEFINED_TABLE, format!("there is no table or view \"{name}\""))
                    .hint("Name tables and views as in SQL, with their schema where the search path does not have it; functions with the types of their arguments.")
            })?;
            objects.named.push(i64::from(oid.to_u32()));
            objects.add(oid)?;
        }
        Ok(objects)
    }

    /// Adds a relation with what is read for it: by a view, and by policies.
    fn add(&mut self, oid: Oid) -> Result<()> {
        self.relations.insert(oid.to_u32());
        let Some(name) = relation::name_of(oid) else {
            return Ok(());
        };
        // One that may not be read is nothing that a query could read, either.
        if let Ok(estimate) = guarded::try_estimate(&format!("TABLE {name}"), role::current(), &planning())? {
            self.relations.extend(estimate.relations);
        }
        Ok(())
    }

    /// All relations that a query may read that is confined to them.
    pub fn relations(&self) -> &BTreeSet<u32> {
        &self.relations
    }
}
