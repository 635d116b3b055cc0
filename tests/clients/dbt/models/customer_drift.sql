{{ config(materialized="table") }}
select 'halves' as compared, * from (
    {{ assay.drift("select age, housing from " ~ ref("customers") ~ " where customer_id <= 500",
                   "select age + 20 as age, housing from " ~ ref("customers") ~ " where customer_id > 500") }}) as halves
union all
select 'baseline', * from ({{ assay.drift_from("dbt customers", ref("customers")) }}) as since
