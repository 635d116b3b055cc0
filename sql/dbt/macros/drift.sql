{# What has moved between two models, a row a column: the body of a model. options are those of assay.drift. #}
{% macro drift(reference, current, options={}) -%}
select * from assay.drift({{ assay.rows_of(reference) }}, {{ assay.rows_of(current) }}, {{ assay.literal(tojson(options)) }})
{%- endmacro %}

{# What has moved since a baseline was saved. #}
{% macro drift_from(baseline, current, options={}) -%}
select * from assay.drift_from({{ assay.literal(baseline) }}, {{ assay.rows_of(current) }}, {{ assay.literal(tojson(options)) }})
{%- endmacro %}

{# A statement for a post-hook: saves the model that has just been built as a baseline. #}
{% macro save_baseline(name, options={}) -%}
select assay.save_baseline({{ assay.literal(name) }}, {{ assay.rows_of(this) }}, {{ assay.literal(tojson(options)) }})
{%- endmacro %}

{# A generic test: no column of the model has drifted from another model. #}
{% test assay_no_drift(model, reference, options={}) %}
select * from ({{ assay.drift(reference, model, options) }}) as found where drifted
{% endtest %}
