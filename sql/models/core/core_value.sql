-- What is claimed, valued. One row an attestation and asset that has an amount or a printed value. `stands_for` is the asset when wrapped and receipt
-- tokens are looked through; `usd_null_because` says why there is no value.
select r.attestation, r.exchange, r.asset, s.asset_class, s.underlying, k.relation, r.basis, r.rows,
    u.asset as stands_for,
    v.relation as relation_through,
    r.reserves_claimed as amount,
    {{ units('r.reserves_claimed', 's.scale') }} as units,
    p.usd_price, p.price_source, p.priced_as,
    {{ usd(units('r.reserves_claimed', 's.scale'), 'p.usd_price') }} as usd,
    case when r.reserves_claimed is null then case when r.claims_left_out > 0 then 'too_large' else 'no_amount' end
        when p.usd_price is null then coalesce(p.unpriced_because, 'no_price')
        when {{ usd(units('r.reserves_claimed', 's.scale'), 'p.usd_price') }} is null then 'too_large' end as usd_null_because,
    r.claims_left_out, r.usd_published
from {{ ref('core_reserves') }} r
join {{ source('registry', 'assets') }} s using (asset)
join {{ source('registry', 'assets') }} u on u.asset = coalesce(nullif(s.underlying, ''), s.asset)
join {{ ref('core_relation') }} k on k.attestation = r.attestation and k.asset = r.asset
join {{ ref('core_relation') }} v on v.attestation = r.attestation and v.asset = u.asset
left join {{ ref('core_price') }} p on p.attestation = r.attestation and p.asset = r.asset
