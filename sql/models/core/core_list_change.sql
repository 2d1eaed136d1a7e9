-- What a list of addresses gained and lost against an earlier list of the exchange. One row an attestation, since, network and asset. A holding is
-- added where its address was not listed before for any asset, and dropped where its address is listed no longer; so a coin that arrives at a
-- listed address is no change of the list. The values are those of the day on which the holding stands in a list.
with listing as (
    select attestation, count(*) as holdings from {{ ref('core_claim') }} group by attestation
),
compared as (
    select s.attestation, s.since, s.base_attestation
    from {{ ref('core_series') }} s
    where s.series = 'assets'
        and s.attestation in (select attestation from listing) and s.base_attestation in (select attestation from listing)
),
added as (
    select p.attestation, p.since, c.network, c.asset, count(*) as holdings, sum(c.amount)::decimal(38, 0) as amount
    from compared p
    join {{ ref('core_claim') }} c on c.attestation = p.attestation
    anti join {{ ref('core_claim') }} b on b.attestation = p.base_attestation and b.account = c.account
    group by all
),
dropped as (
    select p.attestation, p.since, b.network, b.asset, count(*) as holdings, sum(b.amount)::decimal(38, 0) as amount
    from compared p
    join {{ ref('core_claim') }} b on b.attestation = p.base_attestation
    anti join {{ ref('core_claim') }} c on c.attestation = p.attestation and c.account = b.account
    group by all
),
listed as (
    select attestation, network, asset, count(*) as holdings
    from {{ ref('core_claim') }}
    group by all
),
places as (
    select p.attestation, p.since, p.base_attestation, l.network, l.asset
    from compared p
    join listed l on l.attestation in (p.attestation, p.base_attestation)
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
left join listed n on n.attestation = x.attestation and n.network = x.network and n.asset = x.asset
left join listed e on e.attestation = x.base_attestation and e.network = x.network and e.asset = x.asset
left join added a on a.attestation = x.attestation and a.since = x.since and a.network = x.network and a.asset = x.asset
left join dropped d on d.attestation = x.attestation and d.since = x.since and d.network = x.network and d.asset = x.asset
left join {{ ref('core_price') }} p on p.attestation = x.attestation and p.asset = x.asset
left join {{ ref('core_price') }} q on q.attestation = x.base_attestation and q.asset = x.asset
