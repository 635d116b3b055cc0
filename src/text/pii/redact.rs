//! `redact`: a text without what tells of persons.

use std::rc::Rc;

use pgrx::pg_sys;
use serde_json::Value as Json;

use super::key;
use crate::pg::entry::{self, Raw};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::{arguments, options, site, text};
use algo_text::pii::{Policy, Redactor};

/// A policy as an argument or option. Returns an error with 22023 for what is none.
pub fn policy(what: &str, json: &Json) -> Result<Policy> {
    Policy::parse(json).map_err(|wrong| {
        let (detail, hint) = wrong.sentences();
        Error::new(INVALID_PARAMETER, format!("{what} is no policy"))
            .detail(detail)
            .hint(hint)
    })
}

/// What carries out a policy. Returns ML041 where it has pseudonyms and there is no key.
pub fn redactor(policy: Policy) -> Result<Redactor> {
    let key = policy.has_pseudonyms().then(key::key).transpose()?;
    Ok(Redactor::new(policy, key)?)
}

/// What a call site remembers: the policy of the last call, and what carries it out.
#[derive(Default)]
struct Site {
    ready: Option<(Json, Rc<Redactor>)>,
}

impl Site {
    fn redactor(&mut self, fcinfo: pg_sys::FunctionCallInfo) -> Result<Rc<Redactor>> {
        if let Some((_, redactor)) = &self.ready
            && arguments::is_constant(fcinfo, 1)
        {
            return Ok(Rc::clone(redactor));
        }
        let given = options::required("policy", arguments::json(fcinfo, 1))?.read("argument \"policy\"")?;
        if let Some((known, redactor)) = &self.ready
            && *known == given
        {
            return Ok(Rc::clone(redactor));
        }
        let redactor = Rc::new(redactor(policy("argument \"policy\"", &given)?)?);
        self.ready = Some((given, Rc::clone(&redactor)));
        Ok(redactor)
    }
}

/// `redact(input, policy)`.
fn redact(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let input = arguments::text(fcinfo, 0)?;
    let redactor = or_raise(site::with(fcinfo, Site::default, |site| site.redactor(fcinfo)));
    let redacted = || -> Result<Option<Raw>> {
        let statement = Foreground::new()?;
        Ok(text::datum_of(&redactor.redact(&input, &statement)?))
    };
    or_raise(redacted())
}

entry::per_row!(redact, redact_wrapper, pg_finfo_redact_wrapper);
