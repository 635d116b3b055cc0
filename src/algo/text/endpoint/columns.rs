//! Which columns may be sent to a server: a list of schema.table.column, or schema.table.* for all of a table.

/// Columns by their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(Vec<[String; 3]>);

/// Stands for all columns of a table, where it is not in quotes. No name has a byte of zero.
const ALL: &str = "*\0";

impl Columns {
    /// Reads a list with commas between its entries, whose names are written as in SQL: in small letters, or in double quotes. Empty, it has none.
    pub fn parse(list: &str) -> Result<Columns, String> {
        let problem = || "it must be a list of schema.table.column or schema.table.*, with commas between".to_owned();
        let mut rest = list.trim();
        let mut columns = Vec::new();
        while !rest.is_empty() {
            let mut names: [String; 3] = Default::default();
            for (place, name) in names.iter_mut().enumerate() {
                if place > 0 {
                    rest = rest.strip_prefix('.').ok_or_else(problem)?;
                }
                (*name, rest) = match rest.strip_prefix('*') {
                    Some(rest) if place == 2 => (ALL.to_owned(), rest),
                    Some(_) | None => identifier(rest).ok_or_else(problem)?,
                };
            }
            columns.push(names);
            rest = rest.trim_start();
            if !rest.is_empty() {
                rest = rest.strip_prefix(',').ok_or_else(problem)?.trim_start();
                if rest.is_empty() {
                    return Err(problem());
                }
            }
        }
        Ok(Columns(columns))
    }

    /// Whether a column is among them.
    pub fn has(&self, schema: &str, table: &str, column: &str) -> bool {
        let is_it = |[of_schema, of_table, name]: &[String; 3]| {
            of_schema == schema && of_table == table && (name == column || name == ALL)
        };
        self.0.iter().any(is_it)
    }
}

/// The name that a text begins with, and what follows.
fn identifier(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
        let end = text.find(|letter| !is_part(letter)).unwrap_or(text.len());
        let starts = text.starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
        // PostgreSQL makes small letters of those of ASCII.
        return starts.then(|| (text[..end].to_ascii_lowercase(), &text[end..]));
    };
    let mut name = String::new();
    let mut letters = quoted.char_indices().peekable();
    while let Some((place, letter)) = letters.next() {
        if letter != '"' {
            name.push(letter);
        } else if letters.next_if(|(_, next)| *next == '"').is_some() {
            name.push('"');
        } else {
            return (!name.is_empty()).then(|| (name, &quoted[place + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_in_sql() {
        let columns = Columns::parse(" Kb.Article.body, \"My Kb\".\"a\"\"b\".\"C.d\",public.note.* ").unwrap();
        assert!(
            columns.has("kb", "article", "body")
                && columns.has("My Kb", "a\"b", "C.d")
                && columns.has("public", "note", "any")
        );
        assert!(
            !columns.has("kb", "article", "title")
                && !columns.has("kb", "note", "any")
                && !columns.has("Kb", "Article", "body")
        );
        let star = Columns::parse("a.b.\"*\"").unwrap();
        assert!(star.has("a", "b", "*") && !star.has("a", "b", "c"));
        assert!(!Columns::parse("").unwrap().has("a", "b", "c"));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for list in [
            "a",
            "a.b",
            "a.b.c,",
            "a.b.c d.e.f",
            "a.*.c",
            "a.b.c.d",
            "a..c",
            "\"a.b.c",
            "a.b.\"\"",
            "1.b.c",
            ",",
            "a.b.c,,d.e.f",
        ] {
            assert!(Columns::parse(list).is_err(), "{list}");
        }
    }
}
