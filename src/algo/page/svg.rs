//! Charts as SVG inside a page. Colours and fonts are the style sheet's, so that a chart is dark where the page is.

use maud::{Markup, html};

use super::area::{Area, BOTTOM, HEIGHT, RIGHT, TOP};
use super::chart::{Bars, Bins, Chart, Columns, Curves, Plot, Series};
use super::drawing::{WIDTH, longest, names, path, rectangle, short, step};
use super::plain::visible;
use super::ticks::Ticks;
use super::{heat, swarm, timeline};

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
                path class={ "b " (line.tone.class()) } d={ (path(upper.chain(lower))) "Z" } {}
            }
        }
        @for line in &curves.lines {
            path class={ "l " (line.tone.class()) } d=(path(line.points.iter().map(|&(a, b)| place(a, b)))) {}
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
            path class={ "f " (series.tone.class()) } d=(draw(place, series)) {}
        }
        @if let Some(x) = &x { (area.draw_marks(x, &columns.marks)) }
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
            path class={ "f " (series.tone.class()) } d=(draw(place, series)) {}
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
