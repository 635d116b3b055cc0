//! `embed`: the vector of a text, and of several.

use std::rc::Rc;

use pgrx::pg_sys;

use super::open::{Embedder, open};
use crate::pg::compute::{self, Reporter};
use crate::pg::entry::{Raw, per_row};
use crate::pg::error::{Error, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::snapshot::{self, View};
use crate::pg::text::Text;
use crate::pg::{arguments, real_array, site};
use algo::room;
use algo_text::embedder::{Encoder, embed_all};

/// Fewer texts are not worth a thread.
const FEW: usize = 8;

/// What a call site remembers.
#[derive(Default)]
struct Site {
    view: Option<View>,
    opened: Option<(String, Rc<Embedder>)>,
}

impl Site {
    /// The embedder of a reference.
    fn embedder(&mut self, reference: String) -> Result<Rc<Embedder>> {
        let view = snapshot::view();
        if let Some((known, embedder)) = &self.opened
            && self.view == Some(view)
            && *known == reference
        {
            return Ok(Rc::clone(embedder));
        }
        let embedder = Rc::new(open(&reference)?);
        self.view = Some(view);
        self.opened = Some((reference, Rc::clone(&embedder)));
        Ok(embedder)
    }
}

/// `embed(model, input text)`.
fn embed(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let (reference, input) = (arguments::text(fcinfo, 0)?, arguments::text(fcinfo, 1)?);
    or_raise(site::with(fcinfo, Site::default, |site| {
        let embedder = site.embedder(reference)?;
        let encoder = embedder.encoder()?;
        let statement = Foreground::new()?;
        Ok::<_, Error>(Some(real_array::vector_of(&vectors(encoder, &[&input], &statement)?)))
    }))
}

/// `embed(model, input text[])`.
fn embed_array(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let (reference, inputs) = (arguments::text(fcinfo, 0)?, arguments::nullable_texts(fcinfo, 1)?);
    or_raise(site::with(fcinfo, Site::default, |site| {
        let embedder = site.embedder(reference)?;
        embed_each(embedder.encoder()?, &inputs).map(Some)
    }))
}

/// The vectors of texts, one after the other, on threads where that is worth it.
pub fn vectors(encoder: &dyn Encoder, texts: &[&str], statement: &Foreground) -> Result<Vec<f32>> {
    let count = texts.len().saturating_mul(encoder.width());
    statement.allow(count.saturating_mul(size_of::<f32>()))?;
    let mut vectors = room::filled(0.0, count)?;
    if texts.len() < FEW {
        encoder.embed(texts, &mut vectors, statement)?;
        return Ok(vectors);
    }
    let mut reporter = Reporter::new();
    let embedded = compute::run("embedding texts", &mut reporter, statement, |monitor| {
        embed_all(encoder, texts, &mut vectors, monitor).map_err(Error::from)
    });
    reporter.finish();
    embedded.map(|()| vectors)
}

/// The vectors of texts; the elements of that of NULL are NULL.
fn embed_each(encoder: &dyn Encoder, inputs: &[Option<Text>]) -> Result<Raw> {
    let statement = Foreground::new()?;
    let texts: Vec<&str> = inputs.iter().flatten().map(|text| &**text).collect();
    let width = encoder.width();
    // The array is made of them once more.
    statement.allow(texts.len().saturating_mul(2 * size_of::<f32>() * width))?;
    let vectors = vectors(encoder, &texts, &statement)?;
    let mut rows = vectors.chunks(width.max(1));
    let rows: Vec<Option<&[f32]>> = inputs
        .iter()
        .map(|input| input.as_ref().and_then(|_| rows.next()))
        .collect();
    Ok(real_array::matrix_of(&rows, width))
}

per_row!(embed, embed_wrapper, pg_finfo_embed_wrapper);
per_row!(embed_array, embed_array_wrapper, pg_finfo_embed_array_wrapper);
