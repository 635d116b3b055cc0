-- What in texts tells of persons: found, and taken out.

CREATE FUNCTION assay.find_pii(input text, kinds text[] DEFAULT NULL, names text[] DEFAULT NULL,
    OUT kind text, OUT value text, OUT start_pos integer, OUT end_pos integer) RETURNS SETOF record
AS 'MODULE_PATHNAME', 'find_pii_wrapper' LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 ROWS 5;
COMMENT ON FUNCTION assay.find_pii(text, text[], text[]) IS
'What in a text tells of a person, in its order; nothing lies over another. start_pos and end_pos are positions of characters from 1, the end exclusive: value is substring(input, start_pos, end_pos - start_pos). NULL has nothing.
kinds, NULL for all: email; phone (international numbers, national ones that are grouped as in their country, others where a word such as call or fax stands near); iban (length of the country, remainder of 97); card (prefix and length of an issuer, Luhn); us_ssn, de_tax_id, kr_rrn, uk_nino, or national_id for these four (each by its rules and check digits); ip (versions 4 and 6); person: those in names, as they are written or in capitals, and what stands behind a title or "my name is".
Where findings lie over each other, the kind that is told most surely wins: email, iban, ip, the numbers of identity, card, phone, person. O(length). Errors: 22023 no such kind, 22004 a NULL in an array, 53200.
Example: SELECT * FROM assay.find_pii(''Call Ms. Doe at (212) 555-0123 or mail doe@example.com'')';

CREATE FUNCTION assay.redact(input text, policy jsonb DEFAULT '{}') RETURNS text
AS 'MODULE_PATHNAME', 'redact_wrapper' LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION assay.redact(text, jsonb) IS
'The text without what assay.find_pii finds in it. policy: an action for each kind (email, phone, iban, card, us_ssn, de_tax_id, kr_rrn, uk_nino, ip, person; national_id for the four numbers of identity), default for all others, and names, the persons to look for: {"email": "pseudonym", "default": "mask", "names": ["Anna"]}; or one action alone, as a JSON string. NULL for NULL.
Actions: mask, unless said: [email]; hash: [email:973dfe463ec85785], the first 64 bits of SHA-256, which anybody can compute who guesses the value; pseudonym: something of the same shape that is nobody''s, such as xegabo1234@example.com, the same for all spellings of a value, in every text and database that has the same key; keep.
The key of pseudonyms is in the file that assay.pseudonym_key_file names, which a superuser sets. O(length). Errors: 22023 what is no policy, ML041 pseudonyms without a key, 53200.
Example: SELECT assay.redact(''Call Ms. Doe at (212) 555-0123'', ''{"person": "keep"}'')';
