{# A value as a constant of SQL: what is no text becomes JSON. #}
{% macro literal(value) -%}
  {%- set text = value if value is string else tojson(value) -%}
  '{{ text | replace("'", "''") }}'
{%- endmacro %}

{# The text that assay's functions take for rows: a relation's name, or a query. dbt filters a test's rows by giving a subquery with an alias
   in place of the relation. #}
{% macro rows_of(rows) -%}
  {%- if rows is not string and rows.is_cte -%}
    {{ exceptions.raise_compiler_error("assay reads relations of the database, and " ~ rows.identifier ~ " is an ephemeral model: materialize it") }}
  {%- endif -%}
  {%- set text = (rows | string).strip() -%}
  {{ assay.literal("select * from " ~ text if text.startswith("(") else text) }}
{%- endmacro %}

{# An argument of a function of assay's: numbers and booleans as they are, lists of names as arrays, mappings as JSON. #}
{% macro argument(value) -%}
  {%- if value is none -%} null
  {%- elif value is boolean or value is number -%} {{ value | string | lower }}
  {%- elif value is string or value is mapping -%} {{ assay.literal(value) }}
  {%- else -%} array(select jsonb_array_elements_text({{ assay.literal(value) }}))
  {%- endif -%}
{%- endmacro %}
