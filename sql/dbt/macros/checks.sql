{# What assay.validate finds on the rows, in one scan however many the checks. #}
{% macro validate(rows, checks) -%}
assay.validate({{ assay.rows_of(rows) }}, {{ assay.literal(tojson(checks)) }})
{%- endmacro %}

{# A generic test: any number of checks on a model. Each check that warns, fails or cannot run is a row. The test fails when one of them fails or
   cannot run, and else warns when one warns. #}
{% test assay_checks(model, checks) %}
{{ config(warn_if="<> 0", error_if="<> 0 and bool_or(status in ('fail', 'error'))") }}
select name, kind, column_name, segment, status, metric, value, threshold, rows_evaluated, rows_failed, sample, message
from {{ assay.validate(model, checks) }}
where status in ('warn', 'fail', 'error')
{% endtest %}

{# A statement for a post-hook: raises when one of the checks fails or cannot run on the model that has just been built, before dbt commits it,
   so that what was there before stays. Checks that warn are told. #}
{% macro assert_checks(checks) %}
do $assay_checks$
declare
    found record;
    failures text[] := '{}';
begin
    for found in select * from {{ assay.validate(this, checks) }} loop
        if found.status = 'warn' then
            raise warning 'check "%" warns: % is %, threshold %', found.name, found.metric, found.value, found.threshold;
        elsif found.status in ('fail', 'error') then
            failures := failures || format('"%s"%s: %s', found.name, ' in ' || found.segment::text,
                case when found.status = 'error' then found.message
                     when found.rows_failed is not null then found.rows_failed || ' of ' || found.rows_evaluated || ' rows fail'
                     else found.metric || ' is ' || coalesce(found.value::text, 'nothing') || ', but must be ' || found.threshold end);
        end if;
    end loop;
    if failures <> '{}' then
        raise exception using errcode = 'ML015',
            message = cardinality(failures) || ' checks on ' || {{ assay.literal(this) }} || ' failed', detail = array_to_string(failures, e'\n'),
            hint = 'The model is rolled back. Mend its data, or the checks.';
    end if;
end
$assay_checks$
{% endmacro %}
