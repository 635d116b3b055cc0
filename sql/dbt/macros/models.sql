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

{# The features of a model as columns of an alias, in the model's order: what the fast positional call takes, assay.score('risk', assay.feature_columns('risk', 'c')).
   They are those of the version that is deployed when dbt compiles; while there is none, as before the first training, it is the alias itself. #}
{% macro feature_columns(model, alias) -%}
  {%- set columns = [] -%}
  {%- if execute and run_query("select from assay.models where model = " ~ assay.literal(model.split("@")[0])) | length > 0 -%}
    {%- for row in run_query("select " ~ assay.literal(alias) ~ " || '.' || quote_ident(feature) from unnest(assay.features(" ~ assay.literal(model) ~ ")) with ordinality as f (feature, place) order by place") -%}
      {%- do columns.append(row[0]) -%}
    {%- endfor -%}
  {%- endif -%}
  {{ return(columns or [alias]) }}
{%- endmacro %}

{# A hook, or a statement, that makes a view which scores the rows of a relation as they are when it is read. #}
{% macro create_scoring_view(model, relation, name) -%}
  select assay.create_scoring_view({{ assay.literal(model) }}, {{ assay.literal(relation | string) }}, {{ assay.literal(name | string) }})
{%- endmacro %}

{# Shows the card of a model as a page of text, judged on the rows of a model of dbt's where one is given:
   dbt run-operation assay.show_model --args '{model: credit_risk, rows: customer_features}' #}
{% macro show_model(model, rows=none) -%}
  {%- if execute -%}
    {%- set judged = "null" if rows is none else assay.rows_of(ref(rows)) -%}
    {%- do log(run_query("select assay.render_model(" ~ assay.literal(model) ~ ", " ~ judged ~ ")").rows[0][0], info=true) -%}
  {%- endif -%}
{%- endmacro %}
