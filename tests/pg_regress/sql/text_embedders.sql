-- Encoders by their files; what is none is refused, whatever its bytes are.

CREATE FUNCTION tokenizer(vocabulary text DEFAULT '{"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3}') RETURNS bytea LANGUAGE sql AS $$
    SELECT convert_to('{"normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": {"type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
        "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
        "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]}, "[SEP]": {"id": "[SEP]", "ids": [2], "tokens": ["[SEP]"]}}},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": ' || vocabulary || '}}', 'UTF8') $$;
-- The length of a header of safetensors: eight bytes, the lowest first.
CREATE FUNCTION safetensors(header text, contents bytea DEFAULT '') RETURNS bytea LANGUAGE sql AS $$
    SELECT set_byte(set_byte('\x0000000000000000'::bytea, 0, length(header) % 256), 1, length(header) / 256) || convert_to(header, 'UTF8') || contents $$;
CREATE FUNCTION config(VARIADIC more text[] DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
    SELECT '{"hidden_size": 4, "num_attention_heads": 2, "num_hidden_layers": 1, "intermediate_size": 8, "max_position_embeddings": 16, "type_vocab_size": 2, "vocab_size": 4}'::jsonb || jsonb_object(more) $$;
-- All that such an encoder has, each number a quarter.
CREATE FUNCTION weights(instead text DEFAULT '', other jsonb DEFAULT 'null') RETURNS bytea LANGUAGE sql AS $$
    WITH tensor (place, name, shape) AS (VALUES
        (1, 'embeddings.word_embeddings.weight', '[4, 4]'::jsonb), (2, 'embeddings.position_embeddings.weight', '[16, 4]'), (3, 'embeddings.token_type_embeddings.weight', '[2, 4]'),
        (4, 'embeddings.LayerNorm.weight', '[4]'), (5, 'embeddings.LayerNorm.bias', '[4]'),
        (6, 'encoder.layer.0.attention.self.query.weight', '[4, 4]'), (7, 'encoder.layer.0.attention.self.query.bias', '[4]'),
        (8, 'encoder.layer.0.attention.self.key.weight', '[4, 4]'), (9, 'encoder.layer.0.attention.self.key.bias', '[4]'),
        (10, 'encoder.layer.0.attention.self.value.weight', '[4, 4]'), (11, 'encoder.layer.0.attention.self.value.bias', '[4]'),
        (12, 'encoder.layer.0.attention.output.dense.weight', '[4, 4]'), (13, 'encoder.layer.0.attention.output.dense.bias', '[4]'),
        (14, 'encoder.layer.0.attention.output.LayerNorm.weight', '[4]'), (15, 'encoder.layer.0.attention.output.LayerNorm.bias', '[4]'),
        (16, 'encoder.layer.0.intermediate.dense.weight', '[8, 4]'), (17, 'encoder.layer.0.intermediate.dense.bias', '[8]'),
        (18, 'encoder.layer.0.output.dense.weight', '[4, 8]'), (19, 'encoder.layer.0.output.dense.bias', '[4]'),
        (20, 'encoder.layer.0.output.LayerNorm.weight', '[4]'), (21, 'encoder.layer.0.output.LayerNorm.bias', '[4]')
    ), sized AS (
        SELECT *, sum(4 * (shape ->> 0)::int * coalesce((shape ->> 1)::int, 1)) OVER (ORDER BY place) AS until FROM tensor
    )
    SELECT safetensors(jsonb_object_agg(name, jsonb_build_object('dtype', 'F32', 'shape', CASE name WHEN instead THEN other ELSE shape END, 'data_offsets',
        jsonb_build_array(until - 4 * (shape ->> 0)::int * coalesce((shape ->> 1)::int, 1), until)))::text, decode(repeat('0000803e', (max(until) / 4)::int), 'hex')) FROM sized $$;

SELECT model, version, algorithm, dimensions, metrics FROM assay.load_embedder('tiny', weights(), tokenizer(), config());
SELECT assay.embed('tiny', 'a'), assay.embed('tiny', ARRAY['a A', NULL, 'b']);
SELECT model, version FROM assay.load_embedder('tiny', weights(), tokenizer(), config('precision', 'int8', 'pooling', 'cls') || '{"normalize": false}', 'always');
SELECT assay.embed('tiny', 'a');
SELECT assay.most_similar('tiny', 'a');
SELECT assay.predict('tiny', 1);

SELECT assay.load_embedder(NULL, '', '');
SELECT assay.load_embedder('small', NULL, tokenizer(), config());
SELECT assay.load_embedder('small@1', safetensors('{}'), tokenizer(), config());
-- Weights: none, cut off, with a header of 2^60 bytes, of no JSON, with none of the tensors, and with one whose bytes are not there.
SELECT assay.load_embedder('small', '', tokenizer(), config());
SELECT assay.load_embedder('small', '\x0102', tokenizer(), config());
SELECT assay.load_embedder('small', '\x0000000000000010', tokenizer(), config());
SELECT assay.load_embedder('small', safetensors('what'), tokenizer(), config());
SELECT assay.load_embedder('small', safetensors('{}'), tokenizer(), config());
SELECT assay.load_embedder('small', safetensors('{"embeddings.word_embeddings.weight": {"dtype": "F32", "shape": [4, 4], "data_offsets": [0, 64]}}'), tokenizer(), config());
SELECT assay.load_embedder('small', safetensors('{"embeddings.word_embeddings.weight": {"dtype": "F32", "shape": [4611686018427387904, 4], "data_offsets": [0, 64]}}', decode(repeat('00', 64), 'hex')), tokenizer(), config());
SELECT assay.load_embedder('small', safetensors('{"embeddings.word_embeddings.weight": {"dtype": "F32", "shape": [4, 3], "data_offsets": [0, 48]}}', decode(repeat('00', 48), 'hex')), tokenizer(), config());
SELECT assay.load_embedder('small', weights('encoder.layer.0.output.dense.weight', '[8, 4]'), tokenizer(), config());
SELECT assay.load_embedder('small', set_byte(weights(), length(weights()) - 1, 127), tokenizer(), config());
-- Tokens: of no JSON, of another model, and without what every text begins with.
SELECT assay.load_embedder('small', weights(), 'what', config());
SELECT assay.load_embedder('small', weights(), '{"model": {"type": "BPE", "vocab": {}}}', config());
SELECT assay.load_embedder('small', weights(), tokenizer('{"a": 0}'), config());
-- Configurations.
SELECT assay.load_embedder('small', weights(), tokenizer(), '{}');
SELECT assay.load_embedder('small', weights(), tokenizer(), '[]');
SELECT assay.load_embedder('small', weights(), tokenizer(), config() || '{"hidden_size": 1e30}');
SELECT assay.load_embedder('small', weights(), tokenizer(), config() || '{"num_attention_heads": 3}');
SELECT assay.load_embedder('small', weights(), tokenizer(), config() || '{"max_seq_length": 17}');
SELECT assay.load_embedder('small', weights(), tokenizer(), config('pooling', 'best'));
SELECT assay.load_embedder('small', weights(), tokenizer(), config('precision', 'int4'));
SELECT assay.load_embedder('small', weights(), tokenizer(), config(), 'sometimes');
-- Nothing was stored, and what is no embedder embeds nothing.
SELECT count(*) FROM assay.models WHERE model = 'small';
SELECT assay.embed('small', 'a');
SELECT assay.embed('small', NULL::text) IS NULL AS is_null;
