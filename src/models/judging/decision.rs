//! The threshold of a version, and the bands of what is approved, reviewed and refused.

use pgrx::pg_extern;

use crate::models::cache;
use crate::models::deployment::changing;
use crate::models::publishing;
use crate::models::registry::{self, Privilege};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, WRONG_TASK, or_raise};
use crate::pg::options::required;
use crate::pg::text::Text;
use crate::pg::{read_only, tables};
use algo::judging::decision::Positive;
use algo::judging::decision::Rule;

/// `set_threshold(model, threshold)` as release 0.1.0 declares it.
#[pg_extern(sql = false)]
fn set_threshold(model: Option<Text>, threshold: Option<f64>) {
    set_bands(model, threshold, None, None, None);
}

/// `set_threshold(model, threshold, review_from, review_to, positive)`: the probability from which on `predict_label` gives the positive label,
/// and between which a person decides.
#[pg_extern(sql = false)]
fn set_bands(
    model: Option<Text>,
    threshold: Option<f64>,
    review_from: Option<f64>,
    review_to: Option<f64>,
    positive: Option<Text>,
) {
    read_only::require_writable(c"assay.set_threshold()");
    or_raise((|| {
        let reference = required("model", model.as_deref())?;
        let threshold = required("threshold", threshold)?;
        let positive = positive_named(positive.as_deref())?;
        let rule = Rule::new(threshold, review_from, review_to, positive)?;
        changing(Some(registry::name_in(reference)), Privilege::Manage, |entry| {
            set(reference, rule)?;
            publishing::thresholds_set(&entry)
        })
    })());
}

pub(in crate::models) fn positive_named(name: Option<&str>) -> Result<Positive> {
    let name = name.unwrap_or(Positive::default().name());
    Positive::named(name).ok_or_else(|| {
        Error::new(INVALID_PARAMETER, format!("positive cannot be \"{name}\""))
            .hint("It says what the positive class means: refuse or approve.")
    })
}

/// Stores the rule of a version. Returns ML010 unless it answers with two classes.
pub(in crate::models) fn set(reference: &str, rule: Rule) -> Result<()> {
    let version = registry::resolve(reference, Privilege::Manage)?;
    if cache::scorer(&version)?.model().answer.classes().map(<[_]>::len) != Some(2) {
        return Err(Error::new(
            WRONG_TASK,
            format!("model \"{}\" has no two classes", version.reference()),
        )
        .hint("Only a classification with two classes has a threshold."));
    }
    let (model, number) = (version.model.id, version.version);
    tables::as_owner(|| {
        tables::write(
            "INSERT INTO assay.model_threshold (model_id, version, threshold) VALUES ($1, $2, $3)
             ON CONFLICT (model_id, version) DO UPDATE SET threshold = excluded.threshold",
            &[model.into(), number.into(), rule.threshold.into()],
        )?;
        // Until ALTER EXTENSION UPDATE has run there are no bands.
        if !tables::has_column(c"model_threshold", c"review_from") {
            return Ok(());
        }
        let bound = |bound: f64| (bound != rule.threshold).then_some(bound);
        tables::write(
            "UPDATE assay.model_threshold SET review_from = $3, review_to = $4, positive = $5
             WHERE model_id OPERATOR(pg_catalog.=) $1 AND version OPERATOR(pg_catalog.=) $2",
            &[
                model.into(),
                number.into(),
                bound(rule.review_from).into(),
                bound(rule.review_to).into(),
                rule.positive.name().into(),
            ],
        )
    })
}
