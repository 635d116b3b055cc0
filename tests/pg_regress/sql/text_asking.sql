-- Questions that a model answers: what is refused before anybody is asked, what is kept, and who sees it. What a model is told and says is in tests/clients/asking.py.

SET client_min_messages = warning;
SET assay.endpoints = '127.0.0.1:9';
CREATE ROLE owner_of_help;
CREATE ROLE reader_of_help;
CREATE SCHEMA help AUTHORIZATION owner_of_help;
GRANT USAGE ON SCHEMA help TO reader_of_help;
SELECT version, dimensions FROM assay.load_word_vectors('words', $$VALUES ('tea', '{1,0}'::real[]), ('goods', '{0,1}')$$);
SELECT assay.grant_model('words', 'owner_of_help', 'predict');
SET ROLE owner_of_help;
CREATE TABLE help.faq (id int PRIMARY KEY, at date NOT NULL, body text);
INSERT INTO help.faq VALUES (1, '2026-01-01', 'Goods may be returned within 30 days.'), (2, '2026-01-02', 'Shipping of goods is free.'), (3, '2026-01-03', 'Tea is no good that may be returned.');
SELECT assay.create_vectorizer('help.faq', '{"column": "body"}', 'words@1', consistency => 'transaction') > 0 AS made;
GRANT SELECT ON help.faq TO reader_of_help;
RESET ROLE;
-- A server that nobody may reach.
CREATE SERVER nowhere FOREIGN DATA WRAPPER assay_http OPTIONS (base_url 'http://127.0.0.1:9/v1');
SELECT assay.register_remote('writer', 'nowhere', 'm', 'generation');
SELECT assay.create_prompt('poor', 'Say it: $question'), assay.create_prompt('own', 'From $sources, answer $question');

-- Without a conversation a question is itself, and nobody is asked.
SELECT assay.rewrite_question('[]', ' How long? ', 'writer');
SELECT assay.rewrite_question(NULL, 'How long?', 'writer');
SELECT assay.rewrite_question('[]', '?', 'writer');
SELECT assay.rewrite_question('[]', NULL, 'writer');
SELECT assay.rewrite_question('[]', 'How long?', NULL);
SELECT assay.rewrite_question('[]', 'How long?', 'nobody');
SELECT assay.rewrite_question('[]', 'How long?', 'words');
SELECT assay.rewrite_question('[]', 'How long?', 'writer', 'poor');
SELECT assay.rewrite_question('{"role": "user"}', 'How long?', 'writer');
SELECT assay.rewrite_question('[{"role": "system", "content": "obey"}]', 'How long?', 'writer');
SELECT assay.rewrite_question('[{"role": "user", "content": "x", "tool_calls": []}]', 'How long?', 'writer');
SELECT assay.rewrite_question('[{"role": "user", "content": 1}]', 'How long?', 'writer');
SELECT assay.rewrite_question('[{"role": "user"}]', 'How long?', 'writer');
SELECT assay.rewrite_question('[{"role": "user", "content": "x"}]', 'How long?', 'writer');

-- What cannot be asked.
SELECT * FROM assay.ask('help.faq', 'How long?');
SELECT * FROM assay.ask('nothing', 'How long?', model => 'writer');
SELECT * FROM assay.ask('help.faq', NULL, model => 'writer');
SELECT * FROM assay.ask('help.faq', '...', model => 'writer');
SELECT * FROM assay.ask('help.faq', 'How long?', model => 'words');
SELECT * FROM assay.ask('help.faq', 'How long?', model => 'writer', k => 0);
SELECT * FROM assay.ask('help.faq', 'How long?', model => 'writer', mode => 'both');
SELECT * FROM assay.ask('help.faq', 'How long?', model => 'writer', prompt => 'poor');
SELECT * FROM assay.ask('help.faq', 'How long?', model => 'writer', prompt => 'words');
SELECT * FROM assay.ask('help.faq', 'How long?', model => 'writer', filter => 'id = 1; DROP TABLE help.faq');
SELECT * FROM assay.ask('help.faq', 'How long?', model => 'writer', options => '{"near_duplicate": 0.1}');
SELECT * FROM assay.ask('help.faq', 'How long?', model => 'writer', options => '{"temperature": 3}');
SELECT * FROM assay.ask('help.faq', 'How long?', model => 'writer', options => '{"context_tokens": 15}');
SELECT * FROM assay.ask('help.faq', 'How long?', model => 'writer', options => '{"patience": -1}');
SELECT * FROM assay.ask('help.faq', 'How long?', model => 'writer', options => '{"no such option": 1}');
SELECT * FROM assay.ask('help.faq', 'goods', model => 'writer', mode => 'text');
BEGIN READ ONLY;
SELECT * FROM assay.ask('help.faq', 'goods', model => 'writer');
ROLLBACK;

-- Where nothing is found, nobody is asked: the log says why there is no answer.
SELECT assay.grant_model('writer', 'reader_of_help', 'predict');
GRANT USAGE ON FOREIGN SERVER nowhere TO reader_of_help;
SET ROLE reader_of_help;
SELECT answer, citations, abstained FROM assay.ask('help.faq', 'zebras', model => 'writer', mode => 'text', prompt => NULL);
RESET ROLE;
SELECT answer, citations, abstained FROM assay.ask('help.faq', 'zebras', history => '[{"role": "user", "content": "hello"}]', model => 'writer', mode => 'text', options => '{"rewrite": false}');
SELECT vectorizer, source, asked_by, question, history, rewritten, search, retrieved, sources, prompt, model, reply, answer, citations, refused_quotes, abstained, reason,
       prompt_tokens, answer_tokens, calls, cost, seconds > 0 AS took, model_seconds FROM assay.answers WHERE asked_by = 'reader_of_help';
SELECT count(*) FROM assay.answers;
SET ROLE reader_of_help;
SELECT count(*) FROM assay.answers;
SELECT count(*) FROM assay.answer;
SELECT count(*) FROM assay.answer_opinion;
SELECT count(*) FROM assay.document_exclusion;
RESET ROLE;
SET ROLE owner_of_help;
SELECT count(*) FROM assay.answers;
RESET ROLE;

-- What people say of answers. These are as assay.ask would have kept them.
INSERT INTO assay.answer (id, vectorizer_id, vectorizer, asked_by, question, history, rewritten, search, retrieved, sources, model, reply, answer, citations, refused, prompt_tokens,
    answer_tokens, calls, cost, seconds, model_seconds)
SELECT 1000 + n, v.id, 'faq', 'reader_of_help'::regrole, 'How long?', '[]', 'How long?', '{}', '[]', '[{"source": 1, "text": "Goods may be returned within 30 days."}]', 'writer@1', '{}',
    'Goods may be returned within 30 days. Pandas eat 17 tons of bamboo.',
    jsonb_build_array(jsonb_build_object('source', 1, 'key', jsonb_build_object('id', 1 + n % 2), 'seq', 1, 'version', '00', 'quote', CASE n % 2 WHEN 0 THEN 'within 30 days' ELSE 'for 5 euros' END)),
    0, 10, 5, 1, 0, 1, 1
FROM assay.vectorizer v, generate_series(1, 12) n WHERE v.name = 'faq';
SET ROLE reader_of_help;
SELECT assay.feedback(1001, 1, 'good', true), assay.feedback(1001, -1);
SELECT answer_id, vectorizer, given_by, rating, comment, resolved FROM assay.answer_feedback;
SELECT assay.feedback(1001, 2);
SELECT assay.feedback(1001, NULL);
SELECT assay.feedback(NULL, 1);
SELECT assay.feedback(999999, 1);
SELECT assay.feedback(1001, 1, repeat('x', 10001));
SELECT count(assay.feedback(1000 + n, CASE n % 2 WHEN 0 THEN 0 ELSE -1 END, NULL, CASE n % 2 WHEN 0 THEN true END)) FROM generate_series(1, 12) n;
SELECT key, cited, rated, satisfied, satisfaction, round(low::numeric, 4) AS low, round(high::numeric, 4) AS high, others, misleads, excluded FROM assay.document_satisfaction('help.faq');
SELECT key FROM assay.document_satisfaction('help.faq', since => now() + interval '1 day');
-- Against the documents of now.
SELECT citation, key, seq, quote, status, current_seq, version FROM assay.verify_citations(1002);
SELECT citation, key, seq, quote, status, current_seq, version FROM assay.verify_citations(1001);
SELECT assay.faithfulness(1001), assay.faithfulness(min(id)) AS nothing FROM assay.answers;
SELECT * FROM assay.verify_citations(999999);
SELECT assay.faithfulness(999999);
SELECT * FROM assay.evaluate_answers('help.faq', 'SELECT 1 AS x', 'writer');
SELECT * FROM assay.evaluate_answers('help.faq', 'SELECT 1 AS question', 'writer');
SELECT * FROM assay.evaluate_answers('help.faq', 'SELECT NULL AS question, 1 AS key', 'writer');
SELECT * FROM assay.evaluate_answers('help.faq', 'SELECT 1 AS question, 1 AS key WHERE false', 'writer');
SELECT * FROM assay.evaluate_answers('help.faq', 'DELETE FROM help.faq', 'writer');
-- Of questions that find nothing nobody is asked.
SELECT question, measure, value, low, high, questions, answer_id IS NOT NULL AS kept
FROM assay.evaluate_answers('help.faq', $$SELECT * FROM (VALUES ('zebras', NULL, NULL), ('lions', 'thirty', NULL), ('bears', NULL, 1)) AS t(question, answer, key)$$, 'writer', mode => 'text');
-- Only the owner of the source leaves documents out.
SELECT assay.exclude_document('help.faq', '1');
SELECT assay.include_document('help.faq', '1');
RESET ROLE;
-- Somebody else sees nothing of it.
CREATE ROLE stranger_to_help;
GRANT USAGE ON SCHEMA help TO stranger_to_help;
SET ROLE stranger_to_help;
SELECT count(*) FROM assay.answers;
SELECT count(*) FROM assay.answer_feedback;
SELECT assay.feedback(1001, 1);
SELECT * FROM assay.verify_citations(1001);
SELECT * FROM assay.document_satisfaction('help.faq');
SELECT assay.prune_answers();
RESET ROLE;

-- Documents that are left out of search, whoever searches, until that is undone.
SET ROLE owner_of_help;
SELECT key FROM assay.search('help.faq', 'goods', mode => 'text') ORDER BY key::text;
SELECT assay.exclude_document('help.faq', '{"id": 1}', 'out of date'), assay.exclude_document('help.faq', '1'), assay.exclude_document('help.faq', '99');
SELECT vectorizer, source, key, reason, excluded_by FROM assay.document_exclusions ORDER BY key::text;
SELECT key FROM assay.search('help.faq', 'goods', mode => 'text') ORDER BY key::text;
SELECT key FROM assay.search('help.faq', 'goods', mode => 'vector') ORDER BY key::text;
SELECT key FROM assay.search('help.faq', 'goods', filter => 'id < 3') ORDER BY key::text;
SELECT status FROM assay.verify_citations(1002);
SELECT key, misleads, excluded FROM assay.document_satisfaction('help.faq');
SELECT assay.include_document('help.faq', '{"id": 1}'), assay.include_document('help.faq', '1');
SELECT key FROM assay.search('help.faq', 'goods', mode => 'text') ORDER BY key::text;
SELECT assay.exclude_document('help.faq', '{"no": 1}');
SELECT assay.exclude_document('help.faq', '{"id": null}');
SELECT assay.exclude_document('help.faq', '"word"');
SELECT assay.exclude_document('help.faq', NULL);
SELECT assay.exclude_document('nothing', '1');
-- A key of several columns, one of them a date, under whatever settings.
CREATE TABLE help.page (id int, at date, body text, PRIMARY KEY (id, at));
SELECT assay.create_vectorizer('help.page', '{"column": "body"}', 'words@1', consistency => 'transaction') > 0 AS made;
INSERT INTO help.page VALUES (1, '2026-03-04', 'tea'), (1, '2026-04-03', 'tea, too');
SET DateStyle = 'German, DMY';
SELECT assay.exclude_document('help.page', '{"id": 1, "at": "03.04.2026"}');
SET DateStyle = 'SQL, MDY';
SELECT key FROM assay.search('help.page', 'tea', mode => 'text');
RESET DateStyle;
SELECT assay.exclude_document('help.page', '1');
-- Who asked may leave: what was answered, and what was said of it, stays with the owner of the source, without a name.
RESET ROLE;
CREATE ROLE asker_who_leaves;
GRANT USAGE ON SCHEMA help TO asker_who_leaves;
GRANT SELECT ON help.faq TO asker_who_leaves;
GRANT USAGE ON FOREIGN SERVER nowhere TO asker_who_leaves;
SELECT assay.grant_model('writer', 'asker_who_leaves', 'predict');
SET ROLE asker_who_leaves;
SELECT answer, abstained FROM assay.ask('help.faq', 'giraffes', model => 'writer', mode => 'text');
SELECT assay.feedback(max(id), -1, 'Nothing.') FROM assay.answers;
RESET ROLE;
DROP OWNED BY asker_who_leaves;
SELECT * FROM assay.drop_owned('asker_who_leaves');
DROP ROLE asker_who_leaves;
SET ROLE owner_of_help;
SELECT question, asked_by, abstained FROM assay.answers WHERE question = 'giraffes';
SELECT given_by, rating, comment FROM assay.answer_feedback WHERE comment = 'Nothing.';
-- A key that got another type: what its values of before were is still left out where it is still there, keeps no search from answering, and can be undone.
CREATE TABLE help.note (code text PRIMARY KEY, body text);
SELECT assay.create_vectorizer('help.note', '{"column": "body"}', 'words@1', consistency => 'transaction') > 0 AS made;
INSERT INTO help.note VALUES ('7', 'tea seven'), ('eight', 'tea eight'), ('9', 'tea nine');
SELECT assay.exclude_document('help.note', '"eight"'), assay.exclude_document('help.note', '7');
SELECT key FROM assay.search('help.note', 'tea', mode => 'text') ORDER BY key::text;
DELETE FROM help.note WHERE code = 'eight';
ALTER TABLE help.note ADD id int;
UPDATE help.note SET id = code::int;
ALTER TABLE help.note DROP CONSTRAINT note_pkey, ADD PRIMARY KEY (id);
ALTER TABLE help.note_chunks ALTER code TYPE int USING code::int;
SELECT key FROM assay.search('help.note', 'tea', mode => 'text') ORDER BY key::text;
SELECT assay.exclude_document('help.note', '9');
SELECT key FROM assay.search('help.note', 'tea', mode => 'text') ORDER BY key::text;
SELECT vectorizer, key FROM assay.document_exclusions WHERE vectorizer = 'note' ORDER BY key::text COLLATE "C";
SELECT assay.include_document('help.note', '"eight"'), assay.include_document('help.note', '"eight"'), assay.include_document('help.note', '7');
SELECT key FROM assay.search('help.note', 'tea', mode => 'text') ORDER BY key::text;
SELECT assay.drop_vectorizer('help.note');
-- What is dropped takes its exclusions along, and leaves what was answered to who asked.
SELECT assay.drop_vectorizer('help.page');
SELECT count(*) FROM assay.document_exclusions WHERE vectorizer = 'page';
SELECT assay.drop_vectorizer('help.faq');
SELECT count(*) FROM assay.answers;
RESET ROLE;
SELECT vectorizer_id IS NULL AS gone FROM assay.document_exclusion;
SET ROLE reader_of_help;
SELECT count(*) FROM assay.answers;
SELECT status FROM assay.verify_citations(1002);
RESET ROLE;

-- How long answers are kept.
SHOW assay.answer_retention;
UPDATE assay.answer SET asked_at = asked_at - interval '91 days' WHERE id < 1007 AND id > 1000;
SET ROLE reader_of_help;
SET assay.answer_retention = '1s';
SELECT assay.prune_answers();
SELECT count(*) FROM assay.answers WHERE id > 1000;
SELECT count(*) FROM assay.answer_feedback;
RESET ROLE;
SET assay.answer_retention = -1;
SELECT assay.prune_answers();
SET assay.answer_retention = 0;
SELECT assay.prune_answers() > 0 AS pruned, (SELECT count(*) FROM assay.answers) AS seen_before;
SELECT count(*) FROM assay.answers;
RESET assay.answer_retention;
DROP SCHEMA help CASCADE;
DROP OWNED BY reader_of_help, owner_of_help, stranger_to_help;
SELECT count(*) FROM (VALUES ('reader_of_help'), ('owner_of_help')) AS r (name), assay.drop_owned(r.name);
DROP ROLE reader_of_help, owner_of_help, stranger_to_help;
