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
      else format('%s is %s, but must be %s', coalesce(metric, 'it'), coalesce(value::text, 'nothing'), coalesce(threshold, 'otherwise'))
    end || coalesce(', such as ' || left(sample::text, 200), '') as found,
    kind, column_name, severity, metric, value, threshold, rows_evaluated, rows_failed, fraction_failed, sample, snapshot_at
  from assay.validate({{ assay.rows_of(rows) }}, {{ assay.literal(checks) }})
  where status in ('warn', 'fail', 'error')
  order by status = 'warn', name, segment::text
{%- endmacro %}

{# Any number of checks on a model, source, seed or snapshot, from one scan of it. On a column, checks that name no column are of that one.
   dbt fails the test when a check fails or cannot run, and warns when checks only warn. #}
{% test assay_checks(model, checks, column_name=none) -%}
  {{ config(fail_calc="count(*)", warn_if="> 0", error_if="> 0 and bool_or(status in ('fail', 'error'))") }}
  {%- set asked = [] -%}
  {%- if column_name and checks is iterable and checks is not string and checks is not mapping -%}
    {%- for check in checks -%}
      {%- do asked.append(dict({"column_name": column_name}, **check)) -%}
    {%- endfor -%}
  {%- endif -%}
  {{ assay.findings(model, asked or checks) }}
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
      begin
        failures := array(
          select format('"%s"%s: %s.', name, ' in ' || segment::text, finding.found)
          from ({{ assay.findings(this, checks) }}) as finding
          where status in ('fail', 'error'));
        if cardinality(failures) > 0 then
          raise exception using
            errcode = 'ML015',
            message = format('%s failed of the checks on %s', cardinality(failures), {{ assay.rows_of(this) }}),
            detail = array_to_string(failures[1:10], ' ') || case when cardinality(failures) > 10 then format(' And %s more.', cardinality(failures) - 10) else '' end,
            hint = 'The model is as it was before this run. Correct its rows or its checks, then run it again.';
        end if;
      end
    {%- endset -%}
    do language plpgsql {{ assay.literal(block) }}
  {%- endif -%}
{%- endmacro %}

{# For on-run-end: tells what the tests assay_checks found, one line per finding. It reads what store_failures keeps, so it scans no model. #}
{% macro log_findings(results) -%}
  {%- if execute -%}
    {%- for result in results if result.node.resource_type == "test" and result.node.test_metadata and result.node.test_metadata.name == "assay_checks"
                                 and result.status in ("warn", "fail") and result.node.relation_name -%}
      {%- set table = run_query("select status, name || coalesce(' in ' || segment::text, '') || ': ' || found from " ~ result.node.relation_name) -%}
      {%- for line in table.rows -%}
        {%- do log("  " ~ line[0] ~ "  " ~ (result.node.attached_node or result.node.name).split(".")[-1] ~ "  " ~ line[1], info=true) -%}
      {%- endfor -%}
    {%- endfor -%}
  {%- endif -%}
{%- endmacro %}
