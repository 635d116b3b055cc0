//! The bytes of a model, which the registry stores.

use serde::de::DeserializeOwned;

use super::{Model, WHAT};
use crate::bytes;
use crate::calibration::Calibration;
use crate::envelope::{Envelope, Section, Sections};
use crate::error::{Error, Result};
use crate::intervals::Intervals;
use crate::learners;
use crate::monitor::Monitor;
use crate::monitoring::error_model::ErrorModel;
use crate::pipeline::Pipeline;
use crate::row_sample::RowSample;

/// What it answers.
pub(super) const ANSWER: Section = Section {
    tag: *b"Answ",
    version: 1,
};
/// The columns it reads.
pub(super) const INPUTS: Section = Section {
    tag: *b"Inpt",
    version: 1,
};
/// What becomes of the columns. A reader must know it: the same rows without it are others.
const PIPELINE: Section = Section {
    tag: *b"Pipe",
    version: 1,
};
/// What scores: the number of its form, little-endian, and its bytes. A new layout of one is a new form.
pub(super) const FITTED: Section = Section {
    tag: *b"Estm",
    version: 1,
};
/// The losses of training, which a score does without.
pub(super) const HISTORY: Section = Section {
    tag: *b"loss",
    version: 1,
};

/// Hashes of rows that trained it, which a score does without.
const SAMPLE: Section = Section {
    tag: *b"rows",
    version: 1,
};

/// How good it is for each group, which a score does without.
const GROUPS: Section = Section {
    tag: *b"segm",
    version: 1,
};

/// What calibrates the scores, which a score does not do without.
const CALIBRATION: Section = Section {
    tag: *b"Cali",
    version: 1,
};

/// Intervals of predictions, which a prediction does without. Quantiles in them are stored as a fitted model is.
const INTERVALS: Section = Section {
    tag: *b"intv",
    version: 1,
};

/// The errors that are to be expected of predictions, which a prediction does without. Models in it are stored as a fitted model is.
const ERRORS: Section = Section {
    tag: *b"errs",
    version: 1,
};

/// What features add in the mean of the training rows, which a score does without.
const MEANS: Section = Section {
    tag: *b"mean",
    version: 1,
};

/// The bytes of a model. What comes to it (background rows) is a section more.
pub(super) const ENVELOPE: Envelope = Envelope {
    what: WHAT,
    magic: b"assay\0md",
    sections: &[
        ANSWER,
        INPUTS,
        PIPELINE,
        FITTED,
        HISTORY,
        SAMPLE,
        GROUPS,
        CALIBRATION,
        INTERVALS,
        MEANS,
        ERRORS,
    ],
};

/// The content of a section that need not be there.
fn optional<T: DeserializeOwned>(
    sections: &Sections<'_>,
    section: Section,
    monitor: &dyn Monitor,
) -> Result<Option<T>> {
    let content = sections.find(section);
    content
        .map(|(_, bytes)| bytes::decode(WHAT, bytes, monitor))
        .transpose()
}

/// What features add in the mean. Returns an error for numbers that are none.
fn finite(means: Vec<f64>) -> Result<Vec<f64>> {
    match means.iter().all(|mean| mean.is_finite()) {
        true => Ok(means),
        false => Err(Error::damaged(WHAT, "what its features add in the mean is not finite")),
    }
}

impl Model {
    /// The model as bytes, see [`crate::envelope`]. The same model gives the same bytes on every machine. Returns an error when stopped, and
    /// where there is no room. O(bytes).
    pub fn to_bytes(&self, monitor: &dyn Monitor) -> Result<Vec<u8>> {
        // What must be there comes last, so that bytes that were cut lack it.
        let bytes = ENVELOPE.add(HISTORY, &self.history, ENVELOPE.begin(), monitor)?;
        let bytes = match &self.sample {
            Some(sample) => ENVELOPE.add(SAMPLE, sample, bytes, monitor)?,
            None => bytes,
        };
        let bytes = match &self.groups[..] {
            [] => bytes,
            groups => ENVELOPE.add(GROUPS, &groups, bytes, monitor)?,
        };
        let bytes = match &self.means {
            Some(means) => ENVELOPE.add(MEANS, means, bytes, monitor)?,
            None => bytes,
        };
        let bytes = match &self.intervals {
            Some(intervals) => ENVELOPE.append(INTERVALS, bytes, |bytes| intervals.encode(WHAT, bytes, monitor))?,
            None => bytes,
        };
        let bytes = match &self.error_model {
            Some(errors) => ENVELOPE.append(ERRORS, bytes, |bytes| errors.encode(WHAT, bytes, monitor))?,
            None => bytes,
        };
        let bytes = match &self.calibration {
            Some(calibration) => ENVELOPE.add(CALIBRATION, calibration, bytes, monitor)?,
            None => bytes,
        };
        let bytes = ENVELOPE.add(ANSWER, &self.answer, bytes, monitor)?;
        let bytes = ENVELOPE.add(INPUTS, &self.inputs, bytes, monitor)?;
        let bytes = match &self.pipeline {
            Some(pipeline) => ENVELOPE.add(PIPELINE, pipeline, bytes, monitor)?,
            None => bytes,
        };
        ENVELOPE.append(FITTED, bytes, |bytes| {
            let bytes = bytes::encode(WHAT, &self.fitted.form().to_le_bytes(), bytes, monitor)?;
            self.fitted.encode(bytes, monitor)
        })
    }

    /// Reads bytes that may come from anywhere: whatever they hold, the result is a model that scores without panicking, or an error. Returns an
    /// error when stopped, too, and where there is no room. O(bytes).
    pub fn from_bytes(bytes: &[u8], monitor: &dyn Monitor) -> Result<Model> {
        let sections = ENVELOPE.open(bytes)?;
        let short = || Error::damaged(WHAT, "its section Estm ends too early");
        let (form, content) = sections.bytes(FITTED)?.split_first_chunk().ok_or_else(short)?;
        let history = optional(&sections, HISTORY, monitor)?.unwrap_or_default();
        let sample: Option<RowSample> = optional(&sections, SAMPLE, monitor)?;
        let groups = optional(&sections, GROUPS, monitor)?.unwrap_or_default();
        let pipeline: Option<Pipeline> = optional(&sections, PIPELINE, monitor)?;
        let calibration: Option<Calibration> = optional(&sections, CALIBRATION, monitor)?;
        let intervals = sections.find(INTERVALS);
        let intervals = intervals.map(|(_, intervals)| Intervals::decode(WHAT, intervals, monitor));
        let errors = sections.find(ERRORS);
        let errors = errors.map(|(_, errors)| ErrorModel::decode(WHAT, errors, monitor));
        let means: Option<Vec<f64>> = optional(&sections, MEANS, monitor)?.map(finite).transpose()?;
        let model = Model {
            pipeline,
            answer: sections.get(ANSWER, monitor)?,
            inputs: sections.get(INPUTS, monitor)?,
            fitted: learners::decode(u16::from_le_bytes(*form), content, monitor)?,
            history,
            sample,
            groups,
            means,
            calibration,
            intervals: intervals.transpose()?,
            error_model: errors.transpose()?,
        };
        model.validate(monitor)?;
        Ok(model)
    }
}
