//! Errors as users meet them: an SQLSTATE of their own, a lower-case message that names the object, a detail with the value
//! found, and a hint that tells what to do.

use std::ffi::c_int;

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode};

use super::{codes, compute, messages, settings};

/// A five-character SQLSTATE. Class `ML` is assay's own; where PostgreSQL has a code that client programs already understand, that one
/// is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqlState(pub &'static [u8; 5]);

/// There is no such model.
pub const UNDEFINED_MODEL: SqlState = SqlState(b"ML001");
/// The model has no such version or alias, or nothing is deployed.
pub const UNDEFINED_VERSION: SqlState = SqlState(b"ML002");
/// A row lacks a feature that the model needs.
pub const MISSING_FEATURE: SqlState = SqlState(b"ML003");
/// A feature's value has a type that the model cannot take.
pub const FEATURE_TYPE: SqlState = SqlState(b"ML004");
/// A column has a type that training cannot read.
pub const COLUMN_TYPE: SqlState = SqlState(b"ML005");
/// There is no such algorithm or task, or the two do not go together.
pub const UNDEFINED_ALGORITHM: SqlState = SqlState(b"ML006");
/// The rows cannot train or evaluate a model: too few, one class only, too many classes, nothing that varies.
pub const UNSUITABLE_ROWS: SqlState = SqlState(b"ML007");
/// The text is not one read-only query.
pub const NOT_A_QUERY: SqlState = SqlState(b"ML008");
/// Stored model bytes do not decode.
pub const DAMAGED_MODEL: SqlState = SqlState(b"ML009");
/// The model cannot answer this question, because of its task or algorithm.
pub const WRONG_TASK: SqlState = SqlState(b"ML010");
/// Bytes given as `assay.state` do not decode.
pub const DAMAGED_STATE: SqlState = SqlState(b"ML011");
/// Two states were made for different things.
pub const MISMATCHED_STATES: SqlState = SqlState(b"ML012");
/// Training would hold more than `assay.max_memory`.
pub const MEMORY_LIMIT: SqlState = SqlState(b"53400");
/// The system has no more memory for this backend.
pub const OUT_OF_MEMORY: SqlState = SqlState(b"53200");
/// The role lacks a privilege on the model.
pub const INSUFFICIENT_PRIVILEGE: SqlState = SqlState(b"42501");
/// An argument or option has a value outside its range.
pub const INVALID_PARAMETER: SqlState = SqlState(b"22023");
/// A result that its type does not hold.
pub const OUT_OF_RANGE: SqlState = SqlState(b"22003");
/// A NULL where there can be none.
pub const NULL_ELEMENT: SqlState = SqlState(b"22004");
/// The query has no such column.
pub const UNDEFINED_COLUMN: SqlState = SqlState(b"42703");
/// No such table or view.
pub const UNDEFINED_TABLE: SqlState = SqlState(b"42P01");
/// There is no such role.
pub const UNDEFINED_ROLE: SqlState = SqlState(b"42704");
/// Something is there that could not be without what is to be dropped.
pub const DEPENDENT_OBJECTS: SqlState = SqlState(b"2BP01");
/// A name that cannot be used.
pub const INVALID_NAME: SqlState = SqlState(b"42602");
/// More than a `bytea` or an array can hold.
pub const LIMIT_EXCEEDED: SqlState = SqlState(b"54000");
/// There is no such stored check.
pub const UNDEFINED_CHECK: SqlState = SqlState(b"ML014");
/// Checks failed that were asserted.
pub const CHECKS_FAILED: SqlState = SqlState(b"ML015");
/// No check to be run where one is asserted.
pub const NOTHING_ASSERTED: SqlState = SqlState(b"ML016");
/// There is no such baseline.
pub const UNDEFINED_BASELINE: SqlState = SqlState(b"ML020");
/// Bytes that are no text.
pub const INVALID_TEXT: SqlState = SqlState(b"22021");
/// A character that the database's encoding does not have.
pub const UNTRANSLATABLE_TEXT: SqlState = SqlState(b"22P05");
/// A regular expression does not compile.
pub const INVALID_REGEX: SqlState = SqlState(b"2201B");
/// A model that was trained without intervals is asked for one.
pub const NO_INTERVALS: SqlState = SqlState(b"55000");
/// What was not kept is asked for.
pub const NOT_KEPT: SqlState = SqlState(b"55000");
/// There is no such logged decision.
pub const UNDEFINED_DECISION: SqlState = SqlState(b"ML021");
/// There is no such asset.
pub const UNDEFINED_ASSET: SqlState = SqlState(b"ML022");
/// There is no such person, team, rotation or calendar.
pub const UNDEFINED_OWNER: SqlState = SqlState(b"ML023");
/// There is no such data product.
pub const UNDEFINED_PRODUCT: SqlState = SqlState(b"ML024");
/// There is no such issue.
pub const UNDEFINED_ISSUE: SqlState = SqlState(b"ML025");
/// There is no such incident.
pub const UNDEFINED_INCIDENT: SqlState = SqlState(b"ML026");
/// What is asked for does not go with the state that an incident is in.
pub const WRONG_STATE: SqlState = SqlState(b"ML027");
/// An incident on what is read is not over, where assay.gate is error.
pub const GATED: SqlState = SqlState(b"ML028");
/// There is no such service level.
pub const UNDEFINED_SERVICE_LEVEL: SqlState = SqlState(b"ML029");
/// There is no such notification.
pub const UNDEFINED_NOTIFICATION: SqlState = SqlState(b"ML030");
/// An endpoint, or the limit that is set for it, asks to come again later.
pub const RATE_LIMITED: SqlState = SqlState(b"ML031");
/// What an endpoint may take in a day is taken.
pub const BUDGET_USED_UP: SqlState = SqlState(b"ML032");
/// An endpoint cannot be reached, does not answer, or fails: the same call may succeed later.
pub const ENDPOINT_FAILED: SqlState = SqlState(b"ML033");
/// An endpoint refuses a call, or answers what is no answer: the same call will not succeed.
pub const ENDPOINT_REFUSED: SqlState = SqlState(b"ML034");
/// There is no such vectorizer.
pub const UNDEFINED_VECTORIZER: SqlState = SqlState(b"ML035");
/// A query that somebody else wrote is more than one that only reads and computes, or would cost too much.
pub const REFUSED_STATEMENT: SqlState = SqlState(b"ML039");
/// There is no such training set, or no such version of it.
pub const UNDEFINED_DATASET: SqlState = SqlState(b"ML047");
/// What a model answers is no answer: it refuses, is cut off or filtered, or does not have the schema. Asked again, it may answer otherwise.
pub const UNUSABLE_ANSWER: SqlState = SqlState(b"ML036");
/// There is no such answer, or the caller may not see it.
pub const UNDEFINED_ANSWER: SqlState = SqlState(b"ML037");
/// Pseudonyms are asked for, and there is no key for them.
pub const NO_PSEUDONYM_KEY: SqlState = SqlState(b"ML041");
/// Something of this name is there already.
pub const DUPLICATE_OBJECT: SqlState = SqlState(b"42710");
/// There is no such foreign server.
pub const UNDEFINED_SERVER: SqlState = SqlState(b"42704");
/// A call that cannot be booked is not made.
pub const NOT_BOOKED: SqlState = SqlState(b"55000");
/// A version is asked for curves that were not kept with it.
pub const NO_CURVES: SqlState = SqlState(b"55000");
/// A node of a cluster is asked for what only another one can do, or does not do what it is told.
pub const NOT_IN_CLUSTER: SqlState = SqlState(b"55000");
/// A function was called in a way that only PostgreSQL's own machinery may.
pub const WRONG_CALL: SqlState = SqlState(b"ML013");
/// Two columns have one name.
pub const DUPLICATE_COLUMN: SqlState = SqlState(b"42701");
/// Another transaction was in the way of one that sees the database as it was; run again, it may succeed.
pub const SERIALIZATION_FAILURE: SqlState = SqlState(b"40001");
/// A row that is not what training has seen, or a check on what training read that fails, where assay.guard is error.
pub const GUARDED: SqlState = SqlState(b"ML018");
/// The statement was cancelled.
pub const QUERY_CANCELED: SqlState = SqlState(b"57014");
/// A promise of the extension's own tables does not hold.
pub const INTERNAL: SqlState = SqlState(b"XX000");

/// What to do about bytes that only a newer assay reads.
pub const UPDATE_ASSAY: &str = "Install the version of assay that made it, or a newer one.";

/// An error on its way to the user.
#[derive(Debug, Clone)]
pub struct Error {
    state: SqlState,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    again: Option<Again>,
}

/// When a call of an endpoint may be made again that took nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Again {
    pub seconds: u32,
    /// Whether the endpoint was called; else the limits that are set for it did not admit the call.
    pub was_called: bool,
}

/// The result of everything on the SQL floor.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error with its message.
    pub fn new(state: SqlState, message: impl Into<String>) -> Self {
        Error {
            state,
            message: message.into(),
            detail: None,
            hint: None,
            again: None,
        }
    }

    /// Replaces the SQLSTATE, where a more telling one is known.
    pub fn state(mut self, state: SqlState) -> Self {
        self.state = state;
        self
    }

    /// Says where in a longer argument the error was met.
    pub fn at(mut self, place: String) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// Adds what was found.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says that the call which failed took nothing, and when it may be made again.
    pub fn again(mut self, again: Again) -> Self {
        self.again = Some(again);
        self
    }

    /// When a call may be made again that took nothing; `None` for one that may have been paid, or will fail again.
    pub fn when_again(&self) -> Option<Again> {
        self.again
    }

    /// Whether the statement was cancelled, which is not about the work that met it.
    pub fn is_cancel(&self) -> bool {
        self.state == QUERY_CANCELED
    }

    /// Whether it says that the caller may not do what it wants to.
    pub fn is_denial(&self) -> bool {
        self.state == INSUFFICIENT_PRIVILEGE
    }

    /// Whether it asks for nothing but to come again later.
    pub fn is_rate_limit(&self) -> bool {
        self.state == RATE_LIMITED
    }

    /// Whether an endpoint is out of order, or what it may take is taken: whatever it is asked for, it will not answer now.
    pub fn is_outage(&self) -> bool {
        self.state == ENDPOINT_FAILED || self.state == BUDGET_USED_UP
    }

    /// Whether a model gave no answer that can be used.
    pub fn is_unusable(&self) -> bool {
        self.state == UNUSABLE_ANSWER
    }

    /// Whether it is a fault of the call of an endpoint or of its answer, and not of whoever calls.
    pub fn is_of_call(&self) -> bool {
        [
            RATE_LIMITED,
            BUDGET_USED_UP,
            ENDPOINT_FAILED,
            ENDPOINT_REFUSED,
            UNUSABLE_ANSWER,
        ]
        .contains(&self.state)
    }

    /// The message with its detail and hint, in one text.
    pub fn sentences(&self) -> String {
        let texts = [Some(&self.message), self.detail.as_ref(), self.hint.as_ref()];
        let sentences = texts.into_iter().flatten().map(|text| match text.ends_with('.') {
            true => text.clone(),
            false => format!("{text}."),
        });
        sentences.collect::<Vec<_>>().join(" ")
    }

    /// Raises the error in PostgreSQL. Rust frames between here and the function that PostgreSQL called unwind, running their
    /// destructors.
    pub fn raise(self) -> ! {
        if self.state == QUERY_CANCELED {
            // PostgreSQL says better why: a timeout, a request, an end of the session. It does not return then.
            compute::serve_interrupts();
        }
        let Error {
            state,
            message,
            detail,
            hint,
            again: _,
        } = self;
        let (message, detail, hint) = (printable(message), detail.map(printable), hint.map(printable));
        let function = pgrx::function_name!();
        codes::announce(state.packed(), &message, function);
        let texts = [Some(&message), detail.as_ref(), hint.as_ref()];
        messages::announce(texts.into_iter().flatten().map(String::as_str));
        let mut report = ErrorReport::new(PgSqlErrorCode::ERRCODE_INTERNAL_ERROR, message, function);
        if let Some(detail) = detail {
            report = report.set_detail(detail);
        }
        if let Some(hint) = hint {
            report = report.set_hint(hint);
        }
        report.report(PgLogLevel::ERROR);
        unreachable!("an ERROR never returns")
    }
}

impl SqlState {
    /// As `MAKE_SQLSTATE` does: six bits a character.
    pub(super) fn packed(self) -> c_int {
        self.0.iter().rev().fold(0, |code, &c| {
            (code << 6) + ((c_int::from(c) - c_int::from(b'0')) & 0x3f)
        })
    }
}

/// Tells the user something without failing.
pub fn notice(message: impl Into<String>, detail: Option<String>) {
    let success = PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION;
    tell(PgLogLevel::NOTICE, success, [Some(message.into()), detail, None]);
}

/// Tells the user something without failing, and what to do about it.
pub fn advise(message: impl Into<String>, detail: Option<String>, hint: Option<String>) {
    let success = PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION;
    tell(PgLogLevel::NOTICE, success, [Some(message.into()), detail, hint]);
}

/// Tells the user, without failing, of something that he would not expect.
pub fn warning(message: impl Into<String>, detail: Option<String>) {
    tell(
        PgLogLevel::WARNING,
        PgSqlErrorCode::ERRCODE_WARNING,
        [Some(message.into()), detail, None],
    );
}

/// Reports a message, its detail and its hint.
fn tell(level: PgLogLevel, state: PgSqlErrorCode, texts: [Option<String>; 3]) {
    let texts = texts.map(|text| text.map(printable));
    messages::announce(texts.iter().flatten().map(String::as_str));
    let [message, detail, hint] = texts;
    let mut report = ErrorReport::new(state, message.unwrap_or_default(), pgrx::function_name!());
    if let Some(detail) = detail {
        report = report.set_detail(detail);
    }
    if let Some(hint) = hint {
        report = report.set_hint(hint);
    }
    codes::preserve(|| report.report(level));
}

/// Unwraps a result at the border to PostgreSQL.
pub fn or_raise<T>(result: Result<T>) -> T {
    result.unwrap_or_else(|error| error.raise())
}

impl From<algo::error::Error> for Error {
    fn from(error: algo::error::Error) -> Self {
        use algo::error::Error as Cause;
        let message = error.to_string();
        match error {
            Cause::Stopped => Error::new(QUERY_CANCELED, "canceling statement due to user request"),
            Cause::Parameter { name, value, allowed } => {
                Error::new(INVALID_PARAMETER, format!("parameter \"{name}\" is out of range"))
                    .detail(format!("The value is {value}."))
                    .hint(format!("It must be {allowed}."))
            }
            Cause::UnknownParameter { known, .. } => {
                let known: Vec<String> = known.iter().map(|name| format!("\"{name}\"")).collect();
                let hint = match &known[..] {
                    [] => "There is none.".into(),
                    [only] => format!("Expected is {only}."),
                    [one, other] => format!("Expected is {one} or {other}."),
                    _ => format!("Expected is one of: {}.", known.join(", ")),
                };
                Error::new(INVALID_PARAMETER, message).hint(hint)
            }
            Cause::Data { problem, detail, hint } => Error {
                detail,
                ..Error::new(UNSUITABLE_ROWS, problem).hint(sentence(hint))
            },
            Cause::Internal(problem) => Error::new(INTERNAL, problem),
            Cause::Damaged { .. } => Error::new(DAMAGED_STATE, message)
                .hint("Bytes of assay are only to be made by assay's own functions; restore them from a backup."),
            Cause::Newer { .. } => Error::new(DAMAGED_STATE, message).hint(UPDATE_ASSAY),
            Cause::Mismatch { .. } => Error::new(MISMATCHED_STATES, message)
                .hint("Merge states that the same aggregate made with the same arguments."),
            Cause::Memory { needed, allowed } => Error::new(
                MEMORY_LIMIT,
                "the computation needs more memory than assay.max_memory allows",
            )
            .detail(format!(
                "{} are needed, {} are allowed.",
                megabytes(needed),
                megabytes(allowed)
            ))
            .hint(format!("{}, or take fewer rows or columns.", settings::MORE_MEMORY)),
            Cause::OutOfMemory { needed } => Error::new(OUT_OF_MEMORY, "out of memory")
                .detail(format!("A buffer of {} was refused by the system.", megabytes(needed)))
                .hint("Lower assay.max_memory to meet an error sooner, take fewer rows or columns, or give the server more memory."),
        }
    }
}

/// A number of bytes, for people.
pub fn megabytes(bytes: usize) -> String {
    format!("{:.1} MB", bytes as f64 / (1024.0 * 1024.0))
}

/// A text PostgreSQL can print: in C, a string ends at its first zero byte. What it quotes may be an argument of any length; nobody reads the end of that,
/// and each log that it goes to would keep it.
fn printable(mut text: String) -> String {
    /// The most characters.
    const LONGEST: usize = 10_000;
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push_str("...");
    }
    match text.contains('\0') {
        true => text.replace('\0', "\u{fffd}"),
        false => text,
    }
}

/// A hint of the mathematics floor as PostgreSQL writes hints: a sentence.
fn sentence(hint: &str) -> String {
    let mut characters = hint.chars();
    let first = characters
        .next()
        .map(|c| c.to_uppercase().collect::<String>())
        .unwrap_or_default();
    let stop = if hint.ends_with('.') { "" } else { "." };
    format!("{first}{}{stop}", characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use algo::error::Error as Cause;

    #[test]
    fn sqlstates_are_packed_as_postgresql_packs_them() {
        for (state, code) in [
            (INTERNAL, PgSqlErrorCode::ERRCODE_INTERNAL_ERROR),
            (INVALID_PARAMETER, PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE),
            (INVALID_REGEX, PgSqlErrorCode::ERRCODE_INVALID_REGULAR_EXPRESSION),
            (UNDEFINED_TABLE, PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE),
            (QUERY_CANCELED, PgSqlErrorCode::ERRCODE_QUERY_CANCELED),
        ] {
            assert_eq!(state.packed(), code as c_int, "{state:?}");
        }
    }

    #[test]
    fn an_error_in_one_text_is_made_of_sentences() {
        let error = Error::new(INTERNAL, "no such table")
            .at("check 2".into())
            .hint("Create it.");
        assert_eq!(error.sentences(), "check 2: no such table. Create it.");
        let error = Error::new(INTERNAL, "no such table").detail("It is \"t\"");
        assert_eq!(error.sentences(), "no such table. It is \"t\".");
    }

    #[test]
    fn what_is_printed_ends_where_nobody_would_read_on() {
        assert_eq!(printable("a\0b".into()), "a\u{fffd}b");
        let long = printable("é".repeat(20_000));
        assert_eq!((long.chars().count(), long.ends_with("é...")), (10_003, true));
        let all = "é".repeat(10_000);
        assert_eq!(printable(all.clone()), all);
    }

    #[test]
    fn causes_keep_their_sqlstate_detail_and_hint() {
        let parameter = Cause::Parameter {
            name: "bins",
            value: "0".into(),
            allowed: "2 or more".into(),
        };
        let unknown = Cause::UnknownParameter {
            name: "dept".into(),
            known: vec!["depth", "bins", "seed"],
        };
        let rows = Cause::data("there are no rows", "give some").detail("The filter leaves none.".into());
        let memory = Cause::Memory {
            needed: 3 << 20,
            allowed: 1 << 20,
        };
        for (cause, state, detail, hint) in [
            (
                parameter,
                INVALID_PARAMETER,
                Some("The value is 0."),
                "It must be 2 or more.",
            ),
            (
                unknown,
                INVALID_PARAMETER,
                None,
                "Expected is one of: \"depth\", \"bins\", \"seed\".",
            ),
            (rows, UNSUITABLE_ROWS, Some("The filter leaves none."), "Give some."),
            (
                memory,
                MEMORY_LIMIT,
                Some("3.0 MB are needed, 1.0 MB are allowed."),
                &format!("{}, or take fewer rows or columns.", settings::MORE_MEMORY),
            ),
        ] {
            let error = Error::from(cause);
            assert_eq!(error.state, state, "{error:?}");
            assert_eq!(error.detail.as_deref(), detail);
            assert_eq!(error.hint.as_deref(), Some(hint));
        }
        assert!(Error::from(Cause::Stopped).is_cancel());
    }

    #[test]
    fn a_zero_byte_does_not_cut_a_message_off() {
        assert_eq!(printable("a\0b".into()), "a\u{fffd}b");
    }
}
