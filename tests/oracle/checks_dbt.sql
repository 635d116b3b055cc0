{# Generic tests for dbt by the published semantics of dbt_utils and dbt_expectations, which dbt fetches from its hub. Restated: each gives
   the rows that its namesake counts as failing. #}

{% test accepted_range(model, column_name, min_value=none, max_value=none, inclusive=true) %}
{%- set equal = "=" if inclusive else "" %}
select {{ column_name }} from {{ model }}
where false
{%- if min_value is not none %} or not ({{ column_name }} >{{ equal }} {{ min_value }}){% endif %}
{%- if max_value is not none %} or not ({{ column_name }} <{{ equal }} {{ max_value }}){% endif %}
{% endtest %}

{% test not_accepted_values(model, column_name, values, quote=true) %}
{#- One failing row for each value, as in accepted_values. #}
{%- set sign = "'" if quote else "" %}
select {{ column_name }} from {{ model }}
group by {{ column_name }}
having {{ column_name }} in ({% for value in values %}{{ sign }}{{ value }}{{ sign }}{{ ", " if not loop.last }}{% endfor %})
{% endtest %}

{% test not_null_proportion(model, column_name, at_least, at_most=1) %}
with proportion as (select count({{ column_name }})::numeric / count(*) as share from {{ model }})
select share from proportion where share < {{ at_least }} or share > {{ at_most }}
{% endtest %}

{% test not_empty_string(model, column_name) %}
select {{ column_name }} from {{ model }} where trim(translate({{ column_name }}, e'\t\n\r', '   ')) = ''
{% endtest %}

{% test unique_combination_of_columns(model, combination_of_columns) %}
{%- set names = combination_of_columns | join(", ") %}
select {{ names }} from {{ model }} group by {{ names }} having count(*) > 1
{% endtest %}

{% test expression_is_true(model, expression, column_name=none) %}
select 1 as failing from {{ model }} where not ({{ column_name or "" }} {{ expression }})
{% endtest %}

{% test recency(model, field, datepart, interval) %}
select max({{ field }}) as newest from {{ model }} having max({{ field }}) < current_timestamp - interval '{{ interval }} {{ datepart }}'
{% endtest %}

{% test sequential_values(model, column_name, interval=1) %}
with ordered as (select {{ column_name }} as value, lag({{ column_name }}) over (order by {{ column_name }}) as previous from {{ model }})
select value from ordered where not (value = previous + {{ interval }})
{% endtest %}

{% test equal_rowcount(model, compare_model) %}
{{ config(fail_calc="sum(difference)") }}
select abs((select count(*) from {{ model }}) - (select count(*) from {{ compare_model }})) as difference
{% endtest %}

{% test equality(model, compare_model, compare_columns) %}
{#- The rows of one table that the other lacks; the package adds by how many the two sides differ. #}
{{ config(fail_calc="count(*) + abs(coalesce(sum(side), 0))") }}
{%- set names = compare_columns | join(", ") %}
select 1 as side from (select {{ names }} from {{ model }} except select {{ names }} from {{ compare_model }}) as missing
union all
select -1 from (select {{ names }} from {{ compare_model }} except select {{ names }} from {{ model }}) as added
{% endtest %}

{% test expect_column_values_to_match_regex(model, column_name, regex) %}
{#- The package counts the groups of the first match, and takes NULL for none: a NULL fails. #}
select {{ column_name }} from {{ model }} where not coalesce({{ column_name }} ~ '{{ regex }}', false)
{% endtest %}

{% test expect_column_values_to_not_match_regex(model, column_name, regex) %}
select {{ column_name }} from {{ model }} where coalesce({{ column_name }} ~ '{{ regex }}', false)
{% endtest %}

{% test expect_column_value_lengths_to_be_between(model, column_name, min_value=none, max_value=none) %}
select {{ column_name }} from {{ model }}
where false
{%- if min_value is not none %} or not (length({{ column_name }}) >= {{ min_value }}){% endif %}
{%- if max_value is not none %} or not (length({{ column_name }}) <= {{ max_value }}){% endif %}
{% endtest %}

{% test expect_column_values_to_be_increasing(model, column_name, sort_column, strictly=true) %}
with ordered as (select {{ column_name }} as value, lag({{ column_name }}) over (order by {{ sort_column }}) as previous from {{ model }})
select value from ordered where not (value >{{ "" if strictly else "=" }} previous)
{% endtest %}

{% test expect_column_values_to_be_within_n_stdevs(model, column_name, sigma_threshold=3) %}
with scored as (
    select ({{ column_name }} - avg({{ column_name }}) over ()) / stddev({{ column_name }}) over () as score from {{ model }}
)
select score from scored where abs(score) > {{ sigma_threshold }}
{% endtest %}

{% test expect_column_most_common_value_to_be_in_set(model, column_name, value_set) %}
{#- NULL takes part, and among equally frequent values the choice is open, so the table must have one most frequent value. #}
with counted as (select {{ column_name }}::text as value, row_number() over (order by count(*) desc) as place from {{ model }} group by 1)
select value from counted where place = 1 and value not in ('{{ value_set | join("', '") }}')
{% endtest %}

{% test aggregate_between(model, expression, min_value=none, max_value=none) %}
{#- What the package's tests of means, sums, deviations, quantiles and counts have in common. #}
with answer as (select {{ expression }} as value from {{ model }})
select value from answer
where false
{%- if min_value is not none %} or not (value >= {{ min_value }}){% endif %}
{%- if max_value is not none %} or not (value <= {{ max_value }}){% endif %}
{% endtest %}

{% test columns_are(model, names, ordered) %}
{#- The package's two tests of column names, as a list and as a set: every name of one side that the other lacks. #}
{%- set found = adapter.get_columns_in_relation(model) | map(attribute="name") | map("lower") | list if execute else names %}
with found as (select * from unnest(array['{{ found | join("', '") }}']) with ordinality as column_of(name, place)),
wanted as (select * from unnest(array['{{ names | join("', '") }}']) with ordinality as column_of(name, place))
select * from found full join wanted on found.name = wanted.name{% if ordered %} and found.place = wanted.place{% endif %}

where found.name is null or wanted.name is null
{% endtest %}

{% test expect_column_values_to_be_of_type(model, column_name, column_type) %}
{%- if execute %}
{%- set found = adapter.get_columns_in_relation(model) | selectattr("name", "equalto", column_name) | map(attribute="data_type") | first %}
select 1 as failing where lower('{{ found }}') <> lower('{{ column_type }}')
{%- endif %}
{% endtest %}
