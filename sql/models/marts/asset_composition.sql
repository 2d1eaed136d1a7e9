-- What the claimed reserves are made of. One row an attestation and asset. The share is of what has a price; an asset without a price is listed
-- with nulls, never left out.
select {{ about('a') }},
    v.asset, v.asset_class, v.underlying, v.relation, v.claimed_from, v.amount, v.units, v.usd_price, v.price_source, v.usd,
    {{ ratio('v.usd', 'sum(v.usd) over (partition by v.attestation)') }} as share,
    v.usd_published
from {{ ref('core_value') }} v
join {{ ref('core_attestation') }} a using (attestation)
