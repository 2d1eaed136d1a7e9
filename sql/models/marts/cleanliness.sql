-- How much of the claimed reserves is not in the platform's own token. One row an attestation.
with valued as (
    select attestation,
        sum(usd)::decimal(38, 2) as usd_total,
        coalesce(sum(usd) filter (relation = 'own'), 0)::decimal(38, 2) as usd_own,
        coalesce(sum(usd) filter (relation = 'affiliated'), 0)::decimal(38, 2) as usd_affiliated,
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
    coalesce(v.unpriced_tokens, []) as unpriced_tokens
from valued v
join {{ ref('core_attestation') }} a using (attestation)
