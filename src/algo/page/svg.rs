//! Charts as SVG inside a page. Colours and fonts are the style sheet's, so that a chart is dark where the page is.

use maud::{Markup, html};
use unicode_width::UnicodeWidthChar;

use super::chart::{Bars, Bins, Chart, Columns, Curves, Plot, Series, Tone};
use super::plain::visible;
use super::ticks::Ticks;
use super::{heat, swarm, timeline};

/// How wide a chart is, in its own units.
pub(super) const WIDTH: f64 = 360.0;
/// How high one of curves or columns is.
const HEIGHT: f64 = 232.0;
/// What stands free at the right, at the top, and at the bottom for ticks and a label.
const RIGHT: f64 = 20.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 36.0;
/// What stands free between labels.
const BETWEEN: f64 = 7.0;

/// Draws a chart. `id` is its name on the page.
pub fn draw(chart: &Chart, id: &str) -> Markup {
    let (height, content) = match &chart.plot {
        Plot::Curves(curves) => (HEIGHT, draw_curves(curves)),
        Plot::Columns(columns) => (HEIGHT, draw_columns(columns)),
        Plot::Bars(bars) => draw_bars(bars),
        Plot::Swarm(swarm) => swarm::draw(swarm),
        Plot::Heat(heat) => heat::draw(heat),
        Plot::Timeline(timeline) => timeline::draw(timeline),
    };
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {}", short(height))) role="img" aria-labelledby={ (id) "t " (id) "d" } {
            title id={ (id) "t" } { (visible(&chart.title, 200, false)) }
            desc id={ (id) "d" } { (visible(&chart.about, 600, false)) }
            (content)
        }
    }
}

/// The class of a tone.
pub(super) fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::First => "t1",
        Tone::Second => "t2",
        Tone::Third => "t3",
        Tone::Muted => "t0",
    }
}

/// A coordinate with one decimal.
pub(super) fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// What a label takes, by a wide font: which one the reader has is not known.
fn width(text: &str) -> f64 {
    let of = |character: char| match character {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | 'I' | '.' | ',' | ':' | ';' | '\'' | '!' | '|' | ' ' | '(' | ')' | '['
        | ']' => 4.2,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 10.2,
        'A'..='Z' => 7.7,
        _ => match character.width() {
            Some(0) | None => 0.0,
            Some(1) => 6.7,
            Some(_) => 11.0,
        },
    };
    text.chars().map(of).sum()
}

/// A label that takes no more than so much; of a longer one the beginning, with an ellipsis.
fn fitted(text: &str, most: f64) -> String {
    let shown = visible(text, 200, false);
    if width(&shown) <= most {
        return shown;
    }
    let mut short = String::new();
    let mut used = width("…");
    for character in shown.chars() {
        used += width(character.encode_utf8(&mut [0; 4]));
        if used > most {
            break;
        }
        short.push(character);
    }
    short + "…"
}

/// The longest of some labels.
fn longest<'a>(labels: impl Iterator<Item = &'a str>) -> f64 {
    labels.map(width).fold(0.0, f64::max)
}

/// Of labels that stand in so much room each, every how many can be shown.
fn step(longest: f64, room: f64) -> usize {
    ((longest + BETWEEN) / room).ceil().max(1.0) as usize
}

/// Where data are drawn, and how their values become places.
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

impl Area {
    /// Beside ticks upwards.
    fn beside(y: &Ticks) -> Area {
        Area {
            left: 22.0 + longest(y.marks.iter().map(|(_, label)| label.as_str())),
            right: WIDTH - RIGHT,
            top: TOP,
            bottom: HEIGHT - BOTTOM,
        }
    }

    pub(super) fn x(&self, ticks: &Ticks, value: f64) -> f64 {
        self.left + ticks.place(value) * (self.right - self.left)
    }

    fn y(&self, ticks: &Ticks, value: f64) -> f64 {
        self.bottom - ticks.place(value) * (self.bottom - self.top)
    }

    /// Ticks and label under the data; `lines` draws the grid.
    pub(super) fn draw_x(&self, ticks: &Ticks, label: &str, lines: bool) -> Markup {
        // Labels that would touch are left out.
        let room = (self.right - self.left) / ticks.marks.len().saturating_sub(1).max(1) as f64;
        let step = step(longest(ticks.marks.iter().map(|(_, label)| label.as_str())), room);
        html! {
            @for (place, (value, label)) in ticks.marks.iter().enumerate() {
                @let x = short(self.x(ticks, *value));
                @if lines {
                    line class="g" x1=(x) x2=(x) y1=(short(self.top)) y2=(short(self.bottom)) {}
                }
                @if place % step == 0 {
                    // The last one may not be cut off.
                    @let most = WIDTH - 2.0 - width(label) / 2.0;
                    text x=(short(self.x(ticks, *value).min(most))) y=(short(self.bottom + 15.0)) text-anchor="middle" { (label) }
                }
            }
            text class="a" x=(short((self.left + self.right) / 2.0)) y=(short(self.bottom + 30.0)) text-anchor="middle" {
                (visible(label, 50, false))
            }
        }
    }

    /// Lines at single points, with what they are. Labels that would cover each other stand below each other.
    fn draw_marks(&self, ticks: &Ticks, marks: &[(f64, String)]) -> Markup {
        html! {
            @for (place, (value, label)) in marks.iter().enumerate() {
                @let at = self.x(ticks, *value);
                @let is_right = ticks.place(*value) > 0.6;
                line class="m" x1=(short(at)) x2=(short(at)) y1=(short(self.top)) y2=(short(self.bottom)) {}
                text class="k" x=(short(if is_right { at - 4.0 } else { at + 4.0 })) y=(short(self.top + 10.0 + 12.0 * place as f64))
                    text-anchor=(if is_right { "end" } else { "start" }) { (visible(label, 30, false)) }
            }
        }
    }

    fn draw_y(&self, ticks: &Ticks, label: &str) -> Markup {
        let middle = short((self.top + self.bottom) / 2.0);
        html! {
            @for (value, label) in &ticks.marks {
                @let y = self.y(ticks, *value);
                line class="g" x1=(short(self.left)) x2=(short(self.right)) y1=(short(y)) y2=(short(y)) {}
                text x=(short(self.left - 5.0)) y=(short(y + 3.5)) text-anchor="end" { (label) }
            }
            text class="a" x="0" y="0" text-anchor="middle" transform={ "translate(11 " (middle) ") rotate(-90)" } {
                (visible(label, 34, false))
            }
        }
    }
}

/// A path through points.
fn path(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    for (x, y) in points {
        path.push_str(if path.is_empty() { "M" } else { "L" });
        path.extend([short(x).as_str(), " ", short(y).as_str()]);
    }
    path
}

fn draw_curves(curves: &Curves) -> Markup {
    let (x, y) = (curves.x.ticks(curves.xs(), 5), curves.y.ticks(curves.ys(), 5));
    let area = Area::beside(&y);
    let place = |x_value: f64, y_value: f64| (area.x(&x, x_value), area.y(&y, y_value));
    let most = curves.dots.iter().filter_map(|dot| dot.rows).max().unwrap_or(1).max(1) as f64;
    html! {
        (area.draw_y(&y, &curves.y.label))
        (area.draw_x(&x, &curves.x.label, false))
        @for line in &curves.lines {
            @if !line.band.is_empty() {
                @let upper = line.band.iter().map(|&(at, _, high)| place(at, high));
                @let lower = line.band.iter().rev().map(|&(at, low, _)| place(at, low));
                path class={ "b " (class(line.tone)) } d={ (path(upper.chain(lower))) "Z" } {}
            }
        }
        @for line in &curves.lines {
            path class={ "l " (class(line.tone)) } d=(path(line.points.iter().map(|&(a, b)| place(a, b)))) {}
        }
        @for dot in &curves.dots {
            @let (at, height) = place(dot.x, dot.y);
            @if let Some((low, high)) = dot.interval {
                path class="i t1" d=(path([(at, area.y(&y, low)), (at, area.y(&y, high))].into_iter())) {}
            }
            circle class="f t1" cx=(short(at)) cy=(short(height))
                r=(short(dot.rows.map_or(3.0, |rows| 2.0 + 2.5 * (rows as f64 / most).sqrt()))) {}
        }
        (area.draw_marks(&x, &curves.marks))
    }
}

/// The rectangle of a column or bar, as a part of a path.
fn rectangle(path: &mut String, x: f64, y: f64, width: f64, height: f64) {
    if width > 0.0 && height > 0.0 {
        let (x, y, width, height) = (short(x), short(y), short(width.max(0.5)), short(height.max(0.5)));
        path.push_str(&format!("M{x} {y}h{width}v{height}h-{width}z"));
    }
}

fn draw_columns(columns: &Columns) -> Markup {
    let values = columns.series.iter().flat_map(|series| series.values.iter().copied());
    let y = columns.y.ticks(values.chain([0.0]), 4);
    let area = Area::beside(&y);
    let count = columns.bins.count().max(1);
    let width = (area.right - area.left) / count as f64;
    let (x, begins): (Option<Ticks>, Vec<f64>) = match &columns.bins {
        Bins::Edges(edges) => {
            let ticks = columns.x.ticks(edges.iter().copied(), 5);
            let begins = edges.iter().map(|&edge| area.x(&ticks, edge)).collect();
            (Some(ticks), begins)
        }
        Bins::Cuts(_) | Bins::Labels(_) => (None, (0..=count).map(|bin| area.left + bin as f64 * width).collect()),
    };
    let series = columns.series.len().max(1) as f64;
    let draw = |place: usize, series_of: &Series| {
        let mut path = String::new();
        for (ends, value) in begins.windows(2).zip(&series_of.values) {
            let gap = ((ends[1] - ends[0]) * 0.12).min(2.0);
            let each = (ends[1] - ends[0] - gap) / series;
            let top = area.y(&y, *value);
            rectangle(
                &mut path,
                ends[0] + gap / 2.0 + place as f64 * each,
                top,
                each,
                area.bottom - top,
            );
        }
        path
    };
    html! {
        (area.draw_y(&y, &columns.y.label))
        @match (&columns.bins, &x) {
            (_, Some(x)) => (area.draw_x(x, &columns.x.label, false)),
            (Bins::Labels(labels), None) => (draw_edges(&area, labels, &begins, &columns.x.label)),
            (Bins::Cuts(cuts), None) => {
                @let labels: Vec<String> = cuts.iter().map(|&cut| super::number::figure(cut)).collect();
                (draw_edges(&area, &labels, &begins[1..begins.len() - 1], &columns.x.label))
            },
            (Bins::Edges(_), None) => {},
        }
        @for (place, series) in columns.series.iter().enumerate() {
            path class={ "f " (class(series.tone)) } d=(draw(place, series)) {}
        }
        @if let Some(x) = &x { (area.draw_marks(x, &columns.marks)) }
    }
}

/// Labels below columns of one width, as many as do not touch, each from the left edge of its column on.
pub(super) fn label_columns(labels: &[String], left: f64, width: f64, y: f64) -> Markup {
    let shown: Vec<String> = labels.iter().map(|label| visible(label, 12, false)).collect();
    let step = step(longest(shown.iter().map(String::as_str)), width);
    html! {
        @for (place, label) in shown.iter().enumerate().step_by(step) {
            @let x = left + width * place as f64;
            // The last one may not be cut off.
            @if x + self::width(label) <= WIDTH { text x=(short(x)) y=(short(y)) { (label) } }
        }
    }
}

/// Labels of edges, as many as do not touch.
fn draw_edges(area: &Area, labels: &[String], places: &[f64], axis: &str) -> Markup {
    let shown: Vec<String> = labels.iter().map(|label| visible(label, 12, false)).collect();
    let room = (area.right - area.left) / places.len().saturating_sub(1).max(1) as f64;
    let step = step(longest(shown.iter().map(String::as_str)), room);
    html! {
        @for (label, place) in shown.iter().zip(places).step_by(step) {
            text x=(short(*place)) y=(short(area.bottom + 15.0)) text-anchor="middle" { (label) }
        }
        text class="a" x=(short((area.left + area.right) / 2.0)) y=(short(area.bottom + 30.0)) text-anchor="middle" {
            (visible(axis, 50, false))
        }
    }
}

fn draw_bars(bars: &Bars) -> (f64, Markup) {
    /// How thick a bar is, and what is free between names.
    const THICK: f64 = 8.0;
    const FREE: f64 = 8.0;
    let series = bars.series.len().max(1) as f64;
    let each = (series * THICK).max(12.0) + FREE;
    let values = bars.series.iter().flat_map(|series| series.values.iter().copied());
    let ends = bars.intervals.iter().flatten().flat_map(|ends| [ends.0, ends.1]);
    let x = bars.x.ticks(values.chain(ends).chain([0.0]), 4);
    let (names, left) = names(&bars.names);
    let area = Area {
        left,
        right: WIDTH - RIGHT,
        top: TOP,
        bottom: TOP + each * bars.names.len() as f64,
    };
    let middle = |place: usize| area.top + each * (place as f64 + 0.5);
    let zero = area.x(&x, 0.0);
    let draw = |place: usize, series_of: &Series| {
        let mut path = String::new();
        for (row, value) in series_of.values.iter().enumerate() {
            let end = area.x(&x, *value);
            let top = middle(row) - series * THICK / 2.0 + place as f64 * THICK;
            rectangle(&mut path, zero.min(end), top, (end - zero).abs(), THICK - 1.0);
        }
        path
    };
    let content = html! {
        (area.draw_x(&x, &bars.x.label, true))
        @for (place, name) in names.iter().enumerate() {
            text class="n" x=(short(left - 6.0)) y=(short(middle(place) + 4.0)) text-anchor="end" { (name) }
        }
        @for (place, series) in bars.series.iter().enumerate() {
            path class={ "f " (class(series.tone)) } d=(draw(place, series)) {}
        }
        @for (row, interval) in bars.intervals.iter().enumerate() {
            @if let Some((low, high)) = interval {
                @let y = middle(row) - 0.5;
                path class="i" d=(path([(area.x(&x, *low), y), (area.x(&x, *high), y)].into_iter())) {}
            }
        }
    };
    (area.bottom + BOTTOM, content)
}

/// Names beside rows, cut where they would take too much of the width; and where the rows begin.
pub(super) fn names(names: &[String]) -> (Vec<String>, f64) {
    const MOST: f64 = 150.0;
    let shown: Vec<String> = names.iter().map(|name| fitted(name, MOST)).collect();
    let left = 10.0 + longest(shown.iter().map(String::as_str));
    (shown, left)
}
