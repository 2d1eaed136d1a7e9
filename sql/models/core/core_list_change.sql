-- What a list of addresses gained and lost against an earlier list of the exchange. One row an attestation, since, network and asset. A holding is
-- added where its address was not listed before for any asset, and dropped where its address is listed no longer; so a coin that arrives at a
-- listed address is no change of the list. Of lists that were observed, what could not be read at one of the moments is no flow: where nothing of an
-- asset was read on a network, its holdings count as not listed then; and a holding of nothing, or one that was not read, is none. The values are those
-- of the day on which the holding stands in a list.
with listed as (
    select attestation, network, asset, listed_in, sum(holdings)::bigint as holdings, {{ total('amount') }} as amount,
        (sum(holdings) filter (amount is not null and is_empty is not true))::bigint as held
    from {{ ref('core_listing') }}
    group by all
),
compared as (
    select s.attestation, s.since, s.basis, s.base_attestation, n.number, b.number as base_number
    from {{ ref('core_series') }} s
    join {{ ref('core_attestation') }} n on n.attestation = s.attestation
    join {{ ref('core_attestation') }} b on b.attestation = s.base_attestation
    where s.scope is null and s.basis <> 'published'
        and s.attestation in (select attestation from listed) and s.base_attestation in (select attestation from listed)
),
read as (
    -- of a list that was observed: where something was read
    select attestation, network, asset from listed group by all having count(amount) > 0
),
sides as (
    -- what stands in either list; `in_other` where its accounts stand in the other one too
    select p.attestation, p.since, p.base_attestation, l.network, l.asset, l.amount,
        case when p.basis = 'onchain' then coalesce(l.held, 0) else l.holdings end as holdings,
        l.attestation = p.attestation as is_new,
        get_bit(l.listed_in, case when l.attestation = p.attestation then p.base_number else p.number end::integer) = 1
            and (p.basis <> 'onchain' or o.attestation is not null) as in_other
    from compared p
    join listed l on l.attestation in (p.attestation, p.base_attestation)
    left join read o
        on o.attestation = case when l.attestation = p.attestation then p.base_attestation else p.attestation end
        and o.network = l.network and o.asset = l.asset
),
changed as (
    select attestation, since, base_attestation, network, asset,
        {% for name, side in [('', 'is_new'), ('_before', 'not is_new'), ('_added', 'is_new and not in_other'), ('_dropped', 'not is_new and not in_other')] -%}
        coalesce(sum(holdings) filter ({{ side }}), 0)::bigint as holdings{{ name }},
        {% endfor -%}
        {{ total('amount', 'is_new and not in_other') }} as added,
        {{ total('amount', 'not is_new and not in_other') }} as dropped
    from sides
    group by attestation, since, base_attestation, network, asset
)
select x.attestation, x.since, x.base_attestation, x.network, x.asset, x.holdings, x.holdings_before, x.holdings_added, x.holdings_dropped,
    case when x.holdings_added = 0 then 0 else x.added end::decimal(38, 0) as amount_added,   -- null: added without an amount
    case when x.holdings_dropped = 0 then 0 else x.dropped end::decimal(38, 0) as amount_dropped,
    case when x.holdings_added = 0 then 0 else {{ usd(units('x.added', 's.scale'), 'p.usd_price') }} end::decimal(38, 2) as usd_added,
    case when x.holdings_dropped = 0 then 0 else {{ usd(units('x.dropped', 's.scale'), 'q.usd_price') }} end::decimal(38, 2) as usd_dropped
from changed x
join {{ source('registry', 'assets') }} s using (asset)
left join {{ ref('core_price') }} p on p.attestation = x.attestation and p.asset = x.asset
left join {{ ref('core_price') }} q on q.attestation = x.base_attestation and q.asset = x.asset
