{# What checks find wrong with rows, from one call of assay.validate: a line for each check, and with group_by each segment, that warns, fails
   or could not run. Failures come first, so that a limit keeps them. #}
{% macro findings(rows, checks) -%}
  {%- if not checks or checks is string or checks is mapping -%}
    {{ exceptions.raise_compiler_error("assay: checks must be a list with at least one check, such as [{kind: unique, column_name: id}]") }}
  {%- endif -%}
  select
    name,
    segment,
    status,
    case
      when status = 'error' then 'could not run: ' || message
      when rows_failed is not null and rows_evaluated is not null then format('%s of %s rows fail', rows_failed, rows_evaluated)
      when metric in ('age_seconds', 'freshness') and message is not null then format('%s, but must be %s', message, threshold)
      else format('%s is %s, but must be %s', coalesce(metric, 'it'), coalesce(value::text, 'nothing'), coalesce(threshold, 'otherwise'))
    end || coalesce(', such as ' || left(sample::text, 200), '') as found,
    kind, column_name, severity, metric, value, threshold, rows_evaluated, rows_failed, fraction_failed, sample, snapshot_at
  from assay.validate({{ assay.rows_of(rows) }}, {{ assay.literal(checks) }})
  where status in ('warn', 'fail', 'error')
  order by status = 'warn', name, segment::text
{%- endmacro %}

{# Checks as they were given, those that name no column with the column that the test stands at. #}
{% macro of_column(checks, column_name) -%}
  {%- set asked = [] -%}
  {%- if column_name and checks is iterable and checks is not string and checks is not mapping -%}
    {%- for check in checks -%}
      {%- do asked.append(dict({"column_name": column_name}, **check)) -%}
    {%- endfor -%}
  {%- endif -%}
  {{ return(asked or checks) }}
{%- endmacro %}

{# Any number of checks on a model, source, seed or snapshot, from one scan of it. On a column, checks that name no column are of that one.
   Without an argument the checks are those of config.meta.checks, which are no part of the test's name.
   dbt fails the test when a check fails or cannot run, and warns when checks only warn. #}
{% test assay_checks(model, checks=none, column_name=none) -%}
  {{ config(fail_calc="count(*)", warn_if="> 0", error_if="> 0 and bool_or(status in ('fail', 'error'))") }}
  {%- if checks is none and not execute -%}
    {# What a test is configured with is not known while dbt reads the project. -#}
    select 1
  {%- else -%}
    {{ assay.findings(model, assay.of_column((config.get("meta") or {}).get("checks") if checks is none else checks, column_name)) }}
  {%- endif -%}
{%- endtest %}

{# One check, for a test with a name, a severity and a selection of its own. #}
{% test assay_check(model, check, column_name=none) -%}
  {{ config(fail_calc="count(*)", warn_if="> 0", error_if="> 0 and bool_or(status in ('fail', 'error'))") }}
  {%- if check is not mapping -%}
    {{ exceptions.raise_compiler_error("assay: check must be one check, such as {kind: unique, column_name: id}") }}
  {%- endif -%}
  {{ assay.findings(model, assay.of_column([check], column_name)) }}
{%- endtest %}

{# A post-hook that raises ML015 when a check on the model that was just built fails or cannot run. dbt runs the hook in the model's transaction,
   so the model stays as it was before. Warnings pass. Without checks it runs those stored by assay.add_check, of all tags or the given ones. #}
{% macro assert_checks(checks=none, tags=none) -%}
  {%- if checks is none -%}
    select assay.assert_checks({{ assay.rows_of(this) }}::regclass, {{ "null" if tags is none else "array(select jsonb_array_elements_text(" ~ assay.literal(tags) ~ "))" }})
  {%- else -%}
    {%- set block -%}
      declare
        failures text[];
        failed bigint;
      begin
        select array_agg(format('"%s"%s: %s.', name, ' in ' || segment::text, finding.found)), count(distinct (name, kind, column_name))
        into failures, failed
        from ({{ assay.findings(this, checks) }}) as finding
        where status in ('fail', 'error');
        if failed > 0 then
          raise exception using
            errcode = 'ML015',
            message = format('%s of {{ checks | length }} checks on %s failed', failed, {{ assay.rows_of(this) }}),
            detail = array_to_string(failures[1:10], ' ') || case when cardinality(failures) > 10 then format(' And %s more.', cardinality(failures) - 10) else '' end,
            hint = 'The model is as it was before this run. Correct its rows or its checks, then run it again.';
        end if;
      end
    {%- endset -%}
    do language plpgsql {{ assay.literal(block) }}
  {%- endif -%}
{%- endmacro %}

{# For on-run-end: tells what the tests of this package found, one line per finding. It reads what store_failures keeps, so it scans no model. #}
{% macro log_findings(results) -%}
  {%- if execute -%}
    {%- set found = {
      "assay_checks": "select status, name || coalesce(' in ' || segment::text, '') || ': ' || found from ",
      "assay_drift": "select null, column_name || coalesce(' in ' || segment::text, '') || ' has drifted: ' || method || ' is '
        || round(statistic::numeric, 4) || ', but must be at most ' || round(threshold::numeric, 4)
        || coalesce('; new: ' || left(nullif(array_to_string(new_categories, ', '), ''), 100), '')
        || coalesce('; gone: ' || left(nullif(array_to_string(gone_categories, ', '), ''), 100), '') from "} -%}
    {%- do found.update({"assay_check": found["assay_checks"]}) -%}
    {%- for result in results if result.node.resource_type == "test" and result.node.test_metadata and result.node.test_metadata.name in found
                                 and result.status in ("warn", "fail") and result.node.relation_name -%}
      {%- set table = run_query(found[result.node.test_metadata.name] ~ result.node.relation_name) -%}
      {%- for line in table.rows -%}
        {%- do log("  " ~ ("warn" if result.status == "warn" else line[0] or "fail") ~ "  " ~ (result.node.attached_node or result.node.name).split(".")[-1] ~ "  " ~ line[1], info=true) -%}
      {%- endfor -%}
    {%- endfor -%}
  {%- endif -%}
{%- endmacro %}
