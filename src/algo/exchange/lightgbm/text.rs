//! The text of a LightGBM model, cut into its parts. Nothing is copied.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::WHAT;
use crate::error::{Error, Result};
use crate::monitor::{Monitor, Pace};
use crate::room;

/// Lines `key=value`, by key. A line without `=` has an empty value.
pub(super) type Entries<'t> = BTreeMap<&'t str, &'t str>;

/// The parts of a file.
pub(super) struct Parts<'t> {
    /// What stands before the first tree.
    pub(super) header: Entries<'t>,
    pub(super) trees: Vec<Entries<'t>>,
    /// The parameters of the training, as far as they stand in the file.
    pub(super) parameters: BTreeMap<&'t str, &'t str>,
    /// The levels of the data frame's categories, as JSON.
    pub(super) levels: Option<&'t str>,
}

/// Which part a line belongs to.
enum Place {
    Header,
    Tree,
    Between,
    Parameters,
}

impl<'t> Parts<'t> {
    /// Cuts a file into its parts. Returns an error for what is no such file. O(bytes).
    pub(super) fn of(bytes: &'t [u8], monitor: &dyn Monitor) -> Result<Parts<'t>> {
        let text = std::str::from_utf8(bytes).map_err(|_| Error::damaged(WHAT, "it is no UTF-8"))?;
        let mut lines = text.lines().map(str::trim_end);
        if lines.next() != Some("tree") {
            return Err(Error::damaged(WHAT, "its first line is not \"tree\""));
        }
        let mut parts = Parts {
            header: Entries::new(),
            trees: Vec::new(),
            parameters: BTreeMap::new(),
            levels: None,
        };
        let (mut place, mut pace) = (Place::Header, Pace::new(monitor));
        for line in lines {
            pace.spend(line.len() / 64 + 1)?;
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            match line {
                "" => continue,
                "end of trees" => place = Place::Between,
                "parameters:" => place = Place::Parameters,
                "end of parameters" => place = Place::Between,
                _ if key == "Tree" => {
                    place = Place::Tree;
                    room::push(&mut parts.trees, Entries::new())?;
                }
                _ => match place {
                    Place::Header => {
                        parts.header.insert(key, value);
                    }
                    Place::Tree => {
                        if let Some(tree) = parts.trees.last_mut() {
                            tree.insert(key, value);
                        }
                    }
                    Place::Parameters => {
                        let inside = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
                        parts.parameters.extend(inside.and_then(|line| line.split_once(": ")));
                    }
                    Place::Between => {
                        if let Some(levels) = line.strip_prefix("pandas_categorical:") {
                            parts.levels = Some(levels).filter(|levels| *levels != "null");
                        }
                    }
                },
            }
        }
        Ok(parts)
    }
}

/// One value. Returns an error where it is none.
pub(super) fn value<T: FromStr>(entries: &Entries<'_>, key: &str) -> Result<T> {
    let text = entries.get(key);
    let text = text.ok_or_else(|| Error::damaged(WHAT, format!("it lacks \"{key}\"")))?;
    text.trim().parse().map_err(|_| wrong(key))
}

/// So many values; empty where there is no such key and none are demanded. Returns an error where they are others.
pub(super) fn list<T: FromStr>(
    entries: &Entries<'_>,
    key: &str,
    count: usize,
    pace: &mut Pace<'_>,
) -> Result<Option<Vec<T>>> {
    let Some(text) = entries.get(key) else { return Ok(None) };
    // Each takes a byte and a blank at least.
    if count > text.len() {
        return Err(wrong(key));
    }
    let mut values = room::with_capacity(count)?;
    for word in text.split_ascii_whitespace() {
        pace.spend(1)?;
        if values.len() == count {
            return Err(wrong(key));
        }
        values.push(word.parse().map_err(|_| wrong(key))?);
    }
    match values.len() == count {
        true => Ok(Some(values)),
        false => Err(wrong(key)),
    }
}

/// The same for what has to be there.
pub(super) fn full_list<T: FromStr>(
    entries: &Entries<'_>,
    key: &str,
    count: usize,
    pace: &mut Pace<'_>,
) -> Result<Vec<T>> {
    match count {
        0 => Ok(Vec::new()),
        _ => list(entries, key, count, pace)?.ok_or_else(|| Error::damaged(WHAT, format!("a tree lacks \"{key}\""))),
    }
}

pub(super) fn wrong(key: &str) -> Error {
    Error::damaged(WHAT, format!("its \"{key}\" cannot be read"))
}
