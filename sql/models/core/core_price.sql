-- The price that values an asset of an attestation: one's own list before DefiLlama. One row an attestation and asset. A wrapped or receipt token without
-- a price of its own is priced as what it stands for, one for one, and `priced_as` names it; `unpriced_because` says why there is no price at all.
with quoted as (
    select attestation, asset,
        arg_min(usd, (source = 'coins.llama.fi', source, usd)) filter (usd is not null) as usd_price,
        arg_min(source, (source = 'coins.llama.fi', source)) filter (usd is not null) as price_source,
        arg_min(reason, (source = 'coins.llama.fi', source, reason)) filter (usd is null) as reason
    from {{ ref('stg_price') }}
    group by attestation, asset
),
underlying as (
    select q.attestation, s.asset, q.asset as priced_as, q.usd_price, q.price_source
    from quoted q
    join {{ source('registry', 'assets') }} s on s.underlying = q.asset
    where q.usd_price is not null
)
select attestation, asset,
    coalesce(q.usd_price, u.usd_price) as usd_price,
    coalesce(q.price_source, u.price_source) as price_source,
    case when q.usd_price is null then u.priced_as end as priced_as,
    case when q.usd_price is null and u.usd_price is null then coalesce(q.reason, 'no_price') end as unpriced_because
from quoted q
full join underlying u using (attestation, asset)
