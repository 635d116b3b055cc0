{# What each column of a relation or query looks like, one row per column: to be selected from. #}
{% macro profile(rows) -%}
  assay.profile({{ assay.rows_of(rows) }})
{%- endmacro %}

{# Shows the profile of a model as a page of text: dbt run-operation assay.show_profile --args '{model: customers}' #}
{% macro show_profile(model) -%}
  {%- if execute -%}
    {%- do log(run_query("select assay.render_profile(" ~ assay.rows_of(ref(model)) ~ ")").rows[0][0], info=true) -%}
  {%- endif -%}
{%- endmacro %}
