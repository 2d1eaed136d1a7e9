-- What a mart says is claimed is the sum of the claims, each counted once and without those that are too large; and no row of a file got lost on the way.
with published as (
    select attestation, asset,
        case when count(amount_counted) = count(*) filter (amounts_counted > 0) then {{ total('amount_counted') }} end as amount,
        sum(rows)::bigint as rows
    from {{ ref('core_label_sum') }}
    group by attestation, asset
),
left_out as (
    -- of an account that stands twice the least counts; what is too large was not in the sum above
    select r.attestation, r.asset, unnest(list_filter(r.amounts, lambda x: l.too_large_from is null or x < l.too_large_from)[2:]) as amount
    from {{ ref('core_repeated_claim') }} r
    join {{ ref('core_limit') }} l on l.attestation = r.attestation and l.asset = r.asset
),
repeated as (
    select attestation, asset, {{ total('amount') }} as amount from left_out group by attestation, asset
),
counted as (
    select p.attestation, p.asset, (p.amount - coalesce(r.amount, 0))::decimal(38, 0) as amount
    from published p
    left join repeated r using (attestation, asset)
),
said as (
    select 'reserve_ratio' as mart, attestation, asset, reserves_claimed as amount from {{ ref('reserve_ratio') }} where basis = 'claimed'
    union all
    select 'asset_composition', attestation, asset, amount from {{ ref('asset_composition') }} where basis <> 'published'
    union all
    select 'network_composition', attestation, asset, {{ total('amount') }} from {{ ref('network_composition') }} where network <> 'not_stated' group by all
    union all
    select 'balance_reconciliation', attestation, asset, {{ total('claimed') }} from {{ ref('balance_reconciliation') }} group by all
),
marts as (
    -- of an observed list nothing is claimed, and what is empty is left out
    select 'claimed' as basis, unnest(['reserve_ratio', 'asset_composition', 'network_composition', 'balance_reconciliation']) as mart
    union all
    select 'onchain', unnest(['asset_composition', 'network_composition'])
),
compared as (
    select m.mart, c.attestation, c.asset, s.amount as said, c.amount as counted
    from counted c
    join {{ ref('core_attestation') }} a on a.attestation = c.attestation
    left join {{ ref('core_reserves') }} r on r.attestation = c.attestation and r.asset = c.asset
    join marts m on m.basis = case when a.observed_at is null then 'claimed' else r.basis end
    left join said s on s.mart = m.mart and s.attestation = c.attestation and s.asset = c.asset
    -- a sum of more than 38 digits is not told by anybody
    where c.amount is not null and (m.basis = 'claimed' or c.amount > 0)
),
kept as (
    select attestation, asset, sum(rows) as rows from {{ ref('core_claim_group') }} group by attestation, asset
)
select mart, attestation, asset, said, counted from compared where said is distinct from counted
union all
select 'core_claim_group', attestation, asset, k.rows, p.rows
from published p
full join kept k using (attestation, asset)
where k.rows is distinct from p.rows
