-- What people see of issues, and say of them.

-- What runs of checks look for: open issues of a check, and closed ones of the same.
CREATE INDEX issue_open_check_idx ON assay.issue (check_id) WHERE status OPERATOR(pg_catalog.=) 'open';
CREATE INDEX issue_closed_idx ON assay.issue (asset_id, subject, ended_at) WHERE status OPERATOR(pg_catalog.=) 'closed';

-- The result of a check is for those who may see it in the history: a segment is made of values of rows. That something failed, and of what, is for
-- all who may know of the asset, and for its owners.
CREATE VIEW assay.issues WITH (security_barrier) AS
    SELECT i.id, COALESCE(n.label, i.asset_name) AS asset, i.check_id, CASE WHEN v.sees_result THEN i.segment END AS segment, i.status, i.triage,
           i.severity, i.occurrences, i.started_at, i.last_seen_at, i.ended_at,
           (SELECT pg_catalog.string_agg(w.name, ', ' ORDER BY w.name)
            FROM assay_internal.asset_owner o JOIN assay.owner w ON w.id OPERATOR(pg_catalog.=) o.owner_id
            WHERE o.asset_id OPERATOR(pg_catalog.=) i.asset_id) AS owner,
           i.incident_id, CASE WHEN v.sees_result THEN i.message END AS message, i.kind, i.subject,
           i.reopenings OPERATOR(pg_catalog.>=) 3 AS flapping, i.reopenings, i.passes,
           CASE WHEN v.sees_result OR v.owns THEN i.triage_note END AS triage_note, i.triaged_by, i.triaged_at, i.survived
    FROM assay.issue i
    LEFT JOIN assay_internal.asset_now n ON n.id OPERATOR(pg_catalog.=) i.asset_id
    CROSS JOIN LATERAL (
        SELECT (pg_catalog.pg_has_role(i.ran_as, 'USAGE') OR pg_catalog.pg_has_role(i.added_by, 'USAGE')
                OR i.shareable AND NOT EXISTS (
                    SELECT FROM pg_catalog.unnest(i.reads) AS t(relation)
                    WHERE (SELECT NOT r.relrowsecurity AND pg_catalog.has_table_privilege(r.oid, 'SELECT')
                              AND pg_catalog.has_schema_privilege(r.relnamespace, 'USAGE')
                           FROM pg_catalog.pg_class r WHERE r.oid OPERATOR(pg_catalog.=) t.relation::pg_catalog.oid) IS NOT TRUE)) IS TRUE AS sees_result,
               (pg_catalog.pg_has_role(i.ran_as, 'USAGE') OR pg_catalog.pg_has_role(i.added_by, 'USAGE')) IS TRUE AS is_own,
               i.asset_id OPERATOR(pg_catalog.=) ANY (ARRAY(
                    SELECT o.asset_id FROM assay_internal.asset_owner o
                    WHERE o.owner_id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT a.owner_id FROM assay_internal.acting_owner a))
                      AND EXISTS (SELECT FROM assay_internal.acting_owner))) AS owns) v
    WHERE v.is_own OR v.owns OR assay_internal.may_see_asset(n.kind, n.name, n.relation::pg_catalog.oid);
COMMENT ON VIEW assay.issues IS
'What is, or was, wrong with assets that the current role may know of, that it owns, or of which it found it: one row per asset, check or other finder, subject and segment, from when it was first found until it passed. What is found again within 24 hours is the same issue.
Example: SELECT id, asset, subject, severity, occurrences, message FROM assay.issues WHERE status = ''open'' ORDER BY started_at';
COMMENT ON COLUMN assay.issues.id IS 'The issue''s key.';
COMMENT ON COLUMN assay.issues.asset IS 'What it is about: of a check its relation, of drift, performance and guards the model.';
COMMENT ON COLUMN assay.issues.check_id IS 'The check that found it, which may have been dropped since; NULL for others.';
COMMENT ON COLUMN assay.issues.segment IS 'The segment; NULL without one, and to those who may not see the result.';
COMMENT ON COLUMN assay.issues.status IS 'open or closed.';
COMMENT ON COLUMN assay.issues.triage IS 'investigating, expected, fixed or false_positive; NULL where nobody has looked yet.';
COMMENT ON COLUMN assay.issues.severity IS 'error or warn: the worst that it was.';
COMMENT ON COLUMN assay.issues.occurrences IS 'How often it was found.';
COMMENT ON COLUMN assay.issues.started_at IS 'When it was first found.';
COMMENT ON COLUMN assay.issues.last_seen_at IS 'When it was last found.';
COMMENT ON COLUMN assay.issues.ended_at IS 'When it was closed; NULL while it is open.';
COMMENT ON COLUMN assay.issues.owner IS 'Who owns the asset; NULL where nobody does.';
COMMENT ON COLUMN assay.issues.incident_id IS 'The incident that it belongs to.';
COMMENT ON COLUMN assay.issues.message IS 'What was found last; NULL to those who may not see the result.';
COMMENT ON COLUMN assay.issues.kind IS 'check, freshness (a check of kind recency), drift, performance, guard or dbt: what found it.';
COMMENT ON COLUMN assay.issues.subject IS 'What of the asset failed: the name of the check, the column that drifted, the metric.';
COMMENT ON COLUMN assay.issues.flapping IS 'Whether it comes and goes: it was found again within 24 hours three times or more. Its coming again is then told no more.';
COMMENT ON COLUMN assay.issues.reopenings IS 'How often it was found again within 24 hours after it had been closed.';
COMMENT ON COLUMN assay.issues.passes IS 'How often it has passed since it was last found.';
COMMENT ON COLUMN assay.issues.triage_note IS 'What was said of it; NULL to those who neither own the asset nor may see the result.';
COMMENT ON COLUMN assay.issues.triaged_by IS 'The name of the role that said so, as it was then.';
COMMENT ON COLUMN assay.issues.triaged_at IS 'When.';
COMMENT ON COLUMN assay.issues.survived IS 'Whether the transaction that last found it was rolled back.';
GRANT SELECT ON assay.issues TO PUBLIC;

CREATE TRIGGER inserted AFTER INSERT ON assay.issue REFERENCING NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('issues', 'ran_as', 'added_by');
CREATE TRIGGER updated AFTER UPDATE ON assay.issue REFERENCING OLD TABLE AS old NEW TABLE AS new
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('issues', 'ran_as', 'added_by');
CREATE TRIGGER deleted AFTER DELETE ON assay.issue REFERENCING OLD TABLE AS old
    FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.record_roles('issues', 'ran_as', 'added_by');

CREATE FUNCTION assay.triage(issue bigint, status text, note text DEFAULT NULL) RETURNS void
AS 'MODULE_PATHNAME', 'triage_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.triage(bigint, text, text) IS
'Says what becomes of an issue, with the caller''s name and the time: investigating; expected or false_positive, of which nobody is told any more; fixed, with which the next pass closes it, and a failure after that is news again. What was said before is replaced. note: why, at most 2,000 bytes; without values of rows, as all owners of the asset read it.
Takes a role that acts for an owner of the asset, the owner of the relation or one who may manage the model, or the owner of the database. Errors: ML025 no such issue, 22023 a NULL, another status, a note that is too long, 42501, 25006.
Example: SELECT assay.triage(id, ''investigating'', ''the load of Friday'') FROM assay.issues WHERE status = ''open''';

CREATE FUNCTION assay.close_after(check_id bigint, passes integer) RETURNS void
AS 'MODULE_PATHNAME', 'close_after_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.close_after(bigint, integer) IS
'Sets how often in a row a check has to pass for its issues to be closed, 1 until it is set. passes: 1 to 1000. Takes the role that added the check, or one that may set triggers on its relation. Errors: ML014 no such check, 22023, 42501, 25006.
Example: SELECT assay.close_after(check_id, 3) FROM assay.checks WHERE name = ''not_null_age''';
