-- Which kinds of asset carry the claimed reserves, in US dollars. One row an attestation. Own and affiliated tokens count as such whatever
-- their class; shares are of what has a price and add up to one. `_through` counts wrapped and receipt tokens as what they stand for.
{% set kinds = ['bitcoin', 'ether', 'stablecoin', 'own', 'affiliated', 'wrapped', 'other'] %}
with valued as (
    select attestation,
        sum(usd)::decimal(38, 2) as usd_total,
        {% for kind in kinds -%}
        coalesce(sum(usd) filter (relation = '{{ kind }}'), 0) as {{ kind }},
        coalesce(sum(usd) filter (relation_through = '{{ kind }}'), 0) as {{ kind }}_through,
        {% endfor -%}
        sum(usd_published)::decimal(38, 2) as usd_published,
        count(*) as assets,
        list(asset order by asset) filter (usd is null) as unpriced_assets,
        list(asset order by asset) filter (priced_as is not null) as priced_as_underlying,
        list(distinct basis order by basis) as bases
    from {{ ref('core_value') }}
    group by attestation
)
select {{ about('a') }}, coalesce(v.bases, []) as bases, v.usd_total,
    {% for kind in kinds -%}
    {{ ratio('v.' ~ kind, 'v.usd_total') }} as share_{{ {'bitcoin': 'btc', 'ether': 'eth'}.get(kind, kind) }},
    {% endfor -%}
    {% for kind in kinds if kind != 'wrapped' -%}
    {{ ratio('v.' ~ kind ~ '_through', 'v.usd_total') }} as share_{{ {'bitcoin': 'btc', 'ether': 'eth'}.get(kind, kind) }}_through,
    {% endfor -%}
    case when v.usd_total is null then 'nothing_priced' when v.usd_total = 0 then 'total_is_zero' end as share_null_reason,
    v.assets, coalesce(v.unpriced_assets, []) as unpriced_assets, coalesce(v.priced_as_underlying, []) as priced_as_underlying, v.usd_published,
    {{ quality_flags('d', whole=true) }}
from valued v
join {{ ref('core_attestation') }} a using (attestation)
left join {{ ref('core_quality_flag') }} d on d.attestation = v.attestation and d.asset is null
