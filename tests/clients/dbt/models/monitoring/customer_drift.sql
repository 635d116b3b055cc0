select column_name, method, statistic, drifted
from {{ assay.drift("select * from " ~ ref('stg_customers') ~ " where customer_id <= 500", ref('stg_customers'), {"exclude": ["customer_id"]}) }}
