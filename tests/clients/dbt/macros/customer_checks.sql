{% macro customer_checks() %}
{{ return([
    {"kind": "unique", "column_name": "customer_id"},
    {"kind": "accepted_range", "column_name": "age", "min_value": 18, "max_value": 100},
    {"kind": "row_count_between", "min_value": 900},
    {"kind": "not_null", "column_name": "telephone", "severity": "warn", "name": "the customer's telephone"},
]) }}
{% endmacro %}
