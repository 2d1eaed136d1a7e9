-- A counted claim beside what the chain showed. One row an attestation, network, asset and address. `matching_component` names the part of the
-- holding that the claim equals: `total`, or the part that it means (liquid, frozen ...), for what a published number includes is not stated. A claim that
-- `is_too_large` stands here and in no sum. A view: ask it for one attestation.
{{ config(materialized='view', schema='staging') }}
with parted as (
    -- the few holdings of which more is known than the total; a part of nothing is no part that a claim could mean
    select attestation, report, network, asset, address,
        list({is_near: as_of <> 'exact', is_part: true, component: component, amount: amount} order by component, amount, as_of) filter (amount > 0) as parts
    from {{ ref('stg_balance') }}
    where component <> 'total'
    group by attestation, report, network, asset, address
),
digits as (
    select n as digits, ('1' || repeat('0', n))::decimal(38, 0) as one_unit from (select unnest(range(0, 38))::integer as n)
),
joined as (
    select c.*, a.scale, coalesce(c.amount >= a.too_large_from, false) as is_too_large, t.amount as onchain, t.as_of, t.method = 'proved' as proved,
        t.method = 'unchanged_since' as unchanged, t.confirmed_by, u.reason as unobserved_reason,
        -- one unit of the last digit that the exchange prints
        d.one_unit as last_digit,
        -- what is exact first, and the total before its parts
        case when p.address is not null then list_sort(
            list_concat([{is_near: t.as_of <> 'exact', is_part: false, component: 'total', amount: t.amount}], p.parts)
        ) end as components
    from {{ ref('core_claim') }} c
    join {{ ref('core_limit') }} a on a.attestation = c.attestation and a.asset = c.asset
    left join digits d on d.digits = greatest(a.scale - coalesce(c.printed_decimals, a.scale), 0)
    left join {{ ref('stg_balance') }} t
        on t.attestation = c.attestation and t.report = c.report and t.network = c.network and t.asset = c.asset and t.address = c.address
        and t.component = 'total'
    left join parted p on p.attestation = c.attestation and p.report = c.report and p.network = c.network and p.asset = c.asset and p.address = c.address
    left join {{ ref('stg_unobserved') }} u
        on u.attestation = c.attestation and u.report = c.report and u.network = c.network and u.asset = c.asset and u.address = c.address
),
fitted as (
    select *,
        onchain = amount as whole_equals,
        abs(onchain - amount) < last_digit as whole_is_close,
        -- where parts are known: the first that equals the claim, or comes as close as its printed digits
        case when components is not null then list_filter(components, lambda x: x.amount = amount)[1] end as equal,
        case when components is not null then list_filter(components, lambda x: abs(x.amount - amount) < last_digit)[1] end as close
    from joined
)
select * exclude (components, last_digit, whole_equals, whole_is_close, equal, close),
    case when components is not null then coalesce(equal.component, close.component) when whole_equals or whole_is_close then 'total' end as matching_component,
    case
        when amount is null then 'no_amount'
        when onchain is null then 'unobserved'
        when components is null and as_of <> 'exact' then 'other_moment'
        when components is null then case when whole_equals then 'matched' when whole_is_close then 'rounded' else 'differing' end
        -- a part may be known of the snapshot block where the total is not
        when not equal.is_near then 'matched'
        when not close.is_near then 'rounded'
        when as_of <> 'exact' then 'other_moment'
        -- the total of the block is known, and the part that the claim may mean is of another moment
        when close.is_near then 'other_moment'
        else 'differing'
    end as status,
    -- of a holding of which a part alone is known, that part counts where it is what was claimed
    case
        when as_of = 'exact' then onchain
        when components is not null and not equal.is_near then equal.amount
        when components is not null and not close.is_near then close.amount
    end as onchain_exact
from fitted
