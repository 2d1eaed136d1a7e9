-- The market side by side. One row an exchange, calendar month and basis of which the exchange has an attestation whose moment lies in that month of its
-- clock; one of the first 24 hours of a month closes the month before. Of several the last stands here (`attestations` counts them), and what flowed is
-- added up over all of them. A month without an attestation has no row. What trackers print stands beside it under their own definitions.
{% set kinds = {'bitcoin': 'btc', 'ether': 'eth', 'stablecoin': 'stablecoin', 'own': 'own'} %}
{% set assets = ['BTC', 'ETH', 'USDT', 'USDC'] %}
{% set trackers = ['defillama', 'cryptoquant'] %}
with dated as (
    select *, {{ month_of('a') }} as month from {{ ref('core_attestation') }} a where snapshot_at is not null
),
weighed as (
    select v.*,
        {% for tracker in trackers -%}
        coalesce(list_contains({{ tracker }}.tokens, v.asset), false) as is_of_{{ tracker }},
        {% endfor -%}
        -- tokens of the exchange's own making that promise coins elsewhere: counted there already
        v.asset_class = 'wrapped' and v.relation in ('own', 'affiliated') as is_promised_elsewhere
    from {{ ref('core_value') }} v
    {% for tracker in trackers -%}
    left join {{ ref('core_tracker_view') }} {{ tracker }} on {{ tracker }}.attestation = v.attestation and {{ tracker }}.tracker = '{{ tracker }}'
    {% endfor %}
),
valued as (
    select attestation, basis,
        sum(usd)::decimal(38, 2) as usd_total,
        sum(usd_published)::decimal(38, 2) as usd_published,
        {% for kind, name in kinds.items() -%}
        coalesce(sum(usd) filter (relation = '{{ kind }}'), 0) as usd_{{ name }},
        {% endfor -%}
        {% for tracker in trackers -%}
        coalesce(sum(usd) filter (is_of_{{ tracker }}), 0) as usd_{{ tracker }},
        count(*) filter (is_of_{{ tracker }} and amount is not null and usd is null) as unpriced_{{ tracker }},
        {% endfor -%}
        coalesce(sum(usd) filter (is_promised_elsewhere), 0) as usd_promised_elsewhere,
        count(*) filter (relation = 'own' and usd is null) as unpriced_own,
        count(*) as assets,
        coalesce(list(asset order by asset) filter (usd is null), []) as unpriced_assets
    from weighed
    group by attestation, basis
),
shared as (
    select *,
        {% for name in kinds.values() -%}
        {{ ratio('usd_' ~ name, 'usd_total') }} as share_{{ name }},
        {% endfor -%}
        -- a share without the price of a token that is held and taken off would flatter
        case when unpriced_own = 0 then 1 - {{ ratio('usd_own', 'usd_total') }} end as cleanliness,
        case when unpriced_defillama = 0 then 1 - {{ ratio('usd_defillama', 'usd_total - usd_promised_elsewhere') }} end as cleanliness_defillama,
        case when unpriced_cryptoquant = 0 then 1 - {{ ratio('usd_cryptoquant', 'usd_total') }} end as cleanliness_cryptoquant
    from valued
),
sums as (
    -- of what is published for the whole exchange the largest
    select attestation, max(usd) as usd, arg_max(scope, (usd, scope)) as scope from {{ ref('core_published_sum') }} group by attestation
),
stated as (
    select attestation, basis from valued
    union
    select attestation, 'published' from sums
    union
    -- an attestation that says what is owed, or prints ratios, and nothing else
    select attestation, null from {{ ref('core_liability') }}
    where attestation not in (select attestation from valued) and attestation not in (select attestation from sums)
),
chosen as (
    select d.*, s.basis, count(*) over of_month as attestations
    from stated s
    join dated d using (attestation)
    window of_month as (partition by d.exchange, d.month, s.basis)
    qualify row_number() over (partition by d.exchange, d.month, s.basis order by d.snapshot_at desc, d.attestation desc) = 1
),
flows as (
    -- from the last attestation of the month before to that of this month, over those between
    select d.exchange, d.month, f.basis,
        arg_min(f.base_attestation, (d.snapshot_at, d.attestation, f.base_attestation)) as base_attestation,
        {% for part in ['change', 'flow', 'price', 'cross', 'list', 'own'] -%}
        sum(f.usd_{{ part }}){{ " filter (f.relation is distinct from 'own')" if part == 'list' }}::decimal(38, 2) as usd_{{ part }},
        {% endfor -%}
        coalesce(list(distinct f.asset order by f.asset) filter (f.not_split_because is not null), []) as assets_not_split
    from {{ ref('net_flow') }} f
    join dated d using (attestation)
    where f.since = 'previous' and f.scope is null
    group by d.exchange, d.month, f.basis
),
control as (
    select attestation, sum(usd_signed_and_seen)::decimal(38, 2) as usd_signed_and_seen from {{ ref('signed_and_seen') }} group by attestation
),
kinds_of_address as (
    -- one address may be an account on several networks
    select exchange, listed_in, count(*) as addresses, sum(accounts)::bigint as accounts
    from (select exchange, address, bit_or(listed_in) as listed_in, count(*) as accounts from {{ ref('core_account') }} group by exchange, address)
    group by exchange, listed_in
),
addresses as (
    select d.attestation, sum(k.addresses)::bigint as addresses
    from dated d
    join kinds_of_address k on k.exchange = d.exchange and get_bit(k.listed_in, d.number::integer) = 1
    group by d.attestation
),
printed as (
    select exchange, month,
        try_cast(arg_min(value, (source, source_row, value)) filter (figure = 'addresses') as bigint) as addresses,
        list(source || ': ' || figure || ' ' || value_printed || ' ' || unit || ' (' || definition || ')' order by source, figure, unit, source_row)
            filter (figure <> 'addresses') as figures
    from (select *, rtrim(rtrim(value::varchar, '0'), '.') as value_printed from {{ ref('tracker_figures') }})
    group by exchange, month
)
{% set nothing = [('nothing_stated', 'v.attestation is null'), ('nothing_priced', 'v.usd_total is null')] -%}
select {{ about('a') }}, a.month, a.basis, a.attestations, a.snapshot_precision,
    -- to the first day of the next month
    case when a.snapshot_precision <> 'month' then date_diff('day', a.snapshot_day, (a.month + interval 1 month)::date) end as days_from_month_end,
    v.usd_total, v.usd_published, t.usd as usd_published_sum, t.scope as published_scope,
    f.base_attestation, date_diff('day', b.snapshot_day, a.snapshot_day) as days,
    {% for part in ['change', 'flow', 'price', 'cross', 'list', 'own'] -%}
    f.usd_{{ part }},
    {% endfor -%}
    case when f.usd_flow is not null then null when f.base_attestation is null then 'nothing_before' else 'nothing_split' end as usd_flow_null_reason,
    coalesce(f.assets_not_split, []) as assets_not_split,
    coalesce(v.assets, 0) as assets, coalesce(v.unpriced_assets, []) as unpriced_assets,
    {% for name in kinds.values() -%}
    v.share_{{ name }},
    {% endfor -%}
    {{ null_reason('v.share_btc', nothing) }} as share_null_reason,
    v.cleanliness, {{ null_reason('v.cleanliness', [('own_token_unpriced', 'v.unpriced_own > 0')] + nothing) }} as cleanliness_null_reason,
    {% for tracker in trackers -%}
    v.cleanliness_{{ tracker }},
    {{ null_reason('v.cleanliness_' ~ tracker, [('token_unpriced', 'v.unpriced_' ~ tracker ~ ' > 0')] + nothing) }} as cleanliness_{{ tracker }}_null_reason,
    {% endfor -%}
    {% for asset in assets -%}
    {% set r, name = asset | lower, asset | lower -%}
    case when {{ r }}.basis = a.basis then case when a.basis = 'onchain' then {{ r }}.ratio_onchain else {{ r }}.ratio_claimed end end as ratio_{{ name }},
    case when {{ r }}.attestation is null then 'not_stated'
        when {{ r }}.basis <> a.basis then 'other_basis'
        when {{ r }}.basis is null or a.basis is null then coalesce({{ r }}.ratio_claimed_null_reason, 'other_basis')
        when a.basis = 'onchain' then {{ r }}.ratio_onchain_null_reason else {{ r }}.ratio_claimed_null_reason end as ratio_{{ name }}_null_reason,
    {{ r }}.printed_ratio as printed_ratio_{{ name }},
    case when {{ r }}.printed_ratio is null then 'not_printed' end as printed_ratio_{{ name }}_null_reason,
    {% endfor -%}
    case when a.basis = 'claimed' then c.usd_signed_and_seen end as usd_signed_and_seen,
    case when a.basis = 'claimed' then {{ ratio('c.usd_signed_and_seen', 'v.usd_total') }} end as share_signed_and_seen,
    case when coalesce(a.basis <> 'claimed', true) then 'no_addresses'
        when c.usd_signed_and_seen is null then case when v.usd_total is null then 'nothing_priced' else 'nothing_observed' end
        when coalesce(v.usd_total, 0) = 0 then 'total_is_zero' end as share_signed_and_seen_null_reason,
    case when a.basis <> 'published' then n.addresses end as addresses, p.addresses as addresses_printed,
    {{ age_in_days('a.snapshot_at', 'r.retrieved_at') }} as file_age_days, l.list_age_days,
    coalesce(p.figures, []) as tracker_figures,
    {{ quality_flags('d', whole=true) }}
from chosen a
left join shared v on v.attestation = a.attestation and v.basis = a.basis
left join sums t on t.attestation = a.attestation and a.basis = 'published'
left join flows f on f.exchange = a.exchange and f.month = a.month and f.basis = a.basis
left join dated b on b.attestation = f.base_attestation
left join control c on c.attestation = a.attestation
left join addresses n on n.attestation = a.attestation
left join printed p on p.exchange = a.exchange and p.month = a.month
left join {{ ref('stg_report') }} r on r.attestation = a.attestation and r.report = a.report and r.is_newest
left join {{ ref('stg_observed_list') }} l on l.attestation = a.attestation and a.basis = 'onchain'
left join {{ ref('core_quality_flag') }} d on d.attestation = a.attestation and d.asset is null
{% for asset in assets -%}
left join {{ ref('reserve_ratio') }} {{ asset | lower }} on {{ asset | lower }}.attestation = a.attestation and {{ asset | lower }}.asset = '{{ asset }}'
{% endfor %}
