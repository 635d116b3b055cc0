//! Checks that compare the sources of rows, where a column says which source each is from.

use serde_json::json;

use super::column::Column;
use super::proposal::Proposal;
use algo::block::Kind;
use algo::profile::Meaning;

/// Words that name where a row is from.
const SOURCES: [&str; 27] = [
    "source",
    "region",
    "country",
    "branch",
    "site",
    "sensor",
    "device",
    "station",
    "store",
    "shop",
    "plant",
    "supplier",
    "vendor",
    "partner",
    "provider",
    "channel",
    "customer",
    "tenant",
    "machine",
    "line",
    "system",
    "market",
    "warehouse",
    "office",
    "hospital",
    "lab",
    "feed",
];

/// The column that says where rows are from: by its name, of few values, each of many rows.
pub fn source_of_rows<'a>(columns: &[Column<'a>]) -> Option<&'a str> {
    const MOST: usize = 50;
    const FEWEST_ROWS: u64 = 50;
    let is_source = |column: &&Column<'_>| {
        let name = column.name.to_lowercase();
        let mut words = name.split(|c: char| !c.is_alphanumeric());
        let is_named = words.any(|word| SOURCES.contains(&word));
        let has_kind = matches!(column.kind, Kind::Text | Kind::Enum | Kind::Integer);
        let values = || column.profile.values(MOST);
        is_named
            && has_kind
            && column.report.meaning == Meaning::Category
            && values().is_some_and(|values| values.len() > 1 && values.iter().all(|(_, rows)| *rows >= FEWEST_ROWS))
    };
    columns.iter().find(is_source).map(|column| column.name)
}

/// Numbers and texts that are compared between the sources, or where there is none by themselves.
pub fn proposals(columns: &[Column<'_>], source: Option<&str>) -> Vec<Vec<Proposal>> {
    let others = columns.iter().filter(|column| Some(column.name) != source);
    let of_column = |column| {
        let content = shift(column, source).or_else(|| conventions(column, source));
        content
            .into_iter()
            .chain(source.and_then(|source| nulls(column, source)))
    };
    others.flat_map(of_column).collect()
}

/// That no source has stopped to fill a column which has values in most rows.
fn nulls(column: &Column<'_>, source: &str) -> Option<Vec<Proposal>> {
    (column.nulls > 0 && column.nulls < column.present).then(|| {
        let reason = format!("no {source} leaves it out more often than the others");
        let proposal = Proposal::new("null_share_by_segment", Some(column.name), json!({}), reason);
        vec![proposal.by(Some(source)).finding_faults()]
    })
}

/// That no source has another unit.
fn shift(column: &Column<'_>, source: Option<&str>) -> Option<Vec<Proposal>> {
    /// Of fewer a unit is not seen.
    const DISTINCT: f64 = 20.0;
    const FEWEST_ROWS: u64 = 200;
    let fits = column.is_measured() && column.report.distinct >= DISTINCT && column.present >= FEWEST_ROWS;
    fits.then(|| {
        let reason = match source {
            Some(source) => format!("no {source} has its numbers in another unit"),
            None => "no part of its numbers is in another unit".into(),
        };
        let proposal = |by| {
            column
                .holding("scale_shift", json!({}), reason.clone())
                .by(by)
                .finding_faults()
        };
        vec![proposal(source)]
    })
}

/// That texts keep to one convention, where no list says what they are.
fn conventions(column: &Column<'_>, source: Option<&str>) -> Option<Vec<Proposal>> {
    // What has a format of its own, such as an e-mail address, is held to that.
    let is_written = !matches!(column.report.meaning, Meaning::Identifier | Meaning::Formatted(_));
    let fits = column.kind == Kind::Text && !column.says_nothing() && is_written && !column.is_closed();
    fits.then(|| {
        let reason = "all texts keep to one convention: order of dates, decimal mark, casing, encoding, blanks";
        let proposal = |by| {
            column
                .holding("mixed_formats", json!({}), reason.into())
                .by(by)
                .finding_faults()
        };
        match source {
            Some(_) => vec![proposal(source), proposal(None)],
            None => vec![proposal(None)],
        }
    })
}
