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
        list(asset order by asset) filter (usd is null) as unpriced_assets
    from {{ ref('core_value') }}
    group by attestation
)
select {{ about('a') }}, v.usd_total,
    {% for kind in kinds -%}
    {{ ratio('v.' ~ kind, 'v.usd_total') }} as share_{{ {'bitcoin': 'btc', 'ether': 'eth'}.get(kind, kind) }},
    {% endfor -%}
    {% for kind in kinds if kind != 'wrapped' -%}
    {{ ratio('v.' ~ kind ~ '_through', 'v.usd_total') }} as share_{{ {'bitcoin': 'btc', 'ether': 'eth'}.get(kind, kind) }}_through,
    {% endfor -%}
    v.assets, coalesce(v.unpriced_assets, []) as unpriced_assets, v.usd_published
from valued v
join {{ ref('core_attestation') }} a using (attestation)
