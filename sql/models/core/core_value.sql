-- What is held by its basis (core_reserves), valued. One row an attestation and asset that has an amount or a printed value. `stands_for` is the
-- asset when wrapped and receipt tokens are looked through; `usd_null_because` says why there is no value.
select r.attestation, r.exchange, r.asset, s.asset_class, s.underlying, k.relation, r.basis, r.rows,
    u.asset as stands_for,
    v.relation as relation_through,
    r.amount,
    {{ units('r.amount', 's.scale') }} as units,
    {{ units('r.amount_near', 's.scale') }} as units_near,
    p.usd_price, p.price_source, p.priced_as,
    {{ usd(units('r.amount', 's.scale'), 'p.usd_price') }} as usd,
    case when r.amount is null then case when r.claims_left_out > 0 then 'too_large' else 'no_amount' end
        when p.usd_price is null then coalesce(p.unpriced_because, 'no_price')
        when {{ usd(units('r.amount', 's.scale'), 'p.usd_price') }} is null then 'too_large' end as usd_null_because,
    r.claims_left_out, r.usd_published
from {{ ref('core_reserves') }} r
join {{ source('registry', 'assets') }} s using (asset)
join {{ source('registry', 'assets') }} u on u.asset = coalesce(nullif(s.underlying, ''), s.asset)
join {{ ref('core_relation') }} k on k.attestation = r.attestation and k.asset = r.asset
join {{ ref('core_relation') }} v on v.attestation = r.attestation and v.asset = u.asset
left join {{ ref('core_price') }} p on p.attestation = r.attestation and p.asset = r.asset
-- a list is asked about every asset: what nobody holds, or could be seen to hold, is left out, but for a token of the exchange that could not be read
where r.basis <> 'onchain' or r.amount > 0 or (r.amount is null and k.relation in ('own', 'affiliated'))
