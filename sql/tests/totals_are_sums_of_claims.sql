-- What a mart says is claimed is the sum of the claims, each counted once; and no row of a file got lost on the way.
with counted as (
    select attestation, asset, sum(amount)::decimal(38, 0) as amount from {{ ref('core_claim') }} group by attestation, asset
),
said as (
    select 'reserve_ratio' as mart, attestation, asset, reserves_claimed as amount from {{ ref('reserve_ratio') }} where claimed_from = 'addresses'
    union all
    select 'asset_composition', attestation, asset, amount from {{ ref('asset_composition') }} where claimed_from = 'addresses'
    union all
    select 'network_composition', attestation, asset, sum(amount)::decimal(38, 0) from {{ ref('network_composition') }} where network <> 'not_stated' group by all
    union all
    select 'balance_reconciliation', attestation, asset, sum(claimed)::decimal(38, 0) from {{ ref('balance_reconciliation') }} group by all
),
marts as (
    select unnest(['reserve_ratio', 'asset_composition', 'network_composition', 'balance_reconciliation']) as mart
),
compared as (
    select m.mart, c.attestation, c.asset, s.amount as said, c.amount as counted
    from counted c
    cross join marts m
    left join said s on s.mart = m.mart and s.attestation = c.attestation and s.asset = c.asset
),
published as (
    select attestation, asset, count(*) as rows from {{ ref('stg_claim') }} group by attestation, asset
),
kept as (
    select attestation, asset, sum(rows) as rows from {{ ref('core_claim') }} group by attestation, asset
)
select mart, attestation, asset, said, counted from compared where said is distinct from counted
union all
select 'core_claim', attestation, asset, k.rows, p.rows
from published p
full join kept k using (attestation, asset)
where k.rows is distinct from p.rows
