select 1 from {{ ref('revenue') }}
where revenue > (select sum(amount) from {{ ref('stg_orders') }})
