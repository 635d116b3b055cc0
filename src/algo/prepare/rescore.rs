//! Rows that a model scores which was trained before, on other rows: what it needs is found by name among the columns that were read.

use rayon::prelude::*;

use super::column::{Apart, ColumnValues};
use super::rows::Rows;
use crate::error::{Error, Result};
use crate::estimator::Estimator;
use crate::frame::{MISSING, UNSEEN};
use crate::hash;
use crate::levels;
use crate::lines::Lines;
use crate::metrics::evaluation::Scored;
use crate::model::{Input, InputKind, Model};
use crate::monitor::Monitor;
use crate::pipeline::FittedStep;
use crate::room;
use crate::row_sample::Compared;
use crate::texts::Texts;

/// Rows of one task.
const BLOCK: usize = 256;
/// Values between two looks at the monitor.
const MANY: usize = 1 << 16;
/// The cluster of a row that belongs with no other.
const ALONE: u64 = crate::comparing::ALONE;

/// Why a model cannot score rows, in words that go on from "it cannot score them:".
pub type Unfit = String;

/// What a model said of rows.
pub struct Rescored {
    /// The rows with its scores.
    pub scored: Scored,
    /// About the share of the rows that trained it; `None` where it is small, or not known.
    pub trained: Option<f64>,
}

/// Where the numbers of an input come from.
enum Source<'a> {
    /// Lanes of lines, one for each slot; without lines all are missing.
    Lanes(Option<&'a Lines>, Vec<usize>),
    /// One number per row of the query.
    Apart(&'a [f64]),
    /// One code per row of the query, and what each stands for in the model.
    Codes(&'a [u32], Vec<f64>),
    /// One code per row of the query, and the texts that a step of the model reads.
    Texts(&'a [u32], &'a Texts, &'a FittedStep),
}

impl Rows {
    /// What a model says of some rows of the query that have a target. Returns an error when stopped, and where there is no room.
    pub fn rescore(
        &self,
        model: &Model,
        rows: &[u32],
        monitor: &dyn Monitor,
    ) -> Result<std::result::Result<Rescored, Unfit>> {
        if let Some(unfit) = self.other_answer(model) {
            return Ok(Err(unfit));
        }
        let mut sources = Vec::with_capacity(model.inputs.len());
        for input in &model.inputs {
            match self.source(input, monitor)? {
                Ok(source) => sources.push(source),
                Err(unfit) => return Ok(Err(unfit)),
            }
        }
        let Some(target) = &self.target else {
            return Err(Error::Internal("rows without a target were to be scored"));
        };
        let (width, raw) = (model.outputs(), model.raw_width());
        let mut scores = room::zeros(rows.len().saturating_mul(width))?;
        let mut hashes = room::filled(0_u32, rows.len())?;
        let blocks = rows.par_chunks(BLOCK).zip(scores.par_chunks_mut(BLOCK * width));
        let blocks = blocks.zip(hashes.par_chunks_mut(BLOCK));
        blocks.try_for_each(|((rows, scores), hashes)| {
            monitor.check()?;
            let mut reader = Reader::new(&sources, model)?;
            for (&row, (out, hash)) in rows.iter().zip(scores.chunks_mut(width).zip(hashes)) {
                reader.read(row, monitor)?;
                if let Some(sample) = &model.sample {
                    *hash = sample.hash(&reader.row[..raw], target.values[row as usize]);
                }
                model.score(model.apply(raw, &mut reader.row), out);
            }
            Ok::<_, Error>(())
        })?;
        let mut compared = Compared::default();
        if let Some(sample) = &model.sample {
            hashes.iter().for_each(|hash| sample.compare_hash(*hash, &mut compared));
        }
        Ok(Ok(Rescored {
            scored: Scored::of(&target.take(rows), scores)?,
            trained: model.sample.as_ref().and_then(|sample| sample.share(&compared)),
        }))
    }

    /// Why a model answers another question, if it does.
    fn other_answer(&self, model: &Model) -> Option<Unfit> {
        if !model.answer.task().has_target() {
            return Some(format!("it is {}", model.answer.task().noun()));
        }
        let own = self.target.as_ref().and_then(|target| target.labels.as_ref());
        match (own, model.answer.classes()) {
            (None, None) => None,
            (Some(own), Some(classes)) => {
                let same = own
                    .iter()
                    .map(ToString::to_string)
                    .eq(classes.iter().map(ToString::to_string));
                (!same).then(|| "it knows other classes".to_string())
            }
            (Some(_), None) | (None, Some(_)) => Some(format!("it is {}", model.answer.task().noun())),
        }
    }

    fn source<'a>(&'a self, input: &'a Input, monitor: &dyn Monitor) -> Result<std::result::Result<Source<'a>, Unfit>> {
        let name = &input.name;
        if let Some(column) = self.columns.iter().find(|column| column.heading.name == *name) {
            let source = match (&column.values, &input.kind) {
                (ColumnValues::Lane { lines, lane }, InputKind::Number) => {
                    let lines = self.lines.get(*lines).ok_or(super::target::NOT_READ)?;
                    Source::Lanes(Some(lines), vec![*lane])
                }
                (ColumnValues::Vectors(lines), InputKind::Vector { width, used }) => {
                    // Vectors of another length are missing, as where they are predicted from.
                    let fits = lines.width() == *width as usize;
                    Source::Lanes(
                        fits.then_some(lines),
                        used.iter().map(|element| *element as usize).collect(),
                    )
                }
                (ColumnValues::Codes { codes, levels, .. }, InputKind::Category { .. } | InputKind::Text { .. }) => {
                    of_codes(codes, levels, &input.kind, monitor)?
                }
                (ColumnValues::Lane { .. } | ColumnValues::Vectors(_) | ColumnValues::Codes { .. }, _) => {
                    let found = &column.heading.type_name;
                    return Ok(Err(format!(
                        "column \"{name}\" is of type {found}, in its training {}",
                        input.type_name
                    )));
                }
            };
            return Ok(Ok(source));
        }
        let apart = self.apart_named(name);
        Ok(match (apart, &input.kind) {
            (Some(Apart::Numbers(numbers)), InputKind::Number) => Ok(Source::Apart(numbers)),
            (Some(Apart::Codes { codes, levels }), kind @ (InputKind::Category { .. } | InputKind::Text { .. })) => {
                Ok(of_codes(codes, levels, kind, monitor)?)
            }
            (Some(_), _) => Err(format!("column \"{name}\" is of another type than in its training")),
            (None, _) => Err(format!("column \"{name}\" is not among the columns of this training")),
        })
    }

    /// The clusters of some rows by a column set apart, for [`crate::comparing`].
    pub fn clusters(&self, place: usize, rows: &[u32]) -> Option<Vec<u64>> {
        let cluster = |row: &u32| -> u64 {
            let row = *row as usize;
            match self.apart(place) {
                Some(Apart::Numbers(numbers)) if !numbers[row].is_nan() => {
                    hash::hash_f64(0, numbers[row]).max(ALONE + 1)
                }
                Some(Apart::Codes { codes, .. }) if codes[row] != MISSING => u64::from(codes[row]) + ALONE + 1,
                Some(Apart::Numbers(_) | Apart::Codes { .. }) | None => ALONE,
            }
        };
        self.apart(place)?;
        Some(rows.iter().map(cluster).collect())
    }
}

/// Codes as a model has them.
fn of_codes<'a>(codes: &'a [u32], levels: &'a Texts, kind: &'a InputKind, monitor: &dyn Monitor) -> Result<Source<'a>> {
    let (names, other) = match kind {
        InputKind::Category { levels, other } => (levels, *other),
        InputKind::Text { encoder } => return Ok(Source::Texts(codes, levels, encoder)),
        InputKind::Number | InputKind::Vector { .. } => return Err(Error::Internal("codes were read as numbers")),
    };
    let known = levels::Levels::new(names);
    let rest = if other { names.len() as f64 } else { UNSEEN };
    let mut codes_of_model = room::with_capacity(levels.len())?;
    for (place, level) in levels.iter().enumerate() {
        if place.is_multiple_of(MANY) {
            monitor.check()?;
        }
        codes_of_model.push(known.code(level.as_bytes()).map_or(rest, f64::from));
    }
    Ok(Source::Codes(codes, codes_of_model))
}

/// Encodes rows one after the other.
struct Reader<'a> {
    sources: &'a [Source<'a>],
    texts: Vec<Option<Box<dyn crate::pipeline::TextReader>>>,
    row: Vec<f64>,
}

impl<'a> Reader<'a> {
    fn new(sources: &'a [Source<'a>], model: &Model) -> Result<Reader<'a>> {
        let texts = sources.iter().map(|source| match source {
            Source::Texts(_, _, encoder) => encoder.text_reader(),
            Source::Lanes(..) | Source::Apart(_) | Source::Codes(..) => None,
        });
        Ok(Reader {
            sources,
            texts: texts.collect(),
            row: room::filled(f64::NAN, model.slots())?,
        })
    }

    /// Encodes a row of the query.
    fn read(&mut self, row: u32, monitor: &dyn Monitor) -> Result<()> {
        let row = row as usize;
        let mut at = 0;
        for (source, reader) in self.sources.iter().zip(&mut self.texts) {
            match source {
                Source::Lanes(lines, lanes) => {
                    for lane in lanes {
                        self.row[at] = lines.map_or(f64::NAN, |lines| lines.number(row, *lane));
                        at += 1;
                    }
                }
                Source::Apart(numbers) => {
                    self.row[at] = numbers[row];
                    at += 1;
                }
                Source::Codes(codes, of_model) => {
                    self.row[at] = of_model.get(codes[row] as usize).copied().unwrap_or(f64::NAN);
                    at += 1;
                }
                Source::Texts(codes, texts, encoder) => {
                    let out = &mut self.row[at..at + encoder.width()];
                    match (codes[row], reader) {
                        (MISSING, _) | (_, None) => out.fill(f64::NAN),
                        (code, Some(reader)) => reader.read(texts.get(code as usize), out, monitor)?,
                    }
                    at += encoder.width();
                }
            }
        }
        Ok(())
    }
}
