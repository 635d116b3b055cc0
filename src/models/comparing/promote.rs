//! `promote`: a test on rows of a query and, if the evidence is for it, a deployment, recorded together.

use pgrx::pg_extern;

use super::metrics;
use super::options::{Metrics, Options};
use super::pass::Pass;
use super::promotion::{self, Decision, Promotion, Rule, Test};
use crate::models::deployment;
use crate::models::registry::{self, Privilege, Version};
use crate::pg::error::{
    Error, INTERNAL, INVALID_PARAMETER, Result, SERIALIZATION_FAILURE, UNDEFINED_VERSION, or_raise,
};
use crate::pg::options::required;
use crate::pg::read_only;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;

result_row! {
    /// A test of a challenger, and what was decided.
    struct PromotionRow {
        champion: i32,
        challenger: i32,
        metric: Option<&'static str>,
        champion_value: Option<f64>,
        challenger_value: Option<f64>,
        difference: Option<f64>,
        low: Option<f64>,
        high: Option<f64>,
        p_value: Option<f64>,
        method: Option<&'static str>,
        rows: i64,
        deployed: bool,
        reason: String,
    }
}

/// `promote(model, challenger, query, metric, rule, ...)`.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments)]
fn promote(
    model: Option<Text>,
    challenger: Option<i32>,
    query: Option<Text>,
    metric: Option<Text>,
    rule: Option<Text>,
    cluster_by: Option<Text>,
    confidence: Option<f64>,
    seed: Option<i64>,
    resamples: Option<i32>,
) -> SetOf<PromotionRow> {
    read_only::require_writable(c"assay.promote()");
    let row = || {
        let metrics = match metrics(metric) {
            Metrics::All => {
                return Err(Error::new(INVALID_PARAMETER, "metric is NULL")
                    .hint("Name the one that decides, or leave it at main."));
            }
            metrics => metrics,
        };
        let options = Options::new(metrics, cluster_by.map(String::from), confidence, seed, resamples)?;
        let rule = Rule::named(rule.as_deref().unwrap_or(Rule::IfBetter.name()))?;
        let (model, query) = (required("model", model)?, required("query", query)?);
        decide(&model, required("challenger", challenger)?, &query, rule, &options)
    };
    set_of([or_raise(row())])
}

/// Tests the challenger, and deploys it if the rule says so.
fn decide(name: &str, challenger: i32, query: &str, rule: Rule, options: &Options) -> Result<PromotionRow> {
    let entry = registry::open(name, Privilege::Manage)?;
    let Some(champion) = entry.deployed else {
        return Err(
            Error::new(UNDEFINED_VERSION, format!("model \"{name}\" has no deployed version"))
                .detail("A challenger is compared with the version that is deployed.")
                .hint(format!(
                    "SELECT assay.deploy('{name}', {challenger}) deploys it without a comparison."
                )),
        );
    };
    if champion == challenger {
        return Err(Error::new(
            INVALID_PARAMETER,
            format!("version {challenger} of model \"{name}\" is deployed already"),
        )
        .hint("Name another version: SELECT * FROM assay.model_versions shows them."));
    }
    let version = |version: i32| Version {
        model: entry.clone(),
        version,
    };
    let (of_challenger, of_champion) = (version(challenger), version(champion));
    let references = [of_challenger.reference(), of_champion.reference()];
    let pass = Pass::run(
        [&references[0], &references[1]],
        [&of_challenger, &of_champion],
        query,
        options,
    )?;
    let test = pass.compare(options)?.pop().map(|difference| Test {
        difference,
        rows: pass.rows(),
        confidence: options.confidence,
    });
    let test = test.ok_or_else(|| Error::new(INTERNAL, "two versions were not compared"))?;
    let decision = match pass.trained()[..] {
        [] => rule.decide(&test, champion),
        [(reference, share), ..] => Decision {
            deployed: false,
            reason: format!(
                "about {:.0} % of these rows trained {reference}, which seems better on them than it is",
                share * 100.0
            ),
        },
    };
    deployment::changing(Some(name), Privilege::Manage, |now| {
        if (now.id, now.deployed) != (entry.id, Some(champion)) {
            return Err(Error::new(
                SERIALIZATION_FAILURE,
                format!("another version of model \"{name}\" was deployed meanwhile"),
            )
            .hint("Run it again, to compare with that one."));
        }
        let promotion = Promotion {
            rule,
            champion,
            challenger,
            test: Some(&test),
            confidence: options.confidence,
            query: Some(query),
            decision: &decision,
        };
        promotion::record(&now, &promotion)?;
        match decision.deployed {
            true => deployment::record(&now, challenger, None),
            false => Ok(()),
        }
    })?;
    Ok(row(champion, challenger, test, decision))
}

fn row(champion: i32, challenger: i32, test: Test, decision: Decision) -> PromotionRow {
    let difference = test.difference;
    PromotionRow {
        champion,
        challenger,
        metric: Some(difference.metric),
        champion_value: difference.b,
        challenger_value: difference.a,
        difference: difference.difference(),
        low: difference.interval.map(|interval| interval[0]),
        high: difference.interval.map(|interval| interval[1]),
        p_value: difference.p_value,
        method: Some(difference.method),
        rows: test.rows as i64,
        deployed: decision.deployed,
        reason: decision.reason,
    }
}
