//! `detect_anomalies`: how strange the rows of a query are to a model without a target, and what makes them so.

use pgrx::{pg_extern, pg_sys};
use serde_json::{Value as Json, json};

use crate::models::explain::{against_training, text};
use crate::models::forecast;
use crate::models::keyed_rows::KeyedRows;
use crate::models::registry::Version;
use crate::pg::arguments::{double, nullable_texts, small_integer};
use crate::pg::compute::serve_interrupts;
use crate::pg::error::{Error, INVALID_PARAMETER, Result, WRONG_TASK, or_raise};
use crate::pg::kept::Shared;
use crate::pg::options;
use crate::pg::result_row::{RowWriter, result_row};
use algo::explain::{Direction, Explained};
use algo::model::Model;
use algo::monitor::Monitor;
use algo::task::Answer;
use algo::unsupervised::{Unsupervised, exceeded_by};

/// The share of anomalies among the training rows, where neither the call nor the learner says it.
const CONTAMINATION: f64 = 0.01;

/// Rows between two looks at the monitor.
const LOOK: usize = 64;

result_row! {
    /// How strange a row is; `None` where nothing is known of the like.
    pub struct AnomalyRow {
        key: Shared,
        strangeness: Option<f64>,
        is_anomaly: bool,
        reasons: Option<Json>,
    }
}

/// `detect_anomalies(model, query, contamination, key, reasons)`.
#[pg_extern(sql = false)]
fn detect_anomalies(fcinfo: pg_sys::FunctionCallInfo) {
    or_raise(write(fcinfo));
}

/// What a call asks for.
pub struct Asked {
    pub contamination: Option<f64>,
    /// `None`: all columns.
    pub key: Option<Vec<String>>,
    /// How many features of each anomaly.
    pub reasons: usize,
}

/// What a block of rows comes to.
struct Found {
    /// Of each row.
    strangeness: Vec<f64>,
    /// Of the anomalies, in their order.
    explained: Option<Explained>,
}

fn write(fcinfo: pg_sys::FunctionCallInfo) -> Result<()> {
    let contamination = checked_share(double(fcinfo, 2))?;
    let key = options::texts("key", nullable_texts(fcinfo, 3))?;
    let most = checked_reasons(small_integer(fcinfo, 4))?;
    let given = KeyedRows::new(text(fcinfo, 0)?, text(fcinfo, 1)?)?;
    if given.model().answer == Answer::Forecast {
        let asked = Asked {
            contamination,
            key,
            reasons: most,
        };
        return forecast::anomalies::write(fcinfo, &given, asked);
    }
    let mut rows = RowWriter::<AnomalyRow>::of(fcinfo)?;
    let (version, model) = (&given.version, given.model());
    let unsupervised = unsupervised(version, model)?;
    let bound = match (contamination, unsupervised.bound()) {
        (Some(share), _) => exceeded_by(unsupervised.strangeness_quantiles(), share),
        (None, Some(bound)) => bound,
        (None, None) => exceeded_by(unsupervised.strangeness_quantiles(), CONTAMINATION),
    };
    let key = match key {
        Some(key) => key,
        None => given.all_columns()?,
    };
    // What explains a row may take long to make, and is not asked for where no reasons are.
    let folded = match most {
        0 => None,
        _ => Some(against_training(version, &given.scorer)?),
    };
    let folded = folded.as_deref();
    let work = |of_block: &[f64], monitor: &dyn Monitor| -> algo::error::Result<Found> {
        let width = model.width().max(1);
        let (mut strangeness, mut anomalies) = (Vec::with_capacity(of_block.len() / width), Vec::new());
        for (place, row) in of_block.chunks_exact(width).enumerate() {
            if place.is_multiple_of(LOOK) {
                monitor.check()?;
            }
            let of_row = model
                .fitted
                .unsupervised()
                .map_or(f64::NAN, |model| model.strangeness(row));
            if of_row > bound {
                anomalies.extend_from_slice(row);
            }
            strangeness.push(of_row);
        }
        let explained = folded
            .map(|folded| folded.explain(model, &anomalies, monitor))
            .transpose()?;
        Ok(Found { strangeness, explained })
    };
    let inputs: Vec<&str> = model.inputs.iter().map(|input| input.name.as_str()).collect();
    let side = folded.and_then(|folded| folded.side(None));
    given.each_block(&key, ("looking for anomalies", model.width()), &work, &mut |found, mut block| {
        serve_interrupts();
        let mut anomaly = 0;
        for (row, &strangeness) in found.strangeness.iter().enumerate() {
            let is_anomaly = strangeness > bound;
            let mut reasons = None;
            if let (true, Some(explained), Some(side)) = (is_anomaly, &found.explained, side) {
                let largest = explained.largest(anomaly, side, most, Direction::Up);
                let reason = |(input, attribution): (usize, f64)| {
                    json!({"feature": inputs[input], "value": block.written(row, input), "attribution": attribution})
                };
                reasons = Some(largest.into_iter().map(reason).collect());
            }
            anomaly += usize::from(is_anomaly);
            let key = block.key(row);
            rows.write(|| AnomalyRow {
                key,
                strangeness: Some(strangeness),
                is_anomaly,
                reasons,
            })?;
        }
        Ok(())
    })
}

/// What the model can do without a target. Returns ML010 for a model that predicts one.
fn unsupervised<'m>(version: &Version, model: &'m Model) -> Result<&'m dyn Unsupervised> {
    model.fitted.unsupervised().ok_or_else(|| {
        let (reference, task) = (version.reference(), model.answer.task().noun());
        Error::new(
            WRONG_TASK,
            format!("detect_anomalies needs a model without a target or a forecast, but model \"{reference}\" is {task}"),
        )
        .hint("Train one with algorithm => 'isolation_forest' and NULL as target, or with k_means, gaussian_mixture, dbscan or pca.")
    })
}

fn checked_share(contamination: Option<f64>) -> Result<Option<f64>> {
    match contamination {
        Some(share) if !(share > 0.0 && share <= 0.5) => {
            Err(Error::new(INVALID_PARAMETER, "contamination is out of range")
                .detail(format!("The value is {share}."))
                .hint("It is the share of the training rows that are as strange as what is called an anomaly: above 0, and at most 0.5."))
        }
        share => Ok(share),
    }
}

fn checked_reasons(reasons: Option<i32>) -> Result<usize> {
    match reasons {
        None => Ok(usize::MAX),
        Some(most) => usize::try_from(most).map_err(|_| {
            Error::new(INVALID_PARAMETER, "reasons is out of range")
                .detail(format!("The value is {most}."))
                .hint("Ask for 0 features or more, or NULL for all.")
        }),
    }
}
