{# A model's profile, a row a column: the body of a model. #}
{% macro profile(rows) -%}
select * from assay.profile({{ assay.rows_of(rows) }})
{%- endmacro %}
