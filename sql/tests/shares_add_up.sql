-- The shares of an attestation add up to one, in every mart that has shares. They are added up as decimals: a sum of doubles depends on their order.
with added as (
    select 'asset_composition' as mart, attestation, sum(share::decimal(38, 18)) as shares from {{ ref('asset_composition') }} group by attestation
    union all
    select 'asset_composition, as published', attestation, sum(share_published::decimal(38, 18)) from {{ ref('asset_composition') }} group by attestation
    union all
    select 'network_composition', attestation, sum(share::decimal(38, 18)) from {{ ref('network_composition') }} group by attestation
    union all
    select 'network_composition, of ' || asset, attestation, sum(share_of_asset::decimal(38, 18)) from {{ ref('network_composition') }} group by attestation, asset
    union all
    select 'ownership_coverage', attestation, sum(share::decimal(38, 18)) from {{ ref('ownership_coverage') }} group by attestation
    union all
    select 'dominance', attestation, share_btc + share_eth + share_stablecoin + share_own + share_affiliated + share_wrapped + share_other
    from {{ ref('dominance') }}
    union all
    select 'dominance, looked through', attestation,
        share_btc_through + share_eth_through + share_stablecoin_through + share_own_through + share_affiliated_through + share_other_through
    from {{ ref('dominance') }}
)
select * from added where abs(shares - 1) > 1e-9
