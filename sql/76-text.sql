-- Texts: pieces of them, and embedders, which turn them into vectors.

-- Pieces of texts.

CREATE FUNCTION assay.chunk_text(input text, size integer, overlap integer DEFAULT 0, strategy text DEFAULT 'recursive',
    OUT seq integer, OUT chunk text, OUT start_pos integer, OUT end_pos integer) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'chunk_text_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000 ROWS 20;
COMMENT ON FUNCTION assay.chunk_text(text, integer, integer, text) IS
'The pieces of a text, numbered from 1. start_pos and end_pos are positions of characters in the input, from 1, the end exclusive: chunk is substring(input, start_pos, end_pos - start_pos). White space around a piece is left out, except by characters, and but for the indentation of a line; a piece never ends within what readers take for one character. NULL has no pieces.
strategy: characters, words, sentences, paragraphs (at blank lines), tokens(embedder): pieces of at most so many of these, and size and overlap are counted in them. recursive: at most size characters, cut at the strongest boundary there is: a blank line, else a line break, the end of a sentence, a space, the end of a word; markdown: the same, but headings are stronger than blank lines, the higher the stronger, and a heading stays with what follows it. What is repeated of the piece before, at most overlap, begins where a sentence does if it can, else a word. Words and sentences are those of Unicode''s annex 29. O(length). Errors: 22023 a size below 1, an overlap that is not less than the size, no such strategy; ML001, ML002 no such embedder, ML010 a model that is none, 42501, 53400 assay.max_memory.
Example: SELECT seq, chunk, start_pos, end_pos FROM assay.chunk_text(E''One. Two two.\n\nThree three.'', 12, 0, ''recursive'')';

-- Embedders.

CREATE FUNCTION assay.embed(model text, input text) RETURNS real[]
AS 'MODULE_PATHNAME', 'embed_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000000;
COMMENT ON FUNCTION assay.embed(text, text) IS
'The vector of a text by a local embedder: one that assay.load_embedder, assay.train_word2vec or their kin made. An empty text has a vector, too. What is longer than the embedder''s window is cut off.
The same text gives the same bits, whatever else is embedded with it, on any number of threads, under any plan, on any x86 processor with FMA. NULL for NULL.
The weights are read into the backend''s memory by mapping a file that the backends of a database share; the first call after the server started writes it. O(tokens). Errors: ML001, ML002 no such model or version, ML010 a model that is no local embedder, 42501.
Example: SELECT assay.embed(''minilm'', ''How long do I have to return an item?'')';

CREATE FUNCTION assay.embed(model text, input text[]) RETURNS real[]
AS 'MODULE_PATHNAME', 'embed_array_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 10000000;
COMMENT ON FUNCTION assay.embed(text, text[]) IS
'The vectors of texts as an array of two dimensions, a row for each; the elements of the row of a NULL are NULL. The vectors are those that assay.embed(model, input) gives of each text, computed on up to assay.threads threads. Errors as there, and 53400 assay.max_memory.
Example: SELECT assay.embed(''minilm'', ARRAY[''The refund period is 14 days.'', ''The cat sat on the mat''])';
