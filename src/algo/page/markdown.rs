//! A page as Markdown, with the tables of GitHub's flavour.

use super::plain::visible;
use super::table::{Cell, Status, Table};
use super::{Block, Chart, Page};
use crate::error::Result;
use crate::monitor::Monitor;

/// Characters of a text in a cell or a heading that are shown.
const MOST: usize = 400;
/// Characters of a paragraph or of what is to be typed.
const MOST_TEXT: usize = 20_000;

/// Writes a page. O(its length).
pub fn write(page: &Page, monitor: &dyn Monitor) -> Result<String> {
    let mut parts = vec![format!("# {}", escaped(&page.title, MOST))];
    if !page.summary.is_empty() {
        parts.push(escaped(&page.summary, MOST_TEXT));
    }
    blocks(&page.opening, 2, &mut parts, monitor)?;
    for section in &page.sections {
        heading(&section.title, 2, &mut parts);
        blocks(&section.blocks, 3, &mut parts, monitor)?;
    }
    if !page.made.is_empty() {
        parts.push(format!("_{}_", escaped(&page.made, MOST_TEXT)));
    }
    Ok(parts.join("\n\n") + "\n")
}

fn heading(title: &str, level: usize, parts: &mut Vec<String>) {
    if !title.is_empty() {
        parts.push(format!("{} {}", "#".repeat(level), escaped(title, MOST)));
    }
}

fn blocks(blocks: &[Block], level: usize, parts: &mut Vec<String>, monitor: &dyn Monitor) -> Result<()> {
    for block in blocks {
        monitor.check()?;
        match block {
            Block::Paragraph(text) => parts.push(escaped(text, MOST_TEXT)),
            Block::Note(status, text) => parts.push(format!("> {}{}", mark(*status), escaped(text, MOST_TEXT))),
            Block::Facts(facts) => {
                let lines = facts
                    .iter()
                    .map(|(name, cell)| format!("| {} | {} |", escaped(name, MOST), shown(cell)));
                let head = ["| | |".to_owned(), "| --- | --- |".to_owned()];
                parts.push(head.into_iter().chain(lines).collect::<Vec<_>>().join("\n"));
            }
            Block::Table(table) => write_table(table, parts, monitor)?,
            Block::Chart(chart) => write_chart(chart, parts, monitor)?,
            Block::Charts(charts) => {
                for chart in charts {
                    write_chart(chart, parts, monitor)?;
                }
            }
            Block::Code { caption, text } => {
                if !caption.is_empty() {
                    parts.push(escaped(caption, MOST_TEXT));
                }
                parts.push(fenced(text));
            }
            Block::Part {
                title, status, blocks, ..
            } => {
                let mark = status.map_or("", mark);
                parts.push(format!("{} {mark}{}", "#".repeat(level), escaped(title, MOST)));
                self::blocks(blocks, level + 1, parts, monitor)?;
            }
        }
    }
    Ok(())
}

fn mark(status: Status) -> &'static str {
    match status {
        Status::Good | Status::Neutral => "",
        Status::Warning => "▲ ",
        Status::Bad => "✕ ",
    }
}

fn write_chart(chart: &Chart, parts: &mut Vec<String>, monitor: &dyn Monitor) -> Result<()> {
    parts.push(format!("**{}**", escaped(&chart.title, MOST)));
    if !chart.about.is_empty() {
        parts.push(escaped(&chart.about, MOST_TEXT));
    }
    chart
        .tables()
        .iter()
        .try_for_each(|table| write_table(table, parts, monitor))
}

fn write_table(table: &Table, parts: &mut Vec<String>, monitor: &dyn Monitor) -> Result<()> {
    if !table.caption.is_empty() {
        parts.push(escaped(&table.caption, MOST_TEXT));
    }
    let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut lines = vec![
        row(table
            .columns
            .iter()
            .map(|column| escaped(&column.heading, MOST))
            .collect()),
        row(table
            .columns
            .iter()
            .map(|column| if column.is_number { "---:" } else { "---" }.to_owned())
            .collect()),
    ];
    for cells in &table.rows {
        monitor.check()?;
        lines.push(row(cells.iter().map(shown).collect()));
    }
    parts.push(lines.join("\n"));
    Ok(())
}

fn shown(cell: &Cell) -> String {
    match cell {
        // Code is shown as it is typed, but for what would end it or the cell.
        Cell::Code(text) if !text.is_empty() && !text.contains(['`', '|', '\\']) => {
            format!("`{}`", visible(text, MOST, false))
        }
        Cell::Missing => "_not written yet_".into(),
        _ => escaped(&cell.plain(), MOST),
    }
}

/// A text on one line in which nothing has a meaning to Markdown or to HTML.
fn escaped(text: &str, most: usize) -> String {
    let mut safe = String::with_capacity(text.len().min(4 * most));
    for character in visible(text, most, false).chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' | '$' => safe.extend(['\\', character]),
            // A reader would make an address of it.
            '@' => safe.push_str("&#64;"),
            _ => safe.push(character),
        }
    }
    // What a reader would make a link of.
    safe.replace("://", "&#58;//")
        .replace("www.", "www&#46;")
        .trim()
        .to_owned()
}

/// What is to be typed, in a fence longer than any within it.
fn fenced(text: &str) -> String {
    let shown = visible(text, MOST_TEXT, true);
    let longest = shown.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    format!("{fence}sql\n{}\n{fence}", shown.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_text_has_a_meaning() {
        assert_eq!(
            escaped("a|b *c* <img src=x> [x](y)", 99),
            r"a\|b \*c\* &lt;img src=x&gt; \[x\](y)"
        );
        assert_eq!(
            escaped("one\ntwo: http://x @you", 99),
            r"one\\ntwo: http&#58;//x &#64;you"
        );
        assert_eq!(fenced("SELECT '```'"), "````sql\nSELECT '```'\n````");
        assert_eq!(shown(&Cell::Code("a|b".into())), r"a\|b");
    }
}
