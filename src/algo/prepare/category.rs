//! A column of texts: a category whose levels are chosen, or what a step reads of the texts.

use rayon::prelude::*;

use super::column::Heading;
use super::division::Division;
use super::feature::{Feature, Slot};
use super::{Note, Plan, Statistic};
use crate::error::{Error, Result};
use crate::frame::{Column, MISSING, UNSEEN_CODE};
use crate::leakage::identifier;
use crate::model::{Input, InputKind};
use crate::monitor::{Monitor, Pace};
use crate::pipeline::{self, Chosen, ColumnType, FittedStep, Kind, Levels, OTHER, Place, TextRows, word_count};
use crate::room;
use crate::summary::{Summary, summarize};
use crate::texts;

/// Rows between two looks at the monitor.
const BLOCK: usize = 1 << 16;
/// Bytes of a text beyond which it is not stored as a level of what the training rows were like.
const LONGEST_LEVEL: usize = 256;
/// Texts of a task that reads them.
const TEXTS: usize = 1 << 10;
/// Texts of so many words on average are texts, not levels.
const WORDS: f64 = 3.0;

/// A column of texts.
pub(super) struct Texts<'a> {
    /// One per row of the query, [`MISSING`] for NULL.
    pub(super) codes: &'a [u32],
    /// What codes stand for, in no order.
    pub(super) levels: &'a texts::Texts,
    pub(super) rows: &'a Division,
    pub(super) plan: &'a Plan,
    pub(super) monitor: &'a dyn Monitor,
}

/// How many training rows have each text.
struct Counts {
    rows: Vec<u64>,
    missing: u64,
    /// Texts that occur.
    distinct: usize,
    /// The rows of the most frequent one.
    most: u64,
}

/// The levels that are kept.
struct Kept {
    /// Their texts, sorted.
    names: Vec<String>,
    /// Whether there is one more for the others.
    other: bool,
    /// The code of each text.
    places: Vec<u32>,
}

impl Texts<'_> {
    /// Makes the column a feature.
    pub(super) fn add_to(&self, feature: &mut Feature, heading: Heading) -> Result<()> {
        let Heading { name, type_name, .. } = heading;
        let counts = self.count()?;
        let words = match counts.distinct > self.plan.max_categories {
            true => self.mean_words(&counts)?,
            false => 0.0,
        };
        let own = if words >= WORDS {
            ColumnType::Text
        } else {
            ColumnType::Category
        };
        let steps = self.plan.spec.steps_of(&name, own);
        let kind = if own == ColumnType::Text {
            Kind::Text
        } else {
            Kind::Category(Levels::default())
        };
        let reads =
            |chosen: &&Chosen| chosen.step.place() == Place::Read && (chosen.is_meant || chosen.step.takes(&kind));
        if let Some(reader) = steps.iter().find(reads) {
            if counts.distinct == 0 {
                feature.dropped(&name, "every value is NULL in the training rows");
                return Ok(());
            }
            return self.add_texts(feature, (name, type_name), &counts, reader, &steps);
        }
        let present = self.rows.train.len() as u64 - counts.missing;
        let counted = identifier::Counts {
            distinct: counts.distinct,
            present,
            is_capped: counts.distinct > self.plan.max_categories,
        };
        // Sentences differ, too, but name nothing.
        if own == ColumnType::Category {
            feature.leak = identifier::category(&name, &counted, self.levels, self.monitor)?;
        }
        let encodes = steps.iter().filter(|chosen| chosen.step.place() == Place::Encode);
        let as_numbers = encodes.filter_map(|chosen| chosen.step.most_levels()).next();
        if let Some(problem) = self.nothing_to_learn(&counts, as_numbers.is_some()) {
            feature.dropped(&name, &problem);
            feature
                .notes
                .extend((own == ColumnType::Text).then(|| words_note(&name, words)));
            return Ok(());
        }
        let most = as_numbers.unwrap_or(self.plan.max_categories);
        let kept = self.keep(&counts, most)?;
        if kept.other {
            let of_kept = |(place, rows): (&u32, &u64)| if (*place as usize) < kept.names.len() { *rows } else { 0 };
            let rest = present - kept.places.iter().zip(&counts.rows).map(of_kept).sum::<u64>();
            feature.say(format!(
                "column \"{name}\" has {} categories: the {most} most frequent are kept, the {rest} rows of the others are one category",
                counts.distinct
            ));
            feature
                .notes
                .extend((own == ColumnType::Text).then(|| words_note(&name, words)));
        }
        self.add_category(feature, (name, type_name), kept, &counts, steps)
    }

    /// Levels are counted in training rows only: what only test rows have is unseen.
    fn count(&self) -> Result<Counts> {
        let mut rows = vec![0_u64; self.levels.len()];
        let mut missing = 0;
        for block in self.rows.train.chunks(BLOCK) {
            self.monitor.check()?;
            for &row in block {
                match rows.get_mut(self.codes[row as usize] as usize) {
                    None => missing += 1,
                    Some(count) => *count += 1,
                }
            }
        }
        Ok(Counts {
            missing,
            distinct: rows.iter().filter(|&&count| count > 0).count(),
            most: rows.iter().copied().max().unwrap_or(0),
            rows,
        })
    }

    /// How many words the training rows' texts have on average.
    fn mean_words(&self, counts: &Counts) -> Result<f64> {
        let (mut words, mut rows) = (0, 0);
        let mut pace = Pace::new(self.monitor);
        for (text, count) in self.levels.iter().zip(&counts.rows).filter(|(_, count)| **count > 0) {
            words += word_count(text, &mut pace)? as u64 * count;
            rows += count;
        }
        Ok(words as f64 / rows.max(1) as f64)
    }

    /// Why the training rows teach nothing, if so. Levels that become numbers are asked for by those who know how many there are.
    fn nothing_to_learn(&self, counts: &Counts, as_numbers: bool) -> Option<String> {
        match counts.distinct {
            0 => Some("every value is NULL in the training rows".to_string()),
            1 if counts.missing == 0 => {
                let only = counts.rows.iter().position(|&count| count > 0).unwrap_or(0);
                Some(format!(
                    "every value is '{}' in the training rows",
                    self.levels.get(only)
                ))
            }
            distinct if distinct > self.plan.max_categories && counts.most == 1 && !as_numbers => {
                Some("each row has another value, as in an identifier".to_string())
            }
            _ => None,
        }
    }

    /// Keeps the `most` levels that have the most rows.
    fn keep(&self, counts: &Counts, most: usize) -> Result<Kept> {
        let ranked = self.levels.most_frequent(&counts.rows, most, self.monitor)?;
        let other = counts.distinct > ranked.len();
        // Without a category for the rest, only test rows can have a level that is not kept.
        let rest = if other { ranked.len() as u32 } else { UNSEEN_CODE };
        let mut places = vec![rest; self.levels.len()];
        (ranked.iter().zip(0..)).for_each(|(&code, place)| places[code as usize] = place);
        let name = |&code: &u32| self.levels.get(code as usize).to_string();
        Ok(Kept {
            names: ranked.iter().map(name).collect(),
            other,
            places,
        })
    }

    /// The same counts, with none for texts that are too long to be kept as a level.
    fn without_long(&self, counts: &Counts) -> Counts {
        let rows = self.levels.iter().zip(&counts.rows);
        Counts {
            rows: rows
                .map(|(text, &count)| if text.len() <= LONGEST_LEVEL { count } else { 0 })
                .collect(),
            ..*counts
        }
    }

    /// The codes of some rows.
    fn gather(&self, rows: &[u32], kept: &Kept) -> Result<Column> {
        let mut gathered = room::with_capacity(rows.len())?;
        for rows in rows.chunks(BLOCK) {
            self.monitor.check()?;
            // A missing code is beyond every place.
            let place = |&row: &u32| {
                kept.places
                    .get(self.codes[row as usize] as usize)
                    .copied()
                    .unwrap_or(MISSING)
            };
            gathered.extend(rows.iter().map(place));
        }
        Ok(Column::Category {
            codes: gathered,
            levels: kept.names.len() + usize::from(kept.other),
        })
    }

    /// The distribution of the training rows' levels.
    fn summary(&self, train: &Column, kept: &Kept) -> Result<Summary> {
        let other = kept.other.then(|| OTHER.to_string());
        let named: Vec<String> = kept.names.iter().cloned().chain(other).collect();
        summarize(train, &named, 0, self.monitor)
    }

    /// Test rows with a text that no training row has.
    fn unseen(&self, counts: &Counts) -> u64 {
        let is_unseen = |&&row: &&u32| counts.rows.get(self.codes[row as usize] as usize) == Some(&0);
        self.rows.test.iter().filter(is_unseen).count() as u64
    }

    fn add_category(
        &self,
        feature: &mut Feature,
        (name, type_name): (String, String),
        kept: Kept,
        counts: &Counts,
        steps: Vec<Chosen>,
    ) -> Result<()> {
        let (train, test) = (
            self.gather(&self.rows.train, &kept)?,
            self.gather(&self.rows.test, &kept)?,
        );
        feature.statistics.push(Statistic {
            name: name.clone(),
            summary: self.summary(&train, &kept)?,
            unseen: self.unseen(counts),
        });
        let Kept { names, other, .. } = kept;
        let levels = Levels {
            names: names.clone().into(),
            other,
            added: None,
        };
        let slot = Slot {
            column: name.clone(),
            feature: pipeline::Feature {
                name: name.clone(),
                kind: Kind::Category(levels),
            },
            steps,
        };
        feature.slots.push((slot, train, test));
        feature.input = Some(Input {
            name,
            type_name,
            kind: InputKind::Category { levels: names, other },
        });
        Ok(())
    }

    /// Reads the texts by a step.
    fn add_texts(
        &self,
        feature: &mut Feature,
        (name, type_name): (String, String),
        counts: &Counts,
        reader: &Chosen,
        steps: &[Chosen],
    ) -> Result<()> {
        let rows = TextRows {
            texts: self.levels,
            counts: &counts.rows,
        };
        let encoder = reader.step.fit_texts(&rows, self.monitor)?;
        if encoder.width() == 0 {
            feature.dropped(&name, "its texts have no term that is in enough of them");
            return Ok(());
        }
        // What the texts were like as levels: as for a category, but for what is too long to be stored.
        let kept = self.keep(&self.without_long(counts), self.plan.max_categories)?;
        feature.statistics.push(Statistic {
            name: name.clone(),
            summary: self.summary(&self.gather(&self.rows.train, &kept)?, &kept)?,
            unseen: self.unseen(counts),
        });
        drop(kept);
        let train = self.read(&encoder, &self.rows.train)?;
        let test = self.read(&encoder, &self.rows.test)?;
        let own = pipeline::Feature {
            name: name.clone(),
            kind: Kind::Text,
        };
        let slots = encoder.outputs([&own, &own]).into_iter().map(|feature| Slot {
            column: name.clone(),
            feature,
            steps: steps.to_vec(),
        });
        feature.slots.extend(
            slots
                .zip(train)
                .zip(test)
                .map(|((slot, train), test)| (slot, train, test)),
        );
        feature.input = Some(Input {
            name,
            type_name,
            kind: InputKind::Text { encoder },
        });
        Ok(())
    }

    /// What a step reads of some rows' texts. In parallel.
    fn read(&self, encoder: &FittedStep, rows: &[u32]) -> Result<Vec<Column>> {
        let width = encoder.width();
        let mut columns = room::columns(rows.len(), width, self.monitor)?;
        let lack = Error::Internal("a step that reads no texts was to read some");
        // Most numbers are 0: those that are not are found in parallel, a few blocks at a time.
        for (many, first) in rows.chunks(TEXTS * 64).zip((0..).step_by(TEXTS * 64)) {
            let found = many.par_chunks(TEXTS).enumerate().map(|(block, rows)| {
                self.monitor.check()?;
                let mut reader = encoder.text_reader().ok_or_else(|| lack.clone())?;
                let (mut numbers, mut found) = (vec![0.0; width], Vec::new());
                let mut pace = Pace::new(self.monitor);
                for (&row, place) in rows.iter().zip(first + block * TEXTS..) {
                    match self.codes[row as usize] {
                        MISSING => numbers.fill(f64::NAN),
                        code => {
                            let text = self.levels.get(code as usize);
                            pace.spend(text.len() + width)?;
                            reader.read(text, &mut numbers, self.monitor)?;
                        }
                    }
                    let is_there = numbers.iter().enumerate().filter(|(_, number)| **number != 0.0);
                    found.extend(is_there.map(|(column, number)| (place, column, *number)));
                }
                Ok(found)
            });
            for block in found.collect::<Result<Vec<_>>>()? {
                self.monitor.check()?;
                block
                    .into_iter()
                    .for_each(|(row, column, number)| columns[column][row] = number);
            }
        }
        let kinds = (0..width).map(|place| encoder.codes(place, [0, 0]));
        let column = |(numbers, codes): (Vec<f64>, usize)| match codes {
            0 => Column::Number(numbers),
            levels => Column::Category {
                codes: numbers
                    .iter()
                    .map(|number| if number.is_nan() { MISSING } else { *number as u32 })
                    .collect(),
                levels,
            },
        };
        Ok(columns.into_iter().zip(kinds).map(column).collect())
    }
}

/// What is said of texts of words that are taken for levels.
fn words_note(name: &str, words: f64) -> Note {
    Note {
        message: format!("column \"{name}\" holds texts of {words:.1} words on average, not categories"),
        hint: Some(format!(
            "tf_idf makes features of their words: preprocess => '{{\"columns\": {{\"{}\": {{\"tf_idf\": true}}}}}}'.",
            name.replace('\'', "''")
        )),
    }
}
