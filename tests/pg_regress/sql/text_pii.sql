-- Personal data in texts: found, and taken out.

SELECT * FROM assay.find_pii('Dr. Jane Doe <jane@example.com>, (212) 555-0123, IBAN DE89 3704 0044 0532 0130 00, card 4111 1111 1111 1111, SSN 219-09-9998.');
SELECT * FROM assay.find_pii('Steuer-ID 86095742719, 주민번호 900101-1234568, NINO AB 12 34 56 C, von 10.0.0.1 und 2001:db8::1');
-- What looks like it and is none: check digits that are wrong, dates, versions, amounts, other codes.
SELECT * FROM assay.find_pii('DE89370400440532013001 4111111111111112 666-12-3456 86095742718 900101-1234567 GB123456A 256.1.1.1 v1.2.3.4 2024-01-15 $212 555 0123 12:30:45 a@b');
-- Positions are those of characters.
SELECT kind, value, start_pos, substring(input, start_pos, end_pos - start_pos) = value AS there
FROM (VALUES ('größte Müller 👩‍👧 müller@bücher.de, 김철수는 kim@example.com입니다')) AS t(input), assay.find_pii(input, NULL, '{Müller,김철수}');

-- Only some kinds, and names.
SELECT kind, value FROM assay.find_pii('a@example.com 219-09-9998 AB123456C 212-555-0123', '{national_id}');
SELECT kind, value FROM assay.find_pii('a@example.com 219-09-9998 AB123456C 212-555-0123', '{phone,email}');
SELECT kind, value FROM assay.find_pii('Anna Schmidt and ANNA met Annabel; Frau Weber too', '{person}', '{Anna,Schmidt,""}');
SELECT count(*) FROM assay.find_pii('a@example.com', '{}');
SELECT count(*) FROM assay.find_pii(NULL);
SELECT count(*) FROM assay.find_pii('');
CALL fails($$SELECT * FROM assay.find_pii('a', '{mail}')$$);
CALL fails($$SELECT * FROM assay.find_pii('a', '{email,NULL}')$$);
CALL fails($$SELECT * FROM assay.find_pii('a', NULL, '{NULL}')$$);

-- Of a table, also by workers.
CREATE TABLE pii_note (id int, body text);
INSERT INTO pii_note SELECT i, format('Customer %s <user%s@example.com> called from 212-555-%s', i, i % 10, lpad(i::text, 4, '0')) FROM generate_series(1, 2000) AS i;
SELECT kind, count(*), count(DISTINCT value) FROM pii_note, assay.find_pii(body) GROUP BY kind ORDER BY kind;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT count(*), count(DISTINCT assay.redact(body, '{"email": "hash"}')), min(assay.redact(body)) FROM pii_note;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
-- An index by what is found.
CREATE INDEX ON pii_note ((assay.redact(body))) ; -- is not possible: it is not immutable
CREATE FUNCTION has_pii(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT EXISTS (SELECT FROM assay.find_pii($1))';
CREATE INDEX ON pii_note (id) WHERE has_pii(body);

-- What becomes of it.
SELECT assay.redact('Anna, a@example.com, 212-555-0123, 10.0.0.1');
SELECT assay.redact('Anna, a@example.com, 212-555-0123, 10.0.0.1', '{"names": ["Anna"], "ip": "keep", "phone": "hash"}');
SELECT assay.redact('Anna, a@example.com', '"keep"'), assay.redact('a@example.com 219-09-9998', '{"default": "keep", "national_id": "mask"}');
SELECT assay.redact('A@Example.com', '"hash"') = '[email:' || left(encode(sha256('a@example.com'), 'hex'), 16) || ']' AS is_sha256;
SELECT assay.redact(NULL), assay.redact('a', NULL), assay.redact('');
SELECT string_agg(assay.redact('a@example.com 10.0.0.1', policy), ' | ' ORDER BY n) FROM (VALUES (1, '{}'::jsonb), (2, '{"ip": "keep"}'), (3, '{}')) AS t(n, policy);
CALL fails($$SELECT assay.redact('a', '[]')$$);
CALL fails($$SELECT assay.redact('a', '"hide"')$$);
CALL fails($$SELECT assay.redact('a', '{"mail": "mask"}')$$);
CALL fails($$SELECT assay.redact('a', '{"email": 1}')$$);
CALL fails($$SELECT assay.redact('a', '{"names": ["a", 1]}')$$);

-- Pseudonyms: the same for a key, nobody's.
CALL fails($$SELECT assay.redact('a', '"pseudonym"')$$);
SELECT current_setting('data_directory') || '/assay_pseudonyms.key' AS key \gset
COPY (SELECT 'a secret of more than sixteen bytes') TO :'key';
SET assay.pseudonym_key_file = :'key';
SELECT kind, value, assay.redact(value, '{"default": "pseudonym", "names": ["Anna", "Schmidt"]}') AS pseudonym
FROM assay.find_pii('Anna Schmidt anna@example.com +49 30 1234567 DE89370400440532013000 4111111111111111 219-09-9998 86095742719 900101-1234568 AB123456C 10.0.0.1 2001:db8::1', NULL, '{Anna,Schmidt}');
SELECT count(DISTINCT assay.redact(spelling, '"pseudonym"')) FROM unnest('{4111 1111 1111 1111,4111111111111111,4111-1111-1111-1111}'::text[]) AS spelling;
SELECT count(DISTINCT assay.redact(body, '"pseudonym"')) AS different FROM pii_note;
-- Another key, other pseudonyms.
SELECT assay.redact('anna@example.com', '"pseudonym"') AS one \gset
COPY (SELECT 'another secret of more than sixteen bytes') TO :'key';
SELECT assay.redact('anna@example.com', '"pseudonym"') <> :'one' AS differs;
COPY (SELECT 'short') TO :'key';
CALL fails($$SELECT assay.redact('a', '"pseudonym"')$$);
COPY (SELECT) TO :'key';
CALL fails($$SELECT assay.redact('a', '"pseudonym"')$$);
SET assay.pseudonym_key_file = '/nowhere/at/all';
CALL fails($$SELECT assay.redact('a', '"pseudonym"')$$);
CREATE ROLE pii_user;
SET ROLE pii_user;
CALL fails($$SET assay.pseudonym_key_file = '/etc/passwd'$$);
RESET ROLE;
DROP ROLE pii_user;
RESET assay.pseudonym_key_file;

-- Options of servers.
CREATE SERVER pii_server FOREIGN DATA WRAPPER assay_http OPTIONS (base_url 'https://a/v1', columns 'public.pii_note.body, "My Kb".article.*', redact '{"email": "hash"}');
CALL fails($$ALTER SERVER pii_server OPTIONS (SET columns 'body')$$);
CALL fails($$ALTER SERVER pii_server OPTIONS (SET redact 'hide')$$);
CALL fails($$ALTER SERVER pii_server OPTIONS (SET redact '{"mail": "mask"}')$$);
DROP SERVER pii_server;
DROP TABLE pii_note;
