-- Everything that the extension consists of, one line each, columns with their places, for the library finds them by these;
-- without numbers of objects: two databases with the same lines have the same.
\pset format unaligned
\pset tuples_only on
WITH member AS (
    SELECT classid, objid, pg_describe_object(classid, objid, 0) AS name
    FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
                     AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'assay')
), detail AS (
    SELECT name, 'comment' AS what, obj_description(objid, classid::regclass::text) AS text FROM member
    UNION ALL
    SELECT m.name, 'function', pg_get_functiondef(p.oid) FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid WHERE p.prokind IN ('f', 'p')
    UNION ALL
    SELECT m.name, 'arguments', pg_get_function_arguments(p.oid) || ' ' || pg_get_function_result(p.oid) || ' ' || p.proacl::text
    FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
    UNION ALL
    SELECT m.name, 'aggregate', (to_jsonb(a) - 'aggfnoid' - 'aggtranstype' - 'aggmtranstype' - 'aggsortop')::text || format_type(a.aggtranstype, NULL)
    FROM member m JOIN pg_aggregate a ON m.classid = 'pg_proc'::regclass AND a.aggfnoid::oid = m.objid
    UNION ALL
    SELECT m.name, 'relation', concat_ws(' ', c.relkind, c.relpersistence, c.reloptions, c.relacl, CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END)
    FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
    UNION ALL
    SELECT m.name, 'column ' || a.attname, concat_ws(' ', a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attstorage, a.attacl, pg_get_expr(d.adbin, d.adrelid),
                                                     col_description(a.attrelid, a.attnum))
    FROM member m JOIN pg_attribute a ON m.classid = 'pg_class'::regclass AND a.attrelid = m.objid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    UNION ALL
    SELECT m.name, 'constraint ' || c.conname, pg_get_constraintdef(c.oid)
    FROM member m JOIN pg_constraint c ON m.classid = 'pg_class'::regclass AND c.conrelid = m.objid
    UNION ALL
    SELECT m.name, 'sequence', (to_jsonb(s) - 'seqrelid' - 'seqtypid')::text || format_type(s.seqtypid, NULL)
    FROM member m JOIN pg_sequence s ON m.classid = 'pg_class'::regclass AND s.seqrelid = m.objid
    UNION ALL
    SELECT m.name, 'index', pg_get_indexdef(i.indexrelid) FROM member m JOIN pg_index i ON m.classid = 'pg_class'::regclass AND i.indrelid = m.objid
    UNION ALL
    SELECT m.name, 'trigger', pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
    FROM member m JOIN pg_trigger t ON m.classid = 'pg_class'::regclass AND t.tgrelid = m.objid AND NOT t.tgisinternal
    UNION ALL
    SELECT m.name, 'policy', concat_ws(' ', p.polname, p.polcmd, pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
    FROM member m JOIN pg_policy p ON m.classid = 'pg_class'::regclass AND p.polrelid = m.objid
    UNION ALL
    SELECT m.name, 'type', concat_ws(' ', t.typtype, t.typlen, t.typstorage, t.typalign, t.typinput, t.typoutput, t.typreceive, t.typsend, t.typacl)
    FROM member m JOIN pg_type t ON m.classid = 'pg_type'::regclass AND t.oid = m.objid
    UNION ALL
    SELECT m.name, 'cast', concat_ws(' ', c.castsource::regtype, c.casttarget::regtype, c.castfunc::regprocedure, c.castcontext)
    FROM member m JOIN pg_cast c ON m.classid = 'pg_cast'::regclass AND c.oid = m.objid
    UNION ALL
    SELECT m.name, 'schema', n.nspacl::text FROM member m JOIN pg_namespace n ON m.classid = 'pg_namespace'::regclass AND n.oid = m.objid
    UNION ALL
    SELECT pg_describe_object('pg_class'::regclass, c.oid, 0), 'is dumped', e.extcondition[place]
    FROM pg_extension e, generate_subscripts(e.extconfig, 1) AS place JOIN pg_class c ON true
    WHERE e.extname = 'assay' AND c.oid = e.extconfig[place]
)
SELECT name, what, regexp_replace(text, '\s+', ' ', 'g') FROM detail ORDER BY 1, 2, 3;
