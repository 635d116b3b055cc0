//! `replay_prediction(id)`: scores what was kept of a logged decision again, by the version that decided, and tells its reasons again.

use std::rc::Rc;

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_extern;
use serde_json::{Value as Json, json};

use super::{manages, require_tables};
use crate::models::cache;
use crate::models::explain::{RowExplainer, TopAttributions};
use crate::models::registry::{self, Privilege, Version};
use crate::models::scorer::Scorer;
use crate::models::untyped;
use crate::pg::catalog::{self, Key};
use crate::pg::error::{Error, INSUFFICIENT_PRIVILEGE, NOT_KEPT, Result, UNDEFINED_DECISION, or_raise};
use crate::pg::json::Jsonb;
use crate::pg::options::required;
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use crate::pg::{jsonb_value, role, tables};

result_row! {
    /// A logged decision beside what the version says now of what it saw then.
    struct ReplayRow {
        model: String,
        version: i32,
        key: Json,
        at: TimestampWithTimeZone,
        decision: Option<String>,
        score: Option<f64>,
        replayed_score: Option<f64>,
        identical: bool,
        reasons: Option<Json>,
        replayed_reasons: Option<Json>,
        differences: Option<Vec<Text>>,
    }
}

/// A logged decision.
struct Decision {
    version: Version,
    key: Json,
    at: TimestampWithTimeZone,
    decision: Option<String>,
    score: Option<f64>,
    class: Option<i32>,
    has_inputs: bool,
    reasons: Vec<Json>,
    baseline: Option<String>,
}

/// What is kept of a decision, as its version reads it, and against what its reasons were told.
struct Kept {
    encoded: Vec<f64>,
    base_values: Vec<f64>,
}

fn unknown(id: i64) -> Error {
    Error::new(UNDEFINED_DECISION, format!("logged decision {id} does not exist"))
        .hint("SELECT id, key, decision FROM assay.predictions shows those that you may see.")
}

/// A decision that the caller may see.
fn find(id: i64) -> Result<Decision> {
    struct Stored {
        batch: i64,
        model: i64,
        at: TimestampWithTimeZone,
        score: Option<f64>,
        class: Option<i32>,
        decision: Option<String>,
        key: Json,
        has_inputs: bool,
        reasons: Json,
    }
    let stored = catalog::find(c"prediction", c"prediction_pkey", &[Key::BigInt(1, id)], |row| {
        Ok(Some(Stored {
            batch: row.require(2)?,
            model: row.require(3)?,
            at: row.require(4)?,
            score: row.get(5)?,
            class: row.get(6)?,
            decision: row.get(7)?,
            key: row.json(8, "the decision's key")?,
            has_inputs: row.get::<Jsonb>(11)?.is_some(),
            reasons: row.json(12, "the decision's reasons")?,
        }))
    })?
    .ok_or_else(|| unknown(id))?;
    let model = registry::by_id(stored.model)?.ok_or_else(|| unknown(id))?;
    let batch = catalog::find(
        c"prediction_batch",
        c"prediction_batch_pkey",
        &[Key::BigInt(1, stored.batch)],
        |row| {
            let logged_by = row.get::<pgrx::pg_sys::Oid>(6)?;
            Ok(Some((row.require::<i32>(4)?, logged_by, row.get::<String>(12)?)))
        },
    )?;
    let (version, logged_by, baseline) = batch.ok_or_else(|| unknown(id))?;
    registry::require(&model, Privilege::Predict)?;
    if !manages(&model)? && !logged_by.is_some_and(role::acts_for) {
        return Err(Error::new(
            INSUFFICIENT_PRIVILEGE,
            format!("permission denied for logged decision {id} of model \"{}\"", model.name),
        )
        .hint("It takes the privilege manage, or the rights of the role that logged it."));
    }
    Ok(Decision {
        version: Version { model, version },
        key: stored.key,
        at: stored.at,
        decision: stored.decision,
        score: stored.score,
        class: stored.class,
        has_inputs: stored.has_inputs,
        reasons: match stored.reasons {
            Json::Array(reasons) => reasons,
            _ => Vec::new(),
        },
        baseline,
    })
}

impl Decision {
    /// What was kept of the decision.
    fn kept(&self, id: i64, scorer: &Scorer) -> Result<Kept> {
        let text = format!(
            "SELECT p.inputs, b.base_values FROM assay.prediction AS p
             JOIN assay.prediction_batch AS b ON b.id OPERATOR(pg_catalog.=) p.batch_id WHERE p.id OPERATOR(pg_catalog.=) {id}"
        );
        let (reference, mut kept) = (self.version.reference(), None);
        tables::as_owner(|| {
            Query::new(&text)?.run(&mut |row| {
                let Some(features) = jsonb_value::of_row(row, 0)? else {
                    return Err(not_kept(id));
                };
                let mut encoded = scorer.empty_row();
                untyped::read_object(scorer, &reference, features, &mut encoded)?;
                let base_values = match row.value(1) {
                    Value::Vector(values) => values,
                    _ => Vec::new(),
                };
                kept = Some(Kept { encoded, base_values });
                Ok(())
            })
        })?;
        kept.ok_or_else(|| unknown(id))
    }

    /// What the version says now of the features that were kept.
    fn replay(self, id: i64) -> Result<ReplayRow> {
        let scorer = cache::scorer(&self.version)?;
        let mut kept = self.kept(id, &scorer)?;
        let mut scores = vec![0.0; scorer.outputs()];
        scorer.score(&mut kept.encoded, &mut scores);
        let score = match (&scores[..], self.class) {
            ([_, positive], _) => Some(*positive),
            (scores, Some(class)) => scores.get(class as usize).copied(),
            (scores, None) => scores.first().copied(),
        };
        // A row may be in no cluster.
        let score = score.filter(|score| !score.is_nan());
        let mut differences = Vec::new();
        if score != self.score {
            let shown = |score: Option<f64>| score.map_or("NULL".into(), |score| score.to_string());
            differences.push(format!("the score was {}, and is {}", shown(self.score), shown(score)));
        }
        let replayed = match &self.reasons[..] {
            [] => None,
            reasons => {
                let explainer = RowExplainer::new(&self.version, Rc::clone(&scorer))?;
                let top = explainer.top(&kept.encoded, reasons.len())?;
                differences.extend(self.differences(&top, &kept.base_values, &scorer));
                let inputs = &scorer.model().inputs;
                let reason = |&(input, attribution): &(usize, f64)| json!({"feature": inputs[input].name, "attribution": attribution});
                Some(top.attributions.iter().map(reason).collect())
            }
        };
        Ok(ReplayRow {
            model: self.version.model.name,
            version: self.version.version,
            key: self.key,
            at: self.at,
            decision: self.decision,
            score: self.score,
            replayed_score: score,
            identical: differences.is_empty(),
            reasons: replayed.is_some().then_some(Json::Array(self.reasons)),
            replayed_reasons: replayed,
            differences: Some(differences.into_iter().map(Text::from).collect::<Vec<_>>())
                .filter(|all| !all.is_empty()),
        })
    }

    /// What is not as it was in the reasons.
    fn differences(&self, top: &TopAttributions, base_values: &[f64], scorer: &Scorer) -> Vec<String> {
        let mut differences = Vec::new();
        if self.baseline.as_deref() != Some(top.baseline) {
            let baseline = self.baseline.as_deref().unwrap_or("nothing");
            differences.push(format!("the baseline was {baseline}, and is {}", top.baseline));
        }
        let place = top.class.unwrap_or(0).min(base_values.len().saturating_sub(1));
        match base_values.get(place) {
            Some(base) if *base == top.base_value => {}
            Some(base) => differences.push(format!("the base value was {base}, and is {}", top.base_value)),
            None => differences.push("the base value was not kept".into()),
        }
        if self.reasons.len() != top.attributions.len() {
            let (before, now) = (self.reasons.len(), top.attributions.len());
            differences.push(format!("there were {before} reasons, and are {now}"));
        }
        for ((stored, (input, attribution)), rank) in self.reasons.iter().zip(&top.attributions).zip(1..) {
            let (feature, now) = (
                stored["feature"].as_str().unwrap_or("?"),
                &scorer.model().inputs[*input].name,
            );
            if feature != now {
                differences.push(format!("reason {rank} was \"{feature}\", and is \"{now}\""));
            } else if stored["attribution"].as_f64() != Some(*attribution) {
                let before = &stored["attribution"];
                differences.push(format!(
                    "the attribution of \"{feature}\" was {before}, and is {attribution}"
                ));
            }
        }
        differences
    }
}

fn not_kept(id: i64) -> Error {
    Error::new(NOT_KEPT, format!("the features of logged decision {id} were not kept"))
        .hint("assay.log_predictions keeps them with inputs => true, or with reasons.")
}

/// `replay_prediction(id)`.
#[pg_extern(sql = false)]
fn replay_prediction(id: Option<i64>) -> SetOf<ReplayRow> {
    let replay = || -> Result<ReplayRow> {
        require_tables()?;
        let id = required("id", id)?;
        let decision = find(id)?;
        match decision.has_inputs {
            true => decision.replay(id),
            false => Err(not_kept(id)),
        }
    };
    set_of([or_raise(replay())])
}
