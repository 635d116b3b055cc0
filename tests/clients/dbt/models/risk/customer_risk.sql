{{ config(pre_hook="select assay.train('credit_risk', '{{ ref('customer_features') }}', 'is_risky', 'logistic_regression', exclude => '{customer_id}')") }}

select customer_id, housing, is_risky, assay.predict('credit_risk', customer) as risk
from {{ ref('customer_features') }} as customer
