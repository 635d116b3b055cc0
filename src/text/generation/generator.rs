//! A model that answers in words, ready to be asked.

use std::time::{Duration, Instant};

use super::manner::Manner;
use super::outgoing::{outgoing, outgoing_schema};
use crate::pg::compute::{pause, serve_interrupts};
use crate::pg::error::{ENDPOINT_REFUSED, Error, INVALID_PARAMETER, Result, UNUSABLE_ANSWER};
use crate::pg::foreground::Foreground;
use crate::text::endpoints::call::{Question, call};
use crate::text::endpoints::counting::Counting;
use crate::text::endpoints::remote::{Remote, require_free};
use crate::text::endpoints::server::Server;
use algo_text::endpoint::budget::Tokens;
use algo_text::endpoint::chat::{self, Finish, Message, Reply};
use algo_text::endpoint::failure;
use algo_text::json_schema;
use algo_text::task::Task;

/// How many tokens a model takes, question and answer together, where its registration does not say.
const WINDOW: usize = 4096;
/// How many tokens an answer may have, where neither call nor registration says.
const ANSWER: u64 = 1024;
/// What models put around a message, in tokens.
const AROUND_MESSAGE: usize = 8;
/// Bytes of an answer around its text, and for each token, what is written as \uXXXX included; and the most of an answer.
const AROUND: usize = 256 * 1024;
const EACH: usize = 64;
const LARGEST: usize = 32 * 1024 * 1024;
/// How many times as much JSON takes when it is read: an element is a byte or two there, and 32 here.
const GROWTH: usize = 16;

/// A model that answers in words.
pub struct Generator {
    remote: Remote,
    server: Server,
    counting: Counting,
}

/// What a model has answered, and what that took.
#[derive(Debug, Clone)]
pub struct Completion {
    pub text: String,
    pub finish: Finish,
    /// Tokens that the model was sent, in all calls.
    pub prompt_tokens: u64,
    /// Tokens that it wrote.
    pub answer_tokens: u64,
    pub cost: f64,
    /// How often it was asked.
    pub calls: u32,
}

/// What calls took.
#[derive(Default)]
struct Spent {
    tokens: Tokens,
    calls: u32,
}

impl Generator {
    /// The model that a reference means, such as `writer` or `writer@2`, for a caller who may use it and its server. Returns an error where it does not write texts, and
    /// within a security-restricted operation.
    pub fn open(reference: &str) -> Result<Generator> {
        require_free()?;
        Generator::opened(reference)
    }

    /// As [`open`](Generator::open), for work that is a role's own, whatever context it runs in.
    pub(super) fn opened(reference: &str) -> Result<Generator> {
        let remote = Remote::open(reference, Task::Generation)?;
        let counting = Counting::of(&remote)?;
        let server = Server::open(&remote.definition.server)?;
        Ok(Generator {
            remote,
            server,
            counting,
        })
    }

    /// Its name, with the number of its version.
    pub fn reference(&self) -> &str {
        &self.remote.reference
    }

    /// The server that answers.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// How many tokens it takes, question and answer together.
    pub fn window(&self) -> usize {
        self.remote.definition.max_tokens.unwrap_or(WINDOW)
    }

    /// The tokens of a text; without a tokenizer each byte counts as one.
    pub fn count_tokens(&self, text: &str) -> Result<usize> {
        self.counting.count(text, &Foreground::new()?)
    }

    /// A text as it leaves for the server, among whatever messages.
    pub fn leaving(&self, text: &str) -> Result<String> {
        let messages = outgoing(&self.server, vec![Message::user(text)])?;
        Ok(messages.into_iter().map(|message| message.content).collect())
    }

    /// The tokens of messages, with what is put around them.
    pub fn count_messages(&self, messages: &[Message]) -> Result<usize> {
        let statement = Foreground::new()?;
        messages.iter().try_fold(AROUND_MESSAGE, |sum, message| {
            let tokens = self.counting.count(&message.content, &statement)?;
            Ok(sum.saturating_add(tokens).saturating_add(AROUND_MESSAGE))
        })
    }

    /// Asks, and asks again where the answer is not of the schema, as far as `manner` and the server's timeout allow. Returns an error where there is no
    /// answer, or none that can be used: ML036 where it is refused, left out, cut off, or not of the schema.
    pub fn complete(&self, messages: &[Message], manner: &Manner) -> Result<Completion> {
        let deadline = Instant::now() + self.server.options.timeout;
        let statement = Foreground::new()?;
        let mut spent = Spent::default();
        let mut messages = self.with_system(messages, manner);
        // Within the deadline: the timeout is never longer than the longest patience.
        let until = deadline.min(Instant::now() + Duration::from_secs_f64(manner.patience));
        let mut wrong = 0;
        loop {
            serve_interrupts();
            let reply = self.ask_patiently(&messages, manner, [deadline, until], &mut spent, &statement)?;
            let problem = match self.judge(&reply, manner, &statement)? {
                Ok(()) => return Ok(self.completion(reply, &spent)),
                Err(problem) => problem,
            };
            let error = self.not_of_schema(&problem, spent.calls);
            wrong += 1;
            if wrong > manner.retries || Instant::now() >= deadline {
                return Err(error);
            }
            messages.push(Message::assistant(reply.text));
            messages.push(Message::user(format!(
                "That is not what was asked for: {problem}. Answer again, with nothing but JSON that has the schema."
            )));
            // What does not fit any more cannot be asked again.
            if self.count_messages(&messages)? >= self.window() {
                return Err(error);
            }
        }
    }

    fn with_system(&self, messages: &[Message], manner: &Manner) -> Vec<Message> {
        let system = manner.system.iter().map(|system| Message::system(system.as_str()));
        system.chain(messages.iter().cloned()).collect()
    }

    fn completion(&self, reply: Reply, spent: &Spent) -> Completion {
        Completion {
            text: reply.text,
            finish: reply.finish,
            prompt_tokens: spent.tokens.sent,
            answer_tokens: spent.tokens.written,
            cost: self.server.options.prices.cost(spent.tokens),
            calls: spent.calls,
        }
    }

    /// Asks until there is an answer: a call that took nothing is made again when its server may be called again, until the second of two times.
    fn ask_patiently(
        &self,
        messages: &[Message],
        manner: &Manner,
        [deadline, until]: [Instant; 2],
        spent: &mut Spent,
        statement: &Foreground,
    ) -> Result<Reply> {
        // Seconds, twice as many each time, for those who do not say when.
        let mut least = 1;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let error = match self.ask(messages, manner, left, spent, statement) {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            let Some(again) = error.when_again() else {
                return Err(error);
            };
            spent.calls -= u32::from(!again.was_called);
            let wait = Duration::from_secs(again.seconds.max(least).into());
            if Instant::now() + wait >= until {
                return Err(error);
            }
            pause(wait);
            least = least.saturating_mul(2);
        }
    }

    /// One call.
    fn ask(
        &self,
        messages: &[Message],
        manner: &Manner,
        timeout: Duration,
        spent: &mut Spent,
        statement: &Foreground,
    ) -> Result<Reply> {
        let messages = outgoing(&self.server, messages.to_vec())?;
        let sent = self.count_messages(&messages)?;
        let most = self.answer_limit(sent, manner)?;
        let wanted = Tokens {
            sent: sent as u64,
            written: most,
        };
        let schema = outgoing_schema(&self.server, manner)?;
        let asked = chat::Manner {
            temperature: manner.temperature,
            seed: manner.seed,
            stop: &manner.stop,
            schema: schema
                .as_ref()
                .zip(manner.schema.as_ref())
                .map(|(json, schema)| (json, schema.schema.is_strict())),
            most,
        };
        let definition = &self.remote.definition;
        let body = chat::request(&definition.model, &messages, &asked, &definition.request);
        let room = AROUND.saturating_add((most as usize).saturating_mul(EACH)).min(LARGEST);
        statement.allow(room.saturating_mul(GROWTH))?;
        let question = Question {
            model: &definition.model,
            end: chat::CHAT,
            body,
            tokens: wanted,
            timeout,
            most: room,
        };
        spent.calls += 1;
        let reply = call(&self.server, question, |body| {
            chat::reply(body).map(|reply| {
                let tokens = reply.tokens;
                (reply, tokens)
            })
        })?;
        let took = reply.tokens.unwrap_or(wanted);
        spent.tokens.sent = spent.tokens.sent.saturating_add(took.sent);
        spent.tokens.written = spent.tokens.written.saturating_add(took.written);
        Ok(reply)
    }

    /// The most tokens of an answer to so many tokens.
    fn answer_limit(&self, sent: usize, manner: &Manner) -> Result<u64> {
        let registered = chat::limit(&self.remote.definition.request)
            .ok()
            .and_then(|(_, most)| most);
        let wanted = manner.max_tokens.map(u64::from).or(registered).unwrap_or(ANSWER);
        let Some(window) = self.remote.definition.max_tokens else {
            return Ok(wanted);
        };
        if sent >= window {
            return Err(Error::new(
                INVALID_PARAMETER,
                format!("what model \"{}\" is asked is too long", self.reference()),
            )
            .detail(format!(
                "It has {}; the model takes {window} with its answer.",
                self.counting.describe(sent)
            ))
            .hint(
                "Ask about less; with tokenizer => '...' the model's registration counts tokens in place of bytes.",
            ));
        }
        let left = match self.counting {
            // Bytes are more than tokens: how much they leave is not known.
            Counting::Bytes => window,
            Counting::Of(_) => window - sent,
        };
        Ok(wanted.min(left as u64))
    }

    /// Whether an answer can be used; the inner error says why it is not of the schema, for people and for the model.
    fn judge(
        &self,
        reply: &Reply,
        manner: &Manner,
        statement: &Foreground,
    ) -> Result<std::result::Result<(), json_schema::Mismatch>> {
        let reference = self.reference();
        let key = self.server.key.as_ref();
        if key.is_some_and(|key| key.is_in(&reply.text)) {
            return Err(Error::new(
                ENDPOINT_REFUSED,
                format!("the answer of server \"{}\" repeats its key", self.server.foreign.name),
            )
            .hint("Have the server's owner look at it, and use another key."));
        }
        if let Some(refusal) = &reply.refusal {
            let said = match key.is_some_and(|key| key.is_told_by(refusal)) {
                true => "what it says repeats the key, and is left out".to_owned(),
                false => failure::plain(refusal),
            };
            return Err(
                Error::new(UNUSABLE_ANSWER, format!("model \"{reference}\" refuses to answer"))
                    .detail(format!("It says: {said}"))
                    .hint("Ask something else, or another model."),
            );
        }
        match reply.finish {
            Finish::Stop => {}
            Finish::Filtered => {
                return Err(Error::new(
                    UNUSABLE_ANSWER,
                    format!("the answer of model \"{reference}\" is left out by its server's filter"),
                )
                .detail("Its finish_reason is content_filter.")
                .hint("Ask something else, or another model."));
            }
            Finish::Length if manner.partial && manner.schema.is_none() => {}
            Finish::Length => {
                return Err(Error::new(
                    UNUSABLE_ANSWER,
                    format!("the answer of model \"{reference}\" is cut off"),
                )
                .detail("Its finish_reason is length: it has as many tokens as it may.")
                .hint("Raise the option max_tokens, ask for less, or take what there is with {\"partial\": true}."));
            }
        }
        let Some(schema) = &manner.schema else {
            return Ok(Ok(()));
        };
        Ok(json_schema::read(&reply.text, &schema.schema, statement)?.map(drop))
    }

    fn not_of_schema(&self, problem: &json_schema::Mismatch, calls: u32) -> Error {
        let times = match calls {
            1 => "once".to_owned(),
            calls => format!("{calls} times"),
        };
        Error::new(
            UNUSABLE_ANSWER,
            format!("the answer of model \"{}\" does not have the schema", self.reference()),
        )
        .detail(format!("Of the answer, {problem}. It was asked {times}."))
        .hint(
            "Say in the prompt what is wanted, raise the option retries, or ask a model that can be held to a schema.",
        )
    }
}
