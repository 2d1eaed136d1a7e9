-- What a mart says is claimed is the sum of the claims, each counted once; and no row of a file got lost on the way.
with published as (
    select attestation, asset, sum(amount)::decimal(38, 0) as amount, count(*) as rows from {{ ref('stg_claim') }} group by attestation, asset
),
repeated as (
    select attestation, asset, sum(amount_left_out)::decimal(38, 0) as amount from {{ ref('core_repeated_claim') }} group by attestation, asset
),
counted as (
    select p.attestation, p.asset, (p.amount - coalesce(r.amount, 0))::decimal(38, 0) as amount
    from published p
    left join repeated r using (attestation, asset)
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
kept as (
    select attestation, asset, sum(rows) as rows from {{ ref('core_alike') }} group by attestation, asset
)
select mart, attestation, asset, said, counted from compared where said is distinct from counted
union all
select 'core_alike', attestation, asset, k.rows, p.rows
from published p
full join kept k using (attestation, asset)
where k.rows is distinct from p.rows
