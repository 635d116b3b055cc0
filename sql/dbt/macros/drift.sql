{# How far each column has moved from the reference to the current rows, one row per column: to be selected from. #}
{% macro drift(reference, current, options={}) -%}
  assay.drift({{ assay.rows_of(reference) }}, {{ assay.rows_of(current) }}, {{ assay.literal(options) }})
{%- endmacro %}

{# The same from a stored baseline. #}
{% macro drift_from(baseline, current, options={}) -%}
  assay.drift_from({{ assay.literal(baseline) }}, {{ assay.rows_of(current) }}, {{ assay.literal(options) }})
{%- endmacro %}

{# The same from the rows that a model of assay's was trained on, the columns with the greatest impact first. #}
{% macro model_drift(trained, current, options={}) -%}
  assay.model_drift({{ assay.literal(trained) }}, {{ assay.rows_of(current) }}, {{ assay.literal(options) }})
{%- endmacro %}

{# Keeps the distributions of a model under a name, for drift_from: dbt run-operation assay.save_baseline --args '{name: may, model: customers}' #}
{% macro save_baseline(name, model, options={}) -%}
  {%- if execute -%}
    {%- set saving = "select assay.save_baseline(" ~ assay.literal(name) ~ ", " ~ assay.rows_of(ref(model)) ~ ", " ~ assay.literal(options) ~ ")" -%}
    {%- call statement("save_baseline", fetch_result=true, auto_begin=true) -%}{{ saving }}{%- endcall -%}
    {%- do adapter.commit() -%}
    {%- do log("baseline " ~ name ~ ": " ~ load_result("save_baseline").data[0][0] ~ " rows", info=true) -%}
  {%- endif -%}
{%- endmacro %}

{# Fails when columns of a model have drifted: from a reference (a relation or query), from a baseline by its name, or from the rows that a model of
   assay's was trained on. Give one of the three. #}
{% test assay_drift(model, reference=none, baseline=none, trained=none, options={}) -%}
  {%- if [reference, baseline, trained] | select("none") | list | length != 2 -%}
    {{ exceptions.raise_compiler_error("assay_drift takes one of reference, baseline and trained") }}
  {%- endif -%}
  select column_name, segment, method, statistic, threshold, adjusted_p_value, impact, new_categories, gone_categories
  from {% if reference is not none %}{{ assay.drift(reference, model, options) }}
       {%- elif baseline is not none %}{{ assay.drift_from(baseline, model, options) }}
       {%- else %}{{ assay.model_drift(trained, model, options) }}{% endif %}
  where drifted
{%- endtest %}
