//! A version of a prompt, ready to be filled.

use crate::models::registry::{self, Privilege};
use crate::pg::error::{Error, INVALID_PARAMETER, LIMIT_EXCEEDED, Result, WRONG_TASK, megabytes};
use crate::pg::foreground::Foreground;
use algo_text::prompt;
use algo_text::task::Task;
use algo_text::template::Template;

/// The most bytes of what a prompt is filled with.
const MOST: usize = 64 * 1024 * 1024;

/// A prompt that the caller may use.
pub struct Prompt {
    /// How users write it, with its version.
    pub reference: String,
    template: Template,
}

impl Prompt {
    /// The version that a reference such as `support` or `support@2` names, for a caller who may use it. Returns an error where it is no prompt.
    pub fn open(reference: &str) -> Result<Prompt> {
        let version = registry::resolve(reference, Privilege::Predict)?;
        let (reference, task) = (version.reference(), version.task()?);
        if task != Task::Prompt.name() {
            return Err(Error::new(WRONG_TASK, format!("model \"{reference}\" is no prompt"))
                .detail(format!("Its task is {task}."))
                .hint("The view assay.prompts shows the prompts."));
        }
        let bytes = version.bytes(&Foreground::new()?)?;
        let (_, template) = prompt::from_bytes(&bytes).map_err(|error| registry::unreadable(&version, error))?;
        Ok(Prompt { reference, template })
    }

    /// The names in it, each once, in the order in which they are met.
    pub fn names(&self) -> &[String] {
        self.template.names()
    }

    /// The text with values in place of its names. Returns an error for a name without a value, and for a value whose name is not in it.
    pub fn fill(&self, values: &[(&str, &str)]) -> Result<String> {
        let known = |name: &str| values.iter().find(|(known, _)| *known == name);
        if let Some((stranger, _)) = values
            .iter()
            .find(|(name, _)| !self.names().iter().any(|known| known == name))
        {
            return Err(Error::new(
                INVALID_PARAMETER,
                format!("prompt \"{}\" has no place for \"{stranger}\"", self.reference),
            )
            .hint(self.list()));
        }
        let found = self.names().iter().map(|name| {
            known(name).map(|(_, value)| *value).ok_or_else(|| {
                Error::new(
                    INVALID_PARAMETER,
                    format!("prompt \"{}\" needs \"{name}\"", self.reference),
                )
                .hint(self.list())
            })
        });
        let values: Vec<&str> = found.collect::<Result<_>>()?;
        let value = |place: usize| values.get(place).copied().unwrap_or("");
        let length = self.template.filled_length(|place| value(place).len());
        if length > MOST {
            return Err(Error::new(
                LIMIT_EXCEEDED,
                format!("prompt \"{}\" becomes too long", self.reference),
            )
            .detail(format!(
                "It would have {}, and may have {}.",
                megabytes(length),
                megabytes(MOST)
            ))
            .hint("Fill it with less."));
        }
        Foreground::new()?.allow(length)?;
        Ok(self.template.fill(value))
    }

    fn list(&self) -> String {
        match self.names() {
            [] => "It has no names in it.".into(),
            names => format!("The names in it are: {}.", names.join(", ")),
        }
    }
}
