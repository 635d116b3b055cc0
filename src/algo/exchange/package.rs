//! A version of a model on its way from one database to another: what the model is, and what its registry knew of it. Roles have names in it, and nothing has a
//! number of the database that it comes from.
//!
//! It is an envelope (see [`crate::envelope`]) of these sections:
//!
//! | section | what |
//! |---|---|
//! | `Desc` | [`Description`], as JSON in UTF-8. It comes first |
//! | `Modl` | the bytes of the model, as they are stored |
//! | `curv` | how it scored the rows that its metrics are of: the bytes of a state. It may be missing |

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::envelope::{Envelope, Section};
use crate::error::{Error, Result};
use crate::monitor::Monitor;
use crate::room;

/// What errors call it.
const WHAT: &str = "the package";

const DESCRIPTION: Section = Section {
    tag: *b"Desc",
    version: 1,
};
const MODEL: Section = Section {
    tag: *b"Modl",
    version: 1,
};
const CURVES: Section = Section {
    tag: *b"curv",
    version: 1,
};

const ENVELOPE: Envelope = Envelope {
    what: WHAT,
    magic: b"assay\0pk",
    sections: &[DESCRIPTION, MODEL, CURVES],
};

/// The most bytes of a description. Those of models with hundreds of columns have less than one of these megabytes.
const LONGEST_DESCRIPTION: usize = 64 << 20;
/// How many times its bytes a description takes in memory, at most: a value of JSON for every two characters, in lists that double. An object takes
/// room for eleven keys beside, whatever it has.
const UNPACKED: usize = 48;
const OBJECT: usize = 11 * 56 + 64;
/// Where the content of the first section begins.
const FIRST: usize = 32;
/// The most aliases, and the most grants.
const MOST: usize = 10_000;

/// Bytes written or compared between two looks at the monitor.
const PIECE: usize = 1 << 20;

/// What a registry knows of a version beside its bytes. See the comments of `assay.model_version`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// The model's name where it was exported.
    pub model: String,
    /// The version's number there.
    pub version: i32,
    pub task: String,
    pub algorithm: String,
    /// The hyperparameters and options of the training.
    pub params: Json,
    /// The query that gave the training rows.
    pub query: String,
    pub target: Option<String>,
    /// Rows that it was trained on.
    pub rows: i64,
    pub features: i32,
    pub metrics: Json,
    /// How long the training took, in seconds.
    pub seconds: f64,
    /// What it took of the processor, in seconds.
    pub cpu_seconds: Option<f64>,
    /// SHA-256 of the model's bytes, in hexadecimal.
    pub hash: String,
    pub trained_by: String,
    /// When, as ISO 8601 has it.
    pub trained_at: String,
    /// The distribution of each feature in the training rows.
    pub statistics: Json,
    /// Whether the bare name stood for it.
    pub deployed: bool,
    pub aliases: Vec<String>,
    pub decisions: Option<Decisions>,
    pub grants: Vec<Grant>,
}

/// Thresholds that were set for a version. See the comments of `assay.model_threshold`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decisions {
    pub threshold: f64,
    pub review_from: Option<f64>,
    pub review_to: Option<f64>,
    pub positive: Option<String>,
}

/// What a role other than the owner may do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The role's name; everyone without one.
    pub role: Option<String>,
    pub privilege: String,
}

/// A package.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    pub description: Description,
    /// The bytes of the model.
    pub model: Vec<u8>,
    /// The bytes of the state of its curves.
    pub curves: Option<Vec<u8>>,
}

impl Package {
    /// Whether bytes say of themselves that they are a package.
    pub fn is(bytes: &[u8]) -> bool {
        bytes.starts_with(ENVELOPE.magic)
    }

    /// How many bytes of memory reading the package takes at most. O(bytes of the description).
    pub fn memory(bytes: &[u8]) -> usize {
        let described = bytes.get(FIRST..).unwrap_or_default();
        let length = match bytes.get(16..24).map(<[u8; 8]>::try_from) {
            Some(Ok(length)) => usize::try_from(u64::from_le_bytes(length)).unwrap_or(usize::MAX),
            Some(Err(_)) | None => 0,
        };
        let length = length.min(described.len()).min(LONGEST_DESCRIPTION);
        unpacked(&described[..length]).saturating_add(bytes.len())
    }

    /// The package as bytes. Returns an error for a description that could not be read again, when stopped, and where there is no room. O(bytes).
    pub fn to_bytes(&self, monitor: &dyn Monitor) -> Result<Vec<u8>> {
        self.description.check()?;
        let described = serde_json::to_vec(&self.description).map_err(|problem| damaged(problem.to_string()))?;
        if described.len() > LONGEST_DESCRIPTION {
            return Err(Error::data(
                "what is known of the version is too long for a package",
                "Train it on fewer columns.",
            )
            .detail(format!(
                "It has {} bytes, and at most {LONGEST_DESCRIPTION} are allowed.",
                described.len()
            )));
        }
        let add =
            |section, content: &[u8], bytes| ENVELOPE.append(section, bytes, |bytes| copied(content, bytes, monitor));
        let bytes = add(DESCRIPTION, &described, ENVELOPE.begin())?;
        let bytes = add(MODEL, &self.model, bytes)?;
        match &self.curves {
            Some(curves) => add(CURVES, curves, bytes),
            None => Ok(bytes),
        }
    }

    /// The package that bytes from anywhere are. The bytes of the model in it are still to be read by whoever knows models, and their hash to be
    /// compared. Returns an error when they are damaged or made by a newer assay, when stopped, and where there is no room. O(bytes).
    pub fn from_bytes(bytes: &[u8], monitor: &dyn Monitor) -> Result<Package> {
        let sections = ENVELOPE.open(bytes)?;
        monitor.check()?;
        if bytes.get(10..14) != Some(&DESCRIPTION.tag) {
            return Err(damaged("it does not begin with its description"));
        }
        let described = sections.bytes(DESCRIPTION)?;
        if described.len() > LONGEST_DESCRIPTION {
            return Err(damaged("its description is too long"));
        }
        // JSON is read piece by piece, in ways that cannot fail.
        room::ask(unpacked(described))?;
        let description: Description =
            serde_json::from_slice(described).map_err(|problem| damaged(format!("its description: {problem}")))?;
        monitor.check()?;
        description.check()?;
        let model = copied(sections.bytes(MODEL)?, Vec::new(), monitor)?;
        let curves = sections
            .find(CURVES)
            .map(|(_, bytes)| copied(bytes, Vec::new(), monitor));
        Ok(Package {
            description,
            model,
            curves: curves.transpose()?,
        })
    }
}

impl Description {
    /// Returns an error for what no registry could have written.
    fn check(&self) -> Result<()> {
        let hex = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
        let numbers = [Some(self.seconds), self.cpu_seconds];
        let thresholds = (self.decisions.iter())
            .flat_map(|set| [Some(set.threshold), set.review_from, set.review_to])
            .flatten();
        let sound = [
            ("its version is no number from 1", self.version >= 1),
            ("it has fewer rows than none", self.rows >= 0),
            ("it has fewer features than none", self.features >= 0),
            (
                "its duration is none",
                numbers.iter().flatten().all(|seconds| (0.0..=1e9).contains(seconds)),
            ),
            ("its hash is none", self.hash.len() == 64 && self.hash.bytes().all(hex)),
            ("its metrics are no object", self.metrics.is_object()),
            ("its parameters are no object", self.params.is_object()),
            ("its statistics are no array", self.statistics.is_array()),
            (
                "a threshold is no probability",
                thresholds.into_iter().all(|value| (0.0..=1.0).contains(&value)),
            ),
            (
                "it has too many aliases or grants",
                self.aliases.len() <= MOST && self.grants.len() <= MOST,
            ),
            ("a text in it holds the character 0", !self.holds_zero()),
        ];
        match sound.into_iter().find(|(_, holds)| !holds) {
            None => Ok(()),
            Some((problem, _)) => Err(damaged(problem)),
        }
    }

    /// Whether a text holds the character that PostgreSQL's texts do not have.
    fn holds_zero(&self) -> bool {
        let texts = [
            &self.model,
            &self.task,
            &self.algorithm,
            &self.query,
            &self.trained_by,
            &self.trained_at,
        ];
        let positive = self.decisions.as_ref().and_then(|set| set.positive.as_ref());
        let granted = (self.grants.iter()).flat_map(|grant| grant.role.iter().chain([&grant.privilege]));
        let mut texts = (texts.into_iter())
            .chain(self.target.as_ref())
            .chain(positive)
            .chain(granted)
            .chain(&self.aliases);
        texts.any(|text| text.contains('\0'))
            || [&self.params, &self.metrics, &self.statistics]
                .into_iter()
                .any(has_zero)
    }
}

/// How many bytes a text of JSON takes in memory at most.
fn unpacked(text: &[u8]) -> usize {
    let objects = text.iter().filter(|&&byte| byte == b'{').count();
    (text.len().saturating_mul(UNPACKED)).saturating_add(objects.saturating_mul(OBJECT))
}

/// Whether a key or a text in a value holds the character 0. JSON that was read is at most 128 deep.
fn has_zero(value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
        Json::String(text) => text.contains('\0'),
        Json::Array(values) => values.iter().any(has_zero),
        Json::Object(pairs) => pairs.iter().any(|(key, value)| key.contains('\0') || has_zero(value)),
    }
}

/// `bytes` with `content` behind them.
fn copied(content: &[u8], mut bytes: Vec<u8>, monitor: &dyn Monitor) -> Result<Vec<u8>> {
    room::reserve(&mut bytes, content.len())?;
    for piece in content.chunks(PIECE) {
        monitor.check()?;
        bytes.extend_from_slice(piece);
    }
    Ok(bytes)
}

fn damaged(problem: impl Into<String>) -> Error {
    Error::damaged(WHAT, problem)
}

#[cfg(test)]
mod tests;
