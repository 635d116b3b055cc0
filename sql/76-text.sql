-- Texts: pieces of them, and embedders, which turn them into vectors.

-- Pieces of texts.

CREATE FUNCTION assay.chunk_text(input text, size integer, overlap integer DEFAULT 0, strategy text DEFAULT 'recursive',
    OUT seq integer, OUT chunk text, OUT start_pos integer, OUT end_pos integer) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'chunk_text_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000 ROWS 20;
COMMENT ON FUNCTION assay.chunk_text(text, integer, integer, text) IS
'The pieces of a text, numbered from 1. start_pos and end_pos are positions of characters in the input, from 1, the end exclusive: chunk is substring(input, start_pos, end_pos - start_pos). White space around a piece is left out, except by characters, and but for the indentation of a line; a piece never ends within what readers take for one character. NULL has no pieces.
strategy: characters, words, sentences, paragraphs (at blank lines), tokens(embedder): pieces of at most so many of these, and size and overlap are counted in them. recursive: at most size characters, cut at the strongest boundary there is: a blank line, else a line break, the end of a sentence, a space, the end of a word; markdown: the same, but headings are stronger than blank lines, the higher the stronger, and a heading stays with what follows it. What is repeated of the piece before, at most overlap, begins where a sentence does if it can, else a word. Words and sentences are those of Unicode''s annex 29. O(length). Errors: 22023 a size below 1, an overlap that is not less than the size, no such strategy; ML001, ML002 no such embedder, ML010 a model that is none, 42501, 53400 assay.max_memory.
Example: SELECT seq, chunk, start_pos, end_pos FROM assay.chunk_text(E''One. Two two.\n\nThree three.'', 12, 0, ''recursive'')';

-- Embedders made of words.

CREATE FUNCTION assay.train_word2vec(name text, query text, options jsonb DEFAULT '{}', deploy text DEFAULT 'auto',
    OUT model text, OUT version integer, OUT algorithm text, OUT dimensions integer, OUT bytes bigint, OUT metrics jsonb, OUT duration interval) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'train_word2vec_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 1;
COMMENT ON FUNCTION assay.train_word2vec(text, text, jsonb, text) IS
'Learns vectors of words from the sentences of a query (word2vec) as a new version of an embedder, which assay.embed, assay.most_similar and vectorizers use: the vector of a text is the mean of its words''. The query has one column: text[], an element a word as it is written, or text, of whose words small letters are learned. It is run as the caller, read-only.
options, with gensim''s names and defaults: vector_size 100, window 5, min_count 5, sg 0 (CBOW; 1 skip-gram), hs 0 (1 hierarchical softmax), negative 5, ns_exponent 0.75, cbow_mean 1, sample 0.001, alpha 0.025, min_alpha 0.0001, epochs 5, shrink_windows 1, seed 1; and shuffle 0: sentences are learned from as the query brings them (1: in an order that depends on nothing but what they say). deploy: auto (if none is deployed yet), always, never.
The same rows in the same order, which an ORDER BY makes sure of, give the same bytes for a seed on any number of threads; shuffled, in any order. O(words x epochs x vector_size). Errors: 22023 unknown or wrong options, ML005 a column of another type, ML007 no word is frequent enough, ML008, 42501, 53400 assay.max_memory.
Example: SELECT model, version, metrics FROM assay.train_word2vec(''animals'', $$SELECT regexp_split_to_array(s, '' '') FROM (VALUES (''the cat says meow''), (''the dog says woof'')) AS t(s)$$, ''{"vector_size": 10, "min_count": 1}'')';

CREATE FUNCTION assay.load_word_vectors(name text, query text, deploy text DEFAULT 'auto',
    OUT model text, OUT version integer, OUT algorithm text, OUT dimensions integer, OUT bytes bigint, OUT metrics jsonb, OUT duration interval) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'load_word_vectors_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 1;
COMMENT ON FUNCTION assay.load_word_vectors(text, text, text) IS
'Makes an embedder of words and vectors that are known, such as GloVe''s or fastText''s in a table, as a new version: the vector of a text is the mean of its words'', in units of its length; a word counts as it is written, else in small letters, else not. The query, run as the caller, read-only, has two columns: text, and real[] or float8[], all of one length. O(rows x length). Errors: 22023, ML005 a NULL or a column of another type, ML007 a word that comes twice or a vector of another length, ML008, 42501, 53400 assay.max_memory.
Example: SELECT model, version, dimensions FROM assay.load_word_vectors(''colours'', $$VALUES (''red'', ''{1, 0}''::real[]), (''blue'', ''{0, 1}'')$$)';

CREATE FUNCTION assay.train_tf_idf(name text, query text, options jsonb DEFAULT '{}', deploy text DEFAULT 'auto',
    OUT model text, OUT version integer, OUT algorithm text, OUT dimensions integer, OUT bytes bigint, OUT metrics jsonb, OUT duration interval) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'train_tf_idf_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE COST 1000000 ROWS 1;
COMMENT ON FUNCTION assay.train_tf_idf(text, text, jsonb, text) IS
'Makes an embedder that counts the words of a text, each the more the fewer of the query''s texts have it (tf-idf, as scikit-learn computes it), as a new version. The query, run as the caller, read-only, has one column: text or text[]. options: width 1024, the numbers of a vector: so many words that most texts have; hashed false: with true words fall by their hash into so many places, and all count; min_df 1, words that fewer texts have are left out; sublinear_tf false: with true a word that occurs n times counts 1 + ln(n). O(words). Errors: 22023 unknown or wrong options, ML005, ML007 no word counts, ML008, 42501, 53400 assay.max_memory.
Example: SELECT model, version, dimensions FROM assay.train_tf_idf(''rare_words'', $$VALUES (''the cat''), (''the dog'')$$)';

CREATE FUNCTION assay.vocabulary(model text, OUT word text, OUT count bigint, OUT vector real[]) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'vocabulary_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 10000 ROWS 10000;
COMMENT ON FUNCTION assay.vocabulary(text) IS
'The words of an embedder that assay.train_word2vec or assay.load_word_vectors made: how often each occurs in what it was learned from (NULL where the vectors were given), and its vector. The most frequent come first. Errors: ML001, ML002 no such model or version, ML010 an embedder without words, 42501.
Example: SELECT word, count FROM assay.vocabulary(''words'') LIMIT 3';

CREATE FUNCTION assay.most_similar(model text, input text, k integer DEFAULT 10, OUT word text, OUT similarity double precision) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'most_similar_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000000 ROWS 10;
COMMENT ON FUNCTION assay.most_similar(text, text, integer) IS
'The k words of an embedder whose vectors have the least angle to that of a word (as it is written, else in small letters), the nearest first; similarity is the angle''s cosine. O(words x dimensions). Errors: 22023 a word that it does not know, ML001, ML002, ML010 an embedder without words, 42501.
Example: SELECT word, similarity FROM assay.most_similar(''words'', ''cat'', 3)';

CREATE FUNCTION assay.analogy(model text, a text, b text, c text, k integer DEFAULT 10, OUT word text, OUT similarity double precision) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'analogy_wrapper' LANGUAGE c STABLE PARALLEL SAFE COST 1000000 ROWS 10;
COMMENT ON FUNCTION assay.analogy(text, text, text, text, integer) IS
'What is to c as b is to a: man is to king as woman is to queen. The k words, but for these three, whose vectors have the least angle to b - a + c, each of length 1. Errors as assay.most_similar.
Example: SELECT word, similarity FROM assay.analogy(''words'', ''man'', ''king'', ''woman'', 1)';

-- Embedders.

CREATE FUNCTION assay.load_embedder(name text, weights bytea, tokenizer bytea, config jsonb DEFAULT '{}', deploy text DEFAULT 'auto')
RETURNS TABLE (model text, version integer, algorithm text, dimensions integer, bytes bigint, metrics jsonb, duration interval)
AS 'MODULE_PATHNAME', 'load_embedder_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1;
COMMENT ON FUNCTION assay.load_embedder(text, bytea, bytea, jsonb, text) IS
'Makes an encoder of the BERT family (all-MiniLM, BGE, E5; cross-encoders with a score head) a version of a model, which assay.embed then computes inside the server. Versions, aliases, grants, deployment, rollback and pg_dump are those of all models.
weights: the bytes of a safetensors file; tokenizer: those of its tokenizer.json (WordPiece; its truncation and padding do not matter). Of large objects lo_get gives them, of files on the server pg_read_binary_file, each to whoever may read these.
config: the model''s own config.json (other keys are ignored), and max_seq_length (256 unless given, at most max_position_embeddings): so many tokens of a text count; pooling (mean, cls, max): what becomes of the tokens'' vectors; normalize (true): vectors have length 1; precision (f32, int8): int8 takes a quarter of the memory and less time, and its vectors are nearly those of f32.
deploy: auto (when no version is deployed yet), always, never. Vectors of different versions are not to be compared.
The whole model is checked: names, shapes, finite numbers. O(bytes); memory: the weights twice. Errors: 22023 what was given is no such model, or does not fit together, 42501 not yours, 53400 assay.max_memory, 54000 more than 1 GB.
Example: SELECT version, dimensions FROM assay.load_embedder(''minilm'', (SELECT content FROM file WHERE name = ''model.safetensors''), (SELECT content FROM file WHERE name = ''tokenizer.json''), (SELECT convert_from(content, ''UTF8'')::jsonb FROM file WHERE name = ''config.json''))';

CREATE FUNCTION assay.embed(model text, input text) RETURNS real[]
AS 'MODULE_PATHNAME', 'embed_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 200000;
COMMENT ON FUNCTION assay.embed(text, text) IS
'The vector of a text by a local embedder: one that assay.load_embedder, assay.train_word2vec or their kin made. An empty text has a vector, too. What is longer than the embedder''s window is cut off.
The same text gives the same bits, whatever else is embedded with it, on any number of threads, under any plan, on any x86 processor with FMA. NULL for NULL.
The weights are read into the backend''s memory by mapping a file that the backends of a database share; the first call after the server started writes it. O(tokens). Errors: ML001, ML002 no such model or version, ML010 a model that is no local embedder, 42501.
Example: SELECT assay.embed(''minilm'', ''How long do I have to return an item?'')';

CREATE FUNCTION assay.embed(model text, input text[]) RETURNS real[]
AS 'MODULE_PATHNAME', 'embed_array_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 2000000;
COMMENT ON FUNCTION assay.embed(text, text[]) IS
'The vectors of texts as an array of two dimensions, a row for each; the elements of the row of a NULL are NULL. The vectors are those that assay.embed(model, input) gives of each text, computed on up to assay.threads threads. Errors as there, and 53400 assay.max_memory.
Example: SELECT assay.embed(''minilm'', ARRAY[''The refund period is 14 days.'', ''The cat sat on the mat''])';
