-- A few weeks of a credit-risk model, for a dashboard: decisions every day, labels that come later, drift and checks.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
\i scripts/sample.sql
SELECT FROM assay.train('risk', 'customers', 'is_risky', 'logistic_regression', exclude => '{customer_id}', split => 'is_test');
SELECT FROM assay.train('risk', 'customers', 'is_risky', exclude => '{customer_id}', split => 'is_test', deploy => 'never');
SELECT assay.add_check('german_credit', 'accepted_range', 'age', '{"min_value": 18}'),
       assay.add_check('german_credit', 'accepted_values', 'housing', '{"values": ["own", "rent"]}', severity => 'warn'),
       assay.add_check('german_credit', 'not_null', 'savings', mostly => 0.7);
-- Fourteen mornings. The rows of more and more of the day's customers are a year younger than the model.
CREATE PROCEDURE mornings() LANGUAGE plpgsql AS $$
BEGIN
    FOR day IN 0..13 LOOP
        PERFORM FROM assay.run_checks('german_credit');
        PERFORM FROM assay.record_drift('risk', format('SELECT * FROM german_credit WHERE customer_id %% 14 >= %s UNION ALL SELECT * FROM applicants WHERE customer_id %% 14 < %1$s', day));
        UPDATE assay.quality_history SET run_at = now() - (13 - day) * interval '1 day' WHERE run_at > now() - interval '1 hour';
        UPDATE assay.drift_run SET run_at = now() - (13 - day) * interval '1 day' WHERE run_at > now() - interval '1 hour';
        COMMIT;
        PERFORM assay.log_predictions('risk', format('SELECT *, now() - (13 - %s) * interval ''1 day'' AS decided FROM customers WHERE customer_id %% 14 = %1$s', day),
                                      '{customer_id}', reasons => 3, at => 'decided', challengers => '{risk@2}');
        DELETE FROM german_credit WHERE customer_id % 97 = day;
    END LOOP;
END $$;
CALL mornings();
-- The issues that the mornings have opened did not all begin on one of them.
UPDATE assay.issue SET started_at = now() - id % 9 * interval '1 day';
-- What came of the first ten days' customers is known.
SELECT assay.record_labels('risk', 'SELECT customer_id, is_risky FROM customers WHERE customer_id % 14 < 10', '{customer_id}');
-- Twelve weeks of incidents of two products, and what is promised of them.
SELECT assay.add_owner('loans', 'team'), assay.add_owner('reporting', 'team');
SELECT assay.own('loans', 'public.german_credit'), assay.own('reporting', 'public.customers');
SELECT assay.add_data_product('lending', 'p1', 'loans'), assay.add_data_product('reporting', 'p2', 'reporting');
SELECT assay.add_to_product('lending', 'public.german_credit'), assay.add_to_product('reporting', 'public.customers', 'output');
SELECT assay.add_sla('product:lending', 'availability', 0.99, '30 days', '{"from": "2020-01-01"}'), assay.add_sla('product:reporting', 'availability', 0.95, '30 days', '{"from": "2020-01-01"}');
DO $$
DECLARE began timestamptz; incident bigint;
BEGIN
    FOR n IN 1..24 LOOP
        began := now() - n * interval '3 days 7 hours';
        incident := assay.declare_incident('A load came late', 'sev' || 1 + n % 3, root => CASE WHEN n % 2 = 0 THEN 'public.german_credit' ELSE 'public.customers' END,
                                           started_at => began - interval '10 minutes', at => began);
        PERFORM assay.resolve(incident, 'loaded again', began + n % 5 * interval '3 hours' + interval '1 hour');
    END LOOP;
END $$;
SELECT assay.declare_incident('Applications are missing', 'sev2', root => 'public.german_credit');
