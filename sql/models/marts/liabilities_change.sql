-- How what is owed of an asset changed since an earlier statement of it. One row an attestation, since and asset. In US dollars the change is what came and
-- went, at the price then, and the change of price; the two add up to it to the cent.
with stated as (
    select l.attestation, l.asset, l.amount as liabilities, l.contradicted as conflicting, a.exchange, a.snapshot_at, a.snapshot_day
    from {{ ref('core_statement') }} l
    join {{ ref('core_attestation') }} a using (attestation)
    where a.snapshot_at is not null and l.what = 'liabilities' and l.is_counted
),
pairs as (
    select * from {{ compared_with_earlier('stated', ['asset']) }}
),
changed as (
    select e.*, x.scale, b.liabilities as liabilities_before, n.liabilities as liabilities_after,
        try((n.liabilities - b.liabilities)::decimal(38, 0)) as liabilities_change,
        b.conflicting as base_liabilities_conflicting, n.conflicting as liabilities_conflicting,
        p.usd_price as price_before, q.usd_price as price_after, p.priced_as as base_priced_as, q.priced_as
    from pairs e
    join stated n on n.attestation = e.attestation and n.asset = e.asset
    join stated b on b.attestation = e.base_attestation and b.asset = e.asset
    join {{ source('registry', 'assets') }} x on x.asset = e.asset
    left join {{ ref('core_price') }} p on p.attestation = e.base_attestation and p.asset = e.asset
    left join {{ ref('core_price') }} q on q.attestation = e.attestation and q.asset = e.asset
),
valued as (
    select *,
        {{ usd(units('liabilities_before', 'scale'), 'price_before') }} as usd_before,
        {{ usd(units('liabilities_after', 'scale'), 'price_after') }} as usd_after,
        {{ usd(units('liabilities_change', 'scale'), 'price_before') }} as flow,
        {{ ratio('liabilities_change', 'liabilities_before') }} as ratio_change
    from changed
)
select {{ about('a') }}, c.since, c.base_attestation, c.base_snapshot_at, c.days, c.asset, c.liabilities_before, c.liabilities_after, c.liabilities_change,
    {% for side in ['before', 'after', 'change'] -%}
    {{ units('c.liabilities_' ~ side, 'c.scale') }} as units_{{ side }},
    {% endfor -%}
    c.ratio_change, {{ null_reason('c.ratio_change', [('too_large', 'c.liabilities_change is null')], 'zero_before') }} as ratio_change_null_reason,
    c.price_before, c.price_after, c.base_priced_as, c.priced_as, c.usd_before, c.usd_after,
    (c.usd_after - c.usd_before)::decimal(38, 2) as usd_change,
    case when c.usd_after is not null and c.usd_before is not null then c.flow end as usd_flow,
    (c.usd_after - c.usd_before - c.flow)::decimal(38, 2) as usd_price,
    c.liabilities_conflicting, c.base_liabilities_conflicting
from valued c
join {{ ref('core_attestation') }} a using (attestation)
