-- An amount or a value that would not fit: kept, and left out of sums. It is a lost decimal point.
{{ config(severity='warn') }}

select 'claims' as what, attestation, asset, claims_left_out as rows from {{ ref('core_reserves') }} where claims_left_out > 0
union all
select 'value', attestation, asset, 1 from {{ ref('core_value') }} where usd_null_because = 'too_large'
union all
select what, attestation, coalesce(asset, scope), 1 from {{ ref('core_statement') }} where is_too_large
union all
select 'summary', attestation, label, rows from {{ ref('report_arithmetic') }} where status = 'too_large'
