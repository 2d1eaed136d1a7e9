-- What the claimed reserves are made of. One row an attestation and asset. The share is of what has a price; an asset without a price is listed
-- with nulls, never left out. Grouped by `relation` the rows show classes, grouped by `stands_for` they look through wrapped and receipt tokens.
select {{ about('a') }},
    v.asset, v.asset_class, v.underlying, v.relation, v.stands_for, v.relation_through, v.claimed_from, v.amount, v.units, v.usd_price, v.price_source, v.usd,
    {{ ratio('v.usd', 'sum(v.usd) over (partition by v.attestation)') }} as share,
    v.usd is not null as is_priced,
    v.usd_published,
    {{ ratio('v.usd_published', 'sum(v.usd_published) over (partition by v.attestation)') }} as share_published
from {{ ref('core_value') }} v
join {{ ref('core_attestation') }} a using (attestation)
