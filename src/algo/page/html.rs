//! A page as one file of HTML that a browser opens from disk: style and figures are in it, it has no script and asks nobody for anything. Every value
//! is escaped by maud. It is written in ASCII, with references for all else, so that it is the same whatever encoding the client saves it in.

use std::cell::Cell as Counter;

use hashbrown::HashSet;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::chart::Plot;
use super::plain::visible;
use super::table::{Cell, Column, Status, Table};
use super::{Block, Chart, Page, Section, drawing, heat, svg};
use crate::error::Result;
use crate::monitor::Monitor;

/// The style sheet.
const STYLE: &str = include_str!("style.css");

/// The most bytes of a page.
pub const MOST_BYTES: usize = 1_000_000;

/// How much of each thing is shown.
struct Limits {
    /// Characters of a cell.
    cell: usize,
    /// Rows of a table.
    rows: usize,
    /// Parts of a section.
    parts: usize,
    /// Characters of a paragraph, or of what is to be typed.
    text: usize,
}

/// From the most to the least: the first that keeps a page within its bytes is taken.
const LIMITS: [Limits; 5] = [
    Limits {
        cell: 240,
        rows: 2000,
        parts: 60,
        text: 20_000,
    },
    Limits {
        cell: 120,
        rows: 1600,
        parts: 50,
        text: 6000,
    },
    Limits {
        cell: 60,
        rows: 600,
        parts: 20,
        text: 2000,
    },
    Limits {
        cell: 40,
        rows: 100,
        parts: 8,
        text: 600,
    },
    Limits {
        cell: 20,
        rows: 20,
        parts: 2,
        text: 100,
    },
];

/// Writes a page of at most [`MOST_BYTES`]; where that takes leaving things out, the page says so. O(its length).
pub fn write(page: &Page, monitor: &dyn Monitor) -> Result<String> {
    let mut written = String::new();
    for limits in &LIMITS {
        let writer = Writer {
            limits,
            monitor,
            charts: Counter::new(0),
            stopped: Counter::new(false),
            parts: parts(page, limits),
        };
        let markup = writer.page(page);
        monitor.check()?;
        written = ascii(&markup.into_string());
        if written.len() <= MOST_BYTES {
            break;
        }
    }
    Ok(written)
}

/// The same in ASCII. What is not stands in texts and attributes only, where a reference means it.
fn ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_ascii() {
            true => ascii.push(character),
            false => ascii.push_str(&format!("&#{};", u32::from(character))),
        }
    }
    ascii
}

struct Writer<'a> {
    limits: &'a Limits,
    monitor: &'a dyn Monitor,
    /// How many charts are drawn.
    charts: Counter<usize>,
    /// Whether the monitor has said to stop: what is left is not written.
    stopped: Counter<bool>,
    /// The names of the parts that are shown, to which links lead.
    parts: HashSet<&'a str>,
}

/// The names of the parts of sections that are shown.
fn parts<'a>(page: &'a Page, limits: &Limits) -> HashSet<&'a str> {
    let of_section = |section: &'a Section| {
        let names = section.blocks.iter().filter_map(|block| match block {
            Block::Part { id, .. } => Some(id.as_str()),
            Block::Paragraph(_)
            | Block::Note(..)
            | Block::Facts(_)
            | Block::Table(_)
            | Block::Chart(_)
            | Block::Charts(_)
            | Block::Code { .. } => None,
        });
        names.take(limits.parts)
    };
    page.sections.iter().flat_map(of_section).collect()
}

impl Writer<'_> {
    fn is_stopped(&self) -> bool {
        if self.monitor.check().is_err() {
            self.stopped.set(true);
        }
        self.stopped.get()
    }

    fn text(&self, text: &str) -> String {
        visible(text, self.limits.text, false)
    }

    fn name(&self, text: &str) -> String {
        visible(text, self.limits.cell, false)
    }

    fn page(&self, page: &Page) -> Markup {
        let titled: Vec<&Section> = page
            .sections
            .iter()
            .filter(|section| !section.title.is_empty())
            .collect();
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    // A browser would ask for one next to the file.
                    link rel="icon" href="data:,";
                    title { (self.name(&page.title)) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    header {
                        h1 { bdi { (self.name(&page.title)) } }
                        @if !page.summary.is_empty() { p { (self.text(&page.summary)) } }
                    }
                    @if titled.len() > 2 {
                        nav aria-label="Sections" {
                            ul { @for section in &titled { li { a href={ "#" (section.id) } { (self.name(&section.title)) } } } }
                        }
                    }
                    main {
                        @if !page.opening.is_empty() { section class="s" aria-label="Overview" { (self.blocks(&page.opening, 3)) } }
                        @for section in &page.sections { (self.section(section)) }
                    }
                    @if !page.made.is_empty() { footer { p { (self.text(&page.made)) } } }
                }
            }
        }
    }

    fn section(&self, section: &Section) -> Markup {
        if self.is_stopped() {
            return html! {};
        }
        html! {
            @if section.title.is_empty() {
                section class="s" aria-label="Overview" { (self.blocks(&section.blocks, 3)) }
            } @else {
                section class="s" id=(section.id) aria-labelledby={ (section.id) "-h" } {
                    h2 id={ (section.id) "-h" } { bdi { (self.name(&section.title)) } }
                    (self.blocks(&section.blocks, 3))
                }
            }
        }
    }

    /// Blocks; parts that follow one another are cards where their section has nothing but figures in them.
    fn blocks(&self, blocks: &[Block], level: usize) -> Markup {
        let parts = blocks
            .iter()
            .filter(|block| matches!(block, Block::Part { .. }))
            .count();
        let mut shown = 0;
        let mut kept: Vec<&Block> = Vec::new();
        for block in blocks {
            shown += usize::from(matches!(block, Block::Part { .. }));
            if !matches!(block, Block::Part { .. }) || shown <= self.limits.parts {
                kept.push(block);
            }
        }
        html! {
            @for run in kept.chunk_by(|a, b| is_card(a) == is_card(b)) {
                @if is_card(run[0]) {
                    div class="cards" { @for block in run { (self.block(block, level)) } }
                } @else {
                    @for block in run { (self.block(block, level)) }
                }
            }
            @if parts > self.limits.parts {
                p class="no" { (format!("{} of {parts} are shown here.", self.limits.parts)) }
            }
        }
    }

    fn block(&self, block: &Block, level: usize) -> Markup {
        if self.is_stopped() {
            return html! {};
        }
        match block {
            Block::Paragraph(text) => html! { p { (self.text(text)) } },
            Block::Note(status, text) => html! {
                div class={ "note " (status_class(*status)) } { p {
                    (status_mark(*status))
                    (self.text(text))
                } }
            },
            Block::Facts(facts) => html! {
                dl { @for (name, cell) in facts {
                    dt { (self.name(name)) }
                    dd { (self.cell(cell, self.limits.text)) }
                } }
            },
            Block::Table(table) => self.table(table),
            Block::Chart(chart) => self.chart(chart),
            Block::Charts(charts) => html! { div class="charts" { @for chart in charts { (self.chart(chart)) } } },
            Block::Code { caption, text } => html! {
                @if !caption.is_empty() { p { (self.text(caption)) } }
                pre { code { (visible(text, self.limits.text, true)) } }
            },
            Block::Part {
                id,
                title,
                status,
                blocks,
                ..
            } => html! {
                section class="p" id=(id) aria-labelledby={ (id) "-h" } {
                    @let heading = html! {
                        @if let Some(status) = status { (status_mark(*status)) }
                        bdi { (self.name(title)) }
                    };
                    @if level < 4 { h3 id={ (id) "-h" } { (heading) } } @else { h4 id={ (id) "-h" } { (heading) } }
                    (self.blocks(blocks, level + 1))
                }
            },
        }
    }

    fn chart(&self, chart: &Chart) -> Markup {
        let number = self.charts.get() + 1;
        self.charts.set(number);
        let legend = chart.legend();
        html! {
            figure {
                figcaption {
                    b { (self.name(&chart.title)) }
                    @if !chart.about.is_empty() { span { (self.text(&chart.about)) } }
                    @if !legend.is_empty() {
                        ul class="key" { @for (tone, label) in &legend {
                            li { i class=(tone.class()) {} (self.name(label)) }
                        } }
                    }
                    @if matches!(chart.plot, Plot::Swarm(_)) {
                        ul class="key" {
                            li { i class="v0" {} i class="v1" {} i class="v2" {} i class="v3" {} i class="v4" {} "value from low to high" }
                            li { i class="v5" {} "not a number" }
                        }
                    }
                    @if matches!(chart.plot, Plot::Heat(_)) { (heat::legend()) }
                }
                (svg::draw(chart, &format!("f{number}")))
            }
        }
    }

    fn table(&self, table: &Table) -> Markup {
        let rows = table.rows.len();
        html! {
            div class="t" role="region" tabindex="0" aria-label=(self.name(if table.caption.is_empty() { "Table" } else { &table.caption })) {
                table {
                    @if !table.caption.is_empty() { caption { (self.name(&table.caption)) } }
                    thead { tr { @for column in &table.columns { (self.heading(column)) } } }
                    tbody {
                        @for row in table.rows.iter().take(self.limits.rows) {
                            @if !self.is_stopped() { (self.row(row, &table.columns)) }
                        }
                    }
                }
            }
            @if rows > self.limits.rows {
                p class="no" { (format!("{} of {rows} rows are shown here.", self.limits.rows)) }
            }
        }
    }

    fn heading(&self, column: &Column) -> Markup {
        html! {
            // An empty heading is a cell, as a header has to say something.
            @if column.heading.is_empty() {
                td {}
            } @else {
                th scope="col" class=[column.is_number.then_some("r")] { (self.name(&column.heading)) }
            }
        }
    }

    fn row(&self, row: &[Cell], columns: &[Column]) -> Markup {
        html! {
            tr { @for (place, (cell, column)) in row.iter().zip(columns).enumerate() {
                @let class = match (column.is_number, column.takes_rest, column.is_whole) {
                    (true, ..) => Some("r"),
                    (false, true, _) => Some("w"),
                    (false, false, true) => Some("o"),
                    (false, false, false) => None,
                };
                @if place == 0 && *cell != Cell::Empty {
                    th scope="row" class=[class] { (self.cell(cell, self.limits.cell)) }
                } @else {
                    td class=[class] { (self.cell(cell, self.limits.cell)) }
                }
            } }
        }
    }

    fn cell(&self, cell: &Cell, most: usize) -> Markup {
        let text = |text: &str| visible(text, most, false);
        html! {
            @match cell {
                Cell::Empty => {},
                Cell::Text(shown) => (text(shown)),
                Cell::Code(shown) => code { (text(shown)) },
                Cell::Link(shown, id) if self.parts.contains(id.as_str()) => a href={ "#" (id) } { (text(shown)) },
                Cell::Link(shown, _) => (text(shown)),
                Cell::Status(status, shown) => span class={ "st " (status_class(*status)) } { (status_sign(*status)) " " (text(shown)) },
                Cell::Spark(heights) => (spark(heights)),
                Cell::Bar(share) => div class="barbox" {
                    span class="bar" style={ "width:" (drawing::short(share.clamp(0.0, 1.0) * 100.0)) "%" } {}
                },
                Cell::Estimate(value, low, high) => {
                    (super::table::estimated(*value, *low, *high))
                    " "
                    small { (text(&Cell::Interval(*low, *high).plain())) }
                },
                Cell::Missing => span class="no" { "not written yet" },
                Cell::Figure(_) | Cell::Count(_) | Cell::Share(_) | Cell::PValue(_) | Cell::Interval(..) | Cell::Values(_) => (text(&cell.plain())),
            }
        }
    }
}

/// Whether a part is one of many that say the same of different things: nothing but figures and facts.
fn is_card(block: &Block) -> bool {
    let is_small = |block: &Block| matches!(block, Block::Chart(_) | Block::Facts(_));
    matches!(block, Block::Part { blocks, status: None, .. } if blocks.iter().all(is_small))
}

/// A history or histogram within a line.
fn spark(heights: &[f64]) -> Markup {
    const HIGH: f64 = 16.0;
    let most = heights
        .iter()
        .copied()
        .filter(|height| height.is_finite())
        .fold(0.0, f64::max);
    let mut path = String::new();
    for (place, height) in heights.iter().enumerate() {
        let share = if most > 0.0 && height.is_finite() {
            height / most
        } else {
            0.0
        };
        // What is nothing is a line on the ground; what is not known is not there.
        if !height.is_nan() {
            path.push_str(&format!(
                "M{} {HIGH}v-{}",
                place * 4 + 2,
                drawing::short((share * (HIGH - 1.0)).max(0.6))
            ));
        }
    }
    let label = format!("{} values, the greatest {}", heights.len(), super::number::figure(most));
    html! {
        @if !heights.is_empty() {
            @let width = heights.len() * 4 + 1;
            svg class="k" viewBox={ "0 0 " (width) " 16" } width=(width) height="16" role="img" aria-label=(label) {
                path d=(path) {}
            }
        }
    }
}

fn status_class(status: Status) -> &'static str {
    match status {
        Status::Good => "good",
        Status::Warning => "warn",
        Status::Bad => "bad",
        Status::Neutral => "soft",
    }
}

/// A sign, so that colour is not all that tells them apart.
fn status_sign(status: Status) -> &'static str {
    match status {
        Status::Good => "✓",
        Status::Warning => "▲",
        Status::Bad => "✕",
        Status::Neutral => "·",
    }
}

/// The sign before a remark or a heading, with its meaning for those who do not see it.
fn status_mark(status: Status) -> Markup {
    let meaning = match status {
        Status::Neutral => return html! {},
        Status::Good => "good",
        Status::Warning => "warning",
        Status::Bad => "failure",
    };
    html! { span class={ "st " (status_class(status)) } role="img" aria-label=(meaning) { (status_sign(status)) } " " }
}
