//! Columns without what looks faulty in them: their profiles, taken again with these values as NULL, say what holds for the rest.

use hashbrown::{HashMap, HashSet};
use pgrx::spi::{quote_identifier, quote_literal};

use crate::pg::error::Result;
use crate::pg::query_row::OutputColumn;
use crate::pg::{intake, types};
use crate::quality::profile;
use crate::quality::source::Source;
use crate::quality::value;
use algo::block::{Form, Kind};
use algo::profile::{ColumnProfile, Point};
use algo::quality::suspects::{Reason, Suspect, suspects};
use algo::scan::Scan;

/// What was found in the columns of a source, by their names.
#[derive(Default)]
pub struct Cleaned {
    found: HashMap<String, Vec<Suspect>>,
    /// Columns of which most rows would look faulty, so that none does.
    doubtful: HashSet<String>,
    scan: Option<Scan>,
}

/// Placeholders hide behind each other: -999 behind -9999.
const ROUNDS: usize = 3;

impl Cleaned {
    /// Looks for values that look faulty, and reads the rows once more where there are some.
    pub fn of(source: &Source, scan: &Scan) -> Result<Cleaned> {
        let mut cleaned = Cleaned::default();
        for _ in 0..ROUNDS {
            let before = cleaned.scan.as_ref().unwrap_or(scan);
            let mut more = false;
            for (column, profile) in profile::columns(before) {
                let suspects = suspects(profile);
                if suspects.are_too_many {
                    cleaned.doubtful.insert(column.name.clone());
                }
                let suspects = suspects.found;
                if suspects.is_empty() {
                    continue;
                }
                let found = cleaned.found.entry_ref(&*column.name).or_default();
                let known = found.len();
                for suspect in suspects {
                    // Of a long text a profile has the beginning, which is no value of the column.
                    if !found[..known].iter().any(|known| known.value == suspect.value) {
                        found.push(suspect);
                    }
                }
                more |= found.len() > known;
            }
            if !more {
                break;
            }
            cleaned.scan = Some(profile::scan_of(&Source::open(&cleaned.statement(source))?)?);
        }
        Ok(cleaned)
    }

    /// The columns with something faulty, without it.
    fn statement(&self, source: &Source) -> String {
        let columns = source.columns().iter().filter_map(|column| {
            let suspects = self.found.get(&column.name)?;
            let name = quote_identifier(&column.name);
            Some(format!(
                "CASE WHEN {} THEN NULL ELSE q.{name} END AS {name}",
                condition(column, suspects)
            ))
        });
        source.select(&columns.collect::<Vec<_>>().join(", "))
    }

    /// The profile of a column without what looks faulty; `None` where nothing does.
    pub fn profile(&self, column: &str) -> Option<&ColumnProfile> {
        let mut columns = profile::columns(self.scan.as_ref()?);
        columns
            .find(|(plan, _)| plan.name == column)
            .map(|(_, profile)| profile)
    }

    /// Whether something in a column may be faulty, be it certain or not.
    pub fn is_suspicious(&self, column: &str) -> bool {
        self.found.contains_key(column) || self.doubtful.contains(column)
    }

    /// What looks faulty in a column, in one line.
    pub fn describe(&self, column: &str, kind: Kind) -> Option<String> {
        let suspects = self.found.get(column)?;
        let mut families: Vec<(&str, Vec<&Suspect>)> = Vec::new();
        for suspect in suspects {
            let family = family(&suspect.reason);
            match families.iter_mut().find(|(name, _)| *name == family) {
                Some((_, members)) => members.push(suspect),
                None => families.push((family, vec![suspect])),
            }
        }
        let parts = families
            .iter()
            .map(|(name, members)| format!("{name}: {}", list(kind, members)));
        Some(parts.collect::<Vec<_>>().join("; "))
    }
}

/// That a row q has one of the values.
fn condition(column: &OutputColumn, suspects: &[Suspect]) -> String {
    let kind = intake::kind_of(column.type_oid);
    let (cast, type_name) = match kind.form() {
        Form::Texts => ("::pg_catalog.text", "pg_catalog.text".to_owned()),
        Form::Integers | Form::Numbers => ("", types::qualified_name(column.type_oid)),
    };
    let literal = |suspect: &Suspect| {
        let text = intake::written(kind, &value::of_point(&suspect.value));
        format!("{}::{type_name}", quote_literal(text))
    };
    let values: Vec<String> = suspects.iter().map(literal).collect();
    format!("q.{}{cast} IN ({})", quote_identifier(&column.name), values.join(", "))
}

fn family(reason: &Reason) -> &'static str {
    match reason {
        Reason::StandIn => "stand-ins for no value",
        Reason::SpellingOf(_) => "other spellings",
        Reason::Damaged => "misread encoding",
    }
}

fn list(kind: Kind, suspects: &[&Suspect]) -> String {
    const SHOWN: usize = 5;
    let shown = suspects.iter().take(SHOWN).map(|suspect| describe(kind, suspect));
    let more = (suspects.len() > SHOWN).then(|| format!("{} more values", suspects.len() - SHOWN));
    shown.chain(more).collect::<Vec<_>>().join(", ")
}

fn describe(kind: Kind, suspect: &Suspect) -> String {
    const MOST: usize = 40;
    let quoted = |text: &str| format!("'{}'", text.chars().take(MOST).collect::<String>());
    let value = match &suspect.value {
        Point::Text(text) => quoted(text),
        point => intake::written(kind, &value::of_point(point)),
    };
    let of = match &suspect.reason {
        Reason::SpellingOf(main) => format!(" of {}", quoted(main)),
        Reason::StandIn | Reason::Damaged => String::new(),
    };
    let rows = if suspect.rows == 1 { "row" } else { "rows" };
    format!("{value}{of} ({} {rows})", suspect.rows)
}
