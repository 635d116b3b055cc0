//! The rows of metrics.

use super::{Content, Kind, decode, encode};
use crate::error::Result;
use crate::metrics::{Metric, Rows, Tally, with_rows};
use crate::monitor::Monitor;

const fn kind(code: u8, metric: Metric) -> Kind {
    Kind {
        code,
        version: 1,
        name: metric.name(),
    }
}

impl Content for Tally {
    const KINDS: &'static [Kind] = &[
        kind(1, Metric::RocAuc),
        kind(2, Metric::AveragePrecision),
        kind(3, Metric::LogLoss),
        kind(4, Metric::BrierScore),
        kind(5, Metric::Accuracy),
        kind(6, Metric::Precision),
        kind(7, Metric::Recall),
        kind(8, Metric::F1),
        kind(9, Metric::Mcc),
        kind(10, Metric::Rmse),
        kind(11, Metric::Mae),
        kind(12, Metric::Mape),
        kind(13, Metric::Mse),
        kind(14, Metric::R2),
        kind(15, Metric::MedianAbsoluteError),
    ];

    fn kind(&self) -> &'static Kind {
        let name = self.metric().name();
        // A test holds that every metric has its line.
        Self::KINDS
            .iter()
            .find(|kind| kind.name == name)
            .unwrap_or(&Self::KINDS[0])
    }

    fn merge(&mut self, other: &Tally, _: &dyn Monitor) -> Result<()> {
        Tally::merge(self, other)
    }

    fn memory(&self) -> usize {
        Tally::memory(self)
    }

    fn finish(&self, monitor: &dyn Monitor) -> Result<Option<f64>> {
        Tally::finish(self, monitor)
    }

    fn write(&self, bytes: Vec<u8>) -> Result<Vec<u8>> {
        with_rows!(self.rows(), rows => encode(rows, bytes))
    }

    fn read(kind: &'static Kind, _: u8, payload: &[u8], monitor: &dyn Monitor) -> Result<Tally> {
        let metric: Metric = kind.name.parse()?;
        Tally::from_rows(
            metric,
            match Rows::of(metric) {
                Rows::Ranking(_) => Rows::Ranking(decode(payload, monitor)?),
                Rows::Probability(_) => Rows::Probability(decode(payload, monitor)?),
                Rows::Agreement(_) => Rows::Agreement(decode(payload, monitor)?),
                Rows::AbsoluteErrors(_) => Rows::AbsoluteErrors(decode(payload, monitor)?),
                Rows::RegressionError(_) => Rows::RegressionError(decode(payload, monitor)?),
            },
        )
    }
}
