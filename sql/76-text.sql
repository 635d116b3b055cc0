-- Texts: pieces of them, and embedders, which turn them into vectors.

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
