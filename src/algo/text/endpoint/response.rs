//! What may come back. A server is not trusted: everything is checked, and no message repeats what it said, for it was told a key.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::error::Category;

/// What is wrong with an answer: words of our own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// It ends too early, as it does where a connection breaks.
    Cut,
    /// It is another one than was asked for.
    Other(String),
}

/// Numbers, one row for each text that was sent, in the order of those.
#[derive(Debug, PartialEq)]
pub struct Vectors {
    pub numbers: Vec<f32>,
    pub width: usize,
    /// What the server says that it took.
    pub tokens: Option<u64>,
}

/// How well each document answers, in the order in which they were sent.
#[derive(Debug, PartialEq)]
pub struct Scores {
    pub scores: Vec<f32>,
    /// What the server says that it took.
    pub tokens: Option<u64>,
}

#[derive(Deserialize)]
struct Embeddings {
    data: Vec<Embedding>,
    #[serde(default)]
    usage: Usage,
}

#[derive(Deserialize)]
struct Embedding {
    index: Option<u64>,
    embedding: Vec<f32>,
}

#[derive(Deserialize)]
struct Reranked {
    results: Vec<Score>,
    #[serde(default)]
    usage: Usage,
}

#[derive(Deserialize)]
struct Score {
    index: u64,
    #[serde(alias = "score")]
    relevance_score: f32,
}

/// Whatever else stands there, or stands there otherwise, is none of our business.
#[derive(Deserialize, Default)]
#[serde(from = "AnyUsage")]
struct Usage(Option<u64>);

#[derive(Deserialize)]
#[serde(untagged)]
enum AnyUsage {
    Tokens {
        total_tokens: Option<u64>,
        prompt_tokens: Option<u64>,
    },
    Other(IgnoredAny),
}

impl From<AnyUsage> for Usage {
    fn from(usage: AnyUsage) -> Usage {
        match usage {
            AnyUsage::Tokens {
                total_tokens,
                prompt_tokens,
            } => Usage(total_tokens.or(prompt_tokens)),
            AnyUsage::Other(_) => Usage(None),
        }
    }
}

/// Reads the vectors of `count` texts, which have `width` numbers each where that is known.
pub fn vectors(body: &[u8], count: usize, width: Option<usize>) -> Result<Vectors, Unreadable> {
    let answer: Embeddings = read(body)?;
    if answer.data.len() != count {
        return Err(Unreadable::Other(format!(
            "it has {} vectors for {count} texts",
            answer.data.len()
        )));
    }
    let width = width.unwrap_or_else(|| answer.data.first().map_or(0, |row| row.embedding.len()));
    let mut rows: Vec<Option<Vec<f32>>> = (0..count).map(|_| None).collect();
    for (place, row) in answer.data.into_iter().enumerate() {
        if row.embedding.len() != width || width == 0 {
            return Err(Unreadable::Other(format!(
                "a vector has {} numbers instead of {}",
                row.embedding.len(),
                width.max(1)
            )));
        }
        // Servers that leave the index out send the rows in order.
        let place = row.index.map_or(Some(place), |index| usize::try_from(index).ok());
        put(&mut rows, place, row.embedding)?;
    }
    let mut numbers = Vec::new();
    for row in rows {
        let row = row.ok_or_else(|| Unreadable::Other("it lacks the vector of a text".into()))?;
        if !row.iter().all(|number| number.is_finite()) {
            return Err(Unreadable::Other("a vector has a number that is not finite".into()));
        }
        if numbers.try_reserve(row.len()).is_err() {
            return Err(Unreadable::Other("it is larger than memory".into()));
        }
        numbers.extend(row);
    }
    Ok(Vectors {
        numbers,
        width,
        tokens: answer.usage.0,
    })
}

/// Reads the scores of `count` documents.
pub fn scores(body: &[u8], count: usize) -> Result<Scores, Unreadable> {
    let answer: Reranked = read(body)?;
    if answer.results.len() != count {
        return Err(Unreadable::Other(format!(
            "it has {} scores for {count} documents",
            answer.results.len()
        )));
    }
    let mut scores: Vec<Option<f32>> = vec![None; count];
    for result in answer.results {
        put(&mut scores, usize::try_from(result.index).ok(), result.relevance_score)?;
    }
    let scores: Option<Vec<f32>> = scores.into_iter().collect();
    let scores = scores.ok_or_else(|| Unreadable::Other("it lacks the score of a document".into()))?;
    if !scores.iter().all(|score| score.is_finite()) {
        return Err(Unreadable::Other("a score is not finite".into()));
    }
    Ok(Scores {
        scores,
        tokens: answer.usage.0,
    })
}

/// Puts a value where nothing may be yet.
fn put<T>(places: &mut [Option<T>], place: Option<usize>, value: T) -> Result<(), Unreadable> {
    match place.and_then(|place| places.get_mut(place)) {
        None => Err(Unreadable::Other("it has an index that no text has".into())),
        Some(Some(_)) => Err(Unreadable::Other("it has an index twice".into())),
        Some(empty) => {
            *empty = Some(value);
            Ok(())
        }
    }
}

/// Reads JSON. The parser's own message would repeat a part of it.
pub(super) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let problem = match error.classify() {
            Category::Eof => return Unreadable::Cut,
            Category::Io | Category::Syntax => "it is no JSON",
            Category::Data => "it is JSON of another shape",
        };
        Unreadable::Other(format!("{problem} (line {line}, column {column})"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(body: &str) -> String {
        match vectors(body.as_bytes(), 2, Some(2)).unwrap_err() {
            Unreadable::Cut => "it ends too early".into(),
            Unreadable::Other(problem) => problem,
        }
    }

    #[test]
    fn vectors_come_in_the_order_of_their_texts() {
        let body = br#"{"object": "list", "model": "m", "usage": {"prompt_tokens": 8, "total_tokens": 9},
                        "data": [{"object": "embedding", "index": 1, "embedding": [3, 4e0]}, {"index": 0, "embedding": [1.5, -2]}]}"#;
        let expected = Vectors {
            numbers: vec![1.5, -2.0, 3.0, 4.0],
            width: 2,
            tokens: Some(9),
        };
        assert_eq!(vectors(body, 2, Some(2)), Ok(expected));
        let bare = br#"{"data": [{"embedding": [1]}, {"embedding": [2]}]}"#;
        let read = vectors(bare, 2, None).unwrap();
        assert_eq!((read.numbers, read.width, read.tokens), (vec![1.0, 2.0], 1, None));
    }

    #[test]
    fn an_answer_of_another_shape_is_refused() {
        for (body, problem) in [
            ("", "it ends too early"),
            (r#"{"data": ["#, "it ends too early"),
            ("<html>", "it is no JSON"),
            ("[]", "it is JSON of another shape"),
            (r#"{"data": {}}"#, "it is JSON of another shape"),
            (
                r#"{"data": [{"embedding": ["sk-secret", 1]}]}"#,
                "it is JSON of another shape",
            ),
            (r#"{"data": []}"#, "it has 0 vectors for 2 texts"),
            (
                r#"{"data": [{"embedding": [1]}, {"embedding": [1]}]}"#,
                "a vector has 1 numbers instead of 2",
            ),
            (
                r#"{"data": [{"index": 2, "embedding": [1, 2]}, {"embedding": [1, 2]}]}"#,
                "it has an index that no text has",
            ),
            (
                r#"{"data": [{"index": 0, "embedding": [1, 2]}, {"index": 0, "embedding": [1, 2]}]}"#,
                "it has an index twice",
            ),
            (
                r#"{"data": [{"index": -1, "embedding": [1, 2]}, {"embedding": [1, 2]}]}"#,
                "it is JSON of another shape",
            ),
            (
                r#"{"data": [{"embedding": [1, 1e39]}, {"embedding": [1, 2]}]}"#,
                "it is no JSON",
            ),
            (
                r#"{"data": [{"embedding": [1, 1e999]}, {"embedding": [1, 2]}]}"#,
                "it is no JSON",
            ),
            (
                r#"{"data": [{"embedding": [1, null]}, {"embedding": [1, 2]}]}"#,
                "it is JSON of another shape",
            ),
        ] {
            assert!(refused(body).starts_with(problem), "{body}: {}", refused(body));
            assert!(!refused(body).contains("secret"));
        }
        assert!(vectors(br#"{"data": [{"embedding": []}]}"#, 1, None).is_err());
    }

    #[test]
    fn a_usage_that_cannot_be_read_is_none() {
        for usage in [
            "null",
            "7",
            "\"many\"",
            "{\"total_tokens\": -3}",
            "{\"total_tokens\": \"x\"}",
            "[]",
            "{}",
        ] {
            let body = format!(r#"{{"data": [{{"embedding": [1]}}], "usage": {usage}}}"#);
            assert_eq!(vectors(body.as_bytes(), 1, None).unwrap().tokens, None, "{usage}");
        }
    }

    #[test]
    fn scores_come_in_the_order_of_their_documents() {
        let body = br#"{"results": [{"index": 2, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1, "document": "x"}, {"index": 1, "score": -5}]}"#;
        assert_eq!(scores(body, 3).unwrap().scores, [0.1, -5.0, 0.9]);
        assert!(scores(body, 2).is_err());
        assert!(
            scores(
                br#"{"results": [{"index": 0, "relevance_score": 1}, {"index": 0, "relevance_score": 1}]}"#,
                2
            )
            .is_err()
        );
        assert!(scores(br#"{"results": [{"index": 0, "relevance_score": 1e39}]}"#, 1).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body: Vec<u8>) {
            let _ = vectors(&body, 1, None);
            let _ = scores(&body, 1);
        }

        #[test]
        fn deep_nesting_is_refused(depth in 1_usize..5000) {
            let body = "[".repeat(depth);
            prop_assert!(vectors(body.as_bytes(), 1, None).is_err());
            let usage = format!(r#"{{"data": [{{"embedding": [1]}}], "usage": {}{}}}"#, "[".repeat(depth), "]".repeat(depth));
            let _ = vectors(usage.as_bytes(), 1, None);
        }
    }
}
