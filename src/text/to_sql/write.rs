//! `text_to_sql`: a model writes the query that answers a question; it is planned, and not run.

use std::collections::BTreeSet;

use pgrx::pg_extern;
use pgrx::pg_sys::Oid;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::objects::Objects;
use super::run::{LIMITS, positive};
use super::{catalogue, examples, functions};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, UNUSABLE_ANSWER, or_raise};
use crate::pg::guarded::{self, Estimate, Limits};
use crate::pg::json::Jsonb;
use crate::pg::options::{self, required};
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use crate::pg::{relation, role};
use crate::text::generation::{Generator, Manner};
use algo_text::analyze::Language;
use algo_text::endpoint::chat::Message;
use algo_text::to_sql::prompt::{self, Answer};

/// How often a query that does not plan is given back.
const CORRECTIONS: usize = 2;
/// The most tokens of an answer, unless the call says, and no more than a part of the window.
const ANSWER: usize = 1024;
/// The most examples that can be asked for.
const MOST_EXAMPLES: usize = 20;

/// What a call says beside its question.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    max_cost: f64,
    examples: usize,
    values: bool,
    temperature: f64,
    seed: Option<i64>,
    max_tokens: Option<u32>,
    language: Option<String>,
    patience: f64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            max_cost: LIMITS.cost,
            examples: 3,
            values: true,
            temperature: 0.0,
            seed: None,
            max_tokens: None,
            language: None,
            patience: 0.0,
        }
    }
}

/// Writes queries.
pub struct Writer {
    generator: Generator,
    manner: Manner,
    options: Options,
    objects: Option<Objects>,
    /// In which questions and notes are compared; `None` for the language of the question.
    language: Option<Language>,
    /// What a query may take.
    pub limits: Limits,
}

/// A query that a model wrote.
pub struct Written {
    pub answer: Answer,
    /// What it would take; `None` where it cannot run.
    pub estimate: Option<Estimate>,
    /// Each query that could not run, with the reason, where the last of them could not.
    pub problems: Vec<(String, String)>,
}

impl Writer {
    pub fn new(model: &str, objects: Option<Vec<String>>, options: Options) -> Result<Writer> {
        positive("max_cost", options.max_cost)?;
        if options.examples > MOST_EXAMPLES {
            return Err(Error::new(INVALID_PARAMETER, "option \"examples\" is out of range")
                .detail(format!("The value is {}.", options.examples))
                .hint(format!("It must be between 0 and {MOST_EXAMPLES}.")));
        }
        let manner = json!({
            "system": prompt::SYSTEM, "temperature": options.temperature, "seed": options.seed, "max_tokens": options.max_tokens,
            "patience": options.patience,
        });
        Ok(Writer {
            generator: Generator::open(model)?,
            manner: Manner::of_json(manner, Some(prompt::schema()))?,
            limits: Limits {
                cost: options.max_cost,
                ..LIMITS
            },
            language: options.language.as_deref().map(Language::of).transpose()?,
            options,
            objects: objects.as_deref().map(Objects::named).transpose()?,
        })
    }

    /// How many tokens there are for what the model is told, beside the question itself.
    fn room(&self, question: &str) -> Result<usize> {
        let window = self.generator.window();
        let answer = self
            .options
            .max_tokens
            .map_or(ANSWER, |most| most as usize)
            .min(window / 4);
        let frame = [
            Message::system(prompt::SYSTEM),
            Message::user(prompt::question(&[], question)),
        ];
        let taken = self.generator.count_messages(&frame)?;
        // A query that is given back comes with its problem.
        Ok(window.saturating_sub(taken).saturating_sub(2 * answer))
    }

    /// What the model is told, as far as there is room: examples first, for they are few, then relations by how well they fit.
    fn lines(&self, question: &str, is_examined: bool) -> Result<Vec<String>> {
        let mut room = self.room(question)?;
        let mut fits = |line: &str| -> Result<bool> {
            let tokens = self.generator.count_tokens(line)?.saturating_add(1);
            let fits = tokens <= room;
            if fits {
                room -= tokens;
            }
            Ok(fits)
        };
        let objects = self.objects.as_ref();
        let server = self.generator.server();
        let relations = catalogue::about(question, objects, self.options.values, server, self.language)?;
        let functions = functions::about(question, objects, self.language)?;
        let known = examples::alike(
            question,
            self.options.examples,
            &self.limits,
            self.language,
            is_examined,
            objects.map(Objects::relations),
        )?;
        let (mut told, mut shown) = (Vec::new(), Vec::new());
        // The relation that fits best goes before all examples, and what a function does before the relations that fit less.
        for (place, relation) in relations.iter().enumerate() {
            let (full, bare) = (prompt::line(relation), prompt::line(&relation.without_values()));
            if fits(&full)? {
                told.push(full);
            } else if fits(&bare)? {
                told.push(bare);
            }
            if place == 0 {
                let examples = known
                    .iter()
                    .map(|example| prompt::example(&example.question, &example.sql));
                for line in examples.chain(functions.iter().map(prompt::line)) {
                    if fits(&line)? {
                        shown.push(line);
                    }
                }
            }
        }
        if told.is_empty() {
            return Err(Error::new(
                INVALID_PARAMETER,
                format!(
                    "model \"{}\" has too small a window for what is asked",
                    self.generator.reference()
                ),
            )
            .detail(format!(
                "It takes {} tokens; no table fits in beside the question.",
                self.generator.window()
            ))
            .hint(
                "Register it with a larger max_tokens, or with a tokenizer, without which each byte counts as a token.",
            ));
        }
        told.extend(shown);
        Ok(told)
    }

    /// Why a query is none that was asked for: it reads what is not among the objects that were named.
    fn outside(&self, relations: &BTreeSet<u32>) -> Option<String> {
        let within = self.objects.as_ref()?.relations();
        let names: Vec<String> = relations
            .difference(within)
            .filter_map(|oid| relation::name_of(Oid::from_u32(*oid)))
            .collect();
        (!names.is_empty()).then(|| format!("the query reads {}, which it was not told of", names.join(", ")))
    }

    /// Has the query written, and tries whether it plans. `is_examined`: what is known of this very question is not told.
    pub fn write(&self, question: &str, is_examined: bool) -> Result<Written> {
        let lines = self.lines(question, is_examined)?;
        let mut messages = vec![Message::user(prompt::question(&lines, question))];
        let mut problems = Vec::new();
        loop {
            let completion = self.generator.complete(&messages, &self.manner)?;
            let answer = serde_json::from_str(&completion.text)
                .map(Answer::bare)
                .map_err(|problem| {
                    Error::new(
                        UNUSABLE_ANSWER,
                        format!("model \"{}\" answers no query", self.generator.reference()),
                    )
                    .detail(format!("Of its answer: {problem}."))
                    .hint("Ask again, or another model.")
                })?;
            match guarded::try_estimate(&answer.sql, role::current(), &self.limits)? {
                Ok(estimate) => match self.outside(&estimate.relations) {
                    None => {
                        return Ok(Written {
                            answer,
                            estimate: Some(estimate),
                            problems: Vec::new(),
                        });
                    }
                    Some(problem) => problems.push((answer.sql.clone(), problem)),
                },
                Err(problem) => problems.push((answer.sql.clone(), problem)),
            }
            let last = problems.last().map_or("", |(_, problem)| problem.as_str());
            messages.truncate(1);
            messages.push(Message::assistant(completion.text));
            messages.push(Message::user(prompt::correction(last)));
            let is_full = self.generator.count_messages(&messages)? >= self.generator.window();
            if problems.len() > CORRECTIONS || is_full {
                return Ok(Written {
                    answer,
                    estimate: None,
                    problems,
                });
            }
        }
    }
}

result_row! {
    /// What a model wrote.
    struct WrittenRow {
        sql: String,
        explanation: String,
        plan_cost: Option<f64>,
        rows: Option<f64>,
        problems: Json,
    }
}

/// Problems as JSON.
pub fn problems_json(problems: &[(String, String)]) -> Json {
    let problems = problems
        .iter()
        .map(|(sql, problem)| json!({"sql": sql, "problem": problem}));
    Json::Array(problems.collect())
}

/// `text_to_sql(question, model, objects, options)`.
#[pg_extern(sql = false)]
fn text_to_sql(
    question: Option<Text>,
    model: Option<Text>,
    objects: Option<Vec<Option<Text>>>,
    options: Option<Jsonb>,
) -> SetOf<WrittenRow> {
    let row = || {
        let question = examples::question("question", question)?;
        let options = options::parse("options", options::object("options", options)?)?;
        let objects = options::texts("objects", objects)?;
        let written = Writer::new(&required("model", model)?, objects, options)?.write(&question, false)?;
        Ok(WrittenRow {
            sql: written.answer.sql,
            explanation: written.answer.explanation,
            plan_cost: written.estimate.as_ref().map(|estimate| estimate.cost),
            rows: written.estimate.as_ref().map(|estimate| estimate.rows),
            problems: problems_json(&written.problems),
        })
    };
    set_of([or_raise(row())])
}
