//! `evaluate_answers`: means over labelled questions with what they may as well be, and each question.

use std::collections::BTreeSet;

use pgrx::pg_extern;

use super::answering::{Answered, Asker};
use super::ask::Arguments;
use super::faithfulness::by_overlap;
use super::questions::{self, Labelled};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::json::Jsonb;
use crate::pg::options::required;
use crate::pg::read_only;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use crate::text::retrieval::SEED;
use crate::text::retrieval::questions::{Key, of_json};
use algo_text::asking::{agreement, question};
use algo_text::retrieval::mean;

result_row! {
    /// A measure of all questions, or of one.
    struct MeasureRow {
        question: Option<String>,
        measure: &'static str,
        value: f64,
        low: Option<f64>,
        high: Option<f64>,
        questions: i64,
        answer_id: Option<i64>,
    }
}

/// The measures, in the order in which they are shown.
const MEASURES: [&str; 6] = [
    "accuracy",
    "f1",
    "abstention",
    "citation_precision",
    "citation_recall",
    "faithfulness",
];

/// What one question comes to: a value for each measure that applies to it.
struct Judged {
    values: [Option<f64>; MEASURES.len()],
    answer_id: i64,
}

fn judge(
    asker: &Asker,
    columns: &[String],
    labelled: &Labelled,
    answered: &Answered,
    watch: &Foreground,
) -> Result<Judged> {
    let one = |is_so: bool| if is_so { 1.0 } else { 0.0 };
    let text = answered.answer.as_deref();
    let language = asker.target.language;
    let agreed = match (&labelled.answer, text) {
        (Some(expected), Some(text)) => Some(agreement(text, expected, language, watch)?),
        (Some(_), None) | (None, _) => None,
    };
    let accuracy = match (&labelled.answer, labelled.is_unanswerable()) {
        (Some(_), _) => Some(one(agreed.is_some_and(|agreed| agreed.holds))),
        (None, true) => Some(one(text.is_none())),
        (None, false) => None,
    };
    let f1 = labelled.answer.as_ref().map(|_| agreed.map_or(0.0, |agreed| agreed.f1));
    let cited: BTreeSet<Key> = (answered.citations.as_array().into_iter().flatten())
        .filter_map(|citation| of_json(&citation["key"], columns))
        .collect();
    let right = cited.intersection(&labelled.relevant).count() as f64;
    let share = |all: usize| right / all as f64;
    let has_keys = !labelled.relevant.is_empty();
    let sources: Vec<&str> = answered.told.iter().map(String::as_str).collect();
    let faithfulness = text
        .map(|text| by_overlap(text, &sources, language, watch))
        .transpose()?;
    Ok(Judged {
        values: [
            accuracy,
            f1,
            Some(one(text.is_none())),
            (has_keys && !cited.is_empty()).then(|| share(cited.len())),
            has_keys.then(|| share(labelled.relevant.len())),
            faithfulness.flatten(),
        ],
        answer_id: answered.id,
    })
}

fn evaluated(asker: &Asker, questions_query: &str) -> Result<Vec<MeasureRow>> {
    let watch = Foreground::new()?;
    let columns: Vec<String> = asker
        .target
        .layout
        .key
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let labelled = questions::read(questions_query, &columns)?;
    let mut judged = Vec::new();
    for one in &labelled {
        serve_interrupts();
        let answered = asker.answer(question(&one.question)?, &[], &watch)?;
        judged.push(judge(asker, &columns, one, &answered, &watch)?);
    }
    let mut rows = Vec::new();
    for (place, measure) in MEASURES.into_iter().enumerate() {
        let values: Vec<f64> = judged.iter().filter_map(|judged| judged.values[place]).collect();
        let Some(mean) = mean(&values, SEED, &watch)? else {
            continue;
        };
        rows.push(MeasureRow {
            question: None,
            measure,
            value: mean.value,
            low: Some(mean.interval[0]),
            high: Some(mean.interval[1]),
            questions: values.len() as i64,
            answer_id: None,
        });
    }
    for (labelled, judged) in labelled.iter().zip(&judged) {
        for (measure, value) in MEASURES.into_iter().zip(judged.values) {
            rows.extend(value.map(|value| MeasureRow {
                question: Some(labelled.question.clone()),
                measure,
                value,
                low: None,
                high: None,
                questions: 1,
                answer_id: Some(judged.answer_id),
            }));
        }
    }
    Ok(rows)
}

/// `evaluate_answers(vectorizer, questions, model, k, mode, rerank, filter, prompt, options)`.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments)]
fn evaluate_answers(
    vectorizer: Option<Text>,
    questions: Option<Text>,
    model: Option<Text>,
    k: Option<i32>,
    mode: Option<Text>,
    rerank: Option<Text>,
    filter: Option<Text>,
    prompt: Option<Text>,
    options: Option<Jsonb>,
) -> SetOf<MeasureRow> {
    read_only::require_writable(c"assay.evaluate_answers()");
    let rows = || {
        let questions = required("questions", questions)?;
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
        evaluated(&asker, &questions)
    };
    set_of(or_raise(rows()))
}
