-- A counted claim beside what the chain showed. One row an attestation, network, asset and address. `matching_component` names the part of the
-- holding that the claim equals: `total`, or the part that it means (liquid, frozen ...), for what a published number includes is not stated.
with in_parts as (
    -- the few holdings of which more is known than the total
    select {{ file_number('b') }} as file, {{ account_number('b') }} as account, b.asset
    from {{ ref('stg_balance') }} b
    where b.component <> 'total'
    group by all
),
balances as not materialized (
    select b.*, {{ file_number('b') }} as file, {{ account_number('b') }} as account from {{ ref('stg_balance') }} b
),
whole as (
    select b.file, b.account, b.asset, b.amount as onchain, b.as_of, b.method = 'proved' as proved,
        null::struct(component varchar, amount decimal(38, 0), is_exact boolean)[] as components
    from balances b
    anti join in_parts using (file, account, asset)
),
parted as (
    select b.file, b.account, b.asset,
        max(b.amount) filter (b.component = 'total') as onchain,
        any_value(b.as_of) filter (b.component = 'total') as as_of,
        coalesce(bool_or(b.method = 'proved') filter (b.component = 'total'), false) as proved,
        -- a part of nothing is no part that a claim could mean
        list({component: b.component, amount: b.amount, is_exact: b.as_of = 'exact'} order by b.as_of <> 'exact', b.component <> 'total', b.component)
            filter (b.component = 'total' or b.amount > 0) as components
    from balances b
    semi join in_parts using (file, account, asset)
    group by all
),
seen as (
    select * from whole
    union all
    select * from parted
),
digits as (
    select n as digits, ('1' || repeat('0', n))::decimal(38, 0) as one_unit from (select unnest(range(0, 38))::integer as n)
),
joined as (
    select c.*, a.scale, s.onchain, s.as_of, s.proved, s.components, u.reason as unobserved_reason,
        -- one unit of the last digit that the exchange prints
        d.one_unit as last_digit
    from {{ ref('core_claim') }} c
    join {{ source('registry', 'assets') }} a using (asset)
    left join digits d on d.digits = greatest(a.scale - coalesce(c.printed_decimals, a.scale), 0)
    left join seen s on s.file = {{ file_number('c') }} and s.account = {{ account_number('c') }} and s.asset = c.asset
    left join {{ ref('stg_unobserved') }} u on {{ file_number('u') }} = {{ file_number('c') }}
        and {{ account_number('u') }} = {{ account_number('c') }} and u.asset = c.asset
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
        when equal.is_exact then 'matched'
        when close.is_exact then 'rounded'
        when as_of <> 'exact' then 'other_moment'
        else 'differing'
    end as status,
    -- of a holding of which a part alone is known, that part counts where it is what was claimed
    case
        when as_of = 'exact' then onchain
        when components is not null and equal.is_exact then equal.amount
        when components is not null and close.is_exact then close.amount
    end as onchain_exact
from fitted
