-- How much of the claimed reserves is not in the platform's own token. One row an attestation. Beside ours stand the figures by the definitions of two
-- trackers, over the same reserves: DefiLlama takes off one token and leaves out tokens that promise what lies on another chain, CryptoQuant takes off the
-- native tokens.
with valued as (
    select attestation,
        sum(usd)::decimal(38, 2) as usd_total,
        coalesce(sum(usd) filter (relation = 'own'), 0)::decimal(38, 2) as usd_own,
        coalesce(sum(usd) filter (relation = 'affiliated'), 0)::decimal(38, 2) as usd_affiliated,
        -- tokens of the exchange's own making that promise coins elsewhere: counted there already
        coalesce(sum(usd) filter (asset_class = 'wrapped' and relation in ('own', 'affiliated')), 0)::decimal(38, 2) as usd_promised_elsewhere,
        list(asset order by asset) filter (usd is null and relation in ('own', 'affiliated')) as unpriced_tokens
    from {{ ref('core_value') }}
    group by attestation
)
select {{ about('a') }}, v.usd_total,
    -- a share without the price of an own token that is held would flatter
    case when len(coalesce(v.unpriced_tokens, [])) = 0 then v.usd_own end as usd_own,
    case when len(coalesce(v.unpriced_tokens, [])) = 0 then v.usd_affiliated end as usd_affiliated,
    case when len(coalesce(v.unpriced_tokens, [])) = 0 then 1 - {{ ratio('v.usd_own', 'v.usd_total') }} end as cleanliness,
    case when len(coalesce(v.unpriced_tokens, [])) = 0 then 1 - {{ ratio('v.usd_own + v.usd_affiliated', 'v.usd_total') }} end as cleanliness_without_affiliated,
    coalesce(v.unpriced_tokens, []) as unpriced_tokens,
    coalesce(d.tokens, []) as tokens_defillama,
    case when d.unpriced = 0 then (v.usd_total - v.usd_promised_elsewhere)::decimal(38, 2) end as usd_total_defillama,
    case when d.unpriced = 0 then 1 - {{ ratio('d.usd', 'v.usd_total - v.usd_promised_elsewhere') }} end as cleanliness_defillama,
    coalesce(q.tokens, []) as tokens_cryptoquant,
    case when q.unpriced = 0 then 1 - {{ ratio('q.usd', 'v.usd_total') }} end as cleanliness_cryptoquant
from valued v
join {{ ref('core_attestation') }} a using (attestation)
join {{ ref('core_tracker_view') }} d on d.attestation = v.attestation and d.tracker = 'defillama'
join {{ ref('core_tracker_view') }} q on q.attestation = v.attestation and q.tracker = 'cryptoquant'
