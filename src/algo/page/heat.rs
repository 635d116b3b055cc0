//! A field of cells, one for each name and column, the darker the more: a calendar. As a shade alone would not be seen by everybody, a cell is also filled
//! from its ground as far as its value goes.

use maud::{Markup, html};

use super::drawing::{WIDTH, label_columns, names, rectangle, short};
use super::table::{Cell, Column, Table};

/// Shades above nothing.
const SHADES: usize = 4;
/// The class of what is not known.
const UNKNOWN: usize = SHADES + 1;

/// Cells beside names.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Heat {
    /// What its values are.
    pub label: String,
    /// What a column is, from the left; an empty one has no label.
    pub columns: Vec<String>,
    /// The names, from the top, each with a value for each column; NaN of what is not known.
    pub rows: Vec<(String, Vec<f64>)>,
    /// The value that is darkest; greater ones are as dark.
    pub most: f64,
}

impl Heat {
    /// The shade of a value, from 0 for nothing.
    fn shade(&self, value: f64) -> usize {
        if !value.is_finite() {
            return UNKNOWN;
        }
        let share = value / self.most.max(f64::MIN_POSITIVE);
        ((share * SHADES as f64).ceil().max(0.0) as usize).min(SHADES)
    }

    /// A value as a character: the higher the more, as high as the drawing is dark; a hyphen for nothing, a dot for what is not known.
    fn block(&self, value: f64) -> char {
        const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        if !value.is_finite() {
            return '·';
        }
        let share = value / self.most.max(f64::MIN_POSITIVE);
        match (share * BLOCKS.len() as f64).ceil().max(0.0) as usize {
            0 => '-',
            height => BLOCKS[height.min(BLOCKS.len()) - 1],
        }
    }

    pub(super) fn table(&self) -> Table {
        let columns = vec![
            Column::text("", 40),
            Column::number("in all"),
            Column::text(&self.label, self.columns.len().max(8)),
        ];
        let mut table = Table::new("", columns);
        table.rows.extend(self.rows.iter().map(|(name, values)| {
            let sum = values.iter().filter(|value| value.is_finite()).sum();
            let line = values.iter().map(|&value| self.block(value));
            vec![Cell::text(name), Cell::Figure(sum), Cell::Text(line.collect())]
        }));
        table
    }
}

/// Draws it: its height, and what is in it. All cells of a shade are one path.
pub(super) fn draw(heat: &Heat) -> (f64, Markup) {
    const TOP: f64 = 8.0;
    const EACH: f64 = 18.0;
    let titles: Vec<String> = heat.rows.iter().map(|(name, _)| name.clone()).collect();
    let (names, left) = names(&titles);
    let width = (WIDTH - 8.0 - left) / heat.columns.len().max(1) as f64;
    let gap = (width * 0.15).min(2.0);
    let mut grounds = String::new();
    let mut paths = vec![String::new(); UNKNOWN + 1];
    for (row, (_, values)) in heat.rows.iter().enumerate() {
        for (column, &value) in values.iter().take(heat.columns.len()).enumerate() {
            let shade = heat.shade(value);
            let (x, y) = (left + width * column as f64, TOP + EACH * row as f64);
            let high = EACH - 3.0;
            rectangle(&mut grounds, x, y, width - gap, high);
            if shade > 0 {
                let filled = if shade == UNKNOWN {
                    2.0
                } else {
                    high * shade as f64 / SHADES as f64
                };
                rectangle(&mut paths[shade], x, y + high - filled, width - gap, filled);
            }
        }
    }
    let bottom = TOP + EACH * heat.rows.len() as f64;
    let content = html! {
        path class="h0" d=(grounds) {}
        @for (shade, path) in paths.iter().enumerate() {
            @if !path.is_empty() { path class={ "h" (shade) } d=(path) {} }
        }
        @for (row, name) in names.iter().enumerate() {
            text class="n" x=(short(left - 6.0)) y=(short(TOP + EACH * row as f64 + 11.5)) text-anchor="end" { (name) }
        }
        (label_columns(&heat.columns, left, width, bottom + 12.0))
    };
    (bottom + 18.0, content)
}

/// What its shades stand for.
pub(super) fn legend() -> Markup {
    html! {
        ul class="key" {
            li { i class="h0" {} "none" }
            li { @for shade in 1..=SHADES { i class={ "h" (shade) } {} } "from little to much" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heat() -> Heat {
        Heat {
            label: "hours".into(),
            columns: ["Mon", "Tue", "Wed"].map(str::to_owned).to_vec(),
            rows: vec![("sales".into(), vec![0.0, 12.0, f64::NAN])],
            most: 24.0,
        }
    }

    #[test]
    fn shades_go_from_nothing_to_the_most() {
        let heat = heat();
        let shades = [0.0, 0.1, 6.0, 6.1, 24.0, 99.0, f64::NAN].map(|value| heat.shade(value));
        assert_eq!(shades, [0, 1, 1, 2, 4, 4, 5]);
    }

    #[test]
    fn a_cell_has_a_ground_and_a_filling() {
        let (_, drawn) = draw(&heat());
        let drawn = drawn.into_string();
        // Three grounds, one of nothing, one half full, one that is not known.
        assert_eq!(drawn.matches('z').count(), 3 + 2);
        assert!(drawn.contains("class=\"h2\"") && drawn.contains("class=\"h5\"") && !drawn.contains("class=\"h4\""));
        assert!(drawn.contains(">Tue<"));
    }

    #[test]
    fn the_table_adds_up_what_is_known() {
        assert_eq!(heat().table().rows[0][1], Cell::Figure(12.0));
    }

    #[test]
    fn the_table_shows_each_value_by_the_same_measure() {
        let mut heat = heat();
        heat.rows.push(("ingest".into(), vec![1.0, 3.1, 99.0]));
        let lines: Vec<Cell> = heat.table().rows.into_iter().map(|row| row[2].clone()).collect();
        assert_eq!(lines, [Cell::text("-▄·"), Cell::text("▁▂█")]);
    }
}
