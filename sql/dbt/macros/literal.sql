{# A text as a literal of SQL. #}
{% macro literal(text) -%}
'{{ text | string | replace("'", "''") }}'
{%- endmacro %}

{# A relation, a query or the subquery that dbt makes of a relation and a where, as assay's functions take it: the name of a relation stays a name,
   so that unique indexes and foreign keys can answer for its rows. #}
{% macro rows_of(rows) -%}
{%- if rows is string and rows.lstrip().startswith('(') -%}
{{ assay.literal('select * from ' ~ rows) }}
{%- else -%}
{{ assay.literal(rows) }}
{%- endif -%}
{%- endmacro %}
