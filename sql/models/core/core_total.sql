-- What totals say is held, for each asset, of the statement that counts (core_statement). One row an attestation and asset. A printed value that is too large
-- to be added up is null here, flagged.
with held as (
    select * from {{ ref('core_statement') }} where what = 'reserves' and is_counted
),
printed as (
    select * from {{ ref('core_statement') }} where what = 'value' and is_counted
)
select attestation, exchange, asset, h.amount, h.own_amount, h.custody_amount,
    case when not p.is_too_large then p.usd end as usd_published,
    coalesce(p.is_too_large, false) as usd_published_too_large,
    coalesce(h.contradicted, false) as conflicting,
    coalesce(h.source, p.source) as source
from held h
full join printed p using (attestation, exchange, asset)
