-- An account that an exchange claims and that somebody else claims too, or that is known to back something else. One row a network, address, exchange
-- and the other party; two exchanges make two rows. Address lists of others count as claims here, without amounts.
with claims as (
    -- each counted once, of different amounts the smallest
    select c.network, c.address, c.exchange, c.attestation, a.snapshot_at, a.report, null::varchar as source, c.asset, min(c.amount) as amount
    from {{ ref('stg_claim') }} c
    semi join {{ ref('core_shared_account') }} k on k.network = c.network and k.address = c.address
    join {{ ref('core_attestation') }} a on a.attestation = c.attestation
    group by all
    union all by name
    select l.network, l.address, l.exchange, l.attestation, l.snapshot_at, l.report, coalesce(l.source, l.label) as source
    from {{ ref('stg_listed_address') }} l
    semi join {{ ref('core_shared_account') }} k using (network, address)
),
parties as (
    -- an exchange and the newest statement in which it names the account: one with amounts before a list
    select network, address, exchange,
        arg_max(attestation, (report_order, coalesce(snapshot_at, '-infinity'::timestamptz), attestation)) as attestation,
        arg_max(report, (report_order, coalesce(snapshot_at, '-infinity'::timestamptz), attestation)) as report,
        min(snapshot_at) as first_at,
        max(snapshot_at) as last_at,
        max(source) as source,
        bool_or(report_order = 1) as with_amounts
    from (select *, case when asset is null then 0 else 1 end as report_order from claims)
    group by network, address, exchange
),
against as (
    select p.*, 'exchange' as against_kind, o.exchange as against, case when o.with_amounts then o.attestation else coalesce(o.source, o.attestation) end as against_source,
        coalesce(p.first_at <= o.last_at and o.first_at <= p.last_at, false) as at_the_same_time
    from parties p
    join parties o on o.network = p.network and o.address = p.address and o.exchange <> p.exchange
    union all by name
    select p.*, 'collateral' as against_kind, s.whose as against, s.source as against_source,
        coalesce(p.last_at::date >= s.since and (s."until" is null or p.first_at::date <= s."until"), false) as at_the_same_time
    from parties p
    join {{ source('registry', 'collateral') }} s using (network, address)
    where p.exchange <> s.whose
),
held as (
    select g.network, g.address, g.exchange, g.against_kind, g.against,
        list(distinct c.asset order by c.asset) filter (c.asset is not null) as assets,
        sum({{ usd(units('c.amount', 's.scale'), 'p.usd_price') }})::decimal(38, 2) as usd
    from against g
    join claims c on c.network = g.network and c.address = g.address and c.exchange = g.exchange and c.attestation = g.attestation
    left join {{ source('registry', 'assets') }} s using (asset)
    left join {{ ref('core_price') }} p on p.attestation = c.attestation and p.asset = c.asset
    group by all
)
select g.attestation, g.exchange,
    -- a list of addresses is no attestation and is never the latest
    coalesce(a.snapshot_at, g.last_at) as snapshot_at, coalesce(a.is_latest, false) as is_latest, g.report, '{{ var("build_id") }}' as build_id,
    g.network, g.address, g.against_kind, g.against, g.against_source, g.at_the_same_time,
    g.first_at as first_claimed_at, g.last_at as last_claimed_at, g.with_amounts, coalesce(h.assets, []) as assets, h.usd
from against g
left join held h on h.network = g.network and h.address = g.address and h.exchange = g.exchange and h.against_kind = g.against_kind and h.against = g.against
left join {{ ref('core_attestation') }} a on a.attestation = g.attestation and g.with_amounts
