select countries.country, date(ordered_at) as day, sum(amount) as revenue
from {{ ref('valid_orders') }} join {{ ref('stg_customers') }} using (customer_id) join {{ ref('countries') }} on code = stg_customers.country
group by 1, 2
