//! What is set of a model's logged decisions for good: how long they are kept, and which of them never have a label.

use pgrx::datum::Interval;
use pgrx::pg_extern;

use super::prune::{check_age, prune};
use super::require_tables;
use crate::models::cache;
use crate::models::deployment::changing;
use crate::models::registry::{self, Entry, Privilege, Version};
use crate::pg::catalog::{self, Key};
use crate::pg::cell::Parameter;
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::options::texts;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use crate::pg::{read_only, role, tables};
use algo::judging::decision::Decision;

/// The kinds of decisions of a model of which it was declared that they never have a label.
pub fn unlabelled(model: &Entry) -> Result<Vec<String>> {
    let keys = [Key::BigInt(1, model.id)];
    let found = catalog::find(c"prediction_policy", c"prediction_policy_pkey", &keys, |row| {
        Ok(Some(row.texts(3)?))
    })?;
    Ok(found.unwrap_or_default())
}

/// Sets one column of a model's policy; a policy of which nothing is left goes.
fn set(model: &Entry, column: &str, value: Parameter) -> Result<()> {
    let by = role::name_of(role::current());
    tables::as_owner(|| {
        tables::write(
            &format!(
                "INSERT INTO assay.prediction_policy (model_id, {column}, changed_by) VALUES ($1, $2, $3)
                 ON CONFLICT (model_id) DO UPDATE SET
                     {column} = excluded.{column}, changed_by = excluded.changed_by, changed_at = excluded.changed_at"
            ),
            &[model.id.into(), value, by.as_str().into()],
        )?;
        tables::write(
            "DELETE FROM assay.prediction_policy WHERE model_id OPERATOR(pg_catalog.=) $1 AND retention IS NULL AND unlabelled IS NULL",
            &[model.id.into()],
        )
    })
}

/// Returns an error for a decision that the model does not make.
fn check_decisions(model: &Entry, decisions: &[String]) -> Result<()> {
    let newest = registry::versions(model)?.into_iter().max();
    let Some(version) = model.deployed.or(newest) else {
        return Ok(());
    };
    let version = Version {
        model: model.clone(),
        version,
    };
    let scorer = cache::scorer(&version)?;
    let Some(labels) = scorer.model().answer.classes() else {
        return Err(Error::new(
            INVALID_PARAMETER,
            format!(
                "model \"{}\" does not answer with classes, which are decisions",
                model.name
            ),
        )
        .hint("It is said of a model that decides between classes."));
    };
    let labels = labels.iter().map(|label| label.text().into_owned());
    let bands = Decision::ALL.map(|decision| decision.name().to_string());
    let known: Vec<String> = labels.chain(bands).collect();
    match decisions.iter().find(|decision| !known.contains(decision)) {
        None => Ok(()),
        Some(unknown) => Err(Error::new(
            INVALID_PARAMETER,
            format!("model \"{}\" never decides \"{unknown}\"", model.name),
        )
        .hint(format!("What it decides is one of {}.", known.join(", ")))),
    }
}

/// `set_unlabelled(model, decisions)`.
#[pg_extern(sql = false)]
fn set_unlabelled(model: Option<Text>, decisions: Option<Vec<Option<Text>>>) {
    read_only::require_writable(c"assay.set_unlabelled()");
    or_raise((|| {
        require_tables()?;
        let mut decisions = texts("decisions", decisions)?.unwrap_or_default();
        decisions.sort_unstable();
        decisions.dedup();
        changing(model.as_deref(), Privilege::Manage, |entry| {
            check_decisions(&entry, &decisions)?;
            let names: Vec<Text> = decisions.iter().map(|name| Text::from(name.as_str())).collect();
            set(
                &entry,
                "unlabelled",
                Some(names).filter(|names| !names.is_empty()).into(),
            )
        })
    })());
}

/// `set_retention(model, retention)`.
#[pg_extern(sql = false)]
fn set_retention(model: Option<Text>, retention: Option<Interval>) {
    read_only::require_writable(c"assay.set_retention()");
    or_raise((|| {
        require_tables()?;
        if let Some(retention) = &retention {
            check_age("retention", retention)?;
        }
        changing(model.as_deref(), Privilege::Own, |entry| {
            set(&entry, "retention", retention.into())
        })
    })());
}

result_row! {
    /// What became of a model's decisions by its retention.
    struct RetentionRow {
        model: String,
        decisions: i64,
        done: bool,
    }
}

/// Models with a retention that the caller may apply, by name: that one, or all.
fn retained(model: Option<&str>) -> Result<Vec<(Entry, Interval)>> {
    let mut found = Vec::new();
    catalog::visit::<()>(c"prediction_policy", |row| {
        if let Some(retention) = row.get::<Interval>(2)? {
            found.push((row.require::<i64>(1)?, retention));
        }
        Ok(None)
    })?;
    if let Some(name) = model {
        let entry = registry::open(name, Privilege::Manage)?;
        let own = found.into_iter().find(|(model, _)| *model == entry.id);
        let (_, retention) = own.ok_or_else(|| {
            Error::new(INVALID_PARAMETER, format!("model \"{name}\" has no retention"))
                .hint("assay.set_retention(model, retention) sets it; only the model's owner may.")
        })?;
        return Ok(vec![(entry, retention)]);
    }
    let mut models = Vec::new();
    for (model, retention) in found {
        if let Some(entry) = registry::by_id(model)?
            && registry::may(&entry, Privilege::Manage)?
        {
            models.push((entry, retention));
        }
    }
    models.sort_by(|a, b| a.0.name.cmp(&b.0.name));
    Ok(models)
}

/// `apply_retention(model, most)`.
#[pg_extern(sql = false)]
fn apply_retention(model: Option<Text>, most: Option<i64>) -> SetOf<RetentionRow> {
    read_only::require_writable(c"assay.apply_retention()");
    let apply = || -> Result<Vec<RetentionRow>> {
        require_tables()?;
        if let Some(most @ ..1) = most {
            return Err(Error::new(INVALID_PARAMETER, "argument \"most\" is out of range")
                .detail(format!("The value is {most}."))
                .hint("It is how many decisions of a model are deleted at most, NULL for all that are too old."));
        }
        let row = |(model, retention): (Entry, Interval)| {
            let pruned = prune(&model, &retention, most)?;
            Ok(RetentionRow {
                model: model.name,
                decisions: pruned,
                done: most.is_none_or(|most| pruned < most),
            })
        };
        retained(model.as_deref())?.into_iter().map(row).collect()
    };
    set_of(or_raise(apply()))
}
