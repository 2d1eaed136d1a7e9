-- The three measures, apart. One row an attestation and asset. On-chain and proven amounts are lower bounds over what was observed exactly, and
-- null where nothing was.
with addresses as (
    select attestation, exchange, asset,
        sum(amount)::decimal(38, 0) as claimed,
        (sum(amount) filter (holding = 'custody'))::decimal(38, 0) as custody,
        sum(onchain_exact)::decimal(38, 0) as onchain,
        -- nothing proven among what was observed is zero; nothing observed is null
        case when bool_or(is_observed) then coalesce(sum(onchain_exact) filter (verdict = 'proven'), 0) end::decimal(38, 0) as proven,
        coalesce(sum(amount) filter (not is_observed), 0)::decimal(38, 0) as unobserved,
        bool_and(is_observed) as is_complete,
        sum(holdings)::bigint as rows
    from {{ ref('core_alike') }}
    group by attestation, exchange, asset
),
without_address as (
    -- lines of an address file's summary that no address can back: T-bills, buy-backs
    select attestation, asset, sum(amount)::decimal(38, 0) as amount
    from {{ ref('stg_published_total') }}
    where content <> 'totals' and holding in ('t_bills', 'buy_back')
    group by attestation, asset
)
select attestation, exchange, asset,
    case when a.attestation is not null then a.claimed else t.amount end as reserves_claimed,
    case when a.attestation is not null then 'addresses' when t.attestation is not null then 'totals' end as claimed_from,
    case when a.attestation is not null then a.custody else t.custody_amount end as custody_claimed,
    -- rows of addresses say how each is held; a total from which nobody takes custody apart says nothing
    case when a.attestation is not null then a.claimed - coalesce(a.custody, 0) else coalesce(t.own_amount, t.amount - t.custody_amount) end::decimal(38, 0)
        as claimed_without_custody,
    w.amount as claimed_without_address,
    a.onchain as reserves_onchain,
    a.proven as reserves_proven,
    case when a.attestation is not null then a.unobserved else t.amount end as claimed_unobserved,
    coalesce(a.is_complete, false) as is_complete,
    coalesce(a.rows, 0) as rows,
    t.usd_published,
    coalesce(t.conflicting, false) and a.attestation is null as claims_conflicting
from addresses a
full join {{ ref('core_total') }} t using (attestation, exchange, asset)
left join without_address w using (attestation, asset)
