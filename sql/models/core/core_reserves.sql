-- The three measures, apart. One row an attestation and asset. On-chain and proven amounts are lower bounds over what was observed exactly, and
-- null where nothing was. `claims_left_out`: claims that are kept and not added up, for their amount or the sum would not fit. `basis` says what `amount` is
-- made of: claimed (rows of addresses), published (totals), onchain (accounts of a list, observed: nobody claims anything, and no list is known to be whole).
-- A list makes the figures of an attestation that states no amount itself; else what was seen of it stands beside the published totals as reserves_onchain.
with lists as (
    select attestation, snapshot_precision <> 'moment' or {{ is_same_moment('snapshot_at', 'observed_at') }} as is_of_the_moment
    from {{ ref('core_attestation') }}
    where observed_at is not null
),
added as (
    select attestation, exchange, asset,
        {{ total('amount') }} as claimed,
        {{ total('amount', "holding = 'custody'") }} as custody,
        {{ total('amount', "status = 'other_moment'") }} as near,
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
    select attestation, exchange, asset, claimed, custody, onchain, unobserved, rows, near,
        l.attestation is not null as is_list, coalesce(l.is_of_the_moment, true) as is_of_the_moment,
        -- nothing proven among what was observed is zero; nothing observed is null
        case when onchain is not null then coalesce(proven, 0) end as proven,
        is_complete and onchain is not null as is_complete,
        too_large + case when claimed is null then with_amount else without_sum end as left_out
    from added
    left join lists l using (attestation)
),
without_address as (
    -- lines of an address file's summary that no address can back: T-bills, buy-backs
    select attestation, asset, {{ total('amount') }} as amount
    from {{ ref('stg_published_total') }}
    where content <> 'totals' and holding in ('t_bills', 'buy_back')
    group by attestation, asset
),
stated as (
    select attestation, exchange, asset, a.* exclude (attestation, exchange, asset),
        t.amount as total, t.own_amount, t.custody_amount, t.usd_published, t.conflicting,
        case when a.is_list is false then 'claimed' when t.attestation is not null then 'published' else 'onchain' end as basis
    from addresses a
    full join {{ ref('core_total') }} t using (attestation, exchange, asset)
)
select s.attestation, s.exchange, s.asset,
    case s.basis when 'claimed' then s.claimed when 'published' then s.total end as reserves_claimed,
    s.basis,
    case s.basis when 'published' then s.total else s.claimed end as amount,
    case when s.basis = 'onchain' then s.near end as amount_near,
    case s.basis when 'claimed' then s.custody when 'published' then s.custody_amount end as custody_claimed,
    -- rows of addresses say how each is held; a total from which nobody takes custody apart says nothing
    case s.basis when 'claimed' then s.claimed - coalesce(s.custody, 0)
        when 'published' then coalesce(s.own_amount, s.total - s.custody_amount) end::decimal(38, 0)
        as claimed_without_custody,
    w.amount as claimed_without_address,
    case when s.is_of_the_moment then s.onchain end as reserves_onchain,
    case when s.is_of_the_moment then s.proven end as reserves_proven,
    case s.basis when 'claimed' then s.unobserved when 'published' then s.total end as claimed_unobserved,
    s.basis = 'claimed' and s.is_complete as is_complete,
    case when s.basis = 'published' then 0 else s.rows end as rows,
    case when s.basis = 'published' then 0 else s.left_out end as claims_left_out,
    s.usd_published,
    s.basis = 'published' and coalesce(s.conflicting, false) as claims_conflicting
from stated s
left join without_address w using (attestation, asset)
-- beside published amounts a list adds no asset
where s.basis <> 'onchain' or s.attestation not in (select attestation from {{ ref('core_total') }})
