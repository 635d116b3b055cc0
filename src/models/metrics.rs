//! The metric aggregates: `roc_auc(label, score)` and its kin over any columns, parallel and mergeable.

use pgrx::{pg_extern, pg_sys};

use crate::pg::error::{Error, FEATURE_TYPE, MISMATCHED_STATES, Result, or_raise};
use crate::pg::fields::{Arguments, Field, Fields, Types};
use crate::pg::foreground::Foreground;
use crate::pg::reader::{Reader, Value};
use crate::pg::state::{self, StateDatum};
use crate::pg::types::{self, name_of};
use crate::pg::{arguments, site};
use algo::label::Label;
use algo::metrics::{Inputs, Metric, Tally};
use algo::monitor::Monitor;
use algo::state::State;

/// The two arguments of a row, as a call site has them.
#[derive(Clone, Copy)]
struct Pair(Field, Field);

impl Pair {
    /// Returns an error for types that the metric cannot take. The arguments begin at `first`.
    fn of(fcinfo: pg_sys::FunctionCallInfo, first: usize, metric: Metric) -> Result<Pair> {
        let arguments = Arguments::of(&fcinfo);
        let field = |index: usize, number: bool| {
            let suits = if number { is_number } else { is_label };
            arguments
                .field(index)
                .filter(|field| suits(field.reader()))
                .ok_or_else(|| {
                    let type_oid = arguments.type_of(index).unwrap_or(pg_sys::UNKNOWNOID);
                    let wanted = if number {
                        "a number"
                    } else {
                        "a boolean, text, enum or whole number"
                    };
                    Error::new(FEATURE_TYPE, format!("{metric} cannot take type {}", name_of(type_oid)))
                        .detail(format!("Argument {} of its row is {wanted}.", index + 1 - first))
                        .hint("Cast it.")
                })
        };
        let (left, right) = match metric.inputs() {
            Inputs::LabelAndScore | Inputs::LabelAndProbability => (false, true),
            Inputs::Labels => (false, false),
            Inputs::Numbers => (true, true),
        };
        Ok(Pair(field(first, left)?, field(first + 1, right)?))
    }
}

fn is_number(reader: Reader) -> bool {
    matches!(
        reader,
        Reader::Int2 | Reader::Int4 | Reader::Int8 | Reader::Float4 | Reader::Float8 | Reader::Numeric
    )
}

fn is_label(reader: Reader) -> bool {
    is_number(reader)
        || matches!(
            reader,
            Reader::Bool | Reader::Text | Reader::Padded | Reader::Name | Reader::Enum | Reader::Uuid | Reader::Literal
        )
}

/// A value as a label; `None` for NULL and NaN.
fn label(reader: Reader, value: Value<'_>) -> Result<Option<Label>> {
    Ok(Some(match value {
        Value::Missing => return Ok(None),
        Value::Number(number) if reader == Reader::Bool => Label::Bool(number != 0.0),
        Value::Number(number) if number.is_nan() => return Ok(None),
        Value::Number(number) if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 => {
            Label::Number(number as i64)
        }
        Value::Number(number) => {
            return Err(Error::new(FEATURE_TYPE, "a label is no whole number")
                .detail(format!("It is {number}."))
                .hint("Labels are booleans, texts, enum values or whole numbers."));
        }
        Value::Text(text) => Label::Text(text.into_owned()),
        Value::Enum(oid) => {
            let (label, order) = types::enum_label(oid);
            Label::enumerated(order, label)
        }
        Value::Vector(_) => return Ok(None),
    }))
}

fn number(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Number(number) => Some(number),
        _ => None,
    }
}

/// Rows of two metrics in one state.
fn mixed(state: &State, metric: Metric) -> Error {
    Error::new(
        MISMATCHED_STATES,
        format!("a state of {} cannot take a row of {metric}", state.kind()),
    )
    .hint("Name one metric for all rows of a group.")
}

/// What a call site remembers.
struct Site {
    metric: Metric,
    pair: Pair,
    statement: Foreground,
    rows: u64,
}

impl Site {
    fn new(fcinfo: pg_sys::FunctionCallInfo, first: usize, metric: Metric) -> Result<Site> {
        Ok(Site {
            metric,
            pair: Pair::of(fcinfo, first, metric)?,
            statement: Foreground::new()?,
            rows: 0,
        })
    }
}

/// Rows between two looks at the monitor.
const LOOK: u64 = 16;

/// A step of `metric`: rows with a NULL are skipped. The row's two arguments begin at `first`.
fn step(fcinfo: pg_sys::FunctionCallInfo, first: usize, metric: Metric) -> Result<Option<StateDatum>> {
    if !arguments::has_site(fcinfo) {
        // Whoever calls makes a call site for each row: remembering costs more than it saves.
        let site = Site::new(fcinfo, first, metric)?;
        site.statement.check()?;
        return push(fcinfo, &site);
    }
    site::with(
        fcinfo,
        || None::<Site>,
        |known| {
            let site = match known {
                Some(site) if site.metric == metric => site,
                _ => known.insert(Site::new(fcinfo, first, metric)?),
            };
            site.rows += 1;
            if site.rows.is_multiple_of(LOOK) {
                // Some metrics keep every row.
                site.statement.check()?;
            }
            push(fcinfo, site)
        },
    )
}

/// A row into the aggregate's state.
fn push(fcinfo: pg_sys::FunctionCallInfo, site: &Site) -> Result<Option<StateDatum>> {
    let (metric, Pair(left, right)) = (site.metric, site.pair);
    let arguments = Arguments::of(&fcinfo);
    let (a, b) = (arguments.value(&left), arguments.value(&right));
    let (left, right) = (left.reader(), right.reader());
    if a == Value::Missing || b == Value::Missing {
        return Ok(state::unchanged(fcinfo));
    }
    state::step(fcinfo, Some(|| Ok(State::from(Tally::new(metric)))), |state| {
        let tally = match state {
            State::Metric(tally) if tally.metric() == metric => tally,
            other => return Err(mixed(other, metric)),
        };
        match metric.inputs() {
            Inputs::LabelAndScore | Inputs::LabelAndProbability => {
                if let (Some(label), Some(score)) = (label(left, a)?, number(b)) {
                    tally.push_score(&label, score)?;
                    if tally.is_due() {
                        tally.fold(&site.statement)?;
                    }
                }
            }
            Inputs::Labels => {
                if let (Some(actual), Some(predicted)) = (label(left, a)?, label(right, b)?) {
                    tally.push_labels(&actual, &predicted)?;
                }
            }
            Inputs::Numbers => {
                if let (Some(actual), Some(predicted)) = (number(a), number(b)) {
                    tally.push_numbers(actual, predicted)?;
                }
            }
        }
        Ok(())
    })
}

/// The step function of each metric's aggregate: PostgreSQL calls them by name.
macro_rules! steps {
    ($($function:ident: $metric:ident),* $(,)?) => {
        $(
            #[pg_extern(sql = false)]
            fn $function(fcinfo: pg_sys::FunctionCallInfo) -> Option<StateDatum> {
                or_raise(step(fcinfo, 1, Metric::$metric))
            }
        )*
    };
}

steps! {
    roc_auc_step: RocAuc,
    average_precision_step: AveragePrecision,
    log_loss_step: LogLoss,
    brier_score_step: BrierScore,
    accuracy_step: Accuracy,
    precision_step: Precision,
    recall_step: Recall,
    f1_step: F1,
    mcc_step: Mcc,
    rmse_step: Rmse,
    mae_step: Mae,
    mape_step: Mape,
    mse_step: Mse,
    r2_step: R2,
    median_absolute_error_step: MedianAbsoluteError,
}

/// The step of `metric_state(metric, actual, predicted)`. The metric's name is a text or an enum's.
#[pg_extern(sql = false)]
fn metric_state_step(fcinfo: pg_sys::FunctionCallInfo) -> Option<StateDatum> {
    or_raise((|| {
        let arguments = Arguments::of(&fcinfo);
        let metric: Metric = match arguments.value(&arguments.require(1)?) {
            Value::Missing => return Ok(state::unchanged(fcinfo)),
            Value::Text(name) => name.parse()?,
            Value::Enum(oid) => types::enum_label(oid).0.parse()?,
            Value::Number(_) | Value::Vector(_) => return Err(arguments.unreadable(1)),
        };
        step(fcinfo, 2, metric)
    })())
}
