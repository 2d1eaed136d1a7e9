-- An account that an exchange claims and that somebody else claims too, or that is known to back something else. One row a network, address, exchange
-- and the other party; two exchanges make two rows. Address lists of others count as claims here, without amounts. A day is one of the clock of its
-- exchange.
with claims as (
    select c.network, c.address, c.exchange, c.attestation, a.snapshot_at, a.snapshot_day, a.report, null::varchar as source, c.asset,
        case when a.observed_at is null then c.amount else c.amount_held end as amount
    from {{ ref('core_shared_claim') }} c
    join {{ ref('core_attestation') }} a on a.attestation = c.attestation
    where a.observed_at is null or c.amount_held is not null   -- what a list was only asked about is held by nobody
    union all by name
    select l.network, l.address, l.exchange, l.attestation, l.snapshot_at, l.snapshot_day, l.report, coalesce(l.source, l.label) as source
    from {{ ref('stg_listed_address') }} l
    semi join {{ ref('core_shared_account') }} using (network, address)
),
parties as (
    -- an exchange and the newest statement in which it names the account: one with amounts before a list
    select network, address, exchange,
        arg_max(attestation, (report_order, coalesce(snapshot_at, '-infinity'::timestamptz), attestation)) as attestation,
        arg_max(report, (report_order, coalesce(snapshot_at, '-infinity'::timestamptz), attestation, report)) as report,
        min(snapshot_at) as first_at,
        max(snapshot_at) as last_at,
        min(snapshot_day) as first_day,
        max(snapshot_day) as last_day,
        max(source) as source,
        bool_or(report_order = 1) as with_amounts
    from (select *, case when asset is null then 0 else 1 end as report_order from claims)
    group by network, address, exchange
),
against as (
    select p.*, 'exchange' as against_kind, o.exchange as against, case when o.with_amounts then o.attestation else coalesce(o.source, o.attestation) end as against_source,
        coalesce(p.first_day <= o.last_day and o.first_day <= p.last_day, false) as at_the_same_time
    from parties p
    join parties o on o.network = p.network and o.address = p.address and o.exchange <> p.exchange
    union all by name
    select p.*, s.since, s."until", 'collateral' as against_kind, s.whose as against, s.source as against_source,
        coalesce(p.last_day >= s.since and (s."until" is null or p.first_day <= s."until"), false) as at_the_same_time
    from parties p
    join {{ source('registry', 'collateral') }} s using (network, address)
    where p.exchange <> s.whose
),
spoken as (
    -- what each statement says of the account
    select c.network, c.address, c.exchange, c.attestation, c.snapshot_at, c.snapshot_day,
        coalesce(list(c.asset order by c.asset) filter (c.asset is not null), []) as assets,
        coalesce(list({{ units('c.amount', 's.scale') }} order by c.asset) filter (c.asset is not null), []) as units
    from claims c
    left join {{ source('registry', 'assets') }} s using (asset)
    group by c.network, c.address, c.exchange, c.attestation, c.snapshot_at, c.snapshot_day
),
nearest as (
    -- the two statements that lie nearest in time; of several such pairs the one with amounts, then the latest
    select g.network, g.address, g.exchange, g.against_kind, g.against,
        abs(date_diff('day', n.snapshot_day, m.snapshot_day)) as days_apart,
        n.attestation as nearest_attestation, n.assets as nearest_assets, n.units as nearest_units,
        m.attestation as against_attestation, m.assets as against_assets, m.units as against_units
    from against g
    join spoken n on n.network = g.network and n.address = g.address and n.exchange = g.exchange
    join spoken m on m.network = g.network and m.address = g.address and m.exchange = g.against
    where g.against_kind = 'exchange'
    qualify row_number() over (
        partition by g.network, g.address, g.exchange, g.against
        order by days_apart nulls last, len(n.assets) > 0 and len(m.assets) > 0 desc, n.snapshot_at desc nulls last, n.attestation desc,
            m.snapshot_at desc nulls last, m.attestation desc
    ) = 1
    union all by name
    select g.network, g.address, g.exchange, g.against_kind, g.against,
        -- from the span over which it is known to be collateral
        case when n.snapshot_at is not null
            then greatest(date_diff('day', n.snapshot_day, g.since), coalesce(date_diff('day', g."until", n.snapshot_day), 0), 0) end as days_apart,
        n.attestation as nearest_attestation, n.assets as nearest_assets, n.units as nearest_units, [] as against_assets, [] as against_units
    from against g
    join spoken n on n.network = g.network and n.address = g.address and n.exchange = g.exchange
    where g.against_kind = 'collateral'
    qualify row_number() over (
        partition by g.network, g.address, g.exchange, g.against
        order by n.snapshot_at is null, days_apart, len(n.assets) > 0 desc, n.snapshot_at desc nulls last, n.attestation desc
    ) = 1
),
held as (
    select g.network, g.address, g.exchange, g.against_kind, g.against,
        list(distinct c.asset order by c.asset) filter (c.asset is not null) as assets,
        sum({{ usd(units('c.amount', 's.scale'), 'p.usd_price') }})::decimal(38, 2) as usd,
        coalesce(list(distinct c.asset order by c.asset) filter (p.priced_as is not null), []) as priced_as_underlying
    from against g
    join claims c on c.network = g.network and c.address = g.address and c.exchange = g.exchange and c.attestation = g.attestation
    left join {{ source('registry', 'assets') }} s using (asset)
    left join {{ ref('core_price') }} p on p.attestation = c.attestation and p.asset = c.asset
    group by all
)
select g.attestation, g.exchange,
    -- a list of addresses is no attestation and is never the latest
    coalesce(a.snapshot_at, g.last_at) as snapshot_at, coalesce(a.is_latest, false) as is_latest, g.report, lake.build_id() as build_id,
    g.network, g.address, g.against_kind, g.against, g.against_source, g.at_the_same_time,
    g.first_at as first_claimed_at, g.last_at as last_claimed_at, g.with_amounts, coalesce(h.assets, []) as assets,
    coalesce(h.priced_as_underlying, []) as priced_as_underlying, h.usd,
    n.days_apart, n.nearest_attestation, n.nearest_assets, n.nearest_units,
    n.against_attestation, n.against_assets, n.against_units
from against g
left join held h on h.network = g.network and h.address = g.address and h.exchange = g.exchange and h.against_kind = g.against_kind and h.against = g.against
left join nearest n on n.network = g.network and n.address = g.address and n.exchange = g.exchange and n.against_kind = g.against_kind and n.against = g.against
left join {{ ref('core_attestation') }} a on a.attestation = g.attestation and g.with_amounts
