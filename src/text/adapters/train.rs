//! `train_adapter`: a new version of an embedder, which is another one with a map on top that was learned from pairs.

use pgrx::pg_extern;
use serde_json::{Value as Json, json};

use super::query;
use crate::models::{self, Deploy, Privilege, carry_out, check_name, in_use};
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, Result, WRONG_TASK, notice, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::json::Jsonb;
use crate::pg::options::{self, required};
use crate::pg::result_row::{SetOf, set_of};
use crate::pg::text::Text;
use crate::pg::{read_only, snapshot};
use crate::text::embedders::{self, Embedder, Made, StoredEmbedder, store};
use algo_text::adapter::{Adapter, Base, Fitted, Judgement, Options, Pairs, fit, judge};
use algo_text::embedder::Kind;
use algo_text::task::Task;

/// `train_adapter(name, base, pairs, options, deploy)`.
#[pg_extern(sql = false)]
fn train_adapter(
    name: Option<Text>,
    base: Option<Text>,
    pairs: Option<Text>,
    options: Option<Jsonb>,
    deploy: Option<Text>,
) -> SetOf<StoredEmbedder> {
    read_only::require_writable(c"assay.train_adapter()");
    let row = || -> Result<StoredEmbedder> {
        let training = Training {
            name: required("name", name)?.into(),
            base: required("base", base)?.into(),
            pairs: required("pairs", pairs)?.into(),
            given: options::object("options", options)?,
            deploy: Deploy::named(deploy.as_deref().unwrap_or("auto"))?,
        };
        check_name(&training.name)?;
        carry_out(|reporter, statement| training.run(reporter, statement))
    };
    set_of([or_raise(row())])
}

/// What is to be trained.
struct Training {
    name: String,
    base: String,
    pairs: String,
    given: Json,
    deploy: Deploy,
}

impl Training {
    fn run(self, reporter: &mut Reporter, statement: &Foreground) -> Result<StoredEmbedder> {
        let options: Options = options::parse("options", self.given.clone())?;
        options.check()?;
        let base = hold(&self.base)?;
        let (pairs, rows) = query::pairs(&self.pairs, reporter, statement)?;
        let further = match &options.documents {
            Some(query) => Some(query::further(query, &pairs, reporter, statement)?),
            None => None,
        };
        let embed = |texts: Vec<&str>| embedders::vectors(base.encoder()?, &texts, statement);
        let questions = embed(pairs.questions.iter().collect())?;
        let documents = embed(pairs.documents.iter().collect())?;
        let further = match &further {
            Some(texts) => embed(texts.iter().collect())?,
            None => Vec::new(),
        };
        let divisions = pairs.divide(&options);
        let what = format!("training \"{}\"", self.name);
        let name = Base {
            reference: base.version.reference(),
            hash: base.hash.clone(),
        };
        let (fitted, judgement, image) = compute::run(&what, reporter, statement, |monitor| {
            let fitted = fit(&pairs, &questions, &documents, &divisions, &options, monitor)?;
            let judgement = judge(
                &pairs,
                &questions,
                [&documents, &further],
                &divisions,
                &fitted.map,
                &options,
                monitor,
            )?;
            let image = Adapter::build(&fitted.map, &name, monitor)?;
            Ok::<_, algo::error::Error>((fitted, judgement, image))
        })?;
        let made = Made {
            name: &self.name,
            kind: Kind::Adapter,
            task: Task::Embedding,
            options: described(self.given, &name),
            query: &self.pairs,
            rows,
            dimensions: fitted.map.width(),
            image,
            metrics: metrics(&pairs, &fitted, judgement.as_ref(), &options),
            deploy: decide(self.deploy, judgement.as_ref(), &self.name),
        };
        store(made, reporter, statement)
    }
}

/// The embedder that an adapter is to be on top of. Nobody drops it until the transaction ends.
fn hold(reference: &str) -> Result<Embedder> {
    let version = models::resolve(reference, Privilege::Predict)?;
    in_use::hold(&version)?;
    let embedder = snapshot::with_latest(|| embedders::open(&version.reference()))?;
    embedder.encoder()?;
    if embedder.version.algorithm()? == Kind::Adapter.name() {
        return Err(Error::new(
            WRONG_TASK,
            format!("model \"{}\" is an adapter itself", version.reference()),
        )
        .hint("Name the embedder that it is on top of; SELECT params->>'base' FROM assay.model_versions says which that is."));
    }
    Ok(embedder)
}

/// The options as given, with the embedder's name.
fn described(given: Json, base: &Base) -> Json {
    let mut described = given;
    described["base"] = base.reference.as_str().into();
    described
}

/// What is known of an adapter.
fn metrics(pairs: &Pairs, fitted: &Fitted, judgement: Option<&Judgement>, options: &Options) -> Json {
    let mut metrics = json!({
        "pairs": pairs.positives.len(),
        "questions": pairs.questions.len(),
        "epoch": fitted.epoch,
        "base_loss": fitted.losses[0],
        "loss": fitted.losses[1],
    });
    if let Some(judgement) = judgement {
        let difference = judgement.evidence.difference;
        for (name, value) in [
            ("ndcg", judgement.adapted.value),
            ("ndcg_low", judgement.adapted.interval[0]),
            ("ndcg_high", judgement.adapted.interval[1]),
            ("base_ndcg", judgement.base.value),
            ("base_ndcg_low", judgement.base.interval[0]),
            ("base_ndcg_high", judgement.base.interval[1]),
            ("difference", difference.value),
            ("difference_low", difference.interval[0]),
            ("difference_high", difference.interval[1]),
            ("p_value", judgement.evidence.p_value),
        ] {
            metrics[name] = value.into();
        }
        metrics["k"] = options.k.into();
        metrics["test_questions"] = judgement.questions.into();
        metrics["documents"] = judgement.documents.into();
    }
    metrics
}

/// Whether a version is to be deployed, once it is known what it reaches.
fn decide(wanted: Deploy, judgement: Option<&Judgement>, name: &str) -> Deploy {
    let is_better = judgement.is_some_and(|judgement| judgement.evidence.difference.value > 0.0);
    match wanted {
        Deploy::Always | Deploy::Never => wanted,
        Deploy::Auto if is_better => Deploy::Auto,
        Deploy::IfBetter if is_better => Deploy::Always,
        Deploy::Auto | Deploy::IfBetter => {
            let detail = match judgement {
                None => "No question judged it.".to_string(),
                Some(judgement) => format!(
                    "Its nDCG is {:.4} on questions that it was not learned from, and that of the embedder below it {:.4}.",
                    judgement.adapted.value, judgement.base.value
                ),
            };
            notice(
                format!("the adapter \"{name}\" is not deployed: it is no better than its embedder"),
                Some(detail),
            );
            Deploy::Never
        }
    }
}
