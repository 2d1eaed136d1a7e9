-- Sources print different figures for one thing: both stand in the lake, the cautious one counts.
{{ config(severity='warn') }}

select 'reserves' as what, attestation, asset from {{ ref('reserve_ratio') }} where claims_conflicting
union all
select 'liabilities', attestation, asset from {{ ref('reserve_ratio') }} where liabilities_conflicting
union all
select 'sum in US dollars: ' || scope, attestation, null from {{ ref('core_published_sum') }} where conflicting
union all
select distinct 'an address with two amounts', attestation, asset from {{ ref('core_repeated_claim') }} where conflicting
