//! The deployed version beside the one that is trained: both score the rows that the training holds out.

use super::options::{CONFIDENCE, RESAMPLES};
use super::promotion::Test;
use crate::models::cache;
use crate::models::registry::{self, Version};
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, Result};
use crate::pg::foreground::Foreground;
use algo::comparing::{self, Plan, Side};
use algo::judging::measures::{self, Measure};
use algo::metrics::evaluation::Scored;
use algo::model::Model;
use algo::prepare::{Division, Rows, Split};

/// How the deployed version did on the rows that are held out.
pub enum Champion {
    /// None is deployed, nobody asked, or no row is held out.
    None,
    /// It was not judged on the same rows as the new one: why.
    Unlike(String),
    /// It has scored them.
    Scored {
        version: i32,
        threshold: f64,
        scored: Scored,
        /// Which rows belong together.
        clusters: Option<Vec<u64>>,
    },
}

/// A new version beside the deployed one.
pub enum Judged {
    /// There is nothing to compare with.
    No,
    /// They were not judged on the same rows: why, and what the new one's metrics may as well be.
    Unlike { why: String, measures: Vec<Measure> },
    /// They were.
    Tested { version: i32, test: Test },
}

/// Lets the deployed version of a model score the test rows of a division, if there are any. `target` is what the new version predicts.
pub fn score(
    (name, target): (&str, &str),
    rows: &Rows,
    (division, split): (&Division, Split),
    reporter: &mut Reporter,
    statement: &Foreground,
) -> Result<Champion> {
    let Some(model) = registry::find(name)?.filter(|_| !division.test.is_empty()) else {
        return Ok(Champion::None);
    };
    let Some(version) = model.deployed else {
        return Ok(Champion::None);
    };
    let deployed = Version { model, version };
    let unlike = |why: String| Ok(Champion::Unlike(why));
    match deployed.stored()?.target {
        // Storing says what it predicts.
        Some(own) if own != target => return Ok(Champion::None),
        Some(_) | None => {}
    }
    let scorer = match cache::scorer(&deployed) {
        Ok(scorer) => scorer,
        Err(error) if error.is_cancel() => return Err(error),
        Err(error) => return unlike(error.sentences()),
    };
    let model = scorer.model();
    statement.allow(division.test.len().saturating_mul(8 * (1 + model.answer.outputs())))?;
    let rescored = compute::run(
        &format!("testing {}", deployed.reference()),
        reporter,
        statement,
        |monitor| Ok::<_, Error>(rows.rescore(model, &division.test, monitor)?),
    )?;
    let rescored = match rescored {
        Ok(rescored) => rescored,
        Err(why) => return unlike(format!("version {version} cannot score them: {why}")),
    };
    if let Some(share) = rescored.trained {
        return unlike(format!(
            "about {:.0} % of them trained version {version}",
            share * 100.0
        ));
    }
    let clusters = match split {
        Split::Group(place, _) => rows.clusters(place, &division.test),
        Split::None | Split::Fraction(_) | Split::Column(_) | Split::Latest(..) => None,
    };
    Ok(Champion::Scored {
        version,
        threshold: deployed.threshold()?,
        scored: rescored.scored,
        clusters,
    })
}

/// The deployed version of a model where the rows that are held out are not there for it to score, and `why`. None where no row is held out.
pub fn unscored(name: &str, has_test: bool, why: &str) -> Result<Champion> {
    let deployed = registry::find(name)?.is_some_and(|model| model.deployed.is_some());
    Ok(match deployed && has_test {
        true => Champion::Unlike(why.into()),
        false => Champion::None,
    })
}

impl Champion {
    /// Compares the new model, which has scored the same rows, with it.
    pub fn judge(
        self,
        challenger: Option<&Scored>,
        (model, threshold): (&Model, f64),
        reporter: &mut Reporter,
        statement: &Foreground,
    ) -> Result<Judged> {
        let criterion = model.fitted.criterion();
        let unlike = |why: String, reporter: &mut Reporter| {
            let measures = challenger.map(|scored| {
                compute::run("judging by itself", reporter, statement, |monitor| {
                    Ok::<_, Error>(measures::measure(scored, threshold, criterion, monitor)?)
                })
            });
            let measures = measures.transpose()?.unwrap_or_default();
            Ok(Judged::Unlike { why, measures })
        };
        let (version, champion, champion_threshold, clusters) = match (self, challenger) {
            (Champion::Unlike(why), _) => return unlike(why, reporter),
            (Champion::None, _) | (Champion::Scored { .. }, None) => return Ok(Judged::No),
            (
                Champion::Scored {
                    version,
                    threshold,
                    scored,
                    clusters,
                },
                Some(_),
            ) => (version, scored, threshold, clusters),
        };
        let Some(challenger) = challenger else {
            return Ok(Judged::No);
        };
        let sides = [
            Side {
                scored: challenger,
                threshold,
            },
            Side {
                scored: &champion,
                threshold: champion_threshold,
            },
        ];
        let usual = model.answer.decisive_metrics().iter().map(|metric| metric.name());
        let names: Vec<&'static str> = criterion.iter().map(|own| own.name()).chain(usual).collect();
        let rows = challenger.rows();
        // Of the metrics by which versions are compared, the first of which the rows tell something.
        let found = compute::run("comparing with the deployed version", reporter, statement, |monitor| {
            let mut first = None;
            for name in &names {
                let plan = Plan {
                    metrics: std::slice::from_ref(name),
                    criterion,
                    confidence: CONFIDENCE,
                    seed: 0,
                    resamples: RESAMPLES,
                };
                let found = comparing::compare(sides, clusters.as_deref(), &plan, monitor)?.pop();
                match found {
                    Some(found) if found.p_value.is_some() => return Ok(Some(found)),
                    Some(found) if found.difference().is_some() => first = first.or(Some(found)),
                    Some(_) | None => {}
                }
            }
            Ok::<_, Error>(first)
        })?;
        Ok(match found {
            Some(difference) => Judged::Tested {
                version,
                test: Test {
                    difference,
                    rows,
                    confidence: CONFIDENCE,
                },
            },
            None => return unlike("they do not define a metric to compare by".to_string(), reporter),
        })
    }
}
