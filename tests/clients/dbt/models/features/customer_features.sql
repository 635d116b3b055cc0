select
    *,
    credit_amount::float8 / duration_months as monthly_rate,
    savings is null as savings_unknown
from {{ ref('stg_customers') }}
