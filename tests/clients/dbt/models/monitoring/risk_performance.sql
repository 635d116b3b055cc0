-- depends_on: {{ ref('customer_risk') }}
{{ config(materialized="table", pre_hook=[
    "{{ assay.log_predictions('credit_risk', ref('customer_features'), ['customer_id'], reasons=2, keep=['housing']) }}",
    "{{ assay.record_labels('credit_risk', ref('customer_features'), ['customer_id']) }}",
    "{{ assay.record_drift('credit_risk', ref('customer_features')) }}"],
    post_hook="{{ assay.create_scoring_view('credit_risk', ref('customer_features'), target.schema ~ '.live_risk') }}") }}
select * from {{ assay.performance('credit_risk', 'month', group_by=['housing']) }}
