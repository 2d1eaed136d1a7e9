-- Reserves against liabilities. One row an attestation and asset that is held or owed. Whole numbers decide, the ratios are for people.
with both_sides as (
    select attestation, asset, r.* exclude (attestation, exchange, asset), l.liabilities, l.conflicting as liabilities_conflicting, l.printed_ratio
    from {{ ref('core_reserves') }} r
    full join {{ ref('core_liability') }} l using (attestation, asset)   -- an asset may be owed and not held
)
select {{ about('a') }},
    b.asset,
    b.reserves_claimed, b.claimed_from, b.custody_claimed, b.claimed_without_address,
    b.reserves_onchain, b.reserves_proven, b.claimed_unobserved,
    coalesce(b.is_complete, false) as is_complete,
    b.liabilities,
    coalesce(b.claims_conflicting, false) as claims_conflicting,
    coalesce(b.liabilities_conflicting, false) as liabilities_conflicting,
    {{ units('b.reserves_claimed', 's.scale') }} as reserves_claimed_units,
    {{ units('b.reserves_onchain', 's.scale') }} as reserves_onchain_units,
    {{ units('b.reserves_proven', 's.scale') }} as reserves_proven_units,
    {{ units('b.liabilities', 's.scale') }} as liabilities_units,
    {{ ratio('b.reserves_claimed', 'b.liabilities') }} as ratio_claimed,
    {{ ratio('b.reserves_onchain', 'b.liabilities') }} as ratio_onchain,
    {{ ratio('b.reserves_proven', 'b.liabilities') }} as ratio_proven,
    b.printed_ratio,
    -- printed as 100 % or more although less is claimed than owed
    b.printed_ratio >= 100 and b.reserves_claimed < b.liabilities as printed_hides_shortfall,
    b.reserves_claimed >= b.liabilities as is_covered_claimed,
    -- a lower bound that reaches the liabilities settles it; one that does not says nothing unless everything was observed
    case when b.reserves_proven >= b.liabilities then true when b.reserves_proven < b.liabilities and b.is_complete then false end as is_covered
from both_sides b
join {{ ref('core_attestation') }} a using (attestation)
join {{ source('registry', 'assets') }} s using (asset)
