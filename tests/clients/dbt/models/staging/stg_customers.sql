select
    customer_id, checking_status, duration_months, credit_history, purpose, credit_amount, savings, employment, age, housing, job, is_risky
from {{ source('bank', 'german_credit') }}
