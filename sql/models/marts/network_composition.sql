-- On which networks the claimed reserves lie. One row an attestation, network and asset; shares are of what has a price. What is claimed as a total,
-- without addresses, has no network: its rows say `not_stated`.
with lying as (
    select attestation, network, asset, sum(holdings)::bigint as holdings, sum(amount)::decimal(38, 0) as amount
    from {{ ref('core_alike') }}
    group by all
    union all
    select attestation, 'not_stated' as network, asset, 0 as holdings, reserves_claimed as amount
    from {{ ref('core_reserves') }}
    where claimed_from = 'totals'
),
valued as (
    select l.*, k.relation, {{ units('l.amount', 's.scale') }} as units, {{ usd(units('l.amount', 's.scale'), 'p.usd_price') }} as usd
    from lying l
    join {{ source('registry', 'assets') }} s using (asset)
    join {{ ref('core_relation') }} k using (attestation, asset)
    left join {{ ref('core_price') }} p using (attestation, asset)
)
select {{ about('a') }}, v.network, v.asset, v.relation, v.holdings, v.amount, v.units, v.usd,
    v.usd is not null as is_priced,
    {{ ratio('v.usd', 'sum(v.usd) over (partition by v.attestation)') }} as share,
    {{ ratio('v.amount', 'sum(v.amount) over (partition by v.attestation, v.asset)') }} as share_of_asset
from valued v
join {{ ref('core_attestation') }} a using (attestation)
