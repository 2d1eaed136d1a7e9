-- The price that values an asset of an attestation: one's own list before DefiLlama. One row an attestation and asset.
select attestation, asset,
    arg_min(usd, (source = 'coins.llama.fi', source)) filter (usd is not null) as usd_price,
    arg_min(source, (source = 'coins.llama.fi', source)) filter (usd is not null) as price_source
from {{ ref('stg_price') }}
group by attestation, asset
