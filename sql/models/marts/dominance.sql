-- Which kinds of asset carry the claimed reserves, in US dollars. One row an attestation. Own and affiliated tokens count as such whatever
-- their class; shares are of what has a price and add up to one.
with valued as (
    select attestation,
        sum(usd)::decimal(38, 2) as usd_total,
        {% for kind in ['bitcoin', 'ether', 'stablecoin', 'own', 'affiliated', 'wrapped', 'other'] -%}
        coalesce(sum(usd) filter (relation = '{{ kind }}'), 0) as {{ kind }},
        {% endfor -%}
        list(asset order by asset) filter (usd is null) as unpriced_assets
    from {{ ref('core_value') }}
    group by attestation
)
select {{ about('a') }}, v.usd_total,
    {{ ratio('v.bitcoin', 'v.usd_total') }} as share_btc,
    {{ ratio('v.ether', 'v.usd_total') }} as share_eth,
    {{ ratio('v.stablecoin', 'v.usd_total') }} as share_stablecoin,
    {{ ratio('v.own', 'v.usd_total') }} as share_own,
    {{ ratio('v.affiliated', 'v.usd_total') }} as share_affiliated,
    {{ ratio('v.wrapped', 'v.usd_total') }} as share_wrapped,
    {{ ratio('v.other', 'v.usd_total') }} as share_other,
    coalesce(v.unpriced_assets, []) as unpriced_assets
from valued v
join {{ ref('core_attestation') }} a using (attestation)
