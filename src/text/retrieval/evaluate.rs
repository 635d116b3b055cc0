//! `evaluate_retrieval`: means over questions with what they may as well be, and each question, the worst first.

use pgrx::pg_extern;

use super::answers::{answers, key_columns};
use super::questions::{self, Question};
use super::{SEED, depths, tell_left_out};
use crate::pg::error::{Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use crate::text::search::{Mode, Request, Target};
use algo_text::retrieval::{Judged, Measure, mean};

result_row! {
    /// A measure of all questions, or of one.
    struct MeasureRow {
        question: Option<String>,
        measure: &'static str,
        k: i32,
        value: f64,
        low: Option<f64>,
        high: Option<f64>,
        questions: i64,
        relevant: i64,
    }
}

/// The means over all questions.
fn means(judged: &[Judged], depths: &[usize], watch: &Foreground) -> Result<Vec<MeasureRow>> {
    let mut rows = Vec::new();
    for &k in depths {
        for measure in Measure::ALL {
            let values: Vec<f64> = judged.iter().map(|judged| judged.value(measure, k)).collect();
            let Some(mean) = mean(&values, SEED, watch)? else {
                continue;
            };
            rows.push(MeasureRow {
                question: None,
                measure: measure.name(),
                k: k as i32,
                value: mean.value,
                low: Some(mean.interval[0]),
                high: Some(mean.interval[1]),
                questions: values.len() as i64,
                relevant: judged.iter().map(|judged| judged.all as i64).sum(),
            });
        }
    }
    Ok(rows)
}

/// Each question, the one with the least nDCG first.
fn each(questions: &[Question], judged: &[Judged], depths: &[usize]) -> Vec<MeasureRow> {
    let deepest = depths.last().copied().unwrap_or(1);
    let worth = |place: &usize| judged[*place].value(Measure::Ndcg, deepest);
    let mut order: Vec<usize> = (0..judged.len()).collect();
    order.sort_by(|a, b| worth(a).total_cmp(&worth(b)).then(a.cmp(b)));
    let mut rows = Vec::new();
    for place in order {
        for &k in depths {
            rows.extend(Measure::ALL.map(|measure| MeasureRow {
                question: Some(questions[place].text.clone()),
                measure: measure.name(),
                k: k as i32,
                value: judged[place].value(measure, k),
                low: None,
                high: None,
                questions: 1,
                relevant: judged[place].all as i64,
            }));
        }
    }
    rows
}

/// `evaluate_retrieval(vectorizer, questions, k, mode, rerank, filter)`.
#[pg_extern(sql = false)]
fn evaluate_retrieval(
    vectorizer: Option<Text>,
    questions: Option<Text>,
    k: Option<Vec<Option<i32>>>,
    mode: Option<Text>,
    rerank: Option<Text>,
    filter: Option<Text>,
) -> SetOf<MeasureRow> {
    let rows = || {
        let depths = depths(k)?;
        let request = Request {
            k: depths.last().copied().unwrap_or(1),
            mode: Mode::of(&required("mode", mode)?)?,
            rerank: rerank.map(String::from),
            filter: filter.map(String::from),
        };
        let target = Target::of(&required("vectorizer", vectorizer)?)?;
        let watch = Foreground::new()?;
        let (questions, left_out) = questions::read(&required("questions", questions)?, &key_columns(&target))?;
        tell_left_out(left_out);
        let judged = answers(&target, &request, &questions, &watch)?;
        let mut rows = means(&judged, &depths, &watch)?;
        rows.extend(each(&questions, &judged, &depths));
        Ok(rows)
    };
    set_of(or_raise(rows()))
}
