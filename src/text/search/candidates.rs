//! Chunks in the order of one score, the best first, whoever may see them.

use std::cell::OnceCell;

use pgrx::spi::quote_literal;

use super::postings::{Among, find};
use super::target::Target;
use super::visible::number;
use crate::pg::error::{Error, INVALID_PARAMETER, Result};
use crate::pg::foreground::Foreground;
use crate::pg::identity::{Settings, as_role, on_behalf_of, raise, set};
use crate::pg::query::Query;
use crate::pg::{relation, vector_scan};
use crate::text::vectorizers::embedding::Embedder;
use crate::text::vectorizers::space::Space;
use algo::monitor::Monitor;
use algo_text::analyze;
use algo_text::bm25::{Found, Top};
use algo_text::nearest::{Distance, Question};

/// By what chunks are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// By their vectors.
    Vector,
    /// By their words.
    Text,
    /// By both.
    Hybrid,
}

impl Mode {
    /// The mode of a name. Returns 22023 for an unknown one.
    pub fn of(name: &str) -> Result<Mode> {
        match name {
            "vector" => Ok(Mode::Vector),
            "text" => Ok(Mode::Text),
            "hybrid" => Ok(Mode::Hybrid),
            _ => Err(
                Error::new(INVALID_PARAMETER, format!("unknown mode of search \"{name}\""))
                    .hint("The modes are: vector, text, hybrid."),
            ),
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Vector => "vector",
            Mode::Text => "text",
            Mode::Hybrid => "hybrid",
        }
    }

    /// The parts of it.
    pub fn parts(self) -> &'static [Part] {
        match self {
            Mode::Vector => &[Part::Vector],
            Mode::Text => &[Part::Text],
            Mode::Hybrid => &[Part::Vector, Part::Text],
        }
    }
}

/// One order of chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// By the distance of vectors.
    Vector,
    /// By BM25.
    Text,
}

impl Part {
    /// Its name in the ranks of a result.
    pub fn name(self) -> &'static str {
        match self {
            Part::Vector => "vector",
            Part::Text => "text",
        }
    }
}

/// What is known of chunks for a question.
pub struct Candidates<'a> {
    pub target: &'a Target,
    pub query: &'a str,
    pub watch: &'a Foreground,
    /// The question's vector, once it is needed.
    question: OnceCell<Question>,
}

/// Chunks in their order.
pub struct Ordered {
    pub found: Vec<Found>,
    /// Whether there are no others.
    pub is_all: bool,
}

impl<'a> Candidates<'a> {
    /// For a question.
    pub fn new(target: &'a Target, query: &'a str, watch: &'a Foreground) -> Candidates<'a> {
        Candidates {
            target,
            query,
            watch,
            question: OnceCell::new(),
        }
    }

    /// The best `most` by a part. `exact` where an index has already given what it has.
    pub fn best(&self, part: Part, among: Among<'_>, most: usize, exact: bool) -> Result<Ordered> {
        let found = match part {
            Part::Text => {
                let words = analyze::question(self.query, self.target.language, self.watch)?;
                find(self.target.vectorizer.id, &words, among, most, self.watch)?
            }
            Part::Vector if self.target.is_indexed && among.is_none() && !exact => self.by_index(most)?,
            Part::Vector => self.exactly(among, most)?,
        };
        Ok(Ordered {
            is_all: found.len() < most,
            found,
        })
    }

    /// Whether an index answers a part at first, which need not find all.
    pub fn is_approximate(&self, part: Part, among: Among<'_>) -> bool {
        match part {
            Part::Text => false,
            Part::Vector => self.target.is_indexed && among.is_none(),
        }
    }

    fn question(&self) -> Result<&Question> {
        if let Some(question) = self.question.get() {
            return Ok(question);
        }
        let space = self.target.space()?;
        let vector = self.embed(space)?;
        if vector.len() != space.width {
            return Err(self
                .target
                .vectorizer
                .broken("its embedder gives vectors of another length"));
        }
        Ok(self
            .question
            .get_or_init(|| Question::new(vector, self.target.distance)))
    }

    /// The vector of the question. A model of this database is used as the source's owner, who has chosen it, so that it takes no rights on it to search.
    fn embed(&self, space: &Space) -> Result<Vec<f32>> {
        let vectorizer = &self.target.vectorizer;
        let embedder = on_behalf_of(vectorizer.owner, || Embedder::of_space(vectorizer, space))?;
        embedder.vectors(&[self.query], self.watch)
    }

    /// By looking at each vector.
    fn exactly(&self, among: Among<'_>, most: usize) -> Result<Vec<Found>> {
        let (question, space) = (self.question()?, self.target.space()?);
        let mut top = Top::new(most);
        let store = self.target.vectorizer.store;
        vector_scan::visit(store, "chunk_id", &space.column, |document, vector| {
            self.watch.check()?;
            if among.is_none_or(|among| among.contains(&document)) && vector.len() == question.width() {
                top.offer(Found {
                    document,
                    score: question.score(vector),
                });
            }
            Ok(())
        })?;
        Ok(top.finish())
    }

    /// By pgvector's index, which goes on until it has found so many.
    fn by_index(&self, most: usize) -> Result<Vec<Found>> {
        let (question, space) = (self.question()?, self.target.space()?);
        let Some((schema, _)) = space.column_type.rsplit_once('.') else {
            return self.exactly(None, most);
        };
        let operator = match self.target.distance {
            Distance::Cosine => "<=>",
            Distance::L2 => "<->",
            Distance::InnerProduct => "<#>",
        };
        let numbers: Vec<String> = question.vector().iter().map(f32::to_string).collect();
        let distance = format!(
            "c.{} OPERATOR({schema}.{operator}) {}::{}",
            relation::quoted(&space.column),
            quote_literal(format!("[{}]", numbers.join(","))),
            space.column_type
        );
        let query = format!(
            "SELECT c.chunk_id, {distance} FROM ONLY {} AS c ORDER BY {distance} LIMIT {most}",
            self.target.store
        );
        let mut found = Vec::new();
        as_role(self.target.vectorizer.owner, &Settings::default(), || {
            // It reads the vector, so that pgvector is loaded, whose settings there are from then on.
            let query = Query::new(&query)?.interpreted();
            raise(c"hnsw.ef_search", most.clamp(40, 1000))?;
            raise(c"ivfflat.probes", self.target.lists.isqrt())?;
            // Those of pgvector 0.8; without them an index gives fewer, and the exact search finds the others.
            set(c"hnsw.iterative_scan", "strict_order")?;
            set(c"ivfflat.iterative_scan", "relaxed_order")?;
            query.run(&mut |row| {
                let Some(distance) = row.number(1) else { return Ok(()) };
                found.push(Found {
                    document: number(row, 0)?,
                    score: match self.target.distance {
                        Distance::Cosine => 1.0 - distance,
                        Distance::L2 | Distance::InnerProduct => -distance,
                    },
                });
                Ok(())
            })
        })?;
        found.sort();
        Ok(found)
    }
}
