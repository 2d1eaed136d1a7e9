-- A counted claim beside what the chain showed. One row an attestation, network, asset and address.
with seen as (
    select attestation, network, asset, address,
        max(amount) filter (component = 'total') as onchain,
        any_value(as_of) as as_of,
        coalesce(bool_or(method = 'proved') filter (component = 'total'), false) as proved,
        list({component: component, amount: amount}) as components
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
)
select * exclude (components, last_digit),
    list_filter(components, lambda x: x.amount = amount)[1].component as matching_component,
    case
        when amount is null then 'no_amount'
        when onchain is null then 'unobserved'
        when as_of <> 'exact' then 'other_moment'
        when onchain = amount or len(list_filter(components, lambda x: x.amount = amount)) > 0 then 'matched'
        when abs(onchain - amount) < last_digit then 'rounded'
        else 'differing'
    end as status,
    case when as_of = 'exact' then onchain end as onchain_exact,
    {{ units('amount', 'scale') }} as claimed_units,
    {{ units('onchain', 'scale') }} as onchain_units
from joined
