{{ config(pre_hook="{{ assay.train('credit_risk', ref('customer_features'), 'is_risky', 'logistic_regression', exclude=['customer_id'], seed=7) }}") }}

select
    customer_id, housing, is_risky,
    {{ assay.score('credit_risk', assay.feature_columns('credit_risk', 'customer')) }} as risk,
    {{ assay.score('credit_risk', 'customer', call='predict_label') }} as label
from {{ ref('customer_features') }} as customer
