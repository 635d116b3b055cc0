-- Search in the texts of a vectorizer, and how good it is.

-- Rows of words are written once and never changed: whoever writes a text appends, and waits for nobody.
CREATE TABLE assay.posting (
    vectorizer_id  bigint NOT NULL,
    word           text COLLATE "C" NOT NULL,
    segment        bigint NOT NULL,
    first_document bigint NOT NULL,
    last_document  bigint NOT NULL,
    documents      bigint NOT NULL,
    max_frequency  bigint NOT NULL,
    min_length     bigint NOT NULL,
    content        bytea NOT NULL,
    CONSTRAINT posting_pkey PRIMARY KEY (vectorizer_id, word, segment, first_document)
);
CREATE INDEX posting_segment_idx ON assay.posting (vectorizer_id, segment);
COMMENT ON TABLE assay.posting IS 'In which chunks of a vectorizer a word is, in blocks: what text search reads.';
COMMENT ON COLUMN assay.posting.vectorizer_id IS 'The vectorizer.';
COMMENT ON COLUMN assay.posting.word IS 'The word, as text search has it.';
COMMENT ON COLUMN assay.posting.segment IS 'The segment that the block is part of.';
COMMENT ON COLUMN assay.posting.first_document IS 'The first chunk of the block.';
COMMENT ON COLUMN assay.posting.last_document IS 'The last chunk of the block.';
COMMENT ON COLUMN assay.posting.documents IS 'How many chunks there are in it.';
COMMENT ON COLUMN assay.posting.max_frequency IS 'How often the word is in one of them at most.';
COMMENT ON COLUMN assay.posting.min_length IS 'How many words the shortest of them has.';
COMMENT ON COLUMN assay.posting.content IS 'The chunks, with frequencies and lengths.';

CREATE TABLE assay.posting_segment (
    vectorizer_id bigint NOT NULL,
    segment       bigint NOT NULL,
    documents     bigint NOT NULL,
    words         bigint NOT NULL,
    CONSTRAINT posting_segment_pkey PRIMARY KEY (vectorizer_id, segment)
);
COMMENT ON TABLE assay.posting_segment IS 'The segments of a vectorizer''s text search, each written at once.';
COMMENT ON COLUMN assay.posting_segment.vectorizer_id IS 'The vectorizer.';
COMMENT ON COLUMN assay.posting_segment.segment IS 'The segment''s number.';
COMMENT ON COLUMN assay.posting_segment.documents IS 'How many chunks are in it.';
COMMENT ON COLUMN assay.posting_segment.words IS 'How many words they have together.';

CREATE SEQUENCE assay.posting_segment_number;
COMMENT ON SEQUENCE assay.posting_segment_number IS 'The numbers of segments.';

CREATE TABLE assay.posting_pending (
    vectorizer_id bigint NOT NULL,
    document      bigint NOT NULL,
    content       bytea NOT NULL,
    CONSTRAINT posting_pending_pkey PRIMARY KEY (vectorizer_id, document)
);
COMMENT ON TABLE assay.posting_pending IS 'Chunks whose words are in no segment yet. Text search reads these one by one.';
COMMENT ON COLUMN assay.posting_pending.vectorizer_id IS 'The vectorizer.';
COMMENT ON COLUMN assay.posting_pending.document IS 'The chunk.';
COMMENT ON COLUMN assay.posting_pending.content IS 'Its words, and how often each is there.';

CREATE TABLE assay.posting_removed (
    vectorizer_id bigint NOT NULL,
    document      bigint NOT NULL,
    CONSTRAINT posting_removed_pkey PRIMARY KEY (vectorizer_id, document)
);
COMMENT ON TABLE assay.posting_removed IS 'Chunks that are gone, and still in a segment or pending.';
COMMENT ON COLUMN assay.posting_removed.vectorizer_id IS 'The vectorizer.';
COMMENT ON COLUMN assay.posting_removed.document IS 'The chunk.';

SELECT pg_catalog.pg_extension_config_dump('assay.posting', '');
SELECT pg_catalog.pg_extension_config_dump('assay.posting_segment', '');
SELECT pg_catalog.pg_extension_config_dump('assay.posting_segment_number', '');
SELECT pg_catalog.pg_extension_config_dump('assay.posting_pending', '');
SELECT pg_catalog.pg_extension_config_dump('assay.posting_removed', '');
