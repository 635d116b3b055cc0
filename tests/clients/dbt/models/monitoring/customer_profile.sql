select column_name, data_type, rows, nulls, distinct_estimate, mean, top_values
from {{ assay.profile(ref('stg_customers')) }}
