//! `ask`: one question, one answer.

use pgrx::pg_extern;
use serde_json::Value as Json;

use super::answering::Asker;
use super::manner::{Options, Wording};
use super::rewrite;
use crate::pg::error::{Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::json::Jsonb;
use crate::pg::options::required;
use crate::pg::read_only;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::{Prose, Text};
use crate::text::endpoints::leaving;
use crate::text::generation::Generator;
use crate::text::search::{Mode, Request, Target, count};
use algo_text::asking;

result_row! {
    /// An answer.
    struct AnswerRow {
        answer: Option<Prose>,
        citations: Json,
        abstained: bool,
        answer_id: i64,
    }
}

/// How is asked, as arguments.
pub struct Arguments {
    pub vectorizer: Option<Text>,
    pub model: Option<Text>,
    pub k: Option<i32>,
    pub mode: Option<Text>,
    pub rerank: Option<Text>,
    pub filter: Option<Text>,
    pub prompt: Option<Text>,
    pub options: Option<Jsonb>,
}

impl Arguments {
    /// Returns an error for what cannot be asked.
    pub fn open(self) -> Result<Asker> {
        let request = Request {
            k: count("k", required("k", self.k)?)?,
            mode: Mode::of(&required("mode", self.mode)?)?,
            rerank: self.rerank.map(String::from),
            filter: self.filter.map(String::from),
        };
        let options = Options::of_argument(self.options)?;
        let (vectorizer, model) = (required("vectorizer", self.vectorizer)?, required("model", self.model)?);
        let (target, generator) = (Target::of(&vectorizer)?, Generator::open(&model)?);
        leaving::require_may_leave(
            &generator.server().foreign.name,
            target.vectorizer.source,
            std::iter::once(&target.layout.loaded),
        )?;
        Ok(Asker {
            target,
            request,
            generator,
            wording: Wording::of_answer(self.prompt.as_deref())?,
            rewording: rewrite::wording(None)?,
            options,
        })
    }
}

/// `ask(vectorizer, question, history, model, k, mode, rerank, filter, prompt, options)`.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments)]
fn ask(
    vectorizer: Option<Text>,
    question: Option<Text>,
    history: Option<Jsonb>,
    model: Option<Text>,
    k: Option<i32>,
    mode: Option<Text>,
    rerank: Option<Text>,
    filter: Option<Text>,
    prompt: Option<Text>,
    options: Option<Jsonb>,
) -> SetOf<AnswerRow> {
    read_only::require_writable(c"assay.ask()");
    let answered = || {
        let question = required("question", question)?;
        let question = asking::question(&question)?;
        let history = rewrite::history(history)?;
        let asker = Arguments {
            vectorizer,
            model,
            k,
            mode,
            rerank,
            filter,
            prompt,
            options,
        }
        .open()?;
        asker.answer(question, &history, &Foreground::new()?)
    };
    let answered = or_raise(answered());
    set_of([AnswerRow {
        answer: answered.answer.map(Prose::from),
        citations: answered.citations,
        abstained: answered.why.is_some(),
        answer_id: answered.id,
    }])
}
