//! Spans of time below each other, each beside its name.

use maud::{Markup, html};

use super::drawing::{WIDTH, fitted, label_columns, rectangle, short};
use super::table::{Cell, Column, Table};
use super::tone::Tone;

/// Spans of time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timeline {
    /// What each of the equal parts of the axis is, from the left.
    pub parts: Vec<String>,
    /// The spans, from the top.
    pub spans: Vec<Span>,
}

/// A span of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// What it is of.
    pub name: String,
    /// Where it begins and ends, as shares of the axis; what is beyond is cut.
    pub begin: f64,
    pub end: f64,
    /// Whether it has not ended.
    pub is_open: bool,
    /// When it was, in words.
    pub said: String,
}

/// The colours of spans that have ended, and of those that have not.
const ENDED: Tone = Tone::First;
const OPEN: Tone = Tone::Second;

impl Timeline {
    pub(super) fn legend(&self) -> Vec<(Tone, &str)> {
        vec![(ENDED, "ended"), (OPEN, "goes on")]
    }

    pub(super) fn table(&self) -> Table {
        let mut table = Table::new("", vec![Column::text("", 60), Column::rest("")]);
        let row = |span: &Span| vec![Cell::text(&span.name), Cell::text(&span.said)];
        table.rows.extend(self.spans.iter().map(row));
        table
    }
}

/// Draws it: its height, and what is in it. What a span is of and when it was stand above it, so that both have all of the width.
pub(super) fn draw(timeline: &Timeline) -> (f64, Markup) {
    const TOP: f64 = 2.0;
    const EACH: f64 = 40.0;
    const THICK: f64 = 8.0;
    /// Where the words of a span stand, and the span itself, below where it begins.
    const NAME: f64 = 12.0;
    const SAID: f64 = 24.0;
    const BAR: f64 = 28.0;
    let (left, right) = (2.0, WIDTH - 2.0);
    let width = (right - left) / timeline.parts.len().max(1) as f64;
    let bottom = TOP + EACH * timeline.spans.len() as f64;
    let top = |row: usize| TOP + EACH * row as f64;
    let at = |share: f64| left + share.clamp(0.0, 1.0) * (right - left);
    let path = |is_open: bool| {
        let mut path = String::new();
        let spans = timeline.spans.iter().enumerate();
        for (row, span) in spans.filter(|(_, span)| span.is_open == is_open) {
            // What is short has to be seen, too.
            let begin = at(span.begin).min(right - 2.0);
            rectangle(&mut path, begin, top(row) + BAR, (at(span.end) - begin).max(2.0), THICK);
        }
        path
    };
    let content = html! {
        @for row in 0..timeline.spans.len() {
            @for place in 0..=timeline.parts.len() {
                @let x = short(left + width * place as f64);
                line class="g" x1=(x) x2=(x) y1=(short(top(row) + BAR - 1.0)) y2=(short(top(row) + BAR + THICK + 1.0)) {}
            }
        }
        @for (tone, is_open) in [(ENDED, false), (OPEN, true)] {
            @let path = path(is_open);
            @if !path.is_empty() { path class={ "f " (tone.class()) } d=(path) {} }
        }
        @for (row, span) in timeline.spans.iter().enumerate() {
            text class="n" x=(short(left)) y=(short(top(row) + NAME)) { (fitted(&span.name, right - left)) }
            text x=(short(left)) y=(short(top(row) + SAID)) { (fitted(&span.said, right - left)) }
        }
        (label_columns(&timeline.parts, left, width, bottom + 12.0))
    };
    (bottom + 18.0, content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_cut_at_the_axis_and_short_ones_are_seen() {
        let span = |begin: f64, end: f64, is_open: bool| Span {
            name: "a".into(),
            begin,
            end,
            is_open,
            said: String::new(),
        };
        let timeline = Timeline {
            parts: ["x", "y"].map(str::to_owned).to_vec(),
            spans: vec![span(-3.0, 0.5, false), span(0.5, 0.5, false), span(0.9, 7.0, true)],
        };
        let drawn = draw(&timeline).1.into_string();
        let half = short((WIDTH - 4.0) / 2.0);
        assert!(drawn.contains(&format!("M2 30h{half}v8")), "{drawn}");
        assert!(drawn.contains("h2v8"), "{drawn}");
        assert!(drawn.contains("class=\"f t2\""), "{drawn}");
    }
}
