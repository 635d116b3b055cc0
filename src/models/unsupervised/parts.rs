//! What a model without a target is made of: the centres of its clusters, or its components.

use pgrx::pg_extern;

use crate::models::inspect::{level_name, open};
use crate::models::registry::{Privilege, Version};
use crate::pg::error::{Error, Result, WRONG_TASK, or_raise};
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use algo::pipeline::Feature;
use algo::unsupervised::{Part, Unsupervised};

result_row! {
    /// A coordinate of the centre of a cluster.
    struct CentreRow {
        cluster: i32,
        rows: i64,
        feature: String,
        category: Option<String>,
        value: f64,
    }
}

result_row! {
    /// How much a feature goes into a component.
    struct LoadingRow {
        component: i32,
        feature: String,
        category: Option<String>,
        loading: f64,
        variance: f64,
        variance_ratio: f64,
        cumulative_ratio: f64,
    }
}

/// The error of a model that has no such parts.
fn without(version: &Version, parts: &str, algorithms: &str) -> Error {
    Error::new(WRONG_TASK, format!("model \"{}\" has no {parts}", version.reference()))
        .hint(format!("Models of {algorithms} have some."))
}

/// The names of what a part belongs to.
fn names(features: &[Feature], part: &Part) -> (String, Option<String>) {
    let feature = &features[part.feature];
    let category = part.level.and_then(|level| level_name(feature, level));
    (feature.name.clone(), category)
}

/// `centroids(model)`.
#[pg_extern(sql = false)]
fn centroids(model: Option<Text>) -> SetOf<CentreRow> {
    let rows = || -> Result<Vec<CentreRow>> {
        let (version, scorer) = open(required("model", model.as_deref())?, Privilege::Predict)?;
        let model = scorer.model();
        let clusters = (model.fitted.unsupervised().and_then(Unsupervised::clusters))
            .ok_or_else(|| without(&version, "centroids", "k_means and gaussian_mixture"))?;
        let features = model.features();
        let mut rows = Vec::new();
        for (number, cluster) in (0..).zip(&clusters) {
            rows.extend(cluster.centre.iter().map(|part| {
                let (feature, category) = names(&features, part);
                CentreRow {
                    cluster: number,
                    rows: cluster.rows as i64,
                    feature,
                    category,
                    value: part.value,
                }
            }));
        }
        Ok(rows)
    };
    set_of(or_raise(rows()))
}

/// `principal_components(model)`.
#[pg_extern(sql = false)]
fn principal_components(model: Option<Text>) -> SetOf<LoadingRow> {
    let rows = || -> Result<Vec<LoadingRow>> {
        let (version, scorer) = open(required("model", model.as_deref())?, Privilege::Predict)?;
        let model = scorer.model();
        let components = (model.fitted.unsupervised().and_then(Unsupervised::components))
            .ok_or_else(|| without(&version, "principal components", "pca"))?;
        let features = model.features();
        let (mut rows, mut cumulative) = (Vec::new(), 0.0);
        for (number, component) in (1..).zip(&components) {
            cumulative += component.share;
            rows.extend(component.loadings.iter().map(|part| {
                let (feature, category) = names(&features, part);
                LoadingRow {
                    component: number,
                    feature,
                    category,
                    loading: part.value,
                    variance: component.variance,
                    variance_ratio: component.share,
                    cumulative_ratio: cumulative,
                }
            }));
        }
        Ok(rows)
    };
    set_of(or_raise(rows()))
}
