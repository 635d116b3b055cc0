//! What is written to the store: chunks that go, chunks that move, vectors of chunks that lack one, and new chunks; each of them in one statement for many rows.

use super::embedding::Vectors;
use super::refresh::{Key, Piece, Refresh, RowWork, Stored};
use crate::pg::cell::Parameter;
use crate::pg::error::Result;
use crate::pg::foreground::Foreground;
use crate::pg::text::Text;
use crate::pg::text_array::TextArray;
use crate::pg::{relation, statement};
use crate::text::search::{language, postings};

/// New chunks of one statement.
const BLOCK: usize = 512;

/// A chunk that is to be inserted.
struct New<'r> {
    key: &'r Key,
    seq: i32,
    piece: &'r Piece,
}

/// Work at the store, gathered.
pub struct StoreRows<'r> {
    refresh: &'r Refresh<'r>,
    vectors: &'r [&'r Vectors],
    gone: Vec<i64>,
    moved: Vec<(i64, i32, &'r Piece)>,
    /// For each space, chunks that get a vector.
    filled: Vec<Vec<(i64, &'r Piece)>>,
    new: Vec<New<'r>>,
}

impl<'r> StoreRows<'r> {
    /// No work yet. `vectors` are those of the current spaces.
    pub fn new(refresh: &'r Refresh<'r>, vectors: &'r [&'r Vectors]) -> StoreRows<'r> {
        StoreRows {
            refresh,
            vectors,
            gone: Vec::new(),
            moved: Vec::new(),
            filled: refresh.spaces.iter().map(|_| Vec::new()).collect(),
            new: Vec::new(),
        }
    }

    /// Adds what is to be done about a row.
    pub fn add(&mut self, key: &'r Key, row: &'r RowWork) {
        self.gone.extend(
            row.changes
                .gone
                .iter()
                .filter_map(|&place| row.stored.get(place))
                .map(|stored| stored.id),
        );
        for ((piece, made_of), seq) in row.pieces.iter().zip(&row.changes.made_of).zip(1..) {
            match made_of.and_then(|place| row.stored.get(place)) {
                None => self.new.push(New { key, seq, piece }),
                Some(stored) => self.keep(stored, seq, piece),
            }
        }
    }

    /// A chunk that was there before.
    fn keep(&mut self, stored: &'r Stored, seq: i32, piece: &'r Piece) {
        if (stored.seq, stored.start, stored.end) != (seq, piece.start, piece.end) {
            self.moved.push((stored.id, seq, piece));
        }
        for (chunks, is_filled) in self.filled.iter_mut().zip(&stored.filled) {
            if !is_filled {
                chunks.push((stored.id, piece));
            }
        }
    }

    /// Writes all of it.
    pub fn write(self) -> Result<()> {
        postings::remove(self.refresh.vectorizer.id, &self.gone)?;
        self.delete()?;
        self.update_places()?;
        for space in 0..self.filled.len() {
            self.fill(space)?;
        }
        let blocks = self.new.chunks(BLOCK);
        blocks.into_iter().try_for_each(|block| self.insert(block))
    }

    fn delete(&self) -> Result<()> {
        if self.gone.is_empty() {
            return Ok(());
        }
        statement::run(
            &format!(
                "DELETE FROM {} AS c WHERE c.chunk_id OPERATOR(pg_catalog.=) ANY ($1)",
                self.refresh.store
            ),
            &[self.gone.clone().into()],
        )
    }

    fn update_places(&self) -> Result<()> {
        if self.moved.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = self.moved.iter().map(|(id, ..)| *id).collect();
        let seqs: Vec<i32> = self.moved.iter().map(|(_, seq, _)| *seq).collect();
        let starts: Vec<i32> = self.moved.iter().map(|(.., piece)| piece.start).collect();
        let ends: Vec<i32> = self.moved.iter().map(|(.., piece)| piece.end).collect();
        statement::run(
            &format!(
                "UPDATE {} AS c SET seq = n.seq, start_pos = n.start_pos, end_pos = n.end_pos
FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4)) AS n(id, seq, start_pos, end_pos)
WHERE c.chunk_id OPERATOR(pg_catalog.=) n.id",
                self.refresh.store
            ),
            &[ids.into(), seqs.into(), starts.into(), ends.into()],
        )
    }

    /// Gives chunks that were there before their vectors in a space.
    fn fill(&self, space: usize) -> Result<()> {
        for block in self.filled[space].chunks(BLOCK) {
            let ids: Vec<i64> = block.iter().map(|(id, _)| *id).collect();
            let pieces = block.iter().map(|(_, piece)| *piece);
            statement::run(
                &format!(
                    "UPDATE {} AS c SET {} = {}
FROM pg_catalog.unnest($1) WITH ORDINALITY AS n(id, place)
WHERE c.chunk_id OPERATOR(pg_catalog.=) n.id",
                    self.refresh.store,
                    relation::quoted(&self.refresh.spaces[space].column),
                    self.vector(space, 2)
                ),
                &[ids.into(), self.numbers(space, pieces).into()],
            )?;
        }
        Ok(())
    }

    /// The vectors of pieces, one after the other.
    fn numbers<'p>(&self, space: usize, pieces: impl Iterator<Item = &'p Piece>) -> Vec<f32> {
        let vectors = pieces.filter_map(|piece| self.vectors[space].of(&piece.hash));
        vectors.flatten().copied().collect()
    }

    /// The vector of place `n.place` in the parameter of this number, as the space's column has it.
    fn vector(&self, space: usize, parameter: usize) -> String {
        let space = self.refresh.spaces[space];
        let width = space.width;
        format!(
            "((${parameter}::pg_catalog.float4[])[((n.place OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog.*) {width} OPERATOR(pg_catalog.+) 1)::pg_catalog.int4:(n.place OPERATOR(pg_catalog.*) {width})::pg_catalog.int4])::{}",
            space.column_type
        )
    }

    fn insert(&self, block: &[New<'r>]) -> Result<()> {
        let keys: Vec<&Key> = block.iter().map(|new| new.key).collect();
        let mut parameters = self.refresh.key_parameters(&keys);
        let chunks: Vec<Text> = block.iter().map(|new| Text::from(new.piece.chunk.as_str())).collect();
        let hashes: Vec<Vec<u8>> = block.iter().map(|new| new.piece.hash.to_vec()).collect();
        let own: [Parameter; 5] = [
            block.iter().map(|new| new.seq).collect::<Vec<i32>>().into(),
            TextArray::from(chunks).into(),
            block.iter().map(|new| new.piece.start).collect::<Vec<i32>>().into(),
            block.iter().map(|new| new.piece.end).collect::<Vec<i32>>().into(),
            hashes.into(),
        ];
        parameters.extend(own);
        let lists: Vec<String> = (1..=parameters.len())
            .map(|number| format!("pg_catalog.unnest(${number})"))
            .collect();
        let key = self.refresh.layout.key.iter().zip(1..);
        let names: String = key.clone().map(|(_, number)| format!("k{number}, ")).collect();
        let values: String = key
            .map(|(column, number)| format!("n.k{number}::{}, ", column.type_name))
            .collect();
        let mut columns: Vec<String> = self
            .refresh
            .store_key
            .iter()
            .map(|name| relation::quoted(name))
            .collect();
        columns.extend(["seq", "chunk", "start_pos", "end_pos", "content_hash"].map(String::from));
        let mut vectors = String::new();
        for (place, space) in self.refresh.spaces.iter().enumerate() {
            columns.push(relation::quoted(&space.column));
            parameters.push(self.numbers(place, block.iter().map(|new| new.piece)).into());
            vectors.push_str(", ");
            vectors.push_str(&self.vector(place, parameters.len()));
        }
        let mut ids: Vec<i64> = Vec::with_capacity(block.len());
        statement::write(
            &format!(
                "INSERT INTO {} ({}) SELECT {values}n.seq, n.chunk, n.start_pos, n.end_pos, n.content_hash{vectors}
FROM ROWS FROM ({}) WITH ORDINALITY AS n({names}seq, chunk, start_pos, end_pos, content_hash, place) ORDER BY n.place RETURNING chunk_id",
                self.refresh.store,
                columns.join(", "),
                lists.join(", ")
            ),
            &parameters,
            &mut |row| {
                ids.push(row.require(1)?);
                Ok(())
            },
        )?;
        let chunks = ids.into_iter().zip(block.iter().map(|new| new.piece.chunk.as_str()));
        let language = language(&self.refresh.vectorizer.indexing)?;
        postings::add(
            self.refresh.vectorizer.id,
            language,
            &chunks.collect::<Vec<_>>(),
            &Foreground::new()?,
        )
    }
}
