-- Who sees which incident and which note, and who may do what to it.
SET timezone = 'UTC';
SET jit = off;
CREATE ROLE inc_owner;      -- owns the incident: by a role of its own
CREATE ROLE inc_lead;       -- leads it
CREATE ROLE inc_declarer;   -- declared it
CREATE ROLE inc_asset;      -- owns one of its assets, but not the incident
CREATE ROLE inc_reader;     -- may read one of its assets
CREATE ROLE inc_member;     -- is in the team that owns it
CREATE ROLE inc_stranger;
CREATE ROLE inc_steward;    -- owns the database
CREATE TABLE inc_upstream AS SELECT NULL::int AS x;
CREATE TABLE inc_downstream AS SELECT NULL::int AS x;
GRANT SELECT ON inc_downstream TO inc_reader, inc_declarer;
SELECT assay.add_owner('inc owner', 'team', 'inc_owner') IS NOT NULL AS a, assay.add_owner('inc lead', 'person', 'inc_lead') IS NOT NULL AS b,
       assay.add_owner('inc asset', 'person', 'inc_asset') IS NOT NULL AS c, assay.add_owner('inc nobody', 'person') IS NOT NULL AS d;
SELECT assay.own('inc asset', 'inc_downstream');
SELECT assay.add_check(r::regclass, 'not_null', 'x', name => r || ' has x') > 0 AS added FROM unnest('{inc_upstream,inc_downstream}'::text[]) AS r;
SELECT name, status FROM assay.run_checks('inc_upstream') UNION ALL SELECT name, status FROM assay.run_checks('inc_downstream') ORDER BY 1;
CREATE FUNCTION tried(act text) RETURNS text LANGUAGE plpgsql AS $$
    BEGIN EXECUTE act; RETURN 'done'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ': ' || SQLERRM; END $$;
-- what each role sees, and may do; what is done is undone
CREATE FUNCTION seen(who text) RETURNS TABLE (role text, incidents text, notes bigint) LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM set_config('role', who, true);
        RETURN QUERY SELECT who, (SELECT string_agg(i.title || ' ' || i.assets::text, '; ' ORDER BY i.id) FROM assay.incidents i),
                            (SELECT count(*) FROM assay.incident_events);
        PERFORM set_config('role', 'none', true);
    END $$;
CREATE FUNCTION may(who text, incident bigint) RETURNS TABLE (role text, acknowledge text, resolve text, annotate text, change text) LANGUAGE plpgsql AS $$
    DECLARE answers text[] := '{}'; act text; answer text;
    BEGIN
        FOREACH act IN ARRAY ARRAY['acknowledge(%s)', 'resolve(%s)', 'annotate(%s, ''x'')', 'change_incident(%s, severity => ''sev4'')'] LOOP
            BEGIN
                PERFORM set_config('role', who, true);
                EXECUTE 'SELECT assay.' || format(act, incident);
                RAISE EXCEPTION SQLSTATE 'UNDO0';
            EXCEPTION WHEN SQLSTATE 'UNDO0' THEN answer := 'yes'; WHEN OTHERS THEN answer := SQLSTATE;
            END;
            answers := answers || answer;
        END LOOP;
        PERFORM set_config('role', 'none', true);
        RETURN QUERY SELECT who, answers[1], answers[2], answers[3], answers[4];
    END $$;

-- one incident of both tables, declared by who may see one of them, of that one, to which the other is added
SET ROLE inc_declarer;
SELECT id, subject FROM assay.issues ORDER BY id;
SELECT assay.declare_incident('Both are empty', 'sev2', array_agg(id), owner => 'inc owner', lead => 'inc lead') AS incident FROM assay.issues;
SELECT tried('SELECT assay.add_to_incident(1, ARRAY[1])');
SELECT tried('SELECT assay.declare_incident(''x'', ''sev2'', root => ''inc_upstream'')');
RESET ROLE;
SELECT assay.add_to_incident(1, array_agg(id)) FROM assay.issues WHERE subject LIKE 'inc_up%';
SELECT assay.annotate(1, 'A secret');
SELECT s.* FROM unnest('{inc_owner,inc_lead,inc_declarer,inc_asset,inc_reader,inc_member,inc_stranger,inc_steward}'::text[]) AS r, seen(r) AS s;
SELECT m.* FROM unnest('{inc_owner,inc_lead,inc_declarer,inc_asset,inc_reader,inc_member,inc_stranger,inc_steward}'::text[]) AS r, may(r, 1) AS m;

-- who is in the team acts for it; who owns the database for everybody
SELECT assay.add_owner('inc member', 'person', 'inc_member') IS NOT NULL AS added;
SELECT assay.add_to_team('inc owner', 'inc member');
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO inc_steward', current_database()); END $$;
SELECT s.* FROM unnest('{inc_member,inc_steward}'::text[]) AS r, seen(r) AS s;
SELECT m.* FROM unnest('{inc_member,inc_steward}'::text[]) AS r, may(r, 1) AS m;

-- where no role acts for the owner, whoever takes part may
SELECT assay.change_incident(1, owner => 'inc nobody');
SELECT m.* FROM unnest('{inc_owner,inc_lead,inc_declarer,inc_asset,inc_reader,inc_stranger,inc_steward}'::text[]) AS r, may(r, 1) AS m;

-- what the clock says only the owner of the database says otherwise
SET ROLE inc_lead;
SELECT assay.acknowledge(1, at => now() + interval '1 day');
RESET ROLE;
SET ROLE inc_declarer;
SELECT assay.declare_incident('Long ago', 'sev2', at => '2020-01-01');
RESET ROLE;
SET ROLE inc_steward;
SELECT tried('SELECT assay.acknowledge(1, at => now() + interval ''1 day'')');
RESET ROLE;

-- a title that policy made names the root: only to who may see that
INSERT INTO assay.incident (title, severity, by_policy, names_root, root_id, started_at, declared_at)
SELECT 'inc_upstream: it has x', 'sev2', true, true, a.id, now(), now() FROM assay.asset a WHERE a.name = 'public.inc_upstream';
UPDATE assay.issue SET incident_id = (SELECT max(id) FROM assay.incident) WHERE subject LIKE 'inc_down%';
SET ROLE inc_reader;
SELECT title, root, assets, issues FROM assay.incidents ORDER BY id;
SET ROLE inc_asset;
SELECT title, root, assets, issues FROM assay.incidents ORDER BY id;
RESET ROLE;
SELECT title, root, assets, issues FROM assay.incidents ORDER BY id;

-- none reads or writes the tables themselves, whoever owns the database included
SET ROLE inc_steward;
SELECT tried('SELECT FROM assay.incident');
SELECT tried('SELECT FROM assay.incident_event');
SELECT tried('INSERT INTO assay.incident_event (incident_id, at, actor, kind) VALUES (1, now(), ''x'', ''annotated'')');
SELECT tried('UPDATE assay.incident_event SET note = ''x''');
SELECT tried('DELETE FROM assay.incident_event');
SELECT tried('TRUNCATE assay.incident_event');
SELECT tried('ALTER TABLE assay.incident_event DISABLE TRIGGER ALL');
SELECT tried('DROP TABLE assay.incident_event');
SELECT tried('DROP FUNCTION assay_internal.keep_event()');
RESET ROLE;

-- a role that declared an incident is not dropped
DROP ROLE inc_declarer;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO %I', current_database(), current_user); END $$;
