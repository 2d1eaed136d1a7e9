-- How much of what is claimed is both signed for and seen on chain, in US dollars. One row an attestation and network. Of each claim counts what the chain
-- shows of it at the snapshot's block, and no more than is claimed: what one account has too much makes up for no other. Of an observed list nobody signs.
with added as (
    -- added up before it is valued: cents are rounded once an asset
    select attestation, g.network, asset,
        sum(g.holdings) as holdings,
        {% for name, where in [('signed', "g.verdict = 'proven'"), ('seen', 'g.is_observed'), ('signed_and_seen', "g.verdict = 'proven' and g.is_observed")] -%}
        coalesce(sum(g.holdings) filter ({{ where }}), 0) as holdings_{{ name }},
        {% endfor -%}
        {{ total('g.amount') }} as claimed,
        {{ total('g.amount', "g.verdict = 'proven'") }} as signed,
        {{ total('g.amount_seen') }} as seen,
        {{ total('g.amount_seen', "g.verdict = 'proven'") }} as signed_and_seen
    from {{ ref('core_claim_group') }} g
    join {{ ref('core_reserves') }} r using (attestation, asset)
    where r.basis = 'claimed'
    group by attestation, g.network, asset
),
valued as (
    select d.*, p.usd_price,
        {% for name in ['claimed', 'signed', 'seen', 'signed_and_seen'] -%}
        {{ usd(units('d.' ~ name, 's.scale'), 'p.usd_price') }} as usd_{{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from added d
    join {{ source('registry', 'assets') }} s using (asset)
    left join {{ ref('core_price') }} p using (attestation, asset)
),
summed as (
    select attestation, network,
        {% for name in ['holdings', 'holdings_signed', 'holdings_seen', 'holdings_signed_and_seen'] -%}
        sum({{ name }})::bigint as {{ name }},
        {% endfor -%}
        sum(usd_claimed)::decimal(38, 2) as usd_claimed,
        -- nothing signed among what has a price is zero, and so is nothing proven among what was seen; nothing seen is null
        case when count(usd_claimed) > 0 then coalesce(sum(usd_signed) filter (usd_claimed is not null), 0) end::decimal(38, 2) as usd_signed,
        sum(usd_seen) filter (usd_claimed is not null)::decimal(38, 2) as usd_seen,
        case when count(usd_seen) filter (usd_claimed is not null) > 0 then coalesce(sum(usd_signed_and_seen) filter (usd_claimed is not null), 0) end::decimal(38, 2)
            as usd_signed_and_seen,
        coalesce(list(asset order by asset) filter (claimed is not null and usd_claimed is null), []) as unpriced_assets
    from valued
    group by attestation, network
),
shared as (
    select *,
        {% for name in ['signed', 'seen', 'signed_and_seen'] -%}
        {{ ratio('usd_' ~ name, 'usd_claimed') }} as share_{{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from summed
)
select {{ about('a') }}, v.network, v.holdings, v.holdings_signed, v.holdings_seen, v.holdings_signed_and_seen,
    v.usd_claimed, v.usd_signed, v.usd_seen, v.usd_signed_and_seen,
    {% for name in ['signed', 'seen', 'signed_and_seen'] -%}
    v.share_{{ name }},
    {{ null_reason('v.share_' ~ name, [('nothing_priced', 'v.usd_claimed is null'), ('total_is_zero', 'v.usd_claimed = 0')], 'nothing_observed') }} as share_{{ name }}_null_reason,
    {% endfor -%}
    v.unpriced_assets
from shared v
join {{ ref('core_attestation') }} a using (attestation)
