//! Questions in plain words to SQL, and SQL that somebody else wrote run within limits.
//!
//! | file | idea |
//! |---|---|
//! | `run` | `run_sql`: one SELECT, with functions that compute, within limits |
//! | `object` | what a name means that something is said of |
//! | `describe` | `describe`, `mark_private` |
//! | `examples` | questions with queries that answer them |
//! | `catalogue` | what a model is told of tables and views |
//! | `functions` | what it is told of functions |
//! | `objects` | the tables, views and functions that a question is confined to |
//! | `write` | `text_to_sql`: a model writes, and what it wrote is planned |
//! | `evaluate` | `evaluate_text_to_sql`: how often the rows are right |

mod catalogue;
mod describe;
mod evaluate;
mod examples;
mod functions;
mod object;
mod objects;
mod run;
mod write;
