{{ config(materialized="table") }}
{{ assay.profile(ref("customers")) }}
