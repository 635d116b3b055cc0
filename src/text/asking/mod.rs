//! Questions that a model answers from what a search finds.
//!
//! | file | idea |
//! |---|---|
//! | `manner` | how is asked: options, prompts, what a model is told beside the sources |
//! | `rewrite` | `rewrite_question` |
//! | `sources` | what the model is told of what was found |
//! | `answering` | from a question to an answer, and what holds of it |
//! | `ask` | `ask` |
//! | `log` | what is kept of an answer, and who may see it |
//! | `opinions` | `feedback`, `prune_answers` |
//! | `verify` | `verify_citations`: what was quoted, against the documents of now |
//! | `faithfulness` | `faithfulness`: how many sentences the sources support |
//! | `questions` | labelled questions |
//! | `evaluate` | `evaluate_answers` |
//! | `satisfaction` | `document_satisfaction` |
//! | `exclude` | `exclude_document`, `include_document` |

mod answering;
mod ask;
mod evaluate;
mod exclude;
mod faithfulness;
mod log;
mod manner;
mod opinions;
mod questions;
mod rewrite;
mod satisfaction;
mod sources;
mod verify;
