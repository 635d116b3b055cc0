-- Limits within which a model's performance has to stay.

CREATE TABLE assay.performance_limit (
    model_id      bigint NOT NULL REFERENCES assay.model ON DELETE CASCADE,
    metric        text COLLATE "C" NOT NULL,
    lowest        double precision,
    highest       double precision,
    bucket        text COLLATE "C" NOT NULL,
    maturity      interval,
    set_by        text NOT NULL,
    set_at        timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    judged_bucket timestamptz,
    judged_status text COLLATE "C",
    CONSTRAINT performance_limit_pkey PRIMARY KEY (model_id, metric)
);
ALTER TABLE assay.performance_limit DISABLE TRIGGER ALL;
COMMENT ON TABLE assay.performance_limit IS 'Limits of models'' performance. Read the view assay.performance_limits instead.';
COMMENT ON COLUMN assay.performance_limit.model_id IS 'The model.';
COMMENT ON COLUMN assay.performance_limit.metric IS 'The metric.';
COMMENT ON COLUMN assay.performance_limit.lowest IS 'What it must not be less than; NULL for no such limit.';
COMMENT ON COLUMN assay.performance_limit.highest IS 'What it must not be more than; NULL for no such limit.';
COMMENT ON COLUMN assay.performance_limit.bucket IS 'Of what stretch of time it is judged.';
COMMENT ON COLUMN assay.performance_limit.maturity IS 'How old decisions have to be; NULL for any age.';
COMMENT ON COLUMN assay.performance_limit.set_by IS 'The name of the role that set it, as it was then.';
COMMENT ON COLUMN assay.performance_limit.set_at IS 'When.';
COMMENT ON COLUMN assay.performance_limit.judged_bucket IS 'The stretch of time that was judged last.';
COMMENT ON COLUMN assay.performance_limit.judged_status IS 'What that came to: pass, fail or skipped.';

CREATE VIEW assay.performance_limits WITH (security_barrier) AS
    SELECT m.name AS model, l.metric, l.lowest, l.highest, l.bucket, l.maturity, l.set_by, l.set_at, l.judged_bucket, l.judged_status
    FROM assay_internal.visible_model m
    JOIN assay.performance_limit l ON l.model_id OPERATOR(pg_catalog.=) m.id
    WHERE m.manageable;
COMMENT ON VIEW assay.performance_limits IS
'Limits within which metrics of logged decisions have to stay, of the models that the current role may manage (assay.set_performance_limit).
Example: SELECT model, metric, lowest, judged_status FROM assay.performance_limits';
COMMENT ON COLUMN assay.performance_limits.model IS 'The model''s name.';
COMMENT ON COLUMN assay.performance_limits.metric IS 'The metric.';
COMMENT ON COLUMN assay.performance_limits.lowest IS 'What it must not be less than; NULL for no such limit.';
COMMENT ON COLUMN assay.performance_limits.highest IS 'What it must not be more than; NULL for no such limit.';
COMMENT ON COLUMN assay.performance_limits.bucket IS 'Of what stretch of time it is judged.';
COMMENT ON COLUMN assay.performance_limits.maturity IS 'How old decisions have to be; NULL for any age.';
COMMENT ON COLUMN assay.performance_limits.set_by IS 'The name of the role that set it, as it was then.';
COMMENT ON COLUMN assay.performance_limits.set_at IS 'When.';
COMMENT ON COLUMN assay.performance_limits.judged_bucket IS 'The stretch of time that assay.check_performance judged last.';
COMMENT ON COLUMN assay.performance_limits.judged_status IS 'What that came to: pass, fail or skipped.';
GRANT SELECT ON assay.performance_limits TO PUBLIC;

SELECT pg_catalog.pg_extension_config_dump('assay.performance_limit', '');

CREATE FUNCTION assay.set_performance_limit(
    model text, metric text, lowest double precision DEFAULT NULL, highest double precision DEFAULT NULL, bucket text DEFAULT 'day',
    maturity interval DEFAULT NULL)
RETURNS void
AS 'MODULE_PATHNAME', 'set_performance_limit_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION assay.set_performance_limit(text, text, double precision, double precision, text, interval) IS
'Sets within what a metric of a model''s logged decisions has to stay, which assay.check_performance looks at; set again it takes the place of the limit before. metric: as assay.performance names it. lowest, highest: in the metric''s units; NULL for no such limit, both NULL to remove it, with which its issue is closed. bucket: of what stretch of time: hour, day, week, month, quarter or year. maturity: how old decisions have to be, such as ''90 days'' where a label takes ninety. Needs the privilege manage. Errors: 22023 a metric, limit, bucket or age, ML001, 42501, 25006.
Example: SELECT assay.set_performance_limit(''credit'', ''roc_auc'', lowest => 0.7, bucket => ''month'')';

CREATE FUNCTION assay.check_performance(model text DEFAULT NULL, at timestamptz DEFAULT pg_catalog.now())
RETURNS TABLE (model text, metric text, bucket timestamptz, version integer, labelled bigint, value double precision, low double precision,
               high double precision, lowest double precision, highest double precision, status text)
AS 'MODULE_PATHNAME', 'check_performance_wrapper' LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION assay.check_performance(text, timestamptz) IS
'Compares metrics of logged decisions with their limits (assay.set_performance_limit), in the last stretch of time with decisions that was over, and all of whose decisions were as old as the limit wants, at a moment; of the version that is deployed, or where that made none of them of the one that made most. One row per limit. A value beyond a limit fails where its 95 percent interval (low, high) is beyond it, too, or where it has none; else, and without labels, status is skipped, as chance may have done it. A failure opens an issue of the model, a pass closes it, skipped does neither; each stretch of time counts once.
model: NULL for all that the caller may manage. at: the moment, for a scheduler or a test. Errors: 22023 a NULL moment, ML001, 42501, 25006, and those of assay.performance.
Example: SELECT metric, value, lowest, status FROM assay.check_performance(''credit'')';
