-- How few accounts hold most of it. One row an attestation and asset, by amounts, and one for all assets together (TOTAL), by value. An account is an
-- address on one network. What is stated as a total has no accounts and no row.
with bases as (
    select attestation, case when bool_or(basis = 'claimed') then 'claimed' else 'onchain' end as basis from {{ ref('core_reserves') }} group by attestation
),
shared as (
    select *,
        {{ ratio('largest[1].amount', 'amount') }} as share_largest,
        {{ ratio('list_sum(list_transform(largest, lambda x: x.amount::double))', 'amount') }} as share_top_10
    from {{ ref('core_concentration') }}
)
select {{ about('a') }}, c.asset, b.basis, c.accounts,
    case when c.asset <> 'TOTAL' then c.amount end as amount,
    {{ units('c.amount', 's.scale') }} as units,
    case when c.asset = 'TOTAL' then try((c.amount * 0.01::decimal(3, 2))::decimal(38, 2)) else {{ usd(units('c.amount', 's.scale'), 'p.usd_price') }} end as usd,
    c.share_largest, {{ null_reason('c.share_largest', [], 'too_large') }} as share_largest_null_reason,
    c.share_top_10, {{ null_reason('c.share_top_10', [], 'too_large') }} as share_top_10_null_reason,
    c.hhi::double as hhi,
    list_transform(c.largest, lambda x: struct_extract(x, 'network')) as largest_networks,
    list_transform(c.largest, lambda x: struct_extract(x, 'address')) as largest_addresses,
    case when c.asset <> 'TOTAL' then list_transform(c.largest, lambda x: struct_extract(x, 'amount')) end as largest_amounts,
    case when c.asset = 'TOTAL' then list_transform(c.largest, lambda x: try((struct_extract(x, 'amount') * 0.01::decimal(3, 2))::decimal(38, 2))) end as largest_usd
from shared c
join {{ ref('core_attestation') }} a using (attestation)
join bases b using (attestation)
left join {{ source('registry', 'assets') }} s on s.asset = c.asset
left join {{ ref('core_price') }} p on p.attestation = c.attestation and p.asset = c.asset
