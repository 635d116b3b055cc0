-- Questions to SQL, as far as no model has to answer; tests/clients/text_to_sql.py has one that does.

SET client_min_messages = warning;
SELECT * FROM assay.text_to_sql('How many?', 'no_writer');
SELECT * FROM assay.text_to_sql(NULL, 'no_writer');
SELECT * FROM assay.text_to_sql(' ', 'no_writer');
SELECT * FROM assay.text_to_sql('How many?', NULL);
SELECT * FROM assay.text_to_sql('How many?', 'no_writer', ARRAY[NULL]);
SELECT * FROM assay.text_to_sql('How many?', 'no_writer', options => '{"max_rows": 1}');
SELECT * FROM assay.text_to_sql('How many?', 'no_writer', options => '{"max_cost": 0}');
SELECT * FROM assay.text_to_sql('How many?', 'no_writer', options => '{"examples": 21}');
SELECT * FROM assay.evaluate_text_to_sql('SELECT 1 AS question, 2 AS sql', 'no_writer');
SELECT * FROM assay.evaluate_text_to_sql('SELECT 1 AS question, 2 AS sql', 'no_writer', options => '{"timeout": 0}');
SELECT * FROM assay.evaluate_text_to_sql('SELECT 1 AS question, 2 AS sql', 'no_writer', options => '{"max_rows": "x"}');
