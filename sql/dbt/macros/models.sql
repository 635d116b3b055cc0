{# A hook, or a statement, that trains a version of a model on the rows of a relation or query. Further arguments are those of assay.train by their
   names: params, task, exclude, split, test_fraction, seed, preprocess, deploy, weight. dbt reads a hook before it knows its relations, so
   it stands in quotes: pre_hook="{{ assay.train('risk', ref('features'), 'is_risky', exclude=['id']) }}" #}
{% macro train(model, rows, target=none, algorithm=none) -%}
  select version, metrics from assay.train({{ assay.literal(model) }}, {{ assay.rows_of(rows) }}, {{ assay.argument(target) }}, {{ assay.argument(algorithm) }}
    {%- for name, value in kwargs.items() -%}, {{ name }} => {{ assay.argument(value) }}{%- endfor -%})
{%- endmacro %}

{# What a model says of a row, an expression: features is the alias of the relation in from, or a list of columns in the order of
   assay.features(model). call: predict, predict_label or predict_proba. #}
{% macro score(model, features, call="predict") -%}
  {%- if call not in ("predict", "predict_label", "predict_proba") -%}
    {{ exceptions.raise_compiler_error("assay: call must be predict, predict_label or predict_proba, and is " ~ call) }}
  {%- endif -%}
  assay.{{ call }}({{ assay.literal(model) }}, {{ features if features is string else features | join(", ") }})
{%- endmacro %}
