-- What is claimed of an asset beside the (ALL) line that its own file prints of it. One row an attestation and asset with such a line. The line, less what no
-- address can back (T-bills, buy-backs) and with lines of the asset that stand elsewhere, against the claims of the asset and of all that is listed below the
-- line and has none of its own (stETH below ETH). `amount_beyond` is set where they exceed it by more than rounding or cutting off explains.
with lines as (
    select t.attestation, t.member, t.source_row, t.level, t.asset, t.amount, t.holding in ('t_bills', 'buy_back') as has_no_address, s.scale,
        -- a spreadsheet keeps fifteen digits
        greatest({{ last_digit('s.scale', 't.printed_decimals') }}, {{ last_digit('length(t.amount::varchar)', '15') }}) as last_digit,
        max(case when t.level = 'group' then t.source_row end) over (partition by t.attestation, t.member order by t.source_row) as group_row
    from {{ ref('stg_published_total') }} t
    join {{ ref('core_attestation') }} a on a.attestation = t.attestation and a.report = t.report
    join {{ source('registry', 'assets') }} s using (asset)
    where t.content <> 'totals' and t.level in ('group', 'part') and t.holding is distinct from 'native_staking'   -- that of a staking file is its own
),
totals as (
    select attestation, asset, scale, member, source_row, amount, last_digit from lines where level = 'group'
),
placed as (
    select p.*, g.asset as total_asset, g.scale as total_scale,
        exists (select 1 from totals x where x.attestation = p.attestation and x.asset = p.asset) as has_own
    from lines p
    left join totals g on g.attestation = p.attestation and g.member = p.member and g.source_row = p.group_row
    where p.level = 'part'
),
said as (
    select attestation, asset, amount, last_digit from totals
    union all
    select attestation, total_asset, -({{ rescaled('amount', 'scale', 'total_scale') }}), 0
    from placed
    where total_asset is not null and has_no_address
    union all
    select attestation, asset, amount, last_digit
    from placed
    where has_own and total_asset is distinct from asset and not has_no_address
),
own as (
    select attestation, asset,
        -- a line without an amount leaves the total unknown
        case when count(amount) = count(*) then {{ total('amount') }} end as own_total,
        {{ total('last_digit') }} as last_digit
    from said
    group by attestation, asset
),
members as (
    select distinct attestation, asset as total_asset, asset from totals
    union
    select attestation, min(total_asset), asset
    from placed
    where not has_own
    group by attestation, asset
    having count(distinct total_asset) = 1 and count(total_asset) = count(*)
),
claimed as (
    -- as counted in every mart, each account once; `rows` and `digits` as published, for the rounding
    select m.attestation, m.total_asset as asset, r.reserves_claimed is not null as is_claimed,
        {{ rescaled('r.reserves_claimed', 's.scale', 'u.scale') }} as claimed,
        {{ rescaled('c.rounding', 's.scale', 'u.scale') }} as rounding,
        c.networks
    from members m
    join {{ source('registry', 'assets') }} s on s.asset = m.asset
    join {{ source('registry', 'assets') }} u on u.asset = m.total_asset
    join {{ ref('core_reserves') }} r on r.attestation = m.attestation and r.asset = m.asset
    join (
        select attestation, asset, ({{ last_digit('x.scale', 'max(digits)') }} * sum(rows)::bigint)::decimal(38, 0) as rounding, count(distinct network) as networks
        from {{ ref('core_label_sum') }}
        semi join members using (attestation, asset)
        join {{ source('registry', 'assets') }} x using (asset)
        group by attestation, asset, x.scale
    ) c on c.attestation = m.attestation and c.asset = m.asset
),
added as (
    -- null where it has more than 38 digits: then nothing is compared
    select attestation, asset,
        case when count(claimed) = count(*) filter (is_claimed) then {{ total('claimed') }} end as claimed,
        case when count(rounding) = count(*) then {{ total('rounding') }} end as rounding,
        max(networks) as networks
    from claimed
    group by attestation, asset
),
compared as (
    select attestation, asset, o.own_total, c.claimed, try((c.claimed - o.own_total)::decimal(38, 0)) as beyond,
        -- the sum of each network may have been cut to the line's last digit
        try((c.rounding + o.last_digit * greatest(c.networks, 1))::decimal(38, 0)) as rounding
    from own o
    join added c using (attestation, asset)
)
select attestation, asset, own_total, claimed, rounding,
    beyond >= rounding as is_contradicted,
    case when beyond >= rounding then beyond end as amount_beyond
from compared
