-- On which networks the reserves lie. One row an attestation, network and asset; shares are of what has a price. What is claimed as a total,
-- without addresses, has no network: its rows say `not_stated`.
with lying as (
    select g.attestation, g.network, g.asset, r.basis,
        coalesce(sum(g.holdings) filter (r.basis <> 'onchain' or (g.amount is not null and g.is_empty is not true)), 0)::bigint as holdings,
        {{ total('g.amount') }} as amount,
        sum(g.holdings_too_large) > 0 or count(g.amount) < count(*) filter (g.holdings_with_amount > 0) as is_short
    from {{ ref('core_claim_group') }} g
    -- a list beside published totals adds nothing to them
    join {{ ref('core_reserves') }} r on r.attestation = g.attestation and r.asset = g.asset and r.basis <> 'published'
    group by all
    union all
    select attestation, 'not_stated' as network, asset, basis, 0 as holdings, reserves_claimed as amount, false as is_short
    from {{ ref('core_reserves') }}
    where basis = 'published'
),
valued as (
    select l.*, k.relation, p.priced_as, {{ units('l.amount', 's.scale') }} as units, {{ usd(units('l.amount', 's.scale'), 'p.usd_price') }} as usd,
        case when l.amount is null then case when l.is_short then 'too_large' else 'no_amount' end
            when p.usd_price is null then coalesce(p.unpriced_because, 'no_price')
            when {{ usd(units('l.amount', 's.scale'), 'p.usd_price') }} is null then 'too_large' end as usd_null_because
    from lying l
    join {{ source('registry', 'assets') }} s using (asset)
    join {{ ref('core_relation') }} k using (attestation, asset)
    left join {{ ref('core_price') }} p using (attestation, asset)
    where l.basis <> 'onchain' or l.amount > 0
),
shared as (
    select *,
        {{ ratio('usd', 'sum(usd) over (partition by attestation)') }} as share,
        {{ ratio('amount', total('amount', over='partition by attestation, asset')) }} as share_of_asset
    from valued
)
select {{ about('a') }}, v.network, v.asset, v.basis, v.relation, v.holdings, v.amount, v.units, v.priced_as, v.usd,
    v.usd is not null as is_priced,
    v.share,
    case when v.usd is null then v.usd_null_because when v.share is null then 'total_is_zero' end as share_null_reason,
    v.share_of_asset,
    case when v.amount is null then case when v.is_short then 'too_large' else 'no_amount' end
        when v.share_of_asset is null then 'total_is_zero' end as share_of_asset_null_reason,
    coalesce(f.rows, 0) as rows_refused,
    d.contradicted_by_own_total
from shared v
join {{ ref('core_attestation') }} a using (attestation)
left join {{ ref('core_refused') }} f on f.attestation = v.attestation and f.network = v.network and f.asset = v.asset
left join {{ ref('core_quality_flag') }} d on d.attestation = v.attestation and d.asset = v.asset
