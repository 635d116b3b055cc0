//! Whether a text given as a query is a statement or the name of a relation, by its beginning.

/// What a text given as a query is.
pub enum Shape {
    Statement,
    Relation,
    Neither,
}

/// Distinguishes a query from a relation's name by its beginning; PostgreSQL's own parser checks the rest.
pub fn shape(text: &str) -> Shape {
    let start = skip_blank(text).trim_start_matches(|c: char| c == '(' || c.is_whitespace());
    let word: String = start
        .chars()
        .take_while(|&c| is_identifier(c))
        .collect::<String>()
        .to_ascii_lowercase();
    if matches!(word.as_str(), "select" | "with" | "values" | "table") {
        return Shape::Statement;
    }
    if is_qualified_name(text.trim()) {
        Shape::Relation
    } else {
        Shape::Neither
    }
}

/// Whether a text given as a query is the name of a relation.
pub fn is_relation_name(text: &str) -> bool {
    matches!(shape(text), Shape::Relation)
}

/// Whether a character can be within a name that is not quoted.
fn is_identifier(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// What follows a comment that has just been opened; comments nest. Empty when it is never closed.
fn after_comment(text: &str) -> &str {
    let mut depth = 1;
    let mut places = text.char_indices();
    while let Some((at, _)) = places.next() {
        let rest = &text[at..];
        let step = if rest.starts_with("*/") {
            -1
        } else if rest.starts_with("/*") {
            1
        } else {
            continue;
        };
        places.next();
        depth += step;
        if depth == 0 {
            return &rest[2..];
        }
    }
    ""
}

/// Skips white space and comments.
fn skip_blank(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        if let Some(rest) = text.strip_prefix("--") {
            text = rest.split_once('\n').map_or("", |(_, rest)| rest);
        } else if let Some(rest) = text.strip_prefix("/*") {
            text = after_comment(rest);
        } else {
            return text;
        }
    }
}

/// Whether `text` is `a`, `a.b` or `a.b.c`, each part plain or in double quotes.
fn is_qualified_name(text: &str) -> bool {
    let mut rest = text;
    for _ in 0..3 {
        let end = if let Some(quoted) = rest.strip_prefix('"') {
            let mut characters = quoted.char_indices().peekable();
            loop {
                match characters.next() {
                    Some((_, '"')) if characters.peek().is_some_and(|&(_, c)| c == '"') => drop(characters.next()),
                    Some((at, '"')) => break at + 2,
                    Some(_) => {}
                    None => return false,
                }
            }
        } else {
            rest.find(|c| !is_identifier(c)).unwrap_or(rest.len())
        };
        if end == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) {
            return false;
        }
        match rest[end..].strip_prefix('.') {
            Some(next) => rest = next,
            None => return end == rest.len(),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_statements_are_told_apart() {
        for text in [
            "t",
            "table_1",
            "values2020",
            "public.t",
            "\"odd \"\" name\"",
            "a.\"b.c\"",
            "Straße",
        ] {
            assert!(matches!(shape(text), Shape::Relation), "{text}");
        }
        for text in [
            "select 1",
            "(select 1)",
            "/* a /* b */ c */ select 1",
            " -- why\n VALUES (1)",
            "/* x */ with a as (select 1) table a",
            "TABLE t",
        ] {
            assert!(matches!(shape(text), Shape::Statement), "{text}");
        }
        for text in [
            "",
            "delete from t",
            "t; drop table t",
            "a.b.c.d",
            "1t",
            "\"open",
            "t where x",
        ] {
            assert!(matches!(shape(text), Shape::Neither), "{text}");
        }
    }
}
