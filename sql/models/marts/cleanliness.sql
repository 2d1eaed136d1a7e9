-- How much of the claimed reserves is not in the platform's own token. One row an attestation. Beside ours stand the figures by the definitions of two
-- trackers, over the same reserves: DefiLlama takes off one token and leaves out tokens that promise what lies on another chain, CryptoQuant takes off the
-- native tokens. What has no price and is not taken off could only raise a share: it is then a lower bound.
with valued as (
    select attestation,
        sum(usd)::decimal(38, 2) as usd_total,
        coalesce(sum(usd) filter (relation = 'own'), 0)::decimal(38, 2) as usd_own,
        coalesce(sum(usd) filter (relation = 'affiliated'), 0)::decimal(38, 2) as usd_affiliated,
        -- tokens of the exchange's own making that promise coins elsewhere: counted there already
        coalesce(sum(usd) filter (asset_class = 'wrapped' and relation in ('own', 'affiliated')), 0)::decimal(38, 2) as usd_promised_elsewhere,
        coalesce(list(asset order by asset) filter (usd is null), []) as unpriced_assets,
        coalesce(list(asset order by asset) filter (usd is null and relation in ('own', 'affiliated')), []) as unpriced_tokens,
        count(*) filter (usd is null and relation = 'own') as unpriced_own,
        count(*) filter (usd is null and relation = 'affiliated') as unpriced_affiliated,
        coalesce(list(distinct asset order by asset) filter (priced_as is not null), []) as priced_as_underlying,
        list(distinct basis order by basis) as bases
    from {{ ref('core_value') }}
    group by attestation
),
shared as (
    select v.*, d.tokens as tokens_defillama, q.tokens as tokens_cryptoquant, d.unpriced as unpriced_defillama, q.unpriced as unpriced_cryptoquant,
        (v.usd_total - v.usd_promised_elsewhere)::decimal(38, 2) as usd_total_defillama,
        -- a share without the price of an own token that is held would flatter
        case when v.unpriced_own = 0 then 1 - {{ ratio('v.usd_own', 'v.usd_total') }} end as cleanliness,
        case when v.unpriced_own = 0 and v.unpriced_affiliated = 0 then 1 - {{ ratio('v.usd_own + v.usd_affiliated', 'v.usd_total') }} end
            as cleanliness_without_affiliated,
        case when d.unpriced = 0 then 1 - {{ ratio('d.usd', 'v.usd_total - v.usd_promised_elsewhere') }} end as cleanliness_defillama,
        case when q.unpriced = 0 then 1 - {{ ratio('q.usd', 'v.usd_total') }} end as cleanliness_cryptoquant
    from valued v
    join {{ ref('core_tracker_view') }} d on d.attestation = v.attestation and d.tracker = 'defillama'
    join {{ ref('core_tracker_view') }} q on q.attestation = v.attestation and q.tracker = 'cryptoquant'
)
{% set nothing = ('nothing_priced', 's.usd_total is null') -%}
select {{ about('a') }}, coalesce(s.bases, []) as bases, s.usd_total,
    case when s.unpriced_own = 0 then s.usd_own end as usd_own,
    case when s.unpriced_affiliated = 0 then s.usd_affiliated end as usd_affiliated,
    s.cleanliness,
    {{ null_reason('s.cleanliness', [('own_token_unpriced', 's.unpriced_own > 0'), nothing]) }} as cleanliness_null_reason,
    s.cleanliness_without_affiliated,
    {{ null_reason('s.cleanliness_without_affiliated',
        [('own_token_unpriced', 's.unpriced_own > 0'), ('affiliated_token_unpriced', 's.unpriced_affiliated > 0'), nothing]) }}
        as cleanliness_without_affiliated_null_reason,
    case when s.cleanliness is not null then len(s.unpriced_assets) > 0 end as is_lower_bound,
    s.unpriced_tokens, s.unpriced_assets, s.priced_as_underlying,
    coalesce(s.tokens_defillama, []) as tokens_defillama,
    case when s.unpriced_defillama = 0 then s.usd_total_defillama end as usd_total_defillama,
    s.cleanliness_defillama,
    {{ null_reason('s.cleanliness_defillama', [('token_unpriced', 's.unpriced_defillama > 0'), nothing]) }} as cleanliness_defillama_null_reason,
    coalesce(s.tokens_cryptoquant, []) as tokens_cryptoquant,
    s.cleanliness_cryptoquant,
    {{ null_reason('s.cleanliness_cryptoquant', [('token_unpriced', 's.unpriced_cryptoquant > 0'), nothing]) }} as cleanliness_cryptoquant_null_reason,
    {{ quality_flags('d', whole=true) }}
from shared s
join {{ ref('core_attestation') }} a using (attestation)
left join {{ ref('core_quality_flag') }} d on d.attestation = s.attestation and d.asset is null
