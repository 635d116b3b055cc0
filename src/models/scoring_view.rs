//! A view that scores the rows of a relation as they are when it is read.

use pgrx::pg_extern;
use pgrx::pg_sys::Oid;

use super::inspect;
use super::predict::quote_identifier;
use super::registry::{Privilege, Version};
use super::scorer::Scorer;
use crate::pg::error::{
    DUPLICATE_COLUMN, Error, INVALID_NAME, MISSING_FEATURE, Result, UNDEFINED_TABLE, WRONG_TASK, or_raise,
};
use crate::pg::options::required;
use crate::pg::query::Query;
use crate::pg::text::Text;
use crate::pg::{read_only, relation, tables};
use algo::task::Answer;

/// What the view calls its rows.
const ALIAS: &str = "r";

/// The columns that the view adds, each with what gives it.
fn added(answer: &Answer) -> &'static [(&'static str, &'static str)] {
    match answer {
        Answer::Number | Answer::Strangeness => &[("score", "predict")],
        Answer::Cluster { .. } => &[("cluster", "predict")],
        Answer::Components { .. } => &[("components", "transform")],
        // Nothing of a row.
        Answer::Forecast => &[],
        Answer::Classes(labels) if labels.len() == 2 => &[("score", "predict"), ("label", "predict_label")],
        Answer::Classes(_) => &[("label", "predict_label"), ("probabilities", "predict_proba")],
    }
}

/// Returns an error unless the relation has the model's columns, and none that the view adds.
fn check_columns(version: &Version, scorer: &Scorer, relation: &str) -> Result<()> {
    let query = Query::new(&format!("SELECT * FROM {relation}"))?;
    let has = |name: &str| query.columns().iter().any(|column| column.name == name);
    let model = scorer.model();
    let missing = model
        .inputs
        .iter()
        .map(|input| input.name.as_str())
        .filter(|&name| !has(name));
    let missing: Vec<&str> = missing.take(20).collect();
    if !missing.is_empty() {
        return Err(Error::new(
            MISSING_FEATURE,
            format!(
                "relation {relation} lacks features of model \"{}\"",
                version.reference()
            ),
        )
        .detail(format!("It has no column {}.", missing.join(", ")))
        .hint("Make a view that has the features under their names: SELECT assay.features(model) lists them."));
    }
    if added(&model.answer).is_empty() {
        return Err(Error::new(
            WRONG_TASK,
            format!("model \"{}\" says nothing of a row", version.reference()),
        )
        .hint("Make a view of what assay.forecast gives."));
    }
    match added(&model.answer).iter().find(|(name, _)| has(name)) {
        None => Ok(()),
        Some((name, _)) => Err(Error::new(
            DUPLICATE_COLUMN,
            format!("relation {relation} has a column \"{name}\" already"),
        )
        .hint("Make a view without it, or with another name for it, and score that one.")),
    }
}

/// `create_scoring_view(model, relation, name)`.
#[pg_extern(sql = false)]
fn create_scoring_view(model: Option<Text>, relation: Option<Oid>, name: Option<Text>) {
    read_only::require_writable(c"assay.create_scoring_view()");
    let create = || -> Result<()> {
        let (model, name) = (required("model", model)?, required("name", name)?);
        let oid = required("relation", relation)?;
        let source = relation::name_of(oid).ok_or_else(|| {
            Error::new(
                UNDEFINED_TABLE,
                format!("relation with number {} does not exist", oid.to_u32()),
            )
            .hint("Give its name: 'customers'::regclass.")
        })?;
        let parts = relation::name_parts(&name).filter(|parts| matches!(parts.len(), 1 | 2));
        let parts = parts.ok_or_else(|| {
            Error::new(INVALID_NAME, "the view's name is no name")
                .detail(format!("It is \"{}\".", name.escape_debug()))
                .hint("Give view or schema.view, quoted as in SQL.")
        })?;
        let view: Vec<String> = parts.iter().map(|part| quote_identifier(part)).collect();
        let (version, scorer) = inspect::open(&model, Privilege::Predict)?;
        check_columns(&version, &scorer, &source)?;
        let literal = pgrx::spi::quote_literal(&*model);
        let columns: Vec<String> = added(&scorer.model().answer)
            .iter()
            .map(|(column, function)| format!("assay.{function}({literal}, {ALIAS}) AS {}", quote_identifier(column)))
            .collect();
        tables::write(
            &format!(
                "CREATE OR REPLACE VIEW {} AS SELECT {ALIAS}.*, {} FROM {source} AS {ALIAS}",
                view.join("."),
                columns.join(", ")
            ),
            &[],
        )
    };
    or_raise(create());
}
