//! `find_pii`: what in a text tells of a person.

use std::rc::Rc;

use pgrx::{pg_extern, pg_sys};

use crate::pg::error::{Error, INVALID_PARAMETER, LIMIT_EXCEEDED, Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::result_row::{RowWriter, result_row};
use crate::pg::text::Text;
use crate::pg::{arguments, options, site};
use algo_text::pii::{Finder, Found, Kind, Kinds};

result_row! {
    /// Something found.
    struct PiiRow {
        kind: Text,
        value: Text,
        start_pos: i32,
        end_pos: i32,
    }
}

/// What a call site remembers: the kinds and names of the last call, and what looks for them.
#[derive(Default)]
struct Site {
    ready: Option<Ready>,
}

/// Kinds and names as they were given, and what looks for them.
type Ready = (Option<Vec<String>>, Option<Vec<String>>, Rc<Finder>);

impl Site {
    fn finder(&mut self, kinds: Option<Vec<String>>, names: Option<Vec<String>>) -> Result<Rc<Finder>> {
        if let Some((known_kinds, known_names, finder)) = &self.ready
            && *known_kinds == kinds
            && *known_names == names
        {
            return Ok(Rc::clone(finder));
        }
        let wanted = kinds.as_deref().map_or(Ok(Kinds::ALL), kinds_of)?;
        let listed = names.iter().flatten().map(String::as_str);
        let finder = Rc::new(Finder::new(wanted, listed)?);
        self.ready = Some((kinds, names, Rc::clone(&finder)));
        Ok(finder)
    }
}

/// The kinds of these names. Returns an error with 22023, which lists all of them, for a name that is none.
pub fn kinds_of(names: &[String]) -> Result<Kinds> {
    names.iter().try_fold(Kinds::NONE, |kinds, name| {
        let mut named = Kind::named(name).peekable();
        if named.peek().is_none() {
            return Err(
                Error::new(INVALID_PARAMETER, format!("unknown kind of personal data \"{name}\"")).hint(format!(
                    "The kinds are: {}, and {} for the four numbers of identity.",
                    Kind::ALL.map(Kind::name).join(", "),
                    Kind::NATIONAL_ID
                )),
            );
        }
        Ok(named.fold(kinds, Kinds::with))
    })
}

/// `find_pii(input, kinds, names)`.
#[pg_extern(sql = false)]
fn find_pii(fcinfo: pg_sys::FunctionCallInfo) {
    or_raise((|| {
        let rows = RowWriter::of(fcinfo)?;
        let kinds = options::texts("kinds", arguments::nullable_texts(fcinfo, 1))?;
        let names = options::texts("names", arguments::nullable_texts(fcinfo, 2))?;
        let finder = site::with(fcinfo, Site::default, |site| site.finder(kinds, names))?;
        match arguments::text(fcinfo, 0) {
            Some(text) => write(&text, &finder, rows),
            None => Ok(()),
        }
    })())
}

fn write(text: &str, finder: &Finder, mut rows: RowWriter<PiiRow>) -> Result<()> {
    let statement = Foreground::new()?;
    // Characters are counted once, from one finding to the next.
    let (mut counted, mut characters) = (0, 0);
    let mut position = |end: usize| {
        characters += text[counted..end].chars().count();
        counted = end;
        i32::try_from(characters + 1).map_err(|_| Error::new(LIMIT_EXCEEDED, "the text has too many characters"))
    };
    for Found { kind, start, end } in finder.find(text, &statement)? {
        let (start_pos, end_pos) = (position(start)?, position(end)?);
        rows.write(|| PiiRow {
            kind: kind.name().into(),
            value: text[start..end].into(),
            start_pos,
            end_pos,
        })?;
    }
    Ok(())
}
