//! `generate`: one question, one answer.

use pgrx::pg_sys;

use super::generator::Generator;
use super::manner::Manner;
use crate::pg::entry::{self, Raw};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::options::required;
use crate::pg::{arguments, role, text};
use crate::text::endpoints::remote::require_free;
use algo_text::endpoint::chat::Message;

/// What becomes of a fault of a call or its answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnError {
    Raise,
    Null,
}

impl OnError {
    fn named(name: &str) -> Result<OnError> {
        match name {
            "error" => Ok(OnError::Raise),
            "null" => Ok(OnError::Null),
            _ => {
                Err(Error::new(INVALID_PARAMETER, format!("on_error cannot be \"{name}\""))
                    .hint("It is error or null."))
            }
        }
    }
}

/// `generate(model, prompt, schema, on_error, options)`.
fn generate(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let generated = || -> Result<Option<Raw>> {
        let model = required("model", arguments::text(fcinfo, 0))?;
        let prompt = arguments::text(fcinfo, 1);
        let on_error = required("on_error", arguments::text(fcinfo, 3))?;
        let on_error = OnError::named(&on_error)?;
        let manner = Manner::of_arguments(arguments::json(fcinfo, 4), arguments::json(fcinfo, 2))?;
        require_free()?;
        let Some(prompt) = prompt else { return Ok(None) };
        require_words(&prompt)?;
        let generator = Generator::open(&model)?;
        match generator.complete(&[Message::user(prompt)], &manner) {
            Ok(completion) => Ok(text::datum_of(&completion.text)),
            Err(error) if on_error == OnError::Null && error.is_of_call() => {
                role::warn_once(format!("an answer of model \"{model}\" is NULL"), error.sentences());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    };
    or_raise(generated())
}

/// Returns an error for a prompt without words: services refuse it.
pub(super) fn require_words(prompt: &str) -> Result<()> {
    match prompt.trim().is_empty() {
        false => Ok(()),
        true => Err(Error::new(INVALID_PARAMETER, "the prompt has no words").hint("Say what the model is to write.")),
    }
}

entry::per_row!(generate, generate_wrapper, pg_finfo_generate_wrapper);
