{{ config(materialized="table", post_hook=["{{ assay.assert_checks(customer_checks()) }}", "{{ assay.save_baseline('dbt customers') }}"]) }}
{# With the variable fault one age is broken, so that the model must not be built. #}
select *, {% if var("fault", false) %}true{% else %}false{% endif %} as is_broken
from (
    select customer_id, case when customer_id = 7 and {{ var("fault", false) }} then -1 else age end as age, credit_amount, housing, purpose, telephone,
           is_risky
    from {{ ref("german_credit") }}
) as customer
