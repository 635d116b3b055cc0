-- Corpora: what texts are like, one by one and as a whole, and which do not hold any more.

CREATE FUNCTION assay.detect_language(input text) RETURNS text
AS 'MODULE_PATHNAME', 'detect_language_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION assay.detect_language(text) IS
'The language that most of a text is in, as a code of ISO 639-1 such as en; NULL where it cannot be told, as of names and numbers, and for NULL. By its script: ko, ja, zh, el, he, ar, fa, hi, bn, ta, th, ka, hy; in the Latin and the Cyrillic one by its common words: en, de, fr, es, it, pt, nl, sv, da, no, fi, pl, cs, tr, hu, ro, id, ru, uk, bg. O(length), and no more than the first 32 KB are looked at.
Example: SELECT assay.detect_language(''Wie lange habe ich Zeit, um einen Artikel zu tauschen?'')';

CREATE FUNCTION assay.encoding_damage(input text) RETURNS text
AS 'MODULE_PATHNAME', 'encoding_damage_wrapper' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION assay.encoding_damage(text) IS
'What is wrong with the encoding of a text: UTF-8 that was misread as Windows-1252, once or twice, replacement characters, control characters, characters that do not show. NULL where nothing is, and for NULL. O(length).
Example: SELECT assay.encoding_damage(U&''R\00C3\00BCckgabe'')';

CREATE FUNCTION assay.profile_corpus(query text, column_name text DEFAULT NULL, format text DEFAULT 'text') RETURNS text
AS 'MODULE_PATHNAME', 'profile_corpus_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.profile_corpus(text, text, text) IS
'What the texts of a query or relation are like, as a page: lengths, languages, damaged encodings, personal data, texts that repeat others or nearly so, and lines that many share. They are read once, as the caller, read-only. column_name: the column of texts, which may be left out where there is one only. format as in assay.render_profile. O(characters). Errors: 22023 another format, no column of texts or several, 42703 no such column, 53400 assay.max_memory, ML008 no query.
Example: SELECT assay.profile_corpus(''policy'', ''body'')';

CREATE FUNCTION assay.stale_documents(vectorizer text, updated_column text DEFAULT NULL, max_age interval DEFAULT NULL, superseded_column text DEFAULT NULL,
    sources_column text DEFAULT NULL, OUT key jsonb, OUT reason text, OUT since text) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'stale_documents_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE ROWS 100;
COMMENT ON FUNCTION assay.stale_documents(text, text, interval, text, text) IS
'The documents of a vectorizer that do not hold any more, one row for each reason: too old (updated_column is longer ago than max_age), superseded (superseded_column is not NULL), its sources changed (sources_column, a time, is after updated_column), and changed since it was embedded (it waits in the queue, which those see who act for the source''s owner). since: from when on, where that is known.
updated_column, unless given, is the first of updated_at, modified_at, changed_at, last_updated, last_modified, updated, modified, published_at that there is. The source is read as the caller, read-only. O(rows). Errors: 22023 a column is needed that says when rows changed, 42703 no such column, 42501, ML035 no such vectorizer.
Example: SELECT * FROM assay.stale_documents(''document'')';
