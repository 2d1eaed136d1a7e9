-- The three measures, apart. One row an attestation and asset. On-chain and proven amounts are lower bounds over what was observed exactly, and
-- null where nothing was. `claims_left_out`: claims that are kept and not added up, for their amount or the sum would not fit.
with added as (
    select attestation, exchange, asset,
        {{ total('amount') }} as claimed,
        {{ total('amount', "holding = 'custody'") }} as custody,
        {{ total('onchain_exact') }} as onchain,
        {{ total('onchain_exact', "verdict = 'proven'") }} as proven,
        -- an amount that is not there is none; one that does not fit is not zero
        case when count(amount) filter (not is_observed) = 0 then 0 else {{ total('amount', 'not is_observed') }} end::decimal(38, 0) as unobserved,
        -- what was read and does not fit is not in the bound
        bool_and(is_observed and onchain_exact is not null) as is_complete,
        sum(holdings)::bigint as rows,
        sum(holdings_too_large)::bigint as too_large,
        sum(holdings_with_amount)::bigint as with_amount,
        coalesce(sum(holdings_with_amount) filter (amount is null), 0)::bigint as without_sum
    from {{ ref('core_claim_group') }}
    group by attestation, exchange, asset
),
addresses as (
    select attestation, exchange, asset, claimed, custody, onchain, unobserved, rows,
        -- nothing proven among what was observed is zero; nothing observed is null
        case when onchain is not null then coalesce(proven, 0) end as proven,
        is_complete and onchain is not null as is_complete,
        too_large + case when claimed is null then with_amount else without_sum end as left_out
    from added
),
without_address as (
    -- lines of an address file's summary that no address can back: T-bills, buy-backs
    select attestation, asset, {{ total('amount') }} as amount
    from {{ ref('stg_published_total') }}
    where content <> 'totals' and holding in ('t_bills', 'buy_back')
    group by attestation, asset
)
select attestation, exchange, asset,
    case when a.attestation is not null then a.claimed else t.amount end as reserves_claimed,
    case when a.attestation is not null then 'claimed' when t.attestation is not null then 'published' end as basis,
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
    coalesce(a.left_out, 0) as claims_left_out,
    t.usd_published,
    coalesce(t.conflicting, false) and a.attestation is null as claims_conflicting
from addresses a
full join {{ ref('core_total') }} t using (attestation, exchange, asset)
left join without_address w using (attestation, asset)
