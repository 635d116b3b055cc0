//! What is in an embedder that is made of words: `vocabulary`, `most_similar`, `analogy`.

use pgrx::{pg_extern, pg_sys};

use super::embedders::{Embedder, open};
use crate::pg::arguments;
use crate::pg::error::{Error, INVALID_PARAMETER, Result, WRONG_TASK, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::result_row::{RowWriter, SetOf, result_row, set_of};
use crate::pg::text::Text;
use algo::monitor::Monitor;
use algo_text::embedder::Local;
use algo_text::word_vectors::{Neighbour, WordVectors};

result_row! {
    /// A word of an embedder.
    struct WordRow {
        word: Text,
        count: Option<i64>,
        vector: Vec<f32>,
    }
}

result_row! {
    /// A word that is near.
    struct NeighbourRow {
        word: String,
        similarity: f64,
    }
}

/// The words of an embedder. Returns `ML010` for one that has none.
fn words_of(embedder: &Embedder) -> Result<&WordVectors> {
    let words = match &*embedder.local {
        Local::Encoder(encoder) => encoder.word_vectors(),
        Local::Ranker(_) => None,
    };
    words.ok_or_else(|| {
        let reference = embedder.version.reference();
        Error::new(WRONG_TASK, format!("model \"{reference}\" has no vectors of words"))
            .hint("Name one that assay.train_word2vec or assay.load_word_vectors made.")
    })
}

/// `vocabulary(model)`.
#[pg_extern(sql = false)]
fn vocabulary(fcinfo: pg_sys::FunctionCallInfo) {
    or_raise((|| {
        let mut rows = RowWriter::of(fcinfo)?;
        let embedder = open(&required("model", arguments::text(fcinfo, 0))?)?;
        let (words, statement) = (words_of(&embedder)?, Foreground::new()?);
        for place in 0..words.words()? {
            statement.check()?;
            let (word, count, vector) = words.word(place)?;
            let count = count.and_then(|count| i64::try_from(count).ok());
            rows.write(|| WordRow {
                word: word.into(),
                count,
                vector: vector.to_vec(),
            })?;
        }
        Ok(())
    })())
}

/// `most_similar(model, input, k)`.
#[pg_extern(sql = false)]
fn most_similar(model: Option<Text>, input: Option<Text>, k: Option<i32>) -> SetOf<NeighbourRow> {
    or_raise(required("input", input).and_then(|input| near(model, &[input], &[], k)))
}

/// `analogy(model, a, b, c, k)`.
#[pg_extern(sql = false)]
fn analogy(
    model: Option<Text>,
    a: Option<Text>,
    b: Option<Text>,
    c: Option<Text>,
    k: Option<i32>,
) -> SetOf<NeighbourRow> {
    or_raise((|| {
        near(model, &[required("b", b)?, required("c", c)?], &[required("a", a)?], k)
    })())
}

/// The words that are nearest to some and far from others.
fn near(model: Option<Text>, more: &[Text], less: &[Text], k: Option<i32>) -> Result<SetOf<NeighbourRow>> {
    let k = required("k", k)?;
    let wanted = usize::try_from(k).map_err(|_| {
        Error::new(INVALID_PARAMETER, "argument \"k\" is negative")
            .detail(format!("It is {k}."))
            .hint("It says how many words are wanted.")
    })?;
    let embedder = open(&required("model", model)?)?;
    let (words, statement) = (words_of(&embedder)?, Foreground::new()?);
    let place = |word: &Text| {
        words.find(word)?.ok_or_else(|| {
            let reference = embedder.version.reference();
            Error::new(INVALID_PARAMETER, format!("model \"{reference}\" does not know the word \"{}\"", &**word))
                .hint("SELECT word FROM assay.vocabulary(model) lists those that it knows. Words that were too rare are left out.")
        })
    };
    let more = more.iter().map(place).collect::<Result<Vec<_>>>()?;
    let less = less.iter().map(place).collect::<Result<Vec<_>>>()?;
    let near = words.neighbours(&more, &less, wanted, &statement)?;
    Ok(set_of(near.into_iter().map(|Neighbour { word, similarity }| {
        NeighbourRow { word, similarity }
    })))
}
