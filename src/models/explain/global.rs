//! What matters over many rows: `global_explain` and `interactions`.

use pgrx::pg_extern;

use super::run::{EXPLAINING, Run};
use crate::models::inspect::open;
use crate::models::registry::{self, Privilege};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Error, Result, UNSUITABLE_ROWS, WRONG_TASK, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::result_row::{SetOf, result_row, set_of};
use crate::pg::text::Text;
use algo::explain::{JointSum, Side};
use algo::label::Label;
use algo::monitor::Monitor;

result_row! {
    /// How much a feature matters over many rows.
    struct GlobalRow {
        feature: String,
        /// The mean size of its attributions.
        attribution: f64,
        mean: f64,
        share: f64,
        class: Option<String>,
        rows: i64,
        baseline: String,
        error: f64,
    }
}

/// Sums over rows for one side.
struct Sums {
    class: Option<usize>,
    side: Side,
    inputs: Vec<JointSum>,
}

/// `global_explain(model, query, class, baseline)`.
#[pg_extern(sql = false)]
fn global_explain(
    model: Option<Text>,
    query: Option<Text>,
    class: Option<Text>,
    baseline: Option<Text>,
) -> SetOf<GlobalRow> {
    set_of(or_raise(global_rows(model, query, class, baseline)))
}

fn global_rows(
    model: Option<Text>,
    query: Option<Text>,
    class: Option<Text>,
    baseline: Option<Text>,
) -> Result<Vec<GlobalRow>> {
    let query = match query {
        Some(query) => query,
        None => training_query(required("model", model.as_deref())?)?.into(),
    };
    let run = Run::new(model, Some(query), class, baseline)?;
    let mut all: Vec<Sums> = (sides_of(&run)?.into_iter())
        .map(|(class, side)| Sums {
            class,
            side,
            inputs: vec![JointSum::default(); run.folded.inputs()],
        })
        .collect();
    let (mut rows, mut error) = (0, 0.0_f64);
    run.over(&[], &mut |explained, _| {
        serve_interrupts();
        for row in 0..explained.rows() {
            rows += 1;
            for Sums { side, inputs, .. } in &mut all {
                for (sum, attribution) in inputs.iter_mut().zip(explained.attributions(row, *side)) {
                    sum.absolute += attribution.abs();
                    sum.signed += attribution;
                }
                error = error.max(explained.error(row, *side, run.folded.base(*side)));
            }
        }
        Ok(())
    })?;
    if rows == 0 {
        return Err(no_rows());
    }
    let mut answer = Vec::new();
    for Sums { class, inputs, .. } in all {
        let total: f64 = inputs.iter().map(|sum| sum.absolute).sum();
        let mut order: Vec<usize> = (0..inputs.len()).collect();
        order.sort_by(|&a, &b| inputs[b].absolute.total_cmp(&inputs[a].absolute).then(a.cmp(&b)));
        answer.extend(order.into_iter().map(|input| GlobalRow {
            feature: run.rows.model().inputs[input].name.clone(),
            attribution: inputs[input].absolute / rows as f64,
            mean: inputs[input].signed / rows as f64,
            share: if total > 0.0 {
                inputs[input].absolute / total
            } else {
                0.0
            },
            class: label(&run, class),
            rows,
            baseline: run.baseline.clone(),
            error,
        }));
    }
    Ok(answer)
}

/// The query that gave a version its training rows, which only those who manage the model may know.
fn training_query(model: &str) -> Result<String> {
    let version = registry::resolve(model, Privilege::Predict)?;
    registry::require(&version.model, Privilege::Manage).map_err(|error| {
        error.hint("Give a query of rows to explain: without one the training query is read again, which takes the privilege manage.")
    })?;
    version.query()
}

fn no_rows() -> Error {
    Error::new(UNSUITABLE_ROWS, "the query has no rows").hint("Give a query of the rows to explain.")
}

/// The sides that a run tells of: that of the class that is named, that of a number or of the positive class, or one for each of several classes.
fn sides_of(run: &Run) -> Result<Vec<(Option<usize>, Side)>> {
    let classes = run.rows.model().answer.classes().map_or(0, <[Label]>::len);
    let class = run.class.or((classes == 2).then_some(1));
    if let Some(side) = run.folded.side(class) {
        return Ok(vec![(class, side)]);
    }
    Ok((0..classes)
        .filter_map(|class| Some((Some(class), run.folded.side(Some(class))?)))
        .collect())
}

/// The name of a class.
fn label(run: &Run, class: Option<usize>) -> Option<String> {
    let labels = run.rows.model().answer.classes()?;
    Some(labels.get(class?)?.to_string())
}

result_row! {
    /// How much two features add together, beside what each adds by itself.
    struct InteractionRow {
        feature: String,
        other: String,
        /// The mean size of what the two add together.
        interaction: f64,
        mean: f64,
        class: Option<String>,
        rows: i64,
        baseline: String,
    }
}

/// `interactions(model, query, top_k, class, baseline)`.
#[pg_extern(sql = false)]
fn interactions(
    model: Option<Text>,
    query: Option<Text>,
    top_k: Option<i32>,
    class: Option<Text>,
    baseline: Option<Text>,
) -> SetOf<InteractionRow> {
    set_of(or_raise(interaction_rows(model, query, top_k, class, baseline)))
}

fn interaction_rows(
    model: Option<Text>,
    query: Option<Text>,
    top_k: Option<i32>,
    class: Option<Text>,
    baseline: Option<Text>,
) -> Result<Vec<InteractionRow>> {
    let top_k = super::attributions::checked_top_k(top_k)?;
    let (version, scorer) = open(required("model", model.as_deref())?, Privilege::Predict)?;
    if scorer.model().fitted.additive().is_some() {
        return Err(Error::new(
            WRONG_TASK,
            format!("model \"{}\" has no interactions", version.reference()),
        )
        .detail("Its margin is a sum over its features.")
        .hint("Models of trees have; assay.global_explain tells what each feature adds."));
    }
    let run = Run::new(model, query, class, baseline)?;
    let pairs = run.folded.pairs(&Foreground::new()?)?;
    let sides = sides_of(&run)?;
    let only: Vec<Side> = sides.iter().map(|(_, side)| *side).collect();
    let mut sums = vec![JointSum::default(); only.len() * pairs.inputs().len()];
    let mut rows = 0_i64;
    let (folded, width) = (&*run.folded, run.rows.model().width().max(1));
    let work = |block: &[f64], monitor: &dyn Monitor| {
        Ok((block.len() / width, folded.joint_sums(&pairs, &only, block, monitor)?))
    };
    run.rows
        .each_block(&[], (EXPLAINING, run.numbers()), &work, &mut |(count, of_block), _| {
            serve_interrupts();
            rows += count as i64;
            for (sum, of_block) in sums.iter_mut().zip(of_block) {
                sum.absolute += of_block.absolute;
                sum.signed += of_block.signed;
            }
            Ok(())
        })?;
    if rows == 0 {
        return Err(no_rows());
    }
    let name = |input: usize| run.rows.model().inputs[input].name.clone();
    let mut answer = Vec::new();
    for ((class, _), sums) in sides.iter().zip(sums.chunks_exact(pairs.inputs().len().max(1))) {
        let mut of_class: Vec<(&(usize, usize), &JointSum)> = pairs.inputs().iter().zip(sums).collect();
        of_class.sort_by(|(a, one), (b, another)| another.absolute.total_cmp(&one.absolute).then_with(|| a.cmp(b)));
        answer.extend(
            of_class
                .into_iter()
                .take(top_k)
                .map(|(&(one, other), sum)| InteractionRow {
                    feature: name(one),
                    other: name(other),
                    interaction: sum.absolute / rows as f64,
                    mean: sum.signed / rows as f64,
                    class: label(&run, *class),
                    rows,
                    baseline: run.baseline.clone(),
                }),
        );
    }
    Ok(answer)
}
