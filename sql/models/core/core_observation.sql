-- A counted claim beside what the chain showed. One row an attestation, network, asset and address. `matching_component` names the part of the
-- holding that the claim equals: `total`, or the part that it means (liquid, frozen ...), for what a published number includes is not stated.
with seen as (
    select attestation, network, asset, address,
        max(amount) filter (component = 'total') as onchain,
        any_value(as_of) filter (component = 'total') as as_of,
        coalesce(bool_or(method = 'proved') filter (component = 'total'), false) as proved,
        -- a part of nothing is no part that a claim could mean
        list({component: component, amount: amount, is_exact: as_of = 'exact'} order by as_of <> 'exact', component <> 'total', component)
            filter (component = 'total' or amount > 0) as components
    from {{ ref('stg_balance') }}
    group by attestation, network, asset, address
),
joined as (
    select c.*, a.scale, s.onchain, s.as_of, s.proved, s.components, u.reason as unobserved_reason,
        -- one unit of the last digit that the exchange prints
        {{ last_digit('a.scale', 'c.printed_decimals') }} as last_digit
    from {{ ref('core_claim') }} c
    join {{ source('registry', 'assets') }} a using (asset)
    left join seen s using (attestation, network, asset, address)
    left join {{ ref('stg_unobserved') }} u using (attestation, network, asset, address)
),
fitted as (
    select *,
        list_filter(components, lambda x: x.amount = amount)[1] as equal,
        list_filter(components, lambda x: abs(x.amount - amount) < last_digit)[1] as close
    from joined
)
select * exclude (components, last_digit, equal, close),
    coalesce(equal.component, close.component) as matching_component,
    case
        when amount is null then 'no_amount'
        when onchain is null then 'unobserved'
        -- a part may be known of the snapshot block where the total is not
        when equal.is_exact then 'matched'
        when close.is_exact then 'rounded'
        when as_of <> 'exact' then 'other_moment'
        else 'differing'
    end as status,
    -- of a holding of which a part alone is known, that part counts where it is what was claimed
    case when as_of = 'exact' then onchain when equal.is_exact then equal.amount when close.is_exact then close.amount end as onchain_exact,
    {{ units('amount', 'scale') }} as claimed_units,
    {{ units('onchain', 'scale') }} as onchain_units
from fitted
