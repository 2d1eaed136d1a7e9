-- What is claimed, valued. One row an attestation and asset that has an amount or a printed value.
select r.attestation, r.exchange, r.asset, s.asset_class, s.underlying, k.relation, r.claimed_from, r.rows,
    r.reserves_claimed as amount,
    {{ units('r.reserves_claimed', 's.scale') }} as units,
    p.usd_price, p.price_source,
    {{ usd(units('r.reserves_claimed', 's.scale'), 'p.usd_price') }} as usd,
    r.usd_published
from {{ ref('core_reserves') }} r
join {{ source('registry', 'assets') }} s using (asset)
join {{ ref('core_relation') }} k using (attestation, asset)
left join {{ ref('core_price') }} p using (attestation, asset)
