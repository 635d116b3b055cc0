//! Tables: rows and columns of cells that know what they are, so that each writer shows them in its own way.

use super::number;
use super::values::ValueSummary;

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// As it should be.
    Good,
    /// To be looked at.
    Warning,
    /// Wrong.
    Bad,
    /// Neither.
    Neutral,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// A text.
    Text(String),
    /// What is typed, such as a name or SQL.
    Code(String),
    /// A name with a part of the page that says more of it.
    Link(String, String),
    /// A number.
    Figure(f64),
    /// A number of things.
    Count(i64),
    /// A share, as a percentage.
    Share(f64),
    /// The probability of as much by chance.
    PValue(f64),
    /// An interval.
    Interval(f64, f64),
    /// A number with the interval that it may as well be in.
    Estimate(f64, f64, f64),
    /// How it stands, in a word.
    Status(Status, String),
    /// A small histogram or history: heights from the first to the last; of what is not known NaN.
    Spark(Vec<f64>),
    /// A share as a bar, from 0 to 1.
    Bar(f64),
    /// Values of a column, as many as fit.
    Values(ValueSummary),
    /// That only a person can tell it, and has not yet.
    Missing,
}

impl Cell {
    /// A text.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    /// A number where there is one.
    pub fn figure(number: Option<f64>) -> Cell {
        number.map_or(Cell::Empty, Cell::Figure)
    }

    /// A count where there is one.
    pub fn count(count: Option<i64>) -> Cell {
        count.map_or(Cell::Empty, Cell::Count)
    }

    /// A share where there is one.
    pub fn share(share: Option<f64>) -> Cell {
        share.map_or(Cell::Empty, Cell::Share)
    }

    /// An interval where both ends are known.
    pub fn interval(low: Option<f64>, high: Option<f64>) -> Cell {
        low.zip(high)
            .map_or(Cell::Empty, |(low, high)| Cell::Interval(low, high))
    }

    /// A number where there is one, with its interval where both ends are known.
    pub fn estimate(value: Option<f64>, low: Option<f64>, high: Option<f64>) -> Cell {
        match (value, low.zip(high)) {
            (Some(value), Some((low, high))) => Cell::Estimate(value, low, high),
            (value, _) => Cell::figure(value),
        }
    }

    /// What it says, whatever its length.
    pub fn plain(&self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Text(text) | Cell::Code(text) | Cell::Link(text, _) | Cell::Status(_, text) => text.clone(),
            Cell::Figure(number) => number::figure(*number),
            Cell::Count(count) => number::count(*count),
            Cell::Share(share) => number::share(*share),
            Cell::PValue(p) => number::p_value(*p),
            Cell::Estimate(value, low, high) => {
                format!(
                    "{} ({} to {})",
                    estimated(*value, *low, *high),
                    number::rough(*low),
                    number::rough(*high)
                )
            }
            Cell::Interval(low, high) => format!("{} to {}", number::rough(*low), number::rough(*high)),
            Cell::Spark(heights) => sparkline(heights),
            Cell::Bar(share) => bar(*share),
            Cell::Values(values) => values.within(60),
            Cell::Missing => "not written yet".into(),
        }
    }
}

/// A number beside its interval, to which a tiny one is nothing.
pub(super) fn estimated(value: f64, low: f64, high: f64) -> String {
    let is_nothing = value.abs() < (high - low).abs() * 1e-6;
    number::rough(if is_nothing { 0.0 } else { value })
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Column {
    /// Its heading.
    pub heading: String,
    /// Whether its cells stand to the right, as numbers do.
    pub is_number: bool,
    /// The most cells of a terminal that it takes.
    pub most: usize,
    /// Whether it has what the others leave.
    pub takes_rest: bool,
    /// Whether its cells stay on one line, as times do.
    pub is_whole: bool,
}

impl Column {
    /// A column of texts.
    pub fn text(heading: &str, most: usize) -> Column {
        Column {
            heading: heading.into(),
            most,
            ..Column::default()
        }
    }

    /// A column of times, and of what else is not broken into lines.
    pub fn whole(heading: &str, most: usize) -> Column {
        Column {
            is_whole: true,
            ..Column::text(heading, most)
        }
    }

    /// A column of numbers.
    pub fn number(heading: &str) -> Column {
        Column {
            heading: heading.into(),
            is_number: true,
            most: 32,
            ..Column::default()
        }
    }

    /// A column that has what the others leave of a line.
    pub fn rest(heading: &str) -> Column {
        Column {
            heading: heading.into(),
            takes_rest: true,
            most: usize::MAX,
            ..Column::default()
        }
    }
}

/// Rows and columns. The first cell of a row names it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub fn new(caption: &str, columns: Vec<Column>) -> Table {
        Table {
            caption: caption.into(),
            columns,
            rows: Vec::new(),
        }
    }

    /// Without the columns in which no row has anything.
    #[must_use]
    pub fn without_empty_columns(mut self) -> Table {
        let is_used = |column: usize| {
            self.rows
                .iter()
                .any(|row| row.get(column).is_some_and(|cell| *cell != Cell::Empty))
        };
        let used: Vec<bool> = (0..self.columns.len())
            .map(|column| column == 0 || is_used(column))
            .collect();
        let mut places = used.iter();
        self.columns.retain(|_| places.next().copied().unwrap_or(true));
        for row in &mut self.rows {
            let mut places = used.iter();
            row.retain(|_| places.next().copied().unwrap_or(true));
        }
        self
    }
}

/// One block a height, the higher the more: `▁▃█▂`; a blank for nothing, a dot for what is not known. Empty without heights.
pub fn sparkline(heights: &[f64]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = heights
        .iter()
        .copied()
        .filter(|height| height.is_finite())
        .fold(0.0, f64::max);
    let block = |height: &f64| match height / most {
        _ if height.is_nan() => '·',
        share if share > 0.0 => BLOCKS[((share * 8.0).ceil() as usize).clamp(1, 8) - 1],
        _ => ' ',
    };
    heights.iter().map(block).collect()
}

/// A bar of at most 20 cells.
fn bar(share: f64) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = if share.is_finite() {
        (share.clamp(0.0, 1.0) * 160.0).round() as usize
    } else {
        0
    };
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_are_shares_of_the_highest() {
        assert_eq!(sparkline(&[0.0, 1.0, 400.0, 401.0, 800.0]), " ▁▄▅█");
        assert_eq!(sparkline(&[0.0, 0.0]), "  ");
        assert_eq!(sparkline(&[f64::NAN, 2.0]), "·█");
        assert_eq!(sparkline(&[]), "");
        assert_eq!([bar(0.0), bar(0.05), bar(0.006), bar(f64::NAN)], ["", "█", "▏", ""]);
    }

    #[test]
    fn columns_without_anything_are_left_out() {
        let columns = vec![Column::text("a", 9), Column::number("b"), Column::number("c")];
        let mut table = Table::new("", columns);
        table.rows.push(vec![Cell::Empty, Cell::Empty, Cell::Count(1)]);
        let table = table.without_empty_columns();
        assert_eq!(table.columns.len(), 2);
        assert_eq!(table.rows, [vec![Cell::Empty, Cell::Count(1)]]);
    }
}
