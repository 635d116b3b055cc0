//! Making the chunks of rows what they should be. Whatever has happened to a row, it is read as it is now, cut and formatted; chunks whose text was
//! there before keep their vectors, the others are embedded, and what is not any more is deleted. Doing it twice does nothing the second time.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::definition::Vectorizer;
use super::embedding::{Embedder, Vectors};
use super::known::Known;
use super::pieces::Cutter;
use super::source::Layout;
use super::space::Space;
use super::store;
use super::store_rows::StoreRows;
use crate::pg::cell::Parameter;
use crate::pg::error::Result;
use crate::pg::foreground::Foreground;
use crate::pg::text::Text;
use crate::pg::text_array::TextArray;
use crate::pg::{identity, relation, statement};
use algo_text::vectorizer::reconcile::{Changes, Hash, reconcile};

/// The values of a row's primary key, as their types write them.
pub type Key = Vec<String>;

/// Rows that are looked at together.
pub const SLICE: usize = 64;

/// How rows are kept from changing meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locking {
    /// Not at all: it is only looked what there is to embed.
    None,
    /// The transaction has written the source's rows itself; for its chunks it waits.
    Wait,
    /// Rows that somebody else is at are left for later: nobody who writes the source waits for a worker while it waits for him.
    Skip,
}

/// A chunk that is to be.
pub struct Piece {
    pub chunk: String,
    pub formatted: String,
    pub hash: Hash,
    /// In characters, from 1; the end is behind the chunk.
    pub start: i32,
    pub end: i32,
}

/// A chunk that is stored.
pub struct Stored {
    pub id: i64,
    pub seq: i32,
    pub start: i32,
    pub end: i32,
    pub hash: Hash,
    /// Whether it has a vector in each of the current spaces.
    pub filled: Vec<bool>,
}

/// What is to be done about a row.
pub struct RowWork {
    /// Somebody else is changing it.
    pub is_busy: bool,
    pub pieces: Vec<Piece>,
    pub stored: Vec<Stored>,
    pub changes: Changes,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its chunks are what they should be.
    Current,
    /// It is being changed, or has changed since its texts were embedded.
    Moving,
}

/// The work of a vectorizer, as its source and its store are now. As the owner of both.
pub struct Refresh<'v> {
    pub vectorizer: &'v Vectorizer,
    pub spaces: Vec<&'v Space>,
    pub layout: &'v Layout,
    pub source: String,
    pub store: String,
    /// The names of the key's columns in the store.
    pub store_key: Vec<String>,
    cutter: Cutter,
}

impl<'v> Refresh<'v> {
    /// Returns an error where source or store are not what they were.
    pub fn new(known: &'v Known) -> Result<Refresh<'v>> {
        let (vectorizer, layout) = (&known.vectorizer, &known.layout);
        let (source, store) = (vectorizer.source_name()?, vectorizer.store_name()?);
        let store_key = store::key_columns(vectorizer.store, layout.key.len());
        if store_key.len() != layout.key.len() {
            return Err(vectorizer.broken("the primary key of its source has other columns"));
        }
        Ok(Refresh {
            vectorizer,
            spaces: vectorizer.current_spaces(),
            layout,
            source,
            store,
            store_key,
            cutter: Cutter::open(&vectorizer.chunking)?,
        })
    }

    /// The embedders of the current spaces. As the owner.
    pub fn embedders(&self) -> Result<Vec<Embedder>> {
        self.spaces
            .iter()
            .map(|space| {
                let embedder = Embedder::of_space(self.vectorizer, space)?;
                // What may be sent may have changed since.
                let columns = self.layout.columns.iter().chain([&self.layout.loaded]);
                embedder.require_may_see(self.vectorizer.source, columns)?;
                Ok(embedder)
            })
            .collect()
    }

    /// Keys as parameters, from the first on.
    pub fn key_parameters(&self, keys: &[&Key]) -> Vec<Parameter> {
        let column = |place: usize| -> TextArray {
            let texts: Vec<Text> = keys
                .iter()
                .map(|key| Text::from(key.get(place).map_or("", String::as_str)))
                .collect();
            texts.into()
        };
        (0..self.layout.key.len()).map(|place| column(place).into()).collect()
    }

    /// The parameters of keys as a table `n` with columns k1, k2, ... and `place`, from 1.
    fn keys(&self) -> String {
        let count = self.layout.key.len();
        let lists: Vec<String> = (1..=count)
            .map(|number| format!("pg_catalog.unnest(${number}::pg_catalog.text[])"))
            .collect();
        let names: Vec<String> = (1..=count).map(|number| format!("k{number}")).collect();
        format!(
            "ROWS FROM ({}) WITH ORDINALITY AS n({}, place)",
            lists.join(", "),
            names.join(", ")
        )
    }

    /// The condition that a row of `alias` with these key columns has a key of `n`.
    fn match_keys(&self, alias: &str, names: &[String]) -> String {
        let conditions = self
            .layout
            .key
            .iter()
            .zip(names)
            .zip(1..)
            .map(|((column, name), number)| {
                format!(
                    "{alias}.{} {} (n.k{number}::{})",
                    relation::quoted(name),
                    column.equals,
                    column.type_name
                )
            });
        conditions.collect::<Vec<_>>().join(" AND ")
    }

    fn source_key(&self) -> Vec<String> {
        self.layout.key.iter().map(|column| column.name.clone()).collect()
    }

    /// Looks at the rows of some keys, and at their chunks.
    pub fn prepare(&self, keys: &[&Key], locking: Locking, watch: &Foreground) -> Result<Vec<RowWork>> {
        let mut rows: Vec<RowWork> = keys.iter().map(|_| RowWork::nothing()).collect();
        let mut there = BTreeSet::new();
        // Keys that are written differently may be equal, as 1.0 and 1.00 are: the row is worked at once.
        let (mut seen, mut twice) = (BTreeSet::new(), BTreeSet::new());
        self.read_source(keys, locking, &mut |place, tuple, loaded, values| {
            there.insert(place);
            if !seen.insert(tuple) {
                twice.insert(place);
            } else if let (Some(row), Some(text)) = (rows.get_mut(place), loaded) {
                row.pieces = self.pieces(&text, &values, watch)?;
            }
            Ok(())
        })?;
        let mut busy = BTreeSet::new();
        if locking == Locking::Skip {
            busy = self.existing(keys)?.difference(&there).copied().collect();
        }
        let locked = self.lock_stored(keys, locking)?;
        self.read_stored(keys, locking, &mut |place, stored| {
            if locked.as_ref().is_some_and(|locked| !locked.contains(&stored.id)) {
                busy.insert(place);
            }
            match rows.get_mut(place) {
                Some(row) if !twice.contains(&place) => row.stored.push(stored),
                Some(_) | None => {}
            }
            Ok(())
        })?;
        if locking == Locking::Skip {
            // One that was gone may have come while its chunks were being locked.
            busy.extend(self.existing(keys)?.difference(&there));
        }
        for (place, row) in rows.iter_mut().enumerate() {
            row.is_busy = busy.contains(&place);
            let stored: Vec<Hash> = row.stored.iter().map(|stored| stored.hash).collect();
            let wanted: Vec<Hash> = row.pieces.iter().map(|piece| piece.hash).collect();
            row.changes = reconcile(&stored, &wanted);
        }
        Ok(rows)
    }

    fn read_source(
        &self,
        keys: &[&Key],
        locking: Locking,
        receive: &mut dyn FnMut(usize, String, Option<String>, Vec<Option<String>>) -> Result<()>,
    ) -> Result<()> {
        let text = |column: &String| format!(", s.{}::pg_catalog.text", relation::quoted(column));
        let columns: String = std::iter::once(&self.layout.loaded)
            .chain(&self.layout.columns)
            .map(text)
            .collect();
        let lock = match locking {
            Locking::None | Locking::Wait => "",
            Locking::Skip => " FOR NO KEY UPDATE OF s SKIP LOCKED",
        };
        let query = format!(
            "SELECT n.place, s.ctid::pg_catalog.text{columns} FROM {} JOIN ONLY {} AS s ON {}{lock}",
            self.keys(),
            self.source,
            self.match_keys("s", &self.source_key())
        );
        statement::write(&query, &self.key_parameters(keys), &mut |row| {
            let (tuple, loaded): (Text, Option<Text>) = (row.require(2)?, row.get(3)?);
            let values =
                (4..4 + self.layout.columns.len()).map(|column| Ok(row.get::<Text>(column)?.map(String::from)));
            receive(
                place(row)?,
                tuple.into(),
                loaded.map(String::from),
                values.collect::<Result<_>>()?,
            )
        })
    }

    /// The places of keys whose rows are there, locked by others or not.
    fn existing(&self, keys: &[&Key]) -> Result<BTreeSet<usize>> {
        let query = format!(
            "SELECT n.place FROM {} JOIN ONLY {} AS s ON {}",
            self.keys(),
            self.source,
            self.match_keys("s", &self.source_key())
        );
        let mut places = BTreeSet::new();
        statement::write(&query, &self.key_parameters(keys), &mut |row| {
            places.insert(place(row)?);
            Ok(())
        })?;
        Ok(places)
    }

    /// Locks the chunks of keys: those that nobody else is at, whose ids it gives; or all, waiting for others.
    fn lock_stored(&self, keys: &[&Key], locking: Locking) -> Result<Option<BTreeSet<i64>>> {
        if locking != Locking::Skip {
            return Ok(None);
        }
        let query = format!(
            "SELECT c.chunk_id FROM {} JOIN {} AS c ON {} FOR UPDATE OF c SKIP LOCKED",
            self.keys(),
            self.store,
            self.match_keys("c", &self.store_key)
        );
        let mut ids = BTreeSet::new();
        statement::write(&query, &self.key_parameters(keys), &mut |row| {
            ids.insert(row.require(1)?);
            Ok(())
        })?;
        Ok(Some(ids))
    }

    fn read_stored(
        &self,
        keys: &[&Key],
        locking: Locking,
        receive: &mut dyn FnMut(usize, Stored) -> Result<()>,
    ) -> Result<()> {
        let filled = |space: &&Space| format!(", c.{} IS NOT NULL", relation::quoted(&space.column));
        let query = format!(
            "SELECT n.place, c.chunk_id, c.seq, c.start_pos, c.end_pos, c.content_hash{} FROM {} JOIN {} AS c ON {} ORDER BY n.place, c.seq{}",
            self.spaces.iter().map(filled).collect::<String>(),
            self.keys(),
            self.store,
            self.match_keys("c", &self.store_key),
            match locking {
                Locking::Wait => " FOR UPDATE OF c",
                Locking::None | Locking::Skip => "",
            }
        );
        statement::write(&query, &self.key_parameters(keys), &mut |row| {
            let hash: Vec<u8> = row.require(6)?;
            let filled = (7..7 + self.spaces.len()).map(|column| row.require(column));
            let stored = Stored {
                id: row.require(2)?,
                seq: row.require(3)?,
                start: row.require(4)?,
                end: row.require(5)?,
                // A hash of another length is that of no text.
                hash: hash.try_into().unwrap_or([0; 32]),
                filled: filled.collect::<Result<_>>()?,
            };
            receive(place(row)?, stored)
        })
    }

    /// The chunks of a text, formatted.
    fn pieces(&self, text: &str, values: &[Option<String>], watch: &Foreground) -> Result<Vec<Piece>> {
        let chunks = self.cutter.cut(text, watch)?;
        let pieces = chunks.into_iter().map(|cut| {
            let formatted = self.vectorizer.formatting.fill(cut.chunk, values);
            let hash = hash_of(&formatted, cut.chunk);
            Piece {
                chunk: cut.chunk.to_string(),
                formatted,
                hash,
                start: cut.start,
                end: cut.end,
            }
        });
        Ok(pieces.collect())
    }

    /// The texts that have no vector yet, for each of the current spaces.
    pub fn missing<'r>(&self, rows: &'r [RowWork]) -> Vec<Vec<(Hash, &'r str)>> {
        let missing_in = |space: usize| {
            let rows = rows.iter().filter(|row| !row.is_busy);
            rows.flat_map(move |row| row.missing(space))
                .map(|piece| (piece.hash, piece.formatted.as_str()))
                .collect()
        };
        (0..self.spaces.len()).map(missing_in).collect()
    }

    /// Embeds the texts that have no vector yet, in each of the current spaces.
    pub fn embed(&self, rows: &[RowWork], embedders: &[Embedder], watch: &Foreground) -> Result<Vec<Vectors>> {
        let missing = self.missing(rows);
        let spaces = missing.iter().zip(embedders);
        spaces.map(|(texts, embedder)| embedder.embed(texts, watch)).collect()
    }

    /// Writes what is to be done about rows, and tells what became of each.
    pub fn write(&self, keys: &[&Key], rows: &[RowWork], vectors: &[&Vectors]) -> Result<Vec<Outcome>> {
        let mut work = StoreRows::new(self, vectors);
        let outcomes = keys.iter().zip(rows).map(|(key, row)| {
            let has_vectors = (0..self.spaces.len())
                .all(|space| row.missing(space).all(|piece| vectors[space].of(&piece.hash).is_some()));
            if row.is_busy || !has_vectors {
                return Ok(Outcome::Moving);
            }
            work.add(key, row);
            Ok(Outcome::Current)
        });
        let outcomes = outcomes.collect::<Result<_>>()?;
        work.write()?;
        Ok(outcomes)
    }
}

impl RowWork {
    fn nothing() -> RowWork {
        RowWork {
            is_busy: false,
            pieces: Vec::new(),
            stored: Vec::new(),
            changes: Changes {
                made_of: Vec::new(),
                gone: Vec::new(),
            },
        }
    }

    /// The chunks that have no vector in a space yet.
    fn missing(&self, space: usize) -> impl Iterator<Item = &Piece> {
        let has_vector = move |made_of: &Option<usize>| {
            let stored = made_of.and_then(|place| self.stored.get(place));
            stored.is_some_and(|stored| stored.filled.get(space) == Some(&true))
        };
        let pieces = self.pieces.iter().zip(&self.changes.made_of);
        pieces
            .filter(move |&(_, made_of)| !has_vector(made_of))
            .map(|(piece, _)| piece)
    }
}

/// The place of a key, from 0, in the first column.
fn place(row: &statement::Row<'_>) -> Result<usize> {
    let place: i64 = row.require(1)?;
    Ok(usize::try_from(place - 1).unwrap_or(usize::MAX))
}

/// SHA-256 of what is embedded and of the chunk, the first with its length before it.
fn hash_of(formatted: &str, chunk: &str) -> Hash {
    let mut digest = Sha256::new();
    digest.update((formatted.len() as u64).to_le_bytes());
    digest.update(formatted);
    digest.update(chunk);
    digest.finalize().into()
}

/// Makes the chunks of rows current, in the running transaction, which has written these rows or keeps others from writing them.
pub fn refresh_now(known: &Known, keys: &[Key]) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let watch = Foreground::new()?;
    identity::writing_as(known.vectorizer.owner, &known.vectorizer.settings, || {
        let refresh = Refresh::new(known)?;
        let embedders = refresh.embedders()?;
        let keys: Vec<&Key> = keys.iter().collect();
        for keys in keys.chunks(SLICE) {
            pgrx::check_for_interrupts!();
            let rows = refresh.prepare(keys, Locking::Wait, &watch)?;
            let vectors = refresh.embed(&rows, &embedders, &watch)?;
            refresh.write(keys, &rows, &vectors.iter().collect::<Vec<_>>())?;
        }
        Ok(())
    })
}
