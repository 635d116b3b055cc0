//! assay: data quality, features, training, evaluation, explanation and scoring as SQL functions of PostgreSQL.
//!
//! The floors, from below: `algo` is pure mathematics and knows no PostgreSQL; `pg` is the only place that knows datums, memory
//! contexts and the executor, and the only one with `unsafe`; the others are the SQL surface, thin: arguments in, rows out.
#![deny(unsafe_code)]

mod features;
mod models;
mod ownership;
mod pages;
#[allow(unsafe_code)]
mod pg;
mod quality;
mod reliability;
mod text;

pgrx::pg_module_magic!();

/// Called by PostgreSQL when the library is loaded: registers the settings, and starts nothing.
#[pgrx::pg_guard]
extern "C-unwind" fn _PG_init() {
    pg::backtrace::disable();
    pg::codes::register();
    pg::settings::register();
    pg::distributed::install(models::pinned);
}
