//! The explanation of one row, given as a call's arguments.

use std::rc::Rc;

use pgrx::pg_extern;
use pgrx::pg_sys;

use super::explanation::{RowExplainer, against_training, class_named, side_of};
use crate::models::binding;
use crate::models::inspect::open;
use crate::models::predict::{Bound, Site, scored};
use crate::models::registry::Privilege;
use crate::pg::entry::{Raw, per_row};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::float_array;
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::result_row::{RowWriter, result_row};
use crate::pg::site;
use crate::pg::text::Text;
use algo::label::Label;

per_row!(attributions, attributions_wrapper, pg_finfo_attributions_wrapper);
per_row!(
    attributions_row,
    attributions_row_wrapper,
    pg_finfo_attributions_row_wrapper
);
per_row!(
    attributions_values,
    attributions_values_wrapper,
    pg_finfo_attributions_values_wrapper
);

/// `attributions(model, features...)`.
fn attributions(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    scored(fcinfo, Bound::read, attributed)
}

/// `attributions_row(model, features)`, the features in an object of JSON.
fn attributions_row(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    scored(fcinfo, Bound::score_object, attributed)
}

/// `attributions_values(model, features)`, the features as texts in the model's order.
fn attributions_values(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    scored(fcinfo, Bound::score_texts, attributed)
}

/// One number per feature; with more than two classes so for each class.
fn attributed(bound: &mut Bound) -> Result<Raw> {
    let scorer = &bound.model.scorer;
    let folded = against_training(bound.model.version(), scorer)?;
    let of_row = folded.attributions(scorer.transform(&mut bound.row), &Foreground::new()?)?;
    let sides = folded.sides();
    let numbers: Vec<f64> = (sides.iter())
        .flat_map(|side| side.attributions(&of_row, folded.inputs()))
        .collect();
    Ok(match sides.len() {
        0 | 1 => float_array::datum_of(&numbers),
        classes => float_array::matrix_of(&numbers, classes),
    })
}

/// `base_value(model, class)`.
#[pg_extern(sql = false)]
fn base_value(model: Option<Text>, class: Option<Text>) -> f64 {
    or_raise((|| {
        let (version, scorer) = open(required("model", model.as_deref())?, Privilege::Predict)?;
        let class = class_named(&version, scorer.model(), class.as_deref())?;
        let folded = against_training(&version, &scorer)?;
        Ok(folded.base(side_of(&folded, class)?))
    })())
}

result_row! {
    /// What a feature adds to the margin of a row.
    struct FeatureRow {
        feature: String,
        value: Option<String>,
        attribution: f64,
        class: Option<String>,
        base_value: f64,
        margin: f64,
    }
}

/// `explain_predict(model, features...)`.
#[pg_extern(sql = false)]
fn explain_predict(fcinfo: pg_sys::FunctionCallInfo) {
    let mut rows = or_raise(RowWriter::<FeatureRow>::of(fcinfo));
    let explain = |site: &mut Site| -> Result<()> {
        let Some(bound) = site.bound(fcinfo)? else {
            return Ok(());
        };
        if !bound.read(fcinfo)? {
            return Ok(());
        }
        let values = binding::written(&bound.model.scorer, fcinfo)?;
        let scorer = Rc::clone(&bound.model.scorer);
        let model = scorer.model();
        scorer.transform(&mut bound.row);
        let explainer = RowExplainer::new(bound.model.version(), Rc::clone(&scorer))?;
        let top = explainer.top(&bound.row, usize::MAX)?;
        let label = (top.class).and_then(|class| model.answer.classes()?.get(class).map(Label::to_string));
        for (input, attribution) in top.attributions {
            rows.write(|| FeatureRow {
                feature: model.inputs[input].name.clone(),
                value: values[input].clone(),
                attribution,
                class: label.clone(),
                base_value: top.base_value,
                margin: top.margin,
            })?;
        }
        Ok(())
    };
    or_raise(site::with(fcinfo, || Site::new(fcinfo), explain));
}

/// How many features are told of; `None` for all. Returns 22023.
pub(super) fn checked_top_k(top_k: Option<i32>) -> Result<usize> {
    match top_k {
        None => Ok(usize::MAX),
        Some(top_k) if top_k > 0 => Ok(top_k as usize),
        Some(top_k) => Err(Error::new(INVALID_PARAMETER, "top_k is out of range")
            .detail(format!("The value is {top_k}."))
            .hint("Ask for 1 feature or more, or NULL for all.")),
    }
}
