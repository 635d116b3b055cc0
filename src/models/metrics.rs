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

/// What a step of one metric remembers.
struct Site {
    metric: Metric,
    pair: Pair,
    statement: Foreground,
    rows: u64,
}

/// Rows between two looks at the monitor.
const LOOK: u64 = 16;

impl Site {
    /// What was known, unless it is of another metric. The row's two arguments begin at `first`.
    fn known(
        known: &mut Option<Site>,
        fcinfo: pg_sys::FunctionCallInfo,
        first: usize,
        metric: Metric,
    ) -> Result<&mut Site> {
        if known.as_ref().is_some_and(|site| site.metric != metric) {
            *known = None;
        }
        match known {
            Some(site) => Ok(site),
            None => Ok(known.insert(Site {
                metric,
                pair: Pair::of(fcinfo, first, metric)?,
                statement: Foreground::new()?,
                rows: 0,
            })),
        }
    }

    /// A row whose arguments are not NULL into a state.
    fn push(&mut self, fcinfo: pg_sys::FunctionCallInfo, state: &mut State) -> Result<()> {
        self.rows += 1;
        if self.rows.is_multiple_of(LOOK) {
            // Some metrics keep every row.
            self.statement.check()?;
        }
        let metric = self.metric;
        let tally = match state {
            State::Metric(tally) if tally.metric() == metric => tally,
            other => return Err(mixed(other, metric)),
        };
        let (arguments, Pair(left, right)) = (Arguments::of(&fcinfo), &self.pair);
        let (a, b) = (arguments.value(left), arguments.value(right));
        let (left, right) = (left.reader(), right.reader());
        match metric.inputs() {
            Inputs::LabelAndScore | Inputs::LabelAndProbability => {
                if let (Some(label), Some(score)) = (label(left, a)?, number(b)) {
                    tally.push_score(&label, score)?;
                    if tally.is_due() {
                        tally.fold(&self.statement)?;
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
    }
}

/// Whether one of the row's two arguments, which begin at `first`, is NULL.
fn lacks_one(fcinfo: pg_sys::FunctionCallInfo, first: usize) -> bool {
    (first..first + 2).any(|place| arguments::datum(fcinfo, place).is_none())
}

/// The state of `metric` that the first row goes into.
fn empty(metric: Metric) -> Result<State> {
    Ok(State::from(Tally::new(metric)))
}

/// A step of `metric`: rows with a NULL are skipped. The row's two arguments begin at 1.
fn step(fcinfo: pg_sys::FunctionCallInfo, metric: Metric) -> Result<Option<StateDatum>> {
    const FIRST: usize = 1;
    if arguments::has_site(fcinfo) {
        return site::with(fcinfo, || None::<Site>, |known| at_site(fcinfo, FIRST, metric, known));
    }
    if lacks_one(fcinfo, FIRST) {
        return Ok(state::unchanged(fcinfo));
    }
    state::step_remembering(fcinfo, Some(|| empty(metric)), |state, memo| {
        let known = memo.get(fcinfo, || Ok(None::<Site>))?;
        Site::known(known, fcinfo, FIRST, metric)?.push(fcinfo, state)
    })
}

/// A step at a call site, which knows its types also where a row has a NULL.
fn at_site(
    fcinfo: pg_sys::FunctionCallInfo,
    first: usize,
    metric: Metric,
    known: &mut Option<Site>,
) -> Result<Option<StateDatum>> {
    let site = Site::known(known, fcinfo, first, metric)?;
    if lacks_one(fcinfo, first) {
        return Ok(state::unchanged(fcinfo));
    }
    state::step(fcinfo, Some(|| empty(metric)), |state| site.push(fcinfo, state))
}

/// The step function of each metric's aggregate: PostgreSQL calls them by name.
macro_rules! steps {
    ($($function:ident: $metric:ident),* $(,)?) => {
        $(
            #[pg_extern(sql = false)]
            fn $function(fcinfo: pg_sys::FunctionCallInfo) -> Option<StateDatum> {
                or_raise(step(fcinfo, Metric::$metric))
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

/// How a call says which metric it means: by its name, a text or an enum's.
struct Name {
    field: Field,
    /// The enum's value that was last, and what it means.
    last: Option<(pg_sys::Oid, Metric)>,
}

impl Name {
    const PLACE: usize = 1;

    fn of(arguments: &Arguments<'_>) -> Result<Name> {
        Ok(Name {
            field: arguments.require(Name::PLACE)?,
            last: None,
        })
    }

    /// The metric that a row names; `None` for NULL.
    fn metric(&mut self, arguments: &Arguments<'_>) -> Result<Option<Metric>> {
        Ok(Some(match arguments.value(&self.field) {
            Value::Missing => return Ok(None),
            Value::Text(name) => name.parse()?,
            Value::Enum(value) => match self.last {
                Some((last, metric)) if last == value => metric,
                _ => {
                    let metric = types::enum_label(value).0.parse()?;
                    self.last = Some((value, metric));
                    metric
                }
            },
            Value::Number(_) | Value::Vector(_) => return Err(arguments.unreadable(Name::PLACE)),
        }))
    }
}

/// What a step of whatever metric is named remembers.
struct Named {
    name: Name,
    site: Option<Site>,
}

impl Named {
    fn of(arguments: &Arguments<'_>) -> Result<Named> {
        Ok(Named {
            name: Name::of(arguments)?,
            site: None,
        })
    }
}

/// A step of the metric that argument 1 names; the row's two arguments are those after it.
fn named_step(fcinfo: pg_sys::FunctionCallInfo) -> Result<Option<StateDatum>> {
    const FIRST: usize = Name::PLACE + 1;
    let arguments = Arguments::of(&fcinfo);
    if arguments::has_site(fcinfo) {
        return site::with(
            fcinfo,
            || None::<Named>,
            |known| {
                let named = match known {
                    Some(named) => named,
                    None => known.insert(Named::of(&arguments)?),
                };
                match named.name.metric(&arguments)? {
                    Some(metric) => at_site(fcinfo, FIRST, metric, &mut named.site),
                    None => Ok(state::unchanged(fcinfo)),
                }
            },
        );
    }
    if arguments::datum(fcinfo, Name::PLACE).is_none() || lacks_one(fcinfo, FIRST) {
        return Ok(state::unchanged(fcinfo));
    }
    let unnamed = || arguments.unreadable(Name::PLACE);
    let make = || empty(Name::of(&arguments)?.metric(&arguments)?.ok_or_else(unnamed)?);
    state::step_remembering(fcinfo, Some(make), |state, memo| {
        let named = memo.get(fcinfo, || Named::of(&arguments))?;
        let metric = named.name.metric(&arguments)?.ok_or_else(unnamed)?;
        Site::known(&mut named.site, fcinfo, FIRST, metric)?.push(fcinfo, state)
    })
}

/// The step of `metric_state(metric, actual, predicted)`.
#[pg_extern(sql = false)]
fn metric_state_step(fcinfo: pg_sys::FunctionCallInfo) -> Option<StateDatum> {
    or_raise(named_step(fcinfo))
}
