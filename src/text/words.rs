//! Embedders that are made of words: `train_word2vec`, `load_word_vectors`, `train_tf_idf`.

use pgrx::pg_extern;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::embedders::{Made, StoredEmbedder, store};
use crate::models::{Deploy, carry_out, check_name};
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{COLUMN_TYPE, Error, INVALID_PARAMETER, Result, UNSUITABLE_ROWS, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::json::Jsonb;
use crate::pg::options::{self, required};
use crate::pg::query::Query;
use crate::pg::query_row::{OutputColumn, Row};
use crate::pg::read_only;
use crate::pg::reader::Value;
use crate::pg::result_row::{SetOf, set_of};
use crate::pg::text::Text;
use algo::dictionary::Dictionary;
use algo::monitor::Monitor;
use algo::room;
use algo_text::embedder::Kind;
use algo_text::task::Task;
use algo_text::tf_idf::{self, Frequencies};
use algo_text::word_vectors::{self, Sentences};
use algo_text::words::each_word;

/// What becomes an embedder, as its maker was called.
struct Call {
    name: String,
    query: String,
    options: Json,
    deploy: Deploy,
}

impl Call {
    fn new(name: Option<Text>, query: Option<Text>, options: Option<Jsonb>, deploy: Option<Text>) -> Result<Call> {
        let call = Call {
            name: required("name", name)?.into(),
            query: required("query", query)?.into(),
            options: options::object("options", options)?,
            deploy: Deploy::named(deploy.as_deref().unwrap_or("auto"))?,
        };
        check_name(&call.name)?;
        Ok(call)
    }

    fn options<T: DeserializeOwned>(&self) -> Result<T> {
        options::parse("options", self.options.clone())
    }

    /// Runs the query, and hands each row over.
    fn each_row(
        &self,
        query: &Query,
        reporter: &mut Reporter,
        statement: &Foreground,
        mut take: impl FnMut(&Row<'_>) -> Result<()>,
    ) -> Result<usize> {
        let (mut rows, expected) = (0_usize, query.expected_rows());
        query.run(&mut |row| {
            statement.check()?;
            rows += 1;
            reporter.rows(&format!("reading rows for \"{}\"", self.name), rows as u64, expected);
            take(row)
        })?;
        Ok(rows)
    }

    fn store(
        self,
        (kind, image): (Kind, Vec<u8>),
        (rows, dimensions): (usize, usize),
        metrics: Json,
        reporter: &Reporter,
        statement: &Foreground,
    ) -> Result<StoredEmbedder> {
        let made = Made {
            name: &self.name,
            kind,
            task: Task::Embedding,
            options: self.options,
            query: &self.query,
            rows,
            dimensions,
            image,
            metrics,
            deploy: self.deploy,
        };
        store(made, reporter, statement)
    }
}

/// `train_word2vec(name, query, options, deploy)`.
#[pg_extern(sql = false)]
fn train_word2vec(
    name: Option<Text>,
    query: Option<Text>,
    options: Option<Jsonb>,
    deploy: Option<Text>,
) -> SetOf<StoredEmbedder> {
    read_only::require_writable(c"assay.train_word2vec()");
    let row = Call::new(name, query, options, deploy)
        .and_then(|call| carry_out(|reporter, statement| word2vec(call, reporter, statement)));
    set_of([or_raise(row)])
}

fn word2vec(call: Call, reporter: &mut Reporter, statement: &Foreground) -> Result<StoredEmbedder> {
    let wanted: word_vectors::Options = call.options()?;
    wanted.check()?;
    // What is learned last weighs more.
    let query = Query::serial(&call.query)?;
    require_texts(&query, "sentences")?;
    let mut sentences = Sentences::default();
    let rows = call.each_row(&query, reporter, statement, |row| {
        if let Some(words) = row.texts(0) {
            return Ok(sentences.push(words.iter().flatten().map(|word| &**word))?);
        }
        if let Value::Text(text) = row.value(0) {
            let mut words = Vec::new();
            each_word(&text, statement, |word, _| room::push(&mut words, word.to_lowercase()))?;
            sentences.push(words.iter().map(String::as_str))?;
        }
        Ok(())
    })?;
    let width = wanted.vector_size;
    let what = format!("training \"{}\"", call.name);
    let (image, words, total) = compute::run(&what, reporter, statement, |monitor| {
        let trained = word_vectors::train(sentences, &wanted, monitor)?;
        let image = word_vectors::build(&trained.words, &trained.counts, &trained.vectors, monitor)?;
        Ok::<_, Error>((image, trained.words.len(), trained.counts.iter().sum::<u64>()))
    })?;
    let metrics = json!({"vocabulary": words, "words": total});
    call.store((Kind::Word2Vec, image), (rows, width), metrics, reporter, statement)
}

/// `load_word_vectors(name, query, deploy)`.
#[pg_extern(sql = false)]
fn load_word_vectors(name: Option<Text>, query: Option<Text>, deploy: Option<Text>) -> SetOf<StoredEmbedder> {
    read_only::require_writable(c"assay.load_word_vectors()");
    let row = Call::new(name, query, None, deploy)
        .and_then(|call| carry_out(|reporter, statement| given_vectors(call, reporter, statement)));
    set_of([or_raise(row)])
}

fn given_vectors(call: Call, reporter: &mut Reporter, statement: &Foreground) -> Result<StoredEmbedder> {
    let query = Query::new(&call.query)?;
    let [_, _] = query.columns() else {
        return Err(wrong_columns(query.columns(), "a word and its vector"));
    };
    let (mut words, mut vectors, mut width) = (Dictionary::default(), Vec::new(), 0);
    let rows = call.each_row(&query, reporter, statement, |row| {
        let (Value::Text(word), Value::Vector(vector)) = (row.value(0), row.value(1)) else {
            let types: Vec<&str> = query.columns().iter().map(|column| column.type_name.as_str()).collect();
            return Err(Error::new(COLUMN_TYPE, "a row has no word with a vector")
                .detail(format!(
                    "The columns have the types {}; NULL is neither.",
                    types.join(" and ")
                ))
                .hint("Select a text and a real[] or float8[], and leave NULLs out."));
        };
        if words.is_empty() {
            width = vector.len();
        }
        let is_wide = (1..=word_vectors::Options::WIDEST).contains(&vector.len());
        if vector.len() != width || !is_wide {
            return Err(Error::new(
                UNSUITABLE_ROWS,
                format!("the vector of \"{word}\" has {} numbers", vector.len()),
            )
            .detail(format!("The first one has {width}."))
            .hint(format!(
                "All have as many, at least 1 and at most {}.",
                word_vectors::Options::WIDEST
            )));
        }
        let place = words.len();
        if words.code(&word, u32::MAX)? != u32::try_from(place).ok() {
            return Err(Error::new(UNSUITABLE_ROWS, format!("the word \"{word}\" comes twice"))
                .hint("Give one vector for each word, as by GROUP BY or DISTINCT ON."));
        }
        room::reserve(&mut vectors, width)?;
        vectors.extend(vector.iter().map(|number| *number as f32));
        Ok(())
    })?;
    let what = format!("loading \"{}\"", call.name);
    let image = compute::run(&what, reporter, statement, |monitor| {
        word_vectors::build_sorted(&words.into_texts(), &vectors, monitor)
    })?;
    call.store(
        (Kind::Static, image),
        (rows, width),
        json!({"vocabulary": rows}),
        reporter,
        statement,
    )
}

/// `train_tf_idf(name, query, options, deploy)`.
#[pg_extern(sql = false)]
fn train_tf_idf(
    name: Option<Text>,
    query: Option<Text>,
    options: Option<Jsonb>,
    deploy: Option<Text>,
) -> SetOf<StoredEmbedder> {
    read_only::require_writable(c"assay.train_tf_idf()");
    let row = Call::new(name, query, options, deploy)
        .and_then(|call| carry_out(|reporter, statement| frequencies(call, reporter, statement)));
    set_of([or_raise(row)])
}

fn frequencies(call: Call, reporter: &mut Reporter, statement: &Foreground) -> Result<StoredEmbedder> {
    let mut frequencies = Frequencies::new(call.options::<tf_idf::Options>()?)?;
    let query = Query::new(&call.query)?;
    require_texts(&query, "texts")?;
    let rows = call.each_row(&query, reporter, statement, |row| {
        if let Some(words) = row.texts(0) {
            let words: Vec<&str> = words.iter().flatten().map(|word| &**word).collect();
            return Ok(frequencies.push(&words.join(" "), statement)?);
        }
        if let Value::Text(text) = row.value(0) {
            frequencies.push(&text, statement)?;
        }
        Ok(())
    })?;
    let metrics = json!({"texts": frequencies.texts()});
    let what = format!("weighing words for \"{}\"", call.name);
    let (image, width) = compute::run(&what, reporter, statement, |monitor| frequencies.build(monitor))?;
    call.store((Kind::TfIdf, image), (rows, width), metrics, reporter, statement)
}

/// Returns an error for a query that has not one column of texts only.
fn require_texts(query: &Query, what: &str) -> Result<()> {
    match query.columns() {
        [column] if column.is_text() || column.is_texts() => Ok(()),
        [column] => Err(Error::new(
            COLUMN_TYPE,
            format!(
                "column \"{}\" has the type {}, which holds no {what}",
                column.name, column.type_name
            ),
        )
        .hint("Select one column of type text, which is parted into words, or text[], an element a word.")),
        columns => Err(wrong_columns(columns, what)),
    }
}

fn wrong_columns(columns: &[OutputColumn], what: &str) -> Error {
    Error::new(
        INVALID_PARAMETER,
        format!("the query has {} columns, and not {what} only", columns.len()),
    )
    .hint(format!("Select {what}."))
}
