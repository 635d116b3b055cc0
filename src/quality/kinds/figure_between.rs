//! `row_count_between`, `distinct_count_between`, `mean_between`, `sum_between` and `stddev_between`: a figure between two bounds.

use super::assertion::{Arguments, Assertion, CheckKind};
use super::common::figure;
use super::plan::{Plan, Planner};
use crate::pg::error::Result;
use crate::quality::spec::{Bounds, Need, Needs};
use algo::block::Kind;
use algo::scan::{Measure, Tally, Test};

pub static ROW_COUNT_BETWEEN: CheckKind = CheckKind {
    name: "row_count_between",
    needs: Needs {
        column: Need::Refused,
        ..Needs::FIGURE
    },
    parse: |arguments| FigureBetween::parse(arguments, Figure::RowCount),
};

pub static DISTINCT_COUNT_BETWEEN: CheckKind = CheckKind {
    name: "distinct_count_between",
    needs: Needs::FIGURE,
    parse: |arguments| FigureBetween::parse(arguments, Figure::DistinctCount),
};

pub static MEAN_BETWEEN: CheckKind = CheckKind {
    name: "mean_between",
    needs: Needs::FIGURE,
    parse: |arguments| FigureBetween::parse(arguments, Figure::Mean),
};

pub static SUM_BETWEEN: CheckKind = CheckKind {
    name: "sum_between",
    needs: Needs::FIGURE,
    parse: |arguments| FigureBetween::parse(arguments, Figure::Sum),
};

pub static STDDEV_BETWEEN: CheckKind = CheckKind {
    name: "stddev_between",
    needs: Needs::FIGURE,
    parse: |arguments| FigureBetween::parse(arguments, Figure::Stddev),
};

#[derive(Debug, Clone, Copy)]
enum Figure {
    RowCount,
    DistinctCount,
    Mean,
    Sum,
    Stddev,
}

#[derive(Debug)]
struct FigureBetween {
    figure: Figure,
    bounds: Bounds,
}

impl FigureBetween {
    fn parse(arguments: Arguments<'_>, figure: Figure) -> Result<Box<dyn Assertion>> {
        let bounds = arguments.read_sound(Bounds::problem)?;
        Ok(Box::new(FigureBetween { figure, bounds }))
    }
}

impl Figure {
    /// As results name it.
    fn metric(self) -> &'static str {
        match self {
            Figure::RowCount => "rows",
            Figure::DistinctCount => "distinct_count",
            Figure::Mean => "mean",
            Figure::Sum => "sum",
            Figure::Stddev => "stddev",
        }
    }

    fn test(self) -> Test {
        match self {
            Figure::RowCount => Test::Rows,
            Figure::DistinctCount => Test::Profile,
            Figure::Mean | Figure::Sum | Figure::Stddev => Test::Moments,
        }
    }

    /// The figure of what was counted; `None` of too few values.
    fn of(self, tally: &Tally) -> Option<f64> {
        match (self, tally.measure()) {
            (Figure::RowCount, _) => Some(tally.rows as f64),
            (Figure::DistinctCount, Measure::Profile(profile)) => Some(profile.report().distinct),
            (Figure::Mean, Measure::Moments(moments, _)) => moments.mean(),
            (Figure::Sum, Measure::Moments(moments, sum)) => (moments.count() > 0).then(|| sum.value()),
            (Figure::Stddev, Measure::Moments(moments, _)) => moments.stddev(),
            (Figure::DistinctCount | Figure::Mean | Figure::Sum | Figure::Stddev, _) => None,
        }
    }
}

impl Assertion for FigureBetween {
    fn plan<'a>(&'a self, planner: &mut Planner<'a, '_>) -> Result<Plan<'a>> {
        let column = match self.figure {
            Figure::RowCount => return figure::rows(planner, self.bounds.clone()),
            Figure::DistinctCount => planner.column()?,
            Figure::Mean | Figure::Sum | Figure::Stddev => {
                let suits = |kind: Kind| kind.is_number() || kind == Kind::Bool;
                planner.column_of(suits, "a number or boolean")?
            }
        };
        let input = planner.input(column);
        figure::plan(planner, Some(input), self.figure.test(), |tally| {
            let figure = self.figure.of(tally);
            Ok(figure::within(self.figure.metric(), figure, &self.bounds))
        })
    }
}
