//! A page as text for a terminal: no line of a table is wider than 118 cells, whatever its texts contain.

use unicode_width::UnicodeWidthStr;

use super::plain::{cut, harmless, visible};
use super::table::{Cell, Column, Status, Table};
use super::{Block, Chart, Page, Section};
use crate::error::Result;
use crate::monitor::Monitor;
use crate::wrap::wrap;

/// Cells of a terminal that no line exceeds.
const WIDTH: usize = 118;
/// Cells of a line of a sentence.
const MEASURE: usize = 96;
const BETWEEN: &str = "  ";
/// Characters that are shown of what is to be typed.
const MOST_CODE: usize = 20_000;

/// Writes a page. O(its length).
pub fn write(page: &Page, monitor: &dyn Monitor) -> Result<String> {
    let title = wrap(&harmless(&title(page)), WIDTH);
    let mut lines: Vec<String> = title.lines().map(str::to_owned).collect();
    blocks(&page.opening, &mut lines, monitor)?;
    for section in page.sections.iter().filter(|section| !section.is_detail) {
        write_section(section, &mut lines, monitor)?;
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    Ok(lines.join("\n"))
}

/// Title and summary on one line.
fn title(page: &Page) -> String {
    match page.summary.as_str() {
        "" => page.title.clone(),
        summary => format!("{}: {summary}", page.title),
    }
}

fn write_section(section: &Section, lines: &mut Vec<String>, monitor: &dyn Monitor) -> Result<()> {
    heading(&section.title, '=', lines);
    blocks(&section.blocks, lines, monitor)
}

fn heading(title: &str, rule: char, lines: &mut Vec<String>) {
    if title.is_empty() {
        return;
    }
    let title = cut(&harmless(title), WIDTH);
    blank(lines);
    let rule = rule.to_string().repeat(title.width());
    lines.extend([title, rule]);
}

/// A blank line, unless there is one.
fn blank(lines: &mut Vec<String>) {
    if lines.last().is_some_and(|line| !line.is_empty()) {
        lines.push(String::new());
    }
}

fn blocks(blocks: &[Block], lines: &mut Vec<String>, monitor: &dyn Monitor) -> Result<()> {
    for (place, block) in blocks.iter().enumerate() {
        monitor.check()?;
        if place > 0 {
            blank(lines);
        }
        match block {
            Block::Paragraph(text) => lines.extend(sentences(text, MEASURE)),
            Block::Note(status, text) => {
                let mark = mark(*status);
                let mut wrapped = sentences(text, MEASURE - mark.width());
                let first = wrapped.next().unwrap_or_default();
                lines.push(format!("{mark}{first}"));
                lines.extend(wrapped.map(|line| " ".repeat(mark.width()) + &line));
            }
            Block::Facts(facts) => write_facts(facts, lines),
            Block::Table(table) => write_table(table, lines, monitor)?,
            Block::Chart(chart) => write_chart(chart, lines, monitor)?,
            Block::Charts(charts) => {
                for (place, chart) in charts.iter().enumerate() {
                    if place > 0 {
                        blank(lines);
                    }
                    write_chart(chart, lines, monitor)?;
                }
            }
            Block::Code { caption, text } => {
                lines.extend(sentences(caption, MEASURE).filter(|line| !line.is_empty()));
                let shown = visible(text, MOST_CODE, true);
                lines.extend(shown.lines().map(|line| format!("    {line}")));
            }
            Block::Part {
                title, status, blocks, ..
            } => {
                let title = match status {
                    Some(status) => format!("{}{title}", mark(*status)),
                    None => title.clone(),
                };
                heading(&title, '-', lines);
                self::blocks(blocks, lines, monitor)?;
            }
        }
    }
    Ok(())
}

/// What stands before a remark.
fn mark(status: Status) -> &'static str {
    match status {
        Status::Good => "+ ",
        Status::Warning => "! ",
        Status::Bad => "x ",
        Status::Neutral => "- ",
    }
}

fn sentences(text: &str, most: usize) -> impl Iterator<Item = String> + use<> {
    let shown = visible(text, MOST_CODE, false);
    wrap(&shown, most)
        .lines()
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}

fn write_facts(facts: &[(String, Cell)], lines: &mut Vec<String>) {
    const LONGEST: usize = 48;
    let names: Vec<String> = facts.iter().map(|(name, _)| cut(&harmless(name), LONGEST)).collect();
    let widest = names.iter().map(|name| name.width()).max().unwrap_or(0);
    for (name, (_, cell)) in names.iter().zip(facts) {
        let indent = widest + BETWEEN.len();
        let mut wrapped = sentences(&cell.plain(), WIDTH - indent);
        let first = wrapped.next().unwrap_or_default();
        let line = format!("{name}{}{first}", " ".repeat(indent - name.width()));
        lines.push(line.trim_end().to_owned());
        lines.extend(wrapped.map(|line| " ".repeat(indent) + &line));
    }
}

fn write_chart(chart: &Chart, lines: &mut Vec<String>, monitor: &dyn Monitor) -> Result<()> {
    lines.extend(sentences(&chart.title, MEASURE));
    for table in chart.tables() {
        write_table(&table, lines, monitor)?;
    }
    Ok(())
}

/// A table: headings, and a line for each row.
fn write_table(table: &Table, lines: &mut Vec<String>, monitor: &dyn Monitor) -> Result<()> {
    if !table.caption.is_empty() {
        lines.extend(sentences(&table.caption, MEASURE));
    }
    let columns = &table.columns;
    // Cells whose width is their own; of a column that takes the rest they wait until it is known.
    let mut widths: Vec<usize> = columns.iter().map(|column| column.heading.width()).collect();
    for row in &table.rows {
        monitor.check()?;
        for ((cell, column), width) in row.iter().zip(columns).zip(&mut widths) {
            if !column.takes_rest {
                *width = (*width).max(shown(cell, column.most).width());
            }
        }
    }
    let headings: Vec<Cell> = columns.iter().map(|column| Cell::text(&column.heading)).collect();
    for (part, places) in parts(columns, &widths).iter().enumerate() {
        if part > 0 {
            blank(lines);
        }
        let fixed: usize = (places.iter())
            .filter(|&&place| !columns[place].takes_rest)
            .map(|&place| widths[place])
            .sum();
        let rest = places.iter().filter(|&&place| columns[place].takes_rest).count();
        let between = places.len().saturating_sub(1) * BETWEEN.len();
        let room = WIDTH.saturating_sub(fixed + between) / rest.max(1);
        for row in &table.rows {
            monitor.check()?;
            for &place in places.iter().filter(|&&place| columns[place].takes_rest) {
                widths[place] = widths[place].max(row.get(place).map_or(0, |cell| shown(cell, room).width()));
            }
        }
        lines.push(line(&headings, columns, &widths, places));
        for row in &table.rows {
            monitor.check()?;
            lines.push(line(row, columns, &widths, places));
        }
    }
    Ok(())
}

/// The places of the columns that stand beside each other. Where all would be too wide, those that are left stand below, behind the first one again.
fn parts(columns: &[Column], widths: &[usize]) -> Vec<Vec<usize>> {
    /// What a column that takes the rest needs at least.
    const LEAST: usize = 20;
    let width = |place: usize| widths[place].max(if columns[place].takes_rest { LEAST } else { 0 });
    let mut parts: Vec<Vec<usize>> = vec![Vec::new()];
    let mut used = 0;
    for place in 0..columns.len() {
        let more = BETWEEN.len() + width(place);
        match parts.last_mut() {
            Some(part) if part.len() < 2 || used + more <= WIDTH => {
                used += if part.is_empty() { width(place) } else { more };
                part.push(place);
            }
            _ => {
                used = width(0) + more;
                parts.push(vec![0, place]);
            }
        }
    }
    parts
}

/// A cell in at most so much room.
fn shown(cell: &Cell, room: usize) -> String {
    match cell {
        Cell::Values(values) => values.within(room),
        // Heights and bars are of assay's own characters.
        Cell::Spark(_) | Cell::Bar(_) => cut(&cell.plain(), room),
        Cell::Status(status, text) => cut(&harmless(&format!("{}{text}", mark(*status))), room),
        _ => cut(&harmless(&cell.plain()), room),
    }
}

/// A line of a table, not wider than the page. Numbers stand to the right.
fn line(row: &[Cell], columns: &[Column], widths: &[usize], places: &[usize]) -> String {
    let mut line = String::new();
    for (nth, &place) in places.iter().enumerate() {
        let width = widths[place];
        let shown = shown(row.get(place).unwrap_or(&Cell::Empty), width);
        let blank = " ".repeat(width.saturating_sub(shown.width()));
        let (before, after) = if columns[place].is_number {
            (&*blank, "")
        } else {
            ("", &*blank)
        };
        line.extend([if nth > 0 { BETWEEN } else { "" }, before, &shown, after]);
    }
    line.truncate(line.trim_end_matches(' ').len());
    if line.width() > WIDTH { cut(&line, WIDTH) } else { line }
}
