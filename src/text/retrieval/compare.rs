//! `compare_retrieval`: two searches for the same questions, question by question.

use pgrx::pg_extern;

use super::answers::{answers, key_columns};
use super::{SEED, depths, questions, tell_left_out};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use crate::text::search::{Mode, Request, Target};
use algo_text::retrieval::{Measure, compare};

result_row! {
    /// How two searches differ by a measure.
    struct DifferenceRow {
        measure: &'static str,
        k: i32,
        a: f64,
        b: f64,
        difference: f64,
        low: f64,
        high: f64,
        p_value: f64,
        questions: i64,
    }
}

/// One of the two.
struct Side {
    target: Target,
    request: Request,
}

impl Side {
    fn of(name: &str, vectorizer: Option<Text>, mode: Option<Text>, rerank: Option<Text>, k: usize) -> Result<Side> {
        Ok(Side {
            target: Target::of(&required(name, vectorizer)?)?,
            request: Request {
                k,
                mode: Mode::of(&required(&format!("mode_{name}"), mode)?)?,
                rerank: rerank.map(String::from),
                filter: None,
            },
        })
    }
}

fn differences(sides: [&Side; 2], questions: &str, depths: &[usize]) -> Result<Vec<DifferenceRow>> {
    let watch = Foreground::new()?;
    let columns = key_columns(&sides[0].target);
    if columns != key_columns(&sides[1].target) {
        return Err(Error::new(
            INVALID_PARAMETER,
            "the sources of two vectorizers have keys of different columns",
        )
        .detail(format!("That of the first is {}.", columns.join(", ")))
        .hint("Compare vectorizers of the same table, or of tables with the same key."));
    }
    let (questions, left_out) = questions::read(questions, &columns)?;
    tell_left_out(left_out);
    // The second is not begun where the first has ended the statement.
    let [a, b] = sides;
    let a = answers(&a.target, &a.request, &questions, &watch)?;
    let b = answers(&b.target, &b.request, &questions, &watch)?;
    let mut rows = Vec::new();
    for &k in depths {
        for measure in Measure::ALL {
            let [of_a, of_b] = [&a, &b].map(|all| all.iter().map(|one| one.value(measure, k)).collect::<Vec<f64>>());
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            let Some(evidence) = compare(&of_a, &of_b, SEED, &watch)? else {
                continue;
            };
            rows.push(DifferenceRow {
                measure: measure.name(),
                k: k as i32,
                a: mean(&of_a),
                b: mean(&of_b),
                difference: evidence.difference.value,
                low: evidence.difference.interval[0],
                high: evidence.difference.interval[1],
                p_value: evidence.p_value,
                questions: of_a.len() as i64,
            });
        }
    }
    Ok(rows)
}

/// `compare_retrieval(a, b, questions, k, mode_a, mode_b, rerank_a, rerank_b)`.
#[pg_extern(sql = false)]
#[allow(clippy::too_many_arguments)]
fn compare_retrieval(
    a: Option<Text>,
    b: Option<Text>,
    questions: Option<Text>,
    k: Option<Vec<Option<i32>>>,
    mode_a: Option<Text>,
    mode_b: Option<Text>,
    rerank_a: Option<Text>,
    rerank_b: Option<Text>,
) -> SetOf<DifferenceRow> {
    let rows = || {
        let depths = depths(k)?;
        let deepest = depths.last().copied().unwrap_or(1);
        let a = Side::of("a", a, mode_a, rerank_a, deepest)?;
        let b = Side::of("b", b, mode_b, rerank_b, deepest)?;
        differences([&a, &b], &required("questions", questions)?, &depths)
    };
    set_of(or_raise(rows()))
}
