-- What a list of addresses gained and lost against an earlier list of the exchange. One row an attestation, since, network and asset. A holding is
-- added where its address was not listed before for any asset, and dropped where its address is listed no longer; so a coin that arrives at a
-- listed address is no change of the list. The values are those of the day on which the holding stands in a list.
with listed as (
    select attestation, network, asset, standing, sum(holdings)::bigint as holdings, sum(amount)::decimal(38, 0) as amount
    from {{ ref('core_alike') }}
    group by all
),
compared as (
    select s.attestation, s.since, s.base_attestation, n.number, b.number as base_number
    from {{ ref('core_series') }} s
    join {{ ref('core_attestation') }} n on n.attestation = s.attestation
    join {{ ref('core_attestation') }} b on b.attestation = s.base_attestation
    where s.series = 'assets'
        and s.attestation in (select attestation from listed) and s.base_attestation in (select attestation from listed)
),
added as (
    select p.attestation, p.since, l.network, l.asset, sum(l.holdings)::bigint as holdings, sum(l.amount)::decimal(38, 0) as amount
    from compared p
    join listed l on l.attestation = p.attestation
    where get_bit(l.standing, p.base_number::integer) = 0
    group by all
),
dropped as (
    select p.attestation, p.since, l.network, l.asset, sum(l.holdings)::bigint as holdings, sum(l.amount)::decimal(38, 0) as amount
    from compared p
    join listed l on l.attestation = p.base_attestation
    where get_bit(l.standing, p.number::integer) = 0
    group by all
),
held as (
    select attestation, network, asset, sum(holdings)::bigint as holdings from listed group by all
),
places as (
    select p.attestation, p.since, p.base_attestation, l.network, l.asset
    from compared p
    join held l on l.attestation in (p.attestation, p.base_attestation)
    group by all
)
select x.attestation, x.since, x.base_attestation, x.network, x.asset,
    coalesce(n.holdings, 0) as holdings,
    coalesce(e.holdings, 0) as holdings_before,
    coalesce(a.holdings, 0) as holdings_added,
    coalesce(d.holdings, 0) as holdings_dropped,
    case when a.holdings is null then 0 else a.amount end::decimal(38, 0) as amount_added,   -- null: added without an amount
    case when d.holdings is null then 0 else d.amount end::decimal(38, 0) as amount_dropped,
    case when a.holdings is null then 0 else {{ usd(units('a.amount', 's.scale'), 'p.usd_price') }} end::decimal(38, 2) as usd_added,
    case when d.holdings is null then 0 else {{ usd(units('d.amount', 's.scale'), 'q.usd_price') }} end::decimal(38, 2) as usd_dropped
from places x
join {{ source('registry', 'assets') }} s using (asset)
left join held n on n.attestation = x.attestation and n.network = x.network and n.asset = x.asset
left join held e on e.attestation = x.base_attestation and e.network = x.network and e.asset = x.asset
left join added a on a.attestation = x.attestation and a.since = x.since and a.network = x.network and a.asset = x.asset
left join dropped d on d.attestation = x.attestation and d.since = x.since and d.network = x.network and d.asset = x.asset
left join {{ ref('core_price') }} p on p.attestation = x.attestation and p.asset = x.asset
left join {{ ref('core_price') }} q on q.attestation = x.base_attestation and q.asset = x.asset
