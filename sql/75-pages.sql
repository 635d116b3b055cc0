-- Pages that people look at.

CREATE FUNCTION assay.render_profile(query text, format text DEFAULT 'text') RETURNS text
AS 'MODULE_PATHNAME', 'profile_page_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.render_profile(text, text) IS
'The profile of a query or relation as a page, with one line per column: type, meaning, share of NULLs, number of different values, the values (the most frequent, or the least, the median and the greatest), and their distribution. With more detail of the first 50 columns in markdown and html.
format: text, for a terminal: no line is wider than 118 cells, characters that would not print are escaped, and texts that are too long end in an ellipsis. markdown, for a ticket. html, a file of at most 1 MB that opens from disk, in light and dark, without script or request: psql -XAqt -c "SELECT assay.render_profile(''german_credit'', ''html'')" -o profile.html. Errors: 22023 another format, and as assay.profile.
Example: SELECT assay.render_profile(''german_credit'')';

CREATE FUNCTION assay.render_drift(reference text, current text, options jsonb DEFAULT '{}', format text DEFAULT 'text') RETURNS text
AS 'MODULE_PATHNAME', 'render_drift_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.render_drift(text, text, jsonb, text) IS
'What assay.drift finds as a page: what has drifted first, in markdown and html with the distributions of both sides beside each other. Both queries are read once, as the caller. Options as in assay.drift, format as in assay.render_profile. Errors: 22023 another format, and as assay.drift.
Example: SELECT assay.render_drift(''german_credit'', ''applicants'')';

CREATE FUNCTION assay.render_checks(relation regclass DEFAULT NULL, format text DEFAULT 'text') RETURNS text
AS 'MODULE_PATHNAME', 'render_checks_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.render_checks(regclass, text) IS
'How the stored checks of a relation stand, or of all that assay.checks shows, as a page, by the last run that assay.check_history shows: failures first, with the history of each, some of the rows that fail now and the SQL that gives all. No check is run; rows are those of assay.failing_rows, for those who may read them. format as in assay.render_profile. Errors: 22023 another format.
Example: SELECT assay.render_checks(''application'')';

CREATE FUNCTION assay.describe_model(model text, fields jsonb) RETURNS void
AS 'MODULE_PATHNAME', 'describe_model_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.describe_model(text, jsonb) IS
'Writes what only a person can say of a model, for its card (assay.render_model); the view assay.model_descriptions shows it. It is said of the model, whatever its version. Fields that are not given stay as they are, and null takes one back. Needs the privilege manage.
Texts of at most 20,000 characters: purpose, intended_use, users, out_of_scope, owner_contact, data_source, data_known_problems, decision, ethical_considerations, limits, monitoring, review. Arrays of at most 5 columns: slices (each of their values is judged apart), fairness_groups (between whose values it has to be fair). fairness_limits: an object as the option limits of assay.fairness, which the card then answers. Numbers: cost_false_positive, cost_false_negative, by which the card shows cost against threshold. Errors: 22023 another field, or one that is no such value; ML001, 42501.
Example: SELECT assay.describe_model(''credit'', ''{"purpose": "Ranks applications for credit by risk.", "fairness_groups": ["age_group"]}'')';

CREATE FUNCTION assay.render_model(model text, query text DEFAULT NULL, format text DEFAULT 'text') RETURNS text
AS 'MODULE_PATHNAME', 'render_model_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.render_model(text, text, text) IS
'The card of a model as a page: identity, purpose, data, features, method, performance, explanations, fairness, decision rule, limits, monitoring, changes, and how to reproduce it. What only people can say (assay.describe_model) and nobody has said is shown as not written yet.
query: rows with the target, on which the card judges the model, as the caller; without it the card shows what is stored. It is run once, and at most 2,000 of its rows, drawn by what is in them, are explained. Parts that need the privilege manage say so to others. format as in assay.render_profile: psql -XAqt -c "SELECT assay.render_model(''credit'', ''customers'', ''html'')" -o credit.html. Errors: 22023 another format; ML001, ML002, 42501; with a query those of assay.evaluate.
Example: SELECT assay.render_model(''credit'', ''SELECT * FROM customers WHERE is_test'')';

CREATE FUNCTION assay.render_reliability(format text DEFAULT 'text', at timestamptz DEFAULT pg_catalog.now()) RETURNS text
AS 'MODULE_PATHNAME', 'render_reliability_wrapper' LANGUAGE c STABLE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.render_reliability(text, timestamptz) IS
'The weekly page of reliability: what is open, with owners and deadlines; a calendar of the last twelve weeks, also by data product; incidents from when to when; uptime of data products; service levels with what is left of their error budgets; response times and coverage; and assets without an owner. It shows what assay.incidents, assay.issues and the other views show the caller, as it stood at a moment.
format as in assay.render_profile. at: the moment; days are those of the session''s time zone. Errors: 22023 another format, a NULL, or a moment that is not finite.
Example: SELECT assay.render_reliability()';
