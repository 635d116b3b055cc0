//! Charts as values: what is drawn, not how. HTML draws them, the other formats have the same figures as a table.

use super::heat::Heat;
use super::number;
use super::table::{Cell, Column, Table};
use super::ticks::{Ticks, Unit};
use super::timeline::Timeline;

pub use super::tone::Tone;

/// A figure with its heading.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// How to read it, and what it says, in a sentence.
    pub about: String,
    /// What is drawn.
    pub plot: Plot,
}

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Plot {
    /// Lines and points over numbers.
    Curves(Curves),
    /// Columns over bins or names, those of several series side by side.
    Columns(Columns),
    /// Bars beside names.
    Bars(Bars),
    /// A point for each row, beside names.
    Swarm(Swarm),
    /// A shade for each name and column.
    Heat(Heat),
    /// Spans of time beside names.
    Timeline(Timeline),
}

/// An axis.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Axis {
    /// What its values are.
    pub label: String,
    /// How they are written.
    pub unit: Unit,
    /// Where it has to begin and end; without it the values say.
    pub range: Option<(f64, f64)>,
}

impl Axis {
    /// Of numbers.
    pub fn numbers(label: &str) -> Axis {
        Axis {
            label: label.into(),
            ..Axis::default()
        }
    }

    /// Of shares from none to all.
    pub fn unit(label: &str) -> Axis {
        Axis {
            label: label.into(),
            unit: Unit::Share,
            range: Some((0.0, 1.0)),
        }
    }

    /// Of shares, as far as the values go.
    pub fn shares(label: &str) -> Axis {
        Axis {
            unit: Unit::Share,
            ..Axis::numbers(label)
        }
    }

    /// Its ticks for some values.
    pub fn ticks(&self, values: impl Iterator<Item = f64>, wanted: usize) -> Ticks {
        let (low, high) = self.range.unwrap_or_else(|| {
            let ends = values.filter(|value| value.is_finite());
            ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            })
        });
        Ticks::of(low, high, wanted, self.unit)
    }

    /// A value as this axis has it.
    fn cell(&self, value: f64) -> Cell {
        match self.unit {
            _ if value.is_nan() => Cell::Empty,
            Unit::Number => Cell::Figure(value),
            Unit::Share => Cell::Share(value),
        }
    }
}

/// Lines and points over numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curves {
    /// The axis to the right.
    pub x: Axis,
    /// The axis upwards.
    pub y: Axis,
    /// The lines.
    pub lines: Vec<Line>,
    /// Points with intervals.
    pub dots: Vec<Dot>,
    /// What single points of the horizontal axis are.
    pub marks: Vec<(f64, String)>,
}

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it is.
    pub label: String,
    /// Its colour.
    pub tone: Tone,
    /// Its points, from the left to the right.
    pub points: Vec<(f64, f64)>,
    /// What may be around it: at each place the lower and the upper end.
    pub band: Vec<(f64, f64, f64)>,
}

/// A point with what may be around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dot {
    /// Its place to the right.
    pub x: f64,
    /// Its place upwards.
    pub y: f64,
    /// The lower and the upper end of its interval.
    pub interval: Option<(f64, f64)>,
    /// How many rows it stands for.
    pub rows: Option<i64>,
}

/// A series of columns or bars.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What it is.
    pub label: String,
    /// Its colour.
    pub tone: Tone,
    /// One for each bin or name.
    pub values: Vec<f64>,
}

/// What columns stand over.
#[derive(Debug, Clone, PartialEq)]
pub enum Bins {
    /// The edges of all bins, as wide as they are.
    Edges(Vec<f64>),
    /// The edges between bins that are open at both ends, all of one width.
    Cuts(Vec<f64>),
    /// Edges as they are written, all bins of one width.
    Labels(Vec<String>),
}

/// Columns over bins.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    /// The axis to the right.
    pub x: Axis,
    /// The axis upwards.
    pub y: Axis,
    /// What they stand over.
    pub bins: Bins,
    /// The series.
    pub series: Vec<Series>,
    /// What single points of the horizontal axis are, of bins with edges.
    pub marks: Vec<(f64, String)>,
}

/// Bars beside names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bars {
    /// The axis to the right.
    pub x: Axis,
    /// The names, from the top.
    pub names: Vec<String>,
    /// The series.
    pub series: Vec<Series>,
    /// What may be around the values of the first series.
    pub intervals: Vec<Option<(f64, f64)>>,
}

/// A point for each row, beside names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Swarm {
    /// The axis to the right.
    pub x: Axis,
    /// The names with their points.
    pub rows: Vec<(String, Vec<SwarmPoint>)>,
}

/// The place of a point, and where the value of its row stands among all from 0 to 1, if it is a number.
pub type SwarmPoint = (f64, Option<f64>);

impl Chart {
    /// A figure.
    pub fn new(title: &str, about: impl Into<String>, plot: Plot) -> Chart {
        Chart {
            title: title.into(),
            about: about.into(),
            plot,
        }
    }

    /// What its colours stand for; of a single series nothing has to be said.
    pub fn legend(&self) -> Vec<(Tone, &str)> {
        let all: Vec<(Tone, &str)> = match &self.plot {
            Plot::Curves(curves) => (curves.lines.iter())
                .map(|line| (line.tone, line.label.as_str()))
                .collect(),
            Plot::Columns(Columns { series, .. }) | Plot::Bars(Bars { series, .. }) => series
                .iter()
                .map(|series| (series.tone, series.label.as_str()))
                .collect(),
            Plot::Timeline(timeline) => timeline.legend(),
            Plot::Swarm(_) | Plot::Heat(_) => Vec::new(),
        };
        if all.len() < 2 { Vec::new() } else { all }
    }

    /// Its figures, few enough to be read.
    pub fn tables(&self) -> Vec<Table> {
        match &self.plot {
            Plot::Curves(curves) => curves.tables(),
            Plot::Columns(columns) => vec![columns.table()],
            Plot::Bars(bars) => vec![bars.table()],
            Plot::Swarm(swarm) => vec![swarm.table()],
            Plot::Heat(heat) => vec![heat.table()],
            Plot::Timeline(timeline) => vec![timeline.table()],
        }
    }
}

impl Line {
    /// Its height at a place, on the straight line between its neighbours, and of several there the greatest; NaN outside.
    fn at(&self, x: f64) -> f64 {
        const CLOSE: f64 = 1e-12;
        let after = self.points.partition_point(|point| point.0 < x - CLOSE);
        let there = self.points[after..].iter().take_while(|point| point.0 - x <= CLOSE);
        match (
            there.map(|point| point.1).reduce(f64::max),
            after.checked_sub(1).map(|before| self.points[before]),
            self.points.get(after),
        ) {
            (Some(greatest), ..) => greatest,
            (None, Some((left, low)), Some(&(right, high))) => low + (high - low) * (x - left) / (right - left),
            (None, ..) => f64::NAN,
        }
    }
}

impl Curves {
    /// All places to the right.
    pub fn xs(&self) -> impl Iterator<Item = f64> {
        let lines = self
            .lines
            .iter()
            .flat_map(|line| line.points.iter().map(|point| point.0));
        lines.chain(self.dots.iter().map(|dot| dot.x))
    }

    /// All places upwards.
    pub fn ys(&self) -> impl Iterator<Item = f64> {
        let lines = self.lines.iter();
        let points = lines.clone().flat_map(|line| line.points.iter().map(|point| point.1));
        let bands = lines.flat_map(|line| line.band.iter().flat_map(|band| [band.1, band.2]));
        let ends = |dot: &Dot| dot.interval.map_or([dot.y; 2], |(low, high)| [low, high]);
        points.chain(bands).chain(self.dots.iter().flat_map(ends))
    }

    /// Where the lines are read: where they have points if these are few, else at the ticks.
    fn places(&self, lines: &[&Line]) -> Vec<f64> {
        const FEW: usize = 12;
        let mut places: Vec<f64> = lines
            .iter()
            .flat_map(|line| line.points.iter().map(|point| point.0))
            .collect();
        places.sort_unstable_by(f64::total_cmp);
        places.dedup();
        match places.len() {
            ..=FEW => places,
            _ => self
                .x
                .ticks(self.xs(), 10)
                .marks
                .into_iter()
                .map(|(place, _)| place)
                .collect(),
        }
    }

    /// The heights of the lines at some places, and the points.
    fn tables(&self) -> Vec<Table> {
        let mut tables = Vec::new();
        let lines: Vec<&Line> = self.lines.iter().filter(|line| line.tone != Tone::Muted).collect();
        if !lines.is_empty() {
            let heading = |line: &&Line| match line.label.as_str() {
                "" => Column::number(&self.y.label),
                label => Column::number(label),
            };
            let columns = std::iter::once(Column::number(&self.x.label)).chain(lines.iter().map(heading));
            let mut table = Table::new("", columns.collect());
            for x in self.places(&lines) {
                let heights: Vec<f64> = lines.iter().map(|line| line.at(x)).collect();
                if heights.iter().any(|height| !height.is_nan()) {
                    let heights = heights.into_iter().map(|height| self.y.cell(height));
                    table
                        .rows
                        .push(std::iter::once(self.x.cell(x)).chain(heights).collect());
                }
            }
            tables.push(table);
        }
        if !self.dots.is_empty() {
            let headings = [self.x.label.as_str(), self.y.label.as_str(), "low", "high", "rows"];
            let mut table = Table::new("", headings.map(Column::number).to_vec());
            table.rows.extend(self.dots.iter().map(|dot| {
                let end = |end: Option<f64>| end.map_or(Cell::Empty, |end| self.y.cell(end));
                vec![
                    self.x.cell(dot.x),
                    self.y.cell(dot.y),
                    end(dot.interval.map(|ends| ends.0)),
                    end(dot.interval.map(|ends| ends.1)),
                    Cell::count(dot.rows),
                ]
            }));
            tables.push(table.without_empty_columns());
        }
        tables
    }
}

impl Bins {
    /// How many there are.
    pub fn count(&self) -> usize {
        match self {
            Bins::Edges(edges) => edges.len().saturating_sub(1),
            Bins::Cuts(cuts) => cuts.len() + 1,
            Bins::Labels(edges) => edges.len().saturating_sub(1),
        }
    }

    /// What a bin is called.
    pub fn name(&self, bin: usize) -> String {
        match self {
            Bins::Edges(edges) => format!("{} to {}", number::figure(edges[bin]), number::figure(edges[bin + 1])),
            Bins::Cuts(cuts) => match (bin.checked_sub(1).and_then(|before| cuts.get(before)), cuts.get(bin)) {
                (None, Some(end)) => format!("up to {}", number::figure(*end)),
                (Some(begin), None) => format!("above {}", number::figure(*begin)),
                (Some(begin), Some(end)) => format!("{} to {}", number::figure(*begin), number::figure(*end)),
                (None, None) => "all".into(),
            },
            Bins::Labels(edges) => format!("{} to {}", edges[bin], edges[bin + 1]),
        }
    }
}

/// Names with a column for each series, and of a single one a bar.
fn series_table(heading: &str, names: impl Iterator<Item = String>, series: &[Series], axis: &Axis) -> Table {
    let mut columns = vec![Column::text(heading, 40)];
    columns.extend(series.iter().map(|series| Column::number(&series.label)));
    let is_alone = series.len() == 1;
    if is_alone {
        columns.push(Column::text("", 20));
    }
    let most = series
        .iter()
        .flat_map(|series| series.values.iter().copied())
        .fold(f64::MIN_POSITIVE, f64::max);
    let mut table = Table::new("", columns);
    for (place, name) in names.enumerate() {
        let mut row = vec![Cell::Text(name)];
        row.extend(
            series
                .iter()
                .map(|series| series.values.get(place).map_or(Cell::Empty, |&value| axis.cell(value))),
        );
        if is_alone {
            row.push(Cell::Bar(series[0].values.get(place).map_or(0.0, |value| value / most)));
        }
        table.rows.push(row);
    }
    table
}

impl Columns {
    fn table(&self) -> Table {
        let names = (0..self.bins.count()).map(|bin| self.bins.name(bin));
        series_table(&self.x.label, names, &self.series, &self.y)
    }
}

impl Bars {
    fn table(&self) -> Table {
        let mut table = series_table("", self.names.iter().cloned(), &self.series, &self.x);
        if self.intervals.iter().any(Option::is_some) {
            table.columns.extend(["low", "high"].map(Column::number));
            for (row, interval) in table.rows.iter_mut().zip(&self.intervals) {
                let end = |end: Option<f64>| end.map_or(Cell::Empty, |end| self.x.cell(end));
                row.extend([end(interval.map(|ends| ends.0)), end(interval.map(|ends| ends.1))]);
            }
        }
        table
    }
}

impl Swarm {
    fn table(&self) -> Table {
        let columns = [
            Column::text("", 40),
            Column::number("least"),
            Column::number("median"),
            Column::number("greatest"),
        ];
        let mut table = Table::new("", columns.to_vec());
        for (name, points) in &self.rows {
            let mut places: Vec<f64> = points
                .iter()
                .map(|point| point.0)
                .filter(|place| place.is_finite())
                .collect();
            places.sort_unstable_by(f64::total_cmp);
            let at = |place: usize| Cell::figure(places.get(place).copied());
            let last = places.len().saturating_sub(1);
            table.rows.push(vec![Cell::text(name), at(0), at(last / 2), at(last)]);
        }
        table
    }
}
