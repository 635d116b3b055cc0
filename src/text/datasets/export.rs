//! `export_jsonl`: the lines of a part, read from the table in pieces, so that memory does not grow with them.

use pgrx::{pg_extern, pg_sys};

use super::store;
use crate::pg::arguments;
use crate::pg::error::{DAMAGED_MODEL, Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::result_row::{RowWriter, result_row};
use crate::pg::text::Text;
use crate::pg::{statement, tables};
use algo::monitor::Monitor;
use algo_text::dataset::{Conversation, Format, Part};

/// Rows that are read at a time.
const PIECE: i64 = 500;

result_row! {
    /// A line.
    struct Line {
        seq: i64,
        line: Text,
    }
}

/// `export_jsonl(dataset, part, format, after)`.
#[pg_extern(sql = false)]
fn export_jsonl(fcinfo: pg_sys::FunctionCallInfo) {
    or_raise((|| {
        let mut lines = RowWriter::of(fcinfo)?;
        let text = |name: &str, place| required(name, arguments::text(fcinfo, place));
        let (reference, part, format) = (text("dataset", 0)?, text("part", 1)?, text("format", 2)?);
        let part = Part::named(&part).ok_or_else(|| unknown("part", &part, &Part::ALL.map(Part::name)))?;
        let format =
            Format::named(&format).ok_or_else(|| unknown("format", &format, &Format::ALL.map(Format::name)))?;
        let after = required("after", arguments::datum(fcinfo, 3))?.value() as i64;
        let (dataset, version) = store::resolve(&reference)?;
        let (statement, mut last) = (Foreground::new()?, after);
        loop {
            let rows = read((dataset.id, version), part, last)?;
            for (seq, messages) in &rows {
                statement.check()?;
                let line = line(format, messages).ok_or_else(|| damaged(&reference, part, *seq))?;
                lines.write(|| Line {
                    seq: *seq,
                    line: line.into(),
                })?;
                last = *seq;
            }
            if rows.len() < PIECE as usize {
                return Ok(());
            }
        }
    })())
}

/// The next rows of a part.
fn read((id, version): (i64, i32), part: Part, after: i64) -> Result<Vec<(i64, String)>> {
    let mut rows = Vec::new();
    tables::as_owner(|| {
        statement::read(
            "SELECT r.seq, r.messages::pg_catalog.text FROM assay.dataset_row AS r
WHERE r.dataset_id OPERATOR(pg_catalog.=) $1 AND r.version OPERATOR(pg_catalog.=) $2
    AND r.part OPERATOR(pg_catalog.=) $3 AND r.seq OPERATOR(pg_catalog.>) $4
ORDER BY r.seq LIMIT $5",
            &[
                id.into(),
                version.into(),
                part.name().into(),
                after.into(),
                PIECE.into(),
            ],
            &mut |row| {
                rows.push((row.require(1)?, row.require::<Text>(2)?.into()));
                Ok(())
            },
        )
    })?;
    Ok(rows)
}

/// The line of a conversation; `None` where what is stored is none, or the line does not say what the conversation does.
fn line(format: Format, messages: &str) -> Option<String> {
    let conversation = Conversation::of_json(messages).ok()?;
    let line = format.line(&conversation).ok()?;
    (format.read(&line).ok()? == conversation).then_some(line)
}

fn damaged(reference: &str, part: Part, seq: i64) -> Error {
    Error::new(
        DAMAGED_MODEL,
        format!(
            "row {seq} of part {} of training set \"{reference}\" is no conversation",
            part.name()
        ),
    )
    .hint("Build the training set again.")
}

fn unknown(argument: &str, value: &str, known: &[&str]) -> Error {
    Error::new(INVALID_PARAMETER, format!("there is no {argument} \"{value}\""))
        .hint(format!("It is one of {}.", known.join(", ")))
}
