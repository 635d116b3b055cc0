//! Pages that people look at: a document made once of typed data, and three writers for it. A text reads well in a terminal, Markdown in a ticket or
//! a wiki, and HTML is one file that a browser opens from disk: no script, no request, light and dark, at most a megabyte.
//!
//! Whatever a document says may come from anybody's rows. Each writer makes it harmless in its own way: the text by [`plain::harmless`], Markdown by
//! escaping what has a meaning there, HTML by maud, which escapes every value.

mod area;
pub mod chart;
mod drawing;
pub mod heat;
mod html;
mod markdown;
pub mod number;
pub mod plain;
mod svg;
mod swarm;
mod table;
mod text;
pub mod ticks;
pub mod timeline;
mod tone;
mod values;

pub use self::chart::Chart;
pub use self::table::{Cell, Column, Status, Table};
pub use self::values::ValueSummary;

use crate::monitor::Monitor;

/// What a page can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For a terminal.
    Text,
    /// For a wiki or a ticket.
    Markdown,
    /// A file for a browser.
    Html,
}

impl Format {
    /// All of them, as errors list them.
    pub const ALL: [Format; 3] = [Format::Text, Format::Markdown, Format::Html];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Markdown => "markdown",
            Format::Html => "html",
        }
    }

    /// The format of a name.
    pub fn of(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// A page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// What it is about.
    pub title: String,
    /// The same in a sentence with the figures that count most; a text has it behind the title.
    pub summary: String,
    /// What comes before the first section.
    pub opening: Vec<Block>,
    /// Its sections.
    pub sections: Vec<Section>,
    /// When, by whom and how it was made; a text, which is seen by who made it, leaves it out.
    pub made: String,
}

/// A part of a page with a heading of its own.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Section {
    /// Its name in links; of letters, digits and hyphens.
    pub id: String,
    /// Its heading.
    pub title: String,
    /// Whether it only adds to what other sections say: a text has no room for it.
    pub is_detail: bool,
    /// What it says.
    pub blocks: Vec<Block>,
}

impl Section {
    /// A section without anything yet.
    pub fn new(id: &str, title: impl Into<String>) -> Section {
        Section {
            id: id.into(),
            title: title.into(),
            ..Section::default()
        }
    }

    /// Adds a block.
    pub fn push(&mut self, block: Block) {
        self.blocks.push(block);
    }

    /// The same with another block.
    #[must_use]
    pub fn with(mut self, block: Block) -> Section {
        self.blocks.push(block);
        self
    }
}

/// Something on a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A paragraph.
    Paragraph(String),
    /// A remark that stands out.
    Note(Status, String),
    /// Names with their values.
    Facts(Vec<(String, Cell)>),
    /// Rows and columns.
    Table(Table),
    /// A figure.
    Chart(Chart),
    /// Figures that belong together, side by side where there is room.
    Charts(Vec<Chart>),
    /// What is to be typed, or is to be seen as it was.
    Code {
        /// What it is.
        caption: String,
        /// As it is typed.
        text: String,
    },
    /// A part of a section under a heading of its own.
    Part {
        /// Its name in links.
        id: String,
        /// Its heading.
        title: String,
        /// How it stands.
        status: Option<Status>,
        /// What it says.
        blocks: Vec<Block>,
    },
}

impl Block {
    /// A paragraph.
    pub fn paragraph(text: impl Into<String>) -> Block {
        Block::Paragraph(text.into())
    }

    /// A remark that says that something is not there.
    pub fn missing(text: impl Into<String>) -> Block {
        Block::Note(Status::Neutral, text.into())
    }
}

/// Writes a page. O(its length).
pub fn write(page: &Page, format: Format, monitor: &dyn Monitor) -> crate::error::Result<String> {
    match format {
        Format::Text => text::write(page, monitor),
        Format::Markdown => markdown::write(page, monitor),
        Format::Html => html::write(page, monitor),
    }
}

#[cfg(test)]
mod tests;
