{# A hook, or a statement, that scores rows and keeps what was decided about each. key: the columns that name a row. Further arguments are those of
   assay.log_predictions by their names, such as reasons and keep. #}
{% macro log_predictions(model, rows, key) -%}
  select assay.log_predictions({{ assay.literal(model) }}, {{ assay.rows_of(rows) }}, {{ assay.argument(key) }}
    {%- for name, value in kwargs.items() -%}, {{ name }} => {{ assay.argument(value) }}{%- endfor -%})
{%- endmacro %}

{# A hook, or a statement, that records what came of decisions: the model's target, by the key that they were logged with. #}
{% macro record_labels(model, rows, key) -%}
  select assay.record_labels({{ assay.literal(model) }}, {{ assay.rows_of(rows) }}, {{ assay.argument(key) }})
{%- endmacro %}

{# How well a model's logged decisions have held: to be selected from. Further arguments are those of assay.performance by their names. #}
{% macro performance(model, bucket="day") -%}
  assay.performance({{ assay.literal(model) }}, {{ assay.literal(bucket) }}
    {%- for name, value in kwargs.items() -%}, {{ name }} => {{ assay.argument(value) }}{%- endfor -%})
{%- endmacro %}

{# A hook, or a statement, that keeps how far rows have moved from those that trained a model, for assay.drift_history. #}
{% macro record_drift(trained, current, options={}) -%}
  select count(*) from assay.record_drift({{ assay.literal(trained) }}, {{ assay.rows_of(current) }}, {{ assay.literal(options) }})
{%- endmacro %}
