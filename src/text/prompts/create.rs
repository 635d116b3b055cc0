//! `create_prompt`: a template becomes a version in the registry.

use pgrx::datum::Interval;
use pgrx::pg_extern;
use serde_json::json;

use crate::models::registry::{self, Privilege, Version};
use crate::models::{self, Deploy, NewVersion, hash_of, record_deployment};
use crate::pg::error::{DUPLICATE_OBJECT, Error, INVALID_PARAMETER, Result, notice, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::text::Text;
use crate::pg::{read_only, snapshot};
use algo_text::embedder::Kind;
use algo_text::prompt;
use algo_text::task::Task;
use algo_text::template::Template;

/// `create_prompt(name, template, deploy)`.
#[pg_extern(sql = false)]
fn create_prompt(name: Option<Text>, template: Option<Text>, deploy: Option<Text>) -> i32 {
    read_only::require_writable(c"assay.create_prompt()");
    let created = || -> Result<i32> {
        let name = required("name", name)?;
        models::check_name(&name)?;
        let deploy = Deploy::named(deploy.as_deref().unwrap_or("auto"))?;
        if deploy == Deploy::IfBetter {
            return Err(
                Error::new(INVALID_PARAMETER, "deploy cannot be \"if_better\" for a prompt")
                    .detail("What answers it gives is not known yet.")
                    .hint("It is auto (when none is deployed yet), always or never."),
            );
        }
        let text = required("template", template)?;
        let template = parsed(&text)?;
        require_prompts(&name)?;
        let version = add(&name, &text, &template)?;
        snapshot::with_latest(|| deployed(&name, version, deploy))?;
        Ok(version)
    };
    or_raise(created())
}

/// A template that was read.
fn parsed(text: &str) -> Result<Template> {
    let wrong = |problem: String| {
        Error::new(INVALID_PARAMETER, "the template of the prompt cannot be read")
            .detail(problem)
            .hint("A name stands for a text as $name or ${any name}; $$ is a dollar sign.")
    };
    if text.trim().is_empty() {
        return Err(wrong("It has no words.".into()));
    }
    if text.len() > prompt::MOST {
        return Err(wrong(format!("It has more than {} bytes.", prompt::MOST)));
    }
    Template::parse(text).map_err(|problem| wrong(format!("Of the template: {problem}.")))
}

/// Returns an error where the name is that of a model.
fn require_prompts(name: &str) -> Result<()> {
    let Some(model) = registry::find(name)? else {
        return Ok(());
    };
    let Some(last) = registry::versions(&model)?.last().copied() else {
        return Ok(());
    };
    let task = Version { model, version: last }.task()?;
    match task == Task::Prompt.name() {
        true => Ok(()),
        false => Err(
            Error::new(DUPLICATE_OBJECT, format!("\"{name}\" is the name of a model"))
                .detail(format!("The task of its last version is {task}."))
                .hint("Give the prompt another name."),
        ),
    }
}

fn add(name: &str, text: &str, template: &Template) -> Result<i32> {
    let bytes = prompt::to_bytes(text);
    let hash = hash_of(&bytes, &Foreground::new()?)?;
    NewVersion {
        model: name,
        task: Task::Prompt.name(),
        algorithm: Kind::Template.name(),
        params: json!({"names": template.names()}),
        query: "",
        target: None,
        rows: 0,
        features: template.names().len() as i32,
        metrics: json!({}),
        duration: Interval::from_seconds(0.0),
        hash: &hash,
        statistics: json!([]),
        bytes,
        curves: None,
        cpu_seconds: 0.0,
    }
    .add()
}

fn deployed(name: &str, version: i32, wanted: Deploy) -> Result<()> {
    let entry = registry::open(name, Privilege::Manage)?;
    match (wanted, entry.deployed) {
        (Deploy::Never, _) => Ok(()),
        (Deploy::Auto | Deploy::IfBetter, Some(deployed)) => {
            notice(
                format!("version {version} of prompt \"{name}\" is not deployed: version {deployed} stays"),
                Some(format!("SELECT assay.deploy('{name}', {version}) deploys it.")),
            );
            Ok(())
        }
        (Deploy::Always, _) | (Deploy::Auto | Deploy::IfBetter, None) => record_deployment(&entry, version, None),
    }
}
