//! `chunk_text`: the pieces of a text.

use pgrx::{pg_extern, pg_sys};

use crate::pg::arguments;
use crate::pg::error::{Error, INVALID_PARAMETER, LIMIT_EXCEEDED, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::result_row::{RowWriter, result_row};
use crate::pg::text::Text;
use crate::text::embedders;
use algo_text::chunk::{Chunk, Chunker, Chunking, Strategy};

result_row! {
    /// A piece of a text.
    struct ChunkRow {
        seq: i32,
        chunk: Text,
        start_pos: i32,
        end_pos: i32,
    }
}

/// `chunk_text(input, size, overlap, strategy)`.
#[pg_extern(sql = false)]
fn chunk_text(fcinfo: pg_sys::FunctionCallInfo) {
    or_raise((|| {
        let rows = RowWriter::of(fcinfo)?;
        let Some(text) = arguments::text(fcinfo, 0) else {
            return Ok(());
        };
        let chunking = Chunking {
            size: whole("size", arguments::small_integer(fcinfo, 1))?,
            overlap: whole("overlap", arguments::small_integer(fcinfo, 2))?,
            strategy: Strategy::parse(&required("strategy", arguments::text(fcinfo, 3))?)?,
        };
        chunking.check()?;
        write(&text, &chunking, rows)
    })())
}

fn write(text: &str, chunking: &Chunking, mut rows: RowWriter<ChunkRow>) -> Result<()> {
    let embedder = chunking.strategy.embedder().map(embedders::open).transpose()?;
    let encoder = embedder.as_ref().map(|embedder| embedder.encoder()).transpose()?;
    let statement = Foreground::new()?;
    let mut chunker = Chunker::new(text, chunking, encoder, &statement)?;
    for seq in 1.. {
        let Some(chunk) = chunker.next_chunk()? else { break };
        let Chunk {
            start,
            end,
            start_character,
            end_character,
        } = chunk;
        rows.try_write(|| {
            Ok(ChunkRow {
                seq,
                chunk: text[start..end].into(),
                start_pos: position(start_character)?,
                end_pos: position(end_character)?,
            })
        })?;
    }
    Ok(())
}

/// A position that SQL counts from 1.
fn position(letters: usize) -> Result<i32> {
    i32::try_from(letters + 1).map_err(|_| Error::new(LIMIT_EXCEEDED, "the text has too many characters"))
}

/// An argument that is a number and not below 0.
fn whole(name: &str, value: Option<i32>) -> Result<usize> {
    let value = required(name, value)?;
    usize::try_from(value).map_err(|_| {
        Error::new(INVALID_PARAMETER, format!("argument \"{name}\" is negative"))
            .detail(format!("It is {value}."))
            .hint("The size is at least 1, the overlap at least 0 and less than the size.")
    })
}
