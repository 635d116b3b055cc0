//! What REASSIGN OWNED and DROP OWNED are for tables, for the rows of assay's.

use std::ffi::CStr;

use pgrx::pg_extern;
use pgrx::pg_sys::Oid;

use crate::models::in_use;
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, INVALID_PARAMETER, Result, UNDEFINED_ROLE, or_raise};
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use crate::pg::{catalog, dependency, read_only, role, tables};
use crate::text::datasets;

/// A table with columns of roles, the first of which says whose a row is, and the view that depends on these roles.
struct Owned {
    table: &'static CStr,
    columns: &'static [&'static CStr],
    view: &'static CStr,
}

const MODELS: Owned = Owned {
    table: c"model",
    columns: &[c"owner"],
    view: c"models",
};
const CHECKS: Owned = Owned {
    table: c"quality_check",
    columns: &[c"added_by", c"relation_owner"],
    view: c"checks",
};
const BASELINES: Owned = Owned {
    table: c"baseline",
    columns: &[c"owner"],
    view: c"baselines",
};
const RESULTS: Owned = Owned {
    table: c"quality_history",
    columns: &[c"ran_as", c"added_by"],
    view: c"check_history",
};
const GRANTS: Owned = Owned {
    table: c"model_privilege",
    columns: &[c"role"],
    view: c"model_grants",
};

/// Training sets hold what their role could read: they go with it, or to whom it gives them.
const DATASETS: Owned = Owned {
    table: c"dataset",
    columns: &[c"owner"],
    view: c"datasets",
};

/// What was submitted to models, with what they answered.
const GENERATIONS: Owned = Owned {
    table: c"generation",
    columns: &[c"submitted_by"],
    view: c"generations",
};

/// Questions with queries that answer them.
const EXAMPLES: Owned = Owned {
    table: c"sql_example",
    columns: &[c"added_by"],
    view: c"sql_examples",
};

/// Calls that logged decisions or labels. They outlive the role: what was decided is kept for the model's owner.
const LOGGED: Owned = Owned {
    table: c"prediction_batch",
    columns: &[c"logged_by"],
    view: c"prediction_batches",
};

/// What people rely on whoever said it first. A role that goes leaves it to the owner of the database: without its owners, assets would be nobody's,
/// and without its calendars and rotations nobody would be told. For an owner whose role goes nobody acts; of an asset it is not known any more whose
/// relation it was.
const SHARED: [Owned; 7] = [
    Owned {
        table: c"owner",
        columns: &[c"added_by", c"role"],
        view: c"owners",
    },
    Owned {
        table: c"asset",
        columns: &[c"added_by", c"relation_owner"],
        view: c"assets",
    },
    Owned {
        table: c"data_product",
        columns: &[c"added_by"],
        view: c"data_products",
    },
    Owned {
        table: c"business_calendar",
        columns: &[c"added_by"],
        view: c"calendars",
    },
    Owned {
        table: c"rotation",
        columns: &[c"added_by"],
        view: c"rotations",
    },
    Owned {
        table: c"sla",
        columns: &[c"added_by"],
        view: c"slas",
    },
    Owned {
        table: c"maintenance",
        columns: &[c"added_by"],
        view: c"maintenance_windows",
    },
];

/// What happened, which is kept as it was: nobody has a part in it any more by a role that goes. What was found in an issue is then shown to who
/// may read all that was read.
const HAPPENED: [Owned; 5] = [
    LOGGED,
    Owned {
        table: c"issue",
        columns: &[c"ran_as", c"added_by"],
        view: c"issues",
    },
    Owned {
        table: c"incident",
        columns: &[c"declared_by"],
        view: c"incidents",
    },
    Owned {
        table: c"answer",
        columns: &[c"asked_by"],
        view: c"answers",
    },
    Owned {
        table: c"answer_opinion",
        columns: &[c"given_by"],
        view: c"answer_feedback",
    },
];

impl Owned {
    /// Gives the rows of a role to another.
    fn reassign(&self, from: Oid, to: Oid) -> Result<i64> {
        let update = |column: &CStr| {
            self.change(
                from,
                column,
                &format!(
                    "UPDATE {} SET {} = {}::pg_catalog.oid",
                    self.name(),
                    column.to_string_lossy(),
                    to.to_u32()
                ),
            )
        };
        let counts = self.columns().into_iter().map(update).collect::<Result<Vec<i64>>>()?;
        self.forget(from)?;
        Ok(counts.first().copied().unwrap_or(0))
    }

    /// Deletes the rows of a role. In those of others, it is not told any more where else it had a part.
    fn drop(&self, role: Oid) -> Result<i64> {
        let mut dropped = 0;
        for (place, column) in self.columns().into_iter().enumerate() {
            match place {
                0 => dropped = self.change(role, column, &format!("DELETE FROM {}", self.name()))?,
                _ => {
                    let update = format!("UPDATE {} SET {} = NULL", self.name(), column.to_string_lossy());
                    self.change(role, column, &update)?;
                }
            }
        }
        self.forget(role)?;
        Ok(dropped)
    }

    /// Lets no row say any more that a role had a part in it.
    fn disown(&self, role: Oid) -> Result<()> {
        for column in self.columns() {
            let update = format!("UPDATE {} SET {} = NULL", self.name(), column.to_string_lossy());
            self.change(role, column, &update)?;
        }
        self.forget(role)
    }

    /// Gives the rows of a role to the owner of the database. Elsewhere it has no part any more.
    fn hand_over(&self, role: Oid) -> Result<()> {
        let heir = role::database_owner();
        if role == heir {
            return Ok(());
        }
        for (place, column) in self.columns().into_iter().enumerate() {
            let value = match place {
                0 => format!("{}::pg_catalog.oid", heir.to_u32()),
                _ => "NULL".to_string(),
            };
            let update = format!("UPDATE {} SET {} = {value}", self.name(), column.to_string_lossy());
            self.change(role, column, &update)?;
        }
        self.forget(role)
    }

    /// Whether the schema, which may be that of an older release, has it.
    fn exists(&self) -> bool {
        tables::exists(self.table) && tables::exists(self.view)
    }

    /// Those of its columns that the schema has, which may be that of an older release.
    fn columns(&self) -> Vec<&'static CStr> {
        let columns = self.columns.iter().copied();
        columns
            .filter(|column| tables::has_column(self.table, column))
            .collect()
    }

    fn name(&self) -> String {
        format!("assay.{}", self.table.to_string_lossy())
    }

    /// Does what `change` says to the rows that have `role` in a column, and gives their number.
    fn change(&self, role: Oid, column: &CStr, change: &str) -> Result<i64> {
        let column = column.to_string_lossy();
        let condition = match role {
            // Number 0 is everyone.
            role::NOBODY => format!(
                "{column}::pg_catalog.oid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_authid AS r WHERE r.oid OPERATOR(pg_catalog.=) {column}::pg_catalog.oid)"
            ),
            role => format!(
                "{column}::pg_catalog.oid OPERATOR(pg_catalog.=) {}::pg_catalog.oid",
                role.to_u32()
            ),
        };
        let changed: Option<i64> = tables::as_owner(|| {
            tables::write_returning(
                &format!(
                    "WITH changed AS ({change} WHERE {condition} RETURNING 1) SELECT pg_catalog.count(*) FROM changed"
                ),
                &[],
            )
        })?;
        Ok(changed.unwrap_or(0))
    }

    /// Forgets a role that has nothing left. The triggers have seen to it, unless a transaction was in their way when the last row went.
    fn forget(&self, role: Oid) -> Result<()> {
        dependency::forget(tables::oid_of(self.view), role, || {
            catalog::has_row_in(self.table, &self.columns(), role)
        })
    }
}

/// The role of an argument, which the caller must have the privileges of. Returns an error with 22023, 42704 or 42501.
fn own_role(argument: &str, name: Option<Text>) -> Result<Oid> {
    let name = required(argument, name)?;
    let role = role::named(&name).ok_or_else(|| {
        Error::new(UNDEFINED_ROLE, format!("role \"{name}\" does not exist")).hint("Name a role as pg_roles lists it.")
    })?;
    if role::acts_for(role) {
        return Ok(role);
    }
    Err(Error::new(
        INSUFFICIENT_PRIVILEGE,
        format!("permission denied for what role \"{name}\" owns"),
    )
    .detail(format!(
        "Role \"{}\" does not have the privileges of role \"{name}\".",
        role::name_of(role::current())
    ))
    .hint("Ask the role itself, one that is a member of it, or a superuser."))
}

result_row! {
    /// How many rows were given to another role.
    struct ReassignCounts {
        models: i64,
        checks: i64,
        baselines: i64,
        results: i64,
    }
}

/// `reassign_owned(from, to)`.
#[pg_extern(sql = false)]
fn reassign_owned(from: Option<Text>, to: Option<Text>) -> SetOf<ReassignCounts> {
    read_only::require_writable(c"assay.reassign_owned()");
    let moved = || -> Result<ReassignCounts> {
        let (from, to) = (own_role("from", from)?, own_role("to", to)?);
        if to == role::NOBODY {
            return Err(Error::new(INVALID_PARAMETER, "nothing can belong to nobody")
                .hint("Name a role, or call assay.drop_owned."));
        }
        let move_all = |owned: &Owned| if from == to { Ok(0) } else { owned.reassign(from, to) };
        let others = SHARED
            .iter()
            .chain(&HAPPENED)
            .chain([&GENERATIONS, &DATASETS, &EXAMPLES]);
        for owned in others.filter(|owned| owned.exists()) {
            move_all(owned)?;
        }
        Ok(ReassignCounts {
            models: move_all(&MODELS)?,
            checks: move_all(&CHECKS)?,
            baselines: move_all(&BASELINES)?,
            results: move_all(&RESULTS)?,
        })
    };
    set_of([or_raise(moved())])
}

result_row! {
    /// How many rows were dropped.
    struct DropCounts {
        models: i64,
        checks: i64,
        baselines: i64,
        results: i64,
        grants: i64,
    }
}

/// `drop_owned(role)`.
#[pg_extern(sql = false)]
fn drop_owned(role: Option<Text>) -> SetOf<DropCounts> {
    read_only::require_writable(c"assay.drop_owned()");
    let dropped = || -> Result<DropCounts> {
        let role = own_role("role", role)?;
        in_use::require_none_used(role, &role::name_of(role))?;
        for owned in HAPPENED.iter().filter(|owned| owned.exists()) {
            owned.disown(role)?;
        }
        for owned in SHARED.iter().filter(|owned| owned.exists()) {
            owned.hand_over(role)?;
        }
        if DATASETS.exists() {
            DATASETS.drop(role)?;
            datasets::forget_orphans()?;
        }
        for owned in [&GENERATIONS, &EXAMPLES].into_iter().filter(|owned| owned.exists()) {
            owned.drop(role)?;
        }
        Ok(DropCounts {
            models: MODELS.drop(role)?,
            checks: CHECKS.drop(role)?,
            baselines: BASELINES.drop(role)?,
            results: RESULTS.drop(role)?,
            grants: GRANTS.drop(role)?,
        })
    };
    set_of([or_raise(dropped())])
}
