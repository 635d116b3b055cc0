-- Training sets: what a query gives becomes conversations, filtered, without duplicates, split by group, and lines.

CREATE TABLE logged (answer_id int, customer text, question text, answer text, satisfaction numeric, intent text, lang text);
INSERT INTO logged
SELECT n, 'customer ' || n % 40, format('How do I return item %s of the series %s?', n * 7919 % 1000, md5(n::text)),
    format('Send item %s back within %s days, with the form %s in the parcel, please.', n * 7919 % 1000, n % 30 + 14, md5('form' || n)), 1 + n % 5,
    CASE WHEN n % 10 < 7 THEN 'return' WHEN n % 10 < 9 THEN 'refund' ELSE 'other' END, CASE WHEN n % 20 = 3 THEN 'de' ELSE 'en' END
FROM generate_series(1, 400) AS n;

-- What each step leaves out.
CREATE TEMPORARY TABLE options (o jsonb);
INSERT INTO options VALUES ('{"columns": {"group": "customer", "rating": "satisfaction", "label": "intent", "language": "lang", "id": ["answer_id", "customer"]}, "min_rating": 3, "languages": ["en"], "test": 0.2, "validation": 0.1, "pii": "keep"}');
SELECT dataset, version, train, validation, test, dropped, manifest - 'parts' - 'options' AS manifest
FROM assay.build_dataset('support', 'TABLE logged', (SELECT o FROM options));
SELECT version, train + validation + test AS rows, train > test AS most_train, test > 0 AS some_test, validation > 0 AS some_validation, built_by = current_user AS mine, query,
    hash = manifest #>> '{parts,train,sha256}' AS hash_of_train
FROM assay.datasets WHERE dataset = 'support';
SELECT part, count(*) = (manifest #>> ARRAY['parts', part, 'rows'])::int AS counted, count(DISTINCT source ->> 'customer') = (manifest #>> ARRAY['parts', part, 'groups'])::int AS grouped,
    min(r.rating) AS least, min(seq) AS first, count(DISTINCT seq) = max(seq) AS numbered
FROM assay.dataset_rows AS r JOIN assay.datasets AS d USING (dataset, version) WHERE dataset = 'support' GROUP BY part, manifest ORDER BY part;
-- No customer is on both sides.
SELECT source ->> 'customer' AS customer FROM assay.dataset_rows WHERE dataset = 'support' GROUP BY 1 HAVING count(DISTINCT part) > 1;

-- The same rows in another order, on another number of threads, are the same lines; another seed makes others.
SET assay.threads = 1;
SELECT version, hash = (SELECT hash FROM assay.datasets WHERE dataset = 'support' AND version = 1) AS same
FROM assay.build_dataset('support', 'SELECT * FROM logged ORDER BY answer_id DESC', (SELECT o FROM options));
RESET assay.threads;
SELECT version, hash = (SELECT hash FROM assay.datasets WHERE dataset = 'support' AND version = 1) AS same
FROM assay.build_dataset('support', 'TABLE logged', (SELECT o || '{"seed": 2}' FROM options));

-- Without a column the language is told from the texts.
SELECT train, manifest -> 'dropped' AS dropped FROM assay.build_dataset('languages', $$VALUES ('Where is the parcel that I have sent to you?', 'It is on its way to the city.'),
    ('Wo ist das Paket, das ich an die Firma geschickt habe?', 'Es ist auf dem Weg und wird noch heute da sein.'), ('123', '456')$$,
    '{"test": 0, "languages": ["de"], "columns": {"prompt": "column1", "answer": "column2"}}');

-- Duplicates, exact and near; of each the one rated best stays, and none is left in train that is in test.
CREATE TABLE twice AS SELECT answer_id, customer, question, answer, satisfaction FROM logged
UNION ALL SELECT answer_id + 1000, 'other ' || customer, question, answer, 9 FROM logged WHERE answer_id <= 50
UNION ALL SELECT answer_id + 2000, 'third ' || customer, question, answer || ' Thank you.', 0 FROM logged WHERE answer_id <= 100;
SELECT train + test AS rows, manifest -> 'dropped' AS dropped
FROM assay.build_dataset('once', 'TABLE twice', '{"columns": {"group": "customer", "rating": "satisfaction", "id": ["answer_id"]}, "test": 0, "pii": "keep"}');
SELECT count(*) AS rows, count(*) FILTER (WHERE rating = 9) AS best, count(*) FILTER (WHERE rating = 0) AS worst FROM assay.dataset_rows WHERE dataset = 'once';
SELECT dropped = 150 AS all_dropped, (manifest #>> '{dropped,leaked}')::int > 20 AS leaked
FROM assay.build_dataset('once', 'TABLE twice', '{"columns": {"group": "customer", "rating": "satisfaction"}, "test": 0.4, "pii": "keep"}');
SELECT train FROM assay.build_dataset('pairs', 'SELECT question, answer FROM twice', '{"near_duplicates": null, "test": 0, "pii": "keep"}');

-- Balanced.
SELECT manifest #> '{parts,train,labels}' AS labels, dropped FROM assay.build_dataset('balanced', 'SELECT question, answer, intent AS label FROM logged', '{"test": 0, "balance": 2, "pii": "keep"}');
SELECT manifest #> '{parts,train,labels}' AS labels FROM assay.build_dataset('balanced', 'SELECT question, answer, intent AS label FROM logged', '{"test": 0, "max_per_label": 30, "pii": "keep"}');

-- Conversations: what is none is counted, and why.
CREATE TABLE conversation (id int, messages jsonb);
INSERT INTO conversation VALUES
    (1, '[{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello \"there\""}, {"role": "assistant", "content": "Good day!\nHow are you?"}, {"role": "user", "content": "Fine"}, {"role": "assistant", "content": "Nice"}]'),
    (2, '[{"role": "user", "content": "One?", "at": "today"}, {"role": "assistant", "content": "Two"}]'),
    (3, '[{"role": "user", "content": "One?"}, {"role": "user", "content": "Two?"}, {"role": "assistant", "content": "Three"}]'),
    (4, '[{"role": "user", "content": "One?"}]'), (5, '[{"role": "assistant", "content": "One"}]'), (6, '{"role": "user"}'), (7, NULL),
    (8, '[{"role": "tool", "content": "One"}]'), (9, '[{"role": "user", "content": " "}, {"role": "assistant", "content": "x"}]');
SELECT version, train, dropped, manifest -> 'dropped' AS why FROM assay.build_dataset('talk', 'TABLE conversation', '{"test": 0, "system": "Answer briefly."}');
SELECT seq, messages, source FROM assay.dataset_rows WHERE dataset = 'talk' ORDER BY source ->> 'id';
SELECT format, line FROM unnest('{openai,sharegpt,instruction}'::text[]) AS format, assay.export_jsonl('talk', 'train', format) AS e WHERE line LIKE '%Nice%' ORDER BY format;
SELECT json_typeof(line::json) AS type, line::json #>> '{messages,0,content}' AS system FROM assay.export_jsonl('talk') ORDER BY 2;

-- Lines can be gone on with, and are those whose hash the manifest has.
SELECT count(*) FROM assay.export_jsonl('support@1', 'train', after => 100) AS later, assay.datasets AS d
WHERE d.dataset = 'support' AND d.version = 1 HAVING count(*) = max(d.train) - 100;
SELECT part, encode(sha256(convert_to(string_agg(line || E'\n', '' ORDER BY seq), 'UTF8')), 'hex') = (SELECT manifest #>> ARRAY['parts', part, 'sha256'] FROM assay.datasets WHERE dataset = 'support' AND version = 1) AS same
FROM unnest('{train,validation,test}'::text[]) AS part, assay.export_jsonl('support@1', part) GROUP BY part ORDER BY part;
SELECT count(*) FROM assay.export_jsonl('talk', 'test');

-- Data about persons is masked, or its rows are left out; what becomes of it is a policy.
CREATE TABLE personal (id int, question text, answer text);
INSERT INTO personal VALUES (1, 'I am ann@example.org, where is my parcel?', 'It is on its way, Ann Miller.'), (2, 'When are you open?', 'From nine to five.');
SELECT train, manifest -> 'redacted' AS redacted FROM assay.build_dataset('personal', 'TABLE personal', '{"test": 0, "policy": {"names": ["Ann Miller"]}}');
SELECT source, messages FROM assay.dataset_rows WHERE dataset = 'personal' ORDER BY source ->> 'id';
SELECT train, dropped, manifest -> 'dropped' AS why FROM assay.build_dataset('personal', 'TABLE personal', '{"test": 0, "pii": "drop"}');
SELECT train, dropped FROM assay.build_dataset('personal', 'TABLE personal', '{"test": 0, "pii": "keep"}');
SELECT * FROM assay.build_dataset('personal', 'TABLE personal', '{"policy": {"shoes": "mask"}}');

-- Others see nothing of it, and cannot use the name.
CREATE ROLE datasets_other;
SET ROLE datasets_other;
SELECT count(*) FROM assay.datasets;
SELECT count(*) FROM assay.dataset_rows;
SELECT * FROM assay.export_jsonl('talk');
SELECT * FROM assay.build_dataset('talk', $$SELECT 'a' AS question, 'b' AS answer$$);
SELECT assay.drop_dataset('talk');
SELECT * FROM assay.dataset_row;
-- The query runs as the caller.
SELECT * FROM assay.build_dataset('stolen', 'TABLE logged');
SELECT version, train FROM assay.build_dataset('own', $$SELECT 'a' AS question, 'b' AS answer$$, '{"test": 0}');
SELECT dataset, owner FROM assay.datasets;
RESET ROLE;
-- A role that has one is not dropped; what it has goes with what it owns.
DROP ROLE datasets_other;
SELECT * FROM assay.drop_owned('datasets_other');
DROP ROLE datasets_other;
SELECT count(*) FROM assay.dataset_row AS r WHERE NOT EXISTS (SELECT FROM assay.dataset AS d WHERE d.id = r.dataset_id);

-- Checks of what is read.
CREATE TABLE checked AS TABLE logged;
SELECT assay.add_check('checked', 'unique', 'customer') IS NOT NULL AS added;
SELECT status FROM assay.run_checks('checked');
SELECT manifest -> 'failing_checks' AS failing FROM assay.build_dataset('checked', 'TABLE checked', '{"pii": "keep"}');
SELECT * FROM assay.build_dataset('checked', 'TABLE checked', '{"pii": "keep", "failing_checks": "error"}');
SELECT manifest -> 'failing_checks' AS failing FROM assay.build_dataset('checked', 'TABLE checked', '{"pii": "keep", "failing_checks": "ignore"}');

-- Versions go one by one, and their numbers do not come again.
SELECT assay.drop_dataset('support', 3);
SELECT version FROM assay.datasets WHERE dataset = 'support' ORDER BY version;
SELECT version FROM assay.build_dataset('support', 'TABLE logged', (SELECT o FROM options));
SELECT assay.drop_dataset('support');
SELECT count(*) FROM assay.dataset_rows WHERE dataset = 'support';

-- What is not allowed.
SELECT * FROM assay.build_dataset(NULL, 'TABLE logged');
SELECT * FROM assay.build_dataset('bad', 'TABLE logged', '{"min_ratings": 3}');
SELECT * FROM assay.build_dataset('bad', 'TABLE logged', '{"test": 1}');
SELECT * FROM assay.build_dataset('bad', 'TABLE logged', '{"pii": "hide"}');
SELECT * FROM assay.build_dataset('bad', 'TABLE logged', '{"near_duplicates": 0.1}');
SELECT * FROM assay.build_dataset('bad', 'TABLE logged', '{"columns": {"group": "nobody"}}');
SELECT * FROM assay.build_dataset('bad', 'TABLE logged', '{"columns": {"rating": "customer"}}');
SELECT * FROM assay.build_dataset('bad', 'SELECT question FROM logged');
SELECT * FROM assay.build_dataset('bad', 'SELECT 1 AS messages');
SELECT * FROM assay.build_dataset('bad', 'SELECT question, answer FROM logged WHERE false');
SELECT * FROM assay.build_dataset('bad', 'TABLE logged', '{"columns": {"rating": "satisfaction"}, "min_rating": 6}');
SELECT * FROM assay.build_dataset('bad', 'DELETE FROM logged RETURNING question, answer');
SELECT * FROM assay.build_dataset('bad@1', 'TABLE logged');
SELECT * FROM assay.export_jsonl('nothing');
SELECT * FROM assay.export_jsonl('talk@9');
SELECT * FROM assay.export_jsonl('talk', 'exam');
SELECT * FROM assay.export_jsonl('talk', 'train', 'csv');
SELECT * FROM assay.export_jsonl('talk', after => NULL);
SELECT assay.drop_dataset('nothing');
SELECT assay.drop_dataset('talk', 9);
BEGIN READ ONLY;
SELECT * FROM assay.build_dataset('bad', 'TABLE logged');
ROLLBACK;
