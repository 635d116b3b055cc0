//! The settings `assay.*`. Nothing needs a preload: they exist once the library is loaded.

use std::ffi::{CStr, CString};
use std::num::NonZeroUsize;
use std::time::Duration;

use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting, PostgresGucEnum, pg_sys};

static MAX_MEMORY: GucSetting<i32> = GucSetting::<i32>::new(4096);
/// 0 for none.
static MAX_MEMORY_LIMIT: GucSetting<i32> = GucSetting::<i32>::new(0);
/// 0 for never.
static PACK_ROWS: GucSetting<i32> = GucSetting::<i32>::new(1_000_000);
static PROGRESS: GucSetting<i32> = GucSetting::<i32>::new(2000);
static THREADS: GucSetting<i32> = GucSetting::<i32>::new(0);
/// 0 for none.
static THREADS_LIMIT: GucSetting<i32> = GucSetting::<i32>::new(0);
static CACHE_MEMORY: GucSetting<i32> = GucSetting::<i32>::new(64);
static GUARD: GucSetting<Guard> = GucSetting::<Guard>::new(Guard::Off);
static GATE: GucSetting<Gate> = GucSetting::<Gate>::new(Gate::Off);
static ISSUES: GucSetting<bool> = GucSetting::<bool>::new(true);
static HISTORY_RETENTION: GucSetting<i32> = GucSetting::<i32>::new(90 * 24 * 60 * 60);
static ANSWER_RETENTION: GucSetting<i32> = GucSetting::<i32>::new(90 * 24 * 60 * 60);
static ENDPOINTS: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static ENDPOINT_FILES: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static ENDPOINT_VARIABLES: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static PSEUDONYM_KEY_FILE: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);

static SQL_FUNCTIONS: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);

/// `assay.guard`: what predictions do about rows that are not what training has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PostgresGucEnum)]
pub enum Guard {
    /// Nothing: they are not looked at.
    #[name = c"off"]
    Off,
    /// They are counted, and the counts told when the statement is over.
    #[name = c"notice"]
    Notice,
    /// The first of them is an error.
    #[name = c"error"]
    Error,
}

/// `assay.gate`: what assertions and predictions do where what they depend on has an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PostgresGucEnum)]
pub enum Gate {
    /// Nothing: nobody looks.
    #[name = c"off"]
    Off,
    /// They tell.
    #[name = c"notice"]
    Notice,
    /// It is an error.
    #[name = c"error"]
    Error,
}

/// Declares every setting to PostgreSQL.
pub fn register() {
    register_resources();
    register_watching();
    register_answers();
    register_endpoints();
    GucRegistry::define_string_guc(
        c"assay.sql_functions",
        c"Functions that queries of assay.run_sql and assay.text_to_sql may call beside PostgreSQL's own: a list.",
        c"Only superusers can change it. Entries are functions with schema and argument types, such as public.slug(text), or extension:NAME for an extension's immutable functions.",
        &SQL_FUNCTIONS,
        GucContext::Suset,
        GucFlags::default(),
    );
}

/// What work may take.
fn register_resources() {
    GucRegistry::define_int_guc(
        c"assay.max_memory",
        c"The most memory that training a model may hold.",
        c"Training fails with an error that says how much was needed, before it holds more.",
        &MAX_MEMORY,
        1,
        i32::MAX,
        GucContext::Userset,
        GucFlags::UNIT_MB,
    );
    GucRegistry::define_int_guc(
        c"assay.max_memory_limit",
        c"The most that assay.max_memory and assay.cache_memory are taken for.",
        c"Only superusers can change it. 0 sets no limit.",
        &MAX_MEMORY_LIMIT,
        0,
        i32::MAX,
        GucContext::Suset,
        GucFlags::UNIT_MB,
    );
    GucRegistry::define_int_guc(
        c"assay.pack_rows",
        c"The most rows that a training holds as they are.",
        c"More are read twice and packed, one byte a value, where the algorithm learns from bytes, or summed up, where it learns from sums. 0 does neither.",
        &PACK_ROWS,
        0,
        i32::MAX,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"assay.progress",
        c"How often a long training says how far it is.",
        c"Training that takes longer than this reports once per interval. 0 reports nothing.",
        &PROGRESS,
        0,
        i32::MAX,
        GucContext::Userset,
        GucFlags::UNIT_MS,
    );
    GucRegistry::define_int_guc(
        c"assay.threads",
        c"How many threads train a model.",
        c"0 takes one for each processor. The model does not depend on it.",
        &THREADS,
        0,
        256,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"assay.threads_limit",
        c"The most that assay.threads is taken for.",
        c"Only superusers can change it. 0 sets no limit.",
        &THREADS_LIMIT,
        0,
        256,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"assay.cache_memory",
        c"The most memory that models kept ready for scoring take in one backend.",
        c"Models that were not used for longest leave first. The models of the running statement always stay.",
        &CACHE_MEMORY,
        0,
        i32::MAX,
        GucContext::Userset,
        GucFlags::UNIT_MB,
    );
}

/// What is looked at, and how long it is kept.
fn register_watching() {
    GucRegistry::define_enum_guc(
        c"assay.guard",
        c"What predictions do about rows that are not what training has seen.",
        c"Values outside the range of training, categories it had none of, NULL where it had none, and failed checks on what it read: off, notice or error.",
        &GUARD,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_enum_guc(
        c"assay.gate",
        c"What assertions and predictions do where what they depend on has an incident.",
        c"Open and acknowledged incidents of what assay.assert_checks is about, or a model, depends on by its lineage: off, notice or error.",
        &GATE,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_bool_guc(
        c"assay.issues",
        c"Whether what checks, drift, models and guards find wrong is kept as issues.",
        c"Without it nothing is opened, counted or closed.",
        &ISSUES,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"assay.history_retention",
        c"How long the results of checks are kept.",
        c"Each run deletes what is older, of those roles that its checks ran as whose rights the caller has. 0 keeps nothing, -1 everything.",
        &HISTORY_RETENTION,
        -1,
        i32::MAX,
        GucContext::Userset,
        GucFlags::UNIT_S,
    );
}

/// How long answers are kept.
fn register_answers() {
    GucRegistry::define_int_guc(
        c"assay.answer_retention",
        c"How long what assay.ask was asked and has answered is kept.",
        c"Only superusers can change it. Each call of assay.ask deletes up to 100 older ones, assay.prune_answers all that its caller may see. -1 keeps them for ever; 0 until assay.prune_answers is called.",
        &ANSWER_RETENTION,
        -1,
        i32::MAX,
        GucContext::Suset,
        GucFlags::UNIT_S,
    );
}

/// `assay.answer_retention`.
pub fn answer_retention() -> Retention {
    Retention::of(ANSWER_RETENTION.get())
}

/// What may be reached beyond this machine, and what it may be told.
fn register_endpoints() {
    for (name, short, long, setting) in [
        (
            c"assay.endpoints",
            c"The hosts that calls of endpoints may reach: a list of host or host:port.",
            c"Only superusers can change it. Empty, no host may be reached.",
            &ENDPOINTS,
        ),
        (
            c"assay.endpoint_files",
            c"The files that the options api_key_file and ca_file may name: a list of paths.",
            c"Only superusers can change it. Empty, no file is read.",
            &ENDPOINT_FILES,
        ),
        (
            c"assay.endpoint_variables",
            c"The server's environment variables that the option api_key_variable may name: a list.",
            c"Only superusers can change it. Empty, none is read.",
            &ENDPOINT_VARIABLES,
        ),
        (
            c"assay.pseudonym_key_file",
            c"The file with the key of pseudonyms.",
            c"Only superusers can change it. Empty, there are no pseudonyms.",
            &PSEUDONYM_KEY_FILE,
        ),
    ] {
        GucRegistry::define_string_guc(name, short, long, setting, GucContext::Suset, GucFlags::default());
    }
}

/// A setting that is a text; empty where it is not set.
fn list(setting: &GucSetting<Option<CString>>) -> String {
    setting
        .get()
        .map(|list| list.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// `assay.endpoints`.
pub fn endpoints() -> String {
    list(&ENDPOINTS)
}

/// `assay.endpoint_files`.
pub fn endpoint_files() -> String {
    list(&ENDPOINT_FILES)
}

/// `assay.endpoint_variables`.
pub fn endpoint_variables() -> String {
    list(&ENDPOINT_VARIABLES)
}

/// `assay.pseudonym_key_file`.
pub fn pseudonym_key_file() -> String {
    list(&PSEUDONYM_KEY_FILE)
}

/// `assay.sql_functions`.
pub fn sql_functions() -> String {
    list(&SQL_FUNCTIONS)
}

/// `assay.guard`.
pub fn guard() -> Guard {
    GUARD.get()
}

/// `assay.gate`.
pub fn gate() -> Gate {
    GATE.get()
}

/// `assay.issues`.
pub fn keeps_issues() -> bool {
    ISSUES.get()
}

/// `assay.history_retention`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// Results are not kept at all.
    Nothing,
    /// They are kept for so long.
    Seconds(i32),
    /// They are never deleted.
    Forever,
}

impl Retention {
    fn of(seconds: i32) -> Retention {
        match seconds {
            0 => Retention::Nothing,
            seconds @ 1.. => Retention::Seconds(seconds),
            _ => Retention::Forever,
        }
    }
}

/// `assay.history_retention`.
pub fn history_retention() -> Retention {
    Retention::of(HISTORY_RETENTION.get())
}

/// A setting that any role may change, below the limit that only superusers may: the smaller of the two counts, whichever was set last.
fn limited(value: usize, limit: &GucSetting<i32>) -> usize {
    match usize::try_from(limit.get()) {
        Ok(limit) if limit > 0 => value.min(limit),
        _ => value,
    }
}

/// A setting in megabytes below the limit of memory, in bytes.
fn bytes(setting: &GucSetting<i32>) -> usize {
    let megabytes = usize::try_from(setting.get()).unwrap_or(0);
    limited(megabytes, &MAX_MEMORY_LIMIT).saturating_mul(1024 * 1024)
}

/// `assay.max_memory` in bytes, within `assay.max_memory_limit`.
pub fn max_memory() -> usize {
    bytes(&MAX_MEMORY)
}

/// What to do where [`max_memory`] is too little: the beginning of a hint.
pub const MORE_MEMORY: &str = "Raise assay.max_memory (which counts up to assay.max_memory_limit)";

/// `assay.cache_memory` in bytes, within `assay.max_memory_limit`.
pub fn cache_memory() -> usize {
    bytes(&CACHE_MEMORY)
}

/// `assay.pack_rows`, or `None` when none are to be packed.
pub fn pack_rows() -> Option<u64> {
    u64::try_from(PACK_ROWS.get()).ok().filter(|rows| *rows > 0)
}

/// `assay.progress`, or `None` when progress is not to be reported.
pub fn progress_interval() -> Option<Duration> {
    match u64::try_from(PROGRESS.get()) {
        Ok(milliseconds) if milliseconds > 0 => Some(Duration::from_millis(milliseconds)),
        _ => None,
    }
}

/// `assay.threads`, with 0 resolved to the number of processors, within `assay.threads_limit`.
pub fn threads() -> usize {
    let threads = match usize::try_from(THREADS.get()) {
        Ok(threads) if threads > 0 => threads,
        _ => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
    };
    limited(threads, &THREADS_LIMIT)
}

/// Sets a setting until the level of settings ends, or the (sub)transaction is rolled back. Raises an error for a value that is not valid.
pub(super) fn save(name: &CStr, value: &CStr) {
    save_in(name, value, pg_sys::GucContext::PGC_USERSET);
}

/// The same of a setting that only superusers may change: to be used to allow less.
pub(super) fn save_restricted(name: &CStr, value: &CStr) {
    save_in(name, value, pg_sys::GucContext::PGC_SUSET);
}

fn save_in(name: &CStr, value: &CStr, context: pg_sys::GucContext::Type) {
    // SAFETY: both are C strings, which the call copies; it raises an error for a value that is not valid.
    unsafe {
        pg_sys::set_config_option(
            name.as_ptr(),
            value.as_ptr(),
            context,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_SAVE,
            true,
            0,
            false,
        );
    }
}

/// Runs `work` while names without a schema are PostgreSQL's own, whatever the search path of the session. An error that leaves `work` by unwinding ends the
/// (sub)transaction, which puts the setting back.
pub(super) fn with_own_names<T>(work: impl FnOnce() -> T) -> T {
    // SAFETY: as in `with_exact_numbers`.
    unsafe {
        let level = pg_sys::NewGUCNestLevel();
        save(c"search_path", c"pg_catalog, pg_temp");
        let result = work();
        pg_sys::AtEOXact_GUC(false, level);
        result
    }
}

/// Runs `work` while numbers in double precision become texts that give the same numbers, whatever the session has set. An error that leaves `work`
/// by unwinding ends the (sub)transaction, which puts the setting back.
pub fn with_exact_numbers<T>(work: impl FnOnce() -> T) -> T {
    // SAFETY: the pair of calls is the one PostgreSQL itself uses around a function with settings of its own; the strings are constants.
    unsafe {
        let level = pg_sys::NewGUCNestLevel();
        save(c"extra_float_digits", c"3");
        let result = work();
        pg_sys::AtEOXact_GUC(false, level);
        result
    }
}
