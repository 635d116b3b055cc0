//! The operating point: which threshold costs least, by what a false alarm and a miss cost and by how many cases people can look at.

use pgrx::{pg_extern, pg_sys};

use super::pass::{Pass, Wanted};
use super::tables::kept_scores;
use crate::models::registry::{self, Privilege};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, WRONG_TASK, notice, or_raise};
use crate::pg::fields::Arguments;
use crate::pg::fields::Fields;
use crate::pg::fields::Types;
use crate::pg::options::required;
use crate::pg::reader::Value;
use crate::pg::result_row::{SetOf, result_row, set_of};
use algo::judging::costs::{self, Amount, Cost, CostSteps, Operating};
use algo::judging::scores::Scores;
use algo::metrics::evaluation;

/// The most thresholds that are shown.
const SHOWN: usize = 100;

/// What a mistake costs, as it is given.
enum Given {
    Constant(f64),
    Column(String),
}

impl Given {
    /// A number, or a text that holds a number or names a column.
    fn of(arguments: &Arguments<'_>, place: usize, name: &str) -> Result<Given> {
        let given = match arguments.value(&arguments.require(place)?) {
            Value::Number(number) => Given::Constant(number),
            Value::Text(text) => match text.trim().parse::<f64>() {
                Ok(number) => Given::Constant(number),
                Err(_) => Given::Column(text.into_owned()),
            },
            Value::Missing => required::<Given>(name, None)?,
            Value::Enum(_) | Value::Vector(_) => return Err(arguments.unreadable(place)),
        };
        match given {
            Given::Constant(number) if !(number >= 0.0 && number.is_finite()) => Err(Error::new(
                INVALID_PARAMETER,
                format!("{name} is out of range"),
            )
            .detail(format!("The value is {number}."))
            .hint("It is what such a mistake costs: a number of 0 or more, or the name of a column of such numbers.")),
            given => Ok(given),
        }
    }

    fn column(&self) -> Option<&str> {
        match self {
            Given::Constant(_) => None,
            Given::Column(name) => Some(name),
        }
    }
}

result_row! {
    /// What happens at a threshold.
    struct ThresholdRow {
        threshold: f64,
        flagged: i64,
        true_positives: i64,
        false_positives: i64,
        true_negatives: i64,
        false_negatives: i64,
        precision: Option<f64>,
        recall: Option<f64>,
        cost: f64,
        cost_low: Option<f64>,
        cost_high: Option<f64>,
        saving: f64,
        saving_low: Option<f64>,
        saving_high: Option<f64>,
        saving_over_nobody: f64,
        saving_over_nobody_low: Option<f64>,
        saving_over_nobody_high: Option<f64>,
        saving_over_everybody: f64,
        saving_over_everybody_low: Option<f64>,
        saving_over_everybody_high: Option<f64>,
        chosen: bool,
        current: bool,
    }
}

fn low(amount: &Amount) -> Option<f64> {
    amount.interval.map(|(low, _)| low)
}

fn high(amount: &Amount) -> Option<f64> {
    amount.interval.map(|(_, high)| high)
}

impl ThresholdRow {
    fn of(point: &Operating) -> ThresholdRow {
        let share = |part: u64, rest: u64| (part + rest > 0).then(|| part as f64 / (part + rest) as f64);
        ThresholdRow {
            threshold: point.threshold,
            flagged: point.flagged() as i64,
            true_positives: point.true_positives as i64,
            false_positives: point.false_positives as i64,
            true_negatives: point.true_negatives as i64,
            false_negatives: point.false_negatives as i64,
            precision: share(point.true_positives, point.false_positives),
            recall: share(point.true_positives, point.false_negatives),
            cost: point.cost.value,
            cost_low: low(&point.cost),
            cost_high: high(&point.cost),
            saving: point.saving.value,
            saving_low: low(&point.saving),
            saving_high: high(&point.saving),
            saving_over_nobody: point.over_nobody.value,
            saving_over_nobody_low: low(&point.over_nobody),
            saving_over_nobody_high: high(&point.over_nobody),
            saving_over_everybody: point.over_everybody.value,
            saving_over_everybody_low: low(&point.over_everybody),
            saving_over_everybody_high: high(&point.over_everybody),
            chosen: point.chosen,
            current: point.current,
        }
    }
}

/// `threshold_costs(model, query, cost_fp, cost_fn, capacity)`, whatever the types of the costs.
#[pg_extern(sql = false)]
fn threshold_costs(fcinfo: pg_sys::FunctionCallInfo) -> SetOf<ThresholdRow> {
    let arguments = Arguments::of(&fcinfo);
    let found = or_raise(operating(&arguments));
    set_of(found.into_iter().map(|point| ThresholdRow::of(&point)))
}

fn operating(arguments: &Arguments<'_>) -> Result<Vec<Operating>> {
    let text = |place: usize| -> Result<Option<String>> {
        Ok(match arguments.value(&arguments.require(place)?) {
            Value::Text(text) => Some(text.into_owned()),
            _ => None,
        })
    };
    let (model, query) = (text(0)?, text(1)?);
    let false_alarm = Given::of(arguments, 2, "cost_fp")?;
    let miss = Given::of(arguments, 3, "cost_fn")?;
    let capacity = match arguments.value(&arguments.require(4)?) {
        Value::Number(number) if number < 0.0 => {
            return Err(Error::new(INVALID_PARAMETER, "capacity is out of range")
                .detail(format!("The value is {number}."))
                .hint("It is how many of the query's rows people can look at, 0 or more; NULL for any number."));
        }
        Value::Number(number) => Some(number as u64),
        _ => None,
    };
    let (steps, current) = match query.as_deref() {
        Some(query) => of_query(model.as_deref(), query, &false_alarm, &miss)?,
        None => of_kept(required("model", model.as_deref())?, &false_alarm, &miss)?,
    };
    let found = costs::thresholds(&steps, current, capacity, SHOWN)?;
    if found
        .iter()
        .any(|point| point.chosen && point.flagged() == 0 && capacity != Some(0))
    {
        notice(
            "calling no row positive costs least",
            Some("A false alarm costs so much, beside a miss, that the model does not pay at any threshold.".into()),
        );
    }
    Ok(found)
}

fn of_query(model: Option<&str>, query: &str, false_alarm: &Given, miss: &Given) -> Result<(CostSteps, f64)> {
    let columns = [
        (false_alarm.column(), "what a false alarm costs"),
        (miss.column(), "what a miss costs"),
    ];
    let extra: Vec<(&str, &str)> = columns
        .into_iter()
        .filter_map(|(name, what)| Some((name?, what)))
        .collect();
    let wanted = Wanted {
        extra: &extra,
        ..Wanted::default()
    };
    let pass = Pass::run(model, Some(query), &wanted)?;
    let (actual, probabilities) = pass.two_classes("a threshold")?;
    let mut kept = pass.extra.iter();
    let mut cost = |given: &Given| match given {
        Given::Constant(cost) => Cost::Constant(*cost),
        Given::Column(_) => Cost::Rows(kept.next().map_or(&[], Vec::as_slice)),
    };
    let (false_alarm, miss) = (cost(false_alarm), cost(miss));
    let steps = pass.judging(|monitor| match (false_alarm, miss) {
        // Rows of one score cost alike: counting them is enough.
        (Cost::Constant(false_alarm), Cost::Constant(miss)) => {
            let ranking = evaluation::rank(actual, probabilities, 1, monitor)?;
            Ok(CostSteps::of_scores(&Scores::of(&ranking, monitor)?, false_alarm, miss))
        }
        (Cost::Constant(_) | Cost::Rows(_), Cost::Constant(_) | Cost::Rows(_)) => {
            let scores = probabilities.column(1);
            CostSteps::of_rows(actual, scores.iter().copied(), false_alarm, miss, monitor)
        }
    })?;
    Ok((steps, pass.threshold))
}

/// Of the rows that a version was judged on, as they are kept with it.
fn of_kept(reference: &str, false_alarm: &Given, miss: &Given) -> Result<(CostSteps, f64)> {
    let version = registry::resolve(reference, Privilege::Predict)?;
    let (Given::Constant(false_alarm), Given::Constant(miss)) = (false_alarm, miss) else {
        return Err(
            Error::new(INVALID_PARAMETER, "costs by column need a query whose rows have them")
                .hint("Give a query, or costs that are numbers."),
        );
    };
    let Some(scores) = kept_scores(&version)? else {
        return Err(Error::new(WRONG_TASK, "a threshold needs a model with two classes")
            .hint("Use assay.evaluate or assay.confusion_matrix for this model."));
    };
    Ok((CostSteps::of_scores(&scores, *false_alarm, *miss), version.threshold()?))
}
